//! Public keys as JWK (RFC 7517): RSA of 2048 to 8192 bits, P-256, P-521; their names by thumbprint (RFC 7638).

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P521_SHA512_FIXED, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA512, RsaParameters,
    UnparsedPublicKey,
};
use serde_json::{Map, Value, json};

use super::{Algorithm, Defect, decode_base64url, encode_base64url};

/// How many keys of one set are looked at.
const KEYS: usize = 32;

/// What a key is for (`use`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Usage {
    Signature,
    Encryption,
}

impl Usage {
    fn code(self) -> &'static str {
        match self {
            Self::Signature => "sig",
            Self::Encryption => "enc",
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Public {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The uncompressed point: 4, x, y.
    P256(Vec<u8>),
    P521(Vec<u8>),
}

/// One public key.
#[derive(Clone, PartialEq, Eq)]
pub struct Jwk {
    kid: String,
    pub(super) public: Public,
    usage: Option<Usage>,
    algorithm: Option<String>,
}

impl Jwk {
    /// Reads a JWK: unknown members do not matter, private ones do.
    ///
    /// # Errors
    /// [`Defect::Key`], [`Defect::KeyIdMissing`].
    pub fn read(members: &Map<String, Value>) -> Result<Self, Defect> {
        let text = |name| members.get(name).and_then(Value::as_str);
        let bytes = |name| text(name).and_then(|t| decode_base64url(t).ok()).ok_or(Defect::Key);
        // a key whose private part is public proves nothing
        if ["d", "p", "q", "k"].iter().any(|name| members.contains_key(*name)) {
            return Err(Defect::Key);
        }
        let public = match (text("kty"), text("crv")) {
            (Some("RSA"), _) => rsa(bytes("n")?, bytes("e")?)?,
            (Some("EC"), Some("P-256")) => Public::P256(point(&bytes("x")?, &bytes("y")?, 32)?),
            (Some("EC"), Some("P-521")) => Public::P521(point(&bytes("x")?, &bytes("y")?, 66)?),
            _ => return Err(Defect::Key),
        };
        let usage = match members.get("use") {
            None => None,
            Some(value) => match value.as_str() {
                Some("sig") => Some(Usage::Signature),
                Some("enc") => Some(Usage::Encryption),
                _ => return Err(Defect::Key),
            },
        };
        let kid = text("kid").filter(|kid| !kid.is_empty()).ok_or(Defect::KeyIdMissing)?;
        Ok(Self { kid: kid.to_owned(), public, usage, algorithm: text("alg").map(str::to_owned) })
    }

    /// An RSA key of ours, named by its thumbprint (CIE-4).
    pub(super) fn named(n: Vec<u8>, e: Vec<u8>, usage: Usage) -> Result<Self, Defect> {
        let public = rsa(n, e)?;
        Ok(Self { kid: thumbprint(&public), public, usage: Some(usage), algorithm: None })
    }

    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// RFC 7638, with SHA-256.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        thumbprint(&self.public)
    }

    /// The public members, and no other (CIE-4).
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (mut members, kid) = (members(&self.public), &self.kid);
        if let Some(object) = members.as_object_mut() {
            object.insert("kid".to_owned(), json!(kid));
            if let Some(usage) = self.usage {
                object.insert("use".to_owned(), json!(usage.code()));
            }
            if let Some(algorithm) = &self.algorithm {
                object.insert("alg".to_owned(), json!(algorithm));
            }
        }
        members
    }

    /// Whether it is meant for this algorithm.
    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match algorithm {
            Algorithm::Rs256 | Algorithm::Rs512 | Algorithm::Ps256 | Algorithm::Ps512 => {
                matches!(self.public, Public::Rsa { .. })
            }
            Algorithm::Es256 => matches!(self.public, Public::P256(_)),
            Algorithm::Es512 => matches!(self.public, Public::P521(_)),
        };
        kind && self.usage != Some(Usage::Encryption)
            && self.algorithm.as_deref().is_none_or(|named| named == algorithm.name())
    }

    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Defect> {
        let rsa = |parameters: &RsaParameters| match &self.public {
            Public::Rsa { n, e } => {
                PublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
            }
            Public::P256(_) | Public::P521(_) => false,
        };
        let ec = |parameters: &'static EcdsaVerificationAlgorithm| match &self.public {
            Public::P256(point) | Public::P521(point) => {
                UnparsedPublicKey::new(parameters, point).verify(message, signature).is_ok()
            }
            Public::Rsa { .. } => false,
        };
        let good = self.fits(algorithm)
            && match algorithm {
                Algorithm::Rs256 => rsa(&RSA_PKCS1_2048_8192_SHA256),
                Algorithm::Rs512 => rsa(&RSA_PKCS1_2048_8192_SHA512),
                Algorithm::Ps256 => rsa(&RSA_PSS_2048_8192_SHA256),
                Algorithm::Ps512 => rsa(&RSA_PSS_2048_8192_SHA512),
                Algorithm::Es256 => ec(&ECDSA_P256_SHA256_FIXED),
                Algorithm::Es512 => ec(&ECDSA_P521_SHA512_FIXED),
            };
        if good { Ok(()) } else { Err(Defect::Signature) }
    }
}

impl std::fmt::Debug for Jwk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Jwk({})", self.kid)
    }
}

fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Public, Defect> {
    // the shortest spelling: no leading zero, so that a key has one thumbprint
    let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    let odd = e.last().is_some_and(|last| last % 2 == 1) && e.first() != Some(&0);
    let good = n.first() != Some(&0) && (2048..=8192).contains(&bits) && odd && e != [1] && e.len() <= 4;
    if good { Ok(Public::Rsa { n, e }) } else { Err(Defect::Key) }
}

fn point(x: &[u8], y: &[u8], length: usize) -> Result<Vec<u8>, Defect> {
    if x.len() == length && y.len() == length { Ok([&[4], x, y].concat()) } else { Err(Defect::Key) }
}

/// The members that make the key, in the order of RFC 7638.
fn members(public: &Public) -> Value {
    let halves = |point: &[u8], curve: &str| {
        let xy = point.get(1..).unwrap_or_default();
        let (x, y) = xy.split_at(xy.len() / 2);
        json!({"crv": curve, "kty": "EC", "x": encode_base64url(x), "y": encode_base64url(y)})
    };
    match public {
        Public::Rsa { n, e } => {
            json!({"e": encode_base64url(e), "kty": "RSA", "n": encode_base64url(n)})
        }
        Public::P256(point) => halves(point, "P-256"),
        Public::P521(point) => halves(point, "P-521"),
    }
}

fn thumbprint(public: &Public) -> String {
    let members = members(public);
    let mut parts: Vec<String> = members
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    parts.sort();
    let canonical = format!("{{{}}}", parts.join(","));
    encode_base64url(digest(&SHA256, canonical.as_bytes()).as_ref())
}

/// The keys of one entity.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct JwkSet(Vec<Jwk>);

impl JwkSet {
    /// Reads `{"keys": […]}`. A key that cannot be used is left out (CIE-10).
    ///
    /// # Errors
    /// [`Defect::Key`] when there is no list, or none of it is a key.
    pub fn read(set: &Value) -> Result<Self, Defect> {
        let list = set.get("keys").and_then(Value::as_array).ok_or(Defect::Key)?;
        let keys: Vec<Jwk> =
            list.iter().take(KEYS).filter_map(|key| Jwk::read(key.as_object()?).ok()).collect();
        if keys.is_empty() { Err(Defect::Key) } else { Ok(Self(keys)) }
    }

    #[must_use]
    pub fn new(keys: Vec<Jwk>) -> Self {
        Self(keys)
    }

    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.0
    }

    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"keys": self.0.iter().map(Jwk::to_json).collect::<Vec<_>>()})
    }

    /// The one key of that name that may verify by this algorithm.
    pub(super) fn verifying(&self, kid: &str, algorithm: Algorithm) -> Result<&Jwk, Defect> {
        let named = || self.0.iter().filter(|key| key.kid == kid);
        if named().next().is_none() {
            return Err(Defect::KeyUnknown);
        }
        let mut fitting = named().filter(|key| key.fits(algorithm));
        let key = fitting.next().ok_or(Defect::KeyUnfit)?;
        if fitting.next().is_some() { Err(Defect::KeyAmbiguous) } else { Ok(key) }
    }
}
