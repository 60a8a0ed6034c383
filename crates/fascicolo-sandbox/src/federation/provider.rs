//! The provider as it shows itself: its keys and its entity configuration.

use std::sync::atomic::{AtomicBool, Ordering};

use fascicolo_domain::Fault;
use fascicolo_domain::time::after_seconds;
use jiff::Timestamp;
use serde_json::json;

use super::anchor::STATEMENT;
use super::request::FISCAL_NUMBER;
use super::signer::Signer;

/// How long its configuration holds, in seconds.
const HOLDS_SECONDS: i64 = 24 * 3600;

pub(super) struct Provider {
    pub(super) entity_id: String,
    pub(super) anchor: String,
    /// Signs entity statements alone (CIE-4).
    pub(super) federation: Signer,
    /// Signs tokens, before the change of key and after it.
    pub(super) signing: [Signer; 2],
    /// A key that nobody publishes.
    pub(super) foreign: Signer,
    pub(super) changed: AtomicBool,
}

impl Provider {
    /// The key it signs tokens with; the other one is not published.
    pub(super) fn key(&self) -> &Signer {
        let [before, after] = &self.signing;
        if self.changed.load(Ordering::SeqCst) { after } else { before }
    }

    /// The address of one of its endpoints.
    pub(super) fn endpoint(&self, name: &str) -> String {
        format!("{}/{name}", self.entity_id)
    }

    /// What it says of itself: more algorithms, and another name, than the anchor lets it have (CIE-11).
    pub(super) fn configuration(&self, now: Timestamp) -> Result<String, Fault> {
        let id = &self.entity_id;
        let claims = json!({
            "iss": id,
            "sub": id,
            "iat": now.as_second(),
            "exp": after_seconds(now, HOLDS_SECONDS).as_second(),
            "jwks": self.federation.jwks().to_json(),
            "authority_hints": [self.anchor],
            "metadata": {
                "federation_entity": {
                    "organization_name": "Gestore CIE di prova",
                    "homepage_uri": self.anchor,
                    "contacts": ["gestore@regione.example"],
                },
                "openid_provider": {
                    "issuer": id,
                    "organization_name": "Gestore CIE di prova",
                    "authorization_endpoint": self.endpoint("authorize"),
                    "token_endpoint": self.endpoint("token"),
                    "userinfo_endpoint": self.endpoint("userinfo"),
                    "revocation_endpoint": self.endpoint("revoke"),
                    "jwks": self.key().jwks().to_json(),
                    "client_registration_types_supported": ["automatic"],
                    "scopes_supported": ["openid", "profile", "email"],
                    "response_types_supported": ["code"],
                    "response_modes_supported": ["query"],
                    "grant_types_supported": ["authorization_code"],
                    "acr_values_supported":
                        fascicolo_domain::login::Level::ALL.map(super::request::acr),
                    "claims_supported": ["given_name", "family_name", "birthdate", FISCAL_NUMBER],
                    "claims_parameter_supported": true,
                    "request_parameter_supported": true,
                    "request_object_signing_alg_values_supported": ["RS256"],
                    "code_challenge_methods_supported": ["S256"],
                    "authorization_response_iss_parameter_supported": true,
                    "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic"],
                    "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
                    "id_token_signing_alg_values_supported": ["RS256", "RS512", "HS256"],
                    "userinfo_signing_alg_values_supported": ["RS256", "RS512"],
                    "userinfo_encryption_alg_values_supported": ["RSA-OAEP", "RSA-OAEP-256"],
                    "userinfo_encryption_enc_values_supported": ["A128CBC-HS256", "A256CBC-HS512"],
                    "subject_types_supported": ["pairwise", "public"],
                },
            },
        });
        self.federation.sign(STATEMENT, &claims)
    }
}
