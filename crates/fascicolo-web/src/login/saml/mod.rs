//! In by SAML: SPID, the eIDAS node, and CIE for regions that joined it this way. What differs between them is in
//! [`Federation`] and in the settings; the way is one.
//!
//! [`Federation`]: fascicolo_domain::login::Federation

mod actions;
mod pages;
pub(super) mod single_logout;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get, post};

pub(super) use pages::start_cie;

use crate::App;

/// The largest body of a provider's answer: the field holds at most 256 KiB (SPID-R1), each `+` and `/` may take three
/// characters, and there is a relay state.
const LARGEST_ANSWER: usize = 400 * 1024;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/accesso/spid", get(pages::start_spid))
        .route("/accesso/eidas", get(pages::start_eidas))
        .route("/spid/metadata", get(pages::metadata_spid))
        .route("/cie/metadata", get(pages::metadata_cie))
        .route("/spid/acs", large(post(pages::answer_spid)))
        .route("/cie/acs", large(post(pages::answer_cie)))
        .route(
            "/spid/slo",
            get(single_logout::redirected_spid).merge(large(post(single_logout::posted_spid))),
        )
        .route("/cie/slo", get(single_logout::redirected_cie).merge(large(post(single_logout::posted_cie))))
        .route("/uscita/gestore", get(single_logout::ask))
}

fn large(route: MethodRouter<App>) -> MethodRouter<App> {
    route.layer(DefaultBodyLimit::max(LARGEST_ANSWER))
}
