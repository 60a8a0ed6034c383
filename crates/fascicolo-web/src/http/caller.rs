//! Who is asking: the handler's signature says who may call it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use fascicolo_domain::Fault;
use fascicolo_domain::login::Session;
use fascicolo_domain::login::session::Life;
use fascicolo_domain::person::{self, Acting, Capacity};
use fascicolo_domain::secret::{Digest, Token};
use fascicolo_domain::time::day_in_rome;

use super::cookie;
use super::door::client_address;
use super::errors::PageError;
use super::page::{Page, Person};
use crate::App;
use crate::text::Language;

/// Anybody, signed in or not.
pub struct Visitor {
    pub page: Page,
    /// For limits and the login register (SPID-G2); kept and logged nowhere else.
    pub address: IpAddr,
}

/// A person with a live session, acting for themselves.
pub struct Citizen {
    pub page: Page,
    pub person: person::Citizen,
    pub session: Session,
    /// The digest of the cookie's token.
    pub token: Digest,
    capacity: Capacity,
}

impl Citizen {
    /// Who acts, for whom: what every action takes.
    #[must_use]
    pub fn acting(&self) -> Acting {
        Acting {
            actor: self.person.id,
            subject: self.person.id,
            capacity: self.capacity,
            method: self.session.method,
            level: self.session.level,
            session: self.session.id,
        }
    }
}

/// The language and the frame; also for error pages.
impl FromRequestParts<App> for Page {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let language = language_of(&parts.headers, parts.uri.query());
        Ok(Self {
            words: app.texts.of(language),
            site: Arc::new(app.settings.site.clone()),
            path: parts.uri.path().to_owned(),
            ways: app.ways(),
            person: None,
        })
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        let Ok(mut page) = Page::from_request_parts(parts, app).await;
        let address = client_address(app, &parts.headers, parts.extensions.get::<ConnectInfo<SocketAddr>>());
        if let Ok(Found { person, until, .. }) = find_session(&parts.headers, app).await {
            page.person = Some(shown(&person, until, app));
        }
        Ok(Self { page, address })
    }
}

impl FromRequestParts<App> for Citizen {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        let Ok(mut page) = Page::from_request_parts(parts, app).await;
        // the way back is where the person was reading; a form is not sent again by itself
        let return_to = (parts.method == Method::GET).then(|| parts.uri.path().to_owned());
        let found = find_session(&parts.headers, app).await.map_err(|gone| match gone {
            Gone::Never => PageError::LogIn { return_to: return_to.clone() },
            Gone::Ended => PageError::SessionEnded { return_to: return_to.clone() },
            Gone::Fault(fault) => PageError::Fault(fault),
        })?;
        let Found { person, session, token, until } = found;
        page.person = Some(shown(&person, until, app));
        let capacity = Capacity::of_self(person.birth_date, person.ward, day_in_rome(app.clock.now()));
        Ok(Self { page, person, session, token, capacity })
    }
}

struct Found {
    person: person::Citizen,
    session: Session,
    token: Digest,
    until: jiff::Timestamp,
}

enum Gone {
    Never,
    Ended,
    Fault(Fault),
}

/// Cookie → digest → session → alive? One read; at most one write a minute.
async fn find_session(headers: &HeaderMap, app: &App) -> Result<Found, Gone> {
    let token = cookie::read(headers, cookie::SESSION).and_then(Token::parse).ok_or(Gone::Never)?.digest();
    let now = app.clock.now();
    let row = app.store.read(async move |tx| tx.session(&token).await).await.map_err(Gone::Fault)?;
    // ended long ago and swept away, or ended from elsewhere: it was a session once
    let (session, person) = row.ok_or(Gone::Ended)?;
    let Life::Alive { mut until } = session.life(&app.settings.policy.limits, now) else {
        return Err(Gone::Ended);
    };
    if person.standing != person::Standing::Active {
        return Err(Gone::Ended);
    }
    if session.wants_touch(now) {
        app.store.write(async move |tx| tx.touch_session(&token, now).await).await.map_err(Gone::Fault)?;
        let idle_end = now.checked_add(app.settings.policy.limits.idle).unwrap_or(jiff::Timestamp::MAX);
        until = idle_end.min(session.ends_at);
    }
    Ok(Found { person, session, token, until })
}

fn shown(person: &person::Citizen, until: jiff::Timestamp, app: &App) -> Person {
    let seconds_left = until.duration_since(app.clock.now()).as_secs();
    Person { name: full_name(person), until, seconds_left }
}

fn full_name(person: &person::Citizen) -> String {
    format!("{} {}", person.given_name, person.family_name)
}

/// `?lang=`, then the cookie, then what the browser asks for.
fn language_of(headers: &HeaderMap, query: Option<&str>) -> Language {
    asked_language(query)
        .or_else(|| cookie::read(headers, cookie::LANGUAGE).and_then(Language::parse))
        .unwrap_or_else(|| {
            let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
            accepted.map_or(Language::Italian, Language::preferred)
        })
}

/// The language a link of the header chooses.
#[must_use]
pub fn asked_language(query: Option<&str>) -> Option<Language> {
    let mut pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == "lang").and_then(|(_, tag)| Language::parse(tag))
}
