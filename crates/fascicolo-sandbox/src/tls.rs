//! The certificates of the secure address: an authority of the sandbox's own, kept in its folder, so that one may
//! tell a browser once to trust it; and a certificate for `localhost`, made anew at each start.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fascicolo_domain::Fault;
use jiff::{Timestamp, ToSpan as _};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::kept::Kept;

const AUTHORITY: &str = "ca.pem";

/// The server's settings, and where the authority's certificate is.
pub struct Tls {
    pub server: Arc<rustls::ServerConfig>,
    pub authority: PathBuf,
}

/// Makes the certificates. `now` is the real instant: browsers check it.
///
/// # Errors
/// A certificate cannot be made or the kept ones cannot be read.
pub fn certificates(kept: &Kept, now: Timestamp) -> Result<Tls, Fault> {
    let key = kept.keep("ca-key.pem", || Ok(KeyPair::generate().map_err(broken)?.serialize_pem()))?;
    let key = KeyPair::from_pem(&key).map_err(broken)?;
    let authority = authority(now)?;
    kept.keep(AUTHORITY, || Ok(authority.self_signed(&key).map_err(broken)?.pem()))?;
    let issuer = Issuer::new(authority, key);

    let server_key = KeyPair::generate().map_err(broken)?;
    let mut params =
        CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()])
            .map_err(broken)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    valid(&mut params, now, 397)?;
    let certificate = params.signed_by(&server_key, &issuer).map_err(broken)?;
    let server = fascicolo_adapters::tls::server_config(
        certificate.pem().as_bytes(),
        server_key.serialize_pem().as_bytes(),
    )?;
    Ok(Tls { server, authority: kept.path(AUTHORITY) })
}

fn authority(now: Timestamp) -> Result<CertificateParams, Fault> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "fascicolo-sandbox (solo per prove)");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut params, now, 3650)?;
    Ok(params)
}

/// From the day before, for clocks that are a little late.
fn valid(params: &mut CertificateParams, now: Timestamp, days: i64) -> Result<(), Fault> {
    let at = |hours: i64| {
        let instant = now.checked_add(hours.hours()).map_err(broken)?;
        let seconds = u64::try_from(instant.as_second()).map_err(broken)?;
        Ok::<_, Fault>(std::time::UNIX_EPOCH + Duration::from_secs(seconds))
    };
    params.not_before = at(-24)?.into();
    params.not_after = at(days * 24)?.into();
    Ok(())
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::new("making the sandbox's certificates", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_stays_while_the_folder_does() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-25T11:00:00Z".parse().unwrap();
        let first =
            std::fs::read(certificates(&Kept::open(Some(folder.path())).unwrap(), now).unwrap().authority);
        let second =
            std::fs::read(certificates(&Kept::open(Some(folder.path())).unwrap(), now).unwrap().authority);
        assert_eq!(first.unwrap(), second.unwrap());
    }
}
