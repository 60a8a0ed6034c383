//! The filters of a stream, within a limit of what it may expand to.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::syntax::{Dictionary, Object, from_hex};
use crate::Refused;

const MAX_FILTERS: usize = 4;
const MAX_COLUMNS: usize = 65_536;

/// Undoes the filters of a stream; the result has at most `limit` bytes, else [`Refused::Bomb`].
///
/// # Errors
/// A filter we do not know (only `FlateDecode` and `ASCIIHexDecode` are), or damaged data.
pub(super) fn decoded(dictionary: &Dictionary, raw: &[u8], limit: usize) -> Result<Vec<u8>, Refused> {
    let filters = several(dictionary.get("Filter"));
    let parameters = several(dictionary.get("DecodeParms"));
    if filters.len() > MAX_FILTERS {
        return Err(Refused::TooComplex);
    }
    let mut data = raw.to_vec();
    for (i, filter) in filters.iter().enumerate() {
        data = match filter.name() {
            Some(b"FlateDecode" | b"Fl") => {
                let plain = inflate(&data, limit)?;
                match parameters.get(i) {
                    Some(Object::Dictionary(parameters)) => unpredicted(plain, parameters)?,
                    _ => plain,
                }
            }
            Some(b"ASCIIHexDecode" | b"AHx") => {
                let digits = data.split(|b| *b == b'>').next().unwrap_or_default();
                from_hex(digits).ok_or(Refused::PdfStructure)?
            }
            Some(b"Crypt") => return Err(Refused::PdfEncrypted),
            _ => return Err(Refused::PdfStructure),
        };
    }
    if data.len() > limit { Err(Refused::Bomb) } else { Ok(data) }
}

/// One object or an array of them.
fn several(object: &Object) -> &[Object] {
    match object {
        Object::Array(items) => items,
        Object::Null => &[],
        one => std::slice::from_ref(one),
    }
}

fn inflate(data: &[u8], limit: usize) -> Result<Vec<u8>, Refused> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut plain = Vec::new();
    ZlibDecoder::new(data).take(most).read_to_end(&mut plain).map_err(|_| Refused::PdfStructure)?;
    if plain.len() > limit { Err(Refused::Bomb) } else { Ok(plain) }
}

/// Undoes a PNG predictor, as cross-reference streams use it.
fn unpredicted(data: Vec<u8>, parameters: &Dictionary) -> Result<Vec<u8>, Refused> {
    let number = |key: &str, missing| match parameters.get(key) {
        Object::Null => Ok(missing),
        object => object.integer().filter(|n| (1..=MAX_COLUMNS).contains(n)).ok_or(Refused::PdfStructure),
    };
    match number("Predictor", 1)? {
        1 => return Ok(data),
        10..=15 => {}
        _ => return Err(Refused::PdfStructure),
    }
    let bits = number("Colors", 1)? * number("BitsPerComponent", 8)?;
    let pixel = bits.div_ceil(8);
    // a row is never wider than what there is
    let width = (bits * number("Columns", 1)?).div_ceil(8).min(data.len());
    let mut out = Vec::with_capacity(data.len());
    let mut above = vec![0_u8; width];
    for row in data.chunks(width + 1) {
        let (filter, row) = row.split_first().ok_or(Refused::PdfStructure)?;
        let mut line = Vec::with_capacity(width);
        for (i, &byte) in row.iter().enumerate() {
            let left = i.checked_sub(pixel);
            let a = left.and_then(|i| line.get(i)).copied().unwrap_or_default();
            let b = above.get(i).copied().unwrap_or_default();
            let c = left.and_then(|i| above.get(i)).copied().unwrap_or_default();
            line.push(byte.wrapping_add(match filter {
                0 => 0,
                1 => a,
                2 => b,
                3 => a.midpoint(b),
                4 => paeth(a, b, c),
                _ => return Err(Refused::PdfStructure),
            }));
        }
        out.extend_from_slice(&line);
        above = line;
    }
    Ok(out)
}

/// The PNG specification's choice among the neighbours.
fn paeth(a: u8, b: u8, c: u8) -> u8 {
    let guess = i16::from(a) + i16::from(b) - i16::from(c);
    let far = |x: u8| (guess - i16::from(x)).abs();
    if far(a) <= far(b) && far(a) <= far(c) {
        a
    } else if far(b) <= far(c) {
        b
    } else {
        c
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::super::syntax::Parser;
    use super::*;

    fn deflated(data: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn undo(dictionary: &str, data: &[u8], limit: usize) -> Result<Vec<u8>, Refused> {
        match Parser::new(dictionary.as_bytes(), 0).object() {
            Ok(Object::Dictionary(dictionary)) => decoded(&dictionary, data, limit),
            _ => panic!("{dictionary}"),
        }
    }

    #[test]
    fn filters_are_undone_in_their_order() {
        let hex: String = deflated(b"hello").iter().map(|b| format!("{b:02x}")).collect();
        let chain = "<</Filter[/ASCIIHexDecode/FlateDecode]>>";
        assert_eq!(undo(chain, format!("{hex}>").as_bytes(), 5), Ok(b"hello".to_vec()));
        assert_eq!(undo("<<>>", b"hello", 5), Ok(b"hello".to_vec()));
    }

    #[test]
    fn what_expands_beyond_the_limit_is_a_bomb() {
        let zeros = deflated(&vec![0; 1_000_000]);
        assert!(undo("<</Filter/FlateDecode>>", &zeros, 1_000_000).is_ok());
        assert_eq!(undo("<</Filter/FlateDecode>>", &zeros, 999_999), Err(Refused::Bomb));
        assert_eq!(undo("<<>>", b"hello", 4), Err(Refused::Bomb));
    }

    #[test]
    fn unknown_filters_and_damaged_data_are_refused() {
        assert_eq!(undo("<</Filter/LZWDecode>>", b"", 9), Err(Refused::PdfStructure));
        assert_eq!(undo("<</Filter/FlateDecode>>", b"hello", 9), Err(Refused::PdfStructure));
        assert_eq!(undo("<</Filter/Crypt>>", b"", 9), Err(Refused::PdfEncrypted));
        let many = format!("<</Filter[{}]>>", "/FlateDecode".repeat(MAX_FILTERS + 1));
        assert_eq!(undo(&many, b"", 9), Err(Refused::TooComplex));
    }

    #[test]
    fn each_png_predictor_is_undone() {
        let rows = [[0, 1, 2, 3], [1, 1, 1, 1], [2, 1, 1, 1], [3, 1, 1, 1], [4, 1, 1, 1]].concat();
        let dictionary = "<</Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 3>>>>";
        let plain = undo(dictionary, &deflated(&rows), 100).unwrap();
        assert_eq!(plain, [1, 2, 3, 1, 2, 3, 2, 3, 4, 2, 3, 4, 3, 4, 5]);
        // 32 TiB wide, of which there are three bytes
        let wide = "<</Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 65536/Colors 65536/BitsPerComponent 65536>>>>";
        assert_eq!(undo(wide, &deflated(&[0, 1, 2, 3]), 100).unwrap(), [1, 2, 3]);
        let other = "<</Filter/FlateDecode/DecodeParms<</Predictor 2/Columns 3>>>>";
        assert_eq!(undo(other, &deflated(&rows), 100), Err(Refused::PdfStructure));
    }
}
