//! Between rows and domain types: ids, codes and numbers are TEXT, instants BIGINT milliseconds, digests bytes
//! (half the index of their hexadecimal form). A NULL keeps its type, since PostgreSQL refuses an untyped one.

use std::fmt;

use fascicolo_domain::ids::{CitizenId, DocumentId, EventId, LoginRequestId, ObjectId, SessionId};
use fascicolo_domain::secret::Digest;
use jiff::Timestamp;

use crate::engine::{Broken, Columns};

/// A parameter.
pub(crate) enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Flag(Option<bool>),
    Bytes(Option<Vec<u8>>),
}

/// Its kind alone: it may be personal.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(…)",
            Self::Int(_) => "Int(…)",
            Self::Flag(_) => "Flag(…)",
            Self::Bytes(_) => "Bytes(…)",
        })
    }
}

impl Value {
    /// PostgreSQL holds no NUL in text: it becomes the replacement character on both engines.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Text(Some(if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }))
    }

    pub(crate) fn null_or<T>(value: Option<T>, empty: Self) -> Self
    where
        Self: From<T>,
    {
        value.map_or(empty, Self::from)
    }

    pub(crate) fn text_or_null<T>(value: Option<T>) -> Self
    where
        Self: From<T>,
    {
        Self::null_or(value, Self::Text(None))
    }

    pub(crate) fn int_or_null<T>(value: Option<T>) -> Self
    where
        Self: From<T>,
    {
        Self::null_or(value, Self::Int(None))
    }

    pub(crate) fn flag_or_null(value: Option<bool>) -> Self {
        Self::Flag(value)
    }

    pub(crate) fn bytes_or_null<T>(value: Option<T>) -> Self
    where
        Self: From<T>,
    {
        Self::null_or(value, Self::Bytes(None))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::text(text.as_str())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(Some(flag))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(Some(bytes.to_vec()))
    }
}

impl From<Timestamp> for Value {
    fn from(instant: Timestamp) -> Self {
        Self::Int(Some(instant.as_millisecond()))
    }
}

impl From<&Digest> for Value {
    fn from(digest: &Digest) -> Self {
        Self::Bytes(Some(digest.as_bytes().to_vec()))
    }
}

/// An unsigned number, held at the largest the column can carry.
pub(crate) fn number(value: u64) -> Value {
    Value::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
}

/// An identifier that has a canonical text.
pub(crate) trait Id: Sized {
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! ids {
    ($($name:ident)*) => {$(
        impl Id for $name {
            fn parse(text: &str) -> Option<Self> {
                $name::parse(text)
            }
        }

        impl From<$name> for Value {
            fn from(id: $name) -> Self {
                Self::Text(Some(id.to_string()))
            }
        }
    )*};
}

ids! { CitizenId DocumentId EventId LoginRequestId ObjectId SessionId }

impl<'r> Columns<'r> {
    pub(crate) fn str(&mut self) -> Result<&'r str, Broken> {
        self.str_or_null()?.ok_or_else(null)
    }

    pub(crate) fn text(&mut self) -> Result<String, Broken> {
        self.str().map(str::to_owned)
    }

    pub(crate) fn text_or_null(&mut self) -> Result<Option<String>, Broken> {
        Ok(self.str_or_null()?.map(str::to_owned))
    }

    pub(crate) fn int(&mut self) -> Result<i64, Broken> {
        self.int_or_null()?.ok_or_else(null)
    }

    pub(crate) fn number<T: TryFrom<i64>>(&mut self) -> Result<T, Broken> {
        T::try_from(self.int()?).map_err(|_| Broken::new("a number out of its range"))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Broken> {
        self.flag_or_null()?.ok_or_else(null)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'r [u8], Broken> {
        self.bytes_or_null()?.ok_or_else(null)
    }

    pub(crate) fn instant(&mut self) -> Result<Timestamp, Broken> {
        instant(self.int()?)
    }

    pub(crate) fn instant_or_null(&mut self) -> Result<Option<Timestamp>, Broken> {
        self.int_or_null()?.map(instant).transpose()
    }

    pub(crate) fn digest(&mut self) -> Result<Digest, Broken> {
        digest(self.bytes()?)
    }

    pub(crate) fn digest_or_null(&mut self) -> Result<Option<Digest>, Broken> {
        self.bytes_or_null()?.map(digest).transpose()
    }

    pub(crate) fn id<T: Id>(&mut self) -> Result<T, Broken> {
        self.code(T::parse)
    }

    pub(crate) fn id_or_null<T: Id>(&mut self) -> Result<Option<T>, Broken> {
        self.code_or_null(T::parse)
    }

    /// A text that stands for a value of ours.
    pub(crate) fn code<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Broken> {
        parse(self.str()?).ok_or_else(unknown)
    }

    pub(crate) fn code_or_null<T>(
        &mut self,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Broken> {
        match self.str_or_null()? {
            Some(text) => parse(text).map(Some).ok_or_else(unknown),
            None => Ok(None),
        }
    }
}

fn instant(millis: i64) -> Result<Timestamp, Broken> {
    Timestamp::from_millisecond(millis).map_err(|_| Broken::new("an instant out of range"))
}

fn digest(bytes: &[u8]) -> Result<Digest, Broken> {
    bytes.try_into().map(Digest::from_bytes).map_err(|_| Broken::new("a digest of the wrong length"))
}

fn null() -> Broken {
    Broken::new("a column is empty that may not be")
}

fn unknown() -> Broken {
    Broken::new("a column holds a code that is unknown here")
}
