//! Keys that the anchor used once: stored chains are verified with them (CIE-15).

use jiff::Timestamp;
use serde_json::Value;

use super::Anchor;
use crate::cie::jose::{Algorithm, Jwk, JwkSet, Jws, LONGEST, instant};
use crate::cie::{Refused, SKEW_SECONDS};
use fascicolo_domain::time::after_seconds;

/// The anchor's past keys, each with its end.
#[derive(Clone, Debug)]
pub struct HistoricalKeys(Vec<Past>);

#[derive(Clone, Debug)]
struct Past {
    key: Jwk,
    from: Option<Timestamp>,
    until: Timestamp,
    compromised: bool,
}

impl HistoricalKeys {
    /// Where the anchor publishes them.
    #[must_use]
    pub fn address(anchor: &str) -> String {
        format!("{}/.well-known/openid-federation-historical-jwks", anchor.trim_end_matches('/'))
    }

    /// Reads what the anchor publishes, signed with a key of today.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str, anchor: &Anchor, now: Timestamp) -> Result<Self, Refused> {
        let jws = Jws::read(text, LONGEST)?;
        jws.must_be("jwk-set+jwt")?;
        let claims = jws.verify(&anchor.keys, &Algorithm::ALL)?;
        if claims.text("iss") != Some(&anchor.entity_id) {
            return Err(Refused::StatementIssuer);
        }
        let issued = claims.instant("iat").ok_or(Refused::StatementInstants)?;
        if issued > after_seconds(now, SKEW_SECONDS) {
            return Err(Refused::StatementInFuture);
        }
        let list = claims.member("keys").and_then(Value::as_array).ok_or(Refused::HistoricalKeys)?;
        let keys: Option<Vec<Past>> = list.iter().map(past).collect();
        keys.map(Self).ok_or(Refused::HistoricalKeys)
    }

    /// The keys that were good at an instant. One that got into other hands is good for no time at all: whoever has it
    /// can date what they sign as they like.
    #[must_use]
    pub fn at(&self, instant: Timestamp) -> JwkSet {
        let good = |past: &&Past| {
            !past.compromised && instant < past.until && past.from.is_none_or(|from| from <= instant)
        };
        JwkSet::new(self.0.iter().filter(good).map(|past| past.key.clone()).collect())
    }
}

/// A key with `exp`, or `revoked`, or both.
fn past(value: &Value) -> Option<Past> {
    let members = value.as_object()?;
    let key = Jwk::read(members).ok()?;
    let time = |value: Option<&Value>| value.map_or(Some(None), |v| instant(v).map(Some));
    let ends = time(members.get("exp"))?;
    let revoked = members.get("revoked");
    let revoked_at = match revoked {
        Some(revoked) => Some(instant(revoked.get("revoked_at")?)?),
        None => None,
    };
    let reason = revoked.and_then(|r| r.get("reason")).and_then(Value::as_str);
    Some(Past {
        key,
        from: time(members.get("iat"))?,
        until: [ends, revoked_at].into_iter().flatten().min()?,
        compromised: reason.is_some_and(|reason| reason.to_ascii_lowercase().contains("compromise")),
    })
}
