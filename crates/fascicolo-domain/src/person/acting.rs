//! Who acts, for whom, in which capacity: it stands in every event and every rule (GEN-G7).

use jiff::civil::Date;

use crate::ids::{CitizenId, SessionId};
use crate::login::{Level, Method};
use crate::time::age_on;

/// In which capacity a person acts (ACC-A7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Capacity {
    /// Oneself, under 14.
    Child,
    /// Oneself, from 14 to the 18th birthday.
    Adolescent,
    /// Oneself, of age.
    Adult,
    /// Oneself, under guardianship.
    Ward,
}

impl Capacity {
    pub const ALL: [Self; 4] = [Self::Child, Self::Adolescent, Self::Adult, Self::Ward];

    /// The capacity in which a person acts for themselves on a day. Without a date of birth: an adult,
    /// since admission refuses the ways in that need the age.
    #[must_use]
    pub fn of_self(born: Option<Date>, ward: bool, today: Date) -> Self {
        if ward {
            return Self::Ward;
        }
        match born.map(|born| age_on(born, today)) {
            Some(age) if age < 14 => Self::Child,
            Some(age) if age < 18 => Self::Adolescent,
            Some(_) | None => Self::Adult,
        }
    }

    /// Its name in the audit trail.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Child => "child",
            Self::Adolescent => "adolescent",
            Self::Adult => "adult",
            Self::Ward => "ward",
        }
    }

    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.code() == code)
    }
}

/// The checked answer to "who is asking": made only from a live session.
#[derive(Clone, Copy, Debug)]
pub struct Acting {
    /// Who acts.
    pub actor: CitizenId,
    /// Whose record it is.
    pub subject: CitizenId,
    pub capacity: Capacity,
    pub method: Method,
    pub level: Level,
    pub session: SessionId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_capacity_changes_on_the_birthday() {
        let born = Some(date(2010, 5, 3));
        let cases = [
            (date(2024, 5, 2), Capacity::Child),
            (date(2024, 5, 3), Capacity::Adolescent),
            (date(2028, 5, 2), Capacity::Adolescent),
            (date(2028, 5, 3), Capacity::Adult),
        ];
        for (day, capacity) in cases {
            assert_eq!(Capacity::of_self(born, false, day), capacity, "{day}");
            assert_eq!(Capacity::of_self(born, true, day), Capacity::Ward);
        }
    }
}
