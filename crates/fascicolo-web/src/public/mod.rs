//! The pages that anybody may read: what this is, how to get in, who helps, and the files that browsers load with them.

pub mod assets;
mod machines;
pub mod official;
mod pages;
mod views;
pub mod ways;

use axum::Router;
use axum::routing::get;

use crate::App;

/// The public pages, as the sitemap lists them.
pub const PATHS: [&str; 16] = [
    "/",
    "/come-accedere",
    "/come-accedere/spid",
    "/come-accedere/cie",
    "/come-accedere/cns",
    "/come-accedere/otp",
    "/minori-e-tutelati",
    "/verifica-documento",
    "/sportelli",
    "/sicurezza",
    "/contatti",
    "/privacy",
    "/privacy/minori",
    "/cookie",
    "/note-legali",
    "/accessibilita",
];

pub fn routes() -> Router<App> {
    pages::routes()
        .route("/a/{file}", get(assets::serve))
        .route("/robots.txt", get(machines::robots))
        .route("/sitemap.xml", get(machines::sitemap))
        .route("/.well-known/security.txt", get(machines::security))
}
