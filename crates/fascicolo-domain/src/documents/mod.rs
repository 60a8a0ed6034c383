//! Documents: what they are, and who may open one.

pub mod access;
pub mod document;
pub mod kind;

pub use document::{Chain, Confidentiality, Document, NationalId, Signature, Status};
pub use kind::Kind;
