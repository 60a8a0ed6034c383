//! The numbers people type: the document number and the printed check number.

use std::fmt;

/// The alphabet of Crockford's base 32, and the five more that only the check symbol may use.
const SYMBOLS: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

/// 80 random bits, printed beside the document as 16 symbols of Crockford base 32 and one check symbol (REC-V1).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CheckNumber([u8; 10]);

/// Why a text is no check number; told before any look-up (REC-V4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    #[error("not 17 symbols")]
    Length,
    #[error("a symbol that cannot stand there")]
    Symbol,
    #[error("the check symbol does not match")]
    Check,
}

impl CheckNumber {
    #[must_use]
    pub fn new(random: [u8; 10]) -> Self {
        Self(random)
    }

    /// Reads a check number in any case, with blanks and hyphens; O is read as 0, I and L as 1.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let symbols: Vec<char> = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let [body @ .., check] = symbols.as_slice() else {
            return Err(Malformed::Length);
        };
        if body.len() != 16 {
            return Err(Malformed::Length);
        }
        let mut bits = 0_u128;
        for symbol in body {
            let value = value_of(*symbol).filter(|v| *v < 32).ok_or(Malformed::Symbol)?;
            bits = bits << 5 | u128::from(value);
        }
        if value_of(*check).ok_or(Malformed::Symbol)? != check_value(bits) {
            return Err(Malformed::Check);
        }
        let [_, _, _, _, _, _, number @ ..] = bits.to_be_bytes();
        Ok(Self(number))
    }

    /// The 17 symbols without hyphens: the form in the store and in the QR.
    #[must_use]
    pub fn compact(&self) -> String {
        let bits = self.bits();
        let body = (0..16).rev().map(|i| (bits >> (5 * i)) as u8 & 31);
        body.chain([check_value(bits)])
            .filter_map(|v| SYMBOLS.get(usize::from(v)))
            .map(|s| char::from(*s))
            .collect()
    }

    fn bits(&self) -> u128 {
        self.0.iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte))
    }
}

/// As printed: groups of four.
impl fmt::Display for CheckNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, symbol) in self.compact().chars().enumerate() {
            if i > 0 && i % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{symbol}")?;
        }
        Ok(())
    }
}

/// Whoever has the number may verify the document: it stays out of logs.
impl fmt::Debug for CheckNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckNumber(…)")
    }
}

fn check_value(bits: u128) -> u8 {
    u8::try_from(bits % 37).unwrap_or(0)
}

fn value_of(symbol: char) -> Option<u8> {
    let symbol = match symbol.to_ascii_uppercase() {
        'O' => b'0',
        'I' | 'L' => b'1',
        other => u8::try_from(other).ok()?,
    };
    SYMBOLS.iter().position(|s| *s == symbol).and_then(|i| u8::try_from(i).ok())
}

/// The number a producer gave the document: the extension of its national identifier, up to 128 visible characters.
/// It may contain a codice fiscale: never echoed, never logged (REC-V3).
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentNumber(String);

impl DocumentNumber {
    /// Reads a number; blanks around it are dropped, within it refused.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let visible = text.bytes().all(|b| b.is_ascii_graphic());
        (visible && (1..=128).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DocumentNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_defect_is_named() {
        let good = CheckNumber::new([0x13, 0x37, 0xc0, 0xde, 1, 2, 3, 4, 5, 6]).to_string();
        assert_eq!(good.len(), 21);
        assert_eq!(CheckNumber::parse(""), Err(Malformed::Length));
        assert_eq!(CheckNumber::parse(&good[1..]), Err(Malformed::Length));
        assert_eq!(CheckNumber::parse(&good.replacen(&good[..1], "U", 1)), Err(Malformed::Symbol));
        assert_eq!(CheckNumber::parse(&good.replacen(&good[..1], "è", 1)), Err(Malformed::Symbol));
        let other = if good.ends_with('7') { "8" } else { "7" };
        assert_eq!(CheckNumber::parse(&format!("{}{other}", &good[..20])), Err(Malformed::Check));
    }

    #[test]
    fn a_document_number_has_no_blanks_within_and_tells_nothing_in_debug() {
        assert_eq!(DocumentNumber::parse(" 030.X^1 ").unwrap().as_str(), "030.X^1");
        assert!(DocumentNumber::parse("a b").is_none() && DocumentNumber::parse("").is_none());
        assert!(DocumentNumber::parse(&"x".repeat(129)).is_none());
        assert_eq!(format!("{:?}", DocumentNumber::parse("X").unwrap()), "DocumentNumber(…)");
    }

    proptest! {
        #[test]
        fn a_printed_number_reads_back_however_it_is_typed(random: [u8; 10]) {
            let number = CheckNumber::new(random);
            let typed = number.to_string().to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            prop_assert_eq!(CheckNumber::parse(&typed), Ok(number));
            prop_assert_eq!(CheckNumber::parse(&number.compact()), Ok(number));
        }

        #[test]
        fn one_wrong_symbol_is_always_told(random: [u8; 10], at in 0_usize..16, with in 0_usize..32) {
            let mut typed = CheckNumber::new(random).compact().into_bytes();
            prop_assume!(typed[at] != SYMBOLS[with]);
            typed[at] = SYMBOLS[with];
            prop_assert_eq!(CheckNumber::parse(std::str::from_utf8(&typed).unwrap()), Err(Malformed::Check));
        }

        #[test]
        fn any_text_gets_an_answer(text in ".{0,40}") {
            let _ = CheckNumber::parse(&text);
        }
    }
}
