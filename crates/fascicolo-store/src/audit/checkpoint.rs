//! Checkpoints: how many rows a segment has and the hash of the last, signed by the site's key and chained to the
//! checkpoint before. The last one of a segment closes it; erasing a segment is a checkpoint too.

use fascicolo_domain::Fault;
use fascicolo_domain::secret::Digest;
use jiff::{SignedDuration, Timestamp};

use super::{DAY, day_of};
use crate::engine::{Broken, Columns, Tx};
use crate::row::number;
use crate::store::Store;

/// After midnight, before a day's segments are closed: stragglers finish.
const GRACE: SignedDuration = SignedDuration::from_hours(1);

/// What the first checkpoint follows.
pub(super) const NO_CHECKPOINT: Digest = Digest::from_bytes([0; 32]);

/// A statement about one segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// Counted from 1 over the whole site.
    pub number: u64,
    /// 00:00 UTC of the segment's day, in milliseconds.
    pub day: i64,
    pub node: String,
    pub lane: i64,
    pub kind: CheckpointKind,
    /// Rows up to here.
    pub rows: u64,
    /// The hash of the last of them.
    pub hash: Digest,
    pub at: Timestamp,
    /// The digest of the previous checkpoint's statement; zero before the first.
    pub previous: Digest,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CheckpointKind {
    /// The segment goes on.
    Open,
    /// Its last.
    Closed,
    /// Its rows were erased, their time being over.
    Erased,
}

impl CheckpointKind {
    fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Erased => "erased",
        }
    }

    fn parse(code: &str) -> Option<Self> {
        [Self::Open, Self::Closed, Self::Erased].into_iter().find(|k| k.code() == code)
    }
}

impl Checkpoint {
    /// The bytes that are signed, and whose digest the next checkpoint carries: one field a line.
    #[must_use]
    pub fn statement(&self) -> Vec<u8> {
        let Self { number, day, lane, rows, .. } = self;
        format!(
            "fascicolo audit checkpoint 1\n{number}\n{day}\n{lane}\n{kind}\n{rows}\n{hash}\n{at}\n{previous}\n{node}",
            kind = self.kind.code(),
            hash = self.hash.to_hex(),
            at = self.at.as_millisecond(),
            previous = self.previous.to_hex(),
            node = self.node,
        )
        .into_bytes()
    }

    /// Reads `number, day, node, lane, kind, row_count, hash, at, previous`.
    pub(super) fn read(c: &mut Columns<'_>) -> Result<Self, Broken> {
        Ok(Self {
            number: c.number()?,
            day: c.int()?,
            node: c.text()?,
            lane: c.int()?,
            kind: c.code(CheckpointKind::parse)?,
            rows: c.number()?,
            hash: c.digest()?,
            at: c.instant()?,
            previous: c.digest()?,
        })
    }
}

/// Signs a statement with the site's key.
pub trait Sign: Fn(&[u8]) -> Result<Vec<u8>, Fault> + Clone + Send + 'static {}

impl<S: Fn(&[u8]) -> Result<Vec<u8>, Fault> + Clone + Send + 'static> Sign for S {}

/// A segment, and how many rows its last checkpoint counted.
struct Segment {
    day: i64,
    node: String,
    lane: i64,
    checked: u64,
}

impl Store {
    /// Signs where every segment stands; closes those whose day is over by an hour. A job calls it. Answers how many
    /// checkpoints were made.
    ///
    /// # Errors
    /// The store or the signer failed; then nothing was signed.
    pub async fn checkpoint_audit(&self, now: Timestamp, sign: impl Sign) -> Result<u64, Fault> {
        let made = self
            .maintain(async move |tx| {
                let mut made = 0;
                for segment in tx.open_segments().await? {
                    made += u64::from(tx.checkpoint(&segment, now, &sign).await?);
                }
                Ok::<_, Fault>(made)
            })
            .await;
        self.engine().reopen_chains();
        made
    }

    /// Erases the closed segments whose whole day lies before an instant, oldest first; their closing hash stays.
    /// Answers how many rows went.
    ///
    /// # Errors
    /// The store or the signer failed; segments erased until then stay erased.
    pub async fn erase_audit(
        &self,
        before: Timestamp,
        now: Timestamp,
        sign: impl Sign,
    ) -> Result<u64, Fault> {
        let last = day_of(before).saturating_sub(DAY);
        let mut rows = 0;
        loop {
            let sign = sign.clone();
            let erased = self
                .maintain(async move |tx| match tx.erasable(last).await? {
                    Some(closed) => tx.erase_segment(closed, now, &sign).await.map(Some),
                    None => Ok(None),
                })
                .await;
            match erased {
                Ok(Some(erased)) => rows += erased,
                Ok(None) => return Ok(rows),
                Err::<_, Fault>(fault) => return Err(fault),
            }
        }
    }
}

impl Tx<'_> {
    async fn open_segments(&mut self) -> Result<Vec<Segment>, Fault> {
        let sql = "SELECT s.day, s.node, s.lane, \
                   (SELECT COALESCE(MAX(c.row_count), 0) FROM audit_checkpoints c \
                    WHERE c.day = s.day AND c.node = s.node AND c.lane = s.lane) \
                   FROM audit_segments s WHERE NOT EXISTS (SELECT 1 FROM audit_checkpoints c \
                   WHERE c.day = s.day AND c.node = s.node AND c.lane = s.lane AND c.kind = 'closed') \
                   ORDER BY s.day, s.node, s.lane";
        self.rows(sql, &[], |c| {
            Ok(Segment { day: c.int()?, node: c.text()?, lane: c.int()?, checked: c.number()? })
        })
        .await
    }

    /// Signs where a segment stands; `false`: nothing new to say.
    async fn checkpoint(
        &mut self,
        segment: &Segment,
        now: Timestamp,
        sign: &impl Sign,
    ) -> Result<bool, Fault> {
        let Segment { day, node, lane, checked, .. } = segment;
        let sql = "SELECT seq, hash FROM audit_events WHERE day = $1 AND node = $2 AND lane = $3 \
                   ORDER BY seq DESC LIMIT 1";
        let key = [(*day).into(), node.into(), (*lane).into()];
        let last = self.row(sql, &key, |c| Ok((c.number::<u64>()?, c.digest()?))).await?;
        let Some((rows, hash)) = last else {
            return Ok(false);
        };
        let grace = i64::try_from(GRACE.as_millis()).unwrap_or(0);
        let over = day.saturating_add(DAY).saturating_add(grace) <= now.as_millisecond();
        if !over && rows == *checked {
            return Ok(false);
        }
        let kind = if over { CheckpointKind::Closed } else { CheckpointKind::Open };
        let checkpoint = Checkpoint {
            number: 0,
            day: *day,
            node: node.clone(),
            lane: *lane,
            kind,
            rows,
            hash,
            at: now,
            previous: NO_CHECKPOINT,
        };
        self.append_checkpoint(checkpoint, sign).await?;
        Ok(true)
    }

    /// The oldest closed segment up to a day whose rows are still there.
    async fn erasable(&mut self, last: i64) -> Result<Option<Checkpoint>, Fault> {
        let sql = "SELECT c.number, c.day, c.node, c.lane, c.kind, c.row_count, c.hash, c.at, c.previous \
                   FROM audit_checkpoints c WHERE c.kind = 'closed' AND c.day <= $1 \
                   AND NOT EXISTS (SELECT 1 FROM audit_checkpoints e WHERE e.day = c.day AND e.node = c.node \
                   AND e.lane = c.lane AND e.kind = 'erased') ORDER BY c.day, c.number LIMIT 1";
        self.row(sql, &[last.into()], Checkpoint::read).await
    }

    /// The one statement that takes rows out of the trail: a whole closed segment.
    async fn erase_segment(
        &mut self,
        closed: Checkpoint,
        now: Timestamp,
        sign: &impl Sign,
    ) -> Result<u64, Fault> {
        let sql = "DELETE FROM audit_events WHERE day = $1 AND node = $2 AND lane = $3";
        let key = [closed.day.into(), (&closed.node).into(), closed.lane.into()];
        let rows = self.execute(sql, &key).await?;
        let erased = Checkpoint { kind: CheckpointKind::Erased, at: now, ..closed };
        self.append_checkpoint(erased, sign).await?;
        Ok(rows)
    }

    /// Numbers, chains, signs and stores a checkpoint.
    async fn append_checkpoint(&mut self, mut checkpoint: Checkpoint, sign: &impl Sign) -> Result<(), Fault> {
        let sql = "SELECT number, day, node, lane, kind, row_count, hash, at, previous FROM audit_checkpoints \
                   ORDER BY number DESC LIMIT 1";
        let last = self.row(sql, &[], Checkpoint::read).await?;
        checkpoint.number = last.as_ref().map_or(1, |last| last.number + 1);
        checkpoint.previous = last.map_or(NO_CHECKPOINT, |last| Digest::of(&last.statement()));
        let signature = sign(&checkpoint.statement())?;
        let sql = "INSERT INTO audit_checkpoints (number, day, node, lane, kind, row_count, hash, at, previous, \
                   signature) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let params = [
            number(checkpoint.number),
            checkpoint.day.into(),
            (&checkpoint.node).into(),
            checkpoint.lane.into(),
            checkpoint.kind.code().into(),
            number(checkpoint.rows),
            (&checkpoint.hash).into(),
            checkpoint.at.into(),
            (&checkpoint.previous).into(),
            signature.as_slice().into(),
        ];
        self.execute(sql, &params).await.map(drop)
    }
}
