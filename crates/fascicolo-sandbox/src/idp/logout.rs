//! Single logout as an identity provider does it (SPID-O), written from the rules: sessions it keeps, the site's
//! requests to end one, and its own requests to the site.

use std::io::Write as _;

use fascicolo_domain::Fault;
use fascicolo_domain::time::after_seconds;
use fascicolo_eid::xml::{
    Place, SAML, SAMLP, SigningKey, encode_base64, escape, is, sign_enveloped, sign_query,
};
use fascicolo_web::http::forms::encode;
use fascicolo_web::ports::Clock as _;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use roxmltree::Node;

use super::answer::{ENTITY, TRANSIENT, instant, random_id};
use super::request::{Arrived, Flaw, unpack};
use super::service::Service;
use super::{IdentityProvider, Idps};

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const FRESH_SECONDS: i64 = 300;
/// How many sessions are kept at most; the oldest goes first.
const KEPT: usize = 10_000;

/// A session at a provider, which outlives the one at the site.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptSession {
    pub provider: &'static str,
    pub index: String,
    pub name_id: String,
    /// Whose it is.
    pub person: String,
}

/// A logout message on its way to the site.
pub enum Outbound {
    Redirect { url: String },
    Post { action: String, field: &'static str, message: String, relay_state: String },
}

/// How a message goes to the site.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    Redirect,
    Post,
}

/// The site's message, verified.
enum Said {
    /// It asks to end the session of this index.
    End { id: String, index: String, relay_state: String },
    /// It answers a request of ours.
    Done,
}

/// What became of a message of the site.
pub enum Taken {
    /// The session ended; the reply.
    Ended(Outbound),
    /// The site ended its session.
    Done,
}

impl Idps {
    pub(super) fn keep(&self, session: KeptSession) {
        let mut waiting = self.waiting();
        waiting.sessions.push_back(session);
        if waiting.sessions.len() > KEPT {
            waiting.sessions.pop_front();
        }
    }

    /// The sessions a provider keeps, newest first.
    #[must_use]
    pub fn sessions(&self, provider: &IdentityProvider) -> Vec<KeptSession> {
        let waiting = self.waiting();
        waiting.sessions.iter().rev().filter(|s| s.provider == provider.slug).cloned().collect()
    }

    /// Ends a session here and asks the site to end its own.
    ///
    /// # Errors
    /// No random bytes, or signing failed.
    pub fn end(&self, provider: &IdentityProvider, index: &str, way: Way) -> Result<Option<Outbound>, Fault> {
        let Some(session) = self.take_session(provider, index) else {
            return Ok(None);
        };
        let issuer = escape(&provider.entity_id);
        let body = format!(
            "<saml:NameID Format=\"{TRANSIENT}\" NameQualifier=\"{issuer}\">{}</saml:NameID>\
             <samlp:SessionIndex>{}</samlp:SessionIndex>",
            session.name_id, session.index
        );
        let now = self.0.clock.now();
        let until = format!(" NotOnOrAfter=\"{}\"", instant(after_seconds(now, FRESH_SECONDS)));
        let message = Message { element: "LogoutRequest", attributes: until, body, field: "SAMLRequest" };
        message.send(self, provider, way, "fine-sessione").map(Some)
    }

    /// Takes a logout message of the site.
    pub(super) fn take_logout(
        &self,
        provider: &IdentityProvider,
        arrived: &Arrived<'_>,
    ) -> Result<Result<Taken, Flaw>, Fault> {
        let slo_url = format!("{}/slo", provider.entity_id);
        let (id, index, relay_state) =
            match read(arrived, self.service(provider), &slo_url, self.0.clock.now()) {
                Ok(Said::Done) => return Ok(Ok(Taken::Done)),
                Ok(Said::End { id, index, relay_state }) => (id, index, relay_state),
                Err(flaw) => return Ok(Err(flaw)),
            };
        if self.take_session(provider, &index).is_none() {
            return Ok(Err(Flaw::NoSession));
        }
        let body = format!("<samlp:Status><samlp:StatusCode Value=\"{SUCCESS}\"/></samlp:Status>");
        let attributes = format!(" InResponseTo=\"{id}\"");
        let message = Message { element: "LogoutResponse", attributes, body, field: "SAMLResponse" };
        let way = match arrived {
            Arrived::Redirect(_) => Way::Redirect,
            Arrived::Post(_) => Way::Post,
        };
        Ok(Ok(Taken::Ended(message.send(self, provider, way, &relay_state)?)))
    }

    fn take_session(&self, provider: &IdentityProvider, index: &str) -> Option<KeptSession> {
        let mut waiting = self.waiting();
        let at = waiting.sessions.iter().position(|s| s.provider == provider.slug && s.index == index)?;
        waiting.sessions.remove(at)
    }
}

/// Reads a logout message of the site and checks it (SPID-O2, O4).
fn read(arrived: &Arrived<'_>, service: &Service, slo_url: &str, now: Timestamp) -> Result<Said, Flaw> {
    let unpacked = unpack(arrived, &["SAMLRequest", "SAMLResponse"], service)?;
    let tree = unpacked.tree()?;
    let root = tree.root();
    let asks = is(root, SAMLP, "LogoutRequest");
    if !asks && !is(root, SAMLP, "LogoutResponse") {
        return Err(Flaw::Shape);
    }
    unpacked.signed(root, service)?;
    let entity_id = service.entity_id.as_str();
    let issuer = child(root, SAML, "Issuer").ok_or(Flaw::Shape)?;
    if issuer.text().map(str::trim) != Some(entity_id)
        || issuer.attribute("Format") != Some(ENTITY)
        || issuer.attribute("NameQualifier") != Some(entity_id)
    {
        return Err(Flaw::Issuer);
    }
    if root.attribute("Version") != Some("2.0") {
        return Err(Flaw::Version);
    }
    let id = root.attribute("ID").filter(|id| id.len() >= 22).ok_or(Flaw::Id)?;
    let issued = root.attribute("IssueInstant").and_then(|text| text.parse::<Timestamp>().ok());
    if !issued.is_some_and(|at| at <= after_seconds(now, 60) && at >= after_seconds(now, -FRESH_SECONDS)) {
        return Err(Flaw::Instant);
    }
    if root.attribute("Destination") != Some(slo_url) {
        return Err(Flaw::Destination);
    }
    if !asks {
        let status = child(root, SAMLP, "Status").and_then(|s| child(s, SAMLP, "StatusCode"));
        let success = status.and_then(|code| code.attribute("Value")) == Some(SUCCESS);
        return if success { Ok(Said::Done) } else { Err(Flaw::Shape) };
    }
    let name_id = child(root, SAML, "NameID").ok_or(Flaw::NoSession)?;
    if name_id.attribute("Format") != Some(TRANSIENT) {
        return Err(Flaw::NamePolicy);
    }
    let index = child(root, SAMLP, "SessionIndex").and_then(|n| n.text()).ok_or(Flaw::NoSession)?;
    let (id, index) = (id.to_owned(), index.trim().to_owned());
    Ok(Said::End { id, index, relay_state: unpacked.relay_state.clone() })
}

fn child<'t, 'i>(of: Node<'t, 'i>, namespace: &str, local: &str) -> Option<Node<'t, 'i>> {
    of.children().find(|n| is(*n, namespace, local))
}

/// A message before its signature.
struct Message {
    element: &'static str,
    attributes: String,
    body: String,
    field: &'static str,
}

impl Message {
    fn send(
        self,
        idps: &Idps,
        provider: &IdentityProvider,
        way: Way,
        relay_state: &str,
    ) -> Result<Outbound, Fault> {
        let id = random_id(&*idps.0.entropy)?;
        let found = idps.service(provider).logout(way == Way::Post);
        let destination = found.ok_or_else(|| Fault::bare("the site publishes no logout address"))?;
        let xml = format!(
            "<samlp:{0} xmlns:samlp=\"{SAMLP}\" xmlns:saml=\"{SAML}\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{1}\" Destination=\"{2}\"{3}><saml:Issuer Format=\"{ENTITY}\">{4}</saml:Issuer>{5}\
             </samlp:{0}>",
            self.element,
            instant(idps.0.clock.now()),
            escape(destination),
            self.attributes,
            escape(&provider.entity_id),
            self.body,
        );
        match way {
            Way::Redirect => redirect(destination, self.field, &xml, relay_state, &provider.key),
            Way::Post => {
                let signed = sign_enveloped(&xml, &id, Place::AfterIssuer, &provider.key);
                let signed = signed.map_err(|e| Fault::new("signing a logout message", e))?;
                Ok(Outbound::Post {
                    action: destination.to_owned(),
                    field: self.field,
                    message: encode_base64(signed.as_bytes()),
                    relay_state: relay_state.to_owned(),
                })
            }
        }
    }
}

fn redirect(
    destination: &str,
    field: &str,
    xml: &str,
    relay_state: &str,
    key: &SigningKey,
) -> Result<Outbound, Fault> {
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
    let packed = deflated.write_all(xml.as_bytes()).and_then(|()| deflated.finish());
    let packed = packed.map_err(|e| Fault::new("packing a logout message", e))?;
    let query = format!("{field}={}&RelayState={}", encode(&encode_base64(&packed)), encode(relay_state));
    let query = sign_query(&query, key).map_err(|e| Fault::new("signing a logout message", e))?;
    Ok(Outbound::Redirect { url: format!("{destination}?{query}") })
}
