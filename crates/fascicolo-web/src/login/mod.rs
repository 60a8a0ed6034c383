//! Getting in and out. What an identity provider's answer is worth is decided in `fascicolo-eid`; who is admitted, in
//! `fascicolo-domain`; here both meet the store, in one transaction an answer.

pub mod actions;
mod choose;
pub mod logout;
pub mod registry;
pub mod return_to;
mod single_logout;
mod spid;
mod views;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::App;

/// The largest body of a provider's answer: the field holds at most 256 KiB (SPID-R1), each `+` and `/` may take three
/// characters, and there is a relay state.
const LARGEST_ANSWER: usize = 400 * 1024;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/accesso", get(choose::page))
        .route("/accesso/spid", get(spid::start))
        .route("/spid/metadata", get(spid::metadata))
        .route("/spid/acs", post(spid::answer).layer(DefaultBodyLimit::max(LARGEST_ANSWER)))
        .route("/esci", post(logout::leave))
        .route("/uscita", get(logout::goodbye))
        .route("/uscita/gestore", get(single_logout::ask))
        .route(
            "/spid/slo",
            get(single_logout::redirected)
                .merge(post(single_logout::posted).layer(DefaultBodyLimit::max(LARGEST_ANSWER))),
        )
}
