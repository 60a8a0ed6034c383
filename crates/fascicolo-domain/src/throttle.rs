//! How many tries, how fast: a token bucket as pure state.

use jiff::{SignedDuration, Timestamp};

/// `burst` tries at once, refilled evenly over `period`.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub burst: u32,
    pub period: SignedDuration,
}

/// When the bucket would be full again; that instant is its whole state (GCRA).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bucket {
    full_at_ms: i64,
}

impl Rate {
    #[must_use]
    pub const fn per_minute(burst: u32) -> Self {
        Self { burst, period: SignedDuration::from_mins(1) }
    }

    /// Takes one try.
    ///
    /// # Errors
    /// The instant from which another try is allowed.
    pub fn take(&self, bucket: Bucket, now: Timestamp) -> Result<Bucket, Timestamp> {
        let period = i64::try_from(self.period.as_millis()).unwrap_or(i64::MAX);
        let cost = period / i64::from(self.burst.max(1));
        let now = now.as_millisecond();
        let full_at = bucket.full_at_ms.max(now).saturating_add(cost);
        if full_at.saturating_sub(now) <= period {
            Ok(Bucket { full_at_ms: full_at })
        } else {
            Err(Timestamp::from_millisecond(full_at.saturating_sub(period)).unwrap_or(Timestamp::MAX))
        }
    }
}

impl Bucket {
    /// Nothing was taken for so long that it can be forgotten.
    #[must_use]
    pub fn is_full(&self, now: Timestamp) -> bool {
        self.full_at_ms <= now.as_millisecond()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::after_seconds;

    #[test]
    fn thirty_a_minute_are_allowed_and_the_next_waits_two_seconds() {
        let rate = Rate::per_minute(30);
        let now: Timestamp = "2026-05-01T10:00:00Z".parse().unwrap();
        let mut bucket = Bucket::default();
        for _ in 0..30 {
            bucket = rate.take(bucket, now).unwrap();
        }
        let again = rate.take(bucket, now).unwrap_err();
        assert_eq!(again, after_seconds(now, 2));
        assert!(rate.take(bucket, after_seconds(now, 1)).is_err());
        assert!(rate.take(bucket, again).is_ok());
        assert!(bucket.is_full(after_seconds(now, 60)) && !bucket.is_full(after_seconds(now, 59)));
    }
}
