//! Keys and certificates for the tests: a small authority and signers of its own.

use std::sync::OnceLock;

use der::{DecodePem as _, Encode as _};
use fascicolo_clinical::pdf::TrustAnchors;
use fascicolo_clinical::pdf::seal::SealKey;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_RSA_SHA256, RsaKeySize,
    date_time_ymd,
};
use x509_cert::Certificate;

pub(crate) struct Signer {
    pub(crate) key_pem: String,
    /// Its own certificate first.
    pub(crate) chain_pem: String,
    pub(crate) pkcs8: Vec<u8>,
    pub(crate) certificate: Certificate,
}

impl Signer {
    pub(crate) fn seal_key(&self) -> SealKey {
        SealKey::from_pem(&self.key_pem, &self.chain_pem).unwrap()
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        self.certificate.to_der().unwrap()
    }
}

pub(crate) struct Authority {
    pub(crate) root_pem: String,
    pub(crate) p256: Signer,
    /// Of the same name, with another key.
    pub(crate) other: Signer,
    pub(crate) p384: Signer,
    pub(crate) p521: Signer,
    pub(crate) rsa: Signer,
    /// Through an authority between.
    pub(crate) far: Signer,
    /// Through two, of which the upper may have none below it.
    pub(crate) too_far: Signer,
    /// Valid in 2020 only.
    pub(crate) expired: Signer,
    /// Issued by a certificate that may not issue.
    pub(crate) usurped: Signer,
    /// A key that may encrypt, not sign.
    pub(crate) unfit: Signer,
}

impl Authority {
    pub(crate) fn anchors(&self) -> TrustAnchors {
        TrustAnchors::from_pem(&self.root_pem).unwrap()
    }
}

pub(crate) fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(make)
}

fn params(name: &str, years: (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 12, 31);
    params.key_usages = vec![KeyUsagePurpose::ContentCommitment];
    params.use_authority_key_identifier_extension = true;
    params
}

fn issuing(name: &str, below: BasicConstraints) -> CertificateParams {
    let mut params = params(name, (2000, 2049));
    params.is_ca = IsCa::Ca(below);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn p256() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

fn signer(params: &CertificateParams, pair: &KeyPair, issuer: &Issuer<'_, KeyPair>, more: &str) -> Signer {
    let own = params.signed_by(pair, issuer).unwrap().pem();
    Signer {
        key_pem: pair.serialize_pem(),
        pkcs8: pair.serialize_der(),
        certificate: Certificate::from_pem(&own).unwrap(),
        chain_pem: own + more,
    }
}

/// An issuer under another, and its certificate.
fn below(params: CertificateParams, issuer: &Issuer<'_, KeyPair>) -> (Issuer<'static, KeyPair>, String) {
    let pair = p256();
    let pem = params.signed_by(&pair, issuer).unwrap().pem();
    (Issuer::new(params, pair), pem)
}

fn make() -> Authority {
    let p384 = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let p521 = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
    let rsa = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let doctor = params("Dott.ssa Anna Prova", (2000, 2049));
    let mut encrypting = doctor.clone();
    encrypting.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
    let root_key = p256();
    let root_params = issuing("Radice di prova", BasicConstraints::Unconstrained);
    let root_pem = root_params.self_signed(&root_key).unwrap().pem();
    let root = Issuer::new(root_params, root_key);
    let (between, between_pem) = below(issuing("Tra mezzo", BasicConstraints::Constrained(0)), &root);
    let (lower, lower_pem) = below(issuing("Di troppo", BasicConstraints::Unconstrained), &between);
    let (plain, plain_pem) = below(params("Chi non può", (2000, 2049)), &root);
    Authority {
        p256: signer(&doctor, &p256(), &root, ""),
        other: signer(&doctor, &p256(), &root, ""),
        p384: signer(&doctor, &p384, &root, ""),
        p521: signer(&doctor, &p521, &root, ""),
        rsa: signer(&doctor, &rsa, &root, ""),
        far: signer(&doctor, &p256(), &between, &between_pem),
        too_far: signer(&doctor, &p256(), &lower, &(lower_pem + &between_pem)),
        expired: signer(&params("Dott. Ieri", (2020, 2020)), &p256(), &root, ""),
        usurped: signer(&doctor, &p256(), &plain, &plain_pem),
        unfit: signer(&encrypting, &p256(), &root, ""),
        root_pem,
    }
}
