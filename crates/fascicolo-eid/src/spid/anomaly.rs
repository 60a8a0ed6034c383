//! The refusals that the provider tells us with a status (SPID-E). They may arrive unsigned: they give no trust, and
//! only choose the page that the person sees.

use roxmltree::Node;

use super::Refused;
use crate::xml::{SAMLP, attribute, is};

/// Why the provider did not authenticate the person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anomaly {
    /// 19: wrong credentials too often.
    WrongCredentials,
    /// 20: credentials below the level asked.
    WeakCredentials,
    /// 21: time ran out.
    TimedOut,
    /// 22: no consent to send the attributes.
    ConsentDenied,
    /// 23: identity suspended or revoked, or credentials locked.
    Suspended,
    /// 25: the person cancelled.
    Cancelled,
    /// 30: an identity of another kind (professional, legal person).
    WrongKind,
    /// 8, 9, 11 to 18: our request was wrong. Operators must hear of it.
    OurFault(u16),
    /// Any other, or none.
    Unknown,
}

impl Anomaly {
    /// The anomaly of a number in AgID's table.
    #[must_use]
    pub fn from_number(number: u16) -> Self {
        match number {
            19 => Self::WrongCredentials,
            20 => Self::WeakCredentials,
            21 => Self::TimedOut,
            22 => Self::ConsentDenied,
            23 => Self::Suspended,
            25 => Self::Cancelled,
            30 => Self::WrongKind,
            8 | 9 | 11..=18 => Self::OurFault(number),
            _ => Self::Unknown,
        }
    }

    /// Its number in AgID's table.
    #[must_use]
    pub fn number(&self) -> Option<u16> {
        match self {
            Self::WrongCredentials => Some(19),
            Self::WeakCredentials => Some(20),
            Self::TimedOut => Some(21),
            Self::ConsentDenied => Some(22),
            Self::Suspended => Some(23),
            Self::Cancelled => Some(25),
            Self::WrongKind => Some(30),
            Self::OurFault(number) => Some(*number),
            Self::Unknown => None,
        }
    }
}

const STATUS: &str = "urn:oasis:names:tc:SAML:2.0:status:";

/// Reads a `samlp:Status` (SPID-R6): `None` is success.
pub(super) fn read(status: Option<Node<'_, '_>>) -> Result<Option<Anomaly>, Refused> {
    let status = status.ok_or(Refused::Status)?;
    let code = status
        .first_element_child()
        .filter(|n| is(*n, SAMLP, "StatusCode"))
        .and_then(|n| attribute(n, "Value"))
        .and_then(|value| value.strip_prefix(STATUS));
    match code {
        Some("Success") => Ok(None),
        Some("Requester" | "Responder" | "VersionMismatch") => {
            let message = status.children().find(|n| is(*n, SAMLP, "StatusMessage"));
            let number = message.and_then(|n| n.text()).and_then(number);
            Ok(Some(number.map_or(Anomaly::Unknown, Anomaly::from_number)))
        }
        _ => Err(Refused::Status),
    }
}

/// The number in `ErrorCode nrNN`, however it is spaced, spelt or padded.
fn number(message: &str) -> Option<u16> {
    let lower = message.to_ascii_lowercase();
    let after = lower.split("nr").nth(1)?;
    let digits = after.trim_start_matches([' ', '.', ':', '\u{a0}']);
    let end = digits.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_table_has_its_anomaly_and_says_it_again() {
        for known in [8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 25, 30] {
            assert_eq!(Anomaly::from_number(known).number(), Some(known));
        }
        for other in [0, 1, 2, 7, 10, 24, 26, 29, 31, 999] {
            assert_eq!(Anomaly::from_number(other), Anomaly::Unknown, "{other}");
        }
    }

    #[test]
    fn the_error_code_is_found_in_every_spelling_seen() {
        let cases = [
            ("ErrorCode nr19", Some(19)),
            ("ErrorCode nr08", Some(8)),
            ("ErrorCode nr 22", Some(22)),
            ("errorcode NR25.", Some(25)),
            ("  ErrorCode nr30\n", Some(30)),
            ("nr21: timeout", Some(21)),
            ("ErrorCode", None),
            ("ErrorCode nr", None),
            ("ErrorCode nrX", None),
            ("", None),
            ("nr99999999", None),
        ];
        for (message, expected) in cases {
            assert_eq!(number(message), expected, "{message}");
        }
    }
}
