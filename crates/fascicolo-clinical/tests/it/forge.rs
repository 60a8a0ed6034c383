//! CMS signatures put together by hand, so that a test can break one thing.

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self as lc, EcdsaKeyPair, EcdsaSigningAlgorithm, RsaEncoding, RsaKeyPair};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5911, rfc5912 as oid};
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Encode as _, Tag};
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::keys::Signer;

pub(crate) const SIGNING_CERTIFICATE_V2: ObjectIdentifier = rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2;

/// How a key signs, and how that is called.
#[derive(Clone)]
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    how: How,
    pub(crate) hash: &'static digest::Algorithm,
    pub(crate) hash_oid: ObjectIdentifier,
    pub(crate) algorithm: AlgorithmIdentifierOwned,
}

#[derive(Clone, Copy)]
enum How {
    Rsa(&'static dyn RsaEncoding),
    Ecdsa(&'static EcdsaSigningAlgorithm),
}

pub(crate) fn named(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters: None }
}

pub(crate) fn p256() -> Suite {
    ecdsa("P-256", &lc::ECDSA_P256_SHA256_ASN1_SIGNING, &SHA256)
}

pub(crate) fn p384() -> Suite {
    ecdsa("P-384", &lc::ECDSA_P384_SHA384_ASN1_SIGNING, &SHA384)
}

/// P-521 with each hash.
pub(crate) fn p521() -> [Suite; 3] {
    [
        ecdsa("P-521, SHA-256", &lc::ECDSA_P521_SHA256_ASN1_SIGNING, &SHA256),
        ecdsa("P-521, SHA-384", &lc::ECDSA_P521_SHA384_ASN1_SIGNING, &SHA384),
        ecdsa("P-521, SHA-512", &lc::ECDSA_P521_SHA512_ASN1_SIGNING, &SHA512),
    ]
}

/// RSA with each hash, called after both or after RSA alone, and PSS.
pub(crate) fn rsa() -> [Suite; 7] {
    let bare = named(oid::RSA_ENCRYPTION);
    [
        rsa_as("RSA, SHA-256", &lc::RSA_PKCS1_SHA256, &SHA256, named(oid::SHA_256_WITH_RSA_ENCRYPTION)),
        rsa_as("RSA, SHA-384", &lc::RSA_PKCS1_SHA384, &SHA384, named(oid::SHA_384_WITH_RSA_ENCRYPTION)),
        rsa_as("RSA, SHA-512", &lc::RSA_PKCS1_SHA512, &SHA512, named(oid::SHA_512_WITH_RSA_ENCRYPTION)),
        rsa_as("bare RSA", &lc::RSA_PKCS1_SHA512, &SHA512, bare),
        rsa_as("PSS, SHA-256", &lc::RSA_PSS_SHA256, &SHA256, pss(oid::ID_SHA_256, oid::ID_SHA_256, 32)),
        rsa_as("PSS, SHA-384", &lc::RSA_PSS_SHA384, &SHA384, pss(oid::ID_SHA_384, oid::ID_SHA_384, 48)),
        rsa_as("PSS, SHA-512", &lc::RSA_PSS_SHA512, &SHA512, pss(oid::ID_SHA_512, oid::ID_SHA_512, 64)),
    ]
}

fn ecdsa(name: &'static str, how: &'static EcdsaSigningAlgorithm, hash: &'static digest::Algorithm) -> Suite {
    let algorithm = named(match hash.output_len() {
        32 => oid::ECDSA_WITH_SHA_256,
        48 => oid::ECDSA_WITH_SHA_384,
        _ => oid::ECDSA_WITH_SHA_512,
    });
    Suite { name, how: How::Ecdsa(how), hash, hash_oid: hash_oid(hash), algorithm }
}

fn rsa_as(
    name: &'static str,
    how: &'static dyn RsaEncoding,
    hash: &'static digest::Algorithm,
    algorithm: AlgorithmIdentifierOwned,
) -> Suite {
    Suite { name, how: How::Rsa(how), hash, hash_oid: hash_oid(hash), algorithm }
}

fn hash_oid(hash: &digest::Algorithm) -> ObjectIdentifier {
    match hash.output_len() {
        32 => oid::ID_SHA_256,
        48 => oid::ID_SHA_384,
        _ => oid::ID_SHA_512,
    }
}

/// PSS with that hash, that hash in its mask, and a salt of that length.
pub(crate) fn pss(hash: ObjectIdentifier, mask: ObjectIdentifier, salt: u8) -> AlgorithmIdentifierOwned {
    let plain = |oid: ObjectIdentifier| tlv(0x30, &[&oid.to_der().unwrap()]);
    let mask = tlv(0x30, &[&oid::ID_MGF_1.to_der().unwrap(), &plain(mask)]);
    let parts = [tlv(0xA0, &[&plain(hash)]), tlv(0xA1, &[&mask]), tlv(0xA2, &[&[2, 1, salt]])].concat();
    let parameters = Any::new(Tag::Sequence, parts).unwrap();
    AlgorithmIdentifierOwned { oid: oid::ID_RSASSA_PSS, parameters: Some(parameters) }
}

/// An element of DER with short content.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u8::try_from(content.len()).unwrap();
    assert!(length < 0x80);
    [&[tag, length], content.as_slice()].concat()
}

/// A CMS before it is signed: a test changes one part.
pub(crate) struct Draft {
    pub(crate) kind: ObjectIdentifier,
    pub(crate) content: Option<Any>,
    pub(crate) signer: SignerIdentifier,
    pub(crate) hash: AlgorithmIdentifierOwned,
    pub(crate) algorithm: AlgorithmIdentifierOwned,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) certificates: Vec<Certificate>,
    /// How many signers there are.
    pub(crate) signers: u8,
}

impl Draft {
    pub(crate) fn new(signer: &Signer, suite: &Suite, pieces: &[&[u8]]) -> Self {
        let value = OctetString::new(digest(suite.hash, &pieces.concat()).as_ref()).unwrap();
        let own = &signer.certificate.tbs_certificate;
        Self {
            kind: rfc5911::ID_DATA,
            content: None,
            signer: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: own.issuer.clone(),
                serial_number: own.serial_number.clone(),
            }),
            hash: named(suite.hash_oid),
            algorithm: suite.algorithm.clone(),
            attributes: vec![
                one(rfc5911::ID_CONTENT_TYPE, Any::encode_from(&rfc5911::ID_DATA).unwrap()),
                one(rfc5911::ID_MESSAGE_DIGEST, Any::encode_from(&value).unwrap()),
                binding(&[], digest(&SHA256, &signer.der()).as_ref()),
            ],
            certificates: vec![signer.certificate.clone()],
            signers: 1,
        }
    }

    pub(crate) fn without(&mut self, oid: ObjectIdentifier) {
        self.attributes.retain(|attribute| attribute.oid != oid);
    }

    pub(crate) fn replace(&mut self, attribute: Attribute) {
        self.without(attribute.oid);
        self.attributes.push(attribute);
    }

    pub(crate) fn sign(self, signer: &Signer, suite: &Suite) -> Vec<u8> {
        let attributes = SetOfVec::try_from(self.attributes).unwrap();
        let signature = suite.sign(signer, &attributes.to_der().unwrap());
        let info = |number: u8| SignerInfo {
            version: if number == 0 { CmsVersion::V1 } else { CmsVersion::V3 },
            sid: self.signer.clone(),
            digest_alg: self.hash.clone(),
            signed_attrs: (!attributes.is_empty()).then(|| attributes.clone()),
            signature_algorithm: self.algorithm.clone(),
            signature: OctetString::new(signature.clone()).unwrap(),
            unsigned_attrs: None,
        };
        let infos: Vec<_> = (0..self.signers).map(info).collect();
        let certificates: Vec<_> =
            self.certificates.into_iter().map(CertificateChoices::Certificate).collect();
        let data = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![self.hash.clone()]).unwrap(),
            encap_content_info: EncapsulatedContentInfo { econtent_type: self.kind, econtent: self.content },
            certificates: Some(CertificateSet(SetOfVec::try_from(certificates).unwrap())),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(infos).unwrap()),
        };
        wrapped(rfc5911::ID_SIGNED_DATA, Any::encode_from(&data).unwrap())
    }
}

impl Suite {
    fn sign(&self, signer: &Signer, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self.how {
            How::Rsa(encoding) => {
                let pair = RsaKeyPair::from_pkcs8(&signer.pkcs8).unwrap();
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            }
            How::Ecdsa(algorithm) => {
                let pair = EcdsaKeyPair::from_pkcs8(algorithm, &signer.pkcs8).unwrap();
                pair.sign(&random, message).unwrap().as_ref().to_vec()
            }
        }
    }
}

pub(crate) fn wrapped(content_type: ObjectIdentifier, content: Any) -> Vec<u8> {
    ContentInfo { content_type, content }.to_der().unwrap()
}

pub(crate) fn one(oid: ObjectIdentifier, value: Any) -> Attribute {
    Attribute { oid, values: SetOfVec::try_from(vec![value]).unwrap() }
}

/// The attribute that names a certificate by its digest; `hash` is an algorithm in DER, or nothing.
pub(crate) fn binding(hash: &[u8], digest: &[u8]) -> Attribute {
    let id = tlv(0x30, &[hash, &tlv(4, &[digest])]);
    one(SIGNING_CERTIFICATE_V2, Any::new(Tag::Sequence, tlv(0x30, &[&id])).unwrap())
}
