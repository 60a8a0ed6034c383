//! SPID, seen from the service provider (`SPID-*`): metadata, requests, answers, anomalies, logout.
//! Answers are checked in the order of SPID-R; claims are read from the bytes that were verified, only.

mod anomaly;
mod certificate;
mod checks;
mod instant;
mod logout;
mod metadata;
mod providers;
mod refused;
mod request;
mod response;

pub use self::anomaly::Anomaly;
pub use self::certificate::{CertificateSubject, make_certificate};
pub use self::logout::{
    LogoutMessage, LogoutReply, LogoutRequest, LogoutSpec, logout_request, logout_response,
};
pub use self::metadata::{
    Agent, AgentRole, AttributeSet, Broken, CieContacts, CiePartner, Contact, Contacts, EIDAS_FULL,
    EIDAS_MINIMUM, Organization, Profile, ServiceProvider, judge, metadata,
};
pub use self::providers::{Provider, Providers};
pub use self::refused::Refused;
pub use self::request::{Binding, Outgoing, RequestSpec, authn_request, new_request_id};
pub use self::response::{Abroad, Answer, Expected, Facts, Incoming, Proved, Verdict};
pub use crate::xml::{KeyError, Signer, SigningKey};

/// `Format` of our entity id in an `Issuer`.
const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
/// `Format` of the only name identifiers of SPID.
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
