//! One type per identifier, all UUIDv7 in canonical text: sortable by time, safe in paths, saying nothing of the person.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

/// The random part of a UUIDv7.
pub type IdEntropy = [u8; 10];

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes an identifier that sorts by `now`.
            #[must_use]
            pub fn new(now: Timestamp, random: IdEntropy) -> Self {
                let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// Reads the canonical lower-case hyphenated form, and only that: one object has one address.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let id = Uuid::try_parse(text).ok()?;
                (id.hyphenated().to_string() == text).then_some(Self(id))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    )*};
}

ids! {
    /// A person, in our register.
    CitizenId;
    /// A document; also its address.
    DocumentId;
    /// The stored bytes of a document; its object name.
    ObjectId;
    /// A login that waits for the identity provider's answer.
    LoginRequestId;
    /// An open session, as its owner sees it; the cookie carries something else.
    SessionId;
    /// One row of the audit trail.
    EventId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_sort_by_time_and_read_back() {
        let early = DocumentId::new(Timestamp::from_millisecond(1_000).unwrap(), [255; 10]);
        let late = DocumentId::new(Timestamp::from_millisecond(1_001).unwrap(), [0; 10]);
        assert!(early.to_string() < late.to_string());
        assert_eq!(DocumentId::parse(&late.to_string()), Some(late));
    }

    #[test]
    fn only_the_canonical_spelling_is_an_identifier() {
        let id = DocumentId::new(Timestamp::UNIX_EPOCH, [0xab; 10]).to_string();
        for bad in [
            id.to_uppercase(),
            id.replace('-', ""),
            format!("{{{id}}}"),
            format!("urn:uuid:{id}"),
            String::new(),
        ] {
            assert_eq!(DocumentId::parse(&bad), None, "{bad}");
        }
    }
}
