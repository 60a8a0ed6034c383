//! `cie init`, `cie keys` and `cie metadata`, as they are when logins use OpenID Connect.

use std::fs::DirBuilder;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use clap::Args;
use fascicolo_adapters::{SystemClock, rsa};
use fascicolo_eid::cie::{Purpose, well_known};
use fascicolo_web::ports::Clock as _;
use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::{Value, json};

use super::keys::{self, Life, PURPOSES, word};
use super::{published, relying_party, settings};
use crate::config::Config;
use crate::failure::Failure;
use crate::secrets::write_new;
use crate::spid::{Making, Publishing, size};

/// How soon a new key is published, when nobody says: a day to bring it to every node and start them again.
const LATER: SignedDuration = SignedDuration::from_hours(24);

#[derive(Args)]
pub struct Keeping {
    /// Make a new key for "federation", "signing" or "encryption"; it takes over by itself
    #[arg(long, value_name = "PURPOSE", value_parser = purpose)]
    add: Option<Purpose>,
    /// Publish the new key from this instant on [default: a day from now]
    #[arg(long, value_name = "INSTANT", requires = "add")]
    from: Option<Timestamp>,
    /// Size of the new RSA key
    #[arg(long, default_value_t = 3072, value_parser = size, requires = "add")]
    bits: u32,
    /// Print instead the public federation keys as a JWK set, for the registrar
    #[arg(long, conflicts_with = "add")]
    jwks: bool,
}

fn purpose(text: &str) -> Result<Purpose, String> {
    keys::purpose(text).ok_or_else(|| "must be federation, signing or encryption".to_owned())
}

/// Makes the three keys, which are published at once: nobody knew us before.
///
/// # Errors
/// There is a key already, or a file cannot be written.
pub fn init(config: &Config, making: &Making, out: &mut dyn Write) -> Result<(), Failure> {
    let (_, settings) = settings(config)?;
    if making.days.is_some() {
        return Err(Failure::new("--days is for certificates: keys of OpenID Connect have none"));
    }
    let folder = config.path(&settings.keys);
    if !keys::files(config)?.is_empty() {
        return Err(Failure(format!("{} has keys already: nothing was changed", folder.display())));
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let since = to_the_second(SystemClock.now())?;
    for purpose in PURPOSES {
        write_new(&folder.join(keys::name(purpose, since)), &rsa::new_pem(making.bits)?)?;
    }
    let us = super::entity_id(config, settings);
    writeln!(
        out,
        "made a key each for {} in {}\n\n\
         next (docs/operations/cie-onboarding.md):\n  \
         1. put the anchor's public keys where cie_openid.anchor_keys says\n  \
         2. fascicolo cie metadata shows what we publish, once it is in order\n  \
         3. start the site: it is published at {}\n  \
         4. in the Ministry's federation portal give the entity id {us}\n     \
         and the JWK set that `fascicolo cie keys --jwks` prints\n  \
         5. put the trust mark issued there in a file and name it in cie_openid.trust_marks\n\n\
         keep a copy of the keys apart from the backups of the data",
        PURPOSES.map(word).join(", "),
        folder.display(),
        well_known(&us),
    )?;
    Ok(())
}

/// Shows every key with its phase and what comes; or adds one; or prints what the registrar needs (CIE-6).
///
/// # Errors
/// A key cannot be read or written, or would come before one that is there.
pub fn keys(config: &Config, keeping: &Keeping, out: &mut dyn Write) -> Result<(), Failure> {
    let now = SystemClock.now();
    if let Some(purpose) = keeping.add {
        add(config, purpose, keeping, now, out)?;
    }
    let ours = keys::read(config)?;
    if keeping.jwks {
        let set = ours.keys.federation_jwks(now).to_json();
        return pretty(&set, out);
    }
    for life in ours.lives(now) {
        show(&life, out)?;
    }
    Ok(())
}

fn show(life: &Life, out: &mut dyn Write) -> Result<(), Failure> {
    let next: Vec<String> =
        life.next.iter().map(|(at, phase)| format!("; {} from {at}", keys::phase(*phase))).collect();
    let (purpose, phase) = (word(life.purpose), keys::phase(life.phase));
    writeln!(out, "{purpose:<10}  {}  {phase}{}", life.kid, next.concat())?;
    Ok(())
}

fn add(
    config: &Config,
    purpose: Purpose,
    keeping: &Keeping,
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    // nothing is added to keys that are not in order
    keys::read(config)?;
    let later = now.checked_add(LATER).map_err(|e| Failure::new(e.to_string()))?;
    let since = to_the_second(keeping.from.unwrap_or(later))?;
    if since <= now {
        return Err(Failure::new(
            "--from must be in the future: nodes that have not seen the key would refuse it",
        ));
    }
    let files = keys::files(config)?;
    let newest = files.iter().filter(|file| file.purpose == purpose).map(|file| file.since).max();
    if newest.is_some_and(|newest| since <= newest) {
        return Err(Failure(format!("there is a {} key since that instant or a later one", word(purpose))));
    }
    let (_, settings) = settings(config)?;
    let path = config.path(&settings.keys).join(keys::name(purpose, since));
    write_new(&path, &rsa::new_pem(keeping.bits)?)?;
    writeln!(
        out,
        "made {}\n\nbefore {since}: copy it to every node and start the site there again",
        path.display()
    )?;
    if purpose == Purpose::Federation {
        writeln!(
            out,
            "from {since} on: give the registrar `fascicolo cie keys --jwks`, which then has both keys"
        )?;
    }
    Ok(writeln!(out)?)
}

/// Prints what we publish, decoded, once nothing is wrong with it.
///
/// # Errors
/// A file cannot be read or written; what must not be published.
pub fn metadata(config: &Config, publishing: &Publishing, out: &mut dyn Write) -> Result<(), Failure> {
    if publishing.compare.is_some() || publishing.schemas.is_some() {
        return Err(Failure::new("--compare and --schemas are for metadata of SAML"));
    }
    let us = relying_party(config)?;
    let ours = keys::read(config)?;
    let (header, claims) = published::checked(&us, &ours.keys, SystemClock.now())
        .map_err(|what| Failure(format!("this must not be published: {what}")))?;
    let shown = json!({"address": well_known(&us.entity_id), "header": header, "claims": claims});
    match &publishing.output {
        Some(path) => written(&shown, path),
        None => pretty(&shown, out),
    }
}

fn written(value: &Value, path: &Path) -> Result<(), Failure> {
    let mut text = Vec::new();
    pretty(value, &mut text)?;
    Ok(std::fs::write(path, text)?)
}

fn pretty(value: &Value, out: &mut dyn Write) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Failure::new(e.to_string()))?;
    Ok(writeln!(out, "{text}")?)
}

fn to_the_second(at: Timestamp) -> Result<Timestamp, Failure> {
    let rounding = jiff::TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Trunc);
    at.round(rounding).map_err(|e| Failure::new(e.to_string()))
}
