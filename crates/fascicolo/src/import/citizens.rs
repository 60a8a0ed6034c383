//! People of the register. The file is read twice: first every row is judged, then they are written, a batch in one
//! transaction. With a refused row nothing is written, unless asked to leave those out.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use fascicolo_adapters::{SystemClock, SystemEntropy};
use fascicolo_domain::Fault;
use fascicolo_domain::audit::{Actor, Deed, Event};
use fascicolo_domain::ids::{CitizenId, EventId};
use fascicolo_domain::person::{Citizen, CodiceFiscale, Standing};
use fascicolo_domain::time::day_in_rome;
use fascicolo_store::{Put, Store, Tx};
use fascicolo_web::ports::{Clock as _, Entropy, EntropyExt as _};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::lines::Rows;
use super::{TOLD, bar};
use crate::assemble;
use crate::config::Config;
use crate::failure::Failure;

/// Rows a transaction takes.
const BATCH: usize = 1000;
const LONGEST_NAME: usize = 200;
const COLUMNS: [&str; 7] =
    ["codice_fiscale", "given_name", "family_name", "birth_date", "standing", "ward", "former_codes"];
const NEEDED: usize = 3;

/// A row as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    codice_fiscale: String,
    given_name: String,
    family_name: String,
    #[serde(default)]
    birth_date: Option<String>,
    #[serde(default)]
    standing: Option<String>,
    #[serde(default)]
    ward: Option<bool>,
    /// Earlier codici fiscali, between blanks.
    #[serde(default)]
    former_codes: Option<String>,
}

/// A row that can be written.
struct Person {
    line: u64,
    code: CodiceFiscale,
    given_name: String,
    family_name: String,
    birth_date: Option<Date>,
    standing: Standing,
    ward: bool,
    former: Vec<CodiceFiscale>,
}

/// Brings a file in; `false`: rows were refused.
///
/// # Errors
/// The file or the database cannot be read or written.
pub async fn citizens(
    config: &Config,
    file: &Path,
    skip_refused: bool,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    let store = assemble::store(config).await?;
    let today = day_in_rome(SystemClock.now());
    let mut report = Report { out, refused: BTreeSet::new() };
    let rows = judge(file, today, &mut report)?;
    if !report.refused.is_empty() && !skip_refused {
        let refused = report.refused.len();
        writeln!(report.out, "{rows} rows read, {refused} refused: nothing was written")?;
        return Ok(false);
    }
    let (mut new, mut known) = (0, 0);
    let mut reading = Rows::open(file, &COLUMNS, NEEDED)?;
    let length = std::fs::metadata(file)?.len();
    let bar = bar(length, "writing {wide_bar} {percent}% {eta}");
    loop {
        let batch = next_batch(&mut reading, today, |position| bar.set_position(position))?;
        if batch.is_empty() {
            break;
        }
        let written = write(&store, batch, skip_refused).await?;
        for line in &written.taken {
            report.refuse(*line, "one of its codes belongs to somebody else")?;
        }
        if !written.taken.is_empty() && !skip_refused {
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
fn judge(file: &Path, today: Date, report: &mut Report<'_>) -> Result<u64, Failure> {
    let mut reading = Rows::open(file, &COLUMNS, NEEDED)?;
    let bar = bar(std::fs::metadata(file)?.len(), "reading {wide_bar} {percent}% {eta}");
    let mut rows = 0;
    while let Some(row) = reading.row::<Written>()? {
        rows += 1;
        if let Err(why) = row.content.and_then(|written| person(row.line, &written, today)) {
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
fn next_batch(reading: &mut Rows, today: Date, at: impl Fn(u64)) -> Result<Vec<Person>, Failure> {
    let mut batch = Vec::new();
    while batch.len() < BATCH {
        let Some(row) = reading.row::<Written>()? else {
            break;
        };
        at(row.position);
        batch.extend(row.content.and_then(|written| person(row.line, &written, today)));
    }
    Ok(batch)
}

fn person(line: u64, written: &Written, today: Date) -> Result<Person, String> {
    let code = |text: &str| CodiceFiscale::parse(text).map_err(|e| e.to_string());
    let name = |column: &str, text: &str| match text.trim() {
        "" => Err(format!("{column}: empty")),
        text if text.chars().count() > LONGEST_NAME => Err(format!("{column}: longer than {LONGEST_NAME}")),
        text if text.chars().any(char::is_control) => Err(format!("{column}: a control character")),
        text => Ok(text.to_owned()),
    };
    let given =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let birth_date = match given(&written.birth_date) {
        None => None,
        Some(text) => Some(date(&text).ok_or("birth_date: not aaaa-mm-gg or gg/mm/aaaa")?),
    };
    if birth_date.is_some_and(|born| born > today || born.year() < 1850) {
        return Err("birth_date: nobody alive was born then".to_owned());
    }
    let standing = given(&written.standing);
    let former = written.former_codes.as_deref().unwrap_or_default();
    let former: Result<Vec<_>, String> = former.split_whitespace().map(code).collect();
    Ok(Person {
        line,
        code: code(&written.codice_fiscale).map_err(|e| format!("codice_fiscale: {e}"))?,
        given_name: name("given_name", &written.given_name)?,
        family_name: name("family_name", &written.family_name)?,
        birth_date,
        standing: standing
            .map_or(Some(Standing::Active), |text| Standing::parse(&text))
            .ok_or("standing: not active, suspended or deceased")?,
        ward: written.ward.unwrap_or(false),
        former: former.map_err(|e| format!("former_codes: {e}"))?,
    })
}

/// As machines and as Italians write it.
fn date(text: &str) -> Option<Date> {
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
    taken: Vec<u64>,
}

enum Undone {
    /// The batch, because of these lines.
    Taken(Vec<u64>),
    Fault(Fault),
}

impl From<Fault> for Undone {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Writes a batch and its trace in one transaction; with a row that is taken, all of it or all but that row.
async fn write(store: &Store, batch: Vec<Person>, skip_taken: bool) -> Result<Outcome, Failure> {
    let now = SystemClock.now();
    let entropy: &dyn Entropy = &SystemEntropy;
    let mut people = Vec::with_capacity(batch.len());
    for person in batch {
        people.push((CitizenId::new(now, entropy.id()?), person));
    }
    let event = EventId::new(now, entropy.id()?);
    let written = store
        .write(async move |tx| {
            let mut written = Outcome::default();
            for (id, person) in people {
                put(tx, id, person, &mut written).await?;
            }
            if !written.taken.is_empty() && !skip_taken {
                return Err(Undone::Taken(written.taken));
            }
            tx.record(&trace(event, &written, now)).await?;
            Ok(written)
        })
        .await;
    match written {
        Ok(written) => Ok(written),
        Err(Undone::Taken(taken)) => Ok(Outcome { taken, ..Outcome::default() }),
        Err(Undone::Fault(fault)) => Err(fault.into()),
    }
}

fn trace(id: EventId, written: &Outcome, now: Timestamp) -> Event {
    let detail = format!("citizens new={} known={}", written.new, written.known);
    Event::of(Actor::System, Deed::RegisterImported, id, now).saying(detail)
}

/// Finds the person by any of the codes, and puts what the register says.
async fn put(tx: &mut Tx<'_>, new: CitizenId, person: Person, written: &mut Outcome) -> Result<(), Fault> {
    let mut found: Option<CitizenId> = None;
    for code in [person.code].iter().chain(&person.former) {
        let there = tx.citizen_by_codice_fiscale(code).await?.map(|citizen| citizen.id);
        if found.is_some() && there.is_some() && found != there {
            written.taken.push(person.line);
            return Ok(());
        }
        found = found.or(there);
    }
    let citizen = Citizen {
        id: found.unwrap_or(new),
        codice_fiscale: person.code,
        given_name: person.given_name,
        family_name: person.family_name,
        birth_date: person.birth_date,
        registered: true,
        standing: person.standing,
        ward: person.ward,
    };
    let mut put = tx.put_citizen(&citizen).await?;
    for code in &person.former {
        if put == Put::Stored {
            put = tx.put_alias(code, citizen.id).await?;
        }
    }
    match put {
        Put::Stored if found.is_some() => written.known += 1,
        Put::Stored => written.new += 1,
        Put::Taken(_) => written.taken.push(person.line),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Written {
        Written {
            codice_fiscale: "rss mra 80a01 h501u".to_owned(),
            given_name: " Mario ".to_owned(),
            family_name: "Rossi".to_owned(),
            birth_date: Some("01/01/1980".to_owned()),
            standing: None,
            ward: None,
            former_codes: Some("RSSMRA80A01H50MM".to_owned()),
        }
    }

    fn today() -> Date {
        Date::constant(2026, 11, 25)
    }

    #[test]
    fn a_row_is_read_as_people_write_it() {
        let person = person(2, &written(), today()).unwrap();
        assert_eq!((person.code.as_str(), person.given_name.as_str()), ("RSSMRA80A01H501U", "Mario"));
        assert_eq!(
            (person.birth_date, person.standing),
            (Some(Date::constant(1980, 1, 1)), Standing::Active)
        );
        assert_eq!(person.former.len(), 1);
    }

    #[test]
    fn each_defect_is_told_with_its_column_and_without_its_content() {
        let some = |text: &str| Some(text.to_owned());
        let cases: [(Written, &str); 8] = [
            (
                Written { codice_fiscale: "RSSMRA80A01H501V".to_owned(), ..written() },
                "codice_fiscale: the check",
            ),
            (Written { given_name: " ".to_owned(), ..written() }, "given_name: empty"),
            (Written { family_name: "a".repeat(201), ..written() }, "family_name: longer"),
            (Written { family_name: "Ros\u{7}si".to_owned(), ..written() }, "family_name: a control"),
            (Written { birth_date: some("1980/01/01"), ..written() }, "birth_date: not"),
            (Written { birth_date: some("2026-11-26"), ..written() }, "birth_date: nobody"),
            (Written { standing: some("vivo"), ..written() }, "standing: not"),
            (Written { former_codes: some("RSSMRA80A01H501V"), ..written() }, "former_codes: the check"),
        ];
        for (row, says) in cases {
            let why = person(2, &row, today()).err().unwrap();
            assert!(why.starts_with(says), "{why}");
        }
    }
}
