//! The site's messages out of their bindings, and its AuthnRequest as an identity provider checks it: the signature, then every rule of SPID-A.
//! Written from the rules, not from the code that makes requests.

use std::io::Read as _;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey};
use fascicolo_domain::login::Level;
use fascicolo_domain::time::after_seconds;
use fascicolo_eid::xml::{DS, Limits, SAML, SAMLP, Tree, VerifyingKey, decode_base64, is, verify};
use fascicolo_web::http::forms::Fields;
use flate2::read::DeflateDecoder;
use jiff::Timestamp;
use roxmltree::Node;
use rustls::pki_types::CertificateDer;

use super::service::Service;

const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
/// A request must be answered within these many seconds of its making.
const FRESH_SECONDS: i64 = 300;
const LARGEST: u64 = 64 * 1024;

/// A request that passed.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: String,
    pub relay_state: String,
    /// Where the answer goes.
    pub consumer: String,
    pub level: Level,
    /// The names of the attributes asked for.
    pub attributes: Vec<String>,
}

/// What is wrong with a request, as the provider's page says it to whoever runs the site.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Flaw {
    #[error(
        "i parametri non sono quelli del binding HTTP-Redirect o HTTP-POST, ciascuno una volta (SPID-A9)"
    )]
    Parameters,
    #[error("il messaggio non è base64, DEFLATE o XML come deve essere")]
    Unreadable,
    #[error("la firma manca o non è di una chiave pubblicata nei metadati (SPID-A9)")]
    Signature,
    #[error("RelayState manca, supera 80 byte o contiene un indirizzo (SPID-A10)")]
    RelayState,
    #[error("non è un AuthnRequest con i suoi elementi nell'ordine dello schema")]
    Shape,
    #[error("Issuer non è l'entityID dei metadati, con Format e NameQualifier (SPID-A6)")]
    Issuer,
    #[error("Version non è 2.0 (SPID-A1)")]
    Version,
    #[error("ID non è un identificatore casuale di almeno 128 bit (SPID-A1)")]
    Id,
    #[error("questo ID è già stato usato (SPID-A1)")]
    IdUsed,
    #[error("RequestedAuthnContext non chiede un solo livello SPID con un Comparison valido (SPID-A7)")]
    Context,
    #[error("IssueInstant non è adesso, in UTC (SPID-A1)")]
    Instant,
    #[error("Destination non è l'indirizzo di questo gestore (SPID-A2)")]
    Destination,
    #[error("ForceAuthn non è true, o IsPassive è presente (SPID-A3)")]
    Force,
    #[error(
        "AssertionConsumerService: o l'indice dei metadati, o indirizzo e binding, mai entrambi (SPID-A4)"
    )]
    Consumer,
    #[error("NameIDPolicy non è transient, o ha AllowCreate (SPID-A7)")]
    NamePolicy,
    #[error("AttributeConsumingServiceIndex manca o non è nei metadati (SPID-A5)")]
    AttributeSet,
    #[error("Subject, Scoping o RequesterID non vanno inviati (SPID-A8)")]
    Unwanted,
    #[error("nessuna sessione aperta ha questo SessionIndex (SPID-O2)")]
    NoSession,
}

/// How a request arrived.
pub enum Arrived<'a> {
    /// The raw query string.
    Redirect(&'a str),
    /// The raw form body.
    Post(&'a str),
}

/// The provider that was asked, and when.
pub struct Desk<'a> {
    pub service: &'a Service,
    /// The address the request came to.
    pub sso_url: &'a str,
    pub now: Timestamp,
}

/// Reads a request and checks it.
///
/// # Errors
/// The first rule that does not hold.
pub fn read(arrived: &Arrived<'_>, desk: &Desk<'_>) -> Result<Request, Flaw> {
    let unpacked = unpack(arrived, &["SAMLRequest"], desk.service)?;
    let relay_state = &unpacked.relay_state;
    if relay_state.is_empty() || relay_state.len() > 80 || relay_state.contains("http") {
        return Err(Flaw::RelayState);
    }
    let tree = unpacked.tree()?;
    let root = tree.root();
    if !is(root, SAMLP, "AuthnRequest") {
        return Err(Flaw::Shape);
    }
    unpacked.signed(root, desk.service)?;
    check(root, relay_state.clone(), desk)
}

/// A message out of its binding; over HTTP-Redirect its signature has been verified.
pub(super) struct Unpacked {
    xml: String,
    pub(super) relay_state: String,
    redirected: bool,
}

impl Unpacked {
    pub(super) fn tree(&self) -> Result<Tree<'_>, Flaw> {
        Tree::read(&self.xml, &Limits::MESSAGE).map_err(|_| Flaw::Unreadable)
    }

    /// The signature is inside the document over HTTP-POST, and nowhere in it over HTTP-Redirect.
    pub(super) fn signed(&self, root: Node<'_, '_>, service: &Service) -> Result<(), Flaw> {
        let inside = root.children().any(|n| is(n, DS, "Signature"));
        let good = if self.redirected { !inside } else { verify(root, &service.keys).is_ok() };
        if good { Ok(()) } else { Err(Flaw::Signature) }
    }
}

/// Takes a message, in one of `fields`, out of its binding.
pub(super) fn unpack(arrived: &Arrived<'_>, fields: &[&str], service: &Service) -> Result<Unpacked, Flaw> {
    match arrived {
        Arrived::Redirect(query) => redirected(query, fields, service),
        Arrived::Post(body) => posted(body, fields),
    }
}

/// HTTP-Redirect: the signature is over the parameters exactly as they were encoded.
fn redirected(query: &str, fields: &[&str], service: &Service) -> Result<Unpacked, Flaw> {
    let names = names(query);
    let field = *fields.iter().find(|f| names.first() == Some(f)).ok_or(Flaw::Parameters)?;
    if names.get(1..) != Some(&["RelayState", "SigAlg", "Signature"]) {
        return Err(Flaw::Parameters);
    }
    let values = Fields::parse(query.as_bytes()).map_err(|_| Flaw::Parameters)?;
    let (signed, _) = query.rsplit_once("&Signature=").ok_or(Flaw::Parameters)?;
    // upper-case escapes, as everybody else encodes them when checking
    let mut escapes = query.split('%').skip(1).filter_map(|part| part.get(..2));
    if escapes.any(|hex| hex.bytes().any(|b| b.is_ascii_lowercase())) {
        return Err(Flaw::Parameters);
    }
    let algorithm = match values.text("SigAlg") {
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => &RSA_PKCS1_2048_8192_SHA256,
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => &RSA_PKCS1_2048_8192_SHA512,
        _ => return Err(Flaw::Signature),
    };
    let signature = decode_base64(values.text("Signature")).map_err(|_| Flaw::Signature)?;
    let proved = service
        .keys
        .iter()
        .filter_map(public_key)
        .any(|key| UnparsedPublicKey::new(algorithm, &key).verify(signed.as_bytes(), &signature).is_ok());
    if !proved {
        return Err(Flaw::Signature);
    }
    let deflated = decode_base64(values.text(field)).map_err(|_| Flaw::Unreadable)?;
    let mut xml = String::new();
    let mut inflating = DeflateDecoder::new(deflated.as_slice()).take(LARGEST);
    inflating.read_to_string(&mut xml).map_err(|_| Flaw::Unreadable)?;
    Ok(Unpacked { xml, relay_state: values.text("RelayState").to_owned(), redirected: true })
}

/// The `SubjectPublicKeyInfo` of a key's certificate.
fn public_key(key: &VerifyingKey) -> Option<Vec<u8>> {
    let der = CertificateDer::from(key.certificate_der());
    let certificate = rustls::server::ParsedCertificate::try_from(&der).ok()?;
    Some(certificate.subject_public_key_info().to_vec())
}

fn posted(body: &str, fields: &[&str]) -> Result<Unpacked, Flaw> {
    let names = names(body);
    let field = *fields.iter().find(|f| names.contains(f)).ok_or(Flaw::Parameters)?;
    if names.len() != 2 || !names.contains(&"RelayState") {
        return Err(Flaw::Parameters);
    }
    let values = Fields::parse(body.as_bytes()).map_err(|_| Flaw::Parameters)?;
    let xml = decode_base64(values.text(field)).map_err(|_| Flaw::Unreadable)?;
    let xml = String::from_utf8(xml).map_err(|_| Flaw::Unreadable)?;
    Ok(Unpacked { xml, relay_state: values.text("RelayState").to_owned(), redirected: false })
}

/// The names of the parameters, in their order.
fn names(query: &str) -> Vec<&str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name).collect()
}

/// The children that a request has, each in its place.
fn parts<'t, 'i>(root: Node<'t, 'i>) -> Result<[Node<'t, 'i>; 3], Flaw> {
    let children = root.children().filter(|n| n.is_element() && !is(*n, DS, "Signature"));
    let children: Vec<Node<'t, 'i>> = children.collect();
    if children.iter().any(|n| ["Subject", "Scoping", "Conditions"].contains(&n.tag_name().name())) {
        return Err(Flaw::Unwanted);
    }
    let parts: [Node<'t, 'i>; 3] = children.try_into().map_err(|_| Flaw::Shape)?;
    let [issuer, name_policy, _] = parts;
    if is(issuer, SAML, "Issuer") && is(name_policy, SAMLP, "NameIDPolicy") {
        Ok(parts)
    } else {
        Err(Flaw::Shape)
    }
}

/// The rules on the document itself.
fn check(root: Node<'_, '_>, relay_state: String, desk: &Desk<'_>) -> Result<Request, Flaw> {
    let [issuer, name_policy, context] = parts(root)?;
    let entity_id = desk.service.entity_id.as_str();
    let qualified =
        issuer.attribute("Format") == Some(ENTITY) && issuer.attribute("NameQualifier") == Some(entity_id);
    if issuer.text().map(str::trim) != Some(entity_id) || !qualified {
        return Err(Flaw::Issuer);
    }
    if root.attribute("Version") != Some("2.0") {
        return Err(Flaw::Version);
    }
    let id = root.attribute("ID").filter(|id| is_random_name(id)).ok_or(Flaw::Id)?;
    if !root.attribute("IssueInstant").is_some_and(|instant| is_now(instant, desk.now)) {
        return Err(Flaw::Instant);
    }
    if root.attribute("Destination") != Some(desk.sso_url) {
        return Err(Flaw::Destination);
    }
    let level = level(context)?;
    if root.attribute("IsPassive").is_some()
        || level > Level::One && root.attribute("ForceAuthn") != Some("true")
    {
        return Err(Flaw::Force);
    }
    if name_policy.attribute("Format") != Some(TRANSIENT) || name_policy.attribute("AllowCreate").is_some() {
        return Err(Flaw::NamePolicy);
    }
    let set = root.attribute("AttributeConsumingServiceIndex").and_then(|index| index.parse::<u16>().ok());
    let set = desk.service.attribute_sets.iter().find(|(index, _)| Some(*index) == set);
    Ok(Request {
        id: id.to_owned(),
        relay_state,
        consumer: consumer(root, desk.service)?,
        level,
        attributes: set.ok_or(Flaw::AttributeSet)?.1.clone(),
    })
}

/// A name that starts with a letter or underscore and has room for 128 bits.
fn is_random_name(id: &str) -> bool {
    let mut chars = id.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        && id.len() >= 22
}

fn is_now(instant: &str, now: Timestamp) -> bool {
    let parsed = instant.parse::<Timestamp>().ok().filter(|_| instant.ends_with('Z'));
    parsed.is_some_and(|at| at <= after_seconds(now, 60) && at >= after_seconds(now, -FRESH_SECONDS))
}

fn level(context: Node<'_, '_>) -> Result<Level, Flaw> {
    let comparison = context.attribute("Comparison");
    if !is(context, SAMLP, "RequestedAuthnContext")
        || !comparison.is_none_or(|c| ["exact", "minimum", "better", "maximum"].contains(&c))
    {
        return Err(Flaw::Context);
    }
    let mut classes = context.children().filter(Node::is_element);
    let class = classes.next().filter(|n| is(*n, SAML, "AuthnContextClassRef")).and_then(|n| n.text());
    if classes.next().is_some() {
        return Err(Flaw::Context);
    }
    match class.map(str::trim) {
        Some("https://www.spid.gov.it/SpidL1") => Ok(Level::One),
        Some("https://www.spid.gov.it/SpidL2") => Ok(Level::Two),
        Some("https://www.spid.gov.it/SpidL3") => Ok(Level::Three),
        _ => Err(Flaw::Context),
    }
}

fn consumer(root: Node<'_, '_>, service: &Service) -> Result<String, Flaw> {
    let index = root.attribute("AssertionConsumerServiceIndex");
    let url = root.attribute("AssertionConsumerServiceURL");
    let binding = root.attribute("ProtocolBinding");
    let found = match (index, url, binding) {
        (Some(index), None, None) => {
            let index = index.parse::<u16>().map_err(|_| Flaw::Consumer)?;
            service.consumers.iter().find(|(i, _)| *i == index)
        }
        (None, Some(url), Some(POST)) => service.consumers.iter().find(|(_, location)| location == url),
        _ => None,
    };
    found.map(|(_, location)| location.clone()).ok_or(Flaw::Consumer)
}
