//! `Page`: what the frame around every page needs, and how a template becomes an answer.

use std::ops::Deref;
use std::sync::Arc;

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fascicolo_domain::Fault;
use jiff::Timestamp;

use super::errors::PageError;
use crate::settings::Site;
use crate::text::Words;

/// The frame: language, site, path and, when somebody is in, who. Templates reach the words through it (`page.t("key")`).
#[derive(Clone)]
pub struct Page {
    pub words: Words,
    pub site: Arc<Site>,
    /// The path without query, for language links and for marking the current menu entry.
    pub path: String,
    pub person: Option<Person>,
}

/// Who is in, as the header shows it.
#[derive(Clone)]
pub struct Person {
    pub name: String,
    /// When the session ends unless something happens; also shown as a time of day.
    pub until: Timestamp,
}

impl Page {
    /// The time of day at which the session ends.
    #[must_use]
    pub fn session_end(&self) -> String {
        self.person.as_ref().map(|p| self.words.time(p.until)).unwrap_or_default()
    }

    /// Whether a menu entry leads to this page or to one below it.
    #[must_use]
    pub fn within(&self, path: &str) -> bool {
        self.path == path || self.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Milliseconds since 1970 at which the session ends, for the script that warns.
    #[must_use]
    pub fn session_end_ms(&self) -> i64 {
        self.person.as_ref().map(|p| p.until.as_millisecond()).unwrap_or_default()
    }
}

impl Deref for Page {
    type Target = Words;

    fn deref(&self) -> &Words {
        &self.words
    }
}

/// Renders a page.
///
/// # Errors
/// The template could not be rendered.
pub fn show(view: &impl Template) -> Result<Response, PageError> {
    show_as(StatusCode::OK, view)
}

/// Renders a page with a status of its own, as 422 for a form to correct.
///
/// # Errors
/// The template could not be rendered.
pub fn show_as(status: StatusCode, view: &impl Template) -> Result<Response, PageError> {
    let html = view.render().map_err(|e| Fault::new("rendering a page", e))?;
    Ok((status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
}
