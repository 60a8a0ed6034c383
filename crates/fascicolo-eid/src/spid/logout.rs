//! Single logout (SPID-O). Our own session has ended already, whatever these messages say (SPID-O1): they only
//! concern the session at the provider, which exists after a login at level 1.

use fascicolo_domain::time::after_seconds;
use flate2::{Decompress, FlushDecompress, Status};
use jiff::Timestamp;
use roxmltree::Node;

use super::checks::plain;
use super::request::{Message, refuse_relay_state};
use super::{Binding, ENTITY, KeyError, Outgoing, Provider, Refused, ServiceProvider, TRANSIENT, instant};
use crate::xml::{
    DS, Defect, Element, Limits, SAML, SAMLP, Signed, SignedQuery, Tree, attribute, decode_base64, escape,
    is, only_text, unpercent, verify, verify_query,
};

/// How old a request to end a session may be, in seconds, clocks allowed to differ.
const FRESH: i64 = 300;

/// What differs from one logout message of ours to the next.
#[derive(Clone, Copy, Debug)]
pub struct LogoutSpec<'a> {
    /// Made by [`super::new_request_id`].
    pub id: &'a str,
    pub now: Timestamp,
    pub binding: Binding,
    /// In a request, as SPID-A10 wants it; in a reply, what the provider sent.
    pub relay_state: Option<&'a str>,
}

/// Asks the provider to end its session (SPID-O2). `name_id` and `session_index` come from the login.
///
/// # Errors
/// [`KeyError::RelayState`], [`KeyError::NoAddress`], [`KeyError::Sign`].
pub fn logout_request(
    sp: &ServiceProvider,
    provider: &Provider,
    spec: &LogoutSpec<'_>,
    name_id: &str,
    session_index: Option<&str>,
) -> Result<Outgoing, KeyError> {
    refuse_relay_state(spec.relay_state.unwrap_or_default())?;
    let session = session_index.map_or_else(String::new, |index| {
        format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", escape(index))
    });
    let body = format!(
        "<saml:NameID Format=\"{TRANSIENT}\" NameQualifier=\"{}\">{}</saml:NameID>{session}",
        escape(&provider.entity_id),
        escape(name_id),
    );
    let destination = provider.logout_address(spec.binding).ok_or(KeyError::NoAddress)?;
    Draft { element: "LogoutRequest", destination, attributes: String::new(), body, field: "SAMLRequest" }
        .send(sp, spec)
}

/// Answers the provider's request: ended, also when it had ended before (SPID-O4).
///
/// # Errors
/// [`KeyError::NoAddress`], [`KeyError::Sign`].
pub fn logout_response(
    sp: &ServiceProvider,
    provider: &Provider,
    spec: &LogoutSpec<'_>,
    in_response_to: &str,
) -> Result<Outgoing, KeyError> {
    let destination = provider.logout_reply_address(spec.binding).ok_or(KeyError::NoAddress)?;
    Draft {
        element: "LogoutResponse",
        destination,
        attributes: format!(" InResponseTo=\"{}\"", escape(in_response_to)),
        body: "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\">\
               </samlp:StatusCode></samlp:Status>"
            .to_owned(),
        field: "SAMLResponse",
    }
    .send(sp, spec)
}

struct Draft<'a> {
    element: &'static str,
    destination: &'a str,
    attributes: String,
    body: String,
    field: &'static str,
}

impl Draft<'_> {
    fn send(self, sp: &ServiceProvider, spec: &LogoutSpec<'_>) -> Result<Outgoing, KeyError> {
        let destination = self.destination;
        let entity_id = escape(&sp.entity_id);
        let xml = format!(
            "<samlp:{0} xmlns:samlp=\"{SAMLP}\" xmlns:saml=\"{SAML}\" ID=\"{1}\" Version=\"2.0\" IssueInstant=\"{2}\" \
             Destination=\"{3}\"{4}>\
             <saml:Issuer Format=\"{ENTITY}\" NameQualifier=\"{entity_id}\">{entity_id}</saml:Issuer>{5}</samlp:{0}>",
            self.element,
            escape(spec.id),
            instant::format(spec.now),
            escape(destination),
            self.attributes,
            self.body,
        );
        Message { id: spec.id, destination, relay_state: spec.relay_state, field: self.field, xml }
            .send(spec.binding, &sp.key)
    }
}

/// A logout message of the provider's, not yet believed.
pub struct LogoutMessage {
    xml: String,
    query: Option<Query>,
}

/// The parts of a signed query (SAML bindings 3.4.4.1).
struct Query {
    /// The name of the field that the message came in.
    field: String,
    signed: String,
    algorithm: String,
    signature: String,
}

/// The provider asks us to end a session; verified.
#[derive(Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    pub id: String,
    pub name_id: String,
    pub session_index: Option<String>,
}

/// What the provider answered to our request; verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogoutReply {
    Ended,
    /// Sessions at other services may remain: tell the person.
    Partial,
    /// The provider could not; our own session has ended all the same.
    Failed,
}

impl LogoutMessage {
    /// Decodes the `SAMLRequest` or `SAMLResponse` field of a POST.
    ///
    /// # Errors
    /// [`Defect::TooLong`], [`Defect::NotBase64`], [`Defect::NotUtf8`].
    pub fn from_post(field: &str) -> Result<Self, Refused> {
        let incoming = super::Incoming::decode(field)?;
        Ok(Self { xml: incoming.xml().to_owned(), query: None })
    }

    /// Decodes a redirect's query, as it stood in the request line.
    ///
    /// # Errors
    /// [`Refused::Query`] when it is not exactly one signed message, and the defects of [`Self::from_post`].
    pub fn from_redirect(raw_query: &str) -> Result<Self, Refused> {
        if raw_query.len() > Limits::MESSAGE.bytes {
            return Err(Defect::TooLong.into());
        }
        let pairs: Option<Vec<_>> = raw_query.splitn(5, '&').map(|pair| pair.split_once('=')).collect();
        let (message, state, algorithm, signature) = match *pairs.unwrap_or_default() {
            [m, s, a, g] => (m, Some(s), a, g),
            [m, a, g] => (m, None, a, g),
            _ => return Err(Refused::Query),
        };
        let named = matches!(message.0, "SAMLRequest" | "SAMLResponse")
            && state.is_none_or(|s| s.0 == "RelayState")
            && algorithm.0 == "SigAlg"
            && signature.0 == "Signature";
        let (signed, _) = raw_query.rsplit_once("&Signature=").ok_or(Refused::Query)?;
        if !named {
            return Err(Refused::Query);
        }
        let deflated = decode_base64(&unpercent(message.1, None).ok_or(Refused::Query)?)?;
        Ok(Self {
            xml: inflate(&deflated)?,
            query: Some(Query {
                field: message.0.to_owned(),
                signed: signed.to_owned(),
                algorithm: unpercent(algorithm.1, None).ok_or(Refused::Query)?,
                signature: unpercent(signature.1, None).ok_or(Refused::Query)?,
            }),
        })
    }

    /// The text as it came. Personal data.
    #[must_use]
    pub fn xml(&self) -> &str {
        &self.xml
    }

    /// The entity id of whoever claims to have sent it.
    ///
    /// # Errors
    /// What is wrong with the XML, or no issuer at all.
    pub fn issuer(&self) -> Result<String, Refused> {
        let tree = Tree::read(&self.xml, &Limits::MESSAGE)?;
        let issuer = tree.root().first_element_child().filter(|n| is(*n, SAML, "Issuer"));
        let issuer = issuer.and_then(only_text).ok_or(Refused::ResponseIssuer)?;
        Ok(issuer.to_owned())
    }

    /// The ID of the request that a reply claims to answer.
    #[must_use]
    pub fn in_response_to(&self) -> Option<String> {
        let tree = Tree::read(&self.xml, &Limits::MESSAGE).ok()?;
        attribute(tree.root(), "InResponseTo").map(str::to_owned)
    }

    /// Verifies a request to end a session (SPID-O4). `slo_url` is our logout address.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn verify_request(
        &self,
        provider: &Provider,
        slo_url: &str,
        now: Timestamp,
    ) -> Result<LogoutRequest, Refused> {
        let signed = self.signed("LogoutRequest", "SAMLRequest", provider)?;
        let outline = signed.outline()?;
        let root = outline.root();
        let id = head(root, provider, slo_url, now)?;
        if let Some(text) = root.attribute("NotOnOrAfter") {
            let until = instant::parse(&text).ok_or(Refused::ConditionsInstant)?;
            if until <= now {
                return Err(Refused::Expired);
            }
        }
        if instant::before(issued(root)?, after_seconds(now, -FRESH)) {
            return Err(Refused::Expired);
        }
        let text = |element: Element<'_, '_>| element.text().map(|t| t.trim().to_owned());
        let mut names = root.children().filter(|c| c.is(SAML, "NameID"));
        let (Some(name_id), None) = (names.next(), names.next()) else {
            return Err(Refused::LogoutSubject);
        };
        Ok(LogoutRequest {
            id,
            name_id: text(name_id).filter(|n| !n.is_empty() && plain(n)).ok_or(Refused::LogoutSubject)?,
            session_index: root.children().find(|c| c.is(SAMLP, "SessionIndex")).and_then(text),
        })
    }

    /// Verifies the answer to our request `request_id` (SPID-O3).
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn verify_response(
        &self,
        provider: &Provider,
        slo_url: &str,
        request_id: &str,
        now: Timestamp,
    ) -> Result<LogoutReply, Refused> {
        let signed = self.signed("LogoutResponse", "SAMLResponse", provider)?;
        let outline = signed.outline()?;
        let root = outline.root();
        head(root, provider, slo_url, now)?;
        if root.attribute("InResponseTo").as_deref() != Some(request_id) {
            return Err(Refused::InResponseTo);
        }
        let status = root.children().find(|c| c.is(SAMLP, "Status"));
        let code = status.and_then(|s| s.children().next()).filter(|c| c.is(SAMLP, "StatusCode"));
        let code = code.ok_or(Refused::Status)?;
        let inner = code.children().find(|c| c.is(SAMLP, "StatusCode")).and_then(|c| c.attribute("Value"));
        let partial = inner.is_some_and(|v| v.rsplit(':').next() == Some("PartialLogout"));
        let value = code.attribute("Value").ok_or(Refused::Status)?;
        match value.strip_prefix("urn:oasis:names:tc:SAML:2.0:status:") {
            Some("Success" | "Requester" | "Responder") if partial => Ok(LogoutReply::Partial),
            Some("Success") => Ok(LogoutReply::Ended),
            Some("Requester" | "Responder" | "VersionMismatch") => Ok(LogoutReply::Failed),
            _ => Err(Refused::Status),
        }
    }

    /// The message named `local`, in the field that is for it, with the one signature of its binding.
    fn signed(&self, local: &str, field: &str, provider: &Provider) -> Result<Signed, Refused> {
        let tree = Tree::read(&self.xml, &Limits::MESSAGE)?;
        let root = tree.root();
        if !is(root, SAMLP, local) {
            return Err(Refused::Root);
        }
        let mut signatures = root.descendants().filter(|n| is(*n, DS, "Signature"));
        match (&self.query, signatures.next(), signatures.next()) {
            (None, None, _) => Err(Defect::SignatureMissing.into()),
            (None, Some(only), None) if after_issuer(only, root) => Ok(verify(root, &provider.keys)?),
            (Some(query), None, _) if query.field == field => {
                let query = SignedQuery {
                    signed: &query.signed,
                    algorithm: &query.algorithm,
                    signature: &query.signature,
                };
                Ok(verify_query(root, &query, &provider.keys)?)
            }
            (Some(_), None, _) => Err(Refused::Query),
            _ => Err(Refused::Stray),
        }
    }
}

/// Where a signature belongs: second in the message.
fn after_issuer(signature: Node<'_, '_>, root: Node<'_, '_>) -> bool {
    signature.parent() == Some(root) && signature.prev_sibling_element() == root.first_element_child()
}

/// ID, Version, IssueInstant, Destination and Issuer of a verified message; returns the ID.
fn head(
    root: Element<'_, '_>,
    provider: &Provider,
    slo_url: &str,
    now: Timestamp,
) -> Result<String, Refused> {
    let id = root.attribute("ID").filter(|id| !id.is_empty() && plain(id));
    let id = id.ok_or(Refused::ResponseId)?.into_owned();
    if root.attribute("Version").as_deref() != Some("2.0") {
        return Err(Refused::ResponseVersion);
    }
    if instant::in_future(issued(root)?, now) {
        return Err(Refused::ResponseInFuture);
    }
    if root.attribute("Destination").as_deref() != Some(slo_url) {
        return Err(Refused::Destination);
    }
    let issuer = root.children().next().filter(|c| c.is(SAML, "Issuer"));
    let issuer = issuer.ok_or(Refused::ResponseIssuer)?;
    if issuer.text().as_deref() != Some(provider.entity_id.as_str()) {
        return Err(Refused::ResponseIssuer);
    }
    if issuer.attribute("Format").is_some_and(|format| format != ENTITY) {
        return Err(Refused::ResponseIssuerFormat);
    }
    Ok(id)
}

fn issued(root: Element<'_, '_>) -> Result<Timestamp, Refused> {
    let text = root.attribute("IssueInstant").ok_or(Refused::ResponseInstant)?;
    instant::parse(&text).ok_or(Refused::ResponseInstant)
}

/// Inflates one whole stream and nothing after it, up to the limit.
fn inflate(deflated: &[u8]) -> Result<String, Refused> {
    let limit = Limits::MESSAGE.bytes;
    let mut xml = Vec::with_capacity(limit + 1);
    let mut stream = Decompress::new(false);
    let status = stream.decompress_vec(deflated, &mut xml, FlushDecompress::Finish);
    if xml.len() > limit {
        return Err(Defect::TooLong.into());
    }
    let whole = usize::try_from(stream.total_in()) == Ok(deflated.len());
    match status {
        Ok(Status::StreamEnd) if whole => Ok(String::from_utf8(xml).map_err(|_| Defect::NotUtf8)?),
        Ok(_) | Err(_) => Err(Refused::Query),
    }
}
