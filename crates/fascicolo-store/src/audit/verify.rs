//! Verifying the trail: every row is read once, in order, and held against its chain and the signed checkpoints.
//! What an attacker with the database cannot hide: a row changed, removed, inserted, moved, or the end of a
//! checkpointed segment cut off. Rows after the last checkpoint of a segment rest on its chain alone.

use std::collections::HashMap;

use fascicolo_domain::Fault;
use fascicolo_domain::audit::Event;
use fascicolo_domain::secret::Digest;

use super::chain::{genesis, link};
use super::checkpoint::{Checkpoint, CheckpointKind, NO_CHECKPOINT};
use super::event;
use crate::engine::{Broken, Columns, Tx};
use crate::store::Store;

/// Rows a read takes.
const CHUNK: usize = 4096;
/// Findings told one by one; all are counted.
const TOLD: usize = 1000;

/// What [`Store::verify_audit`] saw.
#[derive(Clone, Debug, Default)]
pub struct AuditReport {
    pub rows: u64,
    pub segments: u64,
    pub checkpoints: u64,
    /// Number and digest of the last checkpoint: keep them outside, so that a cut of the end shows too.
    pub last_checkpoint: Option<(u64, Digest)>,
    /// Everything that is wrong.
    pub wrong: u64,
    /// The first thousand of them.
    pub findings: Vec<Finding>,
}

impl AuditReport {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.wrong == 0
    }

    fn find(&mut self, kind: FindingKind, place: &Place, seq: u64) {
        self.wrong += 1;
        if self.findings.len() < TOLD {
            self.findings.push(Finding {
                kind,
                day: place.day,
                node: place.node.clone(),
                lane: place.lane,
                seq,
            });
        }
    }
}

/// Something wrong with the trail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    pub kind: FindingKind,
    /// 00:00 UTC of the segment's day, in milliseconds.
    pub day: i64,
    pub node: String,
    pub lane: i64,
    /// The row within the segment, or the checkpoint's number; 0: the segment as such.
    pub seq: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FindingKind {
    /// A row does not fit the one before it: changed, moved, or put in.
    Altered,
    /// Rows before this one are gone.
    Missing,
    /// A row stands where the closed segment had ended.
    Inserted,
    /// The end of the segment is gone.
    Truncated,
    /// The row is not the one that a checkpoint signed.
    Rewritten,
    /// A checkpoint is missing, changed or not signed by the site.
    Checkpoint,
}

/// A segment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Place {
    day: i64,
    node: String,
    lane: i64,
}

/// What the checkpoints say of a segment.
#[derive(Default)]
struct Signed {
    marks: Vec<(u64, Digest)>,
    closed: bool,
    erased: bool,
    seen: bool,
}

/// Where the reading of one lane stands.
struct Lane {
    place: Place,
    seq: u64,
    hash: Digest,
}

struct Row {
    place: Place,
    seq: u64,
    hash: Digest,
    event: Event,
}

impl Store {
    /// Reads the whole trail and holds it against its chains and checkpoints. `signed` says whether a signature is
    /// the site's over a statement; `progress` hears how many rows are done.
    ///
    /// # Errors
    /// The store failed, or a row cannot be read as an event at all.
    pub async fn verify_audit(
        &self,
        signed: impl Fn(&[u8], &[u8]) -> bool,
        mut progress: impl FnMut(u64),
    ) -> Result<AuditReport, Fault> {
        let mut verifier = Verifier::default();
        let mut after = 0;
        loop {
            let chunk = self.read(async move |tx| tx.checkpoints_after(after).await).await?;
            for (checkpoint, signature) in &chunk {
                verifier.checkpoint(checkpoint, signed(&checkpoint.statement(), signature));
                after = checkpoint.number;
            }
            if chunk.len() < CHUNK {
                break;
            }
        }
        let mut last = None;
        loop {
            let chunk = self.read(async move |tx| tx.trail_after(last).await).await?;
            let full = chunk.len() == CHUNK;
            last = chunk.last().map(|row| (row.place.clone(), row.seq));
            for row in chunk {
                verifier.row(row);
            }
            progress(verifier.report.rows);
            if !full {
                break;
            }
        }
        let segments = self.read(async |tx| tx.segments().await).await?;
        Ok(verifier.finish(segments))
    }
}

impl Tx<'_> {
    async fn checkpoints_after(&mut self, number: u64) -> Result<Vec<(Checkpoint, Vec<u8>)>, Fault> {
        let sql = "SELECT number, day, node, lane, kind, row_count, hash, at, previous, signature \
                   FROM audit_checkpoints WHERE number > $1 ORDER BY number LIMIT 4096";
        let params = [crate::row::number(number)];
        self.rows(sql, &params, |c| Ok((Checkpoint::read(c)?, c.bytes()?.to_vec()))).await
    }

    async fn trail_after(&mut self, last: Option<(Place, u64)>) -> Result<Vec<Row>, Fault> {
        let sql = "SELECT day, node, lane, seq, hash, id, at, actor, actor_id, capacity, session_id, subject, \
                   method, deed, granted, document_id, detail FROM audit_events \
                   WHERE day >= $1 AND (day, node, lane, seq) > ($1, $2, $3, $4) \
                   ORDER BY day, node, lane, seq LIMIT 4096";
        let params = match &last {
            Some((place, seq)) => {
                [place.day.into(), (&place.node).into(), place.lane.into(), crate::row::number(*seq)]
            }
            None => [i64::MIN.into(), "".into(), 0.into(), 0.into()],
        };
        self.rows(sql, &params, read_row).await
    }

    async fn segments(&mut self) -> Result<Vec<Place>, Fault> {
        let sql = "SELECT day, node, lane FROM audit_segments ORDER BY day, node, lane";
        self.rows(sql, &[], place).await
    }
}

fn place(c: &mut Columns<'_>) -> Result<Place, Broken> {
    Ok(Place { day: c.int()?, node: c.text()?, lane: c.int()? })
}

fn read_row(c: &mut Columns<'_>) -> Result<Row, Broken> {
    Ok(Row { place: place(c)?, seq: c.number()?, hash: c.digest()?, event: event(c)? })
}

#[derive(Default)]
struct Verifier {
    report: AuditReport,
    signed: HashMap<Place, Signed>,
    lanes: HashMap<(String, i64), Lane>,
}

impl Verifier {
    /// Takes the next checkpoint, by number.
    fn checkpoint(&mut self, checkpoint: &Checkpoint, genuine: bool) {
        let place = Place { day: checkpoint.day, node: checkpoint.node.clone(), lane: checkpoint.lane };
        let (number, previous) = self.report.last_checkpoint.unwrap_or((0, NO_CHECKPOINT));
        if !genuine || checkpoint.number != number + 1 || checkpoint.previous != previous {
            self.report.find(FindingKind::Checkpoint, &place, checkpoint.number);
        }
        self.report.checkpoints += 1;
        self.report.last_checkpoint = Some((checkpoint.number, Digest::of(&checkpoint.statement())));
        if !genuine {
            return;
        }
        let signed = self.signed.entry(place).or_default();
        match checkpoint.kind {
            CheckpointKind::Open => {}
            CheckpointKind::Closed => signed.closed = true,
            CheckpointKind::Erased => signed.erased = true,
        }
        signed.marks.push((checkpoint.rows, checkpoint.hash));
    }

    /// Takes the next row, by day, node, lane and number.
    fn row(&mut self, row: Row) {
        self.report.rows += 1;
        let key = (row.place.node.clone(), row.place.lane);
        let before = match self.lanes.remove(&key) {
            Some(lane) if lane.place == row.place => lane,
            other => {
                if let Some(ended) = &other {
                    self.end(ended);
                }
                self.start(&row.place, other)
            }
        };
        let expected = before.seq + 1;
        if row.seq > expected {
            self.report.find(FindingKind::Missing, &row.place, row.seq);
        } else if link(&before.hash, &row.event) != row.hash {
            self.report.find(FindingKind::Altered, &row.place, row.seq);
        }
        if let Some(signed) = self.signed.get(&row.place) {
            if signed.marks.iter().any(|(rows, hash)| *rows == row.seq && *hash != row.hash) {
                self.report.find(FindingKind::Rewritten, &row.place, row.seq);
            }
            let end = signed.marks.iter().map(|(rows, _)| *rows).max().unwrap_or(0);
            if signed.erased || signed.closed && row.seq > end {
                self.report.find(FindingKind::Inserted, &row.place, row.seq);
            }
        }
        let lane = Lane { place: row.place, seq: row.seq, hash: row.hash };
        self.lanes.insert(key, lane);
    }

    /// A segment begins: its chain goes on from the lane's segment before, be it erased.
    fn start(&mut self, place: &Place, before: Option<Lane>) -> Lane {
        self.report.segments += 1;
        self.signed.entry(place.clone()).or_default().seen = true;
        let read = before.map(|lane| (lane.place.day, lane.hash));
        let erased = self
            .signed
            .iter()
            .filter(|(p, signed)| {
                signed.erased && p.node == place.node && p.lane == place.lane && p.day < place.day
            })
            .filter_map(|(p, signed)| signed.marks.last().map(|(_, hash)| (p.day, *hash)));
        let latest = erased.chain(read).max_by_key(|(day, _)| *day);
        Lane {
            place: place.clone(),
            seq: 0,
            hash: latest.map_or_else(|| genesis(&place.node, place.lane), |(_, hash)| hash),
        }
    }

    /// A segment ends: its checkpoints may not have counted more.
    fn end(&mut self, lane: &Lane) {
        let counted =
            self.signed.get(&lane.place).and_then(|signed| signed.marks.iter().map(|(rows, _)| *rows).max());
        if counted.is_some_and(|rows| rows > lane.seq) {
            self.report.find(FindingKind::Truncated, &lane.place, lane.seq);
        }
    }

    fn finish(mut self, opened: Vec<Place>) -> AuditReport {
        for lane in std::mem::take(&mut self.lanes).into_values() {
            self.end(&lane);
        }
        let mut gone: Vec<Place> = self
            .signed
            .iter()
            .filter(|(_, signed)| !signed.seen && !signed.erased)
            .map(|(place, _)| place.clone())
            .collect();
        gone.extend(opened.into_iter().filter(|place| !self.signed.contains_key(place)));
        for place in gone {
            self.report.find(FindingKind::Truncated, &place, 0);
        }
        self.report
    }
}
