//! The certificates that signatures may lead to, from settings.

use x509_cert::Certificate;

use crate::Refused;

/// Certificates of issuers we know; with none, every signer's chain is unknown.
#[derive(Clone, Default)]
pub struct TrustAnchors(Vec<Certificate>);

impl TrustAnchors {
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads PEM certificates, one after the other; what stands between them is ignored.
    ///
    /// # Errors
    /// [`Refused::TrustAnchors`] when there is none, or one cannot be read.
    pub fn from_pem(pem: &str) -> Result<Self, Refused> {
        match Certificate::load_pem_chain(pem.as_bytes()) {
            Ok(certificates) if !certificates.is_empty() => Ok(Self(certificates)),
            _ => Err(Refused::TrustAnchors),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Certificate> {
        self.0.iter()
    }
}
