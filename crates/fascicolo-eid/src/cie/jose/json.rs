//! Strict JSON: one object, no member twice, a limit on depth. Whoever reads the second of two members reads another
//! message than whoever reads the first.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::Defect;

/// Entity statements, the deepest that is read, have about ten levels.
const DEPTH: usize = 24;

/// Reads one object.
///
/// # Errors
/// [`Defect::Json`], [`Defect::DuplicateMember`], [`Defect::TooDeep`].
pub fn read(bytes: &[u8]) -> Result<Map<String, Value>, Defect> {
    match read_any(bytes)? {
        Value::Object(members) => Ok(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Defect::Json)
        }
    }
}

/// Reads any one value.
pub(crate) fn read_any(bytes: &[u8]) -> Result<Value, Defect> {
    let found = Cell::new(Defect::Json);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: DEPTH, found: &found }.deserialize(&mut deserializer);
    let value = value.map_err(|_| found.get())?;
    deserializer.end().map_err(|_| Defect::Json)?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict<'c> {
    depth: usize,
    found: &'c Cell<Defect>,
}

impl Strict<'_> {
    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| self.refuse(Defect::TooDeep))?;
        Ok(Self { depth, ..self })
    }

    fn refuse<E: serde::de::Error>(self, defect: Defect) -> E {
        self.found.set(defect);
        E::custom(defect)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        serde_json::Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(below)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let value = access.next_value_seed(below)?;
            if members.insert(name, value).is_some() {
                return Err(self.refuse(Defect::DuplicateMember));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_whole() {
        let text = r#"{"a":[1,-2,3.5,true,null,"x\u00e8"],"b":{"c":{}}}"#;
        assert_eq!(
            Value::Object(read(text.as_bytes()).unwrap()),
            serde_json::from_str::<Value>(text).unwrap()
        );
    }

    #[test]
    fn each_defect_is_named() {
        let deep = |levels| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(deep(DEPTH - 1).as_bytes()).is_ok());
        for (text, defect) in [
            ("", Defect::Json),
            ("[]", Defect::Json),
            ("\"a\"", Defect::Json),
            ("{} {}", Defect::Json),
            ("{\"a\":1,}", Defect::Json),
            ("{\"a\":NaN}", Defect::Json),
            ("{\"a\":1e999}", Defect::Json),
            ("{\"a\":\"\\ud800\"}", Defect::Json),
            ("\u{feff}{}", Defect::Json),
            ("{\"a\":1,\"a\":1}", Defect::DuplicateMember),
            ("{\"a\":1,\"\\u0061\":2}", Defect::DuplicateMember),
            ("{\"b\":[{\"a\":1,\"a\":2}]}", Defect::DuplicateMember),
            (&deep(DEPTH), Defect::TooDeep),
            (&deep(10_000), Defect::TooDeep),
        ] {
            assert_eq!(read(text.as_bytes()), Err(defect), "{text:.40}");
        }
        assert_eq!(read(b"{\"a\":\"\xff\"}"), Err(Defect::Json));
    }
}
