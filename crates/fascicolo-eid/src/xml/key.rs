//! RSA keys: ours to sign with, the providers' to verify with. At least 2048 bits (SPID-K1); nothing else is a key.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PKCS1_SHA256,
};
use der::Decode as _;

use super::encode_base64;

/// Why a key, a certificate or something to be signed with them is no good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    #[error("not the PEM text of a private key and a certificate")]
    Pem,
    #[error("not an RSA key of 2048 to 8192 bits")]
    NotRsa,
    #[error("the certificate does not belong to the key")]
    Mismatch,
    #[error("a certificate that cannot be read or made")]
    Certificate,
    #[error("the key refused to sign")]
    Sign,
    #[error("the provider has no address for this binding")]
    NoAddress,
    #[error("an attribute set that the metadata do not have")]
    NoAttributeSet,
    #[error("a relay state longer than 80 bytes, empty, or that looks like an address")]
    RelayState,
    #[error("not XML with an element of that ID to be signed")]
    NothingToSign,
}

/// Whatever holds an RSA private key: a file's bytes in memory, a hardware module, another machine.
pub trait Signer: Send + Sync {
    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256: the same message always gets the same signature.
    ///
    /// # Errors
    /// [`KeyError::Sign`].
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError>;

    /// The certificate of the key.
    fn certificate_der(&self) -> &[u8];
}

/// An RSA private key, wherever it is held, and its certificate.
pub struct SigningKey {
    signer: Box<dyn Signer>,
    certificate_base64: String,
}

impl SigningKey {
    /// Reads a key (PKCS#8 or PKCS#1) and the certificate that belongs to it.
    ///
    /// # Errors
    /// [`KeyError::Pem`], [`KeyError::NotRsa`], [`KeyError::Certificate`], [`KeyError::Mismatch`].
    pub fn from_pem(key_pem: &str, certificate_pem: &str) -> Result<Self, KeyError> {
        Self::held_by(Box::new(InMemory::from_pem(key_pem, certificate_pem)?))
    }

    /// A key that is held elsewhere; one signature is tried, so that a wrong certificate shows now and not at a login.
    ///
    /// # Errors
    /// [`KeyError::NotRsa`], [`KeyError::Certificate`], [`KeyError::Mismatch`], [`KeyError::Sign`].
    pub fn held_by(signer: Box<dyn Signer>) -> Result<Self, KeyError> {
        let public = VerifyingKey::from_certificate(signer.certificate_der())?;
        let trial = b"fascicolo";
        if !public.verifies(Hash::Sha256, trial, &signer.sign(trial)?) {
            return Err(KeyError::Mismatch);
        }
        let certificate_base64 = encode_base64(signer.certificate_der());
        Ok(Self { signer, certificate_base64 })
    }

    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        self.signer.certificate_der()
    }

    #[must_use]
    pub fn certificate_base64(&self) -> &str {
        &self.certificate_base64
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256.
    ///
    /// # Errors
    /// [`KeyError::Sign`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.signer.sign(message)
    }
}

/// A key from a file.
struct InMemory {
    pair: KeyPair,
    certificate: Vec<u8>,
}

impl InMemory {
    fn from_pem(key_pem: &str, certificate_pem: &str) -> Result<Self, KeyError> {
        let (label, key) = der::pem::decode_vec(key_pem.as_bytes()).map_err(|_| KeyError::Pem)?;
        let pair = match label {
            "PRIVATE KEY" => KeyPair::from_pkcs8(&key),
            "RSA PRIVATE KEY" => KeyPair::from_der(&key),
            _ => return Err(KeyError::Pem),
        }
        .map_err(|_| KeyError::NotRsa)?;
        let (label, certificate) =
            der::pem::decode_vec(certificate_pem.as_bytes()).map_err(|_| KeyError::Pem)?;
        if label != "CERTIFICATE" {
            return Err(KeyError::Pem);
        }
        Ok(Self { pair, certificate })
    }
}

impl Signer for InMemory {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| KeyError::Sign)?;
        Ok(signature)
    }

    fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// The digests of a signature (SPID-R7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// The public key of a certificate that we trust because of where we found it. Its dates do not matter (SPID-I4).
#[derive(Clone)]
pub struct VerifyingKey {
    certificate: Vec<u8>,
    sha256: ParsedPublicKey,
    sha384: ParsedPublicKey,
    sha512: ParsedPublicKey,
}

impl VerifyingKey {
    /// Takes the key out of a certificate.
    ///
    /// # Errors
    /// [`KeyError::Certificate`], [`KeyError::NotRsa`].
    pub fn from_certificate(der: &[u8]) -> Result<Self, KeyError> {
        let key = public_key(der)?;
        let parse = |algorithm| ParsedPublicKey::new(algorithm, &key).map_err(|_| KeyError::NotRsa);
        let bits =
            aws_lc_rs::signature::RsaParameters::public_modulus_len(&key).map_err(|_| KeyError::NotRsa)?;
        if !(2048..=8192).contains(&bits) {
            return Err(KeyError::NotRsa);
        }
        Ok(Self {
            certificate: der.to_vec(),
            sha256: parse(&RSA_PKCS1_2048_8192_SHA256)?,
            sha384: parse(&RSA_PKCS1_2048_8192_SHA384)?,
            sha512: parse(&RSA_PKCS1_2048_8192_SHA512)?,
        })
    }

    /// The certificate it came from.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    pub(crate) fn verifies(&self, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
        let key = match hash {
            Hash::Sha256 => &self.sha256,
            Hash::Sha384 => &self.sha384,
            Hash::Sha512 => &self.sha512,
        };
        key.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyingKey(…)")
    }
}

/// The `RSAPublicKey` of a certificate.
fn public_key(certificate: &[u8]) -> Result<Vec<u8>, KeyError> {
    let certificate = x509_cert::Certificate::from_der(certificate).map_err(|_| KeyError::Certificate)?;
    let info = certificate.tbs_certificate.subject_public_key_info;
    if info.algorithm.oid != const_oid::db::rfc5912::RSA_ENCRYPTION {
        return Err(KeyError::NotRsa);
    }
    info.subject_public_key.as_bytes().map(<[u8]>::to_vec).ok_or(KeyError::NotRsa)
}
