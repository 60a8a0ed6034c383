//! Getting in and out. What an identity provider's answer is worth is decided in `fascicolo-eid`; who is admitted, in
//! `fascicolo-domain`; here both meet the store, in one transaction an answer.

pub mod abroad;
mod actions;
mod choose;
pub mod logout;
pub mod openid;
pub mod registry;
pub mod return_to;
mod saml;
mod views;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use crate::App;
use crate::http::{PageError, door};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/accesso", get(choose::page))
        .route("/esci", post(logout::leave))
        .route("/uscita", get(logout::goodbye))
        .merge(saml::routes())
}

/// A login begun on the sandbox's plain address moves to the canonical one, where cookies are secure (decision 11).
fn on_plain_origin(app: &App, request_headers: &HeaderMap) -> Option<String> {
    let site = &app.settings.site;
    let plain = door::authority(site.plain_origin.as_deref()?);
    let host = request_headers.get(header::HOST).and_then(|h| h.to_str().ok())?;
    host.eq_ignore_ascii_case(plain).then(|| site.origin.clone())
}

/// 302: the SPID checker follows no 303 (SPID-A11).
fn redirect(location: &str) -> Result<Response, PageError> {
    let location = HeaderValue::from_str(location).map_err(|_| PageError::BadRequest)?;
    Ok((StatusCode::FOUND, [(header::LOCATION, location)]).into_response())
}
