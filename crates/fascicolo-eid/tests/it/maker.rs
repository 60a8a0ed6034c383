//! Makes answers of an invented provider, good ones and bad ones, the same bytes every time. Keys in `fixtures/` are
//! for tests only.

use std::fmt::Write as _;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding};
use aws_lc_rs::{digest, hmac};
use fascicolo_domain::login::{Federation, Level};
use fascicolo_eid::spid::{
    AttributeSet, Contact, Contacts, Expected, Incoming, Organization, Provider, Providers, Refused,
    ServiceProvider, SigningKey, Verdict,
};
use fascicolo_eid::xml::{self, DS, ENVELOPED, EXC_C14N, Place, RSA_SHA256, SAML, SAMLP, SHA256};
use jiff::Timestamp;

pub(crate) const PROVIDER: &str = "https://idp.example";
pub(crate) const SERVICE: &str = "https://fascicolo.example";
pub(crate) const ACS: &str = "https://fascicolo.example/spid/acs";
pub(crate) const SLO: &str = "https://fascicolo.example/spid/slo";
pub(crate) const REQUEST: &str = "_0123456789abcdef0123456789abcdef01234567";
/// When the request left, the answer was made, and it arrives.
pub(crate) const SENT: &str = "2026-11-25T11:00:00.500Z";
pub(crate) const MADE: &str = "2026-11-25T11:01:00Z";
pub(crate) const ARRIVES: &str = "2026-11-25T11:01:02Z";
/// When the answer ends.
pub(crate) const UNTIL: &str = "2026-11-25T11:06:00Z";

macro_rules! key {
    ($name:literal) => {
        SigningKey::from_pem(
            include_str!(concat!("../fixtures/", $name, ".test-only.key.pem")),
            include_str!(concat!("../fixtures/", $name, ".test-only.crt.pem")),
        )
        .unwrap()
    };
}

pub(crate) fn provider_key() -> SigningKey {
    key!("provider")
}

/// A key that no metadata names.
pub(crate) fn stranger_key() -> SigningKey {
    key!("stranger")
}

pub(crate) fn registry_key() -> SigningKey {
    key!("registry")
}

pub(crate) fn service_key() -> SigningKey {
    key!("service")
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn expected() -> Expected<'static> {
    Expected {
        request_id: REQUEST,
        request_at: at(SENT),
        acs_url: ACS,
        entity_id: SERVICE,
        level: Level::Two,
        federation: Federation::Spid,
    }
}

/// One `EntityDescriptor` with these certificates as signing keys.
pub(crate) fn entity(entity_id: &str, certificates: &[&[u8]]) -> String {
    let keys: String = certificates
        .iter()
        .map(|der| {
            format!(
                "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}\
                 </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
                xml::encode_base64(der)
            )
        })
        .collect();
    let mut services = String::new();
    for service in ["SingleLogoutService", "SingleSignOnService"] {
        for binding in ["Redirect", "POST"] {
            write!(
                services,
                "<md:{service} Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{binding}\" \
                 Location=\"{entity_id}/{service}/{binding}\"/>"
            )
            .unwrap();
        }
    }
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"{DS}\" ID=\"_{}\" \
         entityID=\"{entity_id}\"><md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\" \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}{services}</md:IDPSSODescriptor>\
         <md:Organization><md:OrganizationName xml:lang=\"it\">Prova</md:OrganizationName>\
         <md:OrganizationDisplayName xml:lang=\"en\">Test &amp; Trial</md:OrganizationDisplayName>\
         <md:OrganizationDisplayName xml:lang=\"it\">Prova &amp; Riprova</md:OrganizationDisplayName>\
         <md:OrganizationURL xml:lang=\"it\">{entity_id}</md:OrganizationURL></md:Organization></md:EntityDescriptor>",
        entity_id.replace([':', '/'], "-"),
    )
}

pub(crate) fn provider() -> Provider {
    let metadata = entity(PROVIDER, &[provider_key().certificate_der()]);
    Providers::from_metadata(metadata.as_bytes()).unwrap().remove(0)
}

/// Ourselves.
pub(crate) fn service() -> ServiceProvider {
    ServiceProvider {
        entity_id: SERVICE.to_owned(),
        acs_url: ACS.to_owned(),
        slo_url: SLO.to_owned(),
        attribute_sets: vec![AttributeSet::usual("Fascicolo Sanitario Elettronico")],
        organization: Organization {
            name: "Regione Prova & Figli".to_owned(),
            display_name: "Regione \"Prova\"".to_owned(),
            url: "https://regione.example".to_owned(),
        },
        contacts: Contacts::Body(body()),
        key: service_key(),
        least_age: None,
        next_certificate: None,
    }
}

/// Who answers for us.
pub(crate) fn body() -> Contact {
    Contact {
        company: "Regione Prova & Figli".to_owned(),
        email: "spid@regione.example".to_owned(),
        phone: Some("+390000000000".to_owned()),
        ipa_code: Some("r_prova".to_owned()),
        vat_number: None,
        fiscal_code: None,
    }
}

/// Everything that happens to the value of the `SAMLResponse` field.
pub(crate) fn receive(field: &str, expected: &Expected<'_>, now: &str) -> Result<Verdict, Refused> {
    Incoming::decode(field)?.parse()?.verify(expected, &provider(), at(now))
}

/// The outcome of an answer that arrives when it should.
pub(crate) fn outcome(answer: &str) -> Result<Verdict, Refused> {
    receive(&xml::encode_base64(answer.as_bytes()), &expected(), ARRIVES)
}

/// The outcome in one word.
pub(crate) fn word(outcome: &Result<Verdict, Refused>) -> String {
    match outcome {
        Ok(Verdict::Proved(_)) => "proved".to_owned(),
        Ok(Verdict::Abroad(_)) => "abroad".to_owned(),
        Ok(Verdict::Anomaly(anomaly)) => format!("{anomaly:?}"),
        Err(refused) => refused.code().to_owned(),
    }
}

/// A good answer before its signatures.
pub(crate) fn unsigned() -> String {
    let attributes: String = [
        ("fiscalNumber", "string", "TINIT-GDASDV00A01H501J"),
        ("name", "string", "Ada"),
        ("familyName", "string", "D'Alì &amp; Figli"),
        ("dateOfBirth", "date", "2000-01-01"),
    ]
    .map(|(name, kind, value)| attribute(name, kind, value))
    .concat();
    format!(
        "<samlp:Response xmlns:samlp=\"{SAMLP}\" xmlns:saml=\"{SAML}\" ID=\"_response\" Version=\"2.0\" \
         IssueInstant=\"{MADE}\" InResponseTo=\"{REQUEST}\" Destination=\"{ACS}\">\
         <saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">{PROVIDER}</saml:Issuer>\n  \
         <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>\n  \
         <saml:Assertion xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" ID=\"_assertion\" Version=\"2.0\" \
         IssueInstant=\"2026-11-25T11:01:00.001Z\">\n    \
         <saml:Issuer Format='urn:oasis:names:tc:SAML:2.0:nameid-format:entity' >{PROVIDER}</saml:Issuer>\n    \
         <saml:Subject><saml:NameID NameQualifier=\"{PROVIDER}\" \
         Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\">\n      _transient\n    </saml:NameID>\
         <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <saml:SubjectConfirmationData InResponseTo=\"{REQUEST}\" Recipient=\"{ACS}\" NotOnOrAfter=\"{UNTIL}\"/>\
         </saml:SubjectConfirmation></saml:Subject>\n    \
         <saml:Conditions NotBefore=\"{MADE}\" NotOnOrAfter=\"2026-11-25T11:06:00.000Z\"><saml:AudienceRestriction>\
         <saml:Audience>{SERVICE}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\n    \
         <saml:AuthnStatement AuthnInstant=\"2026-11-25T11:00:59Z\"><saml:AuthnContext>\
         <saml:AuthnContextClassRef>https://www.spid.gov.it/SpidL2</saml:AuthnContextClassRef></saml:AuthnContext>\
         </saml:AuthnStatement>\n    <saml:AttributeStatement>{attributes}\n    </saml:AttributeStatement>\n  \
         </saml:Assertion>\n</samlp:Response>"
    )
}

pub(crate) fn attribute(name: &str, kind: &str, value: &str) -> String {
    format!(
        "\n      <saml:Attribute Name=\"{name}\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\">\
         <saml:AttributeValue xsi:type=\"xs:{kind}\">{value}</saml:AttributeValue></saml:Attribute>"
    )
}

/// Replaces the one place where `from` stands.
pub(crate) fn change(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from}");
    text.replace(from, to)
}

/// Inserts before the one place where `mark` stands.
pub(crate) fn before(text: &str, mark: &str, what: &str) -> String {
    change(text, mark, &format!("{what}{mark}"))
}

/// Inserts after the one place where `mark` stands.
pub(crate) fn after(text: &str, mark: &str, what: &str) -> String {
    change(text, mark, &format!("{mark}{what}"))
}

/// Signs the Assertion.
pub(crate) fn signed(answer: &str) -> String {
    xml::sign_enveloped(answer, "_assertion", Place::AfterIssuer, &provider_key()).unwrap()
}

/// Signs the Assertion, then the Response.
pub(crate) fn signed_twice(answer: &str) -> String {
    xml::sign_enveloped(&signed(answer), "_response", Place::AfterIssuer, &provider_key()).unwrap()
}

/// The whole first element of that name.
pub(crate) fn cut<'a>(text: &'a str, name: &str) -> &'a str {
    let open = format!("<{name}");
    let end = format!("</{name}>");
    let start = text
        .match_indices(&open)
        .map(|(at, _)| at)
        .find(|at| matches!(text.as_bytes()[at + open.len()], b' ' | b'>'))
        .unwrap();
    let length = text[start..].find(&end).unwrap() + end.len();
    &text[start..start + length]
}

/// A signature with any part different from what the profile wants.
pub(crate) struct Odd<'a> {
    pub(crate) id: &'a str,
    pub(crate) reference: String,
    pub(crate) transforms: String,
    pub(crate) canonicalization: String,
    pub(crate) method: &'a str,
    pub(crate) digest_method: &'a str,
    pub(crate) after_reference: String,
    pub(crate) key_info: String,
    pub(crate) after_key_info: String,
    /// The prefixes that the transforms name, for making the digest right.
    pub(crate) prefixes: Vec<&'a str>,
    /// What is digested, when it is not what the transforms leave.
    pub(crate) content: Option<&'a str>,
    /// The prefix of the signature's elements.
    pub(crate) ds: &'a str,
    /// What stands between them.
    pub(crate) between: &'a str,
}

pub(crate) fn transform(algorithm: &str) -> String {
    format!("<ds:Transform Algorithm=\"{algorithm}\"></ds:Transform>")
}

impl Default for Odd<'_> {
    fn default() -> Self {
        Self {
            id: "_assertion",
            reference: " URI=\"#_assertion\"".to_owned(),
            transforms: format!(
                "<ds:Transforms>{}{}</ds:Transforms>",
                transform(ENVELOPED),
                transform(EXC_C14N)
            ),
            canonicalization: format!(
                "<ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"></ds:CanonicalizationMethod>"
            ),
            method: RSA_SHA256,
            digest_method: SHA256,
            after_reference: String::new(),
            key_info: String::new(),
            after_key_info: String::new(),
            prefixes: Vec::new(),
            content: None,
            ds: "ds",
            between: "",
        }
    }
}

impl Odd<'_> {
    /// Signs with the provider's key, honestly but for the oddity.
    pub(crate) fn sign(&self, answer: &str) -> String {
        self.sign_with(answer, &provider_key())
    }

    pub(crate) fn sign_with(&self, answer: &str, key: &SigningKey) -> String {
        let tree = xml::Tree::read(answer, &xml::Limits::METADATA).unwrap();
        let target = tree.root().descendants().find(|n| n.attribute("ID") == Some(self.id)).unwrap();
        let content = xml::canonical(target, None, &self.prefixes).unwrap();
        let content = self.content.unwrap_or(&content);
        let algorithm = match self.digest_method.rsplit('#').next() {
            Some("sha1") => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Some("sha384") => &digest::SHA384,
            Some("sha512") => &digest::SHA512,
            _ => &digest::SHA256,
        };
        let value = xml::encode_base64(digest::digest(algorithm, content.as_bytes()).as_ref());
        let signed_info = format!(
            "<ds:SignedInfo xmlns:ds=\"{DS}\">{}<ds:SignatureMethod Algorithm=\"{}\"></ds:SignatureMethod>\
             <ds:Reference{}>{}<ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod>\
             <ds:DigestValue>{value}</ds:DigestValue></ds:Reference>{}</ds:SignedInfo>",
            self.canonicalization,
            self.method,
            self.reference,
            self.transforms,
            self.digest_method,
            self.after_reference,
        );
        let signed_info = self.spelt(&signed_info);
        let bytes = signed_info.as_bytes();
        let signature = if self.method.ends_with("#hmac-sha256") {
            // the old confusion: the public certificate as a shared secret
            let secret = hmac::Key::new(hmac::HMAC_SHA256, provider_key().certificate_der());
            hmac::sign(&secret, bytes).as_ref().to_vec()
        } else {
            sign_bytes(self.method, bytes, key)
        };
        let signature = self.spelt(&format!(
            "<ds:Signature xmlns:ds=\"{DS}\">{signed_info}<ds:SignatureValue>{}</ds:SignatureValue>{}{}</ds:Signature>",
            xml::encode_base64(&signature),
            self.key_info,
            self.after_key_info,
        ));
        let issuer_end = target.first_element_child().unwrap().range().end;
        format!("{}{signature}{}", &answer[..issuer_end], &answer[issuer_end..])
    }
}

impl Odd<'_> {
    /// With the prefix and the blanks wanted; twice is as good as once.
    fn spelt(&self, text: &str) -> String {
        let (declared, prefix) = if self.ds.is_empty() {
            ("xmlns=".to_owned(), String::new())
        } else {
            (format!("xmlns:{}=", self.ds), format!("{}:", self.ds))
        };
        let text = text
            .replace("xmlns:ds=", &declared)
            .replace("<ds:", &format!("<{prefix}"))
            .replace("</ds:", &format!("</{prefix}"));
        text.replace("><", &format!(">{}<", self.between))
    }
}

pub(crate) fn sign_bytes(method: &str, bytes: &[u8], key: &SigningKey) -> Vec<u8> {
    let padding: &'static dyn RsaEncoding = match method.rsplit('#').next() {
        Some("rsa-sha384") => &RSA_PKCS1_SHA384,
        Some("rsa-sha512") => &RSA_PKCS1_SHA512,
        _ => return key.sign(bytes).unwrap(),
    };
    let text = include_str!("../fixtures/provider.test-only.key.pem");
    let (_, der) = der::pem::decode_vec(text.as_bytes()).unwrap();
    let pair = KeyPair::from_pkcs8(&der).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(padding, &SystemRandom::new(), bytes, &mut signature).unwrap();
    signature
}
