//! The authentication request (CIE-16 to CIE-20).

use aws_lc_rs::digest::{SHA256, digest};
use fascicolo_domain::login::Level;
use fascicolo_domain::time::after_seconds;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::address::with_query;
use super::jose::{encode_base64url, sign};
use super::{Client, KeyError, REQUEST_SECONDS, form, level};

/// A longer address travels as a form (CIE-17).
const LONGEST_URL: usize = 8 * 1024;
/// The claim that is the key of everything (CIE-19).
pub(super) const FISCAL_NUMBER: &str = "https://attributes.eid.gov.it/fiscal_number";
const SCOPE: &str = "openid";

/// What differs from one request to the next.
#[derive(Clone, Copy)]
pub struct LoginRequest<'a> {
    pub now: Timestamp,
    /// The least level that the service takes.
    pub level: Level,
    /// Becomes state, nonce, code verifier and the name of the request.
    pub random: &'a [u8; 112],
}

/// What to keep until the answer comes, bound to the browser and used once (CIE-20).
#[derive(Clone, PartialEq, Eq)]
pub struct Pending {
    pub issuer: String,
    pub state: String,
    pub nonce: String,
    /// PKCE: only whoever has this can redeem the code.
    pub verifier: String,
    pub level: Level,
    pub at: Timestamp,
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pending({}, {:?}, …)", self.issuer, self.level)
    }
}

/// How the request travels through the browser.
#[derive(Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// Answer 302 with this address.
    Redirect { url: String },
    /// Answer 200 with a form that posts these fields.
    Post { action: String, fields: Vec<(String, String)> },
}

/// A login under way.
pub struct Started {
    pub outgoing: Outgoing,
    pub pending: Pending,
    /// The signed request, for the log (CIE-29).
    pub request_object: String,
}

impl Client<'_> {
    /// Makes the request.
    ///
    /// # Errors
    /// [`KeyError::ChainExpired`], [`KeyError::NoKey`], [`KeyError::Sign`], [`KeyError::NoAddress`].
    pub fn begin_login(&self, request: &LoginRequest<'_>) -> Result<Started, KeyError> {
        if self.provider.expires <= request.now {
            return Err(KeyError::ChainExpired);
        }
        let mut words = request.random.chunks(32).map(encode_base64url);
        let mut word = || words.next().unwrap_or_default();
        let (state, nonce, verifier, jti) = (word(), word(), word(), word());
        let challenge = encode_base64url(digest(&SHA256, verifier.as_bytes()).as_ref());
        let issuer = self.provider.issuer.clone();
        let pending = Pending { issuer, state, nonce, verifier, level: request.level, at: request.now };
        let claims = self.claims(&pending, &challenge, &jti)?;
        let request_object = sign(self.keys.signing_key(request.now)?, None, &claims)?;
        // said again outside, the same as inside (CIE-16)
        let fields = [
            ("client_id", self.us.entity_id.as_str()),
            ("response_type", "code"),
            ("scope", SCOPE),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("request", request_object.as_str()),
        ];
        let endpoint = &self.provider.authorization_endpoint;
        let url = with_query(endpoint, &form::encode(&fields));
        let outgoing = if url.len() <= LONGEST_URL {
            Outgoing::Redirect { url }
        } else {
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            Outgoing::Post { action: endpoint.clone(), fields }
        };
        Ok(Started { outgoing, pending, request_object })
    }

    /// CIE-17 to CIE-19: no `sub`, one level, no more about the person than is needed.
    fn claims(&self, pending: &Pending, challenge: &str, jti: &str) -> Result<Value, KeyError> {
        let redirect_uri = self.us.redirect_uris.first().ok_or(KeyError::NoAddress)?;
        let essential = json!({"essential": true});
        // a fresh authentication at level 2 and 3
        let prompt = if pending.level >= Level::Two { "consent login" } else { "consent" };
        Ok(json!({
            "iss": self.us.entity_id,
            "client_id": self.us.entity_id,
            "aud": [pending.issuer],
            "iat": pending.at.as_second(),
            "exp": after_seconds(pending.at, REQUEST_SECONDS).as_second(),
            "jti": jti,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "acr_values": level::uri(pending.level),
            "prompt": prompt,
            "claims": {"userinfo": {
                "given_name": essential,
                "family_name": essential,
                "birthdate": essential,
                FISCAL_NUMBER: essential,
            }},
        }))
    }
}
