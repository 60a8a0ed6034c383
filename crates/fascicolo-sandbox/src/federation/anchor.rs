//! The trust anchor: whom it vouches for, what it demands of them, and the mark it gave to the site (CIE-8 to CIE-12).

use std::sync::atomic::{AtomicBool, Ordering};

use fascicolo_domain::Fault;
use fascicolo_domain::time::after_seconds;
use fascicolo_eid::cie::jose::JwkSet;
use fascicolo_eid::cie::{Chain, TrustMark};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::signer::Signer;

/// `typ` of an entity statement.
pub(super) const STATEMENT: &str = "entity-statement+jwt";
/// The name under which the provider is known, whatever it calls itself.
pub(super) const PROVIDER_NAME: &str = "CIE id (dimostrazione)";
/// How long the anchor's own configuration holds, and its statements about others.
const OWN_SECONDS: i64 = 48 * 3600;
const OTHERS_SECONDS: i64 = 24 * 3600;

/// An entity the anchor knows: what it registered at onboarding.
pub(super) struct Known {
    pub(super) entity_id: String,
    /// Its federation keys.
    pub(super) keys: JwkSet,
}

pub(super) struct Anchor {
    pub(super) entity_id: String,
    pub(super) key: Signer,
    pub(super) provider: Known,
    pub(super) site: Known,
    /// Nothing is said of the provider any more.
    pub(super) withdrawn: AtomicBool,
}

impl Anchor {
    /// What it says of itself.
    pub(super) fn configuration(&self, now: Timestamp) -> Result<String, Fault> {
        let id = &self.entity_id;
        let claims = json!({
            "iss": id,
            "sub": id,
            "iat": now.as_second(),
            "exp": after_seconds(now, OWN_SECONDS).as_second(),
            "jwks": self.key.jwks().to_json(),
            "metadata": {"federation_entity": {
                "organization_name": "Federazione CIE di prova",
                "homepage_uri": id,
                "contacts": ["federazione@regione.example"],
                "federation_fetch_endpoint": format!("{id}/fetch"),
                "federation_list_endpoint": format!("{id}/list"),
                "federation_resolve_endpoint": format!("{id}/resolve"),
            }},
            "constraints": {"max_path_length": 0},
            "trust_mark_issuers": {(self.mark_kind()): [id]},
        });
        self.key.sign(STATEMENT, &claims)
    }

    /// What it says of another; `None`: nothing.
    pub(super) fn statement(&self, subject: &str, now: Timestamp) -> Result<Option<String>, Fault> {
        let provider = subject == self.provider.entity_id && !self.withdrawn.load(Ordering::SeqCst);
        let (known, policy) = if provider {
            (&self.provider, provider_policy())
        } else if subject == self.site.entity_id {
            (&self.site, relying_party_policy())
        } else {
            return Ok(None);
        };
        let claims = json!({
            "iss": self.entity_id,
            "sub": known.entity_id,
            "iat": now.as_second(),
            "exp": after_seconds(now, OTHERS_SECONDS).as_second(),
            "jwks": known.keys.to_json(),
            "metadata_policy": policy,
        });
        self.key.sign(STATEMENT, &claims).map(Some)
    }

    /// The entity ids of one type, or of all.
    pub(super) fn list(&self, kind: Option<&str>) -> Vec<&str> {
        let provider = (!self.withdrawn.load(Ordering::SeqCst)).then_some(self.provider.entity_id.as_str());
        let site = Some(self.site.entity_id.as_str());
        let listed = match kind {
            None => [provider, site],
            Some("openid_provider") => [provider, None],
            Some("openid_relying_party") => [None, site],
            Some(_) => [None, None],
        };
        listed.into_iter().flatten().collect()
    }

    /// What becomes of an entity's metadata by its policies: `chain` is all it knows (CIE-7).
    pub(super) fn resolved(&self, chain: &Chain, kind: &str, now: Timestamp) -> Result<String, Fault> {
        let claims = json!({
            "iss": self.entity_id,
            "sub": chain.subject(),
            "iat": now.as_second(),
            "exp": chain.expires().as_second(),
            "trust_anchor": self.entity_id,
            "metadata": {(kind): chain.metadata(kind)},
            "trust_marks": [],
            "trust_chain": chain.statements(),
        });
        self.key.sign("resolve-response+jwt", &claims)
    }

    /// Its past keys: it has had none but today's (CIE-15).
    pub(super) fn historical_keys(&self, now: Timestamp) -> Result<String, Fault> {
        let claims = json!({"iss": self.entity_id, "iat": now.as_second(), "keys": []});
        self.key.sign("jwk-set+jwt", &claims)
    }

    /// The type of the mark of public relying parties.
    pub(super) fn mark_kind(&self) -> String {
        format!("{}/openid_relying_party/public", self.entity_id)
    }

    /// The mark for the site, as it is given at onboarding: without an end.
    pub(super) fn mark(&self, now: Timestamp) -> Result<TrustMark, Fault> {
        let kind = self.mark_kind();
        let claims = json!({
            "iss": self.entity_id,
            "sub": self.site.entity_id,
            "iat": now.as_second(),
            "id": kind,
            "trust_mark_id": kind,
            "trust_mark_type": kind,
        });
        let text = self.key.sign("trust-mark+jwt", &claims)?;
        Ok(TrustMark { kind, text })
    }
}

/// The provider's name and algorithms are those the anchor says, not those it would like.
fn provider_policy() -> Value {
    let signs = json!({"subset_of": ["RS256", "ES256"], "essential": true});
    json!({"openid_provider": {
        "organization_name": {"value": PROVIDER_NAME},
        "id_token_signing_alg_values_supported": signs,
        "userinfo_signing_alg_values_supported": signs,
        "token_endpoint_auth_methods_supported": {"value": ["private_key_jwt"]},
        "subject_types_supported": {"value": ["pairwise"]},
        "revocation_endpoint": {"essential": true},
    }})
}

fn relying_party_policy() -> Value {
    let signed = json!({"one_of": ["RS256", "ES256"], "essential": true});
    json!({"openid_relying_party": {
        "client_registration_types": {"subset_of": ["automatic"], "essential": true},
        "response_types": {"value": ["code"]},
        "grant_types": {"subset_of": ["authorization_code", "refresh_token"], "essential": true},
        "token_endpoint_auth_method": {"one_of": ["private_key_jwt"], "essential": true},
        "id_token_signed_response_alg": signed,
        "userinfo_signed_response_alg": signed,
        "userinfo_encrypted_response_alg": {"one_of": ["RSA-OAEP", "RSA-OAEP-256"], "essential": true},
        "userinfo_encrypted_response_enc": {"one_of": ["A128CBC-HS256", "A256CBC-HS512"], "essential": true},
        "redirect_uris": {"essential": true},
        "jwks": {"essential": true},
    }})
}
