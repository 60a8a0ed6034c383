//! Forms and queries: `application/x-www-form-urlencoded`, read strictly.

use crate::xml::{percent, unpercent};

/// The longest query or form that is read.
const LONGEST: usize = 8 * 1024;
/// The most fields that are read.
const FIELDS: usize = 32;

/// Reads the fields in their order; `None` when an escape is broken, the text is not UTF-8 or past a limit.
pub(crate) fn parse(text: &str) -> Option<Vec<(String, String)>> {
    if text.len() > LONGEST {
        return None;
    }
    let decoded = |text| unpercent(text, Some(b' '));
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let fields: Option<Vec<_>> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        })
        .take(FIELDS + 1)
        .collect();
    fields.filter(|fields| fields.len() <= FIELDS)
}

/// The value of a field; an error when it is said twice.
pub(crate) fn one<'f>(fields: &'f [(String, String)], name: &str) -> Result<Option<&'f str>, Twice> {
    let mut found = fields.iter().filter(|(found, _)| found == name);
    let value = found.next().map(|(_, value)| value.as_str());
    if found.next().is_some() { Err(Twice) } else { Ok(value) }
}

/// A field that may be said once was said twice.
#[derive(Debug)]
pub(crate) struct Twice;

/// Writes fields.
pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let fields = [("a", "b c"), ("d&=", "è+%"), ("e", "")];
        let read = parse(&encode(&fields)).unwrap();
        assert_eq!(read, fields.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert_eq!(parse("a=b+c&&d").unwrap(), [("a".into(), "b c".into()), ("d".into(), String::new())]);
    }

    #[test]
    fn broken_escapes_and_floods_are_not_read() {
        for bad in ["a=%", "a=%4", "a=%4g", "a=%ff", "%zz=1", "a=%+1"] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        assert!(parse(&"a&".repeat(FIELDS)).is_some());
        assert!(parse(&"a&".repeat(FIELDS + 1)).is_none());
        assert!(parse(&"a".repeat(LONGEST)).is_some());
        assert!(parse(&"a".repeat(LONGEST + 1)).is_none());
    }

    #[test]
    fn a_field_is_one_or_none() {
        let fields = parse("a=1&b=2&a=3").unwrap();
        assert!(one(&fields, "a").is_err());
        assert_eq!(one(&fields, "b").unwrap(), Some("2"));
        assert_eq!(one(&fields, "c").unwrap(), None);
    }
}
