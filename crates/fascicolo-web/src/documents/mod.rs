//! A person's documents: the list, reading one, taking the file away, and how documents come in (REC-R1–R6, REC-I).

pub mod actions;
mod files;
mod filter;
pub mod intake;
mod pages;
mod submission;
pub(crate) mod views;

use axum::Router;
use axum::routing::get;

use crate::App;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/fascicolo", get(pages::home))
        .route("/fascicolo/documenti", get(pages::list).post(pages::narrow))
        .route("/fascicolo/documenti/{id}", get(pages::read))
        .route("/fascicolo/documenti/{id}/scarica", get(pages::notice).post(pages::download))
}
