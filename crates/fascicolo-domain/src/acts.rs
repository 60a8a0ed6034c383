//! Who may do what, and how strongly they must have logged in: the one table every action asks (ACC-A7, SPID-L3).
//! Whether *this* document may be opened is then decided by [`crate::documents::access`].

use crate::login::{Level, Policy};
use crate::person::{Acting, Capacity};

/// What a person can do with a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    ListDocuments,
    ReadDocument,
    DownloadDocument,
    SeeAccessLog,
    SeeProfile,
    EndSession,
}

impl Act {
    pub const ALL: [Self; 6] = [
        Self::ListDocuments,
        Self::ReadDocument,
        Self::DownloadDocument,
        Self::SeeAccessLog,
        Self::SeeProfile,
        Self::EndSession,
    ];

    /// Its name in the settings.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ListDocuments => "list",
            Self::ReadDocument => "read",
            Self::DownloadDocument => "download",
            Self::SeeAccessLog => "access-log",
            Self::SeeProfile => "profile",
            Self::EndSession => "end-session",
        }
    }

    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.code() == code)
    }
}

/// Some of the acts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Acts(u32);

impl Acts {
    pub const NONE: Self = Self(0);

    #[must_use]
    pub fn with(self, act: Act) -> Self {
        Self(self.0 | 1 << act as u32)
    }

    #[must_use]
    pub fn contains(self, act: Act) -> bool {
        self.0 & (1 << act as u32) != 0
    }
}

impl FromIterator<Act> for Acts {
    fn from_iter<T: IntoIterator<Item = Act>>(acts: T) -> Self {
        acts.into_iter().fold(Self::NONE, Self::with)
    }
}

/// Why a person may not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Barred {
    /// Not in this capacity: told like something that does not exist.
    NotAllowed,
    /// The login was not strong enough for this act: a stronger one opens it.
    LevelTooLow(Level),
}

/// Whether the capacity and the login allow the act. People who act for themselves, of any age, may do all of these.
///
/// # Errors
/// Why not; what the capacity forbids is said before what the login lacks.
pub fn may(acting: &Acting, act: Act, policy: &Policy) -> Result<(), Barred> {
    let allowed = acting.actor == acting.subject && in_capacity(acting.capacity, act);
    if !allowed {
        return Err(Barred::NotAllowed);
    }
    let needed = policy.level_for(act);
    if acting.level < needed { Err(Barred::LevelTooLow(needed)) } else { Ok(()) }
}

fn in_capacity(capacity: Capacity, act: Act) -> bool {
    match (capacity, act) {
        (
            Capacity::Child | Capacity::Adolescent | Capacity::Adult | Capacity::Ward,
            Act::ListDocuments
            | Act::ReadDocument
            | Act::DownloadDocument
            | Act::SeeAccessLog
            | Act::SeeProfile
            | Act::EndSession,
        ) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{CitizenId, SessionId};
    use crate::login::{Limits, Method};
    use jiff::Timestamp;

    fn policy(level_three: Acts) -> Policy {
        Policy {
            minimum: Level::Two,
            level_three,
            spid_minors_from: None,
            spid_wards: false,
            limits: Limits::CITIZEN,
        }
    }

    fn acting(level: Level) -> Acting {
        let person = CitizenId::new(Timestamp::UNIX_EPOCH, [1; 10]);
        Acting {
            actor: person,
            subject: person,
            capacity: Capacity::Adult,
            method: Method::Spid,
            level,
            session: SessionId::new(Timestamp::UNIX_EPOCH, [2; 10]),
        }
    }

    #[test]
    fn names_of_acts_are_read_back() {
        for act in Act::ALL {
            assert_eq!(Act::parse(act.code()), Some(act));
        }
        assert_eq!(Act::parse("LIST"), None);
    }

    #[test]
    fn an_act_of_level_three_wants_level_three_and_the_others_do_not() {
        for strong in Act::ALL {
            let policy = policy([strong].into_iter().collect());
            for act in Act::ALL {
                let refused = Err(Barred::LevelTooLow(Level::Three));
                let expected = if act == strong && act != Act::EndSession { refused } else { Ok(()) };
                assert_eq!(may(&acting(Level::Two), act, &policy), expected, "{act:?}, {strong:?}");
                // SPID-L3: a higher level is never refused
                assert_eq!(may(&acting(Level::Three), act, &policy), Ok(()), "{act:?}");
            }
        }
    }

    #[test]
    fn below_the_level_of_entry_nothing_is_allowed_but_to_end_a_session() {
        for act in Act::ALL {
            let refused = Err(Barred::LevelTooLow(Level::Two));
            let expected = if act == Act::EndSession { Ok(()) } else { refused };
            assert_eq!(may(&acting(Level::One), act, &policy(Acts::NONE)), expected, "{act:?}");
        }
    }

    #[test]
    fn for_somebody_else_nothing_is_allowed_and_no_level_is_spoken_of() {
        let other = CitizenId::new(Timestamp::UNIX_EPOCH, [3; 10]);
        for act in Act::ALL {
            let acting = Acting { subject: other, ..acting(Level::Two) };
            let policy = policy(Act::ALL.into_iter().collect());
            assert_eq!(may(&acting, act, &policy), Err(Barred::NotAllowed));
        }
    }
}
