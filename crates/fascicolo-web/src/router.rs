//! The site: every capability's routes, behind one door.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;

use crate::App;
use crate::http::caller::asked_language;
use crate::http::{PageError, compress, cookie, door, errors, headers};
use crate::serve::catch_panics;
use crate::{documents, history, login, profile, public, verification};

/// The largest form; routes that take files set their own limit.
const LARGEST_FORM: usize = 64 * 1024;

/// The pages of the site (the operations listener has a router of its own).
pub fn site(app: App) -> Router {
    Router::new()
        .merge(public::routes())
        .merge(login::routes())
        .merge(documents::routes())
        .merge(history::routes())
        .merge(profile::routes())
        .merge(verification::routes())
        .fallback(async || PageError::NotFound)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(from_fn(catch_panics))
        .layer(from_fn_with_state(app.clone(), door::keep))
        .layer(from_fn_with_state(app.clone(), errors::render))
        .layer(from_fn(remember_language))
        .layer(from_fn(headers::add))
        .layer(from_fn(compress::pages))
        .with_state(app)
}

/// A language chosen by link holds for the rest of the visit.
async fn remember_language(request: Request, next: Next) -> Response {
    let asked = asked_language(request.uri().query());
    let mut response = next.run(request).await;
    if let Some(language) = asked {
        let headers: &mut HeaderMap = response.headers_mut();
        cookie::append(headers, [cookie::set(cookie::LANGUAGE, language.tag(), cookie::SameSite::Lax, None)]);
    }
    response
}
