//! One function per rule of SPID-R3 to R14. Those of the Response read the strict tree; those of the Assertion read
//! only what was verified, which the types see to.

use std::borrow::Cow;

use fascicolo_domain::login::{Federation, Identity, Level};
use fascicolo_domain::person::CodiceFiscale;
use jiff::Timestamp;
use jiff::civil::Date;
use roxmltree::Node;

use super::response::{Abroad, Expected, Proved, Verdict};
use super::{ENTITY, Provider, Refused, TRANSIENT, instant};
use crate::xml::{Element, SAML, attribute, only_text};

/// SPID-R3.
pub(super) fn response(root: Node<'_, '_>, expected: &Expected<'_>, now: Timestamp) -> Result<(), Refused> {
    if attribute(root, "ID").is_none_or(str::is_empty) {
        return Err(Refused::ResponseId);
    }
    if attribute(root, "Version") != Some("2.0") {
        return Err(Refused::ResponseVersion);
    }
    let issued = attribute(root, "IssueInstant").and_then(instant::parse);
    let issued = issued.ok_or(Refused::ResponseInstant)?;
    if instant::before(issued, expected.request_at) {
        return Err(Refused::ResponseBeforeRequest);
    }
    if instant::in_future(issued, now) {
        return Err(Refused::ResponseInFuture);
    }
    Ok(())
}

/// SPID-R4: that the request is pending, and of this browser, is the caller's part.
pub(super) fn in_response_to(root: Node<'_, '_>, expected: &Expected<'_>) -> Result<(), Refused> {
    hold(attribute(root, "InResponseTo") == Some(expected.request_id), Refused::InResponseTo)
}

/// SPID-R5.
pub(super) fn destination(root: Node<'_, '_>, expected: &Expected<'_>) -> Result<(), Refused> {
    hold(attribute(root, "Destination") == Some(expected.acs_url), Refused::Destination)
}

/// SPID-R5: `Format` may be absent here.
pub(super) fn response_issuer(issuer: Option<Node<'_, '_>>, provider: &Provider) -> Result<(), Refused> {
    let issuer = issuer.ok_or(Refused::ResponseIssuer)?;
    if only_text(issuer) != Some(provider.entity_id.as_str()) {
        return Err(Refused::ResponseIssuer);
    }
    hold(attribute(issuer, "Format").is_none_or(|format| format == ENTITY), Refused::ResponseIssuerFormat)
}

/// The parts of a verified Assertion, each found in its only place.
pub(super) struct Asserted<'o, 's> {
    assertion: Element<'o, 's>,
    issuer: Option<Element<'o, 's>>,
    subject: Option<Element<'o, 's>>,
    conditions: Option<Element<'o, 's>>,
    authn: Option<Element<'o, 's>>,
    attributes: Option<Element<'o, 's>>,
}

impl<'o, 's> Asserted<'o, 's> {
    /// SPID-R2: nothing unknown, nothing twice.
    pub(super) fn find(assertion: Element<'o, 's>) -> Result<Self, Refused> {
        let mut found =
            Self { assertion, issuer: None, subject: None, conditions: None, authn: None, attributes: None };
        for child in assertion.children() {
            let slot = if child.is(SAML, "Issuer") {
                &mut found.issuer
            } else if child.is(SAML, "Subject") {
                &mut found.subject
            } else if child.is(SAML, "Conditions") {
                &mut found.conditions
            } else if child.is(SAML, "AuthnStatement") {
                &mut found.authn
            } else if child.is(SAML, "AttributeStatement") {
                &mut found.attributes
            } else {
                return Err(Refused::AssertionShape);
            };
            if slot.replace(child).is_some() {
                return Err(Refused::AssertionShape);
            }
        }
        Ok(found)
    }

    /// SPID-R8 to R14, in order.
    pub(super) fn prove(
        &self,
        expected: &Expected<'_>,
        provider: &Provider,
        now: Timestamp,
    ) -> Result<Verdict, Refused> {
        let assertion_id = self.head(expected, now)?;
        let subject = self.subject.ok_or(Refused::Subject)?;
        let name_id = name_id(subject)?;
        let confirmed_until = confirmation(subject, expected, now)?;
        self.issuer(expected, provider)?;
        let valid_until = self.conditions(expected, now)?;
        let authn = self.authn.ok_or(Refused::AuthnStatement)?;
        let level = level(authn, expected)?;
        let at = authenticated_at(authn, level, expected, now)?;
        let session_until = session_until(authn, now)?;
        let session_index = authn.attribute("SessionIndex").map(Cow::into_owned);
        hold(session_index.as_deref().is_none_or(plain), Refused::AuthnStatement)?;
        let claims = Claims::find(self.attributes.ok_or(Refused::AttributeStatement)?)?;
        let not_on_or_after = confirmed_until.max(valid_until);
        let issuer = provider.entity_id.clone();
        if expected.federation == Federation::Eidas && claims.fiscal_number.is_none() {
            let abroad = claims.abroad(issuer, level, assertion_id, not_on_or_after)?;
            return Ok(Verdict::Abroad(Box::new(abroad)));
        }
        Ok(Verdict::Proved(Box::new(Proved {
            identity: Identity {
                codice_fiscale: claims.codice_fiscale()?,
                given_name: claims.name()?,
                family_name: claims.family_name()?,
                birth_date: Some(claims.date_of_birth()?),
                method: expected.federation.method(),
                level,
                issuer,
                at,
            },
            assertion_id,
            not_on_or_after,
            session_index,
            session_until,
            name_id,
        })))
    }

    /// SPID-R8: its ID.
    fn head(&self, expected: &Expected<'_>, now: Timestamp) -> Result<String, Refused> {
        let id = self.assertion.attribute("ID").filter(|id| !id.is_empty() && plain(id));
        let id = id.ok_or(Refused::AssertionId)?.into_owned();
        if self.assertion.attribute("Version").as_deref() != Some("2.0") {
            return Err(Refused::AssertionVersion);
        }
        let issued = self.assertion.attribute("IssueInstant");
        let issued = issued.and_then(|text| instant::parse(&text)).ok_or(Refused::AssertionInstant)?;
        if instant::before(issued, expected.request_at) {
            return Err(Refused::AssertionBeforeRequest);
        }
        if instant::in_future(issued, now) {
            return Err(Refused::AssertionInFuture);
        }
        Ok(id)
    }

    /// SPID-R11: `Format` must be there; CIE may leave it out.
    fn issuer(&self, expected: &Expected<'_>, provider: &Provider) -> Result<(), Refused> {
        let issuer = self.issuer.ok_or(Refused::AssertionIssuer)?;
        if issuer.text().as_deref() != Some(provider.entity_id.as_str()) {
            return Err(Refused::AssertionIssuer);
        }
        let left_out = expected.federation == Federation::Cie;
        let format = issuer.attribute("Format").map_or(left_out, |format| format == ENTITY);
        hold(format, Refused::AssertionIssuerFormat)
    }

    /// SPID-R12: until when it holds.
    fn conditions(&self, expected: &Expected<'_>, now: Timestamp) -> Result<Timestamp, Refused> {
        let conditions = self.conditions.ok_or(Refused::Conditions)?;
        let limit = |name| {
            let text = conditions.attribute(name)?;
            instant::parse(&text)
        };
        let from = limit("NotBefore").ok_or(Refused::ConditionsInstant)?;
        let until = limit("NotOnOrAfter").ok_or(Refused::ConditionsInstant)?;
        if instant::in_future(from, now) {
            return Err(Refused::NotYetValid);
        }
        if until <= now {
            return Err(Refused::Expired);
        }
        let mut addressed = false;
        for condition in conditions.children() {
            if condition.is(SAML, "AudienceRestriction") {
                let ours = condition
                    .children()
                    .any(|c| c.is(SAML, "Audience") && trimmed(c).as_deref() == Some(expected.entity_id));
                hold(ours, Refused::Audience)?;
                addressed = true;
            } else if !condition.is(SAML, "OneTimeUse") && !condition.is(SAML, "ProxyRestriction") {
                return Err(Refused::Conditions);
            }
        }
        hold(addressed, Refused::Audience)?;
        Ok(until)
    }
}

/// SPID-R9: the name identifier, trimmed.
fn name_id(subject: Element<'_, '_>) -> Result<String, Refused> {
    let mut list = subject.children().filter(|c| c.is(SAML, "NameID"));
    let (Some(name_id), None) = (list.next(), list.next()) else {
        return Err(Refused::NameId);
    };
    let value = trimmed(name_id).filter(|value| !value.is_empty() && plain(value));
    let value = value.ok_or(Refused::NameId)?;
    if name_id.attribute("Format").as_deref() != Some(TRANSIENT) {
        return Err(Refused::NameIdFormat);
    }
    if name_id.attribute("NameQualifier").is_none_or(|q| q.trim().is_empty()) {
        return Err(Refused::NameQualifier);
    }
    Ok(value)
}

/// SPID-R10: until when the subject is confirmed.
fn confirmation(
    subject: Element<'_, '_>,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Timestamp, Refused> {
    let mut list = subject.children().filter(|c| c.is(SAML, "SubjectConfirmation"));
    let (Some(confirmation), None) = (list.next(), list.next()) else {
        return Err(Refused::Confirmation);
    };
    if confirmation.attribute("Method").as_deref() != Some("urn:oasis:names:tc:SAML:2.0:cm:bearer") {
        return Err(Refused::ConfirmationMethod);
    }
    let mut list = confirmation.children();
    let data = list.next().filter(|c| c.is(SAML, "SubjectConfirmationData"));
    let (Some(data), None) = (data, list.next()) else {
        return Err(Refused::ConfirmationData);
    };
    if data.attribute("Recipient").as_deref() != Some(expected.acs_url) {
        return Err(Refused::Recipient);
    }
    if data.attribute("InResponseTo").as_deref() != Some(expected.request_id) {
        return Err(Refused::ConfirmationInResponseTo);
    }
    let until = data.attribute("NotOnOrAfter").and_then(|text| instant::parse(&text));
    // a bearer confirmation has no NotBefore (SAML profiles 4.1.4.2)
    let until = until.filter(|_| data.attribute("NotBefore").is_none());
    let until = until.ok_or(Refused::ConfirmationInstant)?;
    if until <= now {
        return Err(Refused::ConfirmationExpired);
    }
    Ok(until)
}

/// SPID-R13: the level that was reached, not below the one the service asks.
fn level(authn: Element<'_, '_>, expected: &Expected<'_>) -> Result<Level, Refused> {
    let mut contexts = authn.children().filter(|c| c.is(SAML, "AuthnContext"));
    let (Some(context), None) = (contexts.next(), contexts.next()) else {
        return Err(Refused::AuthnContext);
    };
    let mut classes = context.children().filter(|c| c.is(SAML, "AuthnContextClassRef"));
    let (Some(class), None) = (classes.next(), classes.next()) else {
        return Err(Refused::AuthnContext);
    };
    let level = match trimmed(class).as_deref() {
        Some("https://www.spid.gov.it/SpidL1") => Level::One,
        Some("https://www.spid.gov.it/SpidL2") => Level::Two,
        Some("https://www.spid.gov.it/SpidL3") => Level::Three,
        _ => return Err(Refused::AuthnContext),
    };
    hold(level >= expected.level, Refused::LevelTooLow)?;
    Ok(level)
}

/// When the person was authenticated. At levels 2 and 3 we asked for it to be done anew (SPID-A3), so not before the
/// request was made.
fn authenticated_at(
    authn: Element<'_, '_>,
    level: Level,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Timestamp, Refused> {
    let at = authn.attribute("AuthnInstant").and_then(|text| instant::parse(&text));
    let at = at.ok_or(Refused::AuthnInstant)?;
    if instant::in_future(at, now) {
        return Err(Refused::AuthnInstant);
    }
    if level > Level::One && instant::before(at, expected.request_at) {
        return Err(Refused::AuthnTooOld);
    }
    Ok(at.min(now))
}

/// Until when the provider lets a session last, when it says so (SAML core 2.7.2).
fn session_until(authn: Element<'_, '_>, now: Timestamp) -> Result<Option<Timestamp>, Refused> {
    let Some(text) = authn.attribute("SessionNotOnOrAfter") else { return Ok(None) };
    let until = instant::parse(&text).ok_or(Refused::AuthnStatement)?;
    if until <= now { Err(Refused::Expired) } else { Ok(Some(until)) }
}

/// The attributes we asked for (SPID-R14, S1), trimmed; the others are not looked at.
#[derive(Default)]
struct Claims {
    fiscal_number: Option<String>,
    name: Option<String>,
    family_name: Option<String>,
    date_of_birth: Option<String>,
    spid_code: Option<String>,
}

impl Claims {
    fn find(statement: Element<'_, '_>) -> Result<Self, Refused> {
        let mut claims = Self::default();
        let mut any = false;
        for attribute in statement.children() {
            if !attribute.is(SAML, "Attribute") {
                return Err(Refused::AttributeStatement);
            }
            any = true;
            let mut values = attribute.children();
            let value = values.next().filter(|v| v.is(SAML, "AttributeValue"));
            let value = value.ok_or(Refused::AttributeValue)?;
            let name = attribute.attribute("Name");
            let slot = match name.as_deref() {
                Some("fiscalNumber") => &mut claims.fiscal_number,
                Some("name") => &mut claims.name,
                Some("familyName") => &mut claims.family_name,
                Some("dateOfBirth") => &mut claims.date_of_birth,
                Some("spidCode") => &mut claims.spid_code,
                Some(_) => continue,
                None => return Err(Refused::AttributeStatement),
            };
            let text =
                trimmed(value).filter(|text| !text.is_empty() && plain(text) && values.next().is_none());
            if slot.replace(text.ok_or(Refused::AttributeValue)?).is_some() {
                return Err(Refused::AttributeRepeated);
            }
        }
        hold(any, Refused::AttributeStatement)?;
        Ok(claims)
    }

    /// SPID-S2.
    fn codice_fiscale(&self) -> Result<CodiceFiscale, Refused> {
        let text = self.fiscal_number.as_deref().ok_or(Refused::AttributeMissing)?;
        let code = text.strip_prefix("TINIT-").ok_or(Refused::FiscalNumber)?;
        CodiceFiscale::parse(code).map_err(|_| Refused::FiscalNumber)
    }

    fn name(&self) -> Result<String, Refused> {
        self.name.clone().ok_or(Refused::AttributeMissing)
    }

    fn family_name(&self) -> Result<String, Refused> {
        self.family_name.clone().ok_or(Refused::AttributeMissing)
    }

    /// Who comes through the eIDAS node without a fiscal number (SPID-X3).
    fn abroad(
        &self,
        issuer: String,
        level: Level,
        assertion_id: String,
        not_on_or_after: Timestamp,
    ) -> Result<Abroad, Refused> {
        Ok(Abroad {
            person: self.spid_code.clone().ok_or(Refused::AttributeMissing)?,
            given_name: self.name()?,
            family_name: self.family_name()?,
            birth_date: self.date_of_birth()?,
            issuer,
            level,
            assertion_id,
            not_on_or_after,
        })
    }

    /// An `xs:date` without zone.
    fn date_of_birth(&self) -> Result<Date, Refused> {
        let text = self.date_of_birth.as_deref().ok_or(Refused::AttributeMissing)?;
        let shape = text.len() == 10 && text.starts_with(['1', '2']);
        shape.then(|| text.parse().ok()).flatten().ok_or(Refused::DateOfBirth)
    }
}

/// What is kept of a message, or shown, is short and of one line, whoever signed it.
pub(super) fn plain(text: &str) -> bool {
    text.len() <= 512 && !text.chars().any(char::is_control)
}

fn trimmed(element: Element<'_, '_>) -> Option<String> {
    element.text().map(|text| text.trim().to_owned())
}

fn hold(rule: bool, otherwise: Refused) -> Result<(), Refused> {
    if rule { Ok(()) } else { Err(otherwise) }
}
