//! The public pages: each is its words in the frame (GEN-P1 … GEN-P6).

use askama::Template;
use axum::Router;
use axum::routing::{MethodRouter, get};

use super::views::{
    Accessibility, Children, Cie, Cns, Contacts, Cookies, Desks, Home, How, Legal, Minors, Otp, Privacy,
    Safety, Spid,
};
use crate::App;
use crate::http::{Page, Visitor, show};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", words(|page| Home { page }))
        .route("/come-accedere", words(|page| How { page }))
        .route("/come-accedere/spid", words(|page| Spid { page }))
        .route("/come-accedere/cie", words(|page| Cie { page }))
        .route("/come-accedere/cns", words(|page| Cns { page }))
        .route("/come-accedere/otp", words(|page| Otp { page }))
        .route("/minori-e-tutelati", words(|page| Minors { page }))
        .route("/sportelli", words(|page| Desks { page }))
        .route("/sicurezza", words(|page| Safety { page }))
        .route("/contatti", words(|page| Contacts { page }))
        .route("/privacy", words(|page| Privacy { page }))
        .route("/privacy/minori", words(|page| Children { page }))
        .route("/cookie", words(|page| Cookies { page }))
        .route("/note-legali", words(|page| Legal { page }))
        .route("/accessibilita", words(|page| Accessibility { page }))
}

/// A page of words alone.
fn words<T: Template + 'static>(view: fn(Page) -> T) -> MethodRouter<App> {
    get(async move |visitor: Visitor| show(&view(visitor.page)))
}
