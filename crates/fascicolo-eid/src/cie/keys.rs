//! Our keys and their turns (CIE-4, CIE-6). A new key is published beside the old one, used once every provider must
//! have seen it, and the old one goes when none can still know it alone.

use fascicolo_domain::time::after_seconds;
use jiff::Timestamp;

use super::jose::{DecryptionKey, Jwk, JwkSet, SigningKey};

/// Why a key of ours is no good, or something could not be made with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    #[error("not the PEM text of a private key")]
    Pem,
    #[error("not an RSA key of 2048 to 8192 bits")]
    NotRsa,
    #[error("one key for two purposes, or listed twice")]
    Shared,
    #[error("keys that are not listed from the oldest to the newest")]
    Order,
    #[error("no key for this purpose at this time")]
    NoKey,
    #[error("the key refused to sign")]
    Sign,
    #[error("the provider's chain has come to its end")]
    ChainExpired,
    #[error("the provider has no address for this")]
    NoAddress,
}

/// A key, and since when it is published.
#[derive(Debug)]
pub struct Held<K> {
    pub key: K,
    pub since: Timestamp,
}

/// What a key is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Signs entity statements. A change goes through the registrar.
    Federation,
    /// Signs requests and client assertions.
    Signing,
    /// Decrypts userinfo.
    Encryption,
}

/// Where a key is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Not yet published.
    Planned,
    /// Published beside the one in use; decrypts, does not sign.
    Announced,
    /// Published, signs, decrypts.
    Current,
    /// Followed by another: still verifies and decrypts what was made for it, is no longer offered for encryption.
    Retiring,
    /// Of no use any more.
    Gone,
}

/// All our keys.
#[derive(Debug)]
pub struct Keys {
    federation: Vec<Held<SigningKey>>,
    signing: Vec<Held<SigningKey>>,
    encryption: Vec<Held<DecryptionKey>>,
    overlap_seconds: i64,
}

impl Keys {
    /// Takes the keys of each purpose, oldest first. `overlap_seconds` is the longest that a provider may keep a trust
    /// chain about us: the lifetime of what the anchor says of us (CIE-6).
    ///
    /// # Errors
    /// [`KeyError::NoKey`], [`KeyError::Order`], [`KeyError::Shared`].
    pub fn new(
        federation: Vec<Held<SigningKey>>,
        signing: Vec<Held<SigningKey>>,
        encryption: Vec<Held<DecryptionKey>>,
        overlap_seconds: u32,
    ) -> Result<Self, KeyError> {
        in_order(&federation)?;
        in_order(&signing)?;
        in_order(&encryption)?;
        let signing_keys = federation.iter().chain(&signing).map(|held| held.key.jwk());
        let all = signing_keys.chain(encryption.iter().map(|held| held.key.jwk()));
        let mut names: Vec<&str> = all.map(Jwk::kid).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        if names.len() < count {
            return Err(KeyError::Shared);
        }
        Ok(Self { federation, signing, encryption, overlap_seconds: overlap_seconds.into() })
    }

    /// What the entity configuration says under `jwks`.
    #[must_use]
    pub fn federation_jwks(&self, now: Timestamp) -> JwkSet {
        JwkSet::new(self.verifying(&self.federation, now).collect())
    }

    /// What our metadata say under `jwks`: keys to verify us with and keys to encrypt to.
    #[must_use]
    pub fn protocol_jwks(&self, now: Timestamp) -> JwkSet {
        let offered = self.phased(&self.encryption, now);
        let offered = offered.filter(|(_, phase)| matches!(phase, Phase::Announced | Phase::Current));
        let signing = self.verifying(&self.signing, now);
        JwkSet::new(signing.chain(offered.map(|(held, _)| held.key.jwk().clone())).collect())
    }

    /// The key that signs entity statements now.
    ///
    /// # Errors
    /// [`KeyError::NoKey`].
    pub fn federation_key(&self, now: Timestamp) -> Result<&SigningKey, KeyError> {
        self.current(&self.federation, now)
    }

    /// The key that signs requests now.
    ///
    /// # Errors
    /// [`KeyError::NoKey`].
    pub fn signing_key(&self, now: Timestamp) -> Result<&SigningKey, KeyError> {
        self.current(&self.signing, now)
    }

    /// The keys that decrypt now.
    pub fn decryption_keys(&self, now: Timestamp) -> impl Iterator<Item = &DecryptionKey> {
        let alive = |phase: &Phase| matches!(phase, Phase::Announced | Phase::Current | Phase::Retiring);
        self.phased(&self.encryption, now).filter(move |(_, phase)| alive(phase)).map(|(held, _)| &held.key)
    }

    /// Every key with its phase, for the page of who runs the site.
    #[must_use]
    pub fn phases(&self, now: Timestamp) -> Vec<(Purpose, String, Phase)> {
        let signing = [(Purpose::Federation, &self.federation), (Purpose::Signing, &self.signing)];
        let mut list = Vec::new();
        for (purpose, keys) in signing {
            list.extend(
                self.phased(keys, now).map(|(held, phase)| (purpose, held.key.kid().to_owned(), phase)),
            );
        }
        let encryption = self.phased(&self.encryption, now);
        list.extend(encryption.map(|(held, phase)| (Purpose::Encryption, held.key.kid().to_owned(), phase)));
        list
    }

    fn verifying<'a>(&self, keys: &'a [Held<SigningKey>], now: Timestamp) -> impl Iterator<Item = Jwk> + 'a {
        let alive = |phase: &Phase| matches!(phase, Phase::Announced | Phase::Current | Phase::Retiring);
        self.phased(keys, now).filter(move |(_, phase)| alive(phase)).map(|(held, _)| held.key.jwk().clone())
    }

    fn current<'a>(&self, keys: &'a [Held<SigningKey>], now: Timestamp) -> Result<&'a SigningKey, KeyError> {
        let mut found = self.phased(keys, now).filter(|(_, phase)| *phase == Phase::Current);
        found.next().map(|(held, _)| &held.key).ok_or(KeyError::NoKey)
    }

    fn phased<'a, K>(
        &self,
        keys: &'a [Held<K>],
        now: Timestamp,
    ) -> impl Iterator<Item = (&'a Held<K>, Phase)> + use<'a, K> {
        let overlap = self.overlap_seconds;
        keys.iter().enumerate().map(move |(at, held)| {
            // the first needs no announcement: nobody knew us before
            let used_from = if at == 0 { held.since } else { after_seconds(held.since, overlap) };
            let followed = keys.get(at + 1).map(|next| after_seconds(next.since, overlap));
            let phase = if now < held.since {
                Phase::Planned
            } else if now < used_from {
                Phase::Announced
            } else if followed.is_none_or(|end| now < end) {
                Phase::Current
            } else if followed.is_some_and(|end| now < after_seconds(end, overlap)) {
                Phase::Retiring
            } else {
                Phase::Gone
            };
            (held, phase)
        })
    }
}

fn in_order<K>(keys: &[Held<K>]) -> Result<(), KeyError> {
    if keys.is_empty() {
        return Err(KeyError::NoKey);
    }
    let ordered = keys.iter().zip(keys.iter().skip(1)).all(|(older, newer)| older.since < newer.since);
    if ordered { Ok(()) } else { Err(KeyError::Order) }
}
