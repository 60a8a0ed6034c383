//! Seals a PDF of ours: PAdES baseline B (ETSI EN 319 142-1) as an incremental update, so that what was written
//! stays as it is, byte for byte.

mod key;

use std::fmt::Write as _;

use fascicolo_domain::time::rome;
use jiff::Timestamp;

use super::file::File;
use super::syntax::{Dictionary, Object, Parser};
use super::write::WriteError;
pub use key::SealKey;

/// Room for numbers of the byte range that are known only afterwards.
const RANGE: &str = "[0 0000000000 0000000000 0000000000]";

/// Signs the whole file with the key, at that instant (stated in the file, in Italian time).
///
/// # Errors
/// [`WriteError::Structure`] when the PDF has no classic cross-reference table, or has a form already.
pub fn seal(pdf: &[u8], key: &SealKey, now: Timestamp) -> Result<Vec<u8>, WriteError> {
    let plan = Plan::of(pdf)?;
    let mut out = pdf.to_vec();
    if !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    let mut update = Update { out, offsets: Vec::new() };
    let (form, field, signature) = (plan.next, plan.next + 1, plan.next + 2);
    let mut catalog = plan.catalog;
    insert(&mut catalog, "AcroForm", Object::Reference(form));
    let mut page = plan.page;
    insert(&mut page, "Annots", Object::Array(vec![Object::Reference(field)]));
    update.object(plan.root, &format!("{}", Shown(&Object::Dictionary(catalog))));
    update.object(plan.page_number, &format!("{}", Shown(&Object::Dictionary(page))));
    update.object(form, &format!("<</Fields[{field} 0 R]/SigFlags 3>>"));
    update.object(
        field,
        &format!(
            "<</Type/Annot/Subtype/Widget/FT/Sig/T(Sigillo)/F 132/Rect[0 0 0 0]/P {} 0 R/V {signature} 0 R>>",
            plan.page_number
        ),
    );
    let at = update.out.len();
    let made = now.to_zoned(rome()).strftime("%Y%m%d%H%M%S%z").to_string();
    update.object(
        signature,
        &format!(
            "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(D:{})/ByteRange{RANGE}/Contents<{}>>>",
            pdf_zone(&made),
            "0".repeat(key.room() * 2)
        ),
    );
    update.finish(&plan.trailer, plan.previous);
    fill(update.out, at, key)
}

/// What of the file the update touches.
struct Plan {
    root: u32,
    catalog: Dictionary,
    page_number: u32,
    page: Dictionary,
    trailer: Dictionary,
    /// Offset of the cross-reference table so far.
    previous: usize,
    /// The first unused object number.
    next: u32,
}

impl Plan {
    fn of(pdf: &[u8]) -> Result<Self, WriteError> {
        const ODD: WriteError = WriteError::Structure;
        let mut file = File::open(pdf).map_err(|_| ODD)?;
        let trailer = file.trailer.clone();
        let at = pdf.windows(9).rposition(|w| w == b"startxref").ok_or(ODD)?;
        let previous = Parser::new(pdf, at + 9).unsigned().ok_or(ODD)?;
        if !Parser::new(pdf, previous).keyword("xref") {
            return Err(ODD);
        }
        let Object::Reference(root) = *trailer.get("Root") else {
            return Err(ODD);
        };
        let catalog = file.catalog().map_err(|_| ODD)?;
        let (page_number, page) = first_page(&mut file, &catalog).ok_or(ODD)?;
        if catalog.has("AcroForm") || page.has("Annots") {
            return Err(ODD);
        }
        let next = trailer.get("Size").integer().and_then(|n| u32::try_from(n).ok());
        Ok(Self {
            root,
            catalog,
            page_number,
            page,
            trailer,
            previous,
            next: next.filter(|n| *n < 8_000_000).ok_or(ODD)?,
        })
    }
}

fn first_page(file: &mut File, catalog: &Dictionary) -> Option<(u32, Dictionary)> {
    let mut node = catalog.get("Pages").clone();
    for _ in 0..16 {
        let Object::Reference(number) = node else {
            return None;
        };
        let dictionary = file.dictionary(&node).ok()??;
        if dictionary.is_type("Page") {
            return Some((number, dictionary));
        }
        node = file.array(dictionary.get("Kids")).ok()?.first()?.clone();
    }
    None
}

fn insert(dictionary: &mut Dictionary, key: &str, value: Object) {
    dictionary.0.insert(key.as_bytes().to_vec(), value);
}

struct Update {
    out: Vec<u8>,
    offsets: Vec<(u32, usize)>,
}

impl Update {
    fn object(&mut self, number: u32, body: &str) {
        self.offsets.push((number, self.out.len()));
        let text = format!("{number} 0 obj\n{body}\nendobj\n");
        self.out.extend_from_slice(text.as_bytes());
    }

    /// The cross-reference table and trailer of this revision.
    fn finish(&mut self, trailer: &Dictionary, previous: usize) {
        self.offsets.sort_unstable();
        let at = self.out.len();
        let mut table = String::from("xref\n");
        for run in self.offsets.chunk_by(|a, b| a.0 + 1 == b.0) {
            let first = run.first().map_or(0, |(number, _)| *number);
            let _ = writeln!(table, "{first} {}", run.len());
            for (_, offset) in run {
                let _ = writeln!(table, "{offset:010} 00000 n ");
            }
        }
        let size = self.offsets.last().map_or(0, |(number, _)| number + 1);
        let mut trailer = trailer.clone();
        insert(&mut trailer, "Size", Object::Integer(size.into()));
        insert(&mut trailer, "Prev", Object::Integer(i64::try_from(previous).unwrap_or_default()));
        let trailer = Object::Dictionary(trailer);
        let _ = write!(table, "trailer\n{}\nstartxref\n{at}\n%%EOF\n", Shown(&trailer));
        self.out.extend_from_slice(table.as_bytes());
    }
}

/// Writes the byte range, signs, and puts the signature into its hole.
fn fill(mut out: Vec<u8>, at: usize, key: &SealKey) -> Result<Vec<u8>, WriteError> {
    let find = |out: &[u8], what: &[u8]| {
        let tail = out.get(at..).unwrap_or_default();
        tail.windows(what.len()).position(|w| w == what).map(|i| at + i)
    };
    let range_at = find(&out, RANGE.as_bytes()).ok_or(WriteError::Structure)?;
    let start = find(&out, b"/Contents<").ok_or(WriteError::Structure)? + "/Contents".len();
    let end = start + key.room() * 2 + 2;
    let rest = out.len().checked_sub(end).ok_or(WriteError::Structure)?;
    let range = format!("[0 {start:010} {end:010} {rest:010}]");
    put(&mut out, range_at, range.as_bytes());
    let (before, after) = (out.get(..start), out.get(end..));
    let (Some(before), Some(after)) = (before, after) else {
        return Err(WriteError::Structure);
    };
    let cms = key.sign(&[before, after])?;
    if cms.len() > key.room() {
        return Err(WriteError::Key);
    }
    let hex: String = cms.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    put(&mut out, start + 1, hex.as_bytes());
    Ok(out)
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = out.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// `+0200` as PDF writes it, `+02'00'`.
fn pdf_zone(made: &str) -> String {
    match made.split_at_checked(made.len().saturating_sub(2)) {
        Some((rest, minutes)) => format!("{rest}'{minutes}'"),
        None => made.to_owned(),
    }
}

/// An object as PDF writes it; texts in hexadecimal.
struct Shown<'a>(&'a Object);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Object::Null => f.write_str("null"),
            Object::Bool(value) => write!(f, "{value}"),
            Object::Integer(value) => write!(f, "{value}"),
            Object::Real(value) => write!(f, "{value}"),
            Object::Reference(number) => write!(f, "{number} 0 R"),
            Object::Text(bytes) => {
                f.write_str("<")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(">")
            }
            Object::Name(name) => show_name(f, name),
            Object::Array(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    let gap = if i == 0 { "" } else { " " };
                    write!(f, "{gap}{}", Self(item))?;
                }
                f.write_str("]")
            }
            Object::Dictionary(dictionary) => {
                f.write_str("<<")?;
                for (key, value) in &dictionary.0 {
                    show_name(f, key)?;
                    write!(f, " {}", Self(value))?;
                }
                f.write_str(">>")
            }
        }
    }
}

fn show_name(f: &mut std::fmt::Formatter<'_>, name: &[u8]) -> std::fmt::Result {
    f.write_str("/")?;
    for byte in name {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b':') {
            write!(f, "{}", char::from(*byte))?;
        } else {
            write!(f, "#{byte:02x}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn objects() -> impl Strategy<Value = Object> {
        let leaf = prop_oneof![
            Just(Object::Null),
            any::<bool>().prop_map(Object::Bool),
            any::<i64>().prop_map(Object::Integer),
            (0..1_000_000_u32).prop_map(Object::Reference),
            any::<Vec<u8>>().prop_map(Object::Text),
            any::<Vec<u8>>().prop_map(Object::Name),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Object::Array),
                prop::collection::btree_map(any::<Vec<u8>>(), inner, 0..4)
                    .prop_map(|map| Object::Dictionary(Dictionary(map))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(object in objects()) {
            let text = format!("{}", Shown(&object));
            prop_assert_eq!(Parser::new(text.as_bytes(), 0).object(), Ok(object));
        }
    }

    #[test]
    fn the_zone_is_written_as_pdf_wants_it() {
        assert_eq!(pdf_zone("20260521100000+0200"), "20260521100000+02'00'");
    }
}
