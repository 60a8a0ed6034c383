//! Where the sealed bytes of documents are kept. The place is chosen by URL in the settings (GEN-G3).

pub mod folder;

use std::path::Path;
use std::sync::Arc;

use fascicolo_domain::Fault;
use fascicolo_web::ports::DocumentObjects;

pub use folder::Folder;

/// Opens the place of a URL: `file:///var/lib/fascicolo/documents`.
///
/// # Errors
/// A kind of place we do not know, or one that cannot be opened.
pub fn open(url: &str) -> Result<Arc<dyn DocumentObjects>, Fault> {
    let path =
        folder_of(url).ok_or_else(|| Fault::bare("reading the documents' URL: not file:///absolute/path"))?;
    Ok(Arc::new(Folder::open(path)?))
}

/// The absolute path of a `file://` URL.
#[must_use]
pub fn folder_of(url: &str) -> Option<&Path> {
    let path = Path::new(url.strip_prefix("file://")?);
    path.is_absolute().then_some(path)
}
