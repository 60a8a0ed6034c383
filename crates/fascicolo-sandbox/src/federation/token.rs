//! What comes to the token and revocation endpoints, as the provider checks it: who asks, and for which code (CIE-22).

use fascicolo_domain::secret::Digest;
use fascicolo_domain::time::after_seconds;
use fascicolo_eid::cie::jose::{Algorithm, Jws, LONGEST, encode_base64url};
use fascicolo_web::http::forms::Fields;
use jiff::Timestamp;

use super::client::Client;
use super::desk::{Desk, Grant};
use super::request::{is_fresh, names_audience};

/// How long a code is good, in seconds.
const CODE_SECONDS: i64 = 60;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why there is no token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
    #[error("the form cannot be read, or says a field twice")]
    Form,
    #[error("a client secret has no place here (CIE-22)")]
    Secret,
    #[error("client_assertion_type is not jwt-bearer (CIE-22)")]
    AssertionType,
    #[error("client_assertion cannot be read (CIE-22)")]
    Assertion,
    #[error("the client is not known (CIE-22)")]
    Client,
    #[error("client_assertion is not signed by a published key of the client (CIE-22)")]
    Signature,
    #[error("iss, sub and client_id are not the same (CIE-22)")]
    Issuer,
    #[error("aud is not this endpoint (CIE-22)")]
    Audience,
    #[error("iat or exp is missing, out of time, or more than five minutes from the other (CIE-22)")]
    Instants,
    #[error("jti is missing, or was used before (CIE-22)")]
    Jti,
    #[error("grant_type is not authorization_code (CIE-26)")]
    GrantType,
    #[error("there is no such code, or not any more (CIE-21)")]
    Code,
    #[error("the code is older than a minute (CIE-21)")]
    CodeExpired,
    #[error("the code is another client's (CIE-21)")]
    CodeClient,
    #[error("redirect_uri is not that of the request (CIE-17)")]
    RedirectUri,
    #[error("code_verifier does not fit code_challenge (CIE-17)")]
    Verifier,
    #[error("no token is named")]
    Token,
}

impl Denied {
    /// The status and the `error` of the answer.
    #[must_use]
    pub fn answer(self) -> (u16, &'static str) {
        match self {
            Self::Form | Self::Secret | Self::AssertionType | Self::Token => (400, "invalid_request"),
            Self::GrantType => (400, "unsupported_grant_type"),
            Self::Assertion
            | Self::Client
            | Self::Signature
            | Self::Issuer
            | Self::Audience
            | Self::Instants
            | Self::Jti => (401, "invalid_client"),
            Self::Code | Self::CodeExpired | Self::CodeClient | Self::RedirectUri | Self::Verifier => {
                (400, "invalid_grant")
            }
        }
    }
}

/// Who says that they ask; nothing of it is verified.
pub(super) fn claimed(fields: &Fields) -> Result<String, Denied> {
    let jws = Jws::read(fields.text("client_assertion"), LONGEST).map_err(|_| Denied::Assertion)?;
    let claims = jws.unverified().map_err(|_| Denied::Assertion)?;
    claims.text("iss").map(str::to_owned).ok_or(Denied::Issuer)
}

/// `private_key_jwt`: whether it is this client who asks at this endpoint. Returns the `jti`.
pub(super) fn proved(
    fields: &Fields,
    client: &Client,
    endpoint: &str,
    now: Timestamp,
) -> Result<String, Denied> {
    if fields.find("client_secret").is_some() {
        return Err(Denied::Secret);
    }
    if fields.text("client_assertion_type") != ASSERTION_TYPE {
        return Err(Denied::AssertionType);
    }
    let jws = Jws::read(fields.text("client_assertion"), LONGEST).map_err(|_| Denied::Assertion)?;
    let claims = jws.verify(&client.keys, &Algorithm::ALL).map_err(|_| Denied::Signature)?;
    let us = Some(client.id.as_str());
    let named = fields.find("client_id").is_none_or(|id| id == client.id);
    if claims.text("iss") != us || claims.text("sub") != us || !named {
        return Err(Denied::Issuer);
    }
    if !names_audience(&claims, endpoint) {
        return Err(Denied::Audience);
    }
    if !is_fresh(&claims, now) {
        return Err(Denied::Instants);
    }
    claims.text("jti").map(str::to_owned).ok_or(Denied::Jti)
}

/// Redeems a code. It is gone whatever comes of it: a second try finds nothing.
pub(super) fn redeem(
    desk: &mut Desk,
    fields: &Fields,
    client: &Client,
    now: Timestamp,
) -> Result<Grant, Denied> {
    if fields.text("grant_type") != "authorization_code" {
        return Err(Denied::GrantType);
    }
    let grant = desk.codes.take(fields.text("code")).ok_or(Denied::Code)?;
    if grant.at > now || after_seconds(grant.at, CODE_SECONDS) <= now {
        return Err(Denied::CodeExpired);
    }
    if grant.asked.client.id != client.id {
        return Err(Denied::CodeClient);
    }
    if fields.text("redirect_uri") != grant.asked.redirect_uri {
        return Err(Denied::RedirectUri);
    }
    let verifier = fields.text("code_verifier");
    let plain = verifier.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    let hash = encode_base64url(Digest::of(verifier.as_bytes()).as_bytes());
    if !plain || !(43..=128).contains(&verifier.len()) || hash != grant.asked.code_challenge {
        return Err(Denied::Verifier);
    }
    Ok(grant)
}
