//! How a stand-in's page leaves: with a policy of its own, and with plain words when something is wrong.

use askama::Template;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fascicolo_domain::Fault;

/// Why there is no page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Problem {
    NotFound,
    BadRequest,
    /// The request has been forgotten, or there is no good answer to be sent again.
    Nothing,
    Broken,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    problem: Problem,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Nothing => StatusCode::CONFLICT,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        };
        show(status, &ProblemPage { problem: self }).unwrap_or_else(|_| status.into_response())
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        tracing::error!(?fault, "a stand-in failed");
        Self::Broken
    }
}

/// A page whose forms stay here.
///
/// # Errors
/// The template could not be rendered.
pub fn show(status: StatusCode, view: &impl Template) -> Result<Response, Problem> {
    render(status, "'self'", view)
}

/// A page whose form goes to `origin`.
///
/// # Errors
/// The template could not be rendered.
pub fn show_posting_to(origin: &str, view: &impl Template) -> Result<Response, Problem> {
    render(StatusCode::OK, origin, view)
}

fn render(status: StatusCode, form_action: &str, view: &impl Template) -> Result<Response, Problem> {
    let html = view.render().map_err(|e| Fault::new("rendering a stand-in's page", e))?;
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; form-action {form_action}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("referrer-policy"), "same-origin"),
    ];
    Ok((status, headers, html).into_response())
}

/// The origin of an address: all before the third slash.
#[must_use]
pub fn origin_of(address: &str) -> &str {
    let end = address.match_indices('/').nth(2).map_or(address.len(), |(at, _)| at);
    address.get(..end).unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_ends_before_the_path() {
        for (address, origin) in [
            ("https://localhost:8443/spid/acs", "https://localhost:8443"),
            ("https://localhost", "https://localhost"),
            ("", ""),
        ] {
            assert_eq!(origin_of(address), origin);
        }
    }
}
