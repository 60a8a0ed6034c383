//! Getting in and out. What an identity provider's answer is worth is decided in `fascicolo-eid`; who is admitted, in
//! `fascicolo-domain`; here both meet the store, in one transaction an answer.

pub mod abroad;
mod actions;
mod choose;
pub mod logout;
pub mod openid;
mod refusal;
pub mod registry;
pub mod return_to;
mod saml;
mod views;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use fascicolo_domain::login::Level;
use fascicolo_domain::secret::{Digest, Token};

use self::actions::Opened;
use self::return_to::ReturnTo;
use self::views::HandOverPage;
use crate::App;
use crate::http::cookie::SameSite;
use crate::http::page::show_as;
use crate::http::{PageError, Visitor, cookie, door, headers};

/// How long a login may take (decision 16): ten minutes, in seconds.
const PENDING_SECONDS: u32 = 600;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/accesso", get(choose::page))
        .route("/esci", post(logout::leave))
        .route("/uscita", get(logout::goodbye))
        .route("/accesso/cie", get(start_cie))
        .merge(saml::routes())
        .merge(openid::routes())
}

/// `GET /accesso/cie`, by the protocol that the region chose.
async fn start_cie(
    State(app): State<App>,
    visitor: Visitor,
    request_headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    if let Some(secure) = on_plain_origin(&app, &request_headers, raw.as_deref(), &visitor) {
        return redirect(&secure);
    }
    match &app.openid {
        Some(openid) => openid::start(&app, openid, visitor, &request_headers, raw.as_deref()).await,
        None => saml::start_cie(&app, visitor, &request_headers, raw.as_deref()).await,
    }
}

/// A login begun on the sandbox's plain address moves to the canonical one, where cookies are secure (decision 11): to
/// this address.
fn on_plain_origin(
    app: &App,
    request_headers: &HeaderMap,
    raw: Option<&str>,
    visitor: &Visitor,
) -> Option<String> {
    let site = &app.settings.site;
    let plain = door::authority(site.plain_origin.as_deref()?);
    let host = request_headers.get(header::HOST).and_then(|h| h.to_str().ok())?;
    let query = raw.map(|q| format!("?{q}")).unwrap_or_default();
    host.eq_ignore_ascii_case(plain).then(|| format!("{}{}{query}", site.origin, visitor.page.path))
}

/// `livello=3`: what a page needs that turned a weaker session away (SPID-L3). Anything else asks for nothing.
fn asked_level(text: &str) -> Option<Level> {
    text.parse().ok().and_then(Level::from_number)
}

/// The form posts to the provider: its origin, alone, may receive it (decision 12).
fn hand_over(view: &HandOverPage) -> Result<Response, PageError> {
    let origin = view.action.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let mut response = show_as(StatusCode::OK, view)?;
    let policy = headers::policy_posting_to(&origin).ok_or(PageError::BadRequest)?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// The pending login's cookie: one a request, so that two tabs work (ACC-S5).
fn cookie_name(saml_id: &str) -> String {
    let start: String = saml_id.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    format!("{}{start}", cookie::LOGIN_PREFIX)
}

/// The session of whoever just got in, and on to where they were going.
fn let_in(Opened { token, return_to, .. }: &Opened) -> Result<Response, PageError> {
    let mut response = redirect(return_to.as_ref().map_or("/fascicolo", ReturnTo::as_str))?;
    let session = cookie::set(cookie::SESSION, &token.reveal(), SameSite::Lax, None);
    cookie::append(response.headers_mut(), [session]);
    Ok(response)
}

/// The token in a cookie, as the store knows it.
fn token_of(request_headers: &HeaderMap, name: &str) -> Option<Digest> {
    cookie::read(request_headers, name).and_then(Token::parse).map(|token| token.digest())
}

/// 302: the SPID checker follows no 303 (SPID-A11).
fn redirect(location: &str) -> Result<Response, PageError> {
    let location = HeaderValue::from_str(location).map_err(|_| PageError::BadRequest)?;
    Ok((StatusCode::FOUND, [(header::LOCATION, location)]).into_response())
}
