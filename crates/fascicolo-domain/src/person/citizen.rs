//! Who a citizen is, as the register says.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use super::CodiceFiscale;
use crate::ids::CitizenId;
use crate::time::{birthday, start_of_day};

/// A person we know: from the register, or (when `registered` is false) only from their own login (ACC-A9).
#[derive(Clone)]
pub struct Citizen {
    pub id: CitizenId,
    pub codice_fiscale: CodiceFiscale,
    pub given_name: String,
    pub family_name: String,
    /// `None`: neither register nor login said it.
    pub birth_date: Option<Date>,
    pub registered: bool,
    pub standing: Standing,
    /// Under guardianship: persona sottoposta a tutela.
    pub ward: bool,
}

/// Whether the record may be opened at all (ACC-A5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    Active,
    Suspended,
    Deceased,
}

impl Standing {
    pub const ALL: [Self; 3] = [Self::Active, Self::Suspended, Self::Deceased];

    /// Its name in the store and in import files.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deceased => "deceased",
        }
    }

    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.code() == code)
    }
}

/// The instant at which a person becomes an adult: 00:00 Europe/Rome on the 18th birthday (ACC-A3).
#[must_use]
pub fn adult_from(born: Date) -> Option<Timestamp> {
    birthday(born, 18).and_then(start_of_day)
}

impl fmt::Debug for Citizen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Citizen({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn majority_begins_at_midnight_in_rome() {
        assert_eq!(adult_from(date(2008, 7, 1)), Some("2026-06-30T22:00:00Z".parse().unwrap()));
        assert_eq!(adult_from(date(2008, 2, 29)), Some("2026-02-28T23:00:00Z".parse().unwrap()));
    }
}
