//! Our keys.

/// Why a key of ours is no good, or something could not be made with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    #[error("not the PEM text of a private key")]
    Pem,
    #[error("not an RSA key of 2048 to 8192 bits")]
    NotRsa,
    #[error("the key refused to sign")]
    Sign,
}
