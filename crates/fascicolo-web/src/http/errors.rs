//! Whatever goes wrong becomes a page here, and only here: plain words, what to do now, a report number (GEN-G5).

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use fascicolo_domain::Fault;
use fascicolo_domain::acts::Barred;
use fascicolo_domain::login::Level;
use jiff::Timestamp;

use super::page::{Page, show_as};
use crate::App;
use crate::ports::EntropyExt as _;

/// Why a request gets no page of its own.
#[derive(Debug)]
pub enum PageError {
    /// Missing, hidden and not yours are one answer.
    NotFound,
    /// No session: to the login page, and back to this local path afterwards.
    LogIn {
        return_to: Option<String>,
    },
    /// The session ended while the page was open.
    SessionEnded {
        return_to: Option<String>,
    },
    /// The login was not strong enough: to the login page, and back here afterwards (SPID-L3).
    Stronger(Level),
    /// The request does not prove that it comes from one of our pages, or is not what a page of ours sends.
    Stale,
    BadRequest,
    TooLarge,
    TooMany {
        again_at: Timestamp,
    },
    Fault(Fault),
}

impl From<Barred> for PageError {
    fn from(barred: Barred) -> Self {
        match barred {
            Barred::NotAllowed => Self::NotFound,
            Barred::LevelTooLow(needed) => Self::Stronger(needed),
        }
    }
}

impl From<Fault> for PageError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The bare answer; [`render`] turns it into a page in the language of the request.
impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::LogIn { .. } | Self::SessionEnded { .. } | Self::Stronger(_) => StatusCode::SEE_OTHER,
            Self::Stale => StatusCode::FORBIDDEN,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Fault(fault) if fault.is_passing() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

#[derive(Template)]
#[template(path = "public/error.html")]
struct ErrorPage<'a> {
    page: Page,
    /// Text keys `site.error.<name>.title|text|next`.
    name: &'a str,
    again: String,
    report: String,
}

impl ErrorPage<'_> {
    fn say(&self, what: &str) -> String {
        self.page.fill(&format!("site.error.{}.{what}", self.name), &[("again", &self.again)])
    }
}

/// Renders every failed answer of the pages: ours, and the bare ones the framework makes (404, 405, 413 …).
pub async fn render(State(app): State<App>, page: Page, request: Request, next: Next) -> Response {
    let head = request.method() == Method::HEAD;
    let response = next.run(request).await;
    let status = response.status();
    let cause = response.extensions().get::<Arc<PageError>>().cloned();
    match cause.as_deref() {
        Some(PageError::LogIn { return_to }) => return to_login(return_to.as_deref(), ""),
        Some(PageError::SessionEnded { return_to }) => return to_login(return_to.as_deref(), "scaduta=1"),
        // a form that was sent has its page at the same address
        Some(PageError::Stronger(needed)) => {
            return to_login(Some(&page.path), &format!("livello={}", needed.number()));
        }
        Some(_) | None => {}
    }
    let has_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|v| v != "text/plain; charset=utf-8");
    if cause.is_none() && (has_page || head || !(status.is_client_error() || status.is_server_error())) {
        return response;
    }
    let report = report_number(&app);
    match cause.as_deref() {
        Some(PageError::Fault(fault)) => {
            tracing::error!(report, passing = fault.is_passing(), "fault: {fault:?}");
        }
        Some(_) | None => tracing::info!(report, status = status.as_u16(), "refused"),
    }
    let again = match cause.as_deref() {
        Some(PageError::TooMany { again_at }) => page.words.time(*again_at),
        Some(_) | None => String::new(),
    };
    let seconds = match cause.as_deref() {
        Some(PageError::TooMany { again_at }) => again_at.duration_since(app.clock.now()).as_secs().max(1),
        Some(_) | None => 30,
    };
    let view = ErrorPage { page, name: name_of(status), again, report };
    let mut answer = match show_as(status, &view) {
        Ok(answer) => answer,
        Err(_) => status.into_response(),
    };
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(allow) = response.headers().get(header::ALLOW) {
        answer.headers_mut().insert(header::ALLOW, allow.clone());
    }
    answer
}

fn name_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "stale",
        404 => "not_found",
        405 => "method",
        413 => "too_large",
        429 => "too_many",
        503 => "unavailable",
        400..=499 => "bad_request",
        _ => "broken",
    }
}

/// `why`: a parameter of the login page, or nothing.
fn to_login(return_to: Option<&str>, why: &str) -> Response {
    let back = return_to.map(|path| format!("ritorno={path}"));
    let query: Vec<&str> = back.as_deref().into_iter().chain([why]).filter(|part| !part.is_empty()).collect();
    let location = ["/accesso", &query.join("&")].join(if query.is_empty() { "" } else { "?" });
    let location = HeaderValue::from_str(&location).unwrap_or(HeaderValue::from_static("/accesso"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// A number a person can read out: `R-7F3K-22`. It stands in the log beside the cause.
pub fn report_number(app: &App) -> String {
    format!("R-{}", app.entropy.readable(6).unwrap_or_else(|_| "0000-00".to_owned()))
}
