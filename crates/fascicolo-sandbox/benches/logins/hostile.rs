//! Answers that must open nothing, as a stranger or a thief of answers would send them.

use bytes::Bytes;
use fascicolo_eid::xml::{SAML, SAMLP, decode_base64, encode_base64};

use crate::site::{Handed, Login};

/// The most XML that a field of 256 KiB can hold, less a little.
const LARGEST: usize = 190 * 1024;

/// What is wrong with an answer.
#[derive(Clone, Copy)]
pub(crate) enum Sort {
    Garbage,
    TooLong,
    NotPending,
    OtherBrowser,
    Tampered,
    Wrapped,
    Doctype,
    Nested,
    Attributes,
}

impl Sort {
    pub(crate) const ALL: [(&'static str, Self); 9] = [
        ("20 KB that are not base64", Self::Garbage),
        ("a field of 300 KB", Self::TooLong),
        ("well formed, without a pending login", Self::NotPending),
        ("validly signed, in another browser", Self::OtherBrowser),
        ("changed after signing, login pending", Self::Tampered),
        ("a forged Assertion beside the signed one", Self::Wrapped),
        ("a document type", Self::Doctype),
        ("elements one in the other", Self::Nested),
        ("250 KB of attributes", Self::Attributes),
    ];

    /// What the provider shall do wrong.
    pub(crate) fn mistake(self) -> Option<&'static str> {
        match self {
            Self::Tampered => Some("manomessa"),
            Self::Wrapped => Some("affiancata"),
            Self::Doctype => Some("doctype"),
            Self::Garbage
            | Self::TooLong
            | Self::NotPending
            | Self::OtherBrowser
            | Self::Nested
            | Self::Attributes => None,
        }
    }

    /// Whether each needs a login of its own, which it uses up.
    pub(crate) fn uses_up(self) -> bool {
        matches!(self, Self::Tampered | Self::Wrapped)
    }

    /// Such an answer, made of what the provider answered for this login.
    pub(crate) fn of(self, login: &Login, handed: &Handed) -> Bytes {
        let carry = |saml_response: String| {
            Handed { saml_response, relay_state: handed.relay_state.clone() }.post(&login.cookie)
        };
        match self {
            Self::Garbage => carry("<*>!".repeat(5_000)),
            Self::TooLong => carry(encode_base64(&[b'x'; 225 * 1024])),
            Self::NotPending => carry(not_pending(handed)),
            // the cookie's name is no secret, its value is
            Self::OtherBrowser => {
                let (name, value) = login.cookie.split_once('=').unwrap();
                handed.post(&format!("{name}={}", reversed(value)))
            }
            Self::Tampered | Self::Wrapped | Self::Doctype => handed.post(&login.cookie),
            Self::Nested => {
                let depth = LARGEST / 7;
                carry(filled(&format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth))))
            }
            Self::Attributes => {
                let attributes: String = (0..60).map(|i| format!(" a{i}=''")).collect();
                let tag = format!("<a{attributes}/>");
                carry(filled(&tag.repeat(LARGEST / tag.len())))
            }
        }
    }
}

/// The answer to a login that nobody began, in a browser that has a cookie for it.
fn not_pending(handed: &Handed) -> String {
    let xml = String::from_utf8(decode_base64(&handed.saml_response).unwrap()).unwrap();
    let id = xml.split("InResponseTo=\"").nth(1).unwrap().split('"').next().unwrap();
    // the cookie's name is made of the first letters
    let (start, end) = id.split_at(id.len() - 8);
    encode_base64(xml.replace(id, &format!("{start}{}", reversed(end))).as_bytes())
}

fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

/// A Response with something in it that does not belong there.
fn filled(what: &str) -> String {
    let xml = format!(
        "<samlp:Response xmlns:samlp=\"{SAMLP}\" xmlns:saml=\"{SAML}\" ID=\"_r\" Version=\"2.0\" \
         InResponseTo=\"_1\">{what}</samlp:Response>"
    );
    encode_base64(xml.as_bytes())
}
