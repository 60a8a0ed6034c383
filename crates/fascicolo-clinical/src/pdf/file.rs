//! A PDF file read lazily: its cross-reference data, then only the objects that are asked for. Every step is paid
//! from one budget, so that no file costs more than its share, however its parts overlap (REC-I5).

use std::collections::HashMap;
use std::rc::Rc;

use super::MAX_BYTES;
use super::stream::decoded;
use super::syntax::{Dictionary, Object, Parser};
use super::xref::{self, Entry};
use crate::Refused;

/// The trailer, and where each object is.
type Table = (Dictionary, HashMap<u32, Entry>);

/// Bytes looked at, in all.
const MAX_WORK: usize = 256 * 1024 * 1024;
/// Bytes that compressed structure may expand to, in all.
const MAX_EXPANDED: usize = 64 * 1024 * 1024;
const MAX_REFERENCES: usize = 32;
const MAX_COMPRESSED_OBJECTS: usize = 100_000;

pub(super) struct File<'a> {
    /// From the header on: offsets count from there.
    bytes: &'a [u8],
    pub(super) trailer: Dictionary,
    entries: HashMap<u32, Entry>,
    containers: HashMap<u32, Rc<Container>>,
    budget: Budget,
}

/// What reading may still cost.
pub(super) struct Budget {
    work: usize,
    expanded: usize,
}

/// The decoded objects of an object stream.
struct Container {
    data: Vec<u8>,
    offsets: HashMap<u32, usize>,
}

/// A stream: its dictionary and where its bytes stand.
pub(super) struct Stream<'a> {
    pub(super) dictionary: Dictionary,
    pub(super) raw: &'a [u8],
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { work: MAX_WORK, expanded: MAX_EXPANDED }
    }

    pub(super) fn work(&mut self, bytes: usize) -> Result<(), Refused> {
        self.work = self.work.checked_sub(bytes.saturating_add(16)).ok_or(Refused::TooComplex)?;
        Ok(())
    }

    pub(super) fn expand(&mut self, stream: &Stream) -> Result<Vec<u8>, Refused> {
        let data = decoded(&stream.dictionary, stream.raw, self.expanded)?;
        self.expanded = self.expanded.saturating_sub(data.len());
        self.work(stream.raw.len())?;
        Ok(data)
    }
}

impl<'a> File<'a> {
    /// Opens a file by its cross-reference data; when they do not lead to a catalog, by looking for the objects.
    ///
    /// # Errors
    /// Too large, not a PDF, encrypted, beyond a limit, or without a catalog.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Refused> {
        if bytes.len() > MAX_BYTES {
            return Err(Refused::TooLarge);
        }
        let head = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
        let start = head.windows(5).position(|w| w == b"%PDF-").ok_or(Refused::NotPdf)?;
        let bytes = bytes.get(start..).unwrap_or_default();
        match Self::with(bytes, xref::written, Budget::new()) {
            Err(Refused::PdfStructure) => Self::with(bytes, xref::searched, Budget::new()),
            other => other,
        }
    }

    fn with(
        bytes: &'a [u8],
        read: fn(&[u8], &mut Budget) -> Result<Table, Refused>,
        mut budget: Budget,
    ) -> Result<Self, Refused> {
        let (trailer, entries) = read(bytes, &mut budget)?;
        if trailer.has("Encrypt") {
            return Err(Refused::PdfEncrypted);
        }
        let mut file = Self { bytes, trailer, entries, containers: HashMap::new(), budget };
        let catalog = file.catalog()?;
        if catalog.has("Pages") { Ok(file) } else { Err(Refused::PdfStructure) }
    }

    pub(super) fn catalog(&mut self) -> Result<Dictionary, Refused> {
        let root = self.trailer.get("Root").clone();
        self.dictionary(&root)?.ok_or(Refused::PdfStructure)
    }

    /// Follows references; a missing or unreadable object is null.
    ///
    /// # Errors
    /// Only a limit.
    pub(super) fn resolve(&mut self, object: &Object) -> Result<Object, Refused> {
        let mut object = object.clone();
        for _ in 0..MAX_REFERENCES {
            let Object::Reference(number) = object else {
                return Ok(object);
            };
            object = self.object(number)?;
        }
        Ok(Object::Null)
    }

    pub(super) fn dictionary(&mut self, object: &Object) -> Result<Option<Dictionary>, Refused> {
        Ok(match self.resolve(object)? {
            Object::Dictionary(dictionary) => Some(dictionary),
            _ => None,
        })
    }

    pub(super) fn array(&mut self, object: &Object) -> Result<Vec<Object>, Refused> {
        Ok(match self.resolve(object)? {
            Object::Array(items) => items,
            _ => Vec::new(),
        })
    }

    /// The stream an object refers to.
    pub(super) fn stream(&mut self, object: &Object) -> Result<Option<Stream<'a>>, Refused> {
        let Object::Reference(number) = object else {
            return Ok(None);
        };
        match self.entries.get(number) {
            Some(Entry::At(offset)) => self.stream_at(*offset, *number),
            Some(Entry::In(_)) | None => Ok(None),
        }
    }

    /// A stream's content, its filters undone; at most `limit` bytes.
    pub(super) fn content(&mut self, stream: &Stream, limit: usize) -> Result<Vec<u8>, Refused> {
        self.budget.work(stream.raw.len())?;
        decoded(&stream.dictionary, stream.raw, limit)
    }

    fn object(&mut self, number: u32) -> Result<Object, Refused> {
        match self.entries.get(&number).copied() {
            Some(Entry::At(offset)) => {
                let (object, _) = unless_unreadable(indirect(self.bytes, offset, number, &mut self.budget))?;
                Ok(object)
            }
            Some(Entry::In(container)) => self.compressed(number, container),
            None => Ok(Object::Null),
        }
    }

    fn compressed(&mut self, number: u32, container: u32) -> Result<Object, Refused> {
        let Some(container) = self.container(container)? else {
            return Ok(Object::Null);
        };
        let Some(offset) = container.offsets.get(&number) else {
            return Ok(Object::Null);
        };
        let mut parser = Parser::new(&container.data, *offset);
        let object = parser.object();
        self.budget.work(parser.cost())?;
        match object {
            Err(Refused::PdfStructure) => Ok(Object::Null),
            other => other,
        }
    }

    fn container(&mut self, number: u32) -> Result<Option<Rc<Container>>, Refused> {
        if let Some(known) = self.containers.get(&number) {
            return Ok(Some(Rc::clone(known)));
        }
        let Some(stream) = self.stream(&Object::Reference(number))? else {
            return Ok(None);
        };
        let data = self.budget.expand(&stream)?;
        let first = stream.dictionary.get("First").integer().unwrap_or_default();
        let count = stream.dictionary.get("N").integer().unwrap_or_default();
        if count > MAX_COMPRESSED_OBJECTS {
            return Err(Refused::TooComplex);
        }
        let mut index = Parser::new(data.get(..first).unwrap_or_default(), 0);
        let mut offsets = HashMap::new();
        for _ in 0..count {
            let (Some(id), Some(offset)) = (index.unsigned(), index.unsigned()) else {
                break;
            };
            if let Ok(id) = u32::try_from(id) {
                offsets.entry(id).or_insert_with(|| first.saturating_add(offset));
            }
        }
        let container = Rc::new(Container { data, offsets });
        self.containers.insert(number, Rc::clone(&container));
        Ok(Some(container))
    }

    fn stream_at(&mut self, offset: usize, number: u32) -> Result<Option<Stream<'a>>, Refused> {
        let (object, at) = unless_unreadable(indirect(self.bytes, offset, number, &mut self.budget))?;
        let Object::Dictionary(dictionary) = object else {
            return Ok(None);
        };
        let length = match dictionary.get("Length") {
            // the length itself must not be compressed: that could lead in circles
            Object::Reference(length) => match self.entries.get(length).copied() {
                Some(Entry::At(at)) => {
                    unless_unreadable(indirect(self.bytes, at, *length, &mut self.budget))?.0
                }
                Some(Entry::In(_)) | None => Object::Null,
            },
            direct => direct.clone(),
        };
        stream_after(self.bytes, at, dictionary, length.integer(), &mut self.budget)
    }
}

/// A missing object is null to who asks for it; a limit is a limit.
fn unless_unreadable(read: Result<(Object, usize), Refused>) -> Result<(Object, usize), Refused> {
    match read {
        Err(Refused::PdfStructure) => Ok((Object::Null, 0)),
        other => other,
    }
}

/// Reads `N G obj …` at an offset; also where the reading ended.
pub(super) fn indirect(
    bytes: &[u8],
    offset: usize,
    number: u32,
    budget: &mut Budget,
) -> Result<(Object, usize), Refused> {
    let mut parser = Parser::new(bytes, offset);
    let found = parser.unsigned();
    let generation = parser.unsigned();
    if found != usize::try_from(number).ok() || generation.is_none() || !parser.keyword("obj") {
        budget.work(parser.cost())?;
        return Err(Refused::PdfStructure);
    }
    let object = parser.object();
    budget.work(parser.cost())?;
    Ok((object?, parser.at))
}

/// The stream whose dictionary ended at `at`: by its length, or up to `endstream` when the length is wrong.
pub(super) fn stream_after<'a>(
    bytes: &'a [u8],
    at: usize,
    dictionary: Dictionary,
    length: Option<usize>,
    budget: &mut Budget,
) -> Result<Option<Stream<'a>>, Refused> {
    let mut parser = Parser::new(bytes, at);
    let found = parser.keyword("stream");
    budget.work(parser.cost())?;
    if !found {
        return Ok(None);
    }
    let body = match parser.rest() {
        [b'\r', b'\n', body @ ..] | [b'\n' | b'\r', body @ ..] | body => body,
    };
    if let Some((raw, rest)) = length.and_then(|length| body.split_at_checked(length)) {
        let mut after = Parser::new(rest, 0);
        let ends = after.keyword("endstream");
        budget.work(after.cost())?;
        if ends {
            return Ok(Some(Stream { dictionary, raw }));
        }
    }
    let end = body.windows(9).position(|w| w == b"endstream");
    budget.work(end.unwrap_or(body.len()))?;
    Ok(end.and_then(|end| body.get(..end)).map(|raw| Stream {
        dictionary,
        raw: raw.strip_suffix(b"\r\n").or_else(|| raw.strip_suffix(b"\n")).unwrap_or(raw),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOG: &str = "%PDF-1.7\n1 0 obj<</Pages 2 0 R>>\n";

    /// A file of the catalog and that, with a table that says so.
    fn listed(body: &str, places: &[(usize, usize)]) -> Vec<u8> {
        let text = format!("{CATALOG}{body}\n");
        let rows: String =
            places.iter().map(|(n, at)| format!("{n} 1\n{:010} 00000 n \n", CATALOG.len() + at)).collect();
        let at = text.len();
        format!("{text}xref\n1 1\n0000000009 00000 n \n{rows}trailer<</Root 1 0 R>>startxref {at}")
            .into_bytes()
    }

    /// Asks for objects again and again; what stops it.
    fn asked(bytes: &[u8], numbers: std::ops::Range<u32>, work: usize) -> Option<Refused> {
        let budget = Budget { work, expanded: MAX_EXPANDED };
        let mut file = File::with(bytes, xref::written, budget).unwrap();
        let mut ask = |number| {
            file.resolve(&Object::Reference(number))?;
            file.stream(&Object::Reference(number))
        };
        numbers.map(&mut ask).find_map(Result::err)
    }

    #[test]
    fn a_run_that_many_objects_look_at_is_paid_for_each_time() {
        for (before, run) in [
            ("", " "),
            ("", "%"),
            ("5 0 obj ", " "),
            ("5 0 obj 1 ", " "),
            ("5 0 obj <", "0"),
            ("5 0 obj (", "0"),
        ] {
            let body = format!("{before}{}", run.repeat(10_000));
            let file = listed(&body, &[(5, 0)]);
            let fives = |count: usize, work| {
                let budget = Budget { work, expanded: MAX_EXPANDED };
                let mut file = File::with(&file, xref::written, budget).unwrap();
                (0..count).find_map(|_| file.resolve(&Object::Reference(5)).err())
            };
            assert_eq!(fives(1, 50_000), None, "{before}{run}");
            assert_eq!(fives(60, 50_000), Some(Refused::TooComplex), "{before}{run}");
        }
        // more digits than a number has are not read at all
        let file = listed(&"1".repeat(10_000), &[(5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0)]);
        assert_eq!(asked(&file, 5..11, 5_000), None);
    }

    #[test]
    fn a_run_before_a_stream_or_after_it_is_paid_for_each_time() {
        let blanks = " ".repeat(10_000);
        for body in [
            format!("5 0 obj<</Length 1>>{blanks}"),
            format!("5 0 obj<</Length 1>>{blanks}stream\nx\nendstream"),
            format!("5 0 obj<</Length 1>>stream\nx{blanks}endstream"),
            format!("5 0 obj<</Length 1>>stream\nx{blanks}"),
            format!("5 0 obj<<>>stream\n{blanks}"),
        ] {
            let file = listed(&body, &[(5, 0)]);
            let streams = |count: usize, work| {
                let budget = Budget { work, expanded: MAX_EXPANDED };
                let mut file = File::with(&file, xref::written, budget).unwrap();
                (0..count).find_map(|_| file.stream(&Object::Reference(5)).err())
            };
            assert_eq!(streams(1, 50_000), None);
            assert_eq!(streams(60, 50_000), Some(Refused::TooComplex));
        }
    }

    #[test]
    fn a_search_pays_for_objects_that_overlap() {
        for start in ["(", "<", "%", " 1 %", "[[", "/"] {
            let objects: String = (5..50).map(|n| format!("{n} 0 obj{start}")).collect();
            let text = format!("%PDF-1.7\n{objects}{}", "0".repeat(10_000));
            let searched = |work| {
                let budget = Budget { work, expanded: MAX_EXPANDED };
                File::with(text.as_bytes(), xref::searched, budget).err()
            };
            assert_eq!(searched(2_000_000), Some(Refused::PdfStructure), "{start}");
            let overlap = !matches!(start, "[[" | "/");
            assert_eq!(searched(100_000) == Some(Refused::TooComplex), overlap, "{start}");
        }
    }

    #[test]
    fn what_streams_of_structure_expand_to_is_paid_from_one_sum() {
        let object =
            |n: u32| format!("{n} 0 obj<</N 0/First 0/Length 100>>stream\n{}endstream\n", " ".repeat(100));
        let body = object(5) + &object(6);
        let file = listed(&body, &[(5, 0), (6, object(5).len())]);
        let expanded = |expanded| {
            let budget = Budget { work: MAX_WORK, expanded };
            let mut file = File::with(&file, xref::written, budget).unwrap();
            [5, 6, 5].into_iter().find_map(|n| file.container(n).err())
        };
        assert_eq!(expanded(200), None, "the same one is not expanded again");
        assert_eq!(expanded(199), Some(Refused::Bomb));
    }
}
