//! What we say of ourselves to the federation (CIE-1 to CIE-5).

use fascicolo_domain::time::after_seconds;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{STATEMENT, TrustMark};
use crate::cie::jose::{ContentEncryption, KeyEncryption, sign};
use crate::cie::{KeyError, Keys};

/// Us, as a relying party of the federation.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    /// Also the client id (CIE-3).
    pub entity_id: String,
    pub organization_name: String,
    pub client_name: String,
    pub homepage_uri: String,
    pub policy_uri: String,
    /// An SVG (CIE-2).
    pub logo_uri: String,
    /// Institutional addresses: which kind is asked for differs, so the operator says (CIE-2).
    pub contacts: Vec<String>,
    /// Where [`super::resolve_response`] is served.
    pub resolve_endpoint: String,
    /// The first is used; the others are old or new ones in a change of address (CIE-6).
    pub redirect_uris: Vec<String>,
    /// The anchor, or the aggregator above us.
    pub authority_hints: Vec<String>,
    /// What the anchor issued to us at onboarding.
    pub trust_marks: Vec<TrustMark>,
    /// How long a configuration holds: a day or two (CIE-5).
    pub lifetime_seconds: u32,
}

/// Where an entity publishes its configuration (CIE-1).
#[must_use]
pub fn well_known(entity_id: &str) -> String {
    format!("{}/.well-known/openid-federation", entity_id.strip_suffix('/').unwrap_or(entity_id))
}

/// The body of `/.well-known/openid-federation`, content type `application/entity-statement+jwt`. Made on request or
/// kept well below its lifetime (CIE-5).
///
/// # Errors
/// [`KeyError::NoKey`], [`KeyError::Sign`].
pub fn entity_configuration(us: &RelyingParty, keys: &Keys, now: Timestamp) -> Result<String, KeyError> {
    let marks: Vec<Value> = us.trust_marks.iter().map(TrustMark::to_json).collect();
    let claims = json!({
        "iss": us.entity_id,
        "sub": us.entity_id,
        "iat": now.as_second(),
        "exp": after_seconds(now, us.lifetime_seconds.into()).as_second(),
        "jwks": keys.federation_jwks(now).to_json(),
        "authority_hints": us.authority_hints,
        "trust_marks": marks,
        "metadata": {
            "federation_entity": {
                "organization_name": us.organization_name,
                "homepage_uri": us.homepage_uri,
                "policy_uri": us.policy_uri,
                "logo_uri": us.logo_uri,
                "contacts": us.contacts,
                "federation_resolve_endpoint": us.resolve_endpoint,
            },
            "openid_relying_party": relying_party(us, keys, now),
        },
    });
    sign(keys.federation_key(now)?, Some(STATEMENT), &claims)
}

/// CIE-3.
fn relying_party(us: &RelyingParty, keys: &Keys, now: Timestamp) -> Value {
    json!({
        "client_id": us.entity_id,
        "client_name": us.client_name,
        "organization_name": us.organization_name,
        "redirect_uris": us.redirect_uris,
        "response_types": ["code"],
        // no refresh: a login is asked for each time (CIE-26)
        "grant_types": ["authorization_code"],
        "client_registration_types": ["automatic"],
        "jwks": keys.protocol_jwks(now).to_json(),
        "application_type": "web",
        "subject_type": "pairwise",
        "token_endpoint_auth_method": "private_key_jwt",
        "id_token_signed_response_alg": "RS256",
        "userinfo_signed_response_alg": "RS256",
        "userinfo_encrypted_response_alg": KeyEncryption::RsaOaep256.name(),
        "userinfo_encrypted_response_enc": ContentEncryption::A256CbcHs512.name(),
    })
}
