//! Strict base64url: no padding, no stray bits, no character outside the alphabet.

use base64::Engine as _;
use base64::engine::general_purpose::NO_PAD;
use base64::engine::simd::Simd;

use super::Defect;

/// Decodes.
///
/// # Errors
/// [`Defect::NotBase64`].
pub fn decode(text: &str) -> Result<Vec<u8>, Defect> {
    Simd::url_safe(NO_PAD).decode(text).map_err(|_| Defect::NotBase64)
}

/// Encodes.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    Simd::url_safe(NO_PAD).encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_shortest_spelling_is_decoded() {
        for (text, bytes) in [("", ""), ("QQ", "A"), ("QUI", "AB"), ("QUJD", "ABC")] {
            assert_eq!(decode(text).unwrap(), bytes.as_bytes(), "{text}");
        }
        let long = "QUJD".repeat(40);
        for bad in ["Q", "QQ==", "QQ=", "QR", "QUJDQ", "QU JD", "QUJD\n", "QU+D", "QU/D", "QU.D", "QUÈD"] {
            assert_eq!(decode(bad), Err(Defect::NotBase64), "{bad}");
        }
        for at in [0, 61, 159] {
            for stranger in ["+", "/", "=", " ", "\u{0}", "."] {
                let mut text = long.clone();
                text.replace_range(at..=at, stranger);
                assert_eq!(decode(&text), Err(Defect::NotBase64), "{stranger:?} at {at}");
            }
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for length in [0, 1, 2, 3, 31, 32, 33, 127, 1000] {
            let bytes: Vec<u8> = (0..length).map(|i: u32| (i * 7 % 251) as u8).collect();
            assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }
    }
}
