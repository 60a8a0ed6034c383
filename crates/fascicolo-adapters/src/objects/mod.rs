//! Where the sealed bytes of documents are kept. The place is chosen by URL in the settings (GEN-G3).

pub mod folder;

use std::path::Path;
use std::sync::Arc;

use fascicolo_domain::Fault;
use fascicolo_web::ports::DocumentObjects;
use jiff::{SignedDuration, Timestamp};

pub use folder::Folder;

/// A write that has not ended after a day never will.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);

/// Opens the place of a URL: `file:///var/lib/fascicolo/documents`. What writes of killed processes left there more
/// than a day before `now` is cleared away.
///
/// # Errors
/// A kind of place we do not know, or one that cannot be opened.
pub fn open(url: &str, now: Timestamp) -> Result<Arc<dyn DocumentObjects>, Fault> {
    let path = folder_of(url)
        .ok_or_else(|| Fault::bare("reading the documents' address: it must be file:///absolute/path"))?;
    let folder = Folder::open(path)?;
    let sweeper = folder.clone();
    // beside the start, which it must not hold up
    std::thread::spawn(move || {
        match sweeper.sweep(now.checked_sub(FORGOTTEN).unwrap_or(Timestamp::MIN).into()) {
            Ok(0) => {}
            Ok(swept) => tracing::info!(swept, "cleared away unfinished documents"),
            Err(fault) => tracing::warn!("{fault:?}"),
        }
    });
    Ok(Arc::new(folder))
}

/// The absolute path of a `file://` URL.
#[must_use]
pub fn folder_of(url: &str) -> Option<&Path> {
    let path = Path::new(url.strip_prefix("file://")?);
    path.is_absolute().then_some(path)
}
