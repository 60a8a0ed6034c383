//! Strict base64: canonical padding, no stray bits; only line breaks and blanks may stand between the characters.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Defect;

/// Decodes; white space is allowed (SAML bindings let the text be wrapped), anything else foreign is refused.
///
/// # Errors
/// [`Defect::NotBase64`].
pub fn decode(text: &str) -> Result<Vec<u8>, Defect> {
    let spaced = text.bytes().fold(false, |found, byte| found | blank(byte));
    let decoded = if spaced {
        let dense: Vec<u8> = text.bytes().filter(|byte| !blank(*byte)).collect();
        STANDARD.decode(dense)
    } else {
        STANDARD.decode(text)
    };
    decoded.map_err(|_| Defect::NotBase64)
}

/// Encodes in one line.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
