//! Signing of XML that we wrote ourselves: enveloped signature, exclusive canonical form, RSA with SHA-256, our
//! certificate in `KeyInfo`; and the detached signature of a query string.

use aws_lc_rs::digest;
use roxmltree::{Document, Node};

use super::{
    DS, ENVELOPED, EXC_C14N, KeyError, RSA_SHA256, SHA256, SigningKey, attribute, canonical, encode_base64,
};

/// Where the signature goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// After the first child element, which is the `Issuer` (protocol messages and assertions).
    AfterIssuer,
    /// Before every child (metadata).
    First,
}

/// Signs the element whose `ID` is `reference_id` inside `xml`, and returns `xml` with the signature in it.
///
/// # Errors
/// [`KeyError::NothingToSign`] when there is no such element or place, [`KeyError::Sign`].
pub fn sign_enveloped(
    xml: &str,
    reference_id: &str,
    place: Place,
    key: &SigningKey,
) -> Result<String, KeyError> {
    let document = Document::parse(xml).map_err(|_| KeyError::NothingToSign)?;
    let target = document
        .descendants()
        .find(|n| attribute(*n, "ID") == Some(reference_id))
        .ok_or(KeyError::NothingToSign)?;
    let at = match place {
        Place::First => target.first_child().map(|n| n.range().start),
        Place::AfterIssuer => target
            .first_element_child()
            .filter(|n| n.tag_name().name() == "Issuer")
            .map(|n: Node<'_, '_>| n.range().end),
    };
    let (before, after) = at.and_then(|at| xml.split_at_checked(at)).ok_or(KeyError::NothingToSign)?;
    let content = canonical(target, None, &[]).map_err(|_| KeyError::NothingToSign)?;
    let digest = digest::digest(&digest::SHA256, content.as_bytes());
    let signed_info = signed_info(reference_id, digest.as_ref());
    let value = key.sign(signed_info.as_bytes())?;
    Ok(format!(
        "{before}<ds:Signature xmlns:ds=\"{DS}\">{signed_info}<ds:SignatureValue>{}</ds:SignatureValue>\
         <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
         </ds:Signature>{after}",
        encode_base64(&value),
        key.certificate_base64(),
    ))
}

/// Written in canonical form already, with the namespace that the parent declares too.
fn signed_info(reference_id: &str, digest: &[u8]) -> String {
    format!(
        "<ds:SignedInfo xmlns:ds=\"{DS}\">\
         <ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{reference_id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform>\
         <ds:Transform Algorithm=\"{EXC_C14N}\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod>\
         <ds:DigestValue>{}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
        encode_base64(digest)
    )
}

/// Adds `SigAlg` and `Signature` to a query whose values are already encoded (SPID-A9).
///
/// # Errors
/// [`KeyError::Sign`].
pub fn sign_query(query: &str, key: &SigningKey) -> Result<String, KeyError> {
    let signed = format!("{query}&SigAlg={}", percent(RSA_SHA256));
    let signature = percent(&encode_base64(&key.sign(signed.as_bytes())?));
    Ok(format!("{signed}&Signature={signature}"))
}

/// Percent-encodes all but the unreserved characters, with upper-case digits.
pub(crate) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.extend(char::from_digit(u32::from(digit), 16).map(|c| c.to_ascii_uppercase()));
            }
        }
    }
    out
}

/// Undoes percent-encoding. `plus` is what a bare `+` stands for; to some it is a blank, to others itself: `None` refuses
/// it. `None` comes back for a broken escape, or what is not UTF-8.
pub(crate) fn unpercent(text: &str, plus: Option<u8>) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => plus?,
            b'%' => {
                let digit = |b: Option<u8>| char::from(b?).to_digit(16);
                u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?
            }
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Escapes text for an attribute or an element that we write.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
