//! The answer of an identity provider: right, or wrong in one thing on purpose.

use fascicolo_domain::Fault;
use fascicolo_domain::login::{Federation, Level};
use fascicolo_domain::secret::Digest;
use fascicolo_domain::time::after_seconds;
use fascicolo_eid::xml::{Place, SAML, SAMLP, SigningKey, escape, sign_enveloped};
use fascicolo_web::ports::Entropy;
use jiff::Timestamp;

use super::mistake::Mistake;
use super::request::Request;
use crate::people::Person;

/// How long an answer holds, in seconds.
const HOLDS_SECONDS: i64 = 300;
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
pub(super) const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
pub(super) const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// Who answers, to whom, when.
pub struct Answering<'a> {
    pub entity_id: &'a str,
    /// The four letters that begin this provider's SPID codes.
    pub code: &'a str,
    pub federation: Federation,
    pub key: &'a SigningKey,
    /// A key that nobody publishes.
    pub foreign_key: &'a SigningKey,
    /// Whether the whole Response is signed too.
    pub signs_response: bool,
    /// Whether a session is kept at every level, and not at level 1 alone.
    pub keeps_sessions: bool,
    pub audience: &'a str,
    pub now: Timestamp,
    pub entropy: &'a dyn Entropy,
}

/// An answer, and the session that comes with it.
pub struct Answered {
    pub xml: String,
    pub name_id: String,
    /// The provider keeps a session of its own.
    pub session_index: Option<String>,
}

/// Makes the answer about a person; `mistake` is what shall be wrong with it.
///
/// # Errors
/// No random bytes, or signing failed.
pub fn answer(
    by: &Answering<'_>,
    to: &Request,
    about: &Person,
    mistake: Option<Mistake>,
) -> Result<Answered, Fault> {
    let mut draft = Draft::new(by, to, about)?;
    if let Some(mistake) = mistake {
        draft.spoil(mistake);
    }
    let xml = draft.xml(by, about, mistake)?;
    Ok(Answered { xml, name_id: draft.name_id, session_index: draft.session_index })
}

fn sign(xml: &str, id: &str, key: &SigningKey) -> Result<String, Fault> {
    sign_enveloped(xml, id, Place::AfterIssuer, key).map_err(|e| Fault::new("signing an answer", e))
}

/// The assertion of another person, under another ID, without signature.
fn forged(assertion: &str, id: &str) -> String {
    assertion.replacen(id, &format!("{id}f"), 1).replace("TINIT-", "TINIT-X")
}

fn text(value: &str) -> String {
    escape(value).to_string()
}

struct Status {
    value: &'static str,
    sub: Option<&'static str>,
    message: Option<String>,
}

/// Every value of an answer, before it is written.
struct Draft<'a> {
    response_id: String,
    assertion_id: String,
    name_id: String,
    session_index: Option<String>,
    in_response_to: String,
    destination: String,
    recipient: String,
    issuer: String,
    audience: String,
    issued: Timestamp,
    not_before: Timestamp,
    not_on_or_after: Timestamp,
    level: Level,
    attributes: Vec<(&'a str, String)>,
    status: Status,
    federation: Federation,
}

impl<'a> Draft<'a> {
    fn new(by: &Answering<'_>, to: &'a Request, about: &Person) -> Result<Self, Fault> {
        let known = |name: &'a String| Some((name.as_str(), value(name, by.code, about)?));
        Ok(Self {
            response_id: random_id(by.entropy)?,
            assertion_id: random_id(by.entropy)?,
            name_id: random_id(by.entropy)?,
            // a session at the provider, for single logout, should come with level 1 alone (SPID-L2)
            session_index: (by.keeps_sessions || to.level == Level::One)
                .then(|| random_id(by.entropy))
                .transpose()?,
            in_response_to: to.id.clone(),
            destination: to.consumer.clone(),
            recipient: to.consumer.clone(),
            issuer: by.entity_id.to_owned(),
            audience: by.audience.to_owned(),
            issued: by.now,
            not_before: by.now,
            not_on_or_after: after_seconds(by.now, HOLDS_SECONDS),
            // a CIE is always read with its PIN (SPID-L4)
            level: if by.federation == Federation::Cie { Level::Three } else { to.level },
            attributes: to.attributes.iter().filter_map(known).collect(),
            status: Status { value: SUCCESS, sub: None, message: None },
            federation: by.federation,
        })
    }

    /// Makes the draft wrong; what can only be wrong once it is signed comes later.
    fn spoil(&mut self, mistake: Mistake) {
        let elsewhere = "https://altrove.example/spid/acs";
        match mistake {
            Mistake::Anomaly(number) => self.refuse(Some(number)),
            Mistake::UnknownStatus => self.refuse(None),
            Mistake::Expired => {
                self.not_before = after_seconds(self.issued, -2 * HOLDS_SECONDS);
                self.not_on_or_after = after_seconds(self.issued, -HOLDS_SECONDS);
            }
            Mistake::Early => {
                self.issued = after_seconds(self.issued, HOLDS_SECONDS);
                self.not_before = self.issued;
                self.not_on_or_after = after_seconds(self.issued, HOLDS_SECONDS);
            }
            Mistake::Audience => elsewhere.clone_into(&mut self.audience),
            Mistake::Destination => elsewhere.clone_into(&mut self.destination),
            Mistake::Recipient => elsewhere.clone_into(&mut self.recipient),
            Mistake::Unasked => self.in_response_to = format!("{}0", self.in_response_to),
            Mistake::Issuer => elsewhere.clone_into(&mut self.issuer),
            Mistake::LevelOne => self.level = Level::One,
            Mistake::NoFiscalNumber => self.attributes.retain(|(name, _)| *name != "fiscalNumber"),
            Mistake::CheckCharacter => {
                for (_, value) in self.attributes.iter_mut().filter(|(name, _)| *name == "fiscalNumber") {
                    let wrong = if value.ends_with('Z') { 'A' } else { 'Z' };
                    value.pop();
                    value.push(wrong);
                }
            }
            Mistake::Unsigned
            | Mistake::ForeignKey
            | Mistake::Tampered
            | Mistake::Replay
            | Mistake::Wrapped
            | Mistake::Hidden
            | Mistake::Comment
            | Mistake::Doctype => {}
        }
    }

    fn refuse(&mut self, number: Option<u16>) {
        self.status = Status {
            value: match number {
                Some(8..=18) => "urn:oasis:names:tc:SAML:2.0:status:Requester",
                _ => "urn:oasis:names:tc:SAML:2.0:status:Responder",
            },
            sub: number.map(|_| "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"),
            message: number.map(|number| format!("ErrorCode nr{number:02}")),
        };
    }

    fn xml(&self, by: &Answering<'_>, about: &Person, mistake: Option<Mistake>) -> Result<String, Fault> {
        if self.status.value != SUCCESS {
            return Ok(self.response(""));
        }
        let assertion = self.assertion();
        let key = if mistake == Some(Mistake::ForeignKey) { by.foreign_key } else { by.key };
        let signed = if mistake == Some(Mistake::Unsigned) {
            assertion.clone()
        } else {
            sign(&assertion, &self.assertion_id, key)?
        };
        let whole = |inside: &str| self.response(inside);
        let response = match mistake {
            Some(Mistake::Wrapped) => whole(&format!("{}{signed}", forged(&assertion, &self.assertion_id))),
            Some(Mistake::Hidden) => {
                let extensions = format!("<samlp:Extensions>{signed}</samlp:Extensions>");
                whole(&forged(&assertion, &self.assertion_id)).replacen(
                    "<samlp:Status>",
                    &format!("{extensions}<samlp:Status>"),
                    1,
                )
            }
            _ if by.signs_response => sign(&whole(&signed), &self.response_id, key)?,
            _ => whole(&signed),
        };
        Ok(match mistake {
            Some(Mistake::Tampered) => {
                response.replacen(&text(&about.family_name), &text(&format!("{}x", about.family_name)), 1)
            }
            Some(Mistake::Comment) => {
                let number = format!("TINIT-{}", about.codice_fiscale.as_str());
                let (start, end) = number.split_at(14);
                response.replacen(&number, &format!("{start}<!-- -->{end}"), 1)
            }
            Some(Mistake::Doctype) => format!("<!DOCTYPE Response>{response}"),
            _ => response,
        })
    }

    fn response(&self, inside: &str) -> String {
        let sub =
            self.status.sub.map(|sub| format!("<samlp:StatusCode Value=\"{sub}\"/>")).unwrap_or_default();
        let message = self.status.message.as_ref();
        let message =
            message.map(|m| format!("<samlp:StatusMessage>{m}</samlp:StatusMessage>")).unwrap_or_default();
        format!(
            "<samlp:Response xmlns:samlp=\"{SAMLP}\" xmlns:saml=\"{SAML}\" ID=\"{}\" Version=\"2.0\" \
             IssueInstant=\"{}\" Destination=\"{}\" InResponseTo=\"{}\">\
             <saml:Issuer{}>{}</saml:Issuer>\
             <samlp:Status><samlp:StatusCode Value=\"{}\">{sub}</samlp:StatusCode>{message}</samlp:Status>\
             {inside}</samlp:Response>",
            self.response_id,
            instant(self.issued),
            text(&self.destination),
            text(&self.in_response_to),
            self.format(),
            text(&self.issuer),
            self.status.value,
        )
    }

    /// CIE leaves the format of its name out, and types every attribute as text (SPID-C6).
    fn format(&self) -> String {
        let left_out = self.federation == Federation::Cie;
        if left_out { String::new() } else { format!(" Format=\"{ENTITY}\"") }
    }

    fn attribute(&self, (name, value): &(&str, String)) -> String {
        let date = *name == "dateOfBirth" && self.federation != Federation::Cie;
        let kind = if date { "xs:date" } else { "xs:string" };
        format!(
            "<saml:Attribute Name=\"{}\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\">\
             <saml:AttributeValue xsi:type=\"{kind}\">{}</saml:AttributeValue></saml:Attribute>",
            text(name),
            text(value)
        )
    }

    fn assertion(&self) -> String {
        let issuer = text(&self.issuer);
        let (issued, until) = (instant(self.issued), instant(self.not_on_or_after));
        let session = self.session_index.as_ref();
        let session = session.map(|index| format!(" SessionIndex=\"{index}\"")).unwrap_or_default();
        format!(
            "<saml:Assertion xmlns:saml=\"{SAML}\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" ID=\"{}\" Version=\"2.0\" IssueInstant=\"{issued}\">\
             <saml:Issuer{}>{issuer}</saml:Issuer>\
             <saml:Subject><saml:NameID Format=\"{TRANSIENT}\" NameQualifier=\"{issuer}\">{}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
             <saml:SubjectConfirmationData InResponseTo=\"{}\" NotOnOrAfter=\"{until}\" Recipient=\"{}\"/>\
             </saml:SubjectConfirmation></saml:Subject>\
             <saml:Conditions NotBefore=\"{}\" NotOnOrAfter=\"{until}\"><saml:AudienceRestriction>\
             <saml:Audience>{}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
             <saml:AuthnStatement AuthnInstant=\"{issued}\"{session}><saml:AuthnContext>\
             <saml:AuthnContextClassRef>https://www.spid.gov.it/SpidL{}</saml:AuthnContextClassRef>\
             </saml:AuthnContext></saml:AuthnStatement>\
             <saml:AttributeStatement>{}</saml:AttributeStatement></saml:Assertion>",
            self.assertion_id,
            self.format(),
            self.name_id,
            text(&self.in_response_to),
            text(&self.recipient),
            instant(self.not_before),
            text(&self.audience),
            self.level.number(),
            self.attributes.iter().map(|named| self.attribute(named)).collect::<String>(),
        )
    }
}

/// The value of an attribute of the SPID table; `None` for those these people do not have.
fn value(attribute: &str, code: &str, of: &Person) -> Option<String> {
    Some(match attribute {
        "spidCode" => {
            let hex = Digest::of(of.codice_fiscale.as_str().as_bytes()).to_hex().to_uppercase();
            format!("{code}{}", hex.get(..10)?)
        }
        "name" => of.given_name.clone(),
        "familyName" => of.family_name.clone(),
        "fiscalNumber" => format!("TINIT-{}", of.codice_fiscale.as_str()),
        "dateOfBirth" => of.says_born.to_string(),
        "placeOfBirth" => of.place.clone(),
        "gender" => of.sex_letter().to_owned(),
        "email" => of.email(),
        _ => return None,
    })
}

pub(super) fn random_id(entropy: &dyn Entropy) -> Result<String, Fault> {
    let mut random = [0; 20];
    entropy.fill(&mut random)?;
    Ok(random.iter().fold(String::from("_"), |id, byte| id + &format!("{byte:02x}")))
}

/// UTC, to the millisecond.
pub(super) fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}
