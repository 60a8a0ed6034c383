//! Strict base64: canonical padding, no stray bits; only line breaks and blanks may stand between the characters.

use base64::Engine as _;
use base64::engine::general_purpose::PAD;
use base64::engine::simd::Simd;

use super::Defect;

/// Decodes; white space is allowed (SAML bindings let the text be wrapped), anything else foreign is refused.
///
/// # Errors
/// [`Defect::NotBase64`].
pub fn decode(text: &str) -> Result<Vec<u8>, Defect> {
    let engine = Simd::standard(PAD);
    let decoded = engine.decode(text).or_else(|error| {
        if text.bytes().any(blank) {
            let dense: Vec<u8> = text.bytes().filter(|byte| !blank(*byte)).collect();
            engine.decode(dense)
        } else {
            Err(error)
        }
    });
    decoded.map_err(|_| Defect::NotBase64)
}

/// Encodes in one line.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    Simd::standard(PAD).encode(bytes)
}

fn blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_the_only_stranger_that_passes() {
        let long = "QUJD".repeat(40);
        for (text, bytes) in
            [("", ""), ("QQ==", "A"), (" Q\tU\nJ\rD ", "ABC"), (long.as_str(), &"ABC".repeat(40))]
        {
            assert_eq!(decode(text).unwrap(), bytes.as_bytes(), "{text}");
        }
        let strangers = ["-", "_", "*", "\u{a0}", "=", "\u{0}", "%"];
        for bad in ["QQ", "QQ=", "Q", "QR==", "QUJ=D", "QQ==QQ==", "=QQ="] {
            assert_eq!(decode(bad), Err(Defect::NotBase64), "{bad}");
        }
        // the same in the first, the middle and the last block of a long text
        for at in [0, 61, 159] {
            for stranger in strangers {
                let mut text = long.clone();
                text.replace_range(at..=at, stranger);
                assert_eq!(decode(&text), Err(Defect::NotBase64), "{stranger} at {at}");
            }
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for length in [0, 1, 2, 3, 31, 32, 33, 127, 128, 129, 1000] {
            let bytes: Vec<u8> = (0..length).map(|i: u32| (i * 7 % 251) as u8).collect();
            assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }
    }
}
