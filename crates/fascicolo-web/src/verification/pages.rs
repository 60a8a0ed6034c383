//! The verification page.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::question::{Typed, Wrong};
use super::views::{Answer, CheckPage};
use super::{actions, upload};
use crate::App;
use crate::http::page::show_as;
use crate::http::{PageError, Visitor, show};

/// `GET /verifica-documento`. A QR code's number stands in the fragment: our script puts it in the field.
pub(super) async fn ask(visitor: Visitor, State(app): State<App>) -> Result<Response, PageError> {
    show(&page(&app, visitor, None, Typed::default(), Vec::new()))
}

/// `POST /verifica-documento`.
pub(super) async fn answer(
    visitor: Visitor,
    State(app): State<App>,
    request: Request,
) -> Result<Response, PageError> {
    actions::take_try(&app, visitor.address).map_err(|again_at| PageError::TooMany { again_at })?;
    let typed = upload::read(&app, request).await?;
    let question = match typed.parse() {
        Ok(question) => question,
        Err(wrong) => {
            return show_as(StatusCode::UNPROCESSABLE_ENTITY, &page(&app, visitor, None, typed, wrong));
        }
    };
    let outcome = actions::check(&app, question).await?;
    let answer = Answer::of(&visitor.page.words, &outcome, app.clock.now());
    show(&page(&app, visitor, Some(answer), Typed::default(), Vec::new()))
}

fn page(app: &App, visitor: Visitor, answer: Option<Answer>, typed: Typed, wrong: Vec<Wrong>) -> CheckPage {
    let largest = visitor.page.size(app.settings.largest_file);
    CheckPage { page: visitor.page, answer, typed, wrong, largest }
}
