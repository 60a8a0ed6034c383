//! Encryption at rest.

/// Keys.
pub struct Keyring;
