//! CDA Release 2 documents after the national rules: header facts and readable text.

mod header;
mod html;
mod media;
mod narrative;
pub(crate) mod source;
mod table;
pub(crate) mod time;

pub use header::{Header, header};
pub use narrative::{Narrative, Section, narrative};
pub(crate) use source::MAX_BYTES;
