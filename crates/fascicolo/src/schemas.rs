//! The national XML schemas, by `xmllint` (SPID-M12): a second opinion on our metadata. The schemas are the operator's:
//! they come with AgID's checker.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::spid::Federation;

/// Validates metadata against each schema of their federation.
///
/// # Errors
/// A schema refuses them or is not there, or there is no `xmllint`.
pub fn validate(xml: &[u8], folder: &Path, federation: Federation) -> Result<(), Failure> {
    let names: &[&str] = match federation {
        Federation::Spid => &["saml-schema-metadata-sp-spid.xsd", "saml-schema-metadata-sp-spid-av29.xsd"],
        Federation::Cie => &["cie/saml-schema-metadata-sp-cie.xsd"],
    };
    for name in names {
        let schema = folder.join(name);
        if !schema.is_file() {
            return Err(Failure(format!("there is no schema {}", schema.display())));
        }
        if let Some(said) = refusal(xml, &schema)? {
            return Err(Failure(format!(
                "the schema {name} refuses the metadata; nothing was written\n{said}"
            )));
        }
    }
    Ok(())
}

/// What it says against the document. What a schema would fetch from elsewhere comes from the schema's folder.
fn refusal(xml: &[u8], schema: &Path) -> Result<Option<String>, Failure> {
    let mut command = Command::new("xmllint");
    command.args(["--nonet", "--noout", "--path"]).arg(schema.parent().unwrap_or(schema));
    command.arg("--schema").arg(schema).arg("-");
    let missing = |e| Failure(format!("cannot run xmllint (Debian: libxml2-utils): {e}"));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(missing)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(xml)?;
    }
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok((!output.status.success()).then_some(said))
}
