//! Who may open a document.

use super::{Document, Status};
use crate::acts::{Act, Barred, may};
use crate::login::{Level, Policy};
use crate::person::Acting;

/// Why a document stays closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closed {
    /// Somebody else's: told exactly like a missing one.
    NotYours,
    /// The login was not strong enough.
    LevelTooLow(Level),
    /// Annulled: it says so and does not open (REC-R5).
    Annulled,
}

/// Whether the document opens for who asks, to read or to download. People see what they hid themselves.
///
/// # Errors
/// Why not.
pub fn may_open(acting: &Acting, document: &Document, act: Act, policy: &Policy) -> Result<(), Closed> {
    if acting.subject != document.subject {
        return Err(Closed::NotYours);
    }
    may(acting, act, policy).map_err(|barred| match barred {
        Barred::NotAllowed => Closed::NotYours,
        Barred::LevelTooLow(needed) => Closed::LevelTooLow(needed),
    })?;
    match document.status {
        Status::Annulled => Err(Closed::Annulled),
        Status::Current | Status::Replaced { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acts::Acts;
    use crate::documents::document::tests::sample;
    use crate::ids::{CitizenId, DocumentId, SessionId};
    use crate::login::{Limits, Method};
    use crate::person::Capacity;
    use jiff::Timestamp;

    const POLICY: Policy = Policy {
        minimum: Level::Two,
        level_three: Acts::NONE,
        spid_minors_from: None,
        spid_wards: false,
        limits: Limits::CITIZEN,
    };

    fn owner(document: &Document) -> Acting {
        Acting {
            actor: document.subject,
            subject: document.subject,
            capacity: Capacity::Adult,
            method: Method::Spid,
            level: Level::Two,
            session: SessionId::new(Timestamp::UNIX_EPOCH, [5; 10]),
        }
    }

    #[test]
    fn the_owner_opens_it_also_when_hidden_protected_or_replaced() {
        let mut document = sample();
        let acting = owner(&document);
        document.hidden = true;
        document.protected = true;
        assert_eq!(may_open(&acting, &document, Act::ReadDocument, &POLICY), Ok(()));
        document.status = Status::Replaced { by: DocumentId::new(Timestamp::UNIX_EPOCH, [6; 10]) };
        assert_eq!(may_open(&acting, &document, Act::DownloadDocument, &POLICY), Ok(()));
    }

    #[test]
    fn an_annulled_document_does_not_open() {
        let mut document = sample();
        document.status = Status::Annulled;
        assert_eq!(may_open(&owner(&document), &document, Act::ReadDocument, &POLICY), Err(Closed::Annulled));
    }

    #[test]
    fn a_document_that_needs_level_three_opens_with_it_and_not_below() {
        let document = sample();
        let strict = Policy { level_three: Acts::NONE.with(Act::DownloadDocument), ..POLICY };
        let mut acting = owner(&document);
        let refused = Err(Closed::LevelTooLow(Level::Three));
        assert_eq!(may_open(&acting, &document, Act::DownloadDocument, &strict), refused);
        assert_eq!(may_open(&acting, &document, Act::ReadDocument, &strict), Ok(()));
        acting.level = Level::Three;
        assert_eq!(may_open(&acting, &document, Act::DownloadDocument, &strict), Ok(()));
    }

    #[test]
    fn somebody_elses_document_stays_closed() {
        let document = sample();
        let stranger = CitizenId::new(Timestamp::UNIX_EPOCH, [8; 10]);
        for (actor, subject) in
            [(stranger, stranger), (stranger, document.subject), (document.subject, stranger)]
        {
            let acting = Acting { actor, subject, ..owner(&document) };
            assert_eq!(may_open(&acting, &document, Act::ReadDocument, &POLICY), Err(Closed::NotYours));
        }
    }
}
