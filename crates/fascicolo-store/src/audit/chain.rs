//! Appending: each row's hash is SHA-256 of the hash before it and the event's canonical bytes. A chain belongs to one
//! writing connection (its lane), so that concurrent transactions never share one; it runs on from day to day.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fascicolo_domain::Fault;
use fascicolo_domain::audit::{Actor, Event};
use fascicolo_domain::login::Method;
use fascicolo_domain::secret::Digest;

use super::{DAY, day_of};
use crate::engine::Tx;
use crate::row::Value;

/// Counts the closings of segments: chains that saw an older count look again where they stand.
#[derive(Clone, Default)]
pub(crate) struct Generation(Arc<AtomicU64>);

impl Generation {
    pub(crate) fn bump(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// Where one lane of one node stands. The engine puts an older copy back when it undoes a unit of work.
#[derive(Clone)]
pub(crate) struct Chain {
    node: Arc<str>,
    lane: i64,
    generation: Generation,
    seen: u64,
    head: Option<Head>,
}

#[derive(Clone, Copy)]
struct Head {
    day: i64,
    seq: i64,
    hash: Digest,
    /// The day's segment takes no more rows.
    closed: bool,
}

impl Chain {
    pub(crate) fn new(node: &str, lane: i64, generation: Generation) -> Self {
        Self { node: node.into(), lane, generation, seen: 0, head: None }
    }

    /// What is stored may have moved on without us.
    pub(crate) fn forget(&mut self) {
        self.head = None;
    }

    /// Where it stands, unless it has to look again.
    fn known(&mut self) -> Option<Head> {
        let generation = self.generation.0.load(Ordering::Acquire);
        if generation != self.seen {
            self.seen = generation;
            self.head = None;
        }
        self.head
    }
}

/// The number under which a node's lanes are locked.
pub(crate) fn lane_key(node: &str) -> i32 {
    let [a, b, c, d, ..] = *Digest::of(node.as_bytes()).as_bytes();
    i32::from_be_bytes([a, b, c, d])
}

/// The hash before a lane's first row.
pub(super) fn genesis(node: &str, lane: i64) -> Digest {
    Digest::of(format!("fascicolo audit 1\n{lane}\n{node}").as_bytes())
}

/// The hash of a row that follows `previous`.
pub(super) fn link(previous: &Digest, event: &Event) -> Digest {
    let mut bytes = previous.as_bytes().to_vec();
    bytes.extend(event.canonical());
    Digest::of(&bytes)
}

impl Tx<'_> {
    /// Appends an event to the trail, in this unit of work (GEN-G7). An event that comes later than its day's end
    /// stands in the segment that is open.
    ///
    /// # Errors
    /// The store failed; then the act must not happen.
    pub async fn record(&mut self, event: &Event) -> Result<(), Fault> {
        if event.detail.contains('\0') {
            return Err(Fault::bare("recording a detail that is no text"));
        }
        let (node, lane, head) = self.head().await?;
        let next = self.follow(&node, lane, head, event).await?;
        self.insert_event(&node, lane, next, event).await?;
        if let Some(chain) = &mut self.chain {
            chain.head = Some(next);
        }
        Ok(())
    }

    async fn head(&mut self) -> Result<(Arc<str>, i64, Head), Fault> {
        let Some(chain) = &mut self.chain else {
            return Err(Fault::bare("recording an event in a unit that only reads"));
        };
        let (node, lane, known) = (Arc::clone(&chain.node), chain.lane, chain.known());
        let head = match known {
            Some(head) => head,
            None => self.stored_head(&node, lane).await?,
        };
        Ok((node, lane, head))
    }

    /// Looks up where a lane stands.
    async fn stored_head(&mut self, node: &str, lane: i64) -> Result<Head, Fault> {
        let sql = "SELECT MAX(day) FROM audit_segments WHERE node = $1 AND lane = $2";
        let key = [node.into(), lane.into()];
        let Some(day) = self.row(sql, &key, |c| c.int_or_null()).await?.flatten() else {
            return Ok(Head { day: i64::MIN, seq: 0, hash: genesis(node, lane), closed: true });
        };
        let key = [day.into(), node.into(), lane.into()];
        let closing = "SELECT row_count, hash FROM audit_checkpoints \
                       WHERE day = $1 AND node = $2 AND lane = $3 AND kind = 'closed'";
        let closed = self.row(closing, &key, |c| Ok((c.int()?, c.digest()?))).await?;
        let last = "SELECT seq, hash FROM audit_events WHERE day = $1 AND node = $2 AND lane = $3 \
                    ORDER BY seq DESC LIMIT 1";
        let found = match closed {
            Some(closed) => Some(closed),
            None => self.row(last, &key, |c| Ok((c.int()?, c.digest()?))).await?,
        };
        let (seq, hash) = found.ok_or_else(|| Fault::bare("looking for the end of an audit chain"))?;
        Ok(Head { day, seq, hash, closed: closed.is_some() })
    }

    /// The place after `head`, in a segment that takes rows.
    async fn follow(&mut self, node: &str, lane: i64, head: Head, event: &Event) -> Result<Head, Fault> {
        let hash = link(&head.hash, event);
        let today = day_of(event.at);
        if !head.closed && today <= head.day {
            return Ok(Head { seq: head.seq + 1, hash, ..head });
        }
        let day = if head.closed { today.max(head.day.saturating_add(DAY)) } else { today };
        let sql = "INSERT INTO audit_segments (day, node, lane) VALUES ($1, $2, $3)";
        self.execute(sql, &[day.into(), node.into(), lane.into()]).await?;
        Ok(Head { day, seq: 1, hash, closed: false })
    }

    async fn insert_event(&mut self, node: &str, lane: i64, head: Head, event: &Event) -> Result<(), Fault> {
        let (actor, person, capacity, session) = match event.actor {
            Actor::Person { id, capacity, session } => {
                ("person", Some(id), Some(capacity.code()), Some(session))
            }
            Actor::Anyone => ("anyone", None, None, None),
            Actor::System => ("system", None, None, None),
        };
        let sql = "INSERT INTO audit_events (day, node, lane, seq, hash, id, at, actor, actor_id, capacity, \
                   session_id, subject, method, deed, granted, document_id, detail) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
        let params = [
            head.day.into(),
            node.into(),
            lane.into(),
            head.seq.into(),
            (&head.hash).into(),
            event.id.into(),
            event.at.into(),
            actor.into(),
            Value::text_or_null(person),
            Value::text_or_null(capacity),
            Value::text_or_null(session),
            Value::text_or_null(event.subject),
            Value::text_or_null(event.method.map(Method::code)),
            event.deed.code().into(),
            event.granted.into(),
            Value::text_or_null(event.document),
            event.detail.as_str().into(),
        ];
        self.execute(sql, &params).await.map(drop)
    }
}
