//! Who looked at the record (REC-R9), as a page and as a file.

pub mod actions;
mod csv;
mod pages;
mod views;

use axum::Router;
use axum::routing::get;

use crate::App;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/fascicolo/accessi", get(pages::log))
        .route("/fascicolo/accessi/scarica", get(pages::notice).post(pages::download))
}
