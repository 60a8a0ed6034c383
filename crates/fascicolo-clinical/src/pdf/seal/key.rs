//! The key that seals, with its certificates, and the CMS it makes.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self as lc, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5911, rfc5912};
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Decode, Encode};
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::pdf::algorithm::Hash;
use crate::pdf::cms::{EssCertificateId, SIGNING_CERTIFICATE_V2, SigningCertificateV2};
use crate::pdf::trust;
use crate::pdf::write::WriteError;

/// A private key (RSA from 2048 bits, ECDSA on P-256 or P-384) with its certificate and those of its issuers.
pub struct SealKey {
    pair: Pair,
    /// The signer's first.
    certificates: Vec<Certificate>,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
}

impl SealKey {
    /// Reads a PKCS#8 private key and a chain of certificates, the signer's first, both PEM.
    ///
    /// # Errors
    /// [`WriteError::Key`] when one cannot be read, or the key is not that of the first certificate.
    pub fn from_pem(key: &str, certificates: &str) -> Result<Self, WriteError> {
        let certificates = trust::certificates(certificates).ok_or(WriteError::Key)?;
        let (label, der) = der::Document::from_pem(key.trim()).map_err(|_| WriteError::Key)?;
        let info = &certificates.first().ok_or(WriteError::Key)?.tbs_certificate.subject_public_key_info;
        if label != "PRIVATE KEY" {
            return Err(WriteError::Key);
        }
        let der = der.as_bytes();
        let pair = match info.algorithm.oid {
            rfc5912::RSA_ENCRYPTION => RsaKeyPair::from_pkcs8(der).map(Pair::Rsa),
            _ => EcdsaKeyPair::from_pkcs8(&lc::ECDSA_P256_SHA256_ASN1_SIGNING, der).map(Pair::P256).or_else(
                |_| EcdsaKeyPair::from_pkcs8(&lc::ECDSA_P384_SHA384_ASN1_SIGNING, der).map(Pair::P384),
            ),
        }
        .map_err(|_| WriteError::Key)?;
        if pair.public() != info.subject_public_key.raw_bytes() {
            return Err(WriteError::Key);
        }
        Ok(Self { pair, certificates })
    }

    /// Bytes that a CMS of this key may need.
    pub(super) fn room(&self) -> usize {
        let certificates = self.certificates.iter().map(|c| c.to_der().map_or(4_096, |der| der.len()));
        certificates.sum::<usize>() + 2_048
    }

    /// The CMS over the pieces of a file.
    pub(super) fn sign(&self, pieces: &[&[u8]]) -> Result<Vec<u8>, WriteError> {
        self.cms(pieces).ok_or(WriteError::Key)
    }

    fn cms(&self, pieces: &[&[u8]]) -> Option<Vec<u8>> {
        let signer = self.certificates.first()?;
        let attributes = attributes(self.pair.hash(), pieces, signer)?;
        let signature = self.pair.sign(&attributes.to_der().ok()?)?;
        let digest = algorithm(self.pair.hash_oid(), None);
        let info = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: signer.tbs_certificate.issuer.clone(),
                serial_number: signer.tbs_certificate.serial_number.clone(),
            }),
            digest_alg: digest.clone(),
            signed_attrs: Some(attributes),
            signature_algorithm: self.pair.signature_algorithm(),
            signature: OctetString::new(signature).ok()?,
            unsigned_attrs: None,
        };
        let certificates = self.certificates.iter().cloned().map(CertificateChoices::Certificate);
        let data = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![digest]).ok()?,
            encap_content_info: EncapsulatedContentInfo { econtent_type: rfc5911::ID_DATA, econtent: None },
            certificates: Some(CertificateSet(SetOfVec::try_from(certificates.collect::<Vec<_>>()).ok()?)),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![info]).ok()?),
        };
        let content =
            ContentInfo { content_type: rfc5911::ID_SIGNED_DATA, content: Any::encode_from(&data).ok()? };
        content.to_der().ok()
    }
}

/// Content type, digest, and which certificate: what PAdES signs. The time stands in the PDF (`M`), not here.
fn attributes(hash: Hash, pieces: &[&[u8]], signer: &Certificate) -> Option<SetOfVec<Attribute>> {
    let binding = SigningCertificateV2 {
        certificates: vec![EssCertificateId {
            hash: None, // SHA-256
            digest: OctetString::new(Hash::Sha256.digest(&[&signer.to_der().ok()?])).ok()?,
            issuer_serial: None,
        }],
        policies: None,
    };
    let digest = OctetString::new(hash.digest(pieces)).ok()?;
    let values = [
        (rfc5911::ID_CONTENT_TYPE, Any::encode_from(&rfc5911::ID_DATA).ok()?),
        (rfc5911::ID_MESSAGE_DIGEST, Any::encode_from(&digest).ok()?),
        (SIGNING_CERTIFICATE_V2, Any::from_der(&binding.to_der().ok()?).ok()?),
    ];
    let mut set = SetOfVec::new();
    for (oid, value) in values {
        let values = SetOfVec::try_from(vec![value]).ok()?;
        set.insert(Attribute { oid, values }).ok()?;
    }
    Some(set)
}

impl Pair {
    fn public(&self) -> &[u8] {
        match self {
            Self::Rsa(pair) => pair.public_key().as_ref(),
            Self::P256(pair) | Self::P384(pair) => pair.public_key().as_ref(),
        }
    }

    fn hash(&self) -> Hash {
        match self {
            Self::Rsa(_) | Self::P256(_) => Hash::Sha256,
            Self::P384(_) => Hash::Sha384,
        }
    }

    fn hash_oid(&self) -> ObjectIdentifier {
        match self {
            Self::Rsa(_) | Self::P256(_) => rfc5912::ID_SHA_256,
            Self::P384(_) => rfc5912::ID_SHA_384,
        }
    }

    fn signature_algorithm(&self) -> AlgorithmIdentifierOwned {
        match self {
            Self::Rsa(_) => algorithm(rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Some(Any::null())),
            Self::P256(_) => algorithm(rfc5912::ECDSA_WITH_SHA_256, None),
            Self::P384(_) => algorithm(rfc5912::ECDSA_WITH_SHA_384, None),
        }
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&lc::RSA_PKCS1_SHA256, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            Self::P256(pair) | Self::P384(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
        }
    }
}

fn algorithm(oid: ObjectIdentifier, parameters: Option<Any>) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}
