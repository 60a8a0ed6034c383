//! "Verifica documento": what anybody may learn of a document they hold (REC-V).

pub mod number;
pub mod outcome;

pub use number::{CheckNumber, DocumentNumber};
pub use outcome::{Outcome, compare};
