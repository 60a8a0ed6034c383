//! Encryption at rest (REC-I8, decision 7): every document has a random key of its own; a key-encryption key from a
//! file outside the database wraps it. Rotation rewraps keys and never rewrites documents. Pure: bytes in, bytes out.

mod site_key;
mod stream;

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fascicolo_domain::Fault;
use fascicolo_domain::ids::ObjectId;
use zeroize::Zeroizing;

use crate::ports::Entropy;

pub use site_key::{BadSiteKey, SiteKey};
pub use stream::{open_stream, seal_stream, sealed_size};

const KEY: usize = 32;
const NONCE: usize = 12;
const TAG: usize = 16;
/// Version, nonce, key, tag.
const WRAPPED: usize = 1 + NONCE + KEY + TAG;
const VERSION: u8 = 1;
const LONGEST_ID: usize = 32;

/// The key-encryption keys: the active one wraps, the older ones only unwrap, until `fascicolo keys rotate` has
/// rewrapped what they hold.
pub struct Keyring {
    active: Kek,
    older: Vec<Kek>,
}

struct Kek {
    id: String,
    key: LessSafeKey,
}

/// Why a key file is no keyring. The texts are for operators and tell no key.
#[derive(Debug, thiserror::Error)]
pub enum BadKeyring {
    #[error("no key in it")]
    Empty,
    #[error("line {0}: not of the form `id base64key`")]
    Form(usize),
    #[error("line {0}: the id must be 1 to 32 of a-z 0-9 -")]
    Id(usize),
    #[error("line {0}: the key must be 32 bytes in base64")]
    Key(usize),
    #[error("line {0}: this id or key is there twice")]
    Twice(usize),
}

/// A document's new key. It seals one stream and is gone: the same key never meets two contents.
pub struct SealingKey {
    key: LessSafeKey,
    prefix: [u8; stream::PREFIX],
}

/// A document's key, to read it.
pub struct DocumentKey(LessSafeKey);

/// A document's key as the database keeps it: wrapped, with the id of the key that wraps it.
#[derive(Clone)]
pub struct StoredKey {
    pub kek: String,
    pub wrapped: Vec<u8>,
}

impl Keyring {
    /// Reads a key file: a line `id base64key` a key, the active one first; `#` starts a comment.
    ///
    /// # Errors
    /// The line that is wrong, and how.
    pub fn parse(text: &str) -> Result<Self, BadKeyring> {
        let mut keks: Vec<Kek> = Vec::new();
        let mut seen: Vec<Zeroizing<Vec<u8>>> = Vec::new();
        for (at, line) in text.lines().enumerate().map(|(i, line)| (i + 1, line.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut words = line.split_whitespace();
            let (Some(id), Some(key), None) = (words.next(), words.next(), words.next()) else {
                return Err(BadKeyring::Form(at));
            };
            if id.len() > LONGEST_ID || !id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
                return Err(BadKeyring::Id(at));
            }
            let bytes = Zeroizing::new(STANDARD.decode(key).map_err(|_| BadKeyring::Key(at))?);
            let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| BadKeyring::Key(at))?;
            if keks.iter().any(|kek| kek.id == id) || seen.contains(&bytes) {
                return Err(BadKeyring::Twice(at));
            }
            keks.push(Kek { id: id.to_owned(), key: LessSafeKey::new(key) });
            seen.push(bytes);
        }
        let mut keks = keks.into_iter();
        let active = keks.next().ok_or(BadKeyring::Empty)?;
        Ok(Self { active, older: keks.collect() })
    }

    /// The text of a key file's line with a new key.
    ///
    /// # Errors
    /// No random bytes.
    pub fn new_line(entropy: &dyn Entropy, id: &str) -> Result<Zeroizing<String>, Fault> {
        let key = random::<KEY>(entropy)?;
        Ok(Zeroizing::new(format!("{id} {}\n", STANDARD.encode(*key))))
    }

    /// The id of the key that wraps.
    #[must_use]
    pub fn active(&self) -> &str {
        &self.active.id
    }

    /// The ids of the keys that only unwrap.
    pub fn older(&self) -> impl Iterator<Item = &str> {
        self.older.iter().map(|kek| kek.id.as_str())
    }

    /// Makes the key of a new document.
    ///
    /// # Errors
    /// No random bytes, or the library refuses.
    pub fn new_document_key(
        &self,
        entropy: &dyn Entropy,
        object: ObjectId,
    ) -> Result<(SealingKey, StoredKey), Fault> {
        let key = random::<KEY>(entropy)?;
        let prefix = random::<{ stream::PREFIX }>(entropy)?;
        let wrapped = self.active.wrap(&key, *random(entropy)?, &context_of(object))?;
        let stored = StoredKey { kek: self.active.id.clone(), wrapped };
        Ok((SealingKey { key: key_of(&key)?, prefix: *prefix }, stored))
    }

    /// Unwraps the key of a document.
    ///
    /// # Errors
    /// The wrapping key is not in the ring, or these bytes do not hold this object's key.
    pub fn open_key(&self, object: ObjectId, kek: &str, wrapped: &[u8]) -> Result<DocumentKey, Fault> {
        let key = self.find(kek)?.open(wrapped, &context_of(object))?;
        Ok(DocumentKey(key_of(&key)?))
    }

    /// Wraps a document's key under the active key; `None` when it is already.
    ///
    /// # Errors
    /// As [`Keyring::open_key`].
    pub fn rewrap(
        &self,
        entropy: &dyn Entropy,
        object: ObjectId,
        stored: &StoredKey,
    ) -> Result<Option<StoredKey>, Fault> {
        if stored.kek == self.active.id {
            return Ok(None);
        }
        let context = context_of(object);
        let key = self.find(&stored.kek)?.open(&stored.wrapped, &context)?;
        let wrapped = self.active.wrap(&key, *random(entropy)?, &context)?;
        Ok(Some(StoredKey { kek: self.active.id.clone(), wrapped }))
    }

    /// Seals a small blob (a login's request and answer, SPID-G3) that opens only with the same `context`.
    ///
    /// # Errors
    /// As [`Keyring::new_document_key`].
    pub fn seal_bytes(&self, entropy: &dyn Entropy, context: &str, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let context = [b"fascicolo blob 1\0", context.as_bytes()].concat();
        let key = random::<KEY>(entropy)?;
        let id = self.active.id.as_bytes();
        let mut sealed = vec![VERSION, u8::try_from(id.len()).unwrap_or(u8::MAX)];
        sealed.extend_from_slice(id);
        sealed.extend_from_slice(&self.active.wrap(&key, *random(entropy)?, &context)?);
        let mut body = plain.to_vec();
        // the key seals this blob alone, so its nonce may be constant
        key_of(&key)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key([0; NONCE]), Aad::from(context), &mut body)
            .map_err(|_| Fault::bare("sealing a blob"))?;
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens a blob of [`Keyring::seal_bytes`].
    ///
    /// # Errors
    /// Another context, an unknown key, or changed bytes.
    pub fn open_bytes(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        const BROKEN: &str = "opening a sealed blob";
        let context = [b"fascicolo blob 1\0", context.as_bytes()].concat();
        let [VERSION, length, rest @ ..] = sealed else {
            return Err(Fault::bare(BROKEN));
        };
        let (id, rest) = rest.split_at_checked(usize::from(*length)).ok_or_else(|| Fault::bare(BROKEN))?;
        let (wrapped, body) = rest.split_at_checked(WRAPPED).ok_or_else(|| Fault::bare(BROKEN))?;
        let id = std::str::from_utf8(id).map_err(|e| Fault::new(BROKEN, e))?;
        let key = self.find(id)?.open(wrapped, &context)?;
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key([0; NONCE]);
        let opened = key_of(&key)?.open_in_place(nonce, Aad::from(context), &mut body);
        let length = opened.map_err(|_| Fault::bare(BROKEN))?.len();
        body.truncate(length);
        Ok(body)
    }

    fn find(&self, id: &str) -> Result<&Kek, Fault> {
        std::iter::once(&self.active)
            .chain(&self.older)
            .find(|kek| kek.id == id)
            .ok_or_else(|| Fault::bare("looking for the key-encryption key a stored key names"))
    }
}

impl Kek {
    fn wrap(&self, key: &[u8; KEY], nonce: [u8; NONCE], context: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut body = Zeroizing::new(*key);
        let tag = self
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), self.aad(context), &mut body[..])
            .map_err(|_| Fault::bare("wrapping a key"))?;
        Ok([&[VERSION][..], &nonce, &body[..], tag.as_ref()].concat())
    }

    fn open(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<[u8; KEY]>, Fault> {
        let broken = || Fault::bare("unwrapping a stored key");
        let [VERSION, rest @ ..] = wrapped else {
            return Err(broken());
        };
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or_else(broken)?;
        let mut body = Zeroizing::new(body.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let key = self.key.open_in_place(nonce, self.aad(context), &mut body).map_err(|_| broken())?;
        let key: &[u8; KEY] = (&*key).try_into().map_err(|_| broken())?;
        Ok(Zeroizing::new(*key))
    }

    fn aad(&self, context: &[u8]) -> Aad<Vec<u8>> {
        Aad::from([self.id.as_bytes(), b"\0", context].concat())
    }
}

/// What a wrapped key is bound to: moved to another object's row, it does not open.
fn context_of(object: ObjectId) -> Vec<u8> {
    format!("fascicolo document key 1\0{object}").into_bytes()
}

fn key_of(key: &[u8; KEY]) -> Result<LessSafeKey, Fault> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Fault::bare("preparing a key"))?;
    Ok(LessSafeKey::new(key))
}

fn random<const N: usize>(entropy: &dyn Entropy) -> Result<Zeroizing<[u8; N]>, Fault> {
    let mut bytes = Zeroizing::new([0; N]);
    entropy.fill(&mut bytes[..])?;
    Ok(bytes)
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({}, {} older)", self.active.id, self.older.len())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

impl fmt::Debug for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DocumentKey(…)")
    }
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredKey(under {})", self.kek)
    }
}

#[cfg(test)]
mod tests;
