//! The settings of CIE: the protocol that logins use, and a section for each. The section of the other protocol may be
//! there too, for the months in which a region moves from one to the other.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::federations::{Binding, entity_id, phone, vat_number};
use super::{Config, ConfigError};

/// What is the same in both protocols.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cie {
    pub protocol: Protocol,
    pub organization: String,
    pub display_name: String,
    pub organization_url: String,
}

/// How we speak with CIE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// OpenID Connect, under the national federation.
    Openid,
    Saml,
}

/// CIE by OpenID Connect (CIE-2, CIE-3).
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CieOpenid {
    pub entity_id: Option<String>,
    pub keys: PathBuf,
    pub contacts: Vec<String>,
    pub policy_url: String,
    pub logo_url: String,
    #[serde(default = "anchor")]
    pub anchor: String,
    pub anchor_keys: PathBuf,
    #[serde(default = "provider")]
    pub provider: String,
    pub superior: Option<String>,
    pub trust_marks: Option<PathBuf>,
    #[serde(default = "lifetime_hours")]
    pub lifetime_hours: u32,
    #[serde(default = "overlap_hours")]
    pub overlap_hours: u32,
}

fn anchor() -> String {
    "https://oidc.registry.servizicie.interno.gov.it".to_owned()
}

fn provider() -> String {
    "https://oidc.idserver.servizicie.interno.gov.it".to_owned()
}

fn lifetime_hours() -> u32 {
    48
}

fn overlap_hours() -> u32 {
    72
}

/// CIE over SAML, with metadata of its own (SPID-C2).
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CieSaml {
    pub entity_id: String,
    pub key: PathBuf,
    pub certificate: PathBuf,
    pub next_certificate: Option<PathBuf>,
    pub service_id: String,
    pub locality: String,
    pub municipality: String,
    pub ipa_code: String,
    pub email: String,
    pub phone: String,
    pub provider: Option<PathBuf>,
    #[serde(default)]
    pub binding: Binding,
}

/// The private company that runs the service, to CIE over SAML.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CiePartner {
    pub name: String,
    pub email: String,
    pub phone: Option<String>,
    pub vat_number: String,
    pub fiscal_code: String,
    pub nace: String,
    pub municipality: String,
}

/// What no single key can show.
pub(super) fn judge(config: &Config) -> Result<(), ConfigError> {
    let missing = |section: &str| Err(ConfigError::Missing(section.to_owned()));
    match config.cie.as_ref().map(|cie| cie.protocol) {
        None if config.cie_openid.is_some() || config.cie_saml.is_some() => return missing("cie"),
        Some(Protocol::Openid) if config.cie_openid.is_none() => return missing("cie_openid"),
        Some(Protocol::Saml) if config.cie_saml.is_none() => return missing("cie_saml"),
        Some(_) | None => {}
    }
    if let Some(openid) = &config.cie_openid {
        openid.judge(&config.site.origin)?;
    }
    if let Some(saml) = &config.cie_saml {
        saml.judge()?;
    }
    match &config.cie_partner {
        Some(_) if config.cie_saml.is_none() => missing("cie_saml"),
        Some(partner) => partner.judge(),
        None => Ok(()),
    }
}

impl CieOpenid {
    /// CIE-2, CIE-5, CIE-6, CIE-9.
    fn judge(&self, origin: &str) -> Result<(), ConfigError> {
        let own = self.entity_id.as_deref().unwrap_or(origin);
        if own.strip_suffix('/').unwrap_or(own) != origin {
            let what = "must be `site.origin`, with or without a slash at the end: it is published there";
            return Err(ConfigError::value("cie_openid.entity_id", what));
        }
        for (key, address) in [
            ("cie_openid.policy_url", Some(&self.policy_url)),
            ("cie_openid.logo_url", Some(&self.logo_url)),
            ("cie_openid.anchor", Some(&self.anchor)),
            ("cie_openid.provider", Some(&self.provider)),
            ("cie_openid.superior", self.superior.as_ref()),
        ] {
            https(key, address.map_or("https://left.out", String::as_str))?;
        }
        if self.contacts.is_empty() || self.contacts.iter().any(|contact| !contact.contains('@')) {
            return Err(ConfigError::value("cie_openid.contacts", "must be mail addresses, at least one"));
        }
        if self.provider == self.anchor {
            return Err(ConfigError::value("cie_openid.provider", "is `cie_openid.anchor`"));
        }
        if !(1..=168).contains(&self.lifetime_hours) {
            return Err(ConfigError::value("cie_openid.lifetime_hours", "must be from 1 to 168"));
        }
        // a chain about us ends with our configuration at the latest: a longer overlap is always enough
        if self.overlap_hours < self.lifetime_hours || self.overlap_hours > 720 {
            let what = "must be at least `cie_openid.lifetime_hours`, and at most 720";
            return Err(ConfigError::value("cie_openid.overlap_hours", what));
        }
        Ok(())
    }
}

impl CieSaml {
    /// SPID-C2, SPID-C3.
    fn judge(&self) -> Result<(), ConfigError> {
        entity_id("cie_saml.entity_id", &self.entity_id)?;
        phone("cie_saml.phone", &self.phone)?;
        municipality("cie_saml.municipality", &self.municipality)?;
        let groups: Vec<&str> = self.service_id.split('-').collect();
        let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        let digits = groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()));
        let random = groups.get(2).is_some_and(|group| group.starts_with('4'));
        if lengths != [8, 4, 4, 4, 12] || !digits || !random {
            return Err(ConfigError::value("cie_saml.service_id", "must be a random UUID (version 4)"));
        }
        Ok(())
    }
}

impl CiePartner {
    /// SPID-C2.
    fn judge(&self) -> Result<(), ConfigError> {
        if let Some(number) = &self.phone {
            phone("cie_partner.phone", number)?;
        }
        vat_number("cie_partner.vat_number", &self.vat_number)?;
        municipality("cie_partner.municipality", &self.municipality)
    }
}

fn https(key: &str, address: &str) -> Result<(), ConfigError> {
    let host = address.strip_prefix("https://").unwrap_or_default();
    let plain = host.bytes().all(|b| b.is_ascii_graphic()) && !host.contains(['#', '@', '\\', '"', '<', '>']);
    if host.is_empty() || host.starts_with('/') || !plain {
        return Err(ConfigError::value(key, "must be an https address"));
    }
    Ok(())
}

fn municipality(key: &str, code: &str) -> Result<(), ConfigError> {
    let letter = code.starts_with(|c: char| c.is_ascii_uppercase());
    if !letter || code.len() != 4 || !code.bytes().skip(1).all(|b| b.is_ascii_digit()) {
        return Err(ConfigError::value(key, "must be a Belfiore code: a letter and three digits"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const EXAMPLE: &str = include_str!("../../../../config/example.toml");

    fn parsed(from: &str, to: &str) -> Result<Config, String> {
        assert!(EXAMPLE.contains(from), "{from}");
        let text = EXAMPLE.replacen(from, to, 1);
        Config::parse(&text, Path::new("/etc/fascicolo"), []).map_err(|error| error.to_string())
    }

    #[test]
    fn values_that_cannot_be_are_refused_with_their_key() {
        let cases = [
            ("protocol = \"saml\"", "protocol = \"carrier pigeon\"", "`cie`"),
            // SPID-C2, SPID-C3
            ("example/cie\"", "example/cie?x=1\"", "`cie_saml.entity_id`"),
            ("5d1a-4c3e", "5d1a-1c3e", "`cie_saml.service_id`: must be a random UUID"),
            ("\"A000\" # (required)\nipa", "\"058091\" # (required)\nipa", "`cie_saml.municipality`"),
            // CIE-1: published where it is looked for
            (
                "entity_id = \"https://fascicolo.regione.example/\"",
                "entity_id = \"https://x.example/\"",
                "`cie_openid.entity_id`",
            ),
            // CIE-2
            ("contacts = [\"cie@regione.example\"]", "contacts = []", "`cie_openid.contacts`"),
            ("contacts = [\"cie@regione.example\"]", "contacts = [\"800 000 000\"]", "`cie_openid.contacts`"),
            ("policy_url = \"https:", "policy_url = \"http:", "`cie_openid.policy_url`"),
            ("logo_url = \"https://fascicolo.", "logo_url = \"https:///", "`cie_openid.logo_url`"),
            // CIE-8, CIE-9
            ("anchor = \"https:", "anchor = \"http:", "`cie_openid.anchor`"),
            (
                "https://oidc.idserver",
                "https://oidc.registry",
                "`cie_openid.provider`: is `cie_openid.anchor`",
            ),
            ("superior = \"https:", "superior = \"http:", "`cie_openid.superior`"),
            // CIE-5, CIE-6
            ("lifetime_hours = 48", "lifetime_hours = 0", "`cie_openid.lifetime_hours`"),
            ("lifetime_hours = 48", "lifetime_hours = 169", "`cie_openid.lifetime_hours`"),
            ("lifetime_hours = 48", "lifetime_hours = 73", "`cie_openid.overlap_hours`"),
            ("overlap_hours = 72", "overlap_hours = 47", "`cie_openid.overlap_hours`"),
            ("overlap_hours = 72", "overlap_hours = 721", "`cie_openid.overlap_hours`"),
        ];
        for (from, to, says) in cases {
            let error = parsed(from, to).unwrap_err();
            assert!(error.starts_with(says), "{error}");
        }
        for (from, to) in [
            ("https://fascicolo.regione.example/\"", "https://fascicolo.regione.example\""),
            ("lifetime_hours = 48", "lifetime_hours = 1"),
            ("lifetime_hours = 48", "lifetime_hours = 72"),
            ("overlap_hours = 72", "overlap_hours = 48"),
            ("overlap_hours = 72", "overlap_hours = 720"),
        ] {
            parsed(from, to).unwrap();
        }
    }

    #[test]
    fn the_protocol_has_its_section_and_a_section_has_its_protocol() {
        let missing = |protocol: &str, section: &str| {
            let mut table: toml::Table = EXAMPLE.parse().unwrap();
            table["cie"].as_table_mut().unwrap()["protocol"] = toml::Value::String(protocol.to_owned());
            table.remove("cie_partner");
            table.remove(section).unwrap();
            Config::parse(&table.to_string(), Path::new("/"), []).map(|_| ()).map_err(|e| e.to_string())
        };
        assert_eq!(missing("saml", "cie_saml"), Err("`cie_saml` is missing".to_owned()));
        assert_eq!(missing("openid", "cie_openid"), Err("`cie_openid` is missing".to_owned()));
        assert_eq!(missing("openid", "cie"), Err("`cie` is missing".to_owned()));
        assert_eq!(missing("openid", "cie_saml"), Ok(()));
        assert_eq!(missing("saml", "cie_openid"), Ok(()));
    }
}
