//! Begin a login and finish it: the request that leaves, and what the answer is worth.

use std::net::IpAddr;
use std::sync::Arc;

use fascicolo_domain::Fault;
use fascicolo_domain::ids::{EventId, LoginRequestId};
use fascicolo_domain::login::{Federation, Level, Method};
use fascicolo_domain::retention;
use fascicolo_domain::secret::{Digest, Token};
use fascicolo_eid::spid::{
    Answer, EIDAS_MINIMUM, Expected, Incoming, Outgoing, Provider, RequestSpec, Verdict, authn_request,
    new_request_id,
};
use fascicolo_store::{AtProvider, LoginExchange, LoginRequest};
use jiff::Timestamp;

use crate::App;
use crate::login::abroad;
use crate::login::actions::{Login, Outcome, leave_traces};
use crate::login::return_to::ReturnTo;
use crate::ports::EntropyExt as _;

/// How somebody would like to get in.
pub(crate) struct Wish {
    pub(crate) federation: Federation,
    /// Entity id of the provider.
    pub(crate) provider: String,
    /// At least this level, and never less than the site's own.
    pub(crate) level: Option<Level>,
    pub(crate) return_to: Option<ReturnTo>,
    /// Token of the session that this login will replace.
    pub(crate) previous_session: Option<Digest>,
}

/// A login on its way to the provider.
pub(crate) struct Begun {
    /// The provider's name.
    pub(crate) provider: String,
    pub(crate) outgoing: Outgoing,
    pub(crate) saml_id: String,
    /// Binds the login to this browser.
    pub(crate) browser: Token,
}

/// Makes the signed request and remembers it; `None` for a provider we do not know.
///
/// # Errors
/// No random bytes, no signature, or the store failed.
pub(crate) async fn begin(app: &App, wish: Wish) -> Result<Option<Begun>, Fault> {
    let found = app.settings.saml(wish.federation).zip(app.provider(wish.federation, &wish.provider));
    let Some((saml, provider)) = found else {
        return Ok(None);
    };
    let now = app.clock.now();
    let minimum = app.settings.policy.minimum;
    let level = wish.level.map_or(minimum, |level| level.max(minimum));
    let mut random = [0; 20];
    app.entropy.fill(&mut random)?;
    let saml_id = new_request_id(random);
    let id = LoginRequestId::new(now, app.entropy.id()?);
    let browser = app.entropy.token()?;
    let spec = RequestSpec {
        id: &saml_id,
        now,
        level,
        attribute_set: match wish.federation {
            Federation::Spid | Federation::Cie => 0,
            Federation::Eidas => EIDAS_MINIMUM,
        },
        relay_state: &id.to_string(),
        binding: saml.binding,
    };
    let outgoing = authn_request(&saml.service_provider, &provider, &spec)
        .map_err(|e| Fault::new("signing a login request", e))?;
    let xml = match &outgoing {
        Outgoing::Redirect { xml, .. } | Outgoing::Post { xml, .. } => xml.clone(),
    };
    let pending = LoginRequest {
        id,
        saml_id: saml_id.clone(),
        federation: wish.federation,
        provider: wish.provider,
        level,
        browser: browser.digest(),
        return_to: wish.return_to.map(|r| r.as_str().to_owned()),
        previous_session: wish.previous_session,
        issued_at: now,
        expires_at: now.checked_add(retention::PENDING_LOGIN).unwrap_or(now),
        request_xml: xml.into_bytes(),
    };
    app.store.write(async move |tx| tx.insert_login_request(&pending).await).await?;
    Ok(Some(Begun { provider: provider.name.clone(), outgoing, saml_id, browser }))
}

/// What became of a provider's answer.
pub(crate) struct Finished {
    pub(crate) outcome: Outcome,
    /// The login that is closed now, and its provider, when there was one.
    pub(crate) closed: Option<(LoginRequest, Arc<Provider>)>,
}

impl Finished {
    fn refused(rule: &'static str) -> Self {
        Self { outcome: Outcome::Refused(rule), closed: None }
    }
}

/// Takes the answer apart: cheap checks first, the signature last (security 1.9), then one transaction that uses up
/// the request, opens the session and writes the traces (ACC-S5). `door`: whose address it was posted to.
///
/// # Errors
/// No random bytes, or the store failed: nothing has happened.
pub(crate) async fn finish(
    app: &App,
    door: Method,
    field: &str,
    address: IpAddr,
    browser_of: impl Fn(&str) -> Option<Digest>,
) -> Result<Finished, Fault> {
    let now = app.clock.now();
    let incoming = match Incoming::decode(field) {
        Ok(incoming) => incoming,
        Err(refused) => return Ok(Finished::refused(refused.code())),
    };
    let answer = match incoming.parse() {
        Ok(answer) => answer,
        Err(refused) => return Ok(Finished::refused(refused.code())),
    };
    // an answer without its pending login, or from another browser, opens nothing (SPID-R4)
    let Some(browser) = browser_of(answer.in_response_to()) else {
        return Ok(Finished::refused("no_pending_login"));
    };
    let saml_id = answer.in_response_to().to_owned();
    let pending = app.store.read(async move |tx| tx.login_request(&saml_id, &browser, now).await).await?;
    let Some(pending) = pending.filter(|pending| pending.federation.method() == door) else {
        return Ok(Finished::refused("no_pending_login"));
    };
    let Some(saml) = app.settings.saml(pending.federation) else {
        return Ok(Finished::refused("federation_left"));
    };
    let Some(provider) = app.provider(pending.federation, &pending.provider) else {
        return Ok(Finished::refused("provider_left_the_registry"));
    };
    let expected = Expected {
        request_id: &pending.saml_id,
        request_at: pending.issued_at,
        acs_url: &saml.service_provider.acs_url,
        entity_id: &saml.service_provider.entity_id,
        level: pending.level,
        federation: pending.federation,
    };
    let verdict = answer.verify(&expected, &provider, now).map_err(|refused| refused.code());
    let mut exchange = exchange_of(app, &answer, &pending, incoming.xml(), now)?;
    exchange.address = Some(address.to_string());
    let outcome = conclude(app, pending.clone(), verdict, exchange).await?;
    Ok(Finished { outcome, closed: Some((pending, provider)) })
}

/// What the login log keeps of an exchange, sealed as it is written (SPID-G1, G3).
fn exchange_of(
    app: &App,
    answer: &Answer<'_>,
    pending: &LoginRequest,
    response: &str,
    now: Timestamp,
) -> Result<LoginExchange, Fault> {
    let id = EventId::new(now, app.entropy.id()?);
    let seal = |part: &str, bytes: &[u8]| {
        app.keyring.seal_bytes(&*app.entropy, &format!("login {part} {id}"), bytes)
    };
    let facts = answer.facts();
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Ok(LoginExchange {
        id,
        at: now,
        method: pending.federation.method(),
        request_id: Some(pending.saml_id.clone()),
        request_at: Some(pending.issued_at),
        request: seal("request", &pending.request_xml)?,
        response_id: owned(facts.response_id),
        response_at: facts.issue_instant.and_then(|text| text.parse().ok()),
        issuer: owned(facts.issuer),
        assertion_id: owned(facts.assertion_id),
        subject: owned(facts.subject),
        name_qualifier: owned(facts.name_qualifier),
        response: seal("response", response.as_bytes())?,
        codice_fiscale: None,
        citizen: None,
        address: None,
        level: None,
        outcome: String::new(),
        session: None,
    })
}

/// One transaction: the request is used up, and with it either a session opens or nothing does; the traces are
/// written in both cases (ACC-S5, GEN-G7).
async fn conclude(
    app: &App,
    pending: LoginRequest,
    verdict: Result<Verdict, &'static str>,
    mut exchange: LoginExchange,
) -> Result<Outcome, Fault> {
    let now = exchange.at;
    let parts = app.clone();
    app.store
        .write(async move |tx| {
            if !tx.consume_login_request(pending.id, &pending.browser, now).await? {
                return Ok(Outcome::Refused("request_used"));
            }
            let replayed = match &verdict {
                Ok(Verdict::Proved(proved)) => Some((&proved.assertion_id, proved.not_on_or_after)),
                Ok(Verdict::Abroad(abroad)) => Some((&abroad.assertion_id, abroad.not_on_or_after)),
                Ok(Verdict::Anomaly(_)) | Err(_) => None,
            };
            let fresh = match replayed {
                Some((id, until)) => tx.remember_assertion(&pending.provider, id, until).await?,
                None => true,
            };
            let outcome = match verdict {
                Err(rule) => Outcome::Refused(rule),
                Ok(_) if !fresh => Outcome::Refused("assertion_repeated"),
                Ok(Verdict::Anomaly(anomaly)) => Outcome::Anomaly(anomaly),
                Ok(Verdict::Abroad(abroad)) => {
                    exchange.level = Some(abroad.level);
                    Outcome::Abroad(abroad::record(&parts, tx, &abroad, now).await?)
                }
                Ok(Verdict::Proved(proved)) => {
                    let at_provider = AtProvider {
                        provider: pending.provider.clone(),
                        name_id: proved.name_id,
                        session_index: proved.session_index,
                    };
                    let login = Login {
                        identity: proved.identity,
                        at_provider: Some(at_provider),
                        return_to: pending.return_to.as_deref().and_then(ReturnTo::parse),
                        previous_session: pending.previous_session,
                        until: proved.session_until,
                        now,
                    };
                    login.settle(&parts, tx, &mut exchange).await?
                }
            };
            leave_traces(tx, &outcome, exchange).await?;
            Ok(outcome)
        })
        .await
}
