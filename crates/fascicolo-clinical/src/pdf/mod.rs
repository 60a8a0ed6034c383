//! PDF: the CDA inside, the state of the signature, and files of our own.
//!
//! Files are read by a small lazy reader with a budget rather than by a library that loads them whole: a file of
//! a few kilobytes can be made to expand, or to repeat its parts, without end.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever is not the one kind of object a rule asks for is refused alike"
)]

mod algorithm;
mod ber;
mod cms;
mod embedded;
mod file;
mod flaw;
pub mod seal;
mod signature;
mod stream;
mod syntax;
mod trust;
pub mod write;
mod xref;

use std::fmt;

use fascicolo_domain::documents::Signature;

use crate::Refused;
pub use flaw::Flaw;
pub use trust::TrustAnchors;

/// The largest file taken in, in bytes (REC-I5).
pub const MAX_BYTES: usize = 20 * 1024 * 1024;

/// What a PDF says of itself.
pub struct PdfFacts {
    /// The bytes of the attachment `cda.xml`, as they stand there; `None` when there is none.
    pub cda: Option<Vec<u8>>,
    pub signature: Signature,
    /// Why the signature is broken, if it is.
    pub flaw: Option<Flaw>,
}

/// Reads a PDF (REC-I3, REC-R6). A missing CDA or a broken signature is a fact, not a refusal.
///
/// # Errors
/// The file cannot be read within the limits.
pub fn read(bytes: &[u8], anchors: &TrustAnchors) -> Result<PdfFacts, Refused> {
    let mut file = file::File::open(bytes)?;
    let (signature, flaw) = signature::judge(bytes, &mut file, anchors)?;
    Ok(PdfFacts { cda: embedded::cda(&mut file)?, signature, flaw })
}

/// Only the attachment `cda.xml`, the signature unasked.
///
/// # Errors
/// The file cannot be read within the limits.
pub fn cda(bytes: &[u8]) -> Result<Option<Vec<u8>>, Refused> {
    embedded::cda(&mut file::File::open(bytes)?)
}

impl fmt::Debug for PdfFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cda = self.cda.as_ref().map(Vec::len);
        write!(f, "PdfFacts(CDA of {cda:?} bytes, {:?})", self.signature)
    }
}
