//! Secret files: read whole, told apart from one another when one cannot be, made for their owner alone.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

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
pub fn files(config: &Config) -> Vec<(&'static str, &Path)> {
    let mut files: Vec<(&'static str, &Path)> =
        vec![("site.key", &config.site.key), ("documents.keyring", &config.documents.keyring)];
    if let Some(tls) = &config.tls {
        files.push(("tls.key", &tls.key));
    }
    if let Some(spid) = &config.spid {
        files.push(("spid.key", &spid.key));
    }
    if let Some(cie) = &config.cie {
        files.push(("cie.key", &cie.key));
    }
    if let Some(password) = &config.database.password {
        files.push(("database.password", password));
    }
    files
}
