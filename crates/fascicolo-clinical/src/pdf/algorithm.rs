//! The algorithms a signature may use: RSA (PKCS#1 v1.5, PSS) and ECDSA with SHA-256, SHA-384, SHA-512. Nothing else:
//! no SHA-1, no MD5, no RSA key below 2048 bits.

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use aws_lc_rs::signature::{self as lc, UnparsedPublicKey, VerificationAlgorithm};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912 as oid;
use der::asn1::UintRef;
use der::{Decode, Encode, Sequence};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(super) fn of(algorithm: ObjectIdentifier) -> Option<Self> {
        match algorithm {
            oid::ID_SHA_256 => Some(Self::Sha256),
            oid::ID_SHA_384 => Some(Self::Sha384),
            oid::ID_SHA_512 => Some(Self::Sha512),
            _ => None,
        }
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &SHA256,
            Self::Sha384 => &SHA384,
            Self::Sha512 => &SHA512,
        }
    }

    pub(super) fn digest(self, pieces: &[&[u8]]) -> Vec<u8> {
        let mut context = digest::Context::new(self.algorithm());
        pieces.iter().for_each(|piece| context.update(piece));
        context.finish().as_ref().to_vec()
    }
}

/// RSASSA-PSS-params (RFC 4055), where defaults would mean SHA-1 and are therefore refused.
#[derive(Sequence)]
struct PssParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt: Option<u8>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<u8>,
}

/// The outcome of a verification; an algorithm we do not accept is not a wrong signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verified {
    Yes,
    No,
    Unaccepted,
}

/// Verifies `signature` over `message`. `hash` is what a CMS names apart; a certificate names all in `algorithm`.
pub(super) fn verify(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: &AlgorithmIdentifierOwned,
    hash: Option<Hash>,
    message: &[u8],
    signature: &[u8],
) -> Verified {
    let Some(verifier) = verifier(key, algorithm, hash) else {
        return Verified::Unaccepted;
    };
    let bytes = key.subject_public_key.raw_bytes();
    match UnparsedPublicKey::new(verifier, bytes).verify(message, signature) {
        Ok(()) => Verified::Yes,
        Err(_) => Verified::No,
    }
}

fn verifier(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: &AlgorithmIdentifierOwned,
    hash: Option<Hash>,
) -> Option<&'static dyn VerificationAlgorithm> {
    match key.algorithm.oid {
        oid::RSA_ENCRYPTION if has_2048_bits(key) => rsa(algorithm, hash),
        oid::ID_EC_PUBLIC_KEY => {
            let curve = key.algorithm.parameters.as_ref()?.decode_as().ok()?;
            let named = match algorithm.oid {
                oid::ECDSA_WITH_SHA_256 => Hash::Sha256,
                oid::ECDSA_WITH_SHA_384 => Hash::Sha384,
                oid::ECDSA_WITH_SHA_512 => Hash::Sha512,
                oid::ID_EC_PUBLIC_KEY => hash?,
                _ => return None,
            };
            agree(named, hash)?;
            ecdsa(curve, named)
        }
        _ => None,
    }
}

/// `RSAPublicKey` (RFC 8017).
#[derive(Sequence)]
struct RsaKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

fn has_2048_bits(key: &SubjectPublicKeyInfoOwned) -> bool {
    let key = RsaKey::from_der(key.subject_public_key.raw_bytes());
    key.is_ok_and(|key| match key.modulus.as_bytes() {
        [first, rest @ ..] => rest.len() >= 256 || (rest.len() == 255 && *first >= 0x80),
        [] => false,
    })
}

fn rsa(
    algorithm: &AlgorithmIdentifierOwned,
    hash: Option<Hash>,
) -> Option<&'static dyn VerificationAlgorithm> {
    let named = match algorithm.oid {
        oid::RSA_ENCRYPTION => hash?,
        oid::SHA_256_WITH_RSA_ENCRYPTION => Hash::Sha256,
        oid::SHA_384_WITH_RSA_ENCRYPTION => Hash::Sha384,
        oid::SHA_512_WITH_RSA_ENCRYPTION => Hash::Sha512,
        oid::ID_RSASSA_PSS => {
            let named = pss(algorithm)?;
            agree(named, hash)?;
            return Some(match named {
                Hash::Sha256 => &lc::RSA_PSS_2048_8192_SHA256,
                Hash::Sha384 => &lc::RSA_PSS_2048_8192_SHA384,
                Hash::Sha512 => &lc::RSA_PSS_2048_8192_SHA512,
            });
        }
        _ => return None,
    };
    agree(named, hash)?;
    Some(match named {
        Hash::Sha256 => &lc::RSA_PKCS1_2048_8192_SHA256,
        Hash::Sha384 => &lc::RSA_PKCS1_2048_8192_SHA384,
        Hash::Sha512 => &lc::RSA_PKCS1_2048_8192_SHA512,
    })
}

fn ecdsa(curve: ObjectIdentifier, hash: Hash) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (curve, hash) {
        (oid::SECP_256_R_1, Hash::Sha256) => &lc::ECDSA_P256_SHA256_ASN1,
        (oid::SECP_256_R_1, Hash::Sha384) => &lc::ECDSA_P256_SHA384_ASN1,
        (oid::SECP_256_R_1, Hash::Sha512) => &lc::ECDSA_P256_SHA512_ASN1,
        (oid::SECP_384_R_1, Hash::Sha256) => &lc::ECDSA_P384_SHA256_ASN1,
        (oid::SECP_384_R_1, Hash::Sha384) => &lc::ECDSA_P384_SHA384_ASN1,
        (oid::SECP_384_R_1, Hash::Sha512) => &lc::ECDSA_P384_SHA512_ASN1,
        (oid::SECP_521_R_1, Hash::Sha256) => &lc::ECDSA_P521_SHA256_ASN1,
        (oid::SECP_521_R_1, Hash::Sha384) => &lc::ECDSA_P521_SHA384_ASN1,
        (oid::SECP_521_R_1, Hash::Sha512) => &lc::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}

/// The hash of PSS parameters: the same for the mask, and a salt of its length.
fn pss(algorithm: &AlgorithmIdentifierOwned) -> Option<Hash> {
    let parameters: PssParameters = Decode::from_der(&algorithm.parameters.as_ref()?.to_der().ok()?).ok()?;
    let hash = Hash::of(parameters.hash?.oid)?;
    let mask: AlgorithmIdentifierOwned = parameters.mask?.parameters?.decode_as().ok()?;
    let salt_fits = parameters.salt.map(usize::from) == Some(hash.algorithm().output_len());
    let trailer_fits = parameters.trailer.is_none_or(|trailer| trailer == 1);
    (Hash::of(mask.oid) == Some(hash) && salt_fits && trailer_fits).then_some(hash)
}

/// The hash named beside the signature, if any, must be the one in its algorithm.
fn agree(named: Hash, apart: Option<Hash>) -> Option<()> {
    apart.is_none_or(|apart| apart == named).then_some(())
}
