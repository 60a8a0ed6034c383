//! Where the objects of a PDF stand: the cross-reference tables and streams of all revisions (ISO 32000-1, 7.5.4,
//! 7.5.8), or, when they are damaged, what a search for objects finds.

use std::collections::{HashMap, HashSet};

use super::file::{Budget, indirect, stream_after};
use super::syntax::{Dictionary, Object, Parser, is_space};
use crate::Refused;

const MAX_ENTRIES: usize = 400_000;
const MAX_REVISIONS: usize = 256;
/// Where from the end `startxref` is looked for.
const TAIL: usize = 2_048;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Entry {
    /// At this offset.
    At(usize),
    /// In this object stream.
    In(u32),
}

/// One part of the cross-reference data.
#[derive(Default)]
struct Part {
    entries: Vec<(u32, Option<Entry>)>,
    trailer: Dictionary,
}

/// Follows `startxref` through all revisions: the newest word on each object counts.
pub(super) fn written(
    bytes: &[u8],
    budget: &mut Budget,
) -> Result<(Dictionary, HashMap<u32, Entry>), Refused> {
    let tail_at = bytes.len().saturating_sub(TAIL);
    let tail = bytes.get(tail_at..).unwrap_or_default();
    let at = tail.windows(9).rposition(|w| w == b"startxref").ok_or(Refused::PdfStructure)?;
    let mut next = Parser::new(tail, at + 9).unsigned();
    let mut known: HashMap<u32, Option<Entry>> = HashMap::new();
    let (mut newest, mut seen) = (None, HashSet::new());
    while let Some(offset) = next {
        if !seen.insert(offset) || seen.len() > MAX_REVISIONS {
            return Err(Refused::TooComplex);
        }
        let part = part(bytes, offset, budget)?;
        let hybrid = part.trailer.get("XRefStm").integer();
        next = part.trailer.get("Prev").integer();
        let mut add = |entries: Vec<(u32, Option<Entry>)>| {
            for (number, entry) in entries {
                known.entry(number).or_insert(entry);
            }
        };
        // objects that only the stream of a hybrid file knows are free in its table
        let (free, used): (Vec<_>, Vec<_>) = part.entries.into_iter().partition(|(_, entry)| entry.is_none());
        add(used);
        if let Some(offset) = hybrid {
            add(self::part(bytes, offset, budget)?.entries);
        }
        add(free);
        if known.len() > MAX_ENTRIES {
            return Err(Refused::TooComplex);
        }
        newest.get_or_insert(part.trailer);
    }
    let entries = known.into_iter().filter_map(|(number, entry)| Some((number, entry?))).collect();
    Ok((newest.ok_or(Refused::PdfStructure)?, entries))
}

fn part(bytes: &[u8], offset: usize, budget: &mut Budget) -> Result<Part, Refused> {
    let mut parser = Parser::new(bytes, offset);
    if parser.keyword("xref") {
        let part = table(&mut parser);
        budget.work(parser.cost())?;
        return part;
    }
    let number = parser.unsigned().and_then(|n| u32::try_from(n).ok()).ok_or(Refused::PdfStructure)?;
    let (object, at) = indirect(bytes, offset, number, budget)?;
    let Object::Dictionary(dictionary) = object else {
        return Err(Refused::PdfStructure);
    };
    if !dictionary.is_type("XRef") {
        return Err(Refused::PdfStructure);
    }
    let length = dictionary.get("Length").integer();
    let stream = stream_after(bytes, at, dictionary, length, budget)?.ok_or(Refused::PdfStructure)?;
    let data = budget.expand(&stream)?;
    rows(&data, stream.dictionary)
}

fn table(parser: &mut Parser) -> Result<Part, Refused> {
    let mut part = Part::default();
    while !parser.keyword("trailer") {
        let first = parser.unsigned().ok_or(Refused::PdfStructure)?;
        let count = parser.unsigned().ok_or(Refused::PdfStructure)?;
        for number in first..first.saturating_add(count) {
            if part.entries.len() >= MAX_ENTRIES {
                return Err(Refused::TooComplex);
            }
            let offset = parser.unsigned().ok_or(Refused::PdfStructure)?;
            let _generation = parser.unsigned().ok_or(Refused::PdfStructure)?;
            let used = parser.keyword("n");
            if !used && !parser.keyword("f") {
                return Err(Refused::PdfStructure);
            }
            let number = u32::try_from(number).map_err(|_| Refused::PdfStructure)?;
            part.entries.push((number, used.then_some(Entry::At(offset))));
        }
    }
    match parser.object()? {
        Object::Dictionary(trailer) => part.trailer = trailer,
        _ => return Err(Refused::PdfStructure),
    }
    Ok(part)
}

/// The rows of a cross-reference stream: three numbers of given widths each.
fn rows(data: &[u8], trailer: Dictionary) -> Result<Part, Refused> {
    let integers = |object: &Object| match object {
        Object::Array(items) => items.iter().map(Object::integer).collect::<Option<Vec<_>>>(),
        _ => None,
    };
    let widths = integers(trailer.get("W")).ok_or(Refused::PdfStructure)?;
    let &[kind, second, third] = widths.as_slice() else {
        return Err(Refused::PdfStructure);
    };
    if widths.iter().any(|width| *width > 8) || second == 0 {
        return Err(Refused::PdfStructure);
    }
    let all = || vec![0, trailer.get("Size").integer().unwrap_or_default()];
    let sections = integers(trailer.get("Index")).unwrap_or_else(all);
    let numbers = sections.chunks_exact(2).flat_map(|pair| match pair {
        [first, count] => *first..first.saturating_add(*count),
        _ => 0..0,
    });
    let mut entries = Vec::new();
    for (number, row) in numbers.zip(data.chunks_exact(kind + second + third)) {
        if entries.len() >= MAX_ENTRIES {
            return Err(Refused::TooComplex);
        }
        let field = |from: usize, width: usize| {
            let bytes = row.get(from..from + width).unwrap_or_default();
            bytes.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte))
        };
        let value = field(kind, second);
        let entry = match if kind == 0 { 1 } else { field(0, kind) } {
            1 => usize::try_from(value).ok().map(Entry::At),
            2 => u32::try_from(value).ok().map(Entry::In),
            _ => None,
        };
        let number = u32::try_from(number).map_err(|_| Refused::PdfStructure)?;
        entries.push((number, entry));
    }
    Ok(Part { entries, trailer })
}

/// Looks for `N G obj` and `trailer` through the whole file; later ones count. Compressed objects are not found.
pub(super) fn searched(
    bytes: &[u8],
    budget: &mut Budget,
) -> Result<(Dictionary, HashMap<u32, Entry>), Refused> {
    budget.work(bytes.len())?;
    let mut entries = HashMap::new();
    let mut trailer = None;
    for (at, _) in bytes.windows(3).enumerate().filter(|(_, w)| *w == b"obj") {
        if let Some((number, offset)) = heading_before(bytes, at) {
            entries.insert(number, Entry::At(offset));
        }
        if entries.len() > MAX_ENTRIES {
            return Err(Refused::TooComplex);
        }
    }
    for (at, _) in bytes.windows(7).enumerate().filter(|(_, w)| *w == b"trailer") {
        let mut parser = Parser::new(bytes, at + 7);
        let object = parser.object();
        budget.work(parser.cost())?;
        if let Ok(Object::Dictionary(found)) = object
            && found.has("Root")
        {
            trailer = Some(found);
        }
    }
    match trailer {
        Some(trailer) => Ok((trailer, entries)),
        None => Ok((trailer_of_streams(bytes, &entries, budget)?, entries)),
    }
}

/// The trailer of a file that has only cross-reference streams.
fn trailer_of_streams(
    bytes: &[u8],
    entries: &HashMap<u32, Entry>,
    budget: &mut Budget,
) -> Result<Dictionary, Refused> {
    let mut newest = None;
    for (number, entry) in entries {
        let Entry::At(offset) = *entry else { continue };
        let object = match indirect(bytes, offset, *number, budget) {
            Err(Refused::PdfStructure) => continue,
            other => other?.0,
        };
        if let Object::Dictionary(found) = object
            && found.is_type("XRef")
            && found.has("Root")
            && newest.as_ref().is_none_or(|(at, _)| *at < offset)
        {
            newest = Some((offset, found));
        }
    }
    newest.map(|(_, trailer)| trailer).ok_or(Refused::PdfStructure)
}

/// Reads `N G` backwards from `obj`.
fn heading_before(bytes: &[u8], obj: usize) -> Option<(u32, usize)> {
    let head = bytes.get(obj.saturating_sub(24)..obj)?;
    let base = obj - head.len();
    let generation = number_before(head, head.len())?;
    let number = number_before(head, generation.start)?;
    let digits = std::str::from_utf8(head.get(number.clone())?).ok()?;
    Some((digits.parse().ok()?, base + number.start))
}

/// The digits before `end`, with at least one blank after them.
fn number_before(head: &[u8], end: usize) -> Option<std::ops::Range<usize>> {
    let before = head.get(..end)?;
    let last = before.iter().rposition(|b| !is_space(*b))? + 1;
    let digits = before.get(..last)?.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    (last < end && digits > 0).then(|| last - digits..last)
}
