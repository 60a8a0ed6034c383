//! `check-config` and `migrate`: what would be used, what is odd about it; the database brought to this version.

use std::io::Write;

use crate::config::{Config, Protocol};
use crate::failure::Failure;
use crate::{assemble, cie, federation, secrets};

/// Prints the settings with their defaults filled in; secrets are only named. Reads every file they name.
///
/// # Errors
/// A file cannot be read, or is not what it should be.
pub fn check_config(config: &Config, out: &mut dyn Write) -> Result<(), Failure> {
    let text = toml::to_string(config).map_err(|e| Failure::new(e.to_string()))?;
    out.write_all(text.as_bytes())?;
    for warning in warnings(config) {
        writeln!(out, "# warning: {warning}")?;
    }
    assemble::settings(config)?;
    assemble::keyring(config)?;
    assemble::site_key(config)?;
    assemble::tls(config)?;
    if config.cie_saml.is_some() {
        federation::cie_service_provider(config)?;
    }
    if config.cie_openid.is_some() {
        cie::relying_party(config)?;
        cie::keys::read(config)?;
        cie::anchor(config)?;
    }
    federation::cie_provider(config)?;
    federation::eidas_provider(config)?;
    let providers = assemble::registry(config)?.state().providers;
    writeln!(out, "# every file was read; {providers} SPID providers")?;
    Ok(())
}

/// What is allowed and seldom meant.
pub fn warnings(config: &Config) -> Vec<String> {
    let mut odd = Vec::new();
    let listen = &config.listen;
    if !listen.operations.ip().is_loopback() {
        odd.push(
            "listen.operations is not this machine alone: make sure that the public cannot reach it"
                .to_owned(),
        );
    }
    if config.tls.is_none() && !listen.site.ip().is_loopback() {
        odd.push(
            "no [tls], and listen.site is not this machine alone: whoever is on the way reads everything"
                .into(),
        );
    }
    if config.tls.is_none() && listen.trusted_proxies.is_empty() {
        odd.push("no [tls] and no listen.trusted_proxies: everybody will count as one network".to_owned());
    }
    match &config.spid {
        None if config.cie.is_none() => odd.push("no [spid]: nobody can get in".to_owned()),
        None => odd.push("no [spid]: nobody can get in by SPID".to_owned()),
        Some(spid) if spid.registry_certificate.is_none() => {
            odd.push("no spid.registry_certificate: the login page lists no provider".to_owned());
        }
        Some(_) => {}
    }
    odd.extend(cie_warnings(config).map(str::to_owned));
    if !config.jobs.run {
        odd.push("jobs.run is off: another node must do the periodic work".to_owned());
    }
    if !config.database.url.starts_with("sqlite:") && config.database.node == "node" {
        odd.push("database.node is the default: nodes that share a database need different names".to_owned());
    }
    for (key, path) in secrets::files(config) {
        if secrets::is_open_to_others(&config.path(&path)) {
            odd.push(format!("{key}: others may read the file: chmod 600"));
        }
    }
    odd
}

fn cie_warnings(config: &Config) -> impl Iterator<Item = &'static str> {
    let protocol = config.cie.as_ref().map(|cie| cie.protocol);
    let (openid, saml) = (config.cie_openid.as_ref(), config.cie_saml.as_ref());
    let uses = |wanted| protocol == Some(wanted);
    let odd = [
        (
            uses(Protocol::Saml) && saml.is_some_and(|saml| saml.provider.is_none()),
            "no cie_saml.provider: nobody can get in by CIE",
        ),
        (
            uses(Protocol::Openid) && openid.is_some_and(|openid| openid.trust_marks.is_none()),
            "no cie_openid.trust_marks: the provider may not know us",
        ),
        (
            uses(Protocol::Saml) && openid.is_some(),
            "[cie_openid] is checked and not used: cie.protocol is \"saml\"",
        ),
        (
            uses(Protocol::Openid) && saml.is_some(),
            "[cie_saml] is checked and not used: cie.protocol is \"openid\"",
        ),
        (
            config.fetch.private_addresses,
            "fetch.private_addresses is on: registries and federations may lead the site into its own network",
        ),
    ];
    odd.into_iter().filter(|(is, _)| *is).map(|(_, what)| what)
}

/// Applies the migrations that are missing.
///
/// # Errors
/// The database is out of reach, or newer than the program.
pub async fn migrate(config: &Config, out: &mut dyn Write) -> Result<(), Failure> {
    let migrated = assemble::open(config).await?.migrate().await?;
    if migrated.applied.is_empty() {
        writeln!(out, "nothing to do: the database is at this version")?;
    }
    for name in migrated.applied {
        writeln!(out, "applied {name}")?;
    }
    Ok(())
}
