//! Our private keys. One key signs or decrypts, never both: the types keep them apart (CIE-4).

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, OaepAlgorithm, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use der::asn1::UintRef;
use der::{Decode as _, Sequence};

use super::{Jwk, Usage};
use crate::cie::KeyError;

/// An RSA key that signs.
pub struct SigningKey {
    pair: KeyPair,
    jwk: Jwk,
}

impl SigningKey {
    /// Reads PKCS#8 or PKCS#1.
    ///
    /// # Errors
    /// [`KeyError::Pem`], [`KeyError::NotRsa`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let pair = pair(pem)?;
        Ok(Self { jwk: jwk(&pair, Usage::Signature)?, pair })
    }

    /// Its public half.
    #[must_use]
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    #[must_use]
    pub fn kid(&self) -> &str {
        self.jwk.kid()
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256: the same message always gets the same signature.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| KeyError::Sign)?;
        Ok(signature)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// An RSA key that decrypts.
pub struct DecryptionKey {
    key: OaepPrivateDecryptingKey,
    jwk: Jwk,
}

impl DecryptionKey {
    /// Reads PKCS#8 or PKCS#1.
    ///
    /// # Errors
    /// [`KeyError::Pem`], [`KeyError::NotRsa`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let pair = pair(pem)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::NotRsa)?;
        let key = PrivateDecryptingKey::from_pkcs8(der.as_ref()).map_err(|_| KeyError::NotRsa)?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| KeyError::NotRsa)?;
        Ok(Self { key, jwk: jwk(&pair, Usage::Encryption)? })
    }

    /// Its public half.
    #[must_use]
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    #[must_use]
    pub fn kid(&self) -> &str {
        self.jwk.kid()
    }

    pub(super) fn decrypt(&self, padding: &'static OaepAlgorithm, wrapped: &[u8]) -> Option<Vec<u8>> {
        let mut out = vec![0; self.key.min_output_size()];
        let length = self.key.decrypt(padding, wrapped, &mut out, None).ok()?.len();
        out.truncate(length);
        Some(out)
    }
}

impl std::fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DecryptionKey(…)")
    }
}

fn pair(pem: &str) -> Result<KeyPair, KeyError> {
    let (label, key) = der::pem::decode_vec(pem.as_bytes()).map_err(|_| KeyError::Pem)?;
    match label {
        "PRIVATE KEY" => KeyPair::from_pkcs8(&key),
        "RSA PRIVATE KEY" => KeyPair::from_der(&key),
        _ => return Err(KeyError::Pem),
    }
    .map_err(|_| KeyError::NotRsa)
}

/// `RSAPublicKey` of RFC 8017.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    n: UintRef<'a>,
    e: UintRef<'a>,
}

fn jwk(pair: &KeyPair, usage: Usage) -> Result<Jwk, KeyError> {
    let public = RsaPublicKey::from_der(pair.public_key().as_ref()).map_err(|_| KeyError::NotRsa)?;
    Jwk::named(public.n.as_bytes().to_vec(), public.e.as_bytes().to_vec(), usage)
        .map_err(|_| KeyError::NotRsa)
}
