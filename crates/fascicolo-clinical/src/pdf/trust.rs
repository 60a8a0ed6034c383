//! The certificates that signatures may lead to, and whether one does.

use std::fmt;

use const_oid::db::rfc5280;
use der::{Decode, Encode};
use fascicolo_domain::documents::Chain;
use jiff::Timestamp;
use x509_cert::Certificate;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

use super::algorithm::{Verified, verify};
use super::cms::instant;
use crate::Refused;

const MAX_LENGTH: usize = 6;
const MAX_VERIFICATIONS: usize = 48;

/// Certificates of issuers we know; with none, every signer's chain is unknown.
#[derive(Clone, Default)]
pub struct TrustAnchors(Vec<Certificate>);

impl TrustAnchors {
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads PEM certificates, one after the other.
    ///
    /// # Errors
    /// [`Refused::TrustAnchors`] when there is none, or one cannot be read.
    pub fn from_pem(pem: &str) -> Result<Self, Refused> {
        certificates(pem).map(Self).ok_or(Refused::TrustAnchors)
    }

    /// Whether a path of certificates, all valid at that instant, leads from the signer to an anchor (REC-R6).
    /// Revocation is not asked: that needs the network. Without an instant nothing can be said.
    pub(super) fn judge(&self, signer: &Certificate, others: &[Certificate], at: Option<Timestamp>) -> Chain {
        let search = |at| Search { anchors: &self.0, others, at, room: MAX_VERIFICATIONS };
        match at {
            Some(at) if may_sign(signer) && search(at).leads(signer, 0) => Chain::Known,
            _ => Chain::Unknown,
        }
    }
}

/// One certificate or more, PEM.
pub(super) fn certificates(pem: &str) -> Option<Vec<Certificate>> {
    let pem = pem.trim_end();
    if pem.is_empty() {
        return None; // the parser would panic
    }
    Certificate::load_pem_chain(pem.as_bytes()).ok().filter(|found| !found.is_empty())
}

impl fmt::Debug for TrustAnchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustAnchors({})", self.0.len())
    }
}

struct Search<'a> {
    anchors: &'a [Certificate],
    others: &'a [Certificate],
    at: Timestamp,
    room: usize,
}

impl Search<'_> {
    /// `below`: how many issuers stand between this certificate and the signer.
    fn leads(&mut self, certificate: &Certificate, below: usize) -> bool {
        if below > MAX_LENGTH || !is_valid(certificate, self.at) || !is_understood(certificate) {
            return false;
        }
        if self.anchors.contains(certificate) {
            return true;
        }
        let anchor = self.anchors.iter().any(|a| is_valid(a, self.at) && self.issued(a, certificate, below));
        if anchor {
            return true;
        }
        let others = self.others;
        for issuer in others {
            let Some(room) = self.room.checked_sub(1) else {
                return false;
            };
            self.room = room;
            if issuer != certificate
                && self.issued(issuer, certificate, below)
                && self.leads(issuer, below + 1)
            {
                return true;
            }
        }
        false
    }

    /// Whether `issuer` may issue, and issued, this certificate.
    fn issued(&self, issuer: &Certificate, certificate: &Certificate, below: usize) -> bool {
        let subject = &issuer.tbs_certificate.subject;
        if *subject != certificate.tbs_certificate.issuer || !may_issue(issuer, below) {
            return false;
        }
        let (Ok(message), Some(signature)) =
            (certificate.tbs_certificate.to_der(), certificate.signature.as_bytes())
        else {
            return false;
        };
        let key = &issuer.tbs_certificate.subject_public_key_info;
        let same = certificate.signature_algorithm == certificate.tbs_certificate.signature;
        same && verify(key, &certificate.signature_algorithm, None, &message, signature) == Verified::Yes
    }
}

fn is_valid(certificate: &Certificate, at: Timestamp) -> bool {
    let validity = &certificate.tbs_certificate.validity;
    let (from, to) = (instant(validity.not_before), instant(validity.not_after));
    from.is_some_and(|from| from <= at) && to.is_some_and(|to| at <= to)
}

/// No critical extension that we do not know.
fn is_understood(certificate: &Certificate) -> bool {
    let known = [
        rfc5280::ID_CE_BASIC_CONSTRAINTS,
        rfc5280::ID_CE_KEY_USAGE,
        rfc5280::ID_CE_EXT_KEY_USAGE,
        rfc5280::ID_CE_CERTIFICATE_POLICIES,
        rfc5280::ID_CE_SUBJECT_ALT_NAME,
        rfc5280::ID_CE_ISSUER_ALT_NAME,
        rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER,
        rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER,
        rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS,
    ];
    let extensions = certificate.tbs_certificate.extensions.iter().flatten();
    extensions.filter(|e| e.critical).all(|e| known.contains(&e.extn_id))
}

fn may_sign(certificate: &Certificate) -> bool {
    match extension::<KeyUsage>(certificate, rfc5280::ID_CE_KEY_USAGE) {
        Ok(usage) => usage.is_none_or(|usage| usage.digital_signature() || usage.non_repudiation()),
        Err(()) => false,
    }
}

fn may_issue(certificate: &Certificate, below: usize) -> bool {
    let usage = extension::<KeyUsage>(certificate, rfc5280::ID_CE_KEY_USAGE);
    let basic = extension::<BasicConstraints>(certificate, rfc5280::ID_CE_BASIC_CONSTRAINTS);
    let (Ok(usage), Ok(Some(basic))) = (usage, basic) else {
        return false;
    };
    let short_enough = basic.path_len_constraint.is_none_or(|most| below <= usize::from(most));
    basic.ca && short_enough && usage.is_none_or(|usage| usage.key_cert_sign())
}

fn extension<T: for<'a> Decode<'a>>(
    certificate: &Certificate,
    oid: const_oid::ObjectIdentifier,
) -> Result<Option<T>, ()> {
    let mut found = certificate.tbs_certificate.extensions.iter().flatten().filter(|e| e.extn_id == oid);
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => T::from_der(one.extn_value.as_bytes()).map(Some).map_err(|_| ()),
        (Some(_), Some(_)) => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_list_of_certificates_is_refused() {
        for text in ["", "\n", " ", "x", "-----END CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n"] {
            assert_eq!(TrustAnchors::from_pem(text).err(), Some(Refused::TrustAnchors), "{text}");
        }
    }
}
