//! Signed messages in compact form (RFC 7515).

use serde_json::{Value, json};

use super::{Claims, Defect, JwkSet, SigningKey, decode_base64url, encode_base64url};
use crate::cie::KeyError;

/// The signature algorithms that are accepted, each with the one hash of its name (CIE-23).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    Rs256,
    Rs512,
    Es256,
    Es512,
    Ps256,
    Ps512,
}

impl Algorithm {
    pub const ALL: [Self; 6] = [Self::Rs256, Self::Rs512, Self::Es256, Self::Es512, Self::Ps256, Self::Ps512];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es512 => "ES512",
            Self::Ps256 => "PS256",
            Self::Ps512 => "PS512",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name)
    }
}

/// A well-formed signed message, not yet believed.
pub struct Jws<'a> {
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
    algorithm: Algorithm,
    kid: String,
    typ: Option<String>,
}

impl<'a> Jws<'a> {
    /// Reads the three parts and the header; the payload stays closed until the signature is good.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &'a str, longest: usize) -> Result<Self, Defect> {
        if text.len() > longest {
            return Err(Defect::TooLong);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Defect::Parts)?;
        let (header, payload) = signed.split_once('.').ok_or(Defect::Parts)?;
        if payload.contains('.') {
            return Err(Defect::Parts);
        }
        let header = Claims::read(&decode_base64url(header)?)?;
        if header.member("crit").is_some() {
            return Err(Defect::Critical);
        }
        let algorithm = header.text("alg").and_then(Algorithm::parse).ok_or(Defect::Algorithm)?;
        let kid = header.text("kid").ok_or(Defect::KeyIdMissing)?.to_owned();
        let typ = match header.member("typ") {
            None => None,
            Some(typ) => Some(typ.as_str().ok_or(Defect::Type)?.to_owned()),
        };
        Ok(Self { signed, payload, signature: decode_base64url(signature)?, algorithm, kid, typ })
    }

    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Holds it to its `typ`; `application/` before it may be left out, as may the case of letters (RFC 7515, 4.1.9).
    ///
    /// # Errors
    /// [`Defect::Type`].
    pub fn must_be(&self, typ: &str) -> Result<(), Defect> {
        if self.typ.as_deref().is_some_and(|found| is_type(found, typ)) { Ok(()) } else { Err(Defect::Type) }
    }

    /// The same for messages that need not say what they are: none, or `JWT`.
    ///
    /// # Errors
    /// [`Defect::Type`].
    pub fn must_be_plain(&self) -> Result<(), Defect> {
        if self.typ.is_none() { Ok(()) } else { self.must_be("JWT") }
    }

    /// Verifies it with the one key of its name, by an algorithm that is accepted, and opens it.
    ///
    /// # Errors
    /// [`Defect::Algorithm`], [`Defect::KeyUnknown`], [`Defect::KeyUnfit`], [`Defect::KeyAmbiguous`],
    /// [`Defect::Signature`]; then what is wrong with the payload.
    pub fn verify(&self, keys: &JwkSet, accepted: &[Algorithm]) -> Result<Claims, Defect> {
        if !accepted.contains(&self.algorithm) {
            return Err(Defect::Algorithm);
        }
        let key = keys.verifying(&self.kid, self.algorithm)?;
        key.verify(self.algorithm, self.signed.as_bytes(), &self.signature)?;
        self.unverified()
    }

    /// What it says of itself. Nothing of it is verified.
    ///
    /// # Errors
    /// What is wrong with the payload.
    pub fn unverified(&self) -> Result<Claims, Defect> {
        Claims::read(&decode_base64url(self.payload)?)
    }
}

fn is_type(found: &str, expected: &str) -> bool {
    let (found, expected) = (found.to_ascii_lowercase(), expected.to_ascii_lowercase());
    found.strip_prefix("application/").unwrap_or(&found) == expected
}

/// Signs claims with a key of ours (RS256).
///
/// # Errors
/// [`KeyError::Sign`].
pub fn sign(key: &SigningKey, typ: Option<&str>, claims: &Value) -> Result<String, KeyError> {
    let mut header = json!({"alg": Algorithm::Rs256.name(), "kid": key.kid()});
    if let (Some(typ), Some(members)) = (typ, header.as_object_mut()) {
        members.insert("typ".to_owned(), json!(typ));
    }
    let mut text = encode_base64url(header.to_string().as_bytes());
    text.push('.');
    text.push_str(&encode_base64url(claims.to_string().as_bytes()));
    let signature = key.sign(text.as_bytes())?;
    text.push('.');
    text.push_str(&encode_base64url(&signature));
    Ok(text)
}
