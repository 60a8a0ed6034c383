//! SPID: to the provider and back. `GET /accesso/spid?idp=…` starts a login, `POST /spid/acs` takes the answer.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use fascicolo_domain::login::Denial;
use fascicolo_domain::secret::Token;
use fascicolo_eid::spid::{Anomaly, Outgoing};

use super::actions::{self, Begun, Opened, SpidOutcome};
use super::return_to::ReturnTo;
use super::views::{HandOverPage, RefusedPage};
use crate::App;
use crate::http::cookie::{self, SameSite};
use crate::http::errors::report_number;
use crate::http::forms::{self, Fields, encode};
use crate::http::page::show_as;
use crate::http::{Page, PageError, Visitor, headers};

/// How long a login may take (decision 16): ten minutes, in seconds.
const PENDING_SECONDS: u32 = 600;

pub(super) async fn start(
    State(app): State<App>,
    visitor: Visitor,
    request_headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    if let Some(secure) = on_plain_origin(&app, &request_headers) {
        let query = raw.map(|q| format!("?{q}")).unwrap_or_default();
        return redirect(&format!("{secure}/accesso/spid{query}"));
    }
    let query = forms::query(raw.as_deref())?;
    let return_to = ReturnTo::parse(query.text("ritorno"));
    let previous = cookie::read(&request_headers, cookie::SESSION).and_then(Token::parse).map(|t| t.digest());
    let begun = actions::begin_spid(&app, query.text("idp"), return_to, previous).await?;
    let Some(Begun { provider, outgoing, saml_id, browser }) = begun else {
        return Err(PageError::NotFound);
    };
    let mut response = match outgoing {
        Outgoing::Redirect { url, .. } => redirect(&url)?,
        Outgoing::Post { action, saml_request, relay_state, .. } => {
            let (page, field, message) = (visitor.page, "SAMLRequest", saml_request);
            let view = HandOverPage { page, provider, action, field, message, relay_state, leaving: false };
            hand_over(&view)?
        }
    };
    let cookie =
        cookie::set(&cookie_name(&saml_id), &browser.reveal(), SameSite::None, Some(PENDING_SECONDS));
    cookie::append(response.headers_mut(), [cookie]);
    Ok(response)
}

/// The form posts to the provider: its origin, alone, may receive it (decision 12).
pub(super) fn hand_over(view: &HandOverPage) -> Result<Response, PageError> {
    let origin = view.action.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let mut response = show_as(StatusCode::OK, view)?;
    let policy = headers::policy_posting_to(&origin).ok_or(PageError::BadRequest)?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// A login begun on the sandbox's plain address moves to the canonical one, where cookies are secure (decision 11).
fn on_plain_origin(app: &App, request_headers: &HeaderMap) -> Option<String> {
    let site = &app.settings.site;
    let plain = crate::http::door::authority(site.plain_origin.as_deref()?);
    let host = request_headers.get(header::HOST).and_then(|h| h.to_str().ok())?;
    host.eq_ignore_ascii_case(plain).then(|| site.origin.clone())
}

/// The pending login's cookie: one a request, so that two tabs work (ACC-S5).
fn cookie_name(saml_id: &str) -> String {
    let start: String = saml_id.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    format!("{}{start}", cookie::LOGIN_PREFIX)
}

pub(super) async fn answer(
    State(app): State<App>,
    Visitor { page, address }: Visitor,
    request_headers: HeaderMap,
    fields: Fields,
) -> Result<Response, PageError> {
    let browser_of = |saml_id: &str| {
        cookie::read(&request_headers, &cookie_name(saml_id)).and_then(Token::parse).map(|t| t.digest())
    };
    let outcome = actions::finish_spid(&app, fields.text("SAMLResponse"), address, browser_of).await?;
    let mut response = match &outcome.result {
        SpidOutcome::Opened(Opened { token, return_to, .. }) => {
            let mut response = redirect(return_to.as_ref().map_or("/fascicolo", ReturnTo::as_str))?;
            let session = cookie::set(cookie::SESSION, &token.reveal(), SameSite::Lax, None);
            cookie::append(response.headers_mut(), [session]);
            response
        }
        SpidOutcome::Anomaly(anomaly) => refused(&app, page, anomaly_reason(anomaly), &outcome.provider)?,
        SpidOutcome::Denied(denial) => refused(&app, page, denial_reason(*denial), &outcome.provider)?,
        SpidOutcome::Refused(rule) => {
            tracing::info!(rule, "a SPID answer was refused");
            refused(&app, page, "answer", &outcome.provider)?
        }
    };
    if let Some(saml_id) = outcome.saml_id {
        cookie::append(response.headers_mut(), [cookie::drop(&cookie_name(&saml_id), SameSite::None)]);
    }
    Ok(response)
}

fn refused(
    app: &App,
    page: Page,
    reason: &'static str,
    provider: &Option<(String, String)>,
) -> Result<Response, PageError> {
    let report = report_number(app);
    tracing::info!(report, reason, "login refused");
    let at = page.moment(app.clock.now());
    let (provider, retry) = match provider {
        Some((entity_id, name)) => (name.clone(), Some(format!("/accesso/spid?idp={}", encode(entity_id)))),
        None => (String::new(), None),
    };
    show_as(StatusCode::FORBIDDEN, &RefusedPage { page, reason, provider, at, report, retry })
}

/// The text key of what the provider reported (SPID-E).
fn anomaly_reason(anomaly: &Anomaly) -> &'static str {
    match anomaly.number() {
        Some(19) => "spid_19",
        Some(20) => "spid_20",
        Some(21) => "spid_21",
        Some(22) => "spid_22",
        Some(23) => "spid_23",
        Some(25) => "spid_25",
        Some(30) => "spid_30",
        Some(8 | 9 | 11..=18) => {
            tracing::error!(?anomaly, "the identity provider refuses our requests");
            "spid_our_fault"
        }
        _ => "spid_unknown",
    }
}

/// The text key of a denial of ours (ACC-A6).
fn denial_reason(denial: Denial) -> &'static str {
    denial.code()
}

pub(super) async fn metadata(State(app): State<App>) -> Result<Response, PageError> {
    let spid = app.settings.spid.as_ref().ok_or(PageError::NotFound)?;
    let kind = [(header::CONTENT_TYPE, "application/samlmetadata+xml")];
    Ok((kind, Body::from(spid.metadata.clone())).into_response())
}

/// 302: the SPID checker follows no 303 (SPID-A11).
pub(super) fn redirect(location: &str) -> Result<Response, PageError> {
    let location = HeaderValue::from_str(location).map_err(|_| PageError::BadRequest)?;
    Ok((StatusCode::FOUND, [(header::LOCATION, location)]).into_response())
}
