//! What a verifier typed, and what is wrong with it: told before anything is looked up (REC-V4).

use fascicolo_domain::person::{CodiceFiscale, codice_fiscale};
use fascicolo_domain::secret::Digest;
use fascicolo_domain::verification::number::Malformed;
use fascicolo_domain::verification::{CheckNumber, DocumentNumber};

/// The fields of the form, as typed.
#[derive(Clone, Default)]
pub(super) struct Typed {
    pub(super) codice_fiscale: String,
    pub(super) number: String,
    /// Of the file, by the browser's script or by us as it streamed through.
    pub(super) digest: Option<Digest>,
}

/// What is asked.
#[derive(Clone)]
pub struct Question {
    pub about: About,
    pub digest: Option<Digest>,
}

/// Which document.
#[derive(Clone)]
pub enum About {
    /// The check number alone.
    Printed(CheckNumber),
    /// A person, and one of their documents by either number. A producer's number may look like a check number.
    Named { codice_fiscale: CodiceFiscale, number: DocumentNumber, printed: Option<CheckNumber> },
}

/// What to correct, in the order of the fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wrong {
    CodiceFiscale(codice_fiscale::Malformed),
    NumberMissing,
    /// Blanks within, or longer than any number.
    NumberUnlike,
    /// A check number with a typo.
    CheckNumber(Malformed),
    /// By itself only a check number says which document is meant.
    CodiceFiscaleMissing,
}

impl Wrong {
    /// The field's id on the page.
    #[must_use]
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::CodiceFiscale(_) | Self::CodiceFiscaleMissing => "cf",
            Self::NumberMissing | Self::NumberUnlike | Self::CheckNumber(_) => "numero",
        }
    }

    /// The text key of what to do.
    #[must_use]
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::CodiceFiscale(codice_fiscale::Malformed::Length) => "verification.wrong.cf_length",
            Self::CodiceFiscale(codice_fiscale::Malformed::Character) => "verification.wrong.cf_character",
            Self::CodiceFiscale(codice_fiscale::Malformed::Check) => "verification.wrong.cf_check",
            Self::NumberMissing => "verification.wrong.number_missing",
            Self::NumberUnlike => "verification.wrong.number_unlike",
            Self::CheckNumber(Malformed::Length) => "verification.wrong.check_length",
            Self::CheckNumber(Malformed::Symbol | Malformed::Check) => "verification.wrong.check_symbol",
            Self::CodiceFiscaleMissing => "verification.wrong.cf_missing",
        }
    }
}

impl Typed {
    /// Reads the fields.
    ///
    /// # Errors
    /// What to correct.
    pub(super) fn parse(&self) -> Result<Question, Vec<Wrong>> {
        let number = self.number.trim();
        let printed = CheckNumber::parse(number);
        let about = if self.codice_fiscale.trim().is_empty() {
            match printed {
                Ok(printed) => Ok(About::Printed(printed)),
                Err(_) if number.is_empty() => Err(vec![Wrong::NumberMissing]),
                Err(typo) if in_groups(number) => Err(vec![Wrong::CheckNumber(typo)]),
                Err(Malformed::Check) => Err(vec![Wrong::CheckNumber(Malformed::Check)]),
                Err(Malformed::Length | Malformed::Symbol) => Err(vec![Wrong::CodiceFiscaleMissing]),
            }
        } else {
            named(&self.codice_fiscale, number, printed)
        };
        Ok(Question { about: about?, digest: self.digest })
    }
}

fn named(
    codice_fiscale: &str,
    number: &str,
    printed: Result<CheckNumber, Malformed>,
) -> Result<About, Vec<Wrong>> {
    let person = CodiceFiscale::parse(codice_fiscale).map_err(Wrong::CodiceFiscale);
    let typo = printed.err().filter(|_| in_groups(number)).map(Wrong::CheckNumber);
    // a check number typed with blanks is no document number and needs none
    let number = match (number, printed, typo) {
        ("", _, _) => Err(Wrong::NumberMissing),
        (_, _, Some(typo)) => Err(typo),
        (_, Ok(printed), None) => DocumentNumber::parse(number)
            .or_else(|| DocumentNumber::parse(&printed.compact()))
            .ok_or(Wrong::NumberUnlike),
        (_, Err(_), None) => DocumentNumber::parse(number).ok_or(Wrong::NumberUnlike),
    };
    match (person, number) {
        (Ok(codice_fiscale), Ok(number)) => {
            Ok(About::Named { codice_fiscale, number, printed: printed.ok() })
        }
        (person, number) => Err(person.err().into_iter().chain(number.err()).collect()),
    }
}

/// Written as check numbers are printed, four groups of four and one more: then it is one, with a typo.
fn in_groups(number: &str) -> bool {
    let groups: Vec<usize> = number
        .split(|c: char| c == '-' || c.is_whitespace())
        .filter(|group| !group.is_empty())
        .map(|group| group.chars().count())
        .collect();
    groups.len() == 5 && groups.iter().filter(|length| **length == 4).count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    const CF: &str = "RSSMRA80A01H501U";

    fn ask(codice_fiscale: &str, number: &str) -> Result<About, Vec<Wrong>> {
        let typed = Typed { codice_fiscale: codice_fiscale.into(), number: number.into(), digest: None };
        typed.parse().map(|question| question.about)
    }

    fn printed() -> String {
        CheckNumber::new([0x13, 0x37, 0xc0, 0xde, 1, 2, 3, 4, 5, 6]).to_string()
    }

    #[test]
    fn a_check_number_is_enough_by_itself_however_it_is_typed() {
        for typed in [printed(), printed().to_lowercase().replace('-', " "), printed().replace('-', "")] {
            assert!(matches!(ask("", &typed), Ok(About::Printed(_))), "{typed}");
            assert!(matches!(ask(CF, &typed), Ok(About::Named { printed: Some(_), .. })), "{typed}");
        }
    }

    #[test]
    fn a_document_number_needs_the_person() {
        assert_eq!(ask("", "030702.X.1").err(), Some(vec![Wrong::CodiceFiscaleMissing]));
        assert!(matches!(ask(" rssmra80a01h501u ", "030702.X.1"), Ok(About::Named { printed: None, .. })));
    }

    #[test]
    fn each_typo_is_told_at_its_field() {
        let mut typo = printed().into_bytes();
        typo[0] = if typo[0] == b'A' { b'B' } else { b'A' };
        let typo = String::from_utf8(typo).unwrap();
        let short = printed()[..20].to_owned() + "-";
        let cases = [
            ("", "", vec![Wrong::NumberMissing]),
            ("", typo.as_str(), vec![Wrong::CheckNumber(Malformed::Check)]),
            (CF, typo.as_str(), vec![Wrong::CheckNumber(Malformed::Check)]),
            (
                "RSSMRA80A01H501V",
                "",
                vec![Wrong::CodiceFiscale(codice_fiscale::Malformed::Check), Wrong::NumberMissing],
            ),
            ("RSSMRA80A01H501", "X1", vec![Wrong::CodiceFiscale(codice_fiscale::Malformed::Length)]),
            (CF, "X 1", vec![Wrong::NumberUnlike]),
            ("", short.as_str(), vec![Wrong::CodiceFiscaleMissing]),
        ];
        for (codice_fiscale, number, wrong) in cases {
            assert_eq!(ask(codice_fiscale, number).err(), Some(wrong), "{number}");
        }
    }
}
