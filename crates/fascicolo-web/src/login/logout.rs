//! "Esci": the session is gone first and always (ACC-S3).

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use fascicolo_domain::secret::Token;

use super::actions;
use super::views::GoodbyePage;
use crate::App;
use crate::http::cookie::{self, SameSite};
use crate::http::{Page, PageError, show};

pub(super) async fn leave(State(app): State<App>, request_headers: HeaderMap) -> Result<Response, PageError> {
    if let Some(token) = cookie::read(&request_headers, cookie::SESSION).and_then(Token::parse) {
        actions::end_session(&app, token.digest()).await?;
    }
    let mut response = (
        StatusCode::SEE_OTHER,
        [
            (header::LOCATION, HeaderValue::from_static("/uscita")),
            (
                HeaderName::from_static("clear-site-data"),
                HeaderValue::from_static("\"cache\", \"cookies\", \"storage\""),
            ),
        ],
    )
        .into_response();
    cookie::append(response.headers_mut(), [cookie::drop(cookie::SESSION, SameSite::Lax)]);
    Ok(response)
}

pub(super) async fn goodbye(mut page: Page) -> Result<Response, PageError> {
    page.person = None;
    show(&GoodbyePage { page })
}
