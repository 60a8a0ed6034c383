//! What the verification page is drawn from.

use askama::Template;
use fascicolo_domain::documents::Signature;
use fascicolo_domain::verification::Outcome;
use fascicolo_domain::verification::outcome::Standing;
use jiff::Timestamp;

use super::question::{Typed, Wrong};
use crate::documents::views::{kind_name, signature_note, signature_words};
use crate::http::Page;
use crate::text::Words;

#[derive(Template)]
#[template(path = "verification/check.html")]
pub(super) struct CheckPage {
    pub(super) page: Page,
    pub(super) answer: Option<Answer>,
    /// Only on a page to correct: an answer echoes nothing of what was typed (REC-V3).
    pub(super) typed: Typed,
    pub(super) wrong: Vec<Wrong>,
    /// The largest file, in words.
    pub(super) largest: String,
}

impl CheckPage {
    fn wrong_in(&self, field: &str) -> Option<&'static str> {
        self.wrong.iter().find(|w| w.field() == field).map(|w| w.message())
    }

    fn digest(&self) -> String {
        self.typed.digest.map(|d| d.to_hex()).unwrap_or_default()
    }
}

/// The answer in words, and only what REC-V2 allows.
pub(super) struct Answer {
    /// Text keys of the heading and of what it means.
    pub(super) heading: &'static str,
    pub(super) text: &'static str,
    /// `success`, `warning` or `info`.
    pub(super) tone: &'static str,
    pub(super) issued: Option<String>,
    pub(super) standing: Option<&'static str>,
    pub(super) genuine: Option<Genuine>,
    pub(super) checked: String,
}

/// What only the holder of the very file learns.
pub(super) struct Genuine {
    pub(super) kind: String,
    pub(super) issuer: String,
    pub(super) signature: String,
    pub(super) signature_note: Option<&'static str>,
}

impl Answer {
    pub(super) fn of(words: &Words, outcome: &Outcome, now: Timestamp) -> Self {
        let (heading, text, tone) = words_of(outcome);
        let (issued, standing) = match outcome {
            Outcome::NotFound | Outcome::Different => (None, None),
            Outcome::Exists { issued_at, standing } | Outcome::Intact { issued_at, standing, .. } => {
                (Some(words.date(*issued_at)), Some(standing_key(*standing)))
            }
        };
        let genuine = match outcome {
            Outcome::NotFound | Outcome::Different | Outcome::Exists { .. } => None,
            Outcome::Intact { kind, issuer, signature, .. } => Some(Genuine {
                kind: kind_name(words, *kind),
                issuer: issuer.clone(),
                signature: signature_words(words, signature),
                signature_note: (*signature != Signature::NotSigned).then(|| signature_note(signature)),
            }),
        };
        Self { heading, text, tone, issued, standing, genuine, checked: words.moment(now) }
    }
}

fn words_of(outcome: &Outcome) -> (&'static str, &'static str, &'static str) {
    match outcome {
        Outcome::NotFound => ("verification.not_found.heading", "verification.not_found.text", "info"),
        Outcome::Different => ("verification.different.heading", "verification.different.text", "warning"),
        Outcome::Exists { standing, .. } => match standing {
            Standing::Current => ("verification.exists.heading", "verification.exists.text", "info"),
            Standing::Replaced => ("verification.replaced.heading", "verification.replaced.text", "warning"),
            Standing::Annulled => ("verification.annulled.heading", "verification.annulled.text", "warning"),
        },
        Outcome::Intact { standing, .. } => match standing {
            Standing::Current => ("verification.intact.heading", "verification.intact.text", "success"),
            Standing::Replaced => ("verification.intact.heading", "verification.intact.replaced", "warning"),
            Standing::Annulled => ("verification.intact.heading", "verification.intact.annulled", "warning"),
        },
    }
}

fn standing_key(standing: Standing) -> &'static str {
    match standing {
        Standing::Current => "verification.standing.current",
        Standing::Replaced => "verification.standing.replaced",
        Standing::Annulled => "verification.standing.annulled",
    }
}
