//! The access log of one person (REC-R9): what happened to their record, newest first.

use fascicolo_domain::Fault;
use fascicolo_domain::audit::Event;
use fascicolo_domain::documents::Kind;
use fascicolo_domain::ids::{CitizenId, EventId};
use jiff::Timestamp;

use super::event;
use crate::documents::Page;
use crate::engine::Tx;

/// One line of the access log.
#[derive(Clone, Debug)]
pub struct LoggedEvent {
    pub event: Event,
    /// The document's kind, when there is a document and this person has it.
    pub kind: Option<Kind>,
}

/// Where a page of the access log ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogCursor {
    pub at: Timestamp,
    pub id: EventId,
}

impl Tx<'_> {
    /// A page of what concerns a person's record, newest first, `limit` rows at most.
    ///
    /// # Errors
    /// The store failed.
    pub async fn access_log_page(
        &mut self,
        subject: CitizenId,
        after: Option<LogCursor>,
        limit: u16,
    ) -> Result<Page<LoggedEvent, LogCursor>, Fault> {
        let sql = "SELECT e.id, e.at, e.actor, e.actor_id, e.capacity, e.session_id, e.subject, e.method, e.deed, \
                   e.granted, e.document_id, e.detail, d.kind \
                   FROM audit_events e LEFT JOIN documents d ON d.citizen_id = e.subject AND d.id = e.document_id \
                   WHERE e.subject = $1 AND (e.at, e.id) < ($2, $3) \
                   ORDER BY e.at DESC, e.id DESC LIMIT $4";
        let (at, id) = match after {
            Some(cursor) => (cursor.at.as_millisecond(), cursor.id.to_string()),
            None => (i64::MAX, "~".to_owned()),
        };
        let params = [subject.into(), at.into(), id.into(), (i64::from(limit) + 1).into()];
        let rows = self
            .rows(sql, &params, |c| {
                Ok(LoggedEvent { event: event(c)?, kind: c.code_or_null(Kind::by_loinc)? })
            })
            .await?;
        Ok(Page::cut(rows, limit, |last| LogCursor { at: last.event.at, id: last.event.id }))
    }
}
