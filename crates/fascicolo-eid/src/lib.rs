//! Electronic identity: bytes in, identity out. SPID today; CIE over SAML uses the same parts.
//! Pure: no I/O, no async, no clock. It refuses whatever it has no reason to accept.

pub mod spid;
pub mod xml;
