//! The tessera sanitaria: its number, 20 digits on the back (L9, L10). There is no public check digit: only the form
//! can be read here; whose it is and until when, the register says.

use std::fmt;

/// The number of an Italian health card.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardNumber([u8; 20]);

/// Why a text is no card number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    #[error("not 20 digits")]
    Length,
    #[error("a character that is no digit")]
    Character,
    /// A European card of another state: its issuer does not begin with 80380.
    #[error("a card of another state")]
    Foreign,
}

/// Health (80), Italy (380), as every Italian card begins (L10).
const ITALY: &[u8] = b"80380";

impl CardNumber {
    /// Reads a number, with blanks and hyphens anywhere (GEN-G11).
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut digits = [0_u8; 20];
        let mut length = 0;
        for c in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let slot = digits.get_mut(length).ok_or(Malformed::Length)?;
            *slot = u8::try_from(c).ok().filter(u8::is_ascii_digit).ok_or(Malformed::Character)?;
            length += 1;
        }
        if length != 20 {
            return Err(Malformed::Length);
        }
        if digits.starts_with(ITALY) { Ok(Self(digits)) } else { Err(Malformed::Foreign) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The last four digits, by which a person knows the card again.
    #[must_use]
    pub fn last_four(&self) -> &str {
        self.as_str().get(16..).unwrap_or_default()
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_is_read_as_people_write_it_and_each_defect_is_named() {
        let number = CardNumber::parse(" 8038-0003 0012 3456 7890").unwrap();
        assert_eq!((number.as_str(), number.last_four()), ("80380003001234567890", "7890"));
        assert_eq!(format!("{number:?}"), "CardNumber(…)");
        for (text, defect) in [
            ("", Malformed::Length),
            ("8038000300123456789", Malformed::Length),
            ("803800030012345678901", Malformed::Length),
            ("8038000300123456789O", Malformed::Character),
            ("80250003001234567890", Malformed::Foreign),
        ] {
            assert_eq!(CardNumber::parse(text), Err(defect), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(text in ".{0,40}") {
            if let Ok(number) = CardNumber::parse(&text) {
                prop_assert_eq!(CardNumber::parse(number.as_str()), Ok(number));
            }
        }
    }
}
