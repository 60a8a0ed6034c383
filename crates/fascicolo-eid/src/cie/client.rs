//! Us at one provider: what every step of a login is made from.

use fascicolo_domain::time::after_seconds;
use jiff::Timestamp;
use serde_json::json;

use super::jose::{encode_base64url, sign};
use super::{KeyError, Keys, Provider, REQUEST_SECONDS, RelyingParty};

/// Us, our keys, and the provider that the person chose.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    pub us: &'a RelyingParty,
    pub keys: &'a Keys,
    pub provider: &'a Provider,
}

/// Now, and 128 random bits to name what is signed now.
#[derive(Clone, Copy)]
pub struct Moment {
    pub now: Timestamp,
    pub random: [u8; 16],
}

impl Client<'_> {
    /// `private_key_jwt`: proves to an endpoint that we are we (CIE-22, CIE-27).
    pub(super) fn assertion(&self, endpoint: &str, moment: Moment) -> Result<String, KeyError> {
        let claims = json!({
            "iss": self.us.entity_id,
            "sub": self.us.entity_id,
            "aud": [endpoint],
            "iat": moment.now.as_second(),
            "exp": after_seconds(moment.now, REQUEST_SECONDS).as_second(),
            "jti": encode_base64url(&moment.random),
        });
        sign(self.keys.signing_key(moment.now)?, None, &claims)
    }
}
