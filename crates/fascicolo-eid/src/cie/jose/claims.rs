//! The members of a JSON object, read with the kind they must have.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Defect, read_json};

/// The claims of a message. Holds personal data at times: silent in `Debug`.
#[derive(Clone, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Reads one strict JSON object.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, Defect> {
        read_json(bytes).map(Self)
    }

    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A text that is not empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// An instant in whole seconds, years 2000 to 2199.
    #[must_use]
    pub fn instant(&self, name: &str) -> Option<Timestamp> {
        instant(self.0.get(name)?)
    }

    /// Whether `aud` is this one audience and no other, as text or as a list of one.
    #[must_use]
    pub fn only_audience(&self, expected: &str) -> bool {
        match self.0.get("aud") {
            Some(Value::String(one)) => one == expected,
            Some(Value::Array(list)) => matches!(list.as_slice(), [Value::String(one)] if one == expected),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => false,
        }
    }

    /// An object inside.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.0.get(name)?.as_object()
    }

    /// A list of texts; `None` when it is there and something else, empty when it is not there.
    #[must_use]
    pub fn texts(&self, name: &str) -> Option<Vec<&str>> {
        match self.0.get(name) {
            None => Some(Vec::new()),
            Some(value) => value.as_array()?.iter().map(Value::as_str).collect(),
        }
    }
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claims(…)")
    }
}

/// Seconds since 1970, years 2000 to 2199 alone.
pub(crate) fn instant(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_i64().filter(|s| (946_684_800..7_258_118_400).contains(s))?;
    Timestamp::from_second(seconds).ok()
}
