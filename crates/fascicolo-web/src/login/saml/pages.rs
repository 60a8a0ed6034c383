//! To the provider and back. `GET /accesso/spid?idp=…` starts a login, `POST /spid/acs` takes the answer; CIE and the
//! eIDAS node have one provider each and need no choice.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use fascicolo_domain::login::{Federation, Method};
use fascicolo_eid::spid::Outgoing;
use fascicolo_store::LoginRequest;

use super::actions::{self, Begun, Wish};
use crate::App;
use crate::http::cookie::{self, SameSite};
use crate::http::forms::{self, Fields, encode};
use crate::http::{PageError, Visitor};
use crate::login::actions::Outcome;
use crate::login::refusal::{self, Refusal};
use crate::login::return_to::ReturnTo;
use crate::login::views::HandOverPage;
use crate::login::{
    PENDING_SECONDS, asked_level, cookie_name, hand_over, let_in, on_plain_origin, redirect, token_of,
};
use crate::settings::Saml;

pub(super) async fn start_spid(
    State(app): State<App>,
    visitor: Visitor,
    request_headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let provider = forms::query(raw.as_deref())?.text("idp").to_owned();
    start(&app, visitor, &request_headers, raw.as_deref(), (Federation::Spid, provider)).await
}

pub(super) async fn start_eidas(
    State(app): State<App>,
    visitor: Visitor,
    request_headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    start_only(&app, visitor, &request_headers, raw.as_deref(), Federation::Eidas).await
}

/// `GET /accesso/cie`, where CIE is reached by SAML.
pub(in crate::login) async fn start_cie(
    app: &App,
    visitor: Visitor,
    request_headers: &HeaderMap,
    raw: Option<&str>,
) -> Result<Response, PageError> {
    start_only(app, visitor, request_headers, raw, Federation::Cie).await
}

/// Where there is one provider, nobody names it.
async fn start_only(
    app: &App,
    visitor: Visitor,
    request_headers: &HeaderMap,
    raw: Option<&str>,
    federation: Federation,
) -> Result<Response, PageError> {
    let provider = app.settings.only_provider(federation).ok_or(PageError::NotFound)?;
    let provider = provider.entity_id.clone();
    start(app, visitor, request_headers, raw, (federation, provider)).await
}

async fn start(
    app: &App,
    visitor: Visitor,
    request_headers: &HeaderMap,
    raw: Option<&str>,
    (federation, provider): (Federation, String),
) -> Result<Response, PageError> {
    if let Some(secure) = on_plain_origin(app, request_headers, raw, &visitor) {
        return redirect(&secure);
    }
    let query = forms::query(raw)?;
    let wish = Wish {
        federation,
        provider,
        level: asked_level(query.text("livello")),
        return_to: ReturnTo::parse(query.text("ritorno")),
        previous_session: token_of(request_headers, cookie::SESSION),
    };
    let begun = actions::begin(app, wish).await?.ok_or(PageError::NotFound)?;
    let Begun { provider, outgoing, saml_id, browser } = begun;
    let mut response = match outgoing {
        Outgoing::Redirect { url, .. } => redirect(&url)?,
        Outgoing::Post { action, saml_request, relay_state, .. } => {
            let fields = saml_fields("SAMLRequest", saml_request, relay_state);
            hand_over(&HandOverPage { page: visitor.page, provider, action, fields, leaving: false })?
        }
    };
    let cookie =
        cookie::set(&cookie_name(&saml_id), &browser.reveal(), SameSite::None, Some(PENDING_SECONDS));
    cookie::append(response.headers_mut(), [cookie]);
    Ok(response)
}

pub(super) async fn answer_spid(
    State(app): State<App>,
    visitor: Visitor,
    request_headers: HeaderMap,
    fields: Fields,
) -> Result<Response, PageError> {
    answer(&app, Method::Spid, visitor, &request_headers, &fields).await
}

pub(super) async fn answer_cie(
    State(app): State<App>,
    visitor: Visitor,
    request_headers: HeaderMap,
    fields: Fields,
) -> Result<Response, PageError> {
    answer(&app, Method::Cie, visitor, &request_headers, &fields).await
}

async fn answer(
    app: &App,
    door: Method,
    Visitor { page, address }: Visitor,
    request_headers: &HeaderMap,
    fields: &Fields,
) -> Result<Response, PageError> {
    let browser_of = |saml_id: &str| token_of(request_headers, &cookie_name(saml_id));
    let finished = actions::finish(app, door, fields.text("SAMLResponse"), address, browser_of).await?;
    let closed = finished.closed.as_ref();
    let refused = |page, reason, cause: &str| {
        let (provider, request) =
            (closed.map(|(_, p)| p.name.clone()), closed.map(|(l, _)| l.saml_id.as_str()));
        let retry = closed.map(|(login, _)| again(app, login));
        let provider = provider.unwrap_or_default();
        refusal::page(app, page, Refusal { reason, cause, provider, request, retry })
    };
    let mut response = match &finished.outcome {
        Outcome::Opened(opened) => let_in(opened)?,
        Outcome::Abroad(number) => refusal::abroad(app, page, number.clone())?,
        Outcome::Anomaly(anomaly) => {
            let reason = refusal::of_anomaly(anomaly, door, closed.map(|(login, _)| login.level));
            let cause = anomaly.number().map_or_else(|| "unknown".to_owned(), |nr| format!("nr{nr:02}"));
            refused(page, reason, &cause)?
        }
        Outcome::Denied(denial) => refused(page, denial.code(), denial.code())?,
        Outcome::Failed { page: reason, cause } => refused(page, reason, cause)?,
        Outcome::Refused(rule) => refused(page, "answer", rule)?,
    };
    if let Some((pending, _)) = finished.closed {
        cookie::append(
            response.headers_mut(),
            [cookie::drop(&cookie_name(&pending.saml_id), SameSite::None)],
        );
    }
    Ok(response)
}

/// The address that starts the same login once more.
fn again(app: &App, login: &LoginRequest) -> String {
    let (path, first) = match login.federation {
        Federation::Spid => ("/accesso/spid", Some(format!("idp={}", encode(&login.provider)))),
        Federation::Eidas => ("/accesso/eidas", None),
        Federation::Cie => ("/accesso/cie", None),
    };
    refusal::again(app, path, first, Some(login.level), login.return_to.as_deref())
}

pub(super) async fn metadata_spid(State(app): State<App>) -> Result<Response, PageError> {
    metadata(app.settings.spid.as_ref())
}

pub(super) async fn metadata_cie(State(app): State<App>) -> Result<Response, PageError> {
    metadata(app.settings.cie.as_ref())
}

fn metadata(saml: Option<&Saml>) -> Result<Response, PageError> {
    let saml = saml.ok_or(PageError::NotFound)?;
    let kind = [(header::CONTENT_TYPE, "application/samlmetadata+xml")];
    Ok((kind, Body::from(saml.metadata.clone())).into_response())
}

/// The fields of a form that carries a SAML message.
pub(super) fn saml_fields(name: &str, message: String, relay_state: String) -> Vec<(String, String)> {
    let mut fields = vec![(name.to_owned(), message)];
    if !relay_state.is_empty() {
        fields.push(("RelayState".to_owned(), relay_state));
    }
    fields
}
