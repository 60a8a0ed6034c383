//! "Verifica documento": whoever holds a document learns whether it is the one we hold, without a login (REC-V).

pub mod actions;
mod api;
mod pages;
mod question;
mod upload;
mod views;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::App;

/// Where the form is, and where a QR code leads.
const ADDRESS: &str = "/verifica-documento";

pub fn routes() -> Router<App> {
    Router::new()
        .route(ADDRESS, get(pages::ask).post(pages::answer))
        .route("/api/v1/verify", post(api::verify))
        // a file may come along; `upload` counts its bytes as they pass
        .layer(DefaultBodyLimit::disable())
}
