//! What we publish to the federation, and the way to the provider and back: `GET /accesso/cie`, `GET /cie/callback`.

use std::sync::PoisonError;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use fascicolo_domain::Fault;
use fascicolo_domain::secret::Token;
use fascicolo_domain::time::after_seconds;
use fascicolo_eid::cie::{
    Outgoing, ResolveQuery, entity_configuration as signed_configuration, resolve_response,
};
use fascicolo_store::OpenIdLogin;

use super::OpenId;
use super::actions::{self, Begun, Wish};
use crate::App;
use crate::http::cookie::{self, SameSite};
use crate::http::errors::report_number;
use crate::http::forms::{self, encode};
use crate::http::page::show_as;
use crate::http::{Page, PageError, Visitor};
use crate::login::actions::{Opened, Outcome};
use crate::login::return_to::ReturnTo;
use crate::login::views::{HandOverPage, RefusedPage};
use crate::login::{PENDING_SECONDS, asked_level, cookie_name, hand_over, redirect};

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
    let previous_session =
        cookie::read(request_headers, cookie::SESSION).and_then(Token::parse).map(|t| t.digest());
    let again = again(level.map(|l| l.number()), return_to.as_ref().map(ReturnTo::as_str));
    let wish = Wish { level, return_to, previous_session };
    let Some(begun) = actions::begin(app, openid, wish).await? else {
        return refused(app, visitor.page, ("cie_provider", "unknown_provider"), Some(again));
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

/// The address that starts the same login once more.
fn again(level: Option<u8>, return_to: Option<&str>) -> String {
    let level = level.map(|level| format!("livello={level}"));
    let back = return_to.map(|path| format!("ritorno={}", encode(path)));
    let query: Vec<String> = level.into_iter().chain(back).collect();
    ["/accesso/cie", &query.join("&")].join(if query.is_empty() { "" } else { "?" })
}

fn again_of(app: &App, login: &OpenIdLogin) -> String {
    let level = (login.level > app.settings.policy.minimum).then(|| login.level.number());
    again(level, login.return_to.as_deref())
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
    let browser_of = |state: &str| {
        cookie::read(&request_headers, &cookie_name(state)).and_then(Token::parse).map(|t| t.digest())
    };
    let finished = actions::finish(&app, openid, &query, address, browser_of).await?;
    let again = finished.closed.as_ref().map(|login| again_of(&app, login));
    let mut response = match &finished.outcome {
        Outcome::Opened(Opened { token, return_to, .. }) => {
            let mut response = redirect(return_to.as_ref().map_or("/fascicolo", ReturnTo::as_str))?;
            let session = cookie::set(cookie::SESSION, &token.reveal(), SameSite::Lax, None);
            cookie::append(response.headers_mut(), [session]);
            response
        }
        Outcome::Failed { page: reason, cause } => {
            let again = again.or_else(|| Some("/accesso/cie".to_owned()));
            refused(&app, page, (*reason, *cause), again)?
        }
        Outcome::Denied(denial) => refused(&app, page, (denial.code(), denial.code()), again)?,
        Outcome::Refused(rule) => refused(&app, page, ("answer", *rule), again)?,
        // of SAML alone
        Outcome::Anomaly(_) | Outcome::Abroad(_) => refused(&app, page, ("answer", "anomaly"), again)?,
    };
    if finished.closed.is_some() {
        let state = forms::query(Some(&query))?.text("state").to_owned();
        cookie::append(response.headers_mut(), [cookie::drop(&cookie_name(&state), SameSite::Lax)]);
    }
    Ok(response)
}

/// Why nobody got in; the report number stands in the log beside the cause.
fn refused(
    app: &App,
    page: Page,
    (reason, cause): (&'static str, &'static str),
    retry: Option<String>,
) -> Result<Response, PageError> {
    let report = report_number(app);
    tracing::info!(report, reason, cause, method = "cie", "login refused");
    let at = page.moment(app.clock.now());
    let status =
        if reason == "cie_provider" { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::FORBIDDEN };
    let provider = page.t("login.choose.cie_heading").to_owned();
    show_as(status, &RefusedPage { page, reason, provider, at, report, retry })
}
