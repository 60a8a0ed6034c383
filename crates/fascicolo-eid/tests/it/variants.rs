//! More of `wrapping`: the classical wrappings with every identifier new, other hiding places, signatures of other
//! things, and methods that would sign anything (SPID-R2, SPID-R7). Each differs from `assertion-signed` or `both-signed`
//! by the attack it is named after.

use fascicolo_eid::xml::{self, DS, ENVELOPED, EXC_C14N, Place, SAML};

use crate::maker::{
    Odd, PROVIDER, after, before, change, cut, provider_key, signed, signed_twice, stranger_key, transform,
    unsigned,
};
use crate::wrapping::{Attack, evil};

const ROOT_END: &str = "\n</samlp:Response>";
const STATUS: &str = "<samlp:Status>";

/// The attacker's Assertion where one is expected, the signed one in some other place.
#[rustfmt::skip]
pub(crate) fn hidden() -> Vec<Attack> {
    let good = signed(&unsigned());
    let assertion = cut(&good, "saml:Assertion").to_owned();
    let signature = cut(&good, "ds:Signature").to_owned();
    let evil = evil(&good);
    let evil_first = change(&good, &assertion, &evil);
    let within = |end: &str, what: &str| change(&evil_first, end, &format!("{what}{end}"));
    // the attacker's Assertion with the honest signature, which refers to the signed one
    let carrying = |place: &str| {
        let issuer = "nameid-format:entity' >https://idp.example</saml:Issuer>";
        let signature = change(&signature, "</ds:Signature>", &format!("{place}</ds:Signature>"));
        change(&good, &assertion, &after(&evil, issuer, &signature))
    };
    let wrapped = |open: &str, close: &str| format!("{open}{assertion}{close}");
    let default = assertion
        .replace("<saml:", "<")
        .replace("</saml:", "</")
        .replacen("<Assertion ", &format!("<Assertion xmlns=\"{SAML}\" "), 1);
    vec![
        ("hidden-in-the-status", "stray", change(&evil_first, "</samlp:Status>", &wrapped("<samlp:StatusDetail>", "</samlp:StatusDetail></samlp:Status>"))),
        ("hidden-in-the-subject", "stray", within("</saml:Subject>", &assertion)),
        ("hidden-in-the-confirmation", "stray", within("</saml:SubjectConfirmation>", &assertion)),
        ("hidden-in-the-conditions", "stray", within("</saml:Conditions>", &assertion)),
        ("hidden-in-the-context", "stray", within("</saml:AuthnContext>", &wrapped("<saml:AuthnContextDecl>", "</saml:AuthnContextDecl>"))),
        ("hidden-in-advice", "stray", within("</saml:Assertion>", &wrapped("<saml:Advice>", "</saml:Advice>"))),
        ("hidden-in-a-value", "stray", change(&evil_first, ">Ada<", &wrapped(">", "<"))),
        ("hidden-in-the-issuer", "stray", change(&evil_first, &format!("nameid-format:entity\">{PROVIDER}<"), &format!("nameid-format:entity\">{PROVIDER}{assertion}<"))),
        ("hidden-in-an-object", "stray", carrying(&wrapped("<ds:Object>", "</ds:Object>"))),
        ("hidden-in-key-info", "stray", carrying(&wrapped("<ds:KeyInfo>", "</ds:KeyInfo>"))),
        ("hidden-in-the-signature", "stray", carrying(&assertion)),
        ("hidden-in-no-namespace", "shape", before(&evil_first, ROOT_END, &wrapped("<x>", "</x>"))),
        ("hidden-in-an-encrypted-one", "shape", before(&evil_first, ROOT_END, &wrapped("<saml:EncryptedAssertion>", "</saml:EncryptedAssertion>"))),
        ("hidden-by-another-prefix", "assertion_count", before(&evil_first, ROOT_END, &default)),
        ("hidden-nowhere", "signature_missing", evil_first.clone()),
        ("honest-signature-on-the-attackers", "reference", carrying("")),
        ("honest-signature-and-the-signed-id", "digest_mismatch", carrying("").replace("ID=\"_evil\"", "ID=\"_assertion\"")),
    ]
}

/// The classical wrappings again, so that no identifier is there twice.
#[rustfmt::skip]
pub(crate) fn xsw() -> Vec<Attack> {
    let once = signed(&unsigned());
    let twice = signed_twice(&unsigned());
    let response_signature = cut(&twice, "ds:Signature").to_owned();
    let bare = change(&twice, &response_signature, "");
    let attacker = bare
        .replace("ID=\"_response\"", "ID=\"_evilresponse\"")
        .replace("ID=\"_assertion\"", "ID=\"_evil\"")
        .replace("GDASDV00A01H501J", "RSSMRA80A01H501U");
    let object = format!("<ds:Object>{bare}</ds:Object></ds:Signature>");
    let around = change(&response_signature, "</ds:Signature>", &object);
    let assertion = cut(&once, "saml:Assertion").to_owned();
    let evil = evil(&once);
    let without = change(&once, &assertion, "");
    vec![
        ("xsw1-with-new-ids", "stray", before(&attacker, STATUS, &around)),
        ("xsw2-with-new-ids", "shape", before(&attacker, STATUS, &format!("{bare}{response_signature}"))),
        ("xsw2-signature-first", "shape", before(&attacker, STATUS, &format!("{response_signature}{bare}"))),
        ("xsw3-after", "assertion_count", before(&without, ROOT_END, &format!("{assertion}{evil}"))),
        ("xsw3-with-the-same-id", "duplicate_id", before(&once, "<saml:Assertion ", &evil.replace("_evil", "_assertion"))),
        ("xsw4-twice", "stray", before(&without, ROOT_END, &change(&evil, "</saml:Assertion>", &format!("<saml:Advice>{}</saml:Advice></saml:Assertion>", change(&evil.replace("_evil", "_evil2"), "</saml:Assertion>", &format!("{assertion}</saml:Assertion>")))))),
        ("xsw7-by-the-last-child", "shape", before(&once, ROOT_END, &format!("<samlp:Extensions>{evil}</samlp:Extensions>"))),
        ("xsw7-by-no-namespace", "shape", before(&once, STATUS, &format!("<Extensions>{evil}</Extensions>"))),
        ("response-in-the-response", "shape", before(&attacker, ROOT_END, &twice)),
        ("response-around-the-response", "shape", format!("<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_outer\">{twice}</samlp:Response>")),
        ("response-in-a-value", "stray", change(&attacker, ">Ada<", &format!(">{twice}<"))),
        ("two-assertions-both-signed", "assertion_count", before(&once, ROOT_END, cut(&xml::sign_enveloped(&unsigned().replace("_assertion", "_other"), "_other", Place::AfterIssuer, &provider_key()).unwrap(), "saml:Assertion"))),
        ("response-signed-assertion-by-a-stranger", "signature_mismatch", xml::sign_enveloped(&Odd::default().sign_with(&unsigned(), &stranger_key()), "_response", Place::AfterIssuer, &provider_key()).unwrap()),
        ("response-signature-of-another-response", "digest_mismatch", change(&twice, &response_signature, cut(&signed_twice(&unsigned().replace("_transient", "_another")), "ds:Signature"))),
        ("response-signature-refers-to-the-assertion", "reference", before(&once, STATUS, cut(&once, "ds:Signature"))),
        ("assertion-signature-before-the-issuer", "stray", moved(&once, "<saml:Issuer Format='")),
        ("assertion-signature-last", "stray", moved(&once, "\n  </saml:Assertion>")),
        ("assertion-signature-moved-to-the-response", "signature_missing", before(&change(&once, cut(&once, "ds:Signature"), ""), STATUS, cut(&once, "ds:Signature"))),
    ]
}

/// With its signature moved before `mark`.
fn moved(answer: &str, mark: &str) -> String {
    let signature = cut(answer, "ds:Signature").to_owned();
    before(&change(answer, &signature, ""), mark, &signature)
}

/// Identifiers that one reader sees and another does not, and signatures of something else.
#[rustfmt::skip]
pub(crate) fn shadows() -> Vec<Attack> {
    let good = signed(&unsigned());
    let signature = cut(&good, "ds:Signature").to_owned();
    let rename = |to: &str| change(&good, "ID=\"_assertion\" ", to);
    let logout = format!(
        "<samlp:LogoutResponse xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"{SAML}\" ID=\"_assertion\">\
         <saml:Issuer>{PROVIDER}</saml:Issuer><samlp:Status/></samlp:LogoutResponse>"
    );
    let logout = xml::sign_enveloped(&logout, "_assertion", Place::AfterIssuer, &provider_key()).unwrap();
    let foreign = xml::sign_enveloped("<x:Thing xmlns:x=\"urn:x\" ID=\"_thing\"><Issuer/></x:Thing>", "_thing", Place::AfterIssuer, &provider_key()).unwrap();
    let empty = |content: &str| Odd { content: Some(content), ..Odd::default() }.sign(&unsigned());
    let relative = unsigned().replace("<saml:Assertion ", "<saml:Assertion xmlns:ns=\"relative/name\" ns:a=\"\" ");
    vec![
        ("id-with-a-prefix", "reference", rename("saml:ID=\"_assertion\" ")),
        ("id-shadowed-by-one-with-a-prefix", "reference", rename("saml:ID=\"_assertion\" ID=\"_evil\" ")),
        ("id-of-saml-1", "reference", rename("AssertionID=\"_assertion\" ")),
        ("id-in-lower-case", "reference", rename("id=\"_assertion\" ")),
        ("id-of-xml", "reference", rename("xml:id=\"_assertion\" ")),
        ("id-empty", "reference", change(&good, "URI=\"#_assertion\"", "URI=\"#\"").replace("ID=\"_assertion\" ", "ID=\"\" ")),
        ("id-with-blanks", "reference", rename("ID=\" _assertion\" ")),
        ("id-of-the-signature", "duplicate_id", change(&good, "<ds:SignedInfo ", "<ds:SignedInfo Id=\"_assertion\" ")),
        ("id-in-a-value", "duplicate_id", change(&good, ">Ada<", "><a ID=\"_assertion\"/><")),
        ("id-huge", "assertion_id", sign_as(&"x".repeat(513))),
        ("id-of-two-lines", "assertion_id", Odd { id: "_a\nb", reference: " URI=\"#_a&#xA;b\"".to_owned(), ..Odd::default() }.sign(&change(&unsigned(), "\"_assertion\"", "\"_a&#xA;b\""))),
        ("foreign-element-signed", "stray", change(&good, ">Ada<", &format!(">{foreign}<"))),
        ("foreign-element-signed-beside", "shape", before(&change(&good, &signature, ""), ROOT_END, &foreign)),
        ("foreign-signature-of-that-element", "reference", change(&good, &signature, cut(&foreign, "ds:Signature"))),
        ("foreign-signature-of-a-logout-message", "digest_mismatch", change(&good, &signature, cut(&logout, "ds:Signature"))),
        ("foreign-message", "root", logout),
        ("void-digest-of-nothing", "digest_mismatch", empty("")),
        ("void-digest-of-nothing-with-a-relative-namespace", "digest_mismatch", Odd { content: Some(""), ..Odd::default() }.sign(&relative)),
        ("void-digest-of-an-empty-element", "digest_mismatch", empty("<saml:Assertion></saml:Assertion>")),
        ("void-digest-value", "digest_mismatch", change(&good, cut(&good, "ds:DigestValue"), "<ds:DigestValue></ds:DigestValue>")),
        ("void-digest-with-the-signature-in-it", "digest_mismatch", empty(&canonical(&good))),
        ("void-reference", "signature_shape", change(&good, cut(&good, "ds:Reference"), "")),
        ("void-signed-info", "signature_shape", change(&good, cut(&good, "ds:SignedInfo"), "<ds:SignedInfo/>")),
        ("void-signature", "signature_shape", change(&good, &signature, &format!("<ds:Signature xmlns:ds=\"{DS}\"/>"))),
    ]
}

/// An Assertion with that identifier, signed.
fn sign_as(id: &str) -> String {
    let answer = change(&unsigned(), "\"_assertion\"", &format!("\"{id}\""));
    xml::sign_enveloped(&answer, id, Place::AfterIssuer, &provider_key()).unwrap()
}

/// The canonical Assertion with its signature.
fn canonical(answer: &str) -> String {
    let tree = xml::Tree::read(answer, &xml::Limits::MESSAGE).unwrap();
    let assertion = tree.root().children().find(|n| n.attribute("ID") == Some("_assertion")).unwrap();
    xml::canonical(assertion, None, &[]).unwrap()
}

/// Methods that no provider's metadata names (SPID-K1). Each is refused by its name; made as `rsa-sha256` is.
#[rustfmt::skip]
pub(crate) fn methods() -> Vec<Attack> {
    let odd = |name, word, odd: Odd<'_>| (name, word, odd.sign(&unsigned()));
    let method = |method| Odd { method, ..Odd::default() };
    let digest_method = |digest_method| Odd { digest_method, ..Odd::default() };
    let truncated = |inside: &str| {
        let text = Odd::default().sign(&unsigned());
        change(&text, "rsa-sha256\"></ds:SignatureMethod>", &format!("rsa-sha256\">{inside}</ds:SignatureMethod>"))
    };
    vec![
        odd("method-pss", "signature_method", method("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1")),
        odd("method-ecdsa", "signature_method", method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")),
        odd("method-dsa", "signature_method", method("http://www.w3.org/2000/09/xmldsig#dsa-sha1")),
        odd("method-rsa-md5", "signature_method", method("http://www.w3.org/2001/04/xmldsig-more#rsa-md5")),
        odd("method-hmac-sha1", "signature_method", method("http://www.w3.org/2000/09/xmldsig#hmac-sha1")),
        odd("method-none-by-name", "signature_method", method("none")),
        odd("method-in-upper-case", "signature_method", method("http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256")),
        odd("method-with-another-fragment", "signature_method", method("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256#")),
        odd("method-says-more-than-it-did", "signature_mismatch", Odd { method: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", ..Odd::default() }).told("rsa-sha512", "rsa-sha384"),
        ("method-with-output-length", "signature_method", truncated("<ds:HMACOutputLength>1</ds:HMACOutputLength>")),
        odd("digest-md5", "digest_method", digest_method("http://www.w3.org/2001/04/xmldsig-more#md5")),
        odd("digest-ripemd", "digest_method", digest_method("http://www.w3.org/2001/04/xmlenc#ripemd160")),
        odd("digest-none", "digest_method", digest_method("")),
        odd("digest-sha224", "digest_method", digest_method("http://www.w3.org/2001/04/xmldsig-more#sha224")),
    ]
}

/// Transforms by which more or less would be signed than it seems.
#[rustfmt::skip]
pub(crate) fn transforms() -> Vec<Attack> {
    let odd = |name, odd: Odd<'_>| (name, "transforms", odd.sign(&unsigned()));
    let transforms = |inside: &str| Odd { transforms: format!("<ds:Transforms>{inside}</ds:Transforms>"), ..Odd::default() };
    let two = |first: &str, second: &str| transforms(&format!("{first}{second}"));
    let (enveloped, canonical) = (transform(ENVELOPED), transform(EXC_C14N));
    let with = |algorithm: &str, inside: &str| format!("<ds:Transform Algorithm=\"{algorithm}\">{inside}</ds:Transform>");
    let xpath = "<ds:XPath>not(ancestor-or-self::saml:Subject)</ds:XPath>";
    vec![
        odd("transforms-empty", transforms("")),
        odd("transforms-enveloped-twice", two(&enveloped, &enveloped)),
        odd("transforms-base64", two(&enveloped, &transform("http://www.w3.org/2000/09/xmldsig#base64"))),
        odd("transforms-xpath-with-expression", two(&enveloped, &with("http://www.w3.org/TR/1999/REC-xpath-19991116", xpath))),
        odd("transforms-xpath-filter", two(&with("http://www.w3.org/2002/06/xmldsig-filter2", xpath), &canonical)),
        odd("transforms-xpath-in-the-canonical-one", two(&enveloped, &with(EXC_C14N, xpath))),
        odd("transforms-xpath-in-the-enveloped-one", two(&with(ENVELOPED, xpath), &canonical)),
        odd("transforms-xpath-third", transforms(&format!("{enveloped}{canonical}{}", with("http://www.w3.org/TR/1999/REC-xpath-19991116", xpath)))),
        odd("transforms-of-canonical-form-1-1", two(&enveloped, &transform("http://www.w3.org/2006/12/xml-c14n11"))),
        odd("transforms-decryption", two(&transform("http://www.w3.org/2002/07/decrypt#XML"), &canonical)),
        odd("transforms-without-algorithm", two(&enveloped, "<ds:Transform></ds:Transform>")),
        odd("transforms-two-prefix-lists", two(&enveloped, &with(EXC_C14N, &format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXC_C14N}\" PrefixList=\"xs\"></ec:InclusiveNamespaces>").repeat(2)))),
    ]
}

/// Signatures with parts missing, repeated or of somebody else's.
#[rustfmt::skip]
pub(crate) fn parts() -> Vec<Attack> {
    let odd = |name, word, odd: Odd<'_>| (name, word, odd.sign(&unsigned()));
    let key_value = Odd {
        key_info: "<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQ==</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>".to_owned(),
        ..Odd::default()
    };
    let retrieved = Odd { key_info: "<ds:KeyInfo><ds:RetrievalMethod URI=\"https://attacker.example/key\"></ds:RetrievalMethod></ds:KeyInfo>".to_owned(), ..Odd::default() };
    let good = signed(&unsigned());
    vec![
        odd("canonicalization-by-xslt", "canonicalization", Odd { canonicalization: "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"></ds:CanonicalizationMethod>".to_owned(), ..Odd::default() }),
        odd("canonicalization-none", "canonicalization", Odd { canonicalization: "<ds:CanonicalizationMethod></ds:CanonicalizationMethod>".to_owned(), ..Odd::default() }),
        odd("canonicalization-absent", "signature_shape", Odd { canonicalization: String::new(), ..Odd::default() }),
        odd("reference-with-blanks", "reference", Odd { reference: " URI=\" #_assertion\"".to_owned(), ..Odd::default() }),
        odd("reference-to-everything", "reference", Odd { reference: " URI=\"#xpointer(/)\"".to_owned(), ..Odd::default() }),
        odd("reference-without-hash", "reference", Odd { reference: " URI=\"_assertion\"".to_owned(), ..Odd::default() }),
        ("key-from-key-value", "signature_mismatch", key_value.sign_with(&unsigned(), &stranger_key())),
        ("key-from-the-network", "signature_mismatch", retrieved.sign_with(&unsigned(), &stranger_key())),
        ("key-certificate-of-the-provider-but-not-its-key", "signature_mismatch", Odd { key_info: cut(&good, "ds:KeyInfo").to_owned(), ..Odd::default() }.sign_with(&unsigned(), &stranger_key())),
        ("signature-value-of-another-answer", "signature_mismatch", change(&good, cut(&good, "ds:SignatureValue"), cut(&signed(&unsigned().replace("_transient", "_another")), "ds:SignatureValue"))),
        ("signature-value-twice", "signature_shape", change(&good, cut(&good, "ds:SignatureValue"), &cut(&good, "ds:SignatureValue").repeat(2))),
        ("signature-value-before-signed-info", "signature_shape", change(&change(&good, cut(&good, "ds:SignatureValue"), ""), "<ds:SignedInfo ", &format!("{}<ds:SignedInfo ", cut(&good, "ds:SignatureValue")))),
        ("signature-value-with-markup", "signature_shape", change(&good, "</ds:SignatureValue>", "<a/></ds:SignatureValue>")),
        ("signature-parts-of-another-namespace", "signature_shape", change(&good, "<ds:SignedInfo ", "<SignedInfo ").replace("</ds:SignedInfo>", "</SignedInfo>")),
        ("digest-value-twice", "signature_shape", change(&good, cut(&good, "ds:DigestValue"), &cut(&good, "ds:DigestValue").repeat(2))),
        ("digest-value-not-base64", "not_base64", change(&good, cut(&good, "ds:DigestValue"), "<ds:DigestValue>****</ds:DigestValue>")),
        ("digest-value-cut-short", "digest_mismatch", change(&good, cut(&good, "ds:DigestValue"), "<ds:DigestValue>AAAA</ds:DigestValue>")),
    ]
}

trait Told {
    /// What was signed says one thing, the answer another.
    fn told(self, from: &str, to: &str) -> Self;
}

impl Told for Attack {
    fn told(self, from: &str, to: &str) -> Self {
        (self.0, self.1, change(&self.2, from, to))
    }
}
