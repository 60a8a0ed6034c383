//! Certificate and key files as the settings of a TLS server: 1.2 and 1.3, HTTP/2 and HTTP/1.1 (ASVS V12.1.1).

use std::sync::Arc;

use fascicolo_domain::Fault;
use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::time::Time;

/// Reads a chain (the site's certificate first) and its key, both PEM.
///
/// # Errors
/// One of the files is not what it should be, or they do not belong together.
pub fn server_config(chain_pem: &[u8], key_pem: &[u8]) -> Result<Arc<ServerConfig>, Fault> {
    let chain = certificates(chain_pem)?;
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|e| Fault::new("reading the TLS key", e))?;
    let broken = |e| Fault::new("setting up TLS", e);
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(broken)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(broken)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = Ticketer::new().map_err(broken)?;
    Ok(Arc::new(config))
}

/// The certificates of a PEM file, at least one.
///
/// # Errors
/// There is none, or one is damaged.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = read.map_err(|e| Fault::new("reading certificates", e))?;
    if chain.is_empty() { Err(Fault::bare("reading certificates: the file has none")) } else { Ok(chain) }
}

/// From when to when a certificate holds.
///
/// # Errors
/// It cannot be read.
pub fn validity(certificate: &CertificateDer<'_>) -> Result<(Timestamp, Timestamp), Fault> {
    let broken = || Fault::bare("reading a certificate's dates");
    let read = Certificate::from_der(certificate).map_err(|_| broken())?;
    let at = |time: &Time| {
        let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
        Timestamp::from_second(seconds).ok()
    };
    let validity = &read.tbs_certificate.validity;
    at(&validity.not_before).zip(at(&validity.not_after)).ok_or_else(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_or_key_is_refused() {
        assert!(certificates(b"").is_err());
        let damaged = b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
        assert!(certificates(damaged).is_err());
        assert!(server_config(b"", b"").is_err());
    }
}
