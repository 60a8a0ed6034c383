//! Encrypted messages in compact form (RFC 7516): RSA-OAEP keys, AES-CBC with HMAC or AES-GCM content (CIE-24).
//! Every failure past the header is the same failure, so that nobody learns which step it was.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey, PublicEncryptingKey,
    PublicKeyComponents,
};
use serde_json::json;

use super::jwk::Public;
use super::{Claims, DecryptionKey, Defect, Jwk, decode_base64url, encode_base64url};

/// How the content key travels (`alg`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyEncryption {
    RsaOaep,
    RsaOaep256,
}

impl KeyEncryption {
    pub const ALL: [Self; 2] = [Self::RsaOaep, Self::RsaOaep256];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaOaep256 => "RSA-OAEP-256",
        }
    }

    fn padding(self) -> &'static OaepAlgorithm {
        match self {
            Self::RsaOaep => &OAEP_SHA1_MGF1SHA1,
            Self::RsaOaep256 => &OAEP_SHA256_MGF1SHA256,
        }
    }
}

/// How the content is encrypted (`enc`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContentEncryption {
    A128CbcHs256,
    A256CbcHs512,
    A128Gcm,
    A256Gcm,
}

impl ContentEncryption {
    pub const ALL: [Self; 4] = [Self::A128CbcHs256, Self::A256CbcHs512, Self::A128Gcm, Self::A256Gcm];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    fn key_length(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A128CbcHs256 | Self::A256Gcm => 32,
            Self::A256CbcHs512 => 64,
        }
    }

    fn iv_length(self) -> usize {
        match self {
            Self::A128CbcHs256 | Self::A256CbcHs512 => 16,
            Self::A128Gcm | Self::A256Gcm => 12,
        }
    }
}

/// A well-formed encrypted message whose header is acceptable.
pub struct Jwe<'a> {
    header: &'a str,
    kid: String,
    key_encryption: KeyEncryption,
    content_encryption: ContentEncryption,
    wrapped: Vec<u8>,
    iv: Vec<u8>,
    content: Vec<u8>,
    tag: Vec<u8>,
}

impl<'a> Jwe<'a> {
    /// Reads the five parts and the header.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &'a str, longest: usize) -> Result<Self, Defect> {
        if text.len() > longest {
            return Err(Defect::TooLong);
        }
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or(Defect::Parts);
        let (header, wrapped, iv, content, tag) = (part()?, part()?, part()?, part()?, part()?);
        if parts.next().is_some() {
            return Err(Defect::Parts);
        }
        let said = Claims::read(&decode_base64url(header)?)?;
        if said.member("crit").is_some() {
            return Err(Defect::Critical);
        }
        if said.member("zip").is_some() {
            return Err(Defect::Compressed);
        }
        let named = said.text("alg").unwrap_or_default();
        let key_encryption = KeyEncryption::ALL.into_iter().find(|a| a.name() == named);
        let named = said.text("enc").unwrap_or_default();
        let content_encryption = ContentEncryption::ALL.into_iter().find(|a| a.name() == named);
        let read = Self {
            header,
            kid: said.text("kid").ok_or(Defect::KeyIdMissing)?.to_owned(),
            key_encryption: key_encryption.ok_or(Defect::KeyEncryption)?,
            content_encryption: content_encryption.ok_or(Defect::ContentEncryption)?,
            wrapped: decode_base64url(wrapped)?,
            iv: decode_base64url(iv)?,
            content: decode_base64url(content)?,
            tag: decode_base64url(tag)?,
        };
        if !said.text("cty").is_some_and(|cty| cty.eq_ignore_ascii_case("JWT")) {
            return Err(Defect::ContentType);
        }
        Ok(read)
    }

    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Decrypts it with the one of our keys that it names. Returns the signed message inside.
    ///
    /// # Errors
    /// [`Defect::KeyUnknown`], [`Defect::Decryption`].
    pub fn decrypt<'k>(&self, keys: impl IntoIterator<Item = &'k DecryptionKey>) -> Result<String, Defect> {
        let key = keys.into_iter().find(|key| key.kid() == self.kid).ok_or(Defect::KeyUnknown)?;
        let length = self.content_encryption.key_length();
        let unwrapped = key.decrypt(self.key_encryption.padding(), &self.wrapped);
        let unwrapped = unwrapped.filter(|k| k.len() == length);
        let good = unwrapped.is_some();
        // a key that could not be unwrapped costs the same work as one that could (RFC 7516, 11.5)
        let content_key = unwrapped.unwrap_or_else(|| vec![0; length]);
        let opened = self.open(&content_key).ok().filter(|_| good).ok_or(Defect::Decryption)?;
        String::from_utf8(opened).map_err(|_| Defect::Decryption)
    }

    fn open(&self, content_key: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let aad = self.header.as_bytes();
        let mut text = self.content.clone();
        let opened = match self.content_encryption {
            ContentEncryption::A128CbcHs256 | ContentEncryption::A256CbcHs512 => {
                let (mac, cipher) = halves(content_key, self.content_encryption)?;
                verify_slices_are_equal(&authenticate(&mac, aad, &self.iv, &text), &self.tag)?;
                let iv = FixedLength::try_from(self.iv.as_slice())?;
                PaddedBlockDecryptingKey::cbc_pkcs7(cipher)?
                    .decrypt(&mut text, DecryptionContext::Iv128(iv))?
                    .len()
            }
            ContentEncryption::A128Gcm | ContentEncryption::A256Gcm => {
                let nonce = Nonce::try_assume_unique_for_key(&self.iv)?;
                let tag: [u8; 16] = self.tag.as_slice().try_into().map_err(|_| Unspecified)?;
                gcm(content_key, self.content_encryption)?
                    .open_in_place_separate_tag(nonce, Aad::from(aad), &tag, &mut text)?
                    .len()
            }
        };
        text.truncate(opened);
        Ok(text)
    }
}

/// Encrypts a signed message for the holder of a key. `random` is used for the content key and the initial vector, and
/// for nothing else.
///
/// # Errors
/// [`Defect::KeyUnfit`], [`Defect::Decryption`].
pub fn encrypt(
    message: &str,
    key: &Jwk,
    key_encryption: KeyEncryption,
    content_encryption: ContentEncryption,
    random: &[u8; 80],
) -> Result<String, Defect> {
    let header = json!({
        "alg": key_encryption.name(), "enc": content_encryption.name(), "kid": key.kid(), "cty": "JWT",
    });
    let header = encode_base64url(header.to_string().as_bytes());
    let (content_key, iv) = random.split_at(64);
    let content_key = content_key.get(..content_encryption.key_length()).unwrap_or_default();
    let iv = iv.get(..content_encryption.iv_length()).unwrap_or_default();
    let Public::Rsa { n, e } = &key.public else {
        return Err(Defect::KeyUnfit);
    };
    let wrapped = wrap(n, e, key_encryption, content_key).map_err(|_| Defect::KeyUnfit)?;
    let (content, tag) = seal(message, header.as_bytes(), content_encryption, content_key, iv)
        .map_err(|_| Defect::Decryption)?;
    let parts = [wrapped.as_slice(), iv, &content, &tag].map(encode_base64url);
    Ok(format!("{header}.{}", parts.join(".")))
}

fn wrap(n: &[u8], e: &[u8], encryption: KeyEncryption, content_key: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let key: PublicEncryptingKey = PublicKeyComponents { n, e }.try_into()?;
    let key = OaepPublicEncryptingKey::new(key)?;
    let mut wrapped = vec![0; key.ciphertext_size()];
    let length = key.encrypt(encryption.padding(), content_key, &mut wrapped, None)?.len();
    wrapped.truncate(length);
    Ok(wrapped)
}

fn seal(
    message: &str,
    aad: &[u8],
    encryption: ContentEncryption,
    content_key: &[u8],
    iv: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), Unspecified> {
    let mut text = message.as_bytes().to_vec();
    match encryption {
        ContentEncryption::A128CbcHs256 | ContentEncryption::A256CbcHs512 => {
            let (mac, cipher) = halves(content_key, encryption)?;
            let context = EncryptionContext::Iv128(FixedLength::try_from(iv)?);
            PaddedBlockEncryptingKey::cbc_pkcs7(cipher)?.less_safe_encrypt(&mut text, context)?;
            let tag = authenticate(&mac, aad, iv, &text);
            Ok((text, tag))
        }
        ContentEncryption::A128Gcm | ContentEncryption::A256Gcm => {
            let nonce = Nonce::try_assume_unique_for_key(iv)?;
            let tag = gcm(content_key, encryption)?
                .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut text)?
                .as_ref()
                .to_vec();
            Ok((text, tag))
        }
    }
}

/// The first half authenticates, the second encrypts (RFC 7518, 5.2.2.1).
fn halves(
    content_key: &[u8],
    encryption: ContentEncryption,
) -> Result<(hmac::Key, UnboundCipherKey), Unspecified> {
    let (mac, cipher) = content_key.split_at(content_key.len() / 2);
    let (hash, algorithm) = match encryption {
        ContentEncryption::A256CbcHs512 => (hmac::HMAC_SHA512, &AES_256),
        ContentEncryption::A128CbcHs256 | ContentEncryption::A128Gcm | ContentEncryption::A256Gcm => {
            (hmac::HMAC_SHA256, &AES_128)
        }
    };
    Ok((hmac::Key::new(hash, mac), UnboundCipherKey::new(algorithm, cipher)?))
}

/// Half of the HMAC over header, vector, content and the header's length in bits (RFC 7518, 5.2.2.1).
fn authenticate(key: &hmac::Key, aad: &[u8], iv: &[u8], content: &[u8]) -> Vec<u8> {
    let bits = u64::try_from(aad.len()).unwrap_or(u64::MAX).saturating_mul(8).to_be_bytes();
    let mut context = hmac::Context::with_key(key);
    for part in [aad, iv, content, &bits] {
        context.update(part);
    }
    let tag = context.sign();
    let tag = tag.as_ref();
    tag.get(..tag.len() / 2).unwrap_or_default().to_vec()
}

fn gcm(content_key: &[u8], encryption: ContentEncryption) -> Result<LessSafeKey, Unspecified> {
    let algorithm = match encryption {
        ContentEncryption::A128Gcm => &AES_128_GCM,
        ContentEncryption::A256Gcm | ContentEncryption::A128CbcHs256 | ContentEncryption::A256CbcHs512 => {
            &AES_256_GCM
        }
    };
    UnboundKey::new(algorithm, content_key).map(LessSafeKey::new)
}
