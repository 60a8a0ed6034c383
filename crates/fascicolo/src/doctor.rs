//! `doctor`: everything the site needs, looked at once. It changes nothing; a test object it stores is removed again.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use fascicolo_adapters::{SystemClock, SystemEntropy};
use fascicolo_domain::Fault;
use fascicolo_domain::ids::ObjectId;
use fascicolo_store::Store;
use fascicolo_web::login::registry;
use fascicolo_web::ports::{Clock as _, DocumentObjects, Entropy, EntropyExt as _};
use fascicolo_web::vault::{Keyring, open_stream, seal_stream};
use futures_util::stream::{self, StreamExt as _};
use jiff::{SignedDuration, Timestamp};

use crate::config::Config;
use crate::failure::Failure;
use crate::{assemble, certificates, check, cie, federation, secrets, serve};

/// AgID's registry changes at least so often.
const REGISTRY_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// No clock of a machine that runs this is before.
const RELEASED: &str = "2026-11-01T00:00:00Z";

/// Looks, prints a line for each thing; `false`: something is broken.
///
/// # Errors
/// The answer cannot be printed.
pub async fn doctor(config: &Config, out: &mut dyn Write) -> Result<bool, Failure> {
    let mut report = Report { out, well: true };
    for warning in check::warnings(config) {
        report.odd("settings", warning)?;
    }
    clock(&mut report)?;
    files(config, &mut report)?;
    let keyring = assemble::keyring(config);
    report.say("keyring", keyring.as_ref().map(|ring| format!("{ring:?}")).map_err(|f| &f.0))?;
    report.say("site key", assemble::site_key(config).map(|_| "reads").map_err(|f| f.0))?;
    own_certificates(config, &mut report)?;
    let store = database(config, &mut report).await?;
    registry(config, store.as_ref(), &mut report).await?;
    Box::pin(cie::doctor::look(config, store.is_some(), &mut report)).await?;
    if let Ok(keyring) = &keyring {
        let stored = match assemble::documents(config) {
            Ok(objects) => round_trip(&objects, keyring).await.map_err(|fault| format!("{fault:?}")),
            Err(failure) => Err(failure.0),
        };
        report.say("documents", stored.map(|()| "written, read back and removed"))?;
    }
    if report.well {
        writeln!(report.out, "well")?;
    }
    Ok(report.well)
}

/// A line for each thing that was looked at.
pub(crate) struct Report<'o> {
    out: &'o mut dyn Write,
    well: bool,
}

impl Report<'_> {
    pub(crate) fn say(
        &mut self,
        what: &str,
        found: Result<impl Display, impl Display>,
    ) -> Result<(), Failure> {
        match found {
            Ok(found) => writeln!(self.out, "ok      {what}: {found}")?,
            Err(found) => {
                self.well = false;
                writeln!(self.out, "BROKEN  {what}: {found}")?;
            }
        }
        Ok(())
    }

    pub(crate) fn odd(&mut self, what: &str, found: impl Display) -> Result<(), Failure> {
        Ok(writeln!(self.out, "warning {what}: {found}")?)
    }
}

fn clock(report: &mut Report<'_>) -> Result<(), Failure> {
    let now = SystemClock.now();
    let sane = RELEASED.parse::<Timestamp>().is_ok_and(|released| now >= released);
    report.say("clock", if sane { Ok(now.to_string()) } else { Err(format!("{now} is before this release")) })
}

fn files(config: &Config, report: &mut Report<'_>) -> Result<(), Failure> {
    for (key, path) in secrets::files(config) {
        let read = secrets::read(config, key, &path);
        report.say(key, read.map(|_| config.path(&path).display().to_string()))?;
    }
    let wanted = config.listen.connections;
    match serve::open_files() {
        Some(limit) if limit < wanted => {
            report.odd("open files", format!("the limit {limit} is below listen.connections {wanted}"))
        }
        Some(limit) => report.say("open files", Ok::<_, &str>(limit)),
        None => report.odd("open files", "the limit cannot be read"),
    }
}

fn own_certificates(config: &Config, report: &mut Report<'_>) -> Result<(), Failure> {
    if config.tls.is_some() {
        report.say(
            "TLS",
            assemble::tls(config).map(|_| "certificate and key belong together").map_err(|f| f.0),
        )?;
    }
    if config.spid.is_some() {
        let ours = federation::spid_service_provider(config);
        report.say("SPID", ours.map(|_| "certificate and key belong together").map_err(|f| f.0))?;
    }
    if config.cie_saml.is_some() {
        let ours = federation::cie_service_provider(config);
        report.say("CIE over SAML", ours.map(|_| "certificate and key belong together").map_err(|f| f.0))?;
    }
    for named in certificates::named(config) {
        certificate(config, report, named)?;
    }
    Ok(())
}

/// Whether it holds now, and for how long.
fn certificate(config: &Config, report: &mut Report<'_>, (key, path): (&str, &Path)) -> Result<(), Failure> {
    let now = SystemClock.now();
    match certificates::validity(config, key, path) {
        Err(broken) => report.say(key, Err::<&str, _>(broken)),
        Ok((from, _)) if now < from => {
            report.say(key, Err::<&str, _>(format!("does not hold before {from}")))
        }
        Ok((_, until)) if now >= until => report.say(key, Err::<&str, _>(format!("ended on {until}"))),
        Ok((_, until)) if until.duration_since(now) < certificates::SOON => {
            report.odd(key, format!("ends on {until}"))
        }
        Ok((_, until)) => report.say(key, Ok::<_, &str>(format!("holds until {until}"))),
    }
}

/// The SPID registry: the operator's file and the store's copy, the newer of which is in force.
async fn registry(config: &Config, store: Option<&Store>, report: &mut Report<'_>) -> Result<(), Failure> {
    let Some(spid) = config.spid.as_ref().filter(|spid| spid.registry_certificate.is_some()) else {
        return Ok(());
    };
    let now = SystemClock.now();
    let registry = match assemble::registry(config) {
        Ok(registry) => registry,
        Err(failure) => return report.say("SPID registry", Err::<&str, _>(failure.0)),
    };
    let kept = match store {
        Some(store) => store.read(async |tx| tx.kept_file(registry::KEPT).await).await.ok().flatten(),
        None => None,
    };
    if let Some(kept) = kept
        && let Err(fault) = registry.load(&kept.body, kept.fetched_at, now)
    {
        report.odd(
            "SPID registry",
            format!("the copy fetched on {} is not good: {fault:?}", kept.fetched_at),
        )?;
    }
    let state = registry.state();
    match state.at {
        Some(at) => {
            let days = now.duration_since(at).as_hours() / 24;
            report.say("SPID registry", Ok::<_, &str>(format!("{} providers, of {at}", state.providers)))?;
            if now.duration_since(at) > REGISTRY_AGE {
                report.odd("SPID registry", format!("{days} days old: fetch it again"))?;
            }
            Ok(())
        }
        None if spid.registry_url.is_some() => {
            report.odd("SPID registry", "not fetched yet: no provider until then")
        }
        None => report.say("SPID registry", Err::<&str, _>("no file to read")),
    }
}

async fn database(config: &Config, report: &mut Report<'_>) -> Result<Option<Store>, Failure> {
    let (store, found) = match assemble::store(config).await {
        Ok(store) => {
            let answer = store.ping().await.map_err(|fault| format!("{fault:?}"));
            (Some(store), answer)
        }
        Err(failure) => (None, Err(failure.0)),
    };
    report.say("database", found.map(|()| "answers, and is at this version"))?;
    Ok(store)
}

/// A sealed object written, read back, opened, removed.
async fn round_trip(objects: &Arc<dyn DocumentObjects>, keyring: &Keyring) -> Result<(), Fault> {
    let entropy: &dyn Entropy = &SystemEntropy;
    let id = ObjectId::new(SystemClock.now(), entropy.id()?);
    let (key, stored) = keyring.new_document_key(entropy, id)?;
    let plain = b"fascicolo doctor";
    objects.put(id, seal_stream(stream::iter([Ok(plain.to_vec().into())]).boxed(), key)).await?;
    let sealed = objects.get(id).await?.ok_or_else(|| Fault::bare("reading back what was written"))?;
    let mut opened = open_stream(sealed, keyring.open_key(id, &stored.kek, &stored.wrapped)?);
    let mut read = Vec::new();
    while let Some(piece) = opened.next().await {
        read.extend_from_slice(&piece?);
    }
    objects.remove(id).await?;
    if read == plain { Ok(()) } else { Err(Fault::bare("reading back what was written: other bytes came")) }
}
