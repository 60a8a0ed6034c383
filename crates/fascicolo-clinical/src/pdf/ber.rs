//! BER to DER. Many signing programs write their CMS with indefinite lengths; what is signed is defined over DER.

const MAX_DEPTH: usize = 32;
const CONSTRUCTED: u8 = 0x20;
const OCTET_STRING: u8 = 0x04;

/// Rewrites the first element of `input` with definite, shortest lengths; what follows it is padding and ignored.
pub(super) fn to_der(input: &[u8]) -> Option<Vec<u8>> {
    let (der, _rest) = element(input, MAX_DEPTH)?;
    Some(der)
}

fn element(input: &[u8], depth: usize) -> Option<(Vec<u8>, &[u8])> {
    let depth = depth.checked_sub(1)?;
    let (&tag, rest) = input.split_first()?;
    if tag & 0x1F == 0x1F {
        return None; // tags of several bytes do not occur in CMS
    }
    let (&length, rest) = rest.split_first()?;
    let (content, rest) = match length {
        0x80 if tag & CONSTRUCTED != 0 => indefinite(rest, tag, depth)?,
        0x80 => return None,
        _ => {
            let (length, rest) = definite(length, rest)?;
            let (content, rest) = rest.split_at_checked(length)?;
            (rewritten(content, tag, depth)?, rest)
        }
    };
    // a string in pieces becomes one
    let tag = if tag == OCTET_STRING | CONSTRUCTED { OCTET_STRING } else { tag };
    Some((tagged(tag, &content), rest))
}

fn definite(first: u8, rest: &[u8]) -> Option<(usize, &[u8])> {
    if first < 0x80 {
        return Some((usize::from(first), rest));
    }
    let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
    if bytes.len() > 4 {
        return None;
    }
    let length = bytes.iter().fold(0_usize, |value, byte| (value << 8) | usize::from(*byte));
    Some((length, rest))
}

fn indefinite(mut rest: &[u8], tag: u8, depth: usize) -> Option<(Vec<u8>, &[u8])> {
    let mut content = Vec::new();
    while !rest.starts_with(&[0, 0]) {
        let (child, after) = element(rest, depth)?;
        append(&mut content, &child, tag)?;
        rest = after;
    }
    Some((content, rest.get(2..)?))
}

fn rewritten(mut rest: &[u8], tag: u8, depth: usize) -> Option<Vec<u8>> {
    if tag & CONSTRUCTED == 0 {
        return Some(rest.to_vec());
    }
    let mut content = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let (child, after) = element(rest, depth)?;
        append(&mut content, &child, tag)?;
        rest = after;
    }
    Some(content)
}

fn append(content: &mut Vec<u8>, child: &[u8], tag: u8) -> Option<()> {
    if tag == OCTET_STRING | CONSTRUCTED {
        let (&first, rest) = child.split_first()?;
        let (&length, rest) = rest.split_first()?;
        let (_, piece) = definite(length, rest)?;
        if first != OCTET_STRING {
            return None;
        }
        content.extend_from_slice(piece);
    } else {
        content.extend_from_slice(child);
    }
    Some(())
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    out.push(tag);
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    match digits.as_slice() {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn indefinite_lengths_and_strings_in_pieces_become_der() {
        let cases: [(&[u8], &[u8]); 5] = [
            (&[0x30, 0x03, 2, 1, 5, 0, 0], &[0x30, 3, 2, 1, 5]),
            (&[0x30, 0x80, 2, 1, 5, 0, 0], &[0x30, 3, 2, 1, 5]),
            (&[0x30, 0x81, 3, 2, 1, 5], &[0x30, 3, 2, 1, 5]),
            (&[0x24, 0x80, 4, 1, 7, 4, 1, 8, 0, 0], &[4, 2, 7, 8]),
            (&[0xA0, 0x80, 0x30, 0x80, 0, 0, 0, 0], &[0xA0, 2, 0x30, 0]),
        ];
        for (ber, der) in cases {
            assert_eq!(to_der(ber).as_deref(), Some(der), "{ber:02x?}");
        }
    }

    #[test]
    fn what_is_cut_off_or_too_deep_is_nothing() {
        for ber in [
            &[][..],
            &[0x30],
            &[0x30, 2, 1],
            &[0x30, 0x80, 2, 1, 5],
            &[4, 0x80, 0, 0],
            &[0x3F, 1, 0],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
            &[0x24, 3, 2, 1, 5],
        ] {
            assert_eq!(to_der(ber), None, "{ber:02x?}");
        }
        assert_eq!(to_der(&[0x30, 0x80].repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer_that_stays_the_same(bytes: Vec<u8>) {
            if let Some(der) = to_der(&bytes) {
                prop_assert_eq!(to_der(&der), Some(der));
            }
        }
    }
}
