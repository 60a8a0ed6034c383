//! Getting in: who is admitted, how strongly, and for how long.

pub mod admission;
pub mod federation;
pub mod identity;
pub mod level;
pub mod method;
pub mod session;

pub use admission::{Admission, Denial, Policy, admit};
pub use federation::Federation;
pub use identity::Identity;
pub use level::Level;
pub use method::Method;
pub use session::{Limits, Session};
