//! Makes a codice fiscale from who a person is (L1–L3): the sandbox invents people whose ages follow its clock.

use fascicolo_domain::person::CodiceFiscale;
use fascicolo_domain::person::codice_fiscale::{Malformed, Sex, check_character};
use jiff::civil::Date;

/// What the sixteen characters are made of.
pub struct Particulars<'a> {
    pub family_name: &'a str,
    pub given_name: &'a str,
    pub sex: Sex,
    pub born: Date,
    /// Belfiore code of the municipality or foreign state, as `F205`.
    pub place: &'a str,
    /// How many digits, from the right, are written as letters because somebody else has the same code (L3).
    pub omocodia: u8,
}

const MONTHS: &[u8; 12] = b"ABCDEHLMPRST";
const OMOCODIA: &[u8; 10] = b"LMNPQRSTUV";

/// Makes the code, check character included.
///
/// # Errors
/// The place is no Belfiore code, or a name has no letter of the Latin alphabet.
pub fn codice_fiscale(of: &Particulars<'_>) -> Result<CodiceFiscale, Malformed> {
    let day = of.born.day() + if of.sex == Sex::Female { 40 } else { 0 };
    let month = usize::from(of.born.month().unsigned_abs()) - 1;
    let month = MONTHS.get(month).copied().map_or('A', char::from);
    let year = of.born.year().rem_euclid(100);
    let text =
        format!("{}{}{year:02}{month}{day:02}{}", family(of.family_name), given(of.given_name), of.place);
    let mut body: [u8; 15] = text.into_bytes().try_into().map_err(|_| Malformed::Length)?;
    let digits = body.iter_mut().rev().filter(|c| c.is_ascii_digit());
    for digit in digits.take(usize::from(of.omocodia)) {
        *digit = OMOCODIA.get(usize::from(*digit - b'0')).copied().unwrap_or(*digit);
    }
    let check = char::from(check_character(&body));
    let body = std::str::from_utf8(&body).map_err(|_| Malformed::Character)?;
    CodiceFiscale::parse(&format!("{body}{check}"))
}

/// Three letters of the family name: consonants, then vowels, then X.
fn family(name: &str) -> String {
    let (consonants, vowels) = letters(name);
    consonants.into_iter().chain(vowels).chain(['X'; 3]).take(3).collect()
}

/// Three letters of the given name: as the family name, but the second of four or more consonants is left out.
fn given(name: &str) -> String {
    let (mut consonants, vowels) = letters(name);
    if consonants.len() > 3 {
        consonants.remove(1);
    }
    consonants.into_iter().chain(vowels).chain(['X'; 3]).take(3).collect()
}

/// The consonants and the vowels, in order, without accents, blanks and apostrophes.
fn letters(name: &str) -> (Vec<char>, Vec<char>) {
    name.to_uppercase()
        .chars()
        .map(without_accent)
        .filter(char::is_ascii_uppercase)
        .partition(|c| !"AEIOU".contains(*c))
}

fn without_accent(c: char) -> char {
    match c {
        'À' | 'Á' | 'Â' | 'Ä' => 'A',
        'È' | 'É' | 'Ê' | 'Ë' => 'E',
        'Ì' | 'Í' | 'Î' | 'Ï' => 'I',
        'Ò' | 'Ó' | 'Ô' | 'Ö' => 'O',
        'Ù' | 'Ú' | 'Û' | 'Ü' => 'U',
        'Ç' => 'C',
        'Ñ' => 'N',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn make(family_name: &str, given_name: &str, sex: Sex, born: Date, place: &str) -> String {
        let of = Particulars { family_name, given_name, sex, born, place, omocodia: 0 };
        codice_fiscale(&of).unwrap().as_str().to_owned()
    }

    #[test]
    fn the_letters_follow_the_rule_of_consonants() {
        let born = date(1980, 1, 1);
        let cases = [
            ("Rossi", "Mario", Sex::Male, "RSSMRA80A01H501U"),
            ("Rossi", "Mario", Sex::Female, "RSSMRA80A41H501Y"),
            ("Fo", "Al", Sex::Male, "FOXLAX80A01H501K"),
            ("Re", "Gianfranco", Sex::Male, "REXGFR80A01H501X"), // second consonant left out
            ("D'Aòsta", "Niccolò", Sex::Male, "DSTNCL80A01H501P"),
        ];
        for (family, given, sex, expected) in cases {
            let made = make(family, given, sex, born, "H501");
            assert_eq!(made.get(..15), expected.get(..15), "{family} {given}");
        }
        assert_eq!(make("Rossi", "Mario", Sex::Male, born, "H501"), "RSSMRA80A01H501U");
    }

    #[test]
    fn the_date_and_sex_read_back_for_every_day_of_a_year() {
        let today = date(2026, 11, 25);
        let mut born = date(2007, 12, 31);
        for _ in 0..366 {
            born = born.tomorrow().unwrap();
            for sex in [Sex::Female, Sex::Male] {
                let cf = CodiceFiscale::parse(&make("Bianchi", "Anna", sex, born, "F205")).unwrap();
                assert_eq!((cf.birth_date(today), cf.sex()), (Some(born), sex), "{born}");
            }
        }
    }

    #[test]
    fn omocodia_makes_another_code_of_the_same_person() {
        let with = |omocodia| {
            let of = Particulars {
                family_name: "Rossi",
                given_name: "Mario",
                sex: Sex::Male,
                born: date(1980, 1, 1),
                place: "H501",
                omocodia,
            };
            codice_fiscale(&of).unwrap()
        };
        assert_eq!(with(1).as_str(), "RSSMRA80A01H50MM");
        for n in 1..=7 {
            assert_ne!(with(n), with(n - 1));
            assert_eq!(with(n).birth_date(date(2026, 1, 1)), Some(date(1980, 1, 1)));
        }
    }

    #[test]
    fn a_place_that_is_no_code_makes_nothing() {
        let of = Particulars {
            family_name: "Rossi",
            given_name: "Mario",
            sex: Sex::Male,
            born: date(1980, 1, 1),
            place: "Roma",
            omocodia: 0,
        };
        assert!(codice_fiscale(&of).is_err());
    }
}
