//! Who may open a document.

use super::{Document, Status};
use crate::acts::{Act, may};
use crate::person::Acting;

/// Why a document stays closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closed {
    /// Somebody else's: told exactly like a missing one.
    NotYours,
    /// Annulled: it says so and does not open (REC-R5).
    Annulled,
}

/// Whether the document opens for who asks, to read or to download. People see what they hid themselves.
///
/// # Errors
/// Why not.
pub fn may_open(acting: &Acting, document: &Document, act: Act) -> Result<(), Closed> {
    if acting.actor != acting.subject || acting.subject != document.subject || !may(acting.capacity, act) {
        return Err(Closed::NotYours);
    }
    match document.status {
        Status::Annulled => Err(Closed::Annulled),
        Status::Current | Status::Replaced { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::document::tests::sample;
    use crate::ids::{CitizenId, DocumentId, SessionId};
    use crate::login::{Level, Method};
    use crate::person::Capacity;
    use jiff::Timestamp;

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
        assert_eq!(may_open(&acting, &document, Act::ReadDocument), Ok(()));
        document.status = Status::Replaced { by: DocumentId::new(Timestamp::UNIX_EPOCH, [6; 10]) };
        assert_eq!(may_open(&acting, &document, Act::DownloadDocument), Ok(()));
    }

    #[test]
    fn an_annulled_document_does_not_open() {
        let mut document = sample();
        document.status = Status::Annulled;
        assert_eq!(may_open(&owner(&document), &document, Act::ReadDocument), Err(Closed::Annulled));
    }

    #[test]
    fn somebody_elses_document_stays_closed() {
        let document = sample();
        let stranger = CitizenId::new(Timestamp::UNIX_EPOCH, [8; 10]);
        for (actor, subject) in
            [(stranger, stranger), (stranger, document.subject), (document.subject, stranger)]
        {
            let acting = Acting { actor, subject, ..owner(&document) };
            assert_eq!(may_open(&acting, &document, Act::ReadDocument), Err(Closed::NotYours));
        }
    }
}
