//! How long a session lives (ACC-S2): idle and absolute expiry, and the end at majority (ACC-A3).

use jiff::{SignedDuration, Timestamp};

use super::{Level, Method};
use crate::ids::{CitizenId, SessionId};

/// The limits of a session; settings.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub idle: SignedDuration,
    pub absolute: SignedDuration,
}

impl Limits {
    /// 20 minutes idle, 8 hours in all (defaults).
    pub const CITIZEN: Self =
        Self { idle: SignedDuration::from_mins(20), absolute: SignedDuration::from_hours(8) };
}

/// An open session.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    pub id: SessionId,
    pub citizen: CitizenId,
    pub method: Method,
    pub level: Level,
    pub opened_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// The absolute end, fixed at login.
    pub ends_at: Timestamp,
}

/// Where a session stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Life {
    /// Alive until the instant given, unless the person does something.
    Alive { until: Timestamp },
    /// Nothing happened for too long.
    Idle,
    /// The absolute limit is reached.
    Over,
}

impl Session {
    #[must_use]
    pub fn life(&self, limits: &Limits, now: Timestamp) -> Life {
        let idle_end = self.last_seen_at.checked_add(limits.idle).unwrap_or(Timestamp::MAX);
        if now >= self.ends_at {
            Life::Over
        } else if now >= idle_end {
            Life::Idle
        } else {
            Life::Alive { until: idle_end.min(self.ends_at) }
        }
    }

    /// Whether `last_seen` is worth a write: at most once a minute.
    #[must_use]
    pub fn wants_touch(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_seen_at) >= SignedDuration::from_mins(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::after_seconds;

    fn session(opened_at: Timestamp) -> Session {
        Session {
            id: SessionId::new(opened_at, [0; 10]),
            citizen: CitizenId::new(opened_at, [1; 10]),
            method: Method::Spid,
            level: Level::Two,
            opened_at,
            last_seen_at: opened_at,
            ends_at: after_seconds(opened_at, 8 * 3600),
        }
    }

    #[test]
    fn a_session_lives_until_the_last_instant_and_not_one_longer() {
        let start: Timestamp = "2026-05-01T10:00:00Z".parse().unwrap();
        let mut s = session(start);
        let idle_end = after_seconds(start, 20 * 60);
        assert_eq!(s.life(&Limits::CITIZEN, after_seconds(idle_end, -1)), Life::Alive { until: idle_end });
        assert_eq!(s.life(&Limits::CITIZEN, idle_end), Life::Idle);
        s.last_seen_at = after_seconds(s.ends_at, -60);
        assert_eq!(s.life(&Limits::CITIZEN, after_seconds(s.ends_at, -1)), Life::Alive { until: s.ends_at });
        assert_eq!(s.life(&Limits::CITIZEN, s.ends_at), Life::Over);
    }

    #[test]
    fn last_seen_is_written_at_most_once_a_minute() {
        let start = Timestamp::UNIX_EPOCH;
        assert!(!session(start).wants_touch(after_seconds(start, 59)));
        assert!(session(start).wants_touch(after_seconds(start, 60)));
    }
}
