//! The sandbox's clock and chance: settable, and repeatable when a test wants them so.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use fascicolo_adapters::SystemClock;
use fascicolo_domain::Fault;
use fascicolo_domain::secret::Digest;
use fascicolo_web::ports::{Clock, Entropy};
use jiff::{SignedDuration, Timestamp};

/// The system's clock plus an offset that people may change; or, for tests, a clock that stands still.
pub struct SandboxClock {
    /// Milliseconds: ahead of the system, or since 1970 when `still`.
    milliseconds: AtomicI64,
    still: bool,
}

impl SandboxClock {
    /// Runs with the system's clock; from `now` when given.
    #[must_use]
    pub fn running(now: Option<Timestamp>) -> Self {
        let clock = Self { milliseconds: AtomicI64::new(0), still: false };
        if let Some(now) = now {
            clock.set(now);
        }
        clock
    }

    /// Stands at an instant until it is set.
    #[must_use]
    pub fn standing_at(now: Timestamp) -> Self {
        Self { milliseconds: AtomicI64::new(now.as_millisecond()), still: true }
    }

    /// Sets what "now" is.
    pub fn set(&self, now: Timestamp) {
        let base = if self.still { 0 } else { SystemClock.now().as_millisecond() };
        self.milliseconds.store(now.as_millisecond() - base, Ordering::SeqCst);
    }

    /// Moves the clock, forth or back.
    pub fn advance(&self, by: SignedDuration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(0);
        self.milliseconds.fetch_add(by, Ordering::SeqCst);
    }

    /// Goes back to the system's time.
    pub fn reset(&self) {
        self.set(SystemClock.now());
    }

    /// How far ahead of the system it is.
    #[must_use]
    pub fn offset(&self) -> SignedDuration {
        self.now().duration_since(SystemClock.now())
    }
}

impl Clock for SandboxClock {
    fn now(&self) -> Timestamp {
        let base = if self.still { 0 } else { SystemClock.now().as_millisecond() };
        let now = base.saturating_add(self.milliseconds.load(Ordering::SeqCst));
        Timestamp::from_millisecond(now).unwrap_or(Timestamp::MAX)
    }
}

/// The same bytes at every run: SHA-256 of seed and counter. For tests.
pub struct SeededEntropy {
    seed: u64,
    counter: AtomicU64,
    /// One draw at a time, so that a draw is never torn.
    turn: Mutex<()>,
}

impl SeededEntropy {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, counter: AtomicU64::new(0), turn: Mutex::new(()) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Fault> {
        let _turn = self.turn.lock();
        for chunk in bytes.chunks_mut(32) {
            let counter = self.counter.fetch_add(1, Ordering::SeqCst);
            let block = [self.seed.to_be_bytes(), counter.to_be_bytes()].concat();
            for (byte, random) in chunk.iter_mut().zip(Digest::of(&block).as_bytes()) {
                *byte = *random;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_only_when_it_is_told() {
        let start: Timestamp = "2026-11-25T11:00:00Z".parse().unwrap();
        let clock = SandboxClock::standing_at(start);
        assert_eq!(clock.now(), start);
        clock.advance(SignedDuration::from_mins(20));
        assert_eq!(clock.now(), "2026-11-25T11:20:00Z".parse().unwrap());
        clock.set(start);
        assert_eq!(clock.now(), start);
    }

    #[test]
    fn a_running_clock_keeps_its_offset() {
        let clock = SandboxClock::running(Some("2031-01-01T00:00:00Z".parse().unwrap()));
        let year = clock.now().to_string();
        assert!(year.starts_with("2031-01-01T00:0"), "{year}");
        clock.reset();
        assert!(clock.offset().abs() < SignedDuration::from_mins(1));
    }

    #[test]
    fn seeded_chance_repeats_and_two_seeds_differ() {
        let draw = |seed| {
            let entropy = SeededEntropy::new(seed);
            let mut bytes = [0; 50];
            entropy.fill(&mut bytes).unwrap();
            let mut more = [0; 50];
            entropy.fill(&mut more).unwrap();
            (bytes, more)
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_ne!(draw(1).0, draw(1).1);
    }
}
