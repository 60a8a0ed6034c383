//! Secret files: read whole, told apart from one another when one cannot be, made for their owner alone.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::cie;
use crate::config::{Config, ConfigError};

/// Reads a file that a key of the settings names.
///
/// # Errors
/// It cannot be read, or is no text.
pub fn read(config: &Config, key: &str, path: &Path) -> Result<String, ConfigError> {
    let path = config.path(path);
    fs::read_to_string(&path)
        .map_err(|e| ConfigError::value(key, format!("cannot read {}: {e}", path.display())))
}

/// Writes a new file that nobody else may read.
///
/// # Errors
/// It is there already, or cannot be written.
pub fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Whether others than the owner may read a file.
#[must_use]
pub fn is_open_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

/// The files that hold secrets, by the key that names them.
#[must_use]
pub fn files(config: &Config) -> Vec<(&'static str, PathBuf)> {
    let named = [
        ("site.key", Some(&config.site.key)),
        ("documents.keyring", Some(&config.documents.keyring)),
        ("tls.key", config.tls.as_ref().map(|tls| &tls.key)),
        ("spid.key", config.spid.as_ref().map(|spid| &spid.key)),
        ("cie_saml.key", config.cie_saml.as_ref().map(|saml| &saml.key)),
        ("database.password", config.database.password.as_ref()),
    ];
    let mut files: Vec<(&'static str, PathBuf)> =
        named.into_iter().filter_map(|(key, path)| Some((key, path?.clone()))).collect();
    // a folder that cannot be read is told where its keys are needed
    let keys = cie::keys::files(config).unwrap_or_default();
    files.extend(keys.into_iter().map(|file| ("cie_openid.keys", file.path)));
    files
}
