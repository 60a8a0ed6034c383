//! Is the file still the one that was signed, and by whom (REC-R6)? Ranges are checked on the bytes themselves.

use std::ops::Range;

use fascicolo_domain::documents::Signature;
use jiff::Timestamp;

use super::file::File;
use super::syntax::{Dictionary, Object, Parser, from_hex};
use super::{Flaw, TrustAnchors, cms};
use crate::Refused;
use crate::cda::time::timestamp;

const MAX_FIELD_DEPTH: usize = 16;
const MAX_FIELDS: usize = 2_000;
const MAX_SIGNATURES: usize = 16;

/// The state of a file's signatures. Each must hold over what it covers; one must cover the whole file, and it is
/// the one told. What was added later, be it only a time stamp, is told as [`Flaw::Added`].
///
/// # Errors
/// A limit of reading.
pub(super) fn judge(
    bytes: &[u8],
    file: &mut File,
    anchors: &TrustAnchors,
) -> Result<(Signature, Option<Flaw>), Refused> {
    let found = dictionaries(file)?;
    if found.is_empty() {
        // a signature that the newest revision no longer names was taken away after signing
        let stripped = mentions_signature(bytes).then_some(Flaw::Added);
        return Ok((stripped.map_or(Signature::NotSigned, |_| Signature::Broken), stripped));
    }
    let mut whole = None;
    for dictionary in &found {
        match check(bytes, file, dictionary, anchors)? {
            Err(flaw) => return Ok((Signature::Broken, Some(flaw))),
            Ok(checked) if checked.whole => whole = Some(checked.signature),
            Ok(_) => {}
        }
    }
    Ok(match whole {
        Some(signature) => (signature, None),
        None => (Signature::Broken, Some(Flaw::Added)),
    })
}

struct Checked {
    signature: Signature,
    /// Whether it covers the file to its end.
    whole: bool,
}

fn check(
    bytes: &[u8],
    file: &mut File,
    dictionary: &Dictionary,
    anchors: &TrustAnchors,
) -> Result<Result<Checked, Flaw>, Refused> {
    let range = file.array(dictionary.get("ByteRange"))?;
    let contents = file.resolve(dictionary.get("Contents"))?;
    let format = file.resolve(dictionary.get("SubFilter"))?;
    let made = file.resolve(dictionary.get("M"))?;
    Ok(verify(bytes, &range, &contents, &format).map(|(signed, hole_end)| {
        let at = signed.at.or_else(|| made_at(&made));
        Checked {
            whole: hole_end == bytes.len(),
            signature: Signature::Intact {
                signer: cms::subject_name(&signed.signer),
                chain: anchors.judge(&signed.signer, &signed.others, at),
                at,
            },
        }
    }))
}

/// The checked CMS, and where the signed part ends.
fn verify(
    bytes: &[u8],
    range: &[Object],
    contents: &Object,
    format: &Object,
) -> Result<(cms::Signed, usize), Flaw> {
    let bound = match format.name() {
        Some(b"ETSI.CAdES.detached") => true,
        Some(b"adbe.pkcs7.detached") => false,
        _ => return Err(Flaw::Format),
    };
    let (hole, end) = hole(range).ok_or(Flaw::Range)?;
    let before = bytes.get(..hole.start).ok_or(Flaw::Range)?;
    let after = bytes.get(hole.end..end).ok_or(Flaw::Range)?;
    let written = bytes.get(hole).ok_or(Flaw::Range)?;
    let digits = written.strip_prefix(b"<").and_then(|w| w.strip_suffix(b">")).ok_or(Flaw::Contents)?;
    let value = from_hex(digits).ok_or(Flaw::Contents)?;
    if *contents != Object::Text(value.clone()) {
        return Err(Flaw::Contents);
    }
    let signed = cms::check(&value, &[before, after], bound)?;
    Ok((signed, end))
}

/// `[0 a b c]`: the bytes up to `a` and the `c` bytes from `b` on are signed; the signature stands between.
fn hole(range: &[Object]) -> Option<(Range<usize>, usize)> {
    let [zero, first, second, length] = range else {
        return None;
    };
    let (start, end, length) = (first.integer()?, second.integer()?, length.integer()?);
    let sound = zero.integer() == Some(0) && 0 < start && start < end && 0 < length;
    sound.then_some((start..end, end.checked_add(length)?))
}

/// The values of all signature fields.
fn dictionaries(file: &mut File) -> Result<Vec<Dictionary>, Refused> {
    let catalog = file.catalog()?;
    let form = file.dictionary(catalog.get("AcroForm"))?.unwrap_or_default();
    let mut waiting: Vec<(Object, usize)> = Vec::new();
    waiting.extend(file.array(form.get("Fields"))?.into_iter().map(|field| (field, 0)));
    let (mut found, mut seen) = (Vec::new(), 0);
    while let Some((field, depth)) = waiting.pop() {
        seen += 1;
        if seen + waiting.len() > MAX_FIELDS || depth > MAX_FIELD_DEPTH || found.len() > MAX_SIGNATURES {
            return Err(Refused::TooComplex);
        }
        let Some(field) = file.dictionary(&field)? else {
            continue;
        };
        let value = file.dictionary(field.get("V"))?;
        if let Some(value) = value.filter(is_signature)
            && !found.contains(&value)
        {
            found.push(value);
        }
        waiting.extend(file.array(field.get("Kids"))?.into_iter().map(|kid| (kid, depth + 1)));
    }
    if found.len() > MAX_SIGNATURES { Err(Refused::TooComplex) } else { Ok(found) }
}

fn is_signature(value: &Dictionary) -> bool {
    value.has("ByteRange") || value.is_type("Sig") || value.is_type("DocTimeStamp")
}

/// Whether the bytes hold what was once a signature: a sound range with a hexadecimal string in its hole.
fn mentions_signature(bytes: &[u8]) -> bool {
    const KEY: &[u8] = b"/ByteRange";
    let places = bytes.windows(KEY.len()).enumerate().filter(|(_, window)| *window == KEY);
    places.take(MAX_SIGNATURES).any(|(at, _)| {
        let Ok(Object::Array(range)) = Parser::new(bytes, at + KEY.len()).object() else {
            return false;
        };
        hole(&range).is_some_and(|(hole, _)| bytes.get(hole.start) == Some(&b'<'))
    })
}

/// A PDF date, `D:YYYYMMDDHHmmSS+HH'mm'`.
fn made_at(date: &Object) -> Option<Timestamp> {
    let Object::Text(text) = date else {
        return None;
    };
    let text: String = std::str::from_utf8(text).ok()?.replace('\'', "");
    let text = text.strip_prefix("D:").unwrap_or(&text);
    match text.split_once('Z') {
        Some((local, _)) => timestamp(&format!("{local}+0000")),
        None => timestamp(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pdf_dates_are_read() {
        let cases = [
            ("D:20230219224757+01'00'", "2023-02-19T21:47:57Z"),
            ("D:20230219224757+01'00", "2023-02-19T21:47:57Z"),
            ("D:20230219224757Z", "2023-02-19T22:47:57Z"),
            ("D:20230219224757Z00'00'", "2023-02-19T22:47:57Z"),
            ("20230219224757-0500", "2023-02-20T03:47:57Z"),
        ];
        for (text, instant) in cases {
            let date = Object::Text(text.as_bytes().to_vec());
            assert_eq!(made_at(&date), Some(instant.parse().unwrap()), "{text}");
        }
        assert_eq!(made_at(&Object::Null), None);
        assert_eq!(made_at(&Object::Text(b"yesterday".to_vec())), None);
    }

    #[test]
    fn a_range_starts_at_nought_and_leaves_a_hole() {
        let read = |text: &str| match Parser::new(text.as_bytes(), 0).object() {
            Ok(Object::Array(range)) => hole(&range),
            _ => panic!("{text}"),
        };
        assert_eq!(read("[0 10 20 5]"), Some((10..20, 25)));
        for text in [
            "[1 10 20 5]",
            "[0 0 20 5]",
            "[0 20 20 5]",
            "[0 30 20 5]",
            "[0 10 20 0]",
            "[0 10 20 -5]",
            "[0 10 20]",
            "[0 10 20 5 6]",
            "[0 10 20 5.5]",
            "[0 1 9223372036854775807 9223372036854775807]",
        ] {
            let fits = matches!(read(text), Some((_, end)) if end < 1_000);
            assert!(!fits, "{text}");
        }
    }
}
