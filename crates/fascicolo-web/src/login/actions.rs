//! Begin a login, finish it, end a session: here rule, data and audit meet.

use std::net::IpAddr;

use fascicolo_domain::Fault;
use fascicolo_domain::audit::{Actor, Deed, Event};
use fascicolo_domain::ids::{CitizenId, EventId, LoginRequestId, SessionId};
use fascicolo_domain::login::{Admission, Denial, Identity, Method, Session, admit};
use fascicolo_domain::person::{Citizen, Standing};
use fascicolo_domain::retention;
use fascicolo_domain::secret::{Digest, Token};
use fascicolo_eid::spid::{
    Anomaly, Answer, Expected, Incoming, Outgoing, Proved, RequestSpec, Verdict, authn_request,
    new_request_id,
};
use fascicolo_store::{AtProvider, LoginExchange, LoginRequest, NewSession, Put, Tx};
use jiff::Timestamp;

use super::return_to::ReturnTo;
use crate::App;
use crate::ports::EntropyExt as _;

/// A login on its way to the provider.
pub(super) struct Begun {
    pub(super) provider: String,
    pub(super) outgoing: Outgoing,
    pub(super) saml_id: String,
    /// Binds the login to this browser.
    pub(super) browser: Token,
}

/// Makes the signed request and remembers it; `None` for a provider we do not know.
pub(super) async fn begin_spid(
    app: &App,
    entity_id: &str,
    return_to: Option<ReturnTo>,
    previous_session: Option<Digest>,
) -> Result<Option<Begun>, Fault> {
    let providers = app.spid_providers();
    let (Some(spid), Some(provider)) = (&app.settings.spid, providers.get(entity_id)) else {
        return Ok(None);
    };
    let now = app.clock.now();
    let mut random = [0; 20];
    app.entropy.fill(&mut random)?;
    let saml_id = new_request_id(random);
    let id = LoginRequestId::new(now, app.entropy.id()?);
    let browser = app.entropy.token()?;
    let spec = RequestSpec {
        id: &saml_id,
        now,
        level: app.settings.policy.minimum,
        relay_state: &id.to_string(),
        binding: spid.binding,
    };
    let outgoing = authn_request(&spid.service_provider, provider, &spec)
        .map_err(|e| Fault::new("signing a login request", e))?;
    let xml = match &outgoing {
        Outgoing::Redirect { xml, .. } | Outgoing::Post { xml, .. } => xml.clone(),
    };
    let pending = LoginRequest {
        id,
        saml_id: saml_id.clone(),
        provider: provider.entity_id.clone(),
        level: app.settings.policy.minimum,
        browser: browser.digest(),
        return_to: return_to.map(|r| r.as_str().to_owned()),
        previous_session,
        issued_at: now,
        expires_at: now.checked_add(retention::PENDING_LOGIN).unwrap_or(now),
        request_xml: xml.into_bytes(),
    };
    app.store.write(async move |tx| tx.insert_login_request(&pending).await).await?;
    Ok(Some(Begun { provider: provider.name.clone(), outgoing, saml_id, browser }))
}

/// What became of a provider's answer.
pub(super) struct SpidAnswer {
    pub(super) result: SpidOutcome,
    /// Entity id and name of the provider the request went to, when there was a request.
    pub(super) provider: Option<(String, String)>,
    /// The request that is closed now.
    pub(super) saml_id: Option<String>,
}

pub(super) enum SpidOutcome {
    Opened(Opened),
    /// The provider says why not.
    Anomaly(Anomaly),
    /// The answer is good, and we do not admit the person.
    Denied(Denial),
    /// The answer proves nothing; the rule that failed, for the log.
    Refused(&'static str),
}

pub(super) struct Opened {
    pub(super) token: Token,
    pub(super) return_to: Option<ReturnTo>,
    actor: Actor,
    birth_dates_disagree: bool,
}

impl SpidAnswer {
    fn refused(rule: &'static str) -> Self {
        Self { result: SpidOutcome::Refused(rule), provider: None, saml_id: None }
    }
}

/// Takes the answer apart: cheap checks first, the signature last (security 1.9), then one transaction that uses up
/// the request, opens the session and writes the traces (ACC-S5).
pub(super) async fn finish_spid(
    app: &App,
    field: &str,
    address: IpAddr,
    browser_of: impl Fn(&str) -> Option<Digest>,
) -> Result<SpidAnswer, Fault> {
    let now = app.clock.now();
    let Some(spid) = &app.settings.spid else {
        return Ok(SpidAnswer::refused("spid_is_off"));
    };
    let incoming = match Incoming::decode(field) {
        Ok(incoming) => incoming,
        Err(refused) => return Ok(SpidAnswer::refused(refused.code())),
    };
    let answer = match incoming.parse() {
        Ok(answer) => answer,
        Err(refused) => return Ok(SpidAnswer::refused(refused.code())),
    };
    // an answer without its pending login, or from another browser, opens nothing (SPID-R4)
    let Some(browser) = browser_of(answer.in_response_to()) else {
        return Ok(SpidAnswer::refused("no_pending_login"));
    };
    let saml_id = answer.in_response_to().to_owned();
    let pending = app.store.read(async move |tx| tx.login_request(&saml_id, &browser, now).await).await?;
    let Some(pending) = pending else {
        return Ok(SpidAnswer::refused("no_pending_login"));
    };
    let providers = app.spid_providers();
    let Some(provider) = providers.get(&pending.provider) else {
        return Ok(SpidAnswer::refused("provider_left_the_registry"));
    };
    let expected = Expected {
        request_id: &pending.saml_id,
        request_at: pending.issued_at,
        acs_url: &spid.service_provider.acs_url,
        entity_id: &spid.service_provider.entity_id,
        level: pending.level,
    };
    let verdict = match answer.verify(&expected, provider, now) {
        Ok(Verdict::Proved(proved)) => Ok(*proved),
        Ok(Verdict::Anomaly(anomaly)) => Err(SpidOutcome::Anomaly(anomaly)),
        Err(refused) => Err(SpidOutcome::Refused(refused.code())),
    };
    let provider = Some((provider.entity_id.clone(), provider.name.clone()));
    let saml_id = Some(pending.saml_id.clone());
    let mut exchange = exchange_of(app, &answer, &pending, incoming.xml(), now)?;
    exchange.address = Some(address.to_string());
    let result = conclude(app, pending, verdict, exchange).await?;
    Ok(SpidAnswer { result, provider, saml_id })
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
        method: Method::Spid,
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
    verdict: Result<Proved, SpidOutcome>,
    mut exchange: LoginExchange,
) -> Result<SpidOutcome, Fault> {
    let now = exchange.at;
    let parts = app.clone();
    app.store
        .write(async move |tx| {
            if !tx.consume_login_request(pending.id, &pending.browser, now).await? {
                return Ok(SpidOutcome::Refused("request_used"));
            }
            let outcome = match verdict {
                Err(refusal) => refusal,
                Ok(proved) => {
                    let fresh = tx
                        .remember_assertion(&pending.provider, &proved.assertion_id, proved.not_on_or_after)
                        .await?;
                    if fresh {
                        let at_provider = AtProvider {
                            provider: pending.provider.clone(),
                            name_id: proved.name_id,
                            session_index: proved.session_index,
                        };
                        let login = Login { identity: proved.identity, at_provider, pending: &pending, now };
                        login.settle(&parts, tx, &mut exchange).await?
                    } else {
                        SpidOutcome::Refused("assertion_repeated")
                    }
                }
            };
            leave_traces(tx, &outcome, exchange).await?;
            Ok(outcome)
        })
        .await
}

/// The audit row and the login log's row, under the same identifier.
async fn leave_traces(
    tx: &mut Tx<'_>,
    outcome: &SpidOutcome,
    mut exchange: LoginExchange,
) -> Result<(), Fault> {
    let (granted, code) = match outcome {
        SpidOutcome::Opened(_) => (true, "ok".to_owned()),
        SpidOutcome::Anomaly(anomaly) => {
            (false, anomaly.number().map_or_else(|| "anomaly".to_owned(), |nr| format!("anomaly_{nr}")))
        }
        SpidOutcome::Denied(denial) => (false, denial.code().to_owned()),
        SpidOutcome::Refused(rule) => (false, (*rule).to_owned()),
    };
    let deed = if granted { Deed::LoggedIn } else { Deed::LoginRefused };
    let actor = match outcome {
        SpidOutcome::Opened(opened) => opened.actor,
        SpidOutcome::Anomaly(_) | SpidOutcome::Denied(_) | SpidOutcome::Refused(_) => Actor::Anyone,
    };
    // the register wins over the login, and the difference is on record (ACC-A4)
    let disagree = matches!(outcome, SpidOutcome::Opened(Opened { birth_dates_disagree: true, .. }));
    let said = if disagree { "birth_dates_disagree" } else { &code };
    exchange.outcome = said.to_owned();
    // the chained trail holds the register's row too (SPID-G3)
    let detail = format!("{said} {}", exchange.digest().to_hex());
    let mut event =
        Event::of(actor, deed, exchange.id, exchange.at).with_method(exchange.method).saying(detail);
    event.granted = granted;
    event.subject = exchange.citizen;
    tx.record(&event).await?;
    tx.insert_login_exchange(&exchange).await
}

/// A proved identity on its way to a session.
struct Login<'a> {
    identity: Identity,
    at_provider: AtProvider,
    pending: &'a LoginRequest,
    now: Timestamp,
}

impl Login<'_> {
    async fn settle(
        self,
        app: &App,
        tx: &mut Tx<'_>,
        exchange: &mut LoginExchange,
    ) -> Result<SpidOutcome, Fault> {
        let code = self.identity.codice_fiscale;
        exchange.codice_fiscale = Some(code.as_str().to_owned());
        exchange.level = Some(self.identity.level);
        let known = tx.citizen_by_codice_fiscale(&code).await?;
        exchange.citizen = known.as_ref().map(|c| c.id);
        let admission = match admit(&self.identity, known.as_ref(), &app.settings.policy, self.now) {
            Ok(admission) => admission,
            Err(denial) => return Ok(SpidOutcome::Denied(denial)),
        };
        let citizen = match known {
            Some(citizen) if citizen.registered => citizen.id,
            other => {
                let id = match other {
                    Some(citizen) => citizen.id,
                    None => CitizenId::new(self.now, app.entropy.id()?),
                };
                match tx.put_citizen(&self.stranger(id)).await? {
                    Put::Stored => id,
                    // another first login of the same person was quicker
                    Put::Taken(other) => other,
                }
            }
        };
        exchange.citizen = Some(citizen);
        if let Some(previous) = &self.pending.previous_session {
            tx.delete_session(previous).await?;
        }
        let (token, session) = self.open_session(app, tx, citizen, &admission).await?;
        exchange.session = Some(session);
        Ok(SpidOutcome::Opened(Opened {
            token,
            return_to: self.pending.return_to.as_deref().and_then(ReturnTo::parse),
            actor: Actor::Person { id: citizen, capacity: admission.capacity, session },
            birth_dates_disagree: admission.birth_dates_disagree,
        }))
    }

    /// A new token at each login (ACC-S1).
    async fn open_session(
        &self,
        app: &App,
        tx: &mut Tx<'_>,
        citizen: CitizenId,
        admission: &Admission,
    ) -> Result<(Token, SessionId), Fault> {
        let token = app.entropy.token()?;
        let session = Session {
            id: SessionId::new(self.now, app.entropy.id()?),
            citizen,
            method: self.identity.method,
            level: self.identity.level,
            opened_at: self.now,
            last_seen_at: self.now,
            ends_at: admission.ends_at,
        };
        let at_provider = Some(self.at_provider.clone());
        tx.insert_session(&NewSession { session, token: token.digest(), at_provider }).await?;
        Ok((token, session.id))
    }

    /// Somebody this region's register does not know: admitted, with the data of the login (ACC-A9).
    fn stranger(&self, id: CitizenId) -> Citizen {
        Citizen {
            id,
            codice_fiscale: self.identity.codice_fiscale,
            given_name: self.identity.given_name.clone(),
            family_name: self.identity.family_name.clone(),
            birth_date: self.identity.birth_date,
            registered: false,
            standing: Standing::Active,
            ward: false,
        }
    }
}
