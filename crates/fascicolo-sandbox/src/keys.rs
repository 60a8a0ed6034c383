//! RSA keys with their certificates: of the site as a SPID service provider, and of the identity providers. Making
//! one takes a tenth of a second or more, so they are made side by side, kept in the folder, and shared by the
//! sandboxes of one process (tests start many).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use fascicolo_domain::Fault;
use fascicolo_eid::spid::{CertificateSubject, SigningKey, make_certificate};
use jiff::{Timestamp, ToSpan as _};

use crate::kept::Kept;

/// Whose key it is, and how long: 2048 bits for providers, 3072 for the site.
#[derive(Clone)]
pub struct Wanted {
    /// The file's name, without ending.
    pub file: String,
    pub bits: u32,
    pub subject: CertificateSubject,
}

/// Reads or makes the keys, in the order asked for.
///
/// # Errors
/// A key cannot be made, read or written.
pub fn keys(kept: &Kept, wanted: &[Wanted], now: Timestamp) -> Result<Vec<SigningKey>, Fault> {
    std::thread::scope(|scope| {
        let making: Vec<_> = wanted
            .iter()
            .map(|w| scope.spawn(move || key(kept, w, now)))
            .collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err(Fault::bare("making a key")))
        };
        making.into_iter().map(join).collect()
    })
}

fn key(kept: &Kept, wanted: &Wanted, now: Timestamp) -> Result<SigningKey, Fault> {
    let file = format!("{}.pem", wanted.file);
    let pem = kept.keep(&file, || made(wanted, now))?;
    let at = pem
        .find("-----BEGIN CERTIFICATE")
        .and_then(|at| pem.split_at_checked(at));
    let (key, certificate) = at.ok_or(Fault::bare("reading a kept key: no certificate in it"))?;
    SigningKey::from_pem(key, certificate).map_err(|e| Fault::new("reading a kept key", e))
}

/// Makes one, or gives the one that this process made for the same subject.
fn made(wanted: &Wanted, now: Timestamp) -> Result<String, Fault> {
    type Slots = HashMap<String, Arc<OnceLock<String>>>;
    static MADE: OnceLock<Mutex<Slots>> = OnceLock::new();
    let name = format!("{} {}", wanted.bits, wanted.subject.entity_id);
    let slot = match MADE.get_or_init(Mutex::default).lock() {
        Ok(mut slots) => Arc::clone(slots.entry(name).or_default()),
        Err(_) => Arc::default(),
    };
    if let Some(pem) = slot.get() {
        return Ok(pem.clone());
    }
    let broken = |e| Fault::new("making a key", e);
    let from = now.checked_sub(24.hours()).unwrap_or(now);
    let until = now.checked_add((10 * 365 * 24).hours()).unwrap_or(now);
    let (key, certificate) = make_certificate(&wanted.subject, wanted.bits, from, until).map_err(broken)?;
    Ok(slot.get_or_init(|| format!("{key}{certificate}")).clone())
}
