//! Which keys there are and of what kind: those of `config/example.toml`. Anything else is refused, with the nearest
//! known key named; the environment is laid over the file.

use std::ffi::OsString;

use toml::{Table, Value};

use super::ConfigError;

const EXAMPLE: &str = include_str!("../../../../config/example.toml");
const PREFIX: &str = "FASCICOLO_";

/// The example, which knows every key.
///
/// # Errors
/// The example is no TOML; a test catches it first.
pub fn example() -> Result<Table, ConfigError> {
    EXAMPLE.parse().map_err(|e: toml::de::Error| ConfigError::Syntax(e.to_string()))
}

/// Refuses keys that do not exist and values of another kind.
///
/// # Errors
/// The first such key.
pub fn check(given: &Table, known: &Table) -> Result<(), ConfigError> {
    for (section, keys) in given {
        let Some(there) = known.get(section).and_then(Value::as_table) else {
            let nearest = nearest(section, known.keys().map(String::as_str));
            return Err(ConfigError::Unknown { key: section.clone(), nearest });
        };
        let Some(keys) = keys.as_table() else {
            return Err(ConfigError::Kind { key: section.clone(), wanted: "a section" });
        };
        for (key, value) in keys {
            let path = format!("{section}.{key}");
            let Some(like) = there.get(key) else {
                return Err(ConfigError::Unknown { nearest: nearest_key(section, key, known), key: path });
            };
            if kind(value) != kind(like) {
                return Err(ConfigError::Kind { key: path, wanted: kind(like) });
            }
        }
    }
    Ok(())
}

/// Lays `FASCICOLO_SECTION__KEY` over the file. Variables without `__` are none of ours.
///
/// # Errors
/// A variable of no known key, or whose value is of another kind.
pub fn overlay(
    given: &mut Table,
    known: &Table,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), ConfigError> {
    for (name, value) in environment {
        let Some(name) = name.to_str() else { continue };
        let Some((section, key)) = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once("__")) else {
            continue;
        };
        let (section, key) = (section.to_lowercase(), key.to_lowercase());
        let Some(like) = known.get(&section).and_then(|keys| keys.get(&key)) else {
            let nearest = nearest_key(&section, &key, known).map(|near| variable(&near));
            return Err(ConfigError::Unknown { key: name.to_owned(), nearest });
        };
        let wrong = || ConfigError::Kind { key: name.to_owned(), wanted: kind(like) };
        let value = read(value.to_str().ok_or_else(wrong)?, like).ok_or_else(wrong)?;
        let keys = given.entry(section).or_insert_with(|| Value::Table(Table::new()));
        if let Some(keys) = keys.as_table_mut() {
            keys.insert(key, value);
        }
    }
    Ok(())
}

fn variable(path: &str) -> String {
    format!("{PREFIX}{}", path.replacen('.', "__", 1).to_uppercase())
}

fn read(text: &str, like: &Value) -> Option<Value> {
    Some(match like {
        Value::Integer(_) => Value::Integer(text.trim().parse().ok()?),
        Value::Boolean(_) => Value::Boolean(text.trim().parse().ok()?),
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
        }
        Value::String(_) | Value::Float(_) | Value::Datetime(_) | Value::Table(_) => {
            Value::String(text.to_owned())
        }
    })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list",
        Value::Float(_) => "a number",
        Value::Datetime(_) => "an instant",
        Value::Table(_) => "a section",
    }
}

/// The known key that was probably meant: nearly the same name, here or, when the section is wrong, elsewhere.
fn nearest_key(section: &str, key: &str, known: &Table) -> Option<String> {
    let all: Vec<String> = known
        .iter()
        .filter_map(|(section, keys)| Some((section, keys.as_table()?)))
        .flat_map(|(section, keys)| keys.keys().map(move |key| format!("{section}.{key}")))
        .collect();
    let same_name = all.iter().find(|path| path.split_once('.').is_some_and(|(_, name)| name == key));
    let wanted = format!("{section}.{key}");
    match same_name {
        Some(path)
            if !known.contains_key(section) || nearest(&wanted, same_section(&all, section)).is_none() =>
        {
            Some(path.clone())
        }
        _ => nearest(&wanted, all.iter().map(String::as_str)),
    }
}

fn same_section<'a>(all: &'a [String], section: &'a str) -> impl Iterator<Item = &'a str> {
    all.iter().map(String::as_str).filter(move |path| path.split_once('.').is_some_and(|(s, _)| s == section))
}

fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let near = known.map(|name| (distance(wanted, name), name)).min()?;
    (near.0 <= 2 + wanted.chars().count() / 5).then(|| near.1.to_owned())
}

/// How many letters must be changed, added or left out (Levenshtein).
fn distance(one: &str, two: &str) -> usize {
    let two: Vec<char> = two.chars().collect();
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut next = vec![i + 1];
        for (b, above) in two.iter().zip(row.windows(2)) {
            let (diagonal, up) = (above.first().copied().unwrap_or(0), above.last().copied().unwrap_or(0));
            let left = next.last().copied().unwrap_or(0);
            next.push((diagonal + usize::from(a != *b)).min(up + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        check(&text.parse().unwrap(), &example().unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn the_example_knows_itself() {
        check(&example().unwrap(), &example().unwrap()).unwrap();
    }

    #[test]
    fn an_unknown_key_is_refused_and_the_nearest_one_named() {
        let cases = [
            ("[site]\norgin = 'x'", "unknown key `site.orgin`; did you mean `site.origin`?"),
            ("[sites]\norigin = 'x'", "unknown key `sites`; did you mean `site`?"),
            (
                "[listen]\nidle_minutes = 3",
                "unknown key `listen.idle_minutes`; did you mean `sessions.idle_minutes`?",
            ),
            (
                "[database]\npasword = 'x'",
                "unknown key `database.pasword`; did you mean `database.password`?",
            ),
            ("[site]\nzzzzzzzz = 'x'", "unknown key `site.zzzzzzzz`"),
            ("origin = 'x'", "unknown key `origin`"),
        ];
        for (text, says) in cases {
            assert_eq!(refused(text), says);
        }
    }

    #[test]
    fn a_value_of_another_kind_is_refused() {
        assert_eq!(
            refused("[sessions]\nidle_minutes = '20'"),
            "`sessions.idle_minutes` must be a whole number"
        );
        assert_eq!(refused("[site]\norigin = 1"), "`site.origin` must be text");
        assert_eq!(refused("site = 1"), "`site` must be a section");
    }

    fn with(pairs: &[(&str, &str)]) -> Result<Table, ConfigError> {
        let mut given: Table = "[sessions]\nidle_minutes = 15".parse().unwrap();
        let pairs = pairs.iter().map(|(name, value)| (name.into(), value.into()));
        overlay(&mut given, &example().unwrap(), pairs)?;
        Ok(given)
    }

    #[test]
    fn the_environment_wins_and_takes_the_kind_of_the_key() {
        let given = with(&[
            ("FASCICOLO_SESSIONS__IDLE_MINUTES", "10"),
            ("FASCICOLO_DATABASE__NODE", "7"),
            ("FASCICOLO_JOBS__RUN", "false"),
            ("FASCICOLO_LISTEN__TRUSTED_PROXIES", "192.0.2.1, 192.0.2.2"),
            ("FASCICOLO_SHARED", "not a setting"),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert_eq!(given["sessions"]["idle_minutes"].as_integer(), Some(10));
        assert_eq!(given["database"]["node"].as_str(), Some("7"));
        assert_eq!(given["jobs"]["run"].as_bool(), Some(false));
        assert_eq!(given["listen"]["trusted_proxies"].as_array().unwrap().len(), 2);
        assert_eq!(given.len(), 4);
    }

    #[test]
    fn an_unknown_variable_is_refused_and_the_nearest_one_named() {
        let error = with(&[("FASCICOLO_SITE__ORIGN", "x")]).unwrap_err().to_string();
        assert_eq!(error, "unknown key `FASCICOLO_SITE__ORIGN`; did you mean `FASCICOLO_SITE__ORIGIN`?");
        let error = with(&[("FASCICOLO_JOBS__RUN", "maybe")]).unwrap_err().to_string();
        assert_eq!(error, "`FASCICOLO_JOBS__RUN` must be true or false");
    }
}
