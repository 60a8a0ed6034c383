//! What the profile is drawn from.

use askama::Template;
use fascicolo_domain::ids::SessionId;
use fascicolo_domain::login::Session;

use crate::http::Page;
use crate::text::Words;

#[derive(Template)]
#[template(path = "profile/profile.html")]
pub(super) struct ProfilePage {
    pub(super) page: Page,
    pub(super) given_name: String,
    pub(super) family_name: String,
    /// The one page that shows it.
    pub(super) codice_fiscale: String,
    pub(super) birth_date: Option<String>,
    pub(super) registered: bool,
    pub(super) ward: bool,
    pub(super) last_login: Option<String>,
    pub(super) sessions: Vec<SessionRow>,
    /// The text key of what was just done.
    pub(super) done: Option<&'static str>,
}

impl ProfilePage {
    fn has_others(&self) -> bool {
        self.sessions.iter().any(|session| !session.this_one)
    }
}

/// An open session.
pub(super) struct SessionRow {
    pub(super) id: String,
    pub(super) this_one: bool,
    pub(super) method: String,
    pub(super) level: u8,
    pub(super) opened: String,
    pub(super) last_seen: String,
}

impl SessionRow {
    pub(super) fn of(words: &Words, session: &Session, own: SessionId) -> Self {
        Self {
            id: session.id.to_string(),
            this_one: session.id == own,
            method: words.t(&format!("profile.method.{}", session.method.code())).to_owned(),
            level: session.level.number(),
            opened: words.moment(session.opened_at),
            last_seen: words.moment(session.last_seen_at),
        }
    }
}
