//! Instants in messages: `YYYY-MM-DDThh:mm:ss[.fff…]Z`, years 2000 to 2199, nothing else (security §1.7).

use fascicolo_domain::time::after_seconds;
use jiff::Timestamp;

/// How far a provider's clock may be from ours, in seconds (SPID-R3).
pub(super) const SKEW: i64 = 60;

/// Reads an instant; `None` when it is not of the one accepted form.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let shape = text.strip_suffix('Z')?;
    let (seconds, fraction) = shape.split_once('.').unwrap_or((shape, "0"));
    let fixed = seconds.len() == 19
        && seconds.bytes().zip(b"dddd-dd-ddTdd:dd:dd").all(|(c, p)| match p {
            b'd' => c.is_ascii_digit(),
            _ => c == *p,
        });
    let fraction = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|c| c.is_ascii_digit());
    let century = matches!(seconds.get(..2), Some("20" | "21"));
    // a leap second is not an instant that providers send
    let leap = seconds.ends_with("60");
    (fixed && fraction && century && !leap).then(|| text.parse().ok()).flatten()
}

/// Whether an instant lies in the future, clocks allowed to differ: one second past the tolerance does.
pub(super) fn in_future(instant: Timestamp, now: Timestamp) -> bool {
    instant > after_seconds(now, SKEW)
}

/// Whether an instant is before another, clocks allowed to differ.
pub(super) fn before(instant: Timestamp, other: Timestamp) -> bool {
    instant < after_seconds(other, -SKEW)
}

/// Writes an instant with milliseconds.
pub(super) fn format(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_with_milliseconds_and_read_back() {
        for (given, written) in [
            ("2026-11-25T11:00:00Z", "2026-11-25T11:00:00.000Z"),
            ("2026-11-25T11:00:00.123456Z", "2026-11-25T11:00:00.123Z"),
        ] {
            let instant = parse(given).unwrap();
            assert_eq!(format(instant), written);
        }
    }

    #[test]
    fn only_utc_instants_of_this_and_the_next_century_are_read() {
        for good in ["2000-01-01T00:00:00Z", "2199-12-31T23:59:59.999999999Z", "2024-02-29T23:59:59.5Z"] {
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "Z",
            "2026-11-25",
            "2026-11-25T11:00Z",
            "2026-11-25T11:00:00",
            "2026-11-25T11:00:00+00:00",
            "2026-11-25 11:00:00Z",
            "2026-11-25t11:00:00Z",
            "2026-11-25T11:00:00z",
            "2026-11-25T24:00:00Z",
            "2026-11-25T11:00:60Z",
            "2026-02-29T11:00:00Z",
            "2026-13-01T11:00:00Z",
            "2026-11-25T11:00:00.Z",
            "2026-11-25T11:00:00.1234567890Z",
            "2026-11-25T11:00:00,5Z",
            "1999-12-31T23:59:59Z",
            "2200-01-01T00:00:00Z",
            "+2026-11-25T11:00:00Z",
            "-2026-11-25T11:00:00Z",
            " 2026-11-25T11:00:00Z",
            "2026-11-25T11:00:00Z ",
            "2026-1-025T11:00:00Z",
            "20261125T110000Z",
            "２026-11-25T11:00:00Z",
            "2026-11-25T11:00:00Z[UTC]",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_minute_of_difference_is_tolerated_and_no_more() {
        let now = parse("2026-11-25T11:00:00Z").unwrap();
        assert!(!in_future(parse("2026-11-25T11:01:00Z").unwrap(), now));
        assert!(in_future(parse("2026-11-25T11:01:00.001Z").unwrap(), now));
        assert!(!before(parse("2026-11-25T10:59:00Z").unwrap(), now));
        assert!(before(parse("2026-11-25T10:58:59.999Z").unwrap(), now));
    }
}
