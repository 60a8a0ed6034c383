//! What a person reads of the trail.

use fascicolo_domain::Fault;
use fascicolo_domain::acts::{Act, Barred, may};
use fascicolo_domain::person::Acting;
use fascicolo_store::{LogCursor, LoggedEvent, Page};

use crate::App;

/// Accesses a page.
pub const A_PAGE: u16 = 20;

/// Why the log stays closed.
#[derive(Debug)]
pub enum LogError {
    Barred(Barred),
    Fault(Fault),
}

impl From<Fault> for LogError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A page of the access log of one's own record, newest first (REC-R9).
///
/// # Errors
/// The store failed, or the log is not for who asks.
pub async fn log(
    app: &App,
    acting: &Acting,
    after: Option<LogCursor>,
    limit: u16,
) -> Result<Page<LoggedEvent, LogCursor>, LogError> {
    may(acting, Act::SeeAccessLog, &app.settings.policy).map_err(LogError::Barred)?;
    let subject = acting.subject;
    app.store.read(async move |tx| Ok(tx.access_log_page(subject, after, limit).await?)).await
}
