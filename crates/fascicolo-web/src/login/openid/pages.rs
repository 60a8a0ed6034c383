//! What we publish to the federation, and the way to the provider and back: `GET /accesso/cie`, `GET /cie/callback`.

use std::sync::PoisonError;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use fascicolo_domain::Fault;
use fascicolo_domain::login::Level;
use fascicolo_domain::time::after_seconds;
use fascicolo_eid::cie::{
    Outgoing, ResolveQuery, entity_configuration as signed_configuration, resolve_response,
};

use super::OpenId;
use super::actions::{self, Begun, Wish};
use crate::App;
use crate::http::cookie::{self, SameSite};
use crate::http::forms;
use crate::http::{Page, PageError, Visitor};
use crate::login::actions::Outcome;
use crate::login::refusal::{self, Refusal};
use crate::login::return_to::ReturnTo;
use crate::login::views::HandOverPage;
use crate::login::{PENDING_SECONDS, asked_level, cookie_name, hand_over, let_in, redirect, token_of};

/// Our signed configuration is made anew after this long, in seconds: far below its lifetime (CIE-5), and soon after a key
/// enters a new phase (CIE-6).
const FRESH_SECONDS: i64 = 60;

/// `GET /.well-known/openid-federation` (CIE-1).
pub(super) async fn entity_configuration(State(app): State<App>) -> Result<Response, PageError> {
    let openid = app.openid.as_ref().ok_or(PageError::NotFound)?;
    let now = app.clock.now();
    let mut slot = openid.configuration.lock().unwrap_or_else(PoisonError::into_inner);
    let text = match &*slot {
        Some((at, text)) if *at <= now && now < after_seconds(*at, FRESH_SECONDS) => text.clone(),
        Some(_) | None => {
            let text = signed_configuration(&openid.us, &openid.keys, now)
                .map_err(|e| Fault::new("signing our configuration", e))?;
            slot.insert((now, text)).1.clone()
        }
    };
    Ok(([(header::CONTENT_TYPE, "application/entity-statement+jwt")], text).into_response())
}

/// `GET /cie/resolve`: from what is at hand, never by asking anybody (CIE-7).
pub(super) async fn resolve(State(app): State<App>, RawQuery(raw): RawQuery) -> Result<Response, PageError> {
    let openid = app.openid.as_ref().ok_or(PageError::NotFound)?;
    let now = app.clock.now();
    let query = ResolveQuery::parse(&raw.unwrap_or_default(), &openid.anchor);
    let query = query.map_err(|_| PageError::BadRequest)?;
    let known = openid.known(now).filter(|known| known.chain.subject() == query.subject);
    let known = known.ok_or(PageError::NotFound)?;
    let text = resolve_response(&openid.us, &openid.keys, &known.chain, now)
        .map_err(|e| Fault::new("signing a resolved chain", e))?;
    Ok(([(header::CONTENT_TYPE, "application/resolve-response+jwt")], text).into_response())
}

/// `GET /accesso/cie`, where CIE is reached this way.
pub(in crate::login) async fn start(
    app: &App,
    openid: &OpenId,
    visitor: Visitor,
    request_headers: &HeaderMap,
    raw: Option<&str>,
) -> Result<Response, PageError> {
    let query = forms::query(raw)?;
    let return_to = ReturnTo::parse(query.text("ritorno"));
    let level = asked_level(query.text("livello"));
    let previous_session = token_of(request_headers, cookie::SESSION);
    let retry = again(app, level, return_to.as_ref().map(ReturnTo::as_str));
    let wish = Wish { level, return_to, previous_session };
    let Some(begun) = actions::begin(app, openid, wish).await? else {
        return refused(app, visitor.page, ("cie_provider", "unknown_provider"), (None, Some(retry)));
    };
    let Begun { provider, outgoing, state, browser } = begun;
    let mut response = match outgoing {
        Outgoing::Redirect { url } => redirect(&url)?,
        Outgoing::Post { action, fields } => {
            hand_over(&HandOverPage { page: visitor.page, provider, action, fields, leaving: false })?
        }
    };
    // the answer is a GET: a lax cookie comes along (CIE-20)
    let cookie = cookie::set(&cookie_name(&state), &browser.reveal(), SameSite::Lax, Some(PENDING_SECONDS));
    cookie::append(response.headers_mut(), [cookie]);
    Ok(response)
}

fn again(app: &App, level: Option<Level>, return_to: Option<&str>) -> String {
    refusal::again(app, "/accesso/cie", None, level, return_to)
}

/// `GET /cie/callback`.
pub(super) async fn callback(
    State(app): State<App>,
    Visitor { page, address }: Visitor,
    request_headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let openid = app.openid.as_ref().ok_or(PageError::NotFound)?;
    let query = raw.unwrap_or_default();
    let browser_of = |state: &str| token_of(&request_headers, &cookie_name(state));
    let finished = actions::finish(&app, openid, &query, address, browser_of).await?;
    let closed = finished.closed.as_ref();
    let request = closed.map(|login| login.state.to_hex());
    // whoever comes back in another browser starts anew here
    let (level, return_to) = (closed.map(|login| login.level), closed.and_then(|l| l.return_to.as_deref()));
    let about = (request.as_deref(), Some(again(&app, level, return_to)));
    let mut response = match &finished.outcome {
        Outcome::Opened(opened) => let_in(opened)?,
        Outcome::Failed { page: reason, cause } => refused(&app, page, (*reason, *cause), about)?,
        Outcome::Denied(denial) => refused(&app, page, (denial.code(), denial.code()), about)?,
        Outcome::Refused(rule) => refused(&app, page, ("answer", *rule), about)?,
        // of SAML alone
        Outcome::Anomaly(_) | Outcome::Abroad(_) => refused(&app, page, ("answer", "anomaly"), about)?,
    };
    if finished.closed.is_some() {
        let state = forms::query(Some(&query))?.text("state").to_owned();
        cookie::append(response.headers_mut(), [cookie::drop(&cookie_name(&state), SameSite::Lax)]);
    }
    Ok(response)
}

fn refused(
    app: &App,
    page: Page,
    (reason, cause): (&'static str, &'static str),
    (request, retry): (Option<&str>, Option<String>),
) -> Result<Response, PageError> {
    let provider = page.t("login.choose.cie_heading").to_owned();
    refusal::page(app, page, Refusal { reason, cause, provider, request, retry })
}
