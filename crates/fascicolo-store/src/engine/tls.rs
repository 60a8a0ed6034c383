//! TLS to PostgreSQL: on when the address says `sslmode=require`, and then always verified. A server that is not on
//! this machine is never spoken to in the clear.

use std::fs;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Broken;
use crate::store::Options;

/// Where Debian keeps the authorities it trusts.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

pub(super) fn connector(config: &Config, options: &Options) -> Result<Option<MakeRustlsConnect>, Broken> {
    if config.get_ssl_mode() != SslMode::Require {
        return if config.get_hosts().iter().all(is_here)
            && config.get_hostaddrs().iter().all(|a| a.is_loopback())
        {
            Ok(None)
        } else {
            Err(Broken::new("the database is on another machine: its address needs sslmode=require"))
        };
    }
    let pem = match &options.postgres_ca {
        Some(pem) => pem.clone().into_bytes(),
        None => fs::read(SYSTEM).map_err(|error| Broken::new(format!("{SYSTEM}: {error}")))?,
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
    if roots.is_empty() {
        return Err(Broken::new("no certificate authority for the database can be read"));
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let client = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(|error| Broken::new(format!("TLS: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Some(MakeRustlsConnect::new(client)))
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}
