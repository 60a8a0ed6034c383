//! The real outside world, for both programs: time, chance, the folder of documents, files from the web, TLS
//! certificates.

pub mod clock;
pub mod entropy;
pub mod fetch;
pub mod objects;
pub mod rsa;
pub mod tls;

pub use clock::SystemClock;
pub use entropy::SystemEntropy;
pub use fetch::{Reach, WebFetch};
