//! Keys and certificates of a public service provider, self-signed (SPID-K1 to K4).

use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, RsaKeySize, date_time_ymd,
};

use super::KeyError;

/// Who the certificate is for (SPID-K2). Nothing of a person goes in it.
#[derive(Clone, Debug)]
pub struct CertificateSubject {
    /// CN: the display name.
    pub common_name: String,
    /// O: the full registered name, equal to the Italian OrganizationName.
    pub organization: String,
    /// uri (2.5.4.83).
    pub entity_id: String,
    /// organizationIdentifier (2.5.4.97) is `PA:IT-` and this.
    pub ipa_code: String,
    /// C, two letters.
    pub country: String,
    /// L.
    pub locality: String,
}

/// Makes an RSA key of 2048, 3072 or 4096 bits and its self-signed certificate; returns both as PEM, key first.
///
/// # Errors
/// [`KeyError::NotRsa`] for another size, [`KeyError::Certificate`].
pub fn make_certificate(
    subject: &CertificateSubject,
    bits: u32,
    not_before: Timestamp,
    not_after: Timestamp,
) -> Result<(String, String), KeyError> {
    let size = match bits {
        2048 => RsaKeySize::_2048,
        3072 => RsaKeySize::_3072,
        4096 => RsaKeySize::_4096,
        _ => return Err(KeyError::NotRsa),
    };
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).map_err(|_| KeyError::NotRsa)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = name(subject)?;
    params.not_before = date_time_ymd(1970, 1, 1) + since_1970(not_before)?;
    params.not_after = date_time_ymd(1970, 1, 1) + since_1970(not_after)?;
    // SPID-K3: keyUsage is critical by itself, the other two are not
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    params.custom_extensions = vec![
        CustomExtension::from_oid_content(&[2, 5, 29, 19], BASIC_CONSTRAINTS.to_vec()),
        CustomExtension::from_oid_content(&[2, 5, 29, 32], POLICIES.to_vec()),
    ];
    let certificate = params.self_signed(&key).map_err(|_| KeyError::Certificate)?;
    Ok((key.serialize_pem(), certificate.pem()))
}

/// `SEQUENCE {}`: cA is FALSE by default.
const BASIC_CONSTRAINTS: &[u8] = &[0x30, 0x00];
/// `SEQUENCE { SEQUENCE { 1.3.76.16.6 }, SEQUENCE { 1.3.76.16.4.2.1 } }`: AgID's policies of a public body.
const POLICIES: &[u8] = &[
    0x30, 0x12, 0x30, 0x06, 0x06, 0x04, 0x2b, 0x4c, 0x10, 0x06, 0x30, 0x08, 0x06, 0x06, 0x2b, 0x4c, 0x10,
    0x04, 0x02, 0x01,
];

fn since_1970(instant: Timestamp) -> Result<Duration, KeyError> {
    let seconds = u64::try_from(instant.as_second()).map_err(|_| KeyError::Certificate)?;
    Ok(Duration::from_secs(seconds))
}

fn name(subject: &CertificateSubject) -> Result<DistinguishedName, KeyError> {
    let mut name = DistinguishedName::new();
    let country = subject.country.as_str().try_into().map_err(|_| KeyError::Certificate)?;
    name.push(DnType::CountryName, DnValue::PrintableString(country));
    name.push(DnType::LocalityName, subject.locality.as_str());
    name.push(DnType::OrganizationName, subject.organization.as_str());
    name.push(DnType::CommonName, subject.common_name.as_str());
    name.push(DnType::CustomDnType(vec![2, 5, 4, 83]), subject.entity_id.as_str());
    name.push(DnType::CustomDnType(vec![2, 5, 4, 97]), format!("PA:IT-{}", subject.ipa_code));
    Ok(name)
}
