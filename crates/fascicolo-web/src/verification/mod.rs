//! "Verifica documento": whoever holds a document learns whether it is the one we hold, without a login (REC-V).

pub mod actions;
mod pages;
mod question;
mod upload;
mod views;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;

use crate::App;

/// Where the form is, and where a QR code leads.
const ADDRESS: &str = "/verifica-documento";

pub fn routes() -> Router<App> {
    Router::new()
        .route(ADDRESS, get(pages::ask).post(pages::answer))
        // a file may come along; `upload` counts its bytes as they pass
        .layer(DefaultBodyLimit::disable())
}
