//! Begin a login and finish it. The request is used up before its code is redeemed, so that a code is redeemed once
//! (CIE-21); the session, its token and the traces are one transaction after that.

use std::net::IpAddr;

use fascicolo_domain::ids::EventId;
use fascicolo_domain::login::{Level, Method};
use fascicolo_domain::secret::{Digest, Token};
use fascicolo_domain::{Fault, retention};
use fascicolo_eid::cie::jose::Defect;
use fascicolo_eid::cie::{
    Answered, Callback, Client, FETCH_BYTES, FETCH_SECONDS, LoginRequest, Moment, Outgoing, Pending, Proved,
    ProviderError, Refused, TokenAnswer, Tokens, Trouble, UserinfoAnswer,
};
use fascicolo_store::{LoginExchange, OpenIdLogin, OpenIdToken};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::federation::{self, Known};
use super::{OpenId, revocation};
use crate::App;
use crate::login::actions::{Login, Outcome, leave_traces};
use crate::login::return_to::ReturnTo;
use crate::ports::{EntropyExt as _, Reply, Request};

/// How somebody would like to get in.
pub(super) struct Wish {
    /// At least this level, and never less than the site's own.
    pub(super) level: Option<Level>,
    pub(super) return_to: Option<ReturnTo>,
    /// Token of the session that this login will replace.
    pub(super) previous_session: Option<Digest>,
}

/// A login on its way to the provider.
pub(super) struct Begun {
    /// The provider's name.
    pub(super) provider: String,
    pub(super) outgoing: Outgoing,
    pub(super) state: String,
    /// Binds the login to this browser.
    pub(super) browser: Token,
}

/// What proves that an answer is to a request of ours; kept sealed.
#[derive(Serialize, Deserialize)]
struct Secrets {
    state: String,
    nonce: String,
    verifier: String,
}

/// Makes the signed request and remembers it; `None`: the provider is out of reach, and is not known.
///
/// # Errors
/// No random bytes, no signature, or the store failed.
pub(super) async fn begin(app: &App, openid: &OpenId, wish: Wish) -> Result<Option<Begun>, Fault> {
    let now = app.clock.now();
    let known = match federation::for_login(app, openid, now).await {
        Ok(known) => known,
        Err(fault) => {
            tracing::error!("CIE cannot be offered: {fault:?}");
            return Ok(None);
        }
    };
    let minimum = app.settings.policy.minimum;
    let level = wish.level.map_or(minimum, |level| level.max(minimum));
    let mut random = [0; 112];
    app.entropy.fill(&mut random)?;
    let started = client(openid, &known)
        .begin_login(&LoginRequest { now, level, random: &random })
        .map_err(|e| Fault::new("signing a login request", e))?;
    let Pending { issuer, state, nonce, verifier, .. } = started.pending;
    let browser = app.entropy.token()?;
    let digest = Digest::of(state.as_bytes());
    let secrets = Secrets { state: state.clone(), nonce, verifier };
    let secrets = serde_json::to_vec(&secrets).map_err(|e| Fault::new("writing a pending login", e))?;
    let login = OpenIdLogin {
        state: digest,
        browser: browser.digest(),
        issuer,
        level,
        return_to: wish.return_to.map(|r| r.as_str().to_owned()),
        previous_session: wish.previous_session,
        issued_at: now,
        expires_at: now.checked_add(retention::PENDING_LOGIN).unwrap_or(now),
        secrets: app.keyring.seal_bytes(&*app.entropy, &secrets_of(&digest), &secrets)?,
        request: started.request_object.into_bytes(),
    };
    app.store.write(async move |tx| tx.insert_openid_login(&login).await).await?;
    Ok(Some(Begun { provider: name(&known), outgoing: started.outgoing, state, browser }))
}

fn secrets_of(state: &Digest) -> String {
    format!("openid login {}", state.to_hex())
}

fn name(known: &Known) -> String {
    known.provider.organization_name.clone().unwrap_or_else(|| known.provider.issuer.clone())
}

pub(super) fn client<'a>(openid: &'a OpenId, known: &'a Known) -> Client<'a> {
    Client { us: &openid.us, keys: &openid.keys, provider: &known.provider }
}

/// What became of a provider's answer.
pub(super) struct Finished {
    pub(super) outcome: Outcome,
    /// The login that is closed now, when there was one.
    pub(super) closed: Option<OpenIdLogin>,
}

/// Takes an answer: the browser's pending login is used up, the code redeemed, the person asked for, and then one
/// transaction opens the session or nothing, and writes the traces.
///
/// # Errors
/// No random bytes, or the store failed.
pub(super) async fn finish(
    app: &App,
    openid: &OpenId,
    query: &str,
    address: IpAddr,
    browser_of: impl Fn(&str) -> Option<Digest>,
) -> Result<Finished, Fault> {
    let now = app.clock.now();
    let lost = |outcome| Ok(Finished { outcome, closed: None });
    let callback = match Callback::parse(query) {
        Ok(callback) => callback,
        Err(refused) => return lost(Outcome::Refused(refused.code())),
    };
    let Some(browser) = browser_of(callback.state()) else {
        // the app may have come back in another browser (CIE-33)
        return lost(Outcome::Failed { page: "cie_other_browser", cause: "no_pending_login" });
    };
    let state = Digest::of(callback.state().as_bytes());
    let taken = app.store.write(async move |tx| tx.take_openid_login(&state, &browser, now).await);
    let Some(login) = taken.await? else {
        return lost(Outcome::Refused("no_pending_login"));
    };
    let mut said = Said { callback: query.to_owned(), ..Said::default() };
    let verdict = prove(app, openid, &login, &callback, &mut said).await?;
    let mut exchange = exchange_of(app, &login, &said, now)?;
    exchange.address = Some(address.to_string());
    let outcome = conclude(app, login.clone(), verdict, exchange).await?;
    Ok(Finished { outcome, closed: Some(login) })
}

/// What was said until now, for the register (CIE-29).
#[derive(Default, Serialize)]
struct Said {
    callback: String,
    chain: Vec<String>,
    token: String,
    userinfo: String,
    #[serde(skip)]
    id: Option<String>,
    #[serde(skip)]
    subject: Option<String>,
}

/// From the answer in the browser to a person proved, by two requests to the provider (CIE-21 to CIE-25).
async fn prove(
    app: &App,
    openid: &OpenId,
    login: &OpenIdLogin,
    callback: &Callback,
    said: &mut Said,
) -> Result<Result<(Proved, Tokens), Outcome>, Fault> {
    let now = app.clock.now();
    let mut known = match federation::for_login(app, openid, now).await {
        Ok(known) => known,
        Err(fault) => return Ok(Err(unreachable(&fault))),
    };
    known.chain.statements().clone_into(&mut said.chain);
    let pending = pending(app, login)?;
    let code = match client(openid, &known).check_callback(callback, &pending, now) {
        Ok(Answered::Code(code)) => code,
        Ok(Answered::Error(error)) => return Ok(Err(told(error))),
        Err(refused) => {
            // not believed, and yet what an operator would look for when the provider refuses us
            tracing::info!(told = callback.told(), "a callback of CIE was refused");
            return Ok(Err(refusal(refused)));
        }
    };
    let redeem = client(openid, &known)
        .redeem_code(&code, &pending, moment(app)?)
        .map_err(|e| Fault::new("signing a client assertion", e))?;
    let reply = match openid.fetch.send(post(redeem.url, redeem.body)).await {
        Ok(reply) => reply,
        Err(fault) => return Ok(Err(unreachable(&fault))),
    };
    said.token = String::from_utf8_lossy(&reply.body).into_owned();
    let tokens = match TokenAnswer::read(reply.status, &reply.body) {
        Ok(TokenAnswer::Tokens(tokens)) => tokens,
        Ok(TokenAnswer::Error(error)) => return Ok(Err(told(error))),
        Err(refused) => return Ok(Err(refusal(refused))),
    };
    let now = app.clock.now();
    let mut checked = client(openid, &known).check_id_token(&tokens, &pending, now);
    // a key that the chain does not know: the provider may have changed it (CIE-23)
    if matches!(checked, Err(Refused::Jose(Defect::KeyUnknown)))
        && let Ok(Some(renewed)) = federation::refresh(app, openid, now).await
    {
        known = renewed;
        checked = client(openid, &known).check_id_token(&tokens, &pending, now);
    }
    let authenticated = match checked {
        Ok(authenticated) => authenticated,
        Err(refused) => return Ok(Err(refusal(refused))),
    };
    let reply = match userinfo(openid, &known, &tokens).await {
        Ok(reply) => reply,
        Err(fault) => return Ok(Err(unreachable(&fault))),
    };
    said.userinfo = String::from_utf8_lossy(&reply.body).into_owned();
    let answer =
        UserinfoAnswer { status: reply.status, content_type: &reply.content_type, body: &reply.body };
    let proved = client(openid, &known).check_userinfo(&answer, &authenticated, app.clock.now());
    Ok(match proved {
        Ok(proved) => {
            (said.id, said.subject) = (Some(proved.jti.clone()), Some(proved.subject.clone()));
            Ok((proved, tokens))
        }
        Err(refused) => Err(refusal(refused)),
    })
}

async fn userinfo(openid: &OpenId, known: &Known, tokens: &Tokens) -> Result<Reply, Fault> {
    let ask = client(openid, known).userinfo_request(tokens);
    let request = Request { authorization: Some(ask.authorization), ..federation::request(&ask.url) };
    openid.fetch.send(request).await
}

/// A form to the provider, sent once, within five seconds (CIE-22).
pub(super) fn post(url: String, form: String) -> Request {
    let within = std::time::Duration::from_secs(FETCH_SECONDS);
    Request { url, form: Some(form), authorization: None, largest: FETCH_BYTES, within }
}

pub(super) fn moment(app: &App) -> Result<Moment, Fault> {
    let mut random = [0; 16];
    app.entropy.fill(&mut random)?;
    Ok(Moment { now: app.clock.now(), random })
}

fn pending(app: &App, login: &OpenIdLogin) -> Result<Pending, Fault> {
    let secrets = app.keyring.open_bytes(&secrets_of(&login.state), &login.secrets)?;
    let secrets: Secrets =
        serde_json::from_slice(&secrets).map_err(|e| Fault::new("reading a pending login", e))?;
    Ok(Pending {
        issuer: login.issuer.clone(),
        state: secrets.state,
        nonce: secrets.nonce,
        verifier: secrets.verifier,
        level: login.level,
        at: login.issued_at,
    })
}

/// No answer, or none in time: the provider's fault (CIE-28).
fn unreachable(fault: &Fault) -> Outcome {
    tracing::error!("the provider of CIE does not answer: {fault:?}");
    Outcome::Failed { page: "cie_provider", cause: "unreachable" }
}

/// What the provider told, in our words (CIE-28).
fn told(ProviderError { trouble, code }: ProviderError) -> Outcome {
    match trouble {
        Trouble::Declined => Outcome::Failed { page: "cie_declined", cause: code },
        Trouble::Provider => Outcome::Failed { page: "cie_provider", cause: code },
        Trouble::Ours => {
            tracing::error!(code, "the provider of CIE refuses our requests");
            Outcome::Failed { page: "spid_our_fault", cause: code }
        }
        Trouble::Unverified => Outcome::Refused(code),
    }
}

/// What we do not believe; two of the causes say something to the person (CIE-18, CIE-19).
fn refusal(refused: Refused) -> Outcome {
    let cause = refused.code();
    if refused == Refused::LevelTooLow {
        Outcome::Failed { page: "cie_level", cause }
    } else if matches!(refused, Refused::FiscalNumberMissing | Refused::FiscalNumber) {
        Outcome::Failed { page: "cie_fiscal_number", cause }
    } else {
        Outcome::Refused(cause)
    }
}

/// What the login log keeps of an exchange, sealed as it is written (CIE-29).
fn exchange_of(app: &App, login: &OpenIdLogin, said: &Said, now: Timestamp) -> Result<LoginExchange, Fault> {
    let id = EventId::new(now, app.entropy.id()?);
    let seal = |part: &str, bytes: &[u8]| {
        app.keyring.seal_bytes(&*app.entropy, &format!("login {part} {id}"), bytes)
    };
    let response = serde_json::to_vec(said).map_err(|e| Fault::new("writing a login exchange", e))?;
    Ok(LoginExchange {
        id,
        at: now,
        method: Method::Cie,
        request_id: Some(login.state.to_hex()),
        request_at: Some(login.issued_at),
        request: seal("request", &login.request)?,
        response_id: said.id.clone(),
        response_at: None,
        issuer: Some(login.issuer.clone()),
        assertion_id: said.id.clone(),
        subject: said.subject.clone(),
        name_qualifier: None,
        response: seal("response", &response)?,
        codice_fiscale: None,
        citizen: None,
        address: None,
        level: None,
        outcome: String::new(),
        session: None,
    })
}

/// One transaction: the session and its token, or nothing; the traces in both cases (GEN-G7).
async fn conclude(
    app: &App,
    login: OpenIdLogin,
    verdict: Result<(Proved, Tokens), Outcome>,
    mut exchange: LoginExchange,
) -> Result<Outcome, Fault> {
    let (parts, now) = (app.clone(), exchange.at);
    let (verdict, access_token) = match verdict {
        Ok((proved, tokens)) => (Ok(proved), tokens.access_token),
        Err(outcome) => (Err(outcome), String::new()),
    };
    app.store
        .write(async move |tx| {
            let outcome = match verdict {
                Err(outcome) => outcome,
                Ok(proved) => {
                    let until = proved.not_on_or_after;
                    if tx.remember_assertion(&login.issuer, &proved.jti, until).await? {
                        let settling = Login {
                            identity: proved.identity,
                            at_provider: None,
                            return_to: login.return_to.as_deref().and_then(ReturnTo::parse),
                            previous_session: login.previous_session,
                            until: None,
                            now,
                        };
                        settling.settle(&parts, tx, &mut exchange).await?
                    } else {
                        Outcome::Refused("jti_repeated")
                    }
                }
            };
            if let (Outcome::Opened(_), Some(session)) = (&outcome, exchange.session) {
                let context = revocation::context(exchange.id);
                let token = OpenIdToken {
                    id: exchange.id,
                    session,
                    issuer: login.issuer,
                    token: parts.keyring.seal_bytes(&*parts.entropy, &context, access_token.as_bytes())?,
                    tries: 0,
                };
                tx.insert_openid_token(&token, now).await?;
            }
            leave_traces(tx, &outcome, exchange).await?;
            Ok(outcome)
        })
        .await
}
