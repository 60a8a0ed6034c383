//! Our own certificates: each ends some day, and a federation needs weeks to learn of the next (SPID-K5).

use std::path::Path;

use fascicolo_adapters::tls;
use jiff::{SignedDuration, Timestamp};

use crate::config::Config;
use crate::secrets;

/// A certificate that ends within this time is worth a warning.
pub const SOON: SignedDuration = SignedDuration::from_hours(60 * 24);

/// Those that the settings name, by their key.
#[must_use]
pub fn named(config: &Config) -> Vec<(&'static str, &Path)> {
    let (spid, cie) = (config.spid.as_ref(), config.cie_saml.as_ref());
    let aggregator = config.aggregator.as_ref();
    let all = [
        ("tls.certificate", config.tls.as_ref().map(|tls| &tls.certificate)),
        ("spid.certificate", spid.map(|spid| &spid.certificate)),
        ("spid.next_certificate", spid.and_then(|spid| spid.next_certificate.as_ref())),
        ("aggregator.validation_certificate", aggregator.and_then(|a| a.validation_certificate.as_ref())),
        ("cie_saml.certificate", cie.map(|cie| &cie.certificate)),
        ("cie_saml.next_certificate", cie.and_then(|cie| cie.next_certificate.as_ref())),
    ];
    all.into_iter().filter_map(|(key, path)| Some((key, path?.as_path()))).collect()
}

/// From when to when one holds.
///
/// # Errors
/// Why it cannot be read.
pub fn validity(config: &Config, key: &str, path: &Path) -> Result<(Timestamp, Timestamp), String> {
    let pem = secrets::read(config, key, path).map_err(|e| e.to_string())?;
    let chain = tls::certificates(pem.as_bytes()).map_err(|fault| format!("{fault:?}"))?;
    let first = chain.first().ok_or_else(|| "no certificate".to_owned())?;
    tls::validity(first).map_err(|fault| format!("{fault:?}"))
}

/// When each ends that can be read.
#[must_use]
pub fn ends(config: &Config) -> Vec<(&'static str, Timestamp)> {
    let all = named(config).into_iter();
    all.filter_map(|(key, path)| Some((key, validity(config, key, path).ok()?.1))).collect()
}
