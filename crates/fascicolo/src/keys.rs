//! `keys rotate`: every document's key wrapped under the active key; no document is rewritten (REC-I8). It can be
//! stopped and started again at any time, and runs beside the site.

use std::io::Write;

use fascicolo_adapters::SystemEntropy;
use fascicolo_domain::Fault;
use fascicolo_domain::ids::ObjectId;
use fascicolo_store::{Store, StoredObject};
use fascicolo_web::vault::{Keyring, StoredKey};

use crate::assemble;
use crate::config::Config;
use crate::failure::Failure;

/// Keys a transaction takes.
const BATCH: u16 = 500;

/// Rewraps what the older keys of the keyring hold.
///
/// # Errors
/// The store failed, or a key does not open what it should.
pub async fn rotate(config: &Config, out: &mut dyn Write) -> Result<(), Failure> {
    let (store, keyring) = (assemble::store(config).await?, assemble::keyring(config)?);
    let older: Vec<String> = keyring.older().map(str::to_owned).collect();
    if older.is_empty() {
        writeln!(out, "nothing to do: `{}` is the only key", keyring.active())?;
    }
    for kek in older {
        let rewrapped = rotate_from(&store, &keyring, &kek).await?;
        writeln!(out, "{rewrapped} documents moved from `{kek}` to `{}`", keyring.active())?;
        writeln!(out, "keep `{kek}` in the keyring for 24 months: the register of logins needs it")?;
    }
    Ok(())
}

async fn rotate_from(store: &Store, keyring: &Keyring, kek: &str) -> Result<u64, Failure> {
    let (mut after, mut rewrapped) = (None, 0);
    loop {
        let wanted = kek.to_owned();
        let held: Vec<StoredObject> =
            store.read(async move |tx| tx.objects_wrapped_by(&wanted, after, BATCH).await).await?;
        let Some(last) = held.last().map(|object| object.id) else {
            return Ok(rewrapped);
        };
        let mut moved = Vec::new();
        for mut object in held {
            if let Some(new) = rewrap(keyring, object.id, &object)? {
                (object.kek, object.wrapped_key) = (new.kek, new.wrapped);
                moved.push(object);
            }
        }
        let wanted = kek.to_owned();
        rewrapped += store
            .write(async move |tx| {
                let mut count = 0;
                for object in &moved {
                    count += u64::from(tx.rewrap_object(&wanted, object).await?);
                }
                Ok::<_, Fault>(count)
            })
            .await?;
        after = Some(last);
    }
}

fn rewrap(keyring: &Keyring, id: ObjectId, object: &StoredObject) -> Result<Option<StoredKey>, Fault> {
    let stored = StoredKey { kek: object.kek.clone(), wrapped: object.wrapped_key.clone() };
    keyring.rewrap(&SystemEntropy, id, &stored)
}
