//! RSA keys with their certificates: of the site as a SPID service provider, of the identity providers, of CIE's
//! federation. Making
//! one takes a tenth of a second or more, so they are made side by side, kept in the folder, and shared by the
//! sandboxes of one process (tests start many).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

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
    let read = |pem: &str| {
        let (key, certificate) = halves(pem)?;
        SigningKey::from_pem(key, certificate).map_err(|e| Fault::new("reading a kept key", e))
    };
    side_by_side(kept, wanted, now, read)
}

/// The same as PEM, without the certificates: for those who sign without them.
///
/// # Errors
/// A key cannot be made, read or written.
pub fn bare_keys(kept: &Kept, wanted: &[Wanted], now: Timestamp) -> Result<Vec<String>, Fault> {
    side_by_side(kept, wanted, now, |pem| Ok(halves(pem)?.0.to_owned()))
}

fn side_by_side<K: Send>(
    kept: &Kept,
    wanted: &[Wanted],
    now: Timestamp,
    read: impl Fn(&str) -> Result<K, Fault> + Sync,
) -> Result<Vec<K>, Fault> {
    let key = |wanted: &Wanted| {
        let pem = kept.keep(&format!("{}.pem", wanted.file), || made(wanted, now))?;
        read(&pem)
    };
    std::thread::scope(|scope| {
        let making: Vec<_> = wanted.iter().map(|w| scope.spawn(|| key(w))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err(Fault::bare("making a key")))
        };
        making.into_iter().map(join).collect()
    })
}

/// Key and certificate.
fn halves(pem: &str) -> Result<(&str, &str), Fault> {
    let at = pem.find("-----BEGIN CERTIFICATE").and_then(|at| pem.split_at_checked(at));
    at.ok_or_else(|| Fault::bare("reading a kept key: no certificate in it"))
}

/// Makes one, or gives the one that this process made for the same subject; whoever asks second waits for it.
fn made(wanted: &Wanted, now: Timestamp) -> Result<String, Fault> {
    type Slots = HashMap<String, Arc<Mutex<Option<String>>>>;
    static MADE: LazyLock<Mutex<Slots>> = LazyLock::new(Mutex::default);
    let name = format!("{} {}", wanted.bits, wanted.subject.entity_id);
    let slot = Arc::clone(MADE.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default());
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pem) = &*slot {
        return Ok(pem.clone());
    }
    let from = now.checked_sub(24.hours()).unwrap_or(now);
    let until = now.checked_add((10 * 365 * 24).hours()).unwrap_or(now);
    let (key, certificate) = make_certificate(&wanted.subject, wanted.bits, from, until)
        .map_err(|e| Fault::new("making a key", e))?;
    Ok(slot.insert(format!("{key}{certificate}")).clone())
}
