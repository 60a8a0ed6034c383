//! `init`: a folder to start from, with settings and new keys.

use std::fs::DirBuilder;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, absolute};

use fascicolo_adapters::{SystemClock, SystemEntropy};
use fascicolo_domain::time::day_in_rome;
use fascicolo_web::ports::Clock as _;
use fascicolo_web::vault::{Keyring, SiteKey};

use crate::failure::Failure;
use crate::secrets::write_new;

const EXAMPLE: &str = include_str!("../../../config/example.toml");

/// Makes the folder.
///
/// # Errors
/// It holds settings already, or cannot be written.
pub fn init(folder: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let folder = absolute(folder)?;
    let settings = folder.join("fascicolo.toml");
    if settings.exists() {
        return Err(Failure(format!("{} is there already: nothing was changed", settings.display())));
    }
    let make = |path: &Path| DirBuilder::new().recursive(true).mode(0o700).create(path);
    let secrets = folder.join("secrets");
    make(&secrets)?;
    make(&folder.join("documents"))?;
    let today = day_in_rome(SystemClock.now());
    write_new(&secrets.join("keyring"), &Keyring::new_line(&SystemEntropy, &format!("kek-{today}"))?)?;
    write_new(&secrets.join("site-key.pem"), &SiteKey::new_pem(&SystemEntropy)?)?;
    write_new(&settings, &starting_settings(&folder))?;
    let path = settings.display();
    writeln!(
        out,
        "made {path}, with new keys in {}\n\n\
         next:\n  \
         1. write your administration's data into it\n  \
         2. fascicolo --config {path} check-config\n  \
         3. fascicolo --config {path} migrate\n  \
         4. fascicolo --config {path} serve\n\n\
         keep a copy of the secrets apart from the backups of the data: without them no document opens again",
        secrets.display()
    )?;
    Ok(())
}

/// The example, with what is optional put in comments and the data in this folder.
fn starting_settings(folder: &Path) -> String {
    let mut text = String::new();
    let (mut optional_section, mut optional) = (false, false);
    for line in EXAMPLE.lines() {
        let comment = line.trim_start().starts_with('#');
        if comment || line.is_empty() {
            optional = line.starts_with("# (optional)") || (optional && comment);
        } else {
            let is_section = line.starts_with('[');
            if is_section {
                optional_section = optional;
            }
            if optional_section || optional || line.contains("# (optional)") {
                text.push_str("# ");
            }
            optional = false;
        }
        text.push_str(&line.replace("/var/lib/fascicolo", &folder.display().to_string()));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_starting_settings_leave_out_what_is_optional() {
        let text = starting_settings(Path::new("/srv/f"));
        let config = Config::parse(&text, Path::new("/srv/f"), []).unwrap();
        assert_eq!((config.tls, config.spid, config.aggregator), (None, None, None));
        assert_eq!((config.cie, config.cie_openid), (None, None));
        assert_eq!((config.cie_saml, config.cie_partner), (None, None));
        assert_eq!(
            (config.database.password, config.database.ca, config.documents.signers),
            (None, None, None)
        );
        assert_eq!(config.database.url, "sqlite:///srv/f/fascicolo.db");
        assert_eq!(config.documents.url, "file:///srv/f/documents");
    }
}
