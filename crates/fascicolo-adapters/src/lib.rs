//! The real outside world, for both programs: time, chance, the folder of documents, TLS certificates.

pub mod clock;
pub mod entropy;
pub mod objects;
pub mod tls;

pub use clock::SystemClock;
pub use entropy::SystemEntropy;
