//! Europe/Rome where the law counts days, UTC elsewhere (GEN-G6).

use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The zone in which days and birthdays are counted.
#[must_use]
pub fn rome() -> TimeZone {
    // The zone data are compiled in; UTC would only be used if they were not.
    static ROME: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Rome").unwrap_or(TimeZone::UTC));
    ROME.clone()
}

/// The day it is in Italy.
#[must_use]
pub fn day_in_rome(now: Timestamp) -> Date {
    now.to_zoned(rome()).date()
}

/// 00:00 of a day in Italy; `None` past the end of the calendar.
#[must_use]
pub fn start_of_day(day: Date) -> Option<Timestamp> {
    day.to_zoned(rome()).ok().map(|zoned| zoned.timestamp())
}

/// The anniversary on which a person completes `years`. Born on 29 February: 1 March of a common year (ACC-A3).
#[must_use]
pub fn birthday(born: Date, years: i16) -> Option<Date> {
    let year = born.year().checked_add(years)?;
    match Date::new(year, born.month(), born.day()) {
        Ok(day) => Some(day),
        Err(_) => Date::new(year, 3, 1).ok(),
    }
}

/// Completed years of age on a day; 0 for a birth in the future.
#[must_use]
pub fn age_on(born: Date, day: Date) -> i16 {
    let years = day.year() - born.year();
    let reached = birthday(born, years).is_some_and(|anniversary| anniversary <= day);
    (if reached { years } else { years - 1 }).max(0)
}

/// `now` plus whole seconds, held at the end of time.
#[must_use]
pub fn after_seconds(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(seconds.seconds()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_day_starts_at_midnight_in_rome_also_when_the_clocks_change() {
        let cases = [("2026-07-01", "2026-06-30T22:00:00Z"), ("2026-01-01", "2025-12-31T23:00:00Z")];
        for (day, instant) in cases {
            let start = start_of_day(day.parse().unwrap()).unwrap();
            assert_eq!(start, instant.parse().unwrap());
            assert_eq!(day_in_rome(start), day.parse().unwrap());
            assert!(day_in_rome(after_seconds(start, -1)) < day.parse().unwrap());
        }
    }

    #[test]
    fn a_birthday_on_29_february_falls_on_1_march_of_a_common_year() {
        assert_eq!(birthday(date(2008, 2, 29), 18), Some(date(2026, 3, 1)));
        assert_eq!(birthday(date(2008, 2, 29), 20), Some(date(2028, 2, 29)));
        assert_eq!(age_on(date(2008, 2, 29), date(2026, 2, 28)), 17);
        assert_eq!(age_on(date(2008, 2, 29), date(2026, 3, 1)), 18);
    }
}
