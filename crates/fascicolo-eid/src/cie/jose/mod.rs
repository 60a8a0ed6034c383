//! The closed subset of JOSE that CIE needs (`CIE-9`, `CIE-23`, `CIE-24`): compact form alone, strict base64url and
//! JSON, six signature algorithms, two key encryptions. Keys are those we already hold, by `kid`; what a header says
//! of keys (`jwk`, `jku`, `x5c`, `x5u`) is never looked at.

mod base64url;
mod claims;
mod json;
mod jwe;
mod jwk;
mod jws;
mod key;

pub use self::base64url::{decode as decode_base64url, encode as encode_base64url};
pub use self::claims::Claims;
pub(crate) use self::claims::instant;
pub use self::json::read as read_json;
pub(crate) use self::json::read_any as read_json_any;
pub use self::jwe::{ContentEncryption, Jwe, KeyEncryption, encrypt};
pub use self::jwk::{Jwk, JwkSet, Usage};
pub use self::jws::{Algorithm, Jws, sign};
pub use self::key::{DecryptionKey, SigningKey};

/// The longest message that is read: a federation body (CIE-14), which is the longest of them.
pub const LONGEST: usize = 64 * 1024;

macro_rules! defects {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal,)*) => {
        /// What is wrong with a signed or encrypted message. For the log alone.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Defect { $($(#[doc = $doc])* $name,)* }

        impl Defect {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name in the log.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

defects! {
    /// Past the limit of its kind.
    TooLong = "too_long",
    /// Not the three parts of a signed message, nor the five of an encrypted one.
    Parts = "parts",
    /// Not strict base64url: padding, stray bits, foreign characters.
    NotBase64 = "not_base64url",
    /// Not one JSON object in UTF-8.
    Json = "json",
    /// A member said twice.
    DuplicateMember = "duplicate_member",
    /// Objects in objects past the limit.
    TooDeep = "too_deep",
    /// `crit`: something that must be understood, and we understand nothing of the kind.
    Critical = "critical",
    /// A signature algorithm that is not accepted, or none.
    Algorithm = "algorithm",
    /// `typ` is not what this message must be.
    Type = "type",
    /// No `kid`.
    KeyIdMissing = "key_id_missing",
    /// No key of that name in the set we hold.
    KeyUnknown = "key_unknown",
    /// Two keys of that name.
    KeyAmbiguous = "key_ambiguous",
    /// The key is for something else: its kind, its use or its algorithm.
    KeyUnfit = "key_unfit",
    /// A key that is no key: a missing or malformed member, too short, a private one.
    Key = "key",
    /// The signature does not fit.
    Signature = "signature",
    /// A key encryption that is not accepted.
    KeyEncryption = "key_encryption",
    /// A content encryption that is not accepted.
    ContentEncryption = "content_encryption",
    /// `zip`: nothing compressed is taken.
    Compressed = "compressed",
    /// `cty` is not `JWT`.
    ContentType = "content_type",
    /// It cannot be decrypted.
    Decryption = "decryption",
}

impl std::fmt::Display for Defect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Defect {}
