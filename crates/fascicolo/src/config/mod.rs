//! The settings: a TOML file, the environment over it, secrets by path. Read once, here; what goes on is finished values.

mod cie;
mod federations;
pub mod keys;

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use fascicolo_domain::acts::{Act, Acts};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

pub use self::cie::{Cie, CieOpenid, CiePartner, CieSaml, Protocol};
pub use self::federations::{Aggregator, Binding, Role, Spid};

/// What is wrong with the settings, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}: {error}")]
    File { path: String, error: std::io::Error },
    #[error("not TOML: {0}")]
    Syntax(String),
    #[error("unknown key `{key}`{}", .nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown { key: String, nearest: Option<String> },
    #[error("`{key}` must be {wanted}")]
    Kind { key: String, wanted: &'static str },
    #[error("`{0}` is missing")]
    Missing(String),
    #[error("`{key}`: {what}")]
    Value { key: String, what: String },
}

impl ConfigError {
    /// A value that is of the right kind and still cannot be.
    pub fn value(key: &str, what: impl Into<String>) -> Self {
        Self::Value { key: key.to_owned(), what: what.into() }
    }
}

/// All settings, as written.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Config {
    /// Where relative paths start.
    #[serde(skip)]
    pub folder: PathBuf,
    pub site: Site,
    pub listen: Listen,
    pub tls: Option<Tls>,
    pub database: Database,
    pub documents: Documents,
    pub spid: Option<Spid>,
    pub aggregator: Option<Aggregator>,
    pub cie: Option<Cie>,
    pub cie_openid: Option<CieOpenid>,
    pub cie_saml: Option<CieSaml>,
    pub cie_partner: Option<CiePartner>,
    pub verification: Verification,
    pub sessions: Sessions,
    pub fetch: Fetch,
    pub jobs: Jobs,
    pub logging: Logging,
}

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    pub origin: String,
    pub region: String,
    pub region_url: String,
    pub phone: String,
    pub hours: String,
    pub address: String,
    pub pec: String,
    pub dpo_mail: String,
    pub security_mail: String,
    pub accessibility_statement: String,
    pub key: PathBuf,
}

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    pub site: SocketAddr,
    pub operations: SocketAddr,
    pub trusted_proxies: Vec<IpAddr>,
    pub connections: usize,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            site: SocketAddr::from(([127, 0, 0, 1], 8080)),
            operations: SocketAddr::from(([127, 0, 0, 1], 9090)),
            trusted_proxies: Vec::new(),
            connections: 16_384,
        }
    }
}

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: String,
    pub password: Option<PathBuf>,
    pub ca: Option<PathBuf>,
    #[serde(default = "node")]
    pub node: String,
    #[serde(default = "readers")]
    pub readers: usize,
    #[serde(default = "writers")]
    pub writers: usize,
    #[serde(default = "wait_seconds")]
    pub wait_seconds: u64,
}

fn node() -> String {
    "node".to_owned()
}

fn readers() -> usize {
    4
}

fn writers() -> usize {
    8
}

fn wait_seconds() -> u64 {
    3
}

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    pub url: String,
    pub keyring: PathBuf,
    #[serde(default = "largest_mib")]
    pub largest_mib: u64,
    pub signers: Option<PathBuf>,
}

fn largest_mib() -> u64 {
    20
}

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Verification {
    pub per_network: u32,
    pub overall: u32,
}

impl Default for Verification {
    fn default() -> Self {
        Self { per_network: 30, overall: 600 }
    }
}

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sessions {
    pub idle_minutes: u32,
    pub absolute_hours: u32,
    pub level_three: Vec<String>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { idle_minutes: 20, absolute_hours: 8, level_three: Vec::new() }
    }
}

/// What the site asks of other servers (CIE-14).
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fetch {
    pub private_addresses: bool,
}

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jobs {
    pub run: bool,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { run: true }
    }
}

#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Logging {
    pub format: Format,
    pub level: String,
}

impl Default for Logging {
    fn default() -> Self {
        Self { format: Format::Text, level: "info".to_owned() }
    }
}

#[derive(Clone, Copy, PartialEq, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Text,
    Json,
}

impl Config {
    /// Reads a file and lays the environment over it.
    ///
    /// # Errors
    /// The file cannot be read, a key does not exist, is missing or has a value that cannot be.
    pub fn load(
        path: &Path,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::File { path: path.display().to_string(), error })?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self::parse(&text, &folder, environment)
    }

    /// The same, of a text whose relative paths start at `folder`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(
        text: &str,
        folder: &Path,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut given: Table =
            text.parse().map_err(|e: toml::de::Error| ConfigError::Syntax(e.to_string()))?;
        let known = keys::example()?;
        keys::check(&given, &known)?;
        keys::overlay(&mut given, &known, environment)?;
        let config = Self {
            folder: folder.to_owned(),
            site: section(&mut given, "site")?,
            listen: section(&mut given, "listen")?,
            tls: optional(&mut given, "tls")?,
            database: section(&mut given, "database")?,
            documents: section(&mut given, "documents")?,
            spid: optional(&mut given, "spid")?,
            aggregator: optional(&mut given, "aggregator")?,
            cie: optional(&mut given, "cie")?,
            cie_openid: optional(&mut given, "cie_openid")?,
            cie_saml: optional(&mut given, "cie_saml")?,
            cie_partner: optional(&mut given, "cie_partner")?,
            verification: section(&mut given, "verification")?,
            sessions: section(&mut given, "sessions")?,
            fetch: section(&mut given, "fetch")?,
            jobs: section(&mut given, "jobs")?,
            logging: section(&mut given, "logging")?,
        };
        config.judge()?;
        Ok(config)
    }

    /// A path of the settings, from where relative ones start.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// What no single key can show.
    fn judge(&self) -> Result<(), ConfigError> {
        let host = self.site.origin.strip_prefix("https://").unwrap_or_default();
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
            let what = "must be https://host or https://host:port, without a path";
            return Err(ConfigError::value("site.origin", what));
        }
        if has_password(&self.database.url) {
            let what = "holds a password: name a file with it in `database.password` instead";
            return Err(ConfigError::value("database.url", what));
        }
        positive("listen.connections", self.listen.connections > 0)?;
        positive("database.readers", self.database.readers > 0)?;
        positive("database.writers", self.database.writers > 0)?;
        positive("documents.largest_mib", self.documents.largest_mib > 0)?;
        positive("verification.per_network", self.verification.per_network > 0)?;
        positive("verification.overall", self.verification.overall > 0)?;
        positive("sessions.idle_minutes", self.sessions.idle_minutes > 0)?;
        positive("sessions.absolute_hours", self.sessions.absolute_hours > 0)?;
        self.sessions.level_three()?;
        federations::judge(self)
    }
}

impl Sessions {
    /// What needs level 3 (SPID-L3).
    ///
    /// # Errors
    /// A name of nothing that a person does.
    pub fn level_three(&self) -> Result<Acts, ConfigError> {
        let act = |name: &String| {
            let act = Act::parse(name).filter(|act| *act != Act::EndSession);
            let names: Vec<&str> =
                Act::ALL.into_iter().filter(|act| *act != Act::EndSession).map(Act::code).collect();
            let what = || format!("`{name}` is none of {}", names.join(", "));
            act.ok_or_else(|| ConfigError::value("sessions.level_three", what()))
        };
        self.level_three.iter().map(act).collect()
    }
}

fn positive(key: &str, is: bool) -> Result<(), ConfigError> {
    if is { Ok(()) } else { Err(ConfigError::value(key, "must be more than 0")) }
}

/// `scheme://user:password@…`
fn has_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) || url.contains("password=")
}

fn optional<T: DeserializeOwned>(given: &mut Table, name: &str) -> Result<Option<T>, ConfigError> {
    if given.contains_key(name) { section(given, name).map(Some) } else { Ok(None) }
}

fn section<T: DeserializeOwned>(given: &mut Table, name: &str) -> Result<T, ConfigError> {
    let section = given.remove(name).unwrap_or_else(|| Value::Table(Table::new()));
    section.try_into().map_err(|error| {
        let text = error.message().to_owned();
        match text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            Some(key) => ConfigError::Missing(format!("{name}.{key}")),
            None => ConfigError::value(name, error.to_string().trim().replace('\n', " ")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, Path::new("/etc/fascicolo"), [])
    }

    fn example() -> String {
        include_str!("../../../../config/example.toml").to_owned()
    }

    fn refused(from: &str, to: &str) -> String {
        let text = example();
        assert!(text.contains(from), "{from}");
        parse(&text.replacen(from, to, 1)).unwrap_err().to_string()
    }

    #[test]
    fn values_that_cannot_be_are_refused_with_their_key() {
        let cases = [
            ("origin = \"https://f", "origin = \"http://f", "`site.origin`"),
            (
                "regione.example\"\n# (required) The adm",
                "regione.example/\"\n# (required) The adm",
                "`site.origin`",
            ),
            (
                "entity_id = \"https://fascicolo.regione.example\"",
                "entity_id = \"https://x:8443\"",
                "`spid.entity_id`",
            ),
            ("level = 2", "level = 1", "`spid.level`"),
            ("\"+39000000000\"", "\"+39 0\"", "`spid.phone`"),
            // a registry that nobody is known to have signed, and one in the clear
            ("registry_certificate = \"spid-registry.pem\"", "", "`spid.registry`"),
            ("registry_url = \"https:", "registry_url = \"http:", "`spid.registry_url`"),
            ("binding = \"redirect\"", "binding = \"soap\"", "`spid`"),
            // SPID-M11: a light role goes with a certificate, an operator is the organization and has its numbers
            (
                "role = \"aggregator-light\"",
                "role = \"aggregator-full\"",
                "`aggregator.validation_certificate`",
            ),
            ("validation_certificate = \"aggregator.pem\"", "", "`aggregator.validation_certificate`"),
            ("role = \"aggregator-light\"", "role = \"operator-light\"", "`aggregator.name`"),
            ("role = \"aggregator-light\"", "role = \"somebody\"", "`aggregator`"),
            ("phone = \"+39000000001\"", "phone = \"39000000001\"", "`aggregator.phone`"),
            ("vat_number = \"IT00000000000\"", "vat_number = \"00000000000\"", "`aggregator.vat_number`"),
            ("site = \"127.0.0.1:8080\"", "site = \"localhost\"", "`listen`"),
            ("idle_minutes = 20", "idle_minutes = 0", "`sessions.idle_minutes` must be more than 0"),
            ("idle_minutes = 20", "idle_minutes = -1", "`sessions`"),
            ("level_three = []", "level_three = [\"Read\"]", "`sessions.level_three`: `Read` is none of"),
            ("level_three = []", "level_three = [\"end-session\"]", "`sessions.level_three`"),
            ("region = \"Regione Esempio\"", "", "`site.region` is missing"),
            ("[site]", "[site", "not TOML"),
        ];
        for (from, to, says) in cases {
            let error = refused(from, to);
            assert!(error.replace("`: must be", "` must be").starts_with(says), "{error}");
        }
        parse(&example()).unwrap();
    }

    #[test]
    fn a_password_in_the_address_of_the_database_is_refused_and_not_repeated() {
        let url = "sqlite:///var/lib/fascicolo/fascicolo.db";
        for bad in ["postgres://f:geheim@db/f", "postgres://db/f?user=f&password=geheim"] {
            let error = refused(url, bad);
            assert!(
                error.starts_with("`database.url`: holds a password") && !error.contains("geheim"),
                "{error}"
            );
        }
        parse(&example().replace(url, "postgres://f@db:5432/f?sslmode=require")).unwrap();
    }

    #[test]
    fn relative_paths_start_at_the_file() {
        let config = parse(&example()).unwrap();
        assert_eq!(config.path(&config.site.key), Path::new("/etc/fascicolo/secrets/site-key.pem"));
        assert_eq!(config.path(Path::new("/run/key")), Path::new("/run/key"));
    }
}
