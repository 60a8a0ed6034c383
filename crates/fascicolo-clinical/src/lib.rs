//! Clinical documents: bytes in, facts out; facts in, bytes out. No I/O, no async, no clock.
//!
//! [`pdf`] finds the CDA inside a PDF, judges the signature, and writes sealed PDF/A-3 files; [`cda`] reads header
//! facts and turns the narrative into our own safe HTML. Nothing here trusts what it reads: every limit is a constant.

pub mod cda;
pub mod pdf;
mod refused;

pub use refused::Refused;
