//! The settings of SPID, with whoever acts for the administration in it; and what the settings of all federations share.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Config, ConfigError, cie};

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Spid {
    pub entity_id: String,
    pub key: PathBuf,
    pub certificate: PathBuf,
    pub next_certificate: Option<PathBuf>,
    #[serde(default = "service_name")]
    pub service_name: String,
    pub organization: String,
    pub display_name: String,
    pub organization_url: String,
    pub locality: String,
    pub ipa_code: String,
    pub email: String,
    pub phone: String,
    pub registry: Option<PathBuf>,
    pub registry_certificate: Option<PathBuf>,
    pub registry_url: Option<String>,
    pub eidas: Option<PathBuf>,
    #[serde(default)]
    pub binding: Binding,
    #[serde(default = "level")]
    pub level: u8,
    pub minors_from: Option<u8>,
    #[serde(default)]
    pub age_limit: bool,
    #[serde(default)]
    pub wards: bool,
}

/// How requests travel to the providers.
#[derive(Clone, Copy, PartialEq, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Binding {
    #[default]
    Redirect,
    Post,
}

fn service_name() -> String {
    "Fascicolo Sanitario Elettronico".to_owned()
}

fn level() -> u8 {
    2
}

/// Who acts for the administration in SPID (SPID-M11).
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregator {
    pub role: Role,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub ipa_code: Option<String>,
    pub vat_number: Option<String>,
    pub fiscal_code: Option<String>,
    pub validation_certificate: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    AggregatorFull,
    AggregatorLight,
    OperatorFull,
    OperatorLight,
}

/// What no single key can show.
pub(super) fn judge(config: &Config) -> Result<(), ConfigError> {
    if let Some(spid) = &config.spid {
        spid.judge()?;
    }
    if let Some(aggregator) = &config.aggregator {
        let spid = config.spid.as_ref().ok_or_else(|| ConfigError::Missing("spid".to_owned()))?;
        aggregator.judge(spid)?;
    }
    cie::judge(config)
}

impl Spid {
    /// SPID-M1, SPID-M10, SPID-L1.
    fn judge(&self) -> Result<(), ConfigError> {
        entity_id("spid.entity_id", &self.entity_id)?;
        if !matches!(self.level, 2 | 3) {
            return Err(ConfigError::value("spid.level", "must be 2 or 3"));
        }
        phone("spid.phone", &self.phone)?;
        if (self.registry.is_some() || self.registry_url.is_some()) != self.registry_certificate.is_some() {
            let what = "`registry` or `registry_url` and `registry_certificate` go together";
            return Err(ConfigError::value("spid.registry", what));
        }
        if self.registry_url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
            return Err(ConfigError::value("spid.registry_url", "must be https"));
        }
        Ok(())
    }
}

impl Aggregator {
    /// SPID-M11.
    fn judge(&self, spid: &Spid) -> Result<(), ConfigError> {
        phone("aggregator.phone", &self.phone)?;
        let light = matches!(self.role, Role::AggregatorLight | Role::OperatorLight);
        if light != self.validation_certificate.is_some() {
            let what = "goes with the light roles of `aggregator.role`, and with them alone";
            return Err(ConfigError::value("aggregator.validation_certificate", what));
        }
        if let Some(number) = &self.vat_number {
            vat_number("aggregator.vat_number", number)?;
        }
        match self.role {
            Role::AggregatorFull | Role::AggregatorLight => Ok(()),
            Role::OperatorFull | Role::OperatorLight => {
                let needed = [
                    ("ipa_code", &self.ipa_code),
                    ("vat_number", &self.vat_number),
                    ("fiscal_code", &self.fiscal_code),
                ];
                if let Some((key, _)) = needed.into_iter().find(|(_, value)| value.is_none()) {
                    return Err(ConfigError::Missing(format!("aggregator.{key}")));
                }
                if self.name != spid.organization {
                    let what = "an operator is the organization: it must be as `spid.organization`";
                    return Err(ConfigError::value("aggregator.name", what));
                }
                Ok(())
            }
        }
    }
}

pub(super) fn entity_id(key: &str, id: &str) -> Result<(), ConfigError> {
    let host = id.strip_prefix("https://").unwrap_or_default();
    if host.is_empty() || host.contains([':', '?', '#', '@', ' ']) {
        return Err(ConfigError::value(key, "must be https, with no port and no query"));
    }
    Ok(())
}

pub(super) fn phone(key: &str, number: &str) -> Result<(), ConfigError> {
    let digits = number.strip_prefix("+39").unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ConfigError::value(key, "must be +39 and digits, without blanks"));
    }
    Ok(())
}

pub(super) fn vat_number(key: &str, number: &str) -> Result<(), ConfigError> {
    let digits = number.strip_prefix("IT").unwrap_or_default();
    if digits.len() != 11 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ConfigError::value(key, "must be IT and eleven digits"));
    }
    Ok(())
}
