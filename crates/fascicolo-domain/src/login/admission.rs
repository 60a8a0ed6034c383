//! Who is admitted: one pure function of identity, register, policy and `now` (ACC-A2).

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Identity, Level, Limits, Method};
use crate::acts::{Act, Acts};
use crate::person::citizen::adult_from;
use crate::person::{Capacity, Citizen, Standing};
use crate::time::{age_on, day_in_rome};

/// What a region decides about admission; settings.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// The lowest level that opens the record (SPID-L1: 2).
    pub minimum: Level,
    /// What needs level 3 whatever opened the record (SPID-L3).
    pub level_three: Acts,
    /// From which age SPID admits a minor; `None`: never (the default).
    pub spid_minors_from: Option<u8>,
    /// Whether SPID admits wards; off by default.
    pub spid_wards: bool,
    pub limits: Limits,
}

impl Policy {
    /// How strongly a person must have logged in for an act. Ending sessions makes nothing less safe.
    #[must_use]
    pub fn level_for(&self, act: Act) -> Level {
        if act == Act::EndSession {
            Level::One
        } else if self.level_three.contains(act) {
            Level::Three
        } else {
            self.minimum
        }
    }
}

/// Who got in, as what, and until when at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Admission {
    pub capacity: Capacity,
    /// The absolute end of the session.
    pub ends_at: Timestamp,
    /// The date of birth that was used, and whether the sources contradict each other (ACC-A4: to be recorded).
    pub birth_date: Option<Date>,
    pub birth_dates_disagree: bool,
}

/// Why somebody did not get in; each has its own page (ACC-A6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denial {
    LevelTooLow,
    /// OTP credentials ended for adults on 1 October 2021.
    OtpRetiredForAdults,
    MinorNotAdmittedBySpid,
    WardNotAdmittedBySpid,
    /// A way in that depends on the age, and nobody says the age.
    AgeUnknown,
    Deceased,
    Suspended,
}

impl Denial {
    pub const ALL: [Self; 7] = [
        Self::LevelTooLow,
        Self::OtpRetiredForAdults,
        Self::MinorNotAdmittedBySpid,
        Self::WardNotAdmittedBySpid,
        Self::AgeUnknown,
        Self::Deceased,
        Self::Suspended,
    ];

    /// Its name in the audit trail and in text keys.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::LevelTooLow => "level_too_low",
            Self::OtpRetiredForAdults => "otp_retired_for_adults",
            Self::MinorNotAdmittedBySpid => "minor_not_admitted_by_spid",
            Self::WardNotAdmittedBySpid => "ward_not_admitted_by_spid",
            Self::AgeUnknown => "age_unknown",
            Self::Deceased => "deceased",
            Self::Suspended => "suspended",
        }
    }
}

/// Admits an identity, or says why not. `citizen` is what the register knows; `None`: nothing (ACC-A9, admitted).
///
/// # Errors
/// The reason, most serious first.
pub fn admit(
    identity: &Identity,
    citizen: Option<&Citizen>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Admission, Denial> {
    match citizen.map(|c| c.standing) {
        Some(Standing::Deceased) => return Err(Denial::Deceased),
        Some(Standing::Suspended) => return Err(Denial::Suspended),
        Some(Standing::Active) | None => {}
    }
    if identity.level < policy.minimum {
        return Err(Denial::LevelTooLow);
    }
    let today = day_in_rome(now);
    let birth = BirthDate::of(identity, citizen, today);
    let ward = citizen.is_some_and(|c| c.ward);
    let age = birth.date.map(|born| age_on(born, today));
    admit_by_age(identity.method, age, ward, policy)?;
    let mut ends_at = now.checked_add(policy.limits.absolute).unwrap_or(Timestamp::MAX);
    if identity.method == Method::Otp && !ward {
        // the credential ends with minority, and the session with it (ACC-A3)
        ends_at = birth.date.and_then(adult_from).map_or(ends_at, |adult| ends_at.min(adult));
    }
    Ok(Admission {
        capacity: Capacity::of_self(birth.date, ward, today),
        ends_at,
        birth_date: birth.date,
        birth_dates_disagree: birth.disagree,
    })
}

fn admit_by_age(method: Method, age: Option<i16>, ward: bool, policy: &Policy) -> Result<(), Denial> {
    match method {
        Method::Spid if ward => {
            if policy.spid_wards {
                Ok(())
            } else {
                Err(Denial::WardNotAdmittedBySpid)
            }
        }
        Method::Spid => match age {
            None => Err(Denial::AgeUnknown),
            Some(age) if age >= 18 => Ok(()),
            Some(age) if policy.spid_minors_from.is_some_and(|from| age >= i16::from(from)) => Ok(()),
            Some(_) => Err(Denial::MinorNotAdmittedBySpid),
        },
        Method::Otp if ward => Ok(()),
        Method::Otp => match age {
            None => Err(Denial::AgeUnknown),
            Some(age) if age >= 18 => Err(Denial::OtpRetiredForAdults),
            Some(_) => Ok(()),
        },
        Method::Cie | Method::Cns => Ok(()),
    }
}

/// Register first, then the identity, then the codice fiscale (ACC-A4).
struct BirthDate {
    date: Option<Date>,
    disagree: bool,
}

impl BirthDate {
    fn of(identity: &Identity, citizen: Option<&Citizen>, today: Date) -> Self {
        let register = citizen.filter(|c| c.registered).and_then(|c| c.birth_date);
        let encoded = identity.codice_fiscale.birth_date(today);
        let date = register.or(identity.birth_date).or(encoded);
        // the code has two digits for the year: a century apart is no disagreement
        let same = |other: Option<Date>| match (date, other) {
            (Some(a), Some(b)) => {
                a.month() == b.month() && a.day() == b.day() && (a.year() - b.year()) % 100 == 0
            }
            _ => true,
        };
        let disagree = !same(encoded) || identity.birth_date.is_some() && identity.birth_date != date;
        Self { date, disagree }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::CitizenId;
    use crate::person::CodiceFiscale;
    use crate::time::after_seconds;
    use jiff::civil::date;

    const POLICY: Policy = Policy {
        minimum: Level::Two,
        level_three: Acts::NONE,
        spid_minors_from: None,
        spid_wards: false,
        limits: Limits::CITIZEN,
    };

    fn noon() -> Timestamp {
        "2026-11-25T11:00:00Z".parse().unwrap()
    }

    fn identity(method: Method, born: Date) -> Identity {
        Identity {
            codice_fiscale: CodiceFiscale::parse("RSSMRA80A01H501U").unwrap(),
            given_name: "Mario".into(),
            family_name: "Rossi".into(),
            birth_date: Some(born),
            method,
            level: Level::Two,
            issuer: "https://idp.example".into(),
            at: noon(),
        }
    }

    fn citizen(born: Date, ward: bool) -> Citizen {
        Citizen {
            id: CitizenId::new(noon(), [7; 10]),
            codice_fiscale: CodiceFiscale::parse("RSSMRA80A01H501U").unwrap(),
            given_name: "Mario".into(),
            family_name: "Rossi".into(),
            birth_date: Some(born),
            registered: true,
            standing: Standing::Active,
            ward,
        }
    }

    #[test]
    fn the_table_of_admission_holds() {
        let adult = date(1980, 1, 1);
        let minor = date(2010, 1, 1);
        let cases = [
            (Method::Spid, adult, false, Ok(Capacity::Adult)),
            (Method::Cie, adult, false, Ok(Capacity::Adult)),
            (Method::Cns, adult, false, Ok(Capacity::Adult)),
            (Method::Otp, adult, false, Err(Denial::OtpRetiredForAdults)),
            (Method::Spid, minor, false, Err(Denial::MinorNotAdmittedBySpid)),
            (Method::Cie, minor, false, Ok(Capacity::Adolescent)),
            (Method::Cns, minor, false, Ok(Capacity::Adolescent)),
            (Method::Otp, minor, false, Ok(Capacity::Adolescent)),
            (Method::Spid, adult, true, Err(Denial::WardNotAdmittedBySpid)),
            (Method::Cie, adult, true, Ok(Capacity::Ward)),
            (Method::Cns, adult, true, Ok(Capacity::Ward)),
            (Method::Otp, adult, true, Ok(Capacity::Ward)),
        ];
        for (method, born, ward, expected) in cases {
            let got = admit(&identity(method, born), Some(&citizen(born, ward)), &POLICY, noon());
            assert_eq!(got.map(|a| a.capacity), expected, "{method:?} {born} ward={ward}");
        }
    }

    #[test]
    fn settings_open_spid_to_minors_from_an_age_and_to_wards() {
        let open = Policy { spid_minors_from: Some(14), spid_wards: true, ..POLICY };
        let spid =
            |born, ward| admit(&identity(Method::Spid, born), Some(&citizen(born, ward)), &open, noon());
        assert!(spid(date(2012, 11, 25), false).is_ok(), "14 today");
        assert_eq!(spid(date(2012, 11, 26), false), Err(Denial::MinorNotAdmittedBySpid), "14 tomorrow");
        assert!(spid(date(1980, 1, 1), true).is_ok());
    }

    #[test]
    fn level_one_opens_nothing() {
        let mut weak = identity(Method::Spid, date(1980, 1, 1));
        weak.level = Level::One;
        assert_eq!(admit(&weak, None, &POLICY, noon()), Err(Denial::LevelTooLow));
    }

    #[test]
    fn the_dead_and_the_suspended_are_refused_before_anything_else() {
        let mut known = citizen(date(1980, 1, 1), false);
        let mut weak = identity(Method::Spid, date(1980, 1, 1));
        weak.level = Level::One;
        known.standing = Standing::Deceased;
        assert_eq!(admit(&weak, Some(&known), &POLICY, noon()), Err(Denial::Deceased));
        known.standing = Standing::Suspended;
        assert_eq!(admit(&weak, Some(&known), &POLICY, noon()), Err(Denial::Suspended));
    }

    #[test]
    fn a_stranger_to_the_register_is_admitted() {
        assert!(admit(&identity(Method::Spid, date(1980, 1, 1)), None, &POLICY, noon()).is_ok());
    }

    #[test]
    fn the_register_wins_over_the_login_and_the_disagreement_shows() {
        let login = identity(Method::Spid, date(1980, 1, 1));
        let young = citizen(date(2010, 1, 1), false);
        assert_eq!(admit(&login, Some(&young), &POLICY, noon()), Err(Denial::MinorNotAdmittedBySpid));
        let older = citizen(date(1979, 1, 1), false);
        assert!(admit(&login, Some(&older), &POLICY, noon()).unwrap().birth_dates_disagree);
        let same = citizen(date(1980, 1, 1), false);
        assert!(!admit(&login, Some(&same), &POLICY, noon()).unwrap().birth_dates_disagree);
    }

    #[test]
    fn an_otp_session_ends_at_majority() {
        let born = date(2008, 11, 26); // 18 tomorrow
        let midnight: Timestamp = "2026-11-25T23:00:00Z".parse().unwrap();
        let late = after_seconds(midnight, -1);
        let got = admit(&identity(Method::Otp, born), Some(&citizen(born, false)), &POLICY, late).unwrap();
        assert_eq!(got.ends_at, midnight);
        let cie = admit(&identity(Method::Cie, born), Some(&citizen(born, false)), &POLICY, late).unwrap();
        assert_eq!(cie.ends_at, after_seconds(late, 8 * 3600));
        let adult = admit(&identity(Method::Otp, born), Some(&citizen(born, false)), &POLICY, midnight);
        assert_eq!(adult, Err(Denial::OtpRetiredForAdults));
    }
}
