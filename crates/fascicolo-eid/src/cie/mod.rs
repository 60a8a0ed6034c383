//! CIE by OpenID Connect under the national federation, seen from the relying party (`CIE-*`).

pub mod jose;
mod keys;

pub use self::keys::KeyError;
