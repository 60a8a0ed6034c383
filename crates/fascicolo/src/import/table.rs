//! One way for every table: the file is read twice, first every row is judged, then they are written, a batch in one
//! transaction with its trace. With a refused row nothing is written, unless asked to leave those out (REC-I6).

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use fascicolo_adapters::{SystemClock, SystemEntropy};
use fascicolo_domain::Fault;
use fascicolo_domain::audit::{Actor, Deed, Event};
use fascicolo_domain::ids::{CitizenId, EventId};
use fascicolo_domain::time::day_in_rome;
use fascicolo_store::{Store, Tx};
use fascicolo_web::ports::{Clock as _, Entropy, EntropyExt as _};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use super::lines::Rows;
use super::{TOLD, bar};
use crate::assemble;
use crate::config::Config;
use crate::failure::Failure;

/// Rows a transaction takes.
const BATCH: usize = 1000;

/// What a file may hold, and where it goes.
pub trait Table {
    /// Its name in the audit trail.
    const NAME: &str;
    const COLUMNS: &[&str];
    /// The first columns that must be there.
    const NEEDED: usize;
    type Written: DeserializeOwned;
    type Row: Send + 'static;

    /// Reads a row.
    ///
    /// # Errors
    /// What is wrong with it, without what it says.
    fn judge(written: &Self::Written, today: Date) -> Result<Self::Row, String>;

    /// Puts a row; `new` is an unused identifier.
    ///
    /// # Errors
    /// The store failed.
    fn put(tx: &mut Tx<'_>, new: CitizenId, row: Self::Row) -> impl Future<Output = Result<Became, Fault>>;
}

/// What became of a row.
pub enum Became {
    New,
    Known,
    /// It contradicts what is there; why.
    Refused(&'static str),
}

/// Brings a file in; `false`: rows were refused.
///
/// # Errors
/// The file or the database cannot be read or written.
pub async fn table<T: Table>(
    config: &Config,
    file: &Path,
    skip_refused: bool,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    let store = assemble::store(config).await?;
    let today = day_in_rome(SystemClock.now());
    let mut report = Report { out, refused: BTreeSet::new() };
    let rows = judge::<T>(file, today, &mut report)?;
    if !report.refused.is_empty() && !skip_refused {
        let refused = report.refused.len();
        writeln!(report.out, "{rows} rows read, {refused} refused: nothing was written")?;
        return Ok(false);
    }
    let (mut new, mut known) = (0, 0);
    let mut reading = Rows::open(file, T::COLUMNS, T::NEEDED)?;
    let length = std::fs::metadata(file)?.len();
    let bar = bar(length, "writing {wide_bar} {percent}% {eta}");
    loop {
        let batch = next_batch::<T>(&mut reading, today, |position| bar.set_position(position))?;
        if batch.is_empty() {
            break;
        }
        let written = write::<T>(&store, batch, skip_refused).await?;
        for (line, why) in &written.refused {
            report.refuse(*line, why)?;
        }
        if !written.refused.is_empty() && !skip_refused {
            bar.finish_and_clear();
            let done = new + known;
            writeln!(report.out, "{done} rows written before this batch of {BATCH}, which was not")?;
            return Ok(false);
        }
        new += written.new;
        known += written.known;
    }
    bar.finish_and_clear();
    let refused = report.refused.len();
    writeln!(report.out, "{rows} rows read: {new} new, {known} known, {refused} refused")?;
    Ok(refused == 0)
}

struct Report<'o> {
    out: &'o mut dyn Write,
    refused: BTreeSet<u64>,
}

impl Report<'_> {
    fn refuse(&mut self, line: u64, why: &str) -> Result<(), Failure> {
        self.refused.insert(line);
        match u64::try_from(self.refused.len()).unwrap_or(u64::MAX) {
            told if told <= TOLD => writeln!(self.out, "line {line}: {why}")?,
            told if told == TOLD + 1 => writeln!(self.out, "and more, which are only counted")?,
            _ => {}
        }
        Ok(())
    }
}

/// Reads all of it and tells what is refused; answers how many rows there are.
fn judge<T: Table>(file: &Path, today: Date, report: &mut Report<'_>) -> Result<u64, Failure> {
    let mut reading = Rows::open(file, T::COLUMNS, T::NEEDED)?;
    let bar = bar(std::fs::metadata(file)?.len(), "reading {wide_bar} {percent}% {eta}");
    let mut rows = 0;
    while let Some(row) = reading.row::<T::Written>()? {
        rows += 1;
        if let Err(why) = row.content.and_then(|written| T::judge(&written, today)) {
            bar.suspend(|| report.refuse(row.line, &why))?;
        }
        if rows % 1000 == 0 {
            bar.set_position(row.position);
        }
    }
    bar.finish_and_clear();
    Ok(rows)
}

/// The next good rows.
fn next_batch<T: Table>(
    reading: &mut Rows,
    today: Date,
    at: impl Fn(u64),
) -> Result<Vec<(u64, T::Row)>, Failure> {
    let mut batch = Vec::new();
    while batch.len() < BATCH {
        let Some(row) = reading.row::<T::Written>()? else {
            break;
        };
        at(row.position);
        batch.extend(
            row.content.and_then(|written| T::judge(&written, today)).map(|content| (row.line, content)),
        );
    }
    Ok(batch)
}

/// As machines and as Italians write it.
pub(super) fn date(text: &str) -> Option<Date> {
    let mut parts = text.split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(day), Some(month), Some(year), None) if year.len() == 4 => {
            Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
        }
        _ if text.len() == 10 => text.parse().ok(),
        _ => None,
    }
}

#[derive(Default)]
struct Outcome {
    new: u64,
    known: u64,
    refused: Vec<(u64, &'static str)>,
}

enum Undone {
    /// The batch, because of these lines.
    Refused(Vec<(u64, &'static str)>),
    Fault(Fault),
}

impl From<Fault> for Undone {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Writes a batch and its trace in one transaction; with a refused row, all of it or all but that row.
async fn write<T: Table>(store: &Store, batch: Vec<(u64, T::Row)>, skip: bool) -> Result<Outcome, Failure> {
    let now = SystemClock.now();
    let entropy: &dyn Entropy = &SystemEntropy;
    let mut rows = Vec::with_capacity(batch.len());
    for row in batch {
        rows.push((CitizenId::new(now, entropy.id()?), row));
    }
    let event = EventId::new(now, entropy.id()?);
    let written = store
        .write(async move |tx| {
            let mut written = Outcome::default();
            for (id, (line, row)) in rows {
                match T::put(tx, id, row).await? {
                    Became::New => written.new += 1,
                    Became::Known => written.known += 1,
                    Became::Refused(why) => written.refused.push((line, why)),
                }
            }
            if !written.refused.is_empty() && !skip {
                return Err(Undone::Refused(written.refused));
            }
            tx.record(&trace::<T>(event, &written, now)).await?;
            Ok(written)
        })
        .await;
    match written {
        Ok(written) => Ok(written),
        Err(Undone::Refused(refused)) => Ok(Outcome { refused, ..Outcome::default() }),
        Err(Undone::Fault(fault)) => Err(fault.into()),
    }
}

fn trace<T: Table>(id: EventId, written: &Outcome, now: Timestamp) -> Event {
    let detail = format!("{} new={} known={}", T::NAME, written.new, written.known);
    Event::of(Actor::System, Deed::RegisterImported, id, now).saying(detail)
}
