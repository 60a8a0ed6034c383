//! The trail of acts (GEN-G7): rows chained by hash, per node, lane and day; checkpoints signed by the site's key.
//! Nothing here changes a row; whole closed segments are erased when their time is over, and leave their hash.

mod chain;
mod checkpoint;
mod log;
mod verify;

pub(crate) use chain::{Chain, Generation, lane_key};
pub use checkpoint::{Checkpoint, CheckpointKind};
pub use log::{LogCursor, LoggedEvent};
pub use verify::{AuditReport, Finding, FindingKind};

use fascicolo_domain::audit::{Actor, Deed, Event};
use fascicolo_domain::login::Method;
use fascicolo_domain::person::Capacity;
use jiff::Timestamp;

use crate::engine::{Broken, Columns};

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// 00:00 UTC of an instant's day, in milliseconds.
pub(crate) fn day_of(at: Timestamp) -> i64 {
    at.as_millisecond().div_euclid(DAY).saturating_mul(DAY)
}

/// Reads `id, at, actor, actor_id, capacity, session_id, subject, method, deed, granted, document_id, detail`.
fn event(c: &mut Columns<'_>) -> Result<Event, Broken> {
    let (id, at) = (c.id()?, c.instant()?);
    let actor = c.str()?;
    let person = (c.id_or_null()?, c.code_or_null(Capacity::parse)?, c.id_or_null()?);
    let actor = match (actor, person) {
        ("person", (Some(id), Some(capacity), Some(session))) => Actor::Person { id, capacity, session },
        ("anyone", (None, None, None)) => Actor::Anyone,
        ("system", (None, None, None)) => Actor::System,
        _ => return Err(Broken::new("an actor of no known kind")),
    };
    Ok(Event {
        id,
        at,
        actor,
        subject: c.id_or_null()?,
        method: c.code_or_null(Method::parse)?,
        deed: c.code(Deed::parse)?,
        granted: c.flag()?,
        document: c.id_or_null()?,
        detail: c.text()?,
    })
}
