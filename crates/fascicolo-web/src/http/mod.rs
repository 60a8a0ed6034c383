//! The common entrance and exit of every request: who is asking, what is refused at the door, how errors look.

pub mod caller;
pub mod compress;
pub mod cookie;
pub mod door;
pub mod errors;
pub mod forms;
pub mod headers;
pub mod page;
pub mod throttle;

pub use caller::{Citizen, Visitor};
pub use errors::PageError;
pub use page::{Page, show};
