//! Who the person is to us, and their open sessions (REC-R12, ACC-S4).

pub mod actions;
mod pages;
mod views;

use axum::Router;
use axum::routing::{get, post};

use crate::App;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/fascicolo/profilo", get(pages::profile))
        .route("/fascicolo/profilo/sessioni/{id}/termina", post(pages::end_one))
        .route("/fascicolo/profilo/sessioni/termina-altre", post(pages::end_others))
}
