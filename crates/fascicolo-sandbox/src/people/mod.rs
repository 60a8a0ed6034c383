//! The invented people of the sandbox, read from `fixtures/citizens.toml`. Their ages follow its clock.

pub mod maker;

use fascicolo_domain::Fault;
use fascicolo_domain::person::codice_fiscale::Sex;
use fascicolo_domain::person::{CodiceFiscale, Standing};
use fascicolo_domain::time::{birthday, day_in_rome};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde::Deserialize;

use maker::Particulars;

const FIXTURE: &str = include_str!("../../fixtures/citizens.toml");

/// One invented person.
#[derive(Clone)]
pub struct Person {
    /// How the sandbox calls them: in the identity provider's forms and in tests.
    pub key: String,
    pub given_name: String,
    pub family_name: String,
    pub sex: Sex,
    pub born: Date,
    /// The date of birth that identity providers state.
    pub says_born: Date,
    /// Belfiore code of the birthplace.
    pub place: String,
    pub codice_fiscale: CodiceFiscale,
    /// Whether the region's register knows them.
    pub registered: bool,
    pub standing: Standing,
    pub ward: bool,
    /// What is special about them, in Italian.
    pub about: String,
    /// How many documents they have, beside `states`.
    pub documents: u16,
    pub states: Vec<State>,
    /// The one with as many documents as the sandbox is told to make.
    pub many: bool,
}

/// An oddity of a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Unsigned,
    /// A byte was changed after signing.
    Broken,
    /// Two older versions, each replaced by the next.
    Replaced,
    Annulled,
    Hidden,
    Protected,
    /// A PDF without a CDA inside.
    Unreadable,
    /// Signed by somebody whom our trust anchors do not lead to.
    UnknownSigner,
}

impl Person {
    /// Given name and family name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    /// F or M.
    #[must_use]
    pub fn sex_letter(&self) -> &'static str {
        match self.sex {
            Sex::Female => "F",
            Sex::Male => "M",
        }
    }

    /// A mail address of theirs that goes nowhere.
    #[must_use]
    pub fn email(&self) -> String {
        format!("{}@example.org", self.key)
    }
}

/// Reads the invented people as they are on the day of `now`.
///
/// # Errors
/// The fixture is wrong; a test catches it first.
pub fn people(now: Timestamp) -> Result<Vec<Person>, Fault> {
    let fixture: Fixture = toml::from_str(FIXTURE).map_err(|e| Fault::new("reading citizens.toml", e))?;
    fixture.person.into_iter().map(|entry| entry.on(day_in_rome(now))).collect()
}

#[derive(Deserialize)]
struct Fixture {
    person: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    given_name: String,
    family_name: String,
    sex: SexLetter,
    age: i16,
    birthday_in: i32,
    place: String,
    about: String,
    #[serde(default)]
    omocodia: u8,
    #[serde(default)]
    login_birth_days_off: i32,
    #[serde(default = "yes")]
    registered: bool,
    #[serde(default)]
    standing: Option<String>,
    #[serde(default)]
    ward: bool,
    #[serde(default)]
    documents: u16,
    #[serde(default)]
    states: Vec<State>,
    #[serde(default)]
    many: bool,
}

#[derive(Deserialize)]
enum SexLetter {
    F,
    M,
}

fn yes() -> bool {
    true
}

impl Entry {
    fn on(self, today: Date) -> Result<Person, Fault> {
        let wrong = |what: &'static str| Fault::bare(what);
        let born =
            born_on(today, self.age, self.birthday_in).ok_or_else(|| wrong("an age in citizens.toml"))?;
        let sex = match self.sex {
            SexLetter::F => Sex::Female,
            SexLetter::M => Sex::Male,
        };
        let particulars = Particulars {
            family_name: &self.family_name,
            given_name: &self.given_name,
            sex,
            born,
            place: &self.place,
            omocodia: self.omocodia,
        };
        let codice_fiscale =
            maker::codice_fiscale(&particulars).map_err(|e| Fault::new("making a codice fiscale", e))?;
        let standing = self.standing.as_deref().map_or(Some(Standing::Active), Standing::parse);
        Ok(Person {
            standing: standing.ok_or_else(|| wrong("a standing in citizens.toml"))?,
            says_born: born.saturating_add(self.login_birth_days_off.days()),
            key: self.key,
            given_name: self.given_name,
            family_name: self.family_name,
            sex,
            born,
            place: self.place,
            codice_fiscale,
            registered: self.registered,
            ward: self.ward,
            about: self.about,
            documents: self.documents,
            states: self.states,
            many: self.many,
        })
    }
}

/// The date of birth of somebody who is `age` today and whose next birthday is `birthday_in` days away.
fn born_on(today: Date, age: i16, birthday_in: i32) -> Option<Date> {
    let next = today.checked_add(birthday_in.days()).ok()?;
    let born = Date::new(next.year().checked_sub(age + 1)?, next.month(), next.day());
    // 29 February, in a year that has none: the day before keeps the age right
    let born = born.or_else(|_| Date::new(next.year() - age - 1, 2, 28)).ok()?;
    birthday(born, 0).map(|_| born)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fascicolo_domain::time::age_on;

    fn noon() -> Timestamp {
        "2026-11-25T11:00:00Z".parse().unwrap()
    }

    fn found<'a>(people: &'a [Person], key: &str) -> &'a Person {
        people.iter().find(|p| p.key == key).unwrap()
    }

    #[test]
    fn everybody_has_a_code_of_their_own_that_says_their_birth_date_and_sex() {
        let people = people(noon()).unwrap();
        let today = day_in_rome(noon());
        for person in &people {
            let cf = person.codice_fiscale;
            assert_eq!(cf.birth_date(today), Some(person.born), "{}", person.key);
            assert_eq!(cf.sex(), person.sex, "{}", person.key);
            assert_eq!(people.iter().filter(|p| p.codice_fiscale == cf || p.key == person.key).count(), 1);
        }
    }

    #[test]
    fn ages_hold_whenever_the_sandbox_starts() {
        for now in
            ["2024-02-20T11:00:00Z", "2026-11-25T11:00:00Z", "2027-02-18T23:30:00Z", "2031-12-31T23:30:00Z"]
        {
            let now: Timestamp = now.parse().unwrap();
            let people = people(now).unwrap();
            let today = day_in_rome(now);
            for (key, age) in [("sofia", 10), ("luca", 14), ("chiara", 17), ("elena", 18), ("anna", 71)] {
                assert_eq!(age_on(found(&people, key).born, today), age, "{key} at {now}");
            }
            let in_ten_days = today.checked_add(10.days()).unwrap();
            assert_eq!(age_on(found(&people, "chiara").born, in_ten_days), 18, "at {now}");
        }
    }

    #[test]
    fn somebody_stands_for_every_special_case() {
        let people = people(noon()).unwrap();
        assert!(people.iter().any(|p| p.many) && people.iter().any(|p| p.documents == 0 && !p.many));
        assert!(people.iter().any(|p| p.ward) && people.iter().any(|p| !p.registered));
        for standing in Standing::ALL {
            assert!(people.iter().any(|p| p.standing == standing), "{standing:?}");
        }
        let laura = found(&people, "laura");
        assert_ne!(laura.says_born, laura.born);
        assert_eq!(found(&people, "giulia").says_born, found(&people, "giulia").born);
        let (one, other) = (found(&people, "mario"), found(&people, "mario-omocodia"));
        assert_eq!((one.name(), one.born), (other.name(), other.born));
    }
}
