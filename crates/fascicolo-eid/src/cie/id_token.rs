//! The id token: who the provider says was there, how surely, and in answer to which request (CIE-18, CIE-23, CIE-25).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, SHA512, digest};
use fascicolo_domain::login::Level;
use fascicolo_domain::time::after_seconds;
use jiff::Timestamp;

use super::jose::{Algorithm, Claims, Jws, encode_base64url};
use super::token::LONGEST_TOKEN;
use super::{Client, Pending, Refused, SKEW_SECONDS, Tokens, level};

/// Someone authenticated; who it is, userinfo tells. The caller still has to refuse a `jti` that it saw before, until
/// `expires`.
#[derive(Clone, PartialEq, Eq)]
pub struct Authenticated {
    pub subject: String,
    pub level: Level,
    pub at: Timestamp,
    pub jti: String,
    pub expires: Timestamp,
}

impl std::fmt::Debug for Authenticated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authenticated({:?}, …)", self.level)
    }
}

impl Client<'_> {
    /// Checks the id token to the letter. On [`super::jose::Defect::KeyUnknown`] the caller may renew the chain, seldom,
    /// and check once more (CIE-23).
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check_id_token(
        &self,
        tokens: &Tokens,
        pending: &Pending,
        now: Timestamp,
    ) -> Result<Authenticated, Refused> {
        let jws = Jws::read(&tokens.id_token, LONGEST_TOKEN)?;
        jws.must_be_plain()?;
        let claims = jws.verify(&self.provider.keys, &self.provider.id_token_algorithms)?;
        if claims.text("iss") != Some(&self.provider.issuer) {
            return Err(Refused::IdTokenIssuer);
        }
        if !claims.only_audience(&self.us.entity_id) {
            return Err(Refused::IdTokenAudience);
        }
        let subject = claims.text("sub").filter(|sub| sub.len() <= 255).ok_or(Refused::IdTokenSubject)?;
        let (issued, expires) = in_time(&claims, pending, now)?;
        let nonce = claims.text("nonce").unwrap_or_default();
        verify_slices_are_equal(nonce.as_bytes(), pending.nonce.as_bytes()).map_err(|_| Refused::Nonce)?;
        let level = claims.text("acr").and_then(level::parse).ok_or(Refused::Level)?;
        if level < pending.level {
            return Err(Refused::LevelTooLow);
        }
        if claims.text("at_hash") != Some(&half_hash(jws.algorithm(), &tokens.access_token)) {
            return Err(Refused::AtHash);
        }
        let jti = claims.text("jti").filter(|jti| jti.len() <= 255).ok_or(Refused::Jti)?;
        self.access_token(&tokens.access_token, subject)?;
        Ok(Authenticated { subject: subject.to_owned(), level, at: issued, jti: jti.to_owned(), expires })
    }

    /// An access token that says who it is about, is about the same person (CIE-25); any other is opaque.
    fn access_token(&self, token: &str, subject: &str) -> Result<(), Refused> {
        let Ok(jws) = Jws::read(token, LONGEST_TOKEN) else {
            return Ok(());
        };
        if jws.must_be("at+jwt").is_err() {
            return Ok(());
        }
        let claims = jws.unverified().map_err(|_| Refused::AccessToken)?;
        let same = claims.text("sub") == Some(subject) && claims.text("iss") == Some(&self.provider.issuer);
        if same { Ok(()) } else { Err(Refused::AccessToken) }
    }
}

/// Issued after the request, not in the future, not past its end.
fn in_time(claims: &Claims, pending: &Pending, now: Timestamp) -> Result<(Timestamp, Timestamp), Refused> {
    let issued = claims.instant("iat").ok_or(Refused::IdTokenInstants)?;
    let expires = claims.instant("exp").ok_or(Refused::IdTokenInstants)?;
    if issued > after_seconds(now, SKEW_SECONDS) {
        return Err(Refused::IdTokenInFuture);
    }
    if issued < after_seconds(pending.at, -SKEW_SECONDS) {
        return Err(Refused::IdTokenBeforeRequest);
    }
    if expires <= now {
        return Err(Refused::IdTokenExpired);
    }
    if claims.member("nbf").is_some() && claims.instant("nbf") != Some(issued) {
        return Err(Refused::IdTokenNotBefore);
    }
    Ok((issued, expires))
}

/// The left half of the hash that belongs to the algorithm (OpenID Connect Core, 3.1.3.6).
fn half_hash(algorithm: Algorithm, token: &str) -> String {
    let hash = match algorithm {
        Algorithm::Rs256 | Algorithm::Es256 | Algorithm::Ps256 => &SHA256,
        Algorithm::Rs512 | Algorithm::Es512 | Algorithm::Ps512 => &SHA512,
    };
    let hash = digest(hash, token.as_bytes());
    let hash = hash.as_ref();
    encode_base64url(hash.get(..hash.len() / 2).unwrap_or_default())
}
