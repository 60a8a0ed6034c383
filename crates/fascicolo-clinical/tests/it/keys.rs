//! Keys and certificates for the tests: a small authority and signers of its own.

use std::sync::OnceLock;

use fascicolo_clinical::pdf::TrustAnchors;
use fascicolo_clinical::pdf::seal::SealKey;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd,
};

pub(crate) struct Signer {
    pub(crate) key: SealKey,
}

pub(crate) struct Authority {
    pub(crate) root_pem: String,
    pub(crate) p256: Signer,
    pub(crate) p384: Signer,
    pub(crate) rsa: Signer,
    /// Through an authority between.
    pub(crate) far: Signer,
    /// Valid in 2020 only.
    pub(crate) expired: Signer,
    /// Issued by a certificate that may not issue.
    pub(crate) usurped: Signer,
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
    params
}

fn issuing(name: &str) -> CertificateParams {
    let mut params = params(name, (2000, 2049));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn signer(params: &CertificateParams, pair: &KeyPair, issuer: &Issuer<'_, KeyPair>, more: &str) -> Signer {
    let chain_pem = params.signed_by(pair, issuer).unwrap().pem() + more;
    let key_pem = pair.serialize_pem();
    Signer { key: SealKey::from_pem(&key_pem, &chain_pem).unwrap() }
}

fn make() -> Authority {
    let p256 = || KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let p384 = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let rsa = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let doctor = params("Dott.ssa Anna Prova", (2000, 2049));
    let root_key = p256();
    let root_params = issuing("Radice di prova");
    let root_pem = root_params.self_signed(&root_key).unwrap().pem();
    let root = Issuer::new(root_params, root_key);

    let between_key = p256();
    let between_params = issuing("Tra mezzo");
    let between_pem = between_params.signed_by(&between_key, &root).unwrap().pem();
    let between = Issuer::new(between_params, between_key);

    let plain_key = p256();
    let plain_params = params("Chi non può", (2000, 2049));
    let plain_pem = plain_params.signed_by(&plain_key, &root).unwrap().pem();
    let plain = Issuer::new(plain_params, plain_key);

    Authority {
        p256: signer(&doctor, &p256(), &root, ""),
        p384: signer(&doctor, &p384, &root, ""),
        rsa: signer(&doctor, &rsa, &root, ""),
        far: signer(&doctor, &p256(), &between, &between_pem),
        expired: signer(&params("Dott. Ieri", (2020, 2020)), &p256(), &root, ""),
        usurped: signer(&doctor, &p256(), &plain, &plain_pem),
        root_pem,
    }
}
