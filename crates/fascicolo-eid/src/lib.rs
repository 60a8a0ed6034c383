//! Electronic identity: bytes in, identity out. SPID over SAML, CIE over OpenID Connect; CIE over SAML uses SPID's parts.
//! Pure: no I/O, no async, no clock. It refuses whatever it has no reason to accept.

pub mod cie;
pub mod spid;
pub mod xml;
