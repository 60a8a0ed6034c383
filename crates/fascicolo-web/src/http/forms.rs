//! Forms: fields by name, each at most once (ASVS V15.3.7), within the limit of the route.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;

use super::errors::PageError;
use crate::App;

/// The fields of an `application/x-www-form-urlencoded` body, decoded once.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a body.
    ///
    /// # Errors
    /// Not UTF-8 once decoded, or a field twice.
    pub fn parse(body: &[u8]) -> Result<Self, PageError> {
        let pairs: Vec<(String, String)> = pairs_of(body).ok_or(PageError::BadRequest)?;
        for (i, (name, _)) in pairs.iter().enumerate() {
            if pairs.iter().skip(i + 1).any(|(other, _)| other == name) {
                return Err(PageError::BadRequest);
            }
        }
        Ok(Self(pairs))
    }

    /// A field's text; empty when the form does not have it.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    #[must_use]
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl FromRequest<App> for Fields {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self, PageError> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if kind.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
            return Err(PageError::BadRequest);
        }
        let body = Bytes::from_request(request, app).await.map_err(|e| {
            if e.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                PageError::TooLarge
            } else {
                PageError::BadRequest
            }
        })?;
        Self::parse(&body)
    }
}

/// Percent-decoding of form bodies and queries: `+` is a blank, a bad escape or bad UTF-8 is refused.
fn pairs_of(body: &[u8]) -> Option<Vec<(String, String)>> {
    body.split(|b| *b == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut halves = pair.splitn(2, |b| *b == b'=');
            Some((decode(halves.next()?)?, decode(halves.next().unwrap_or_default())?))
        })
        .collect()
}

fn decode(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    // nearly all of a long field stands for itself, and is taken at once
    while let Some(at) = rest.iter().position(|b| matches!(b, b'+' | b'%')) {
        let (plain, odd) = rest.split_at_checked(at)?;
        bytes.extend_from_slice(plain);
        rest = if let [b'%', high, low, after @ ..] = odd {
            let (high, low) = (char::from(*high).to_digit(16)?, char::from(*low).to_digit(16)?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
            after
        } else {
            bytes.push(b' ');
            odd.strip_prefix(b"+")?
        };
    }
    bytes.extend_from_slice(rest);
    String::from_utf8(bytes).ok()
}

/// The pairs of a query string, by the same rules.
///
/// # Errors
/// As [`Fields::parse`].
pub fn query(query: Option<&str>) -> Result<Fields, PageError> {
    Fields::parse(query.unwrap_or_default().as_bytes())
}

/// Encodes a value for a query string.
#[must_use]
pub fn encode(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_field_twice_is_refused_and_a_missing_one_is_empty() {
        let fields = Fields::parse(b"cf=RSS+MRA&numero=a%2Fb&vuoto=").unwrap_or_else(|_| panic!("refused"));
        assert_eq!((fields.text("cf"), fields.text("numero"), fields.text("altro")), ("RSS MRA", "a/b", ""));
        assert_eq!((fields.find("vuoto"), fields.find("altro")), (Some(""), None));
        for bad in [&b"a=1&a=2"[..], b"a=%zz", b"a=%ff", b"a=%f"] {
            assert!(Fields::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes(value in ".{0,60}") {
            let fields = query(Some(&format!("v={}", encode(&value)))).map_err(|_| TestCaseError::fail("refused"))?;
            prop_assert_eq!(fields.text("v"), value);
        }

        #[test]
        fn any_bytes_get_an_answer(body: Vec<u8>) {
            let _ = Fields::parse(&body);
        }
    }
}
