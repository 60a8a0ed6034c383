//! HL7 timestamps: `YYYYMMDD[HH[MM[SS[.S…]]]][+ZZZZ]`. Without a zone they are Italian time.

use fascicolo_domain::time::rome;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Reads a timestamp that names at least a day; a day alone is its midnight.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let (local, zone) = match text.find(['+', '-']) {
        Some(at) => (text.get(..at)?, Some(text.get(at..)?)),
        None => (text, None),
    };
    let local = civil(local)?;
    match zone {
        Some(zone) => offset(zone)?.to_timestamp(local).ok(),
        None => Some(local.to_zoned(rome()).ok()?.timestamp()),
    }
}

fn civil(text: &str) -> Option<DateTime> {
    let (digits, fraction) = text.split_once('.').map_or((text, None), |(d, f)| (d, Some(f)));
    let precise = matches!(digits.len(), 8 | 10 | 12 | 14);
    let fraction_fits =
        fraction.is_none_or(|f| digits.len() == 14 && (1..=9).contains(&f.len()) && is_digits(f));
    if !precise || !is_digits(digits) || !fraction_fits {
        return None;
    }
    let two = |at: usize| match digits.get(at..at + 2) {
        Some(pair) => pair.parse::<i8>().ok(),
        None => Some(0),
    };
    let year = digits.get(..4)?.parse().ok()?;
    DateTime::new(year, two(4)?, two(6)?, two(8)?, two(10)?, two(12)?, 0).ok()
}

/// `+0100`, `-0530`; at most fourteen hours.
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = text.split_at_checked(1)?;
    if digits.len() != 4 || !is_digits(digits) {
        return None;
    }
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..)?.parse().ok()?;
    let seconds = (hours * 60 + minutes) * 60;
    let fits = minutes < 60 && seconds <= 14 * 3600;
    let signed = if sign == "-" { -seconds } else { seconds };
    fits.then(|| Offset::from_seconds(signed).ok()).flatten()
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn timestamps_are_read_with_and_without_zone() {
        let cases = [
            ("20220330112426+0100", "2022-03-30T10:24:26Z"),
            ("20220330112426.123-0330", "2022-03-30T14:54:26Z"),
            ("20220330112426", "2022-03-30T09:24:26Z"), // summer time in Rome
            ("202212301124", "2022-12-30T10:24:00Z"),
            ("2022123011", "2022-12-30T10:00:00Z"),
            (" 20221230 ", "2022-12-29T23:00:00Z"),
            ("20221230+0000", "2022-12-30T00:00:00Z"),
        ];
        for (text, instant) in cases {
            assert_eq!(timestamp(text), Some(instant.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_day_or_an_instant_is_nothing() {
        for text in [
            "",
            "2022",
            "202203",
            "20221301",
            "20220230",
            "20220330250000",
            "20220330112460",
            "20220330112426+100",
            "20220330112426+1500",
            "20220330112426+0160",
            "20220330112426.",
            "2022033011.5",
            "2022-03-30",
            "２０２２０３３０",
        ] {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(text in "[0-9+.\\-Zè]{0,24}") {
            let _ = timestamp(&text);
        }
    }
}
