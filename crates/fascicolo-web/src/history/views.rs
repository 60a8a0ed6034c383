//! What the access log is drawn from: each event in words.

use askama::Template;
use fascicolo_domain::audit::{Actor, Deed, Event};
use fascicolo_store::LoggedEvent;

use crate::documents::views::kind_name;
use crate::http::Page;
use crate::text::Words;

#[derive(Template)]
#[template(path = "history/log.html")]
pub(super) struct LogPage {
    pub(super) page: Page,
    pub(super) rows: Vec<Row>,
    /// The addresses of other pages; empty when there is none.
    pub(super) first: String,
    pub(super) next: String,
}

#[derive(Template)]
#[template(path = "history/download.html")]
pub(super) struct DownloadPage {
    pub(super) page: Page,
}

/// One access in words.
pub(super) struct Row {
    pub(super) when: String,
    pub(super) who: String,
    pub(super) what: String,
    /// The document's kind, and where it opens.
    pub(super) document: Option<(String, String)>,
    pub(super) granted: bool,
}

impl Row {
    pub(super) fn of(words: &Words, logged: &LoggedEvent) -> Self {
        let event = &logged.event;
        let document = event.document.zip(logged.kind);
        Self {
            when: words.moment(event.at),
            who: who(words, event),
            what: words.t(&format!("history.deed.{}", event.deed.code())).to_owned(),
            document: document
                .map(|(id, kind)| (kind_name(words, kind), format!("/fascicolo/documenti/{id}"))),
            granted: event.granted,
        }
    }

    pub(super) fn outcome(&self) -> &'static str {
        if self.granted { "history.outcome.granted" } else { "history.outcome.refused" }
    }
}

/// Who did it, as the person whose record it is would say it.
fn who(words: &Words, event: &Event) -> String {
    match event.actor {
        Actor::Person { id, .. } if Some(id) == event.subject => match event.method {
            Some(method) => {
                let method = words.t(&format!("profile.method.{}", method.code())).to_owned();
                words.fill("history.who.you_with", &[("method", &method)])
            }
            None => words.t("history.who.you").to_owned(),
        },
        Actor::Person { .. } => words.t("history.who.another").to_owned(),
        Actor::Anyone if event.deed == Deed::DocumentVerified => words.t("history.who.verifier").to_owned(),
        Actor::Anyone => words.t("history.who.anyone").to_owned(),
        Actor::System => words.t("history.who.system").to_owned(),
    }
}
