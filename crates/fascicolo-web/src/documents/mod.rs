//! A person's documents: the list, reading one, taking the file away, and how documents come in (REC-R1–R6, REC-I).

pub mod intake;
mod submission;

pub fn routes() -> axum::Router<crate::App> {
    axum::Router::new()
}
