//! The certificate authority of the sandbox's doctors: its root is a trust anchor of the sandbox, and of nobody else.

use fascicolo_clinical::pdf::TrustAnchors;
use fascicolo_clinical::pdf::seal::SealKey;
use fascicolo_domain::Fault;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, date_time_ymd,
};

use super::Sample;
use super::fixture::fixtures;

/// A root and a key for each doctor of the fixtures.
pub struct DocumentAuthority {
    root: String,
    keys: Vec<SealKey>,
}

impl DocumentAuthority {
    /// Makes new keys (a few milliseconds). `name` is the root's.
    ///
    /// # Errors
    /// Keys or certificates cannot be made.
    pub fn new(name: &str) -> Result<Self, Fault> {
        let broken = |e| Fault::new("making the documents' certificates", e);
        let root_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(broken)?;
        let mut root = params(name).map_err(broken)?;
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = root.self_signed(&root_key).map_err(broken)?.pem();
        let issuer = Issuer::new(root, root_key);
        let mut keys = Vec::new();
        for doctor in &fixtures()?.people.doctor {
            let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(broken)?;
            let mut own = params(&doctor.name()).map_err(broken)?;
            own.key_usages = vec![KeyUsagePurpose::ContentCommitment];
            let certificate = own.signed_by(&pair, &issuer).map_err(broken)?.pem();
            let key = SealKey::from_pem(&pair.serialize_pem(), &certificate);
            keys.push(key.map_err(|e| Fault::new("reading a doctor's key", e))?);
        }
        Ok(Self { root: pem, keys })
    }

    /// The root certificate, PEM: to be kept, so that what was signed stays known.
    #[must_use]
    pub fn root_pem(&self) -> &str {
        &self.root
    }

    /// The root as trust anchor.
    ///
    /// # Errors
    /// The certificate cannot be read back.
    pub fn anchors(&self) -> Result<TrustAnchors, Fault> {
        TrustAnchors::from_pem(&self.root).map_err(|e| Fault::new("reading the documents' root", e))
    }

    /// The key of a document's author.
    ///
    /// # Errors
    /// The sample names no doctor of ours.
    pub fn key(&self, sample: &Sample) -> Result<&SealKey, Fault> {
        self.keys.get(sample.doctor).ok_or_else(|| Fault::bare("a sample without a doctor"))
    }
}

/// Valid from 2000 to 2049: documents are dated over many years.
fn params(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, "Sandbox del Fascicolo");
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    Ok(params)
}
