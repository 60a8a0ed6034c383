//! `Page`: what the frame around every page needs, and how a template becomes an answer.

use std::ops::Deref;
use std::sync::Arc;

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fascicolo_domain::Fault;
use fascicolo_domain::login::Method;
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
    /// The ways in that this site has.
    pub ways: Vec<Method>,
    pub person: Option<Person>,
}

/// An entry of the menu: where it leads, and its text key.
pub struct Entry {
    pub path: &'static str,
    pub text: &'static str,
}

const MENU_OF_VISITORS: [Entry; 5] = [
    Entry { path: "/", text: "site.menu.home" },
    Entry { path: "/come-accedere", text: "site.menu.how" },
    Entry { path: "/minori-e-tutelati", text: "site.menu.minors" },
    Entry { path: "/verifica-documento", text: "site.menu.verify" },
    Entry { path: "/contatti", text: "site.menu.help" },
];

const MENU_OF_CITIZENS: [Entry; 5] = [
    Entry { path: "/fascicolo/documenti", text: "site.menu.documents" },
    Entry { path: "/fascicolo/accessi", text: "site.menu.accesses" },
    Entry { path: "/fascicolo/profilo", text: "site.menu.profile" },
    Entry { path: "/verifica-documento", text: "site.menu.verify" },
    Entry { path: "/contatti", text: "site.menu.help" },
];

/// Who is in, as the header shows it.
#[derive(Clone)]
pub struct Person {
    pub name: String,
    /// When the session ends unless something happens; also shown as a time of day.
    pub until: Timestamp,
    /// How long that is from now, for the script that warns.
    pub seconds_left: i64,
}

impl Page {
    /// The menu of whoever is looking.
    #[must_use]
    pub fn menu(&self) -> &'static [Entry] {
        if self.person.is_some() { &MENU_OF_CITIZENS } else { &MENU_OF_VISITORS }
    }

    /// Whether people get in this way here.
    #[must_use]
    pub fn opens(&self, way: &Method) -> bool {
        self.ways.contains(way)
    }

    /// Whether there is a way in that this site does not have.
    #[must_use]
    pub fn lacks_a_way(&self) -> bool {
        !Method::ALL.into_iter().all(|way| self.opens(&way))
    }

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
