//! The codice fiscale: form, check character, omocodia, date of birth (L1–L8).

use std::fmt;

use jiff::civil::Date;

/// A well-formed codice fiscale of 16 characters, upper case, check character proved.
/// It is a whole name: two people may share everything but their omocodia (L8), so it is never "decoded back".
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodiceFiscale([u8; 16]);

/// Why a text is no codice fiscale. Told to the person before any look-up (REC-V4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    #[error("not 16 characters")]
    Length,
    #[error("a character that cannot stand there")]
    Character,
    #[error("the check character does not match")]
    Check,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sex {
    Female,
    Male,
}

/// What each position may hold: a letter, a digit or its omocodia letter, the month letter.
const SHAPE: &[u8; 16] = b"LLLLLLDDMDDLDDDL";
const MONTHS: &[u8; 12] = b"ABCDEHLMPRST";
/// The letters that stand for 0 to 9 in a case of omocodia (L3).
const OMOCODIA: &[u8; 10] = b"LMNPQRSTUV";
/// The values of 0–9 (and A–J) and of A–Z at odd positions (L2).
const ODD: [u8; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

impl CodiceFiscale {
    /// Reads a codice fiscale in any case and with blanks (GEN-G11).
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut chars = [0_u8; 16];
        let mut length = 0;
        for c in text.chars().filter(|c| !c.is_whitespace()) {
            let slot = chars.get_mut(length).ok_or(Malformed::Length)?;
            *slot = u8::try_from(c).map_err(|_| Malformed::Character)?.to_ascii_uppercase();
            length += 1;
        }
        if length != 16 {
            return Err(Malformed::Length);
        }
        for (&c, &shape) in chars.iter().zip(SHAPE) {
            let fits = match shape {
                b'D' => digit(c).is_some(),
                b'M' => MONTHS.contains(&c),
                _ => c.is_ascii_uppercase(),
            };
            if !fits {
                return Err(Malformed::Character);
            }
        }
        let [body @ .., check] = chars;
        if check_character(&body) == check { Ok(Self(chars)) } else { Err(Malformed::Check) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    #[must_use]
    pub fn sex(&self) -> Sex {
        if self.number(9) > 40 { Sex::Female } else { Sex::Male }
    }

    /// The date of birth it encodes, in the latest century that is not in the future (L4).
    /// `None` when it encodes no date, as 31 February.
    #[must_use]
    pub fn birth_date(&self, today: Date) -> Option<Date> {
        let month = self.0.get(8).and_then(|c| MONTHS.iter().position(|m| m == c))?;
        let month = i8::try_from(month).ok()? + 1;
        let day = i8::try_from(self.number(9) % 40).ok()?;
        let year = i16::from(self.number(6));
        let century = today.year() / 100 * 100;
        [century, century - 100]
            .into_iter()
            .filter_map(|century| Date::new(century + year, month, day).ok())
            .find(|date| *date <= today)
    }

    /// The two digits at a position, omocodia undone.
    fn number(&self, at: usize) -> u8 {
        let value = |i| self.0.get(i).copied().and_then(digit).unwrap_or(0);
        value(at) * 10 + value(at + 1)
    }
}

/// Makes the check character of 15 characters (L2).
#[must_use]
pub fn check_character(body: &[u8; 15]) -> u8 {
    let sum: u32 = body
        .iter()
        .enumerate()
        .map(|(i, &c)| {
            let value = if c.is_ascii_digit() { c - b'0' } else { c.wrapping_sub(b'A') % 26 };
            // counted from one, odd positions take the table
            let weight = if i % 2 == 0 { ODD.get(usize::from(value)).copied().unwrap_or(0) } else { value };
            u32::from(weight)
        })
        .sum();
    b'A' + u8::try_from(sum % 26).unwrap_or(0)
}

fn digit(c: u8) -> Option<u8> {
    if c.is_ascii_digit() {
        return Some(c - b'0');
    }
    OMOCODIA.iter().position(|o| *o == c).and_then(|i| u8::try_from(i).ok())
}

impl fmt::Debug for CodiceFiscale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodiceFiscale(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn known_codes_are_read_with_their_birth_date_and_sex() {
        let today = date(2026, 11, 25);
        let cases = [
            ("RSSMRA80A01H501U", date(1980, 1, 1), Sex::Male),
            (" gda sdv 00a01 h501j ", date(2000, 1, 1), Sex::Male),
            ("RSSMRA80A41H501Y", date(1980, 1, 1), Sex::Female),
            ("RSSMRA80A01H50MM", date(1980, 1, 1), Sex::Male), // omocodia in the last digit
        ];
        for (text, born, sex) in cases {
            let cf = CodiceFiscale::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!((cf.birth_date(today), cf.sex()), (Some(born), sex), "{text}");
        }
    }

    #[test]
    fn each_defect_is_named() {
        let cases = [
            ("", Malformed::Length),
            ("RSSMRA80A01H501", Malformed::Length),
            ("RSSMRA80A01H501UU", Malformed::Length),
            ("RSSMRA80A01H501È", Malformed::Character),
            ("RSSMRA80F01H501U", Malformed::Character), // F is no month
            ("RSSMRA8AA01H501U", Malformed::Character), // A is no omocodia letter
            ("RSSMRA80A01H501V", Malformed::Check),
        ];
        for (text, defect) in cases {
            assert_eq!(CodiceFiscale::parse(text), Err(defect), "{text}");
        }
    }

    #[test]
    fn the_century_is_the_latest_not_in_the_future() {
        let cf = |body: &[u8; 15]| {
            let text = format!("{}{}", std::str::from_utf8(body).unwrap(), char::from(check_character(body)));
            CodiceFiscale::parse(&text).unwrap()
        };
        let born_25_november_26 = cf(b"RSSMRA26S25H501");
        assert_eq!(born_25_november_26.birth_date(date(2026, 11, 25)), Some(date(2026, 11, 25)));
        assert_eq!(born_25_november_26.birth_date(date(2026, 11, 24)), Some(date(1926, 11, 25)));
        // 29 February exists in 2000 but not in 1900
        assert_eq!(cf(b"RSSMRA00B29H501").birth_date(date(2026, 1, 1)), Some(date(2000, 2, 29)));
        assert_eq!(cf(b"RSSMRA01B29H501").birth_date(date(2026, 1, 1)), None);
    }

    proptest! {
        #[test]
        fn a_single_wrong_character_never_passes_as_another_letter(at in 0_usize..6, letter in b'A'..=b'Z') {
            let mut text = *b"RSSMRA80A01H501U";
            prop_assume!(text[at] != letter);
            text[at] = letter;
            prop_assert_eq!(CodiceFiscale::parse(std::str::from_utf8(&text).unwrap()), Err(Malformed::Check));
        }

        #[test]
        fn any_text_gets_an_answer(text in ".{0,40}") {
            if let Ok(cf) = CodiceFiscale::parse(&text) {
                prop_assert_eq!(CodiceFiscale::parse(cf.as_str()), Ok(cf));
                let _ = cf.birth_date(date(2026, 11, 25));
            }
        }
    }
}
