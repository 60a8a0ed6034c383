//! Every event worth a trace, granted and refused (GEN-G7, L45).

use jiff::Timestamp;

use crate::ids::{CitizenId, DocumentId, EventId, SessionId};
use crate::login::Method;
use crate::person::{Acting, Capacity};

/// What happened. The codes are the store's and the access log's (`history.deed.<code>`); they never change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    LoggedIn,
    LoginRefused,
    LoggedOut,
    /// A person ended another of their own sessions.
    SessionEnded,
    DocumentRead,
    DocumentDownloaded,
    /// Anybody checked a document's number.
    DocumentVerified,
    DocumentTakenIn,
    DocumentReplaced,
    DocumentAnnulled,
    /// Operations brought in register data.
    RegisterImported,
    /// Operations read the login register (SPID-G3).
    RegisterRead,
}

impl Deed {
    pub const ALL: [Self; 12] = [
        Self::LoggedIn,
        Self::LoginRefused,
        Self::LoggedOut,
        Self::SessionEnded,
        Self::DocumentRead,
        Self::DocumentDownloaded,
        Self::DocumentVerified,
        Self::DocumentTakenIn,
        Self::DocumentReplaced,
        Self::DocumentAnnulled,
        Self::RegisterImported,
        Self::RegisterRead,
    ];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::LoggedIn => "logged_in",
            Self::LoginRefused => "login_refused",
            Self::LoggedOut => "logged_out",
            Self::SessionEnded => "session_ended",
            Self::DocumentRead => "document_read",
            Self::DocumentDownloaded => "document_downloaded",
            Self::DocumentVerified => "document_verified",
            Self::DocumentTakenIn => "document_taken_in",
            Self::DocumentReplaced => "document_replaced",
            Self::DocumentAnnulled => "document_annulled",
            Self::RegisterImported => "register_imported",
            Self::RegisterRead => "register_read",
        }
    }

    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.code() == code)
    }
}

/// Who did it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Actor {
    /// A person with a session.
    Person { id: CitizenId, capacity: Capacity, session: SessionId },
    /// Somebody without a session: a verifier, a login that failed.
    Anyone,
    /// The program itself or its operators.
    System,
}

/// One row of the trail.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: EventId,
    pub at: Timestamp,
    pub actor: Actor,
    /// Whose record it concerns; `None` when nobody's.
    pub subject: Option<CitizenId>,
    pub method: Option<Method>,
    pub deed: Deed,
    pub granted: bool,
    pub document: Option<DocumentId>,
    /// A short code of ours that says more (the rule that refused, the format downloaded); no personal data.
    pub detail: String,
}

impl Event {
    /// A deed of a person with a session, granted.
    #[must_use]
    pub fn by(acting: &Acting, deed: Deed, id: EventId, at: Timestamp) -> Self {
        let Acting { actor, subject, capacity, method, session, .. } = *acting;
        Self {
            id,
            at,
            actor: Actor::Person { id: actor, capacity, session },
            subject: Some(subject),
            method: Some(method),
            deed,
            granted: true,
            document: None,
            detail: String::new(),
        }
    }

    /// A deed of nobody we know, or of the program.
    #[must_use]
    pub fn of(actor: Actor, deed: Deed, id: EventId, at: Timestamp) -> Self {
        Self {
            id,
            at,
            actor,
            subject: None,
            method: None,
            deed,
            granted: true,
            document: None,
            detail: String::new(),
        }
    }

    #[must_use]
    pub fn about(mut self, subject: CitizenId) -> Self {
        self.subject = Some(subject);
        self
    }

    #[must_use]
    pub fn with_method(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    #[must_use]
    pub fn on(mut self, document: DocumentId) -> Self {
        self.document = Some(document);
        self
    }

    #[must_use]
    pub fn refused(mut self) -> Self {
        self.granted = false;
        self
    }

    #[must_use]
    pub fn saying(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The bytes that the chain hashes: every field, each behind its length, in this order, for ever.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let (kind, actor, capacity, session) = match self.actor {
            Actor::Person { id, capacity, session } => {
                ("person", id.to_string(), capacity.code(), session.to_string())
            }
            Actor::Anyone => ("anyone", String::new(), "", String::new()),
            Actor::System => ("system", String::new(), "", String::new()),
        };
        let fields = [
            self.id.to_string(),
            self.at.as_millisecond().to_string(),
            kind.to_owned(),
            actor,
            capacity.to_owned(),
            session,
            self.subject.map(|s| s.to_string()).unwrap_or_default(),
            self.method.map(Method::code).unwrap_or_default().to_owned(),
            self.deed.code().to_owned(),
            self.granted.to_string(),
            self.document.map(|d| d.to_string()).unwrap_or_default(),
            self.detail.clone(),
        ];
        let mut bytes = Vec::with_capacity(300);
        for field in fields {
            bytes.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(field.as_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back() {
        for deed in Deed::ALL {
            assert_eq!(Deed::parse(deed.code()), Some(deed));
        }
    }

    #[test]
    fn every_field_changes_the_canonical_bytes() {
        let now = Timestamp::UNIX_EPOCH;
        let id = EventId::new(now, [1; 10]);
        let citizen = CitizenId::new(now, [2; 10]);
        let base = || Event::of(Actor::Anyone, Deed::DocumentVerified, id, now);
        let variants = [
            base(),
            Event { actor: Actor::System, ..base() },
            base().about(citizen),
            base().with_method(Method::Cie),
            base().on(DocumentId::new(now, [2; 10])),
            base().refused(),
            base().saying("x"),
            Event { deed: Deed::DocumentRead, ..base() },
            Event { at: Timestamp::from_millisecond(1).unwrap(), ..base() },
            Event { id: EventId::new(now, [3; 10]), ..base() },
        ];
        for (i, a) in variants.iter().enumerate() {
            for b in &variants[i + 1..] {
                assert_ne!(a.canonical(), b.canonical(), "{a:?} {b:?}");
            }
        }
    }
}
