//! A file of rows, CSV with a header or NDJSON, read as a stream. A refusal never repeats what stands in the file.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Lines as IoLines, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use csv::{Reader, ReaderBuilder, StringRecord};
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// The longest NDJSON line, in bytes.
const LONGEST: usize = 64 * 1024;

/// One row: its line in the file, where the file stands after it, and what it says or why it is refused.
pub struct Row<T> {
    pub line: u64,
    pub position: u64,
    pub content: Result<T, String>,
}

/// The rows of a file.
pub enum Rows {
    Csv { reader: Box<Reader<BufReader<File>>>, header: StringRecord, record: StringRecord },
    Json { lines: IoLines<BufReader<File>>, line: u64, position: u64 },
}

impl Rows {
    /// Opens a file; `known` are the columns there may be, the first `needed` of which must be.
    ///
    /// # Errors
    /// It cannot be read, or its header is not of these columns.
    pub fn open(path: &Path, known: &[&str], needed: usize) -> Result<Self, Failure> {
        let cannot = |e: std::io::Error| Failure(format!("cannot read {}: {e}", path.display()));
        let mut file = File::open(path).map_err(cannot)?;
        let mut start = Vec::new();
        (&mut file).take(8192).read_to_end(&mut start).map_err(cannot)?;
        file.seek(SeekFrom::Start(0)).map_err(cannot)?;
        if start.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{') {
            return Ok(Self::Json { lines: BufReader::new(file).lines(), line: 0, position: 0 });
        }
        let delimiter = delimiter(&start);
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .trim(csv::Trim::All)
            .from_reader(BufReader::with_capacity(64 * 1024, file));
        let header = reader.headers().map_err(|_| Failure::new("the header cannot be read as CSV"))?.clone();
        for name in &header {
            if !known.contains(&name) {
                return Err(Failure(format!("unknown column `{name}`; there are: {}", known.join(", "))));
            }
        }
        for name in known.iter().take(needed) {
            if header.iter().filter(|column| column == name).count() != 1 {
                return Err(Failure(format!("the header must have the column `{name}` once")));
            }
        }
        Ok(Self::Csv { reader: Box::new(reader), header, record: StringRecord::new() })
    }

    /// The next row.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub fn row<T: DeserializeOwned>(&mut self) -> Result<Option<Row<T>>, Failure> {
        match self {
            Self::Csv { reader, header, record } => {
                let line = reader.position().line();
                let content = match reader.read_record(record) {
                    Ok(false) => return Ok(None),
                    Ok(true) => record.deserialize(Some(header)).map_err(|e| why_csv(&e, header)),
                    Err(e) if e.is_io_error() => return Err(Failure(format!("reading on: {e}"))),
                    Err(e) => Err(why_csv(&e, header)),
                };
                let line = record.position().map_or(line, csv::Position::line);
                Ok(Some(Row { line, position: reader.position().byte(), content }))
            }
            Self::Json { lines, line, position } => loop {
                let text = match lines.next() {
                    None => return Ok(None),
                    Some(Ok(text)) => Ok(text),
                    Some(Err(e)) if e.kind() == std::io::ErrorKind::InvalidData => {
                        Err("not UTF-8".to_owned())
                    }
                    Some(Err(e)) => return Err(Failure(format!("reading on: {e}"))),
                };
                *line += 1;
                let length = text.as_ref().map_or(0, String::len);
                *position =
                    position.saturating_add(u64::try_from(length).unwrap_or(u64::MAX)).saturating_add(1);
                if text.as_ref().is_ok_and(|text| text.trim().is_empty()) {
                    continue;
                }
                let content = text.and_then(|text| match text.len() {
                    0..=LONGEST => json(text.as_bytes()),
                    _ => Err(format!("longer than {LONGEST} bytes")),
                });
                return Ok(Some(Row { line: *line, position: *position, content }));
            },
        }
    }
}

/// Whichever of the usual ones the header has most of.
fn delimiter(start: &[u8]) -> u8 {
    let header = start.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| header.iter().filter(|b| **b == delimiter).count();
    b",;\t".iter().copied().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

/// Reads one JSON object.
///
/// # Errors
/// What is wrong with it, without what it says.
pub fn json<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    // the library would take an array of the values as well
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_slice(text).map_err(|e| why_json(&e))
}

/// The library's text may repeat what it read; its place does not.
fn why_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field") || text.starts_with("duplicate field") {
        return text;
    }
    let column = error.column();
    if error.is_data() {
        format!("column {column}: a name or value that does not belong there")
    } else {
        format!("column {column}: not JSON")
    }
}

fn why_csv(error: &csv::Error, header: &StringRecord) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields instead of {expected_len}")
        }
        csv::ErrorKind::Deserialize { err, .. } => {
            let field = err.field().and_then(|at| header.get(usize::try_from(at).ok()?));
            format!("{}: a value of another kind", field.unwrap_or("the row"))
        }
        csv::ErrorKind::Io(_) | csv::ErrorKind::Seek | csv::ErrorKind::Serialize(_) | _ => {
            "not CSV".to_owned()
        }
    }
}
