//! The CMS of a PAdES signature (ETSI EN 319 142, RFC 5652): one signer, detached, bound to its certificate.

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911;
use der::asn1::OctetString;
use der::{Decode, Encode, Sequence};
use jiff::Timestamp;
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectKeyIdentifier;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

use super::Flaw;
use super::algorithm::{Hash, Verified, verify};
use super::ber::to_der;

const MAX_BYTES: usize = 512 * 1024;
const MAX_CERTIFICATES: usize = 32;
pub(super) const SIGNING_CERTIFICATE_V2: ObjectIdentifier = rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2;

/// What a sound CMS says.
pub(super) struct Signed {
    pub(super) signer: Certificate,
    /// The other certificates that came with it.
    pub(super) others: Vec<Certificate>,
    /// The signing time among the signed attributes.
    pub(super) at: Option<Timestamp>,
}

#[derive(Sequence)]
pub(super) struct SigningCertificateV2 {
    pub(super) certificates: Vec<EssCertificateId>,
    #[asn1(optional = "true")]
    pub(super) policies: Option<der::Any>,
}

/// `ESSCertIDv2` (RFC 5035); without a named hash it is SHA-256.
#[derive(Sequence)]
pub(super) struct EssCertificateId {
    #[asn1(optional = "true")]
    pub(super) hash: Option<AlgorithmIdentifierOwned>,
    pub(super) digest: OctetString,
    #[asn1(optional = "true")]
    pub(super) issuer_serial: Option<der::Any>,
}

/// Checks a CMS over the signed pieces of a file. `bound`: whether it must name its certificate by digest (PAdES).
pub(super) fn check(cms: &[u8], pieces: &[&[u8]], bound: bool) -> Result<Signed, Flaw> {
    if cms.len() > MAX_BYTES {
        return Err(Flaw::Cms);
    }
    let data = signed_data(cms).ok_or(Flaw::Cms)?;
    if data.encap_content_info.econtent.is_some() {
        return Err(Flaw::Cms); // not detached: it would sign something else than the file
    }
    let [info] = data.signer_infos.0.as_slice() else {
        return Err(Flaw::Signers);
    };
    let hash = Hash::of(info.digest_alg.oid).ok_or(Flaw::Algorithm)?;
    let kind = data.encap_content_info.econtent_type;
    if attribute(info, rfc5911::ID_CONTENT_TYPE) != Some(kind) {
        return Err(Flaw::Attributes);
    }
    let digest: OctetString = attribute(info, rfc5911::ID_MESSAGE_DIGEST).ok_or(Flaw::Attributes)?;
    if digest.as_bytes() != hash.digest(pieces) {
        return Err(Flaw::Digest);
    }
    let mut others = certificates(&data);
    let index = others.iter().position(|c| identifies(&info.sid, c)).ok_or(Flaw::Certificate)?;
    let signer = others.swap_remove(index);
    check_binding(info, &signer, bound)?;
    check_signature(info, &signer, hash)?;
    Ok(Signed {
        signer,
        others,
        at: attribute(info, rfc5911::ID_SIGNING_TIME).and_then(|time: Time| instant(time)),
    })
}

fn signed_data(cms: &[u8]) -> Option<SignedData> {
    let info = ContentInfo::from_der(&to_der(cms)?).ok()?;
    if info.content_type != rfc5911::ID_SIGNED_DATA {
        return None;
    }
    info.content.decode_as().ok()
}

fn certificates(data: &SignedData) -> Vec<Certificate> {
    let all = data.certificates.iter().flat_map(|set| set.0.iter());
    all.filter_map(|choice| match choice {
        CertificateChoices::Certificate(certificate) => Some(certificate.clone()),
        CertificateChoices::Other(_) => None,
    })
    .take(MAX_CERTIFICATES)
    .collect()
}

fn identifies(id: &SignerIdentifier, certificate: &Certificate) -> bool {
    let certificate = &certificate.tbs_certificate;
    match id {
        SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber { issuer, serial_number }) => {
            *issuer == certificate.issuer && *serial_number == certificate.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(id) => {
            matches!(certificate.get::<SubjectKeyIdentifier>(), Ok(Some((_, own))) if own == *id)
        }
    }
}

/// The only value of a signed attribute that stands there once.
fn attribute<T: for<'x> Decode<'x>>(info: &SignerInfo, oid: ObjectIdentifier) -> Option<T> {
    let mut found = info.signed_attrs.as_ref()?.iter().filter(|attribute| attribute.oid == oid);
    let (attribute, None) = (found.next()?, found.next()) else {
        return None;
    };
    let [value] = attribute.values.as_slice() else {
        return None;
    };
    T::from_der(&value.to_der().ok()?).ok()
}

fn check_binding(info: &SignerInfo, signer: &Certificate, bound: bool) -> Result<(), Flaw> {
    let attributes = info.signed_attrs.iter().flat_map(|set| set.iter());
    if !bound && !attributes.into_iter().any(|a| a.oid == SIGNING_CERTIFICATE_V2) {
        return Ok(());
    }
    let named: SigningCertificateV2 = attribute(info, SIGNING_CERTIFICATE_V2).ok_or(Flaw::Binding)?;
    let first = named.certificates.first().ok_or(Flaw::Binding)?;
    let hash =
        first.hash.as_ref().map_or(Some(Hash::Sha256), |hash| Hash::of(hash.oid)).ok_or(Flaw::Algorithm)?;
    let der = signer.to_der().map_err(|_| Flaw::Certificate)?;
    if first.digest.as_bytes() == hash.digest(&[&der]) { Ok(()) } else { Err(Flaw::Binding) }
}

fn check_signature(info: &SignerInfo, signer: &Certificate, hash: Hash) -> Result<(), Flaw> {
    let message = info.signed_attrs.to_der().map_err(|_| Flaw::Cms)?;
    let key = &signer.tbs_certificate.subject_public_key_info;
    match verify(key, &info.signature_algorithm, Some(hash), &message, info.signature.as_bytes()) {
        Verified::Yes => Ok(()),
        Verified::No => Err(Flaw::Signature),
        Verified::Unaccepted => Err(Flaw::Algorithm),
    }
}

pub(super) fn instant(time: Time) -> Option<Timestamp> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    Timestamp::from_second(seconds).ok()
}

/// What a certificate calls its subject: the common name, else surname and given name, else the organisation.
pub(super) fn subject_name(certificate: &Certificate) -> String {
    let named = |oid: ObjectIdentifier| {
        let parts = certificate.tbs_certificate.subject.0.iter().flat_map(|part| part.0.iter());
        parts.filter(|part| part.oid == oid).find_map(|part| text(&part.value)).filter(|t| !t.is_empty())
    };
    named(const_oid::db::rfc4519::COMMON_NAME)
        .or_else(|| {
            let given = named(const_oid::db::rfc4519::GIVEN_NAME)?;
            Some(format!("{given} {}", named(const_oid::db::rfc4519::SURNAME)?))
        })
        .or_else(|| named(const_oid::db::rfc4519::ORGANIZATION_NAME))
        .unwrap_or_default()
}

/// A directory string: UTF-8, or one or two bytes a character.
fn text(value: &der::Any) -> Option<String> {
    use der::{Tag, Tagged};
    let text: String = match value.tag() {
        Tag::BmpString => {
            let units = value.value().as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
            char::decode_utf16(units).collect::<Result<_, _>>().ok()?
        }
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String => {
            std::str::from_utf8(value.value()).ok()?.to_owned()
        }
        Tag::TeletexString => value.value().iter().copied().map(char::from).collect(),
        _ => return None,
    };
    let visible = text.chars().filter(|c| crate::cda::source::is_visible(*c));
    Some(visible.take(160).collect::<String>().trim().to_owned())
}
