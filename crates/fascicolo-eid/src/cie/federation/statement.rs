//! Entity statements: what an entity says of itself, or a superior of its subordinate (CIE-9).

use fascicolo_domain::time::after_seconds;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::STATEMENT;
use crate::cie::address::is_address;
use crate::cie::jose::{Algorithm, Claims, JwkSet, Jws, LONGEST};
use crate::cie::{Refused, SKEW_SECONDS};

/// How many superiors an entity may name.
const HINTS: usize = 16;

/// A statement whose signature is good.
pub(super) struct Statement {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) expires: Timestamp,
    pub(super) keys: JwkSet,
    claims: Claims,
}

impl Statement {
    /// Reads a statement signed with one of `keys` (CIE-9); what is unknown in it does not matter (CIE-10).
    pub(super) fn verify(text: &str, keys: &JwkSet, now: Timestamp) -> Result<Self, Refused> {
        let jws = Jws::read(text, LONGEST)?;
        Self::of(&jws, keys, now)
    }

    /// Reads what `entity` says of itself: signed with one of `keys`, and with a key that it lists.
    pub(super) fn configuration(
        text: &str,
        keys: &JwkSet,
        entity: &str,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let jws = Jws::read(text, LONGEST)?;
        let statement = Self::of(&jws, keys, now)?;
        if statement.issuer != entity {
            return Err(Refused::StatementIssuer);
        }
        if statement.subject != entity {
            return Err(Refused::StatementSubject);
        }
        jws.verify(&statement.keys, &Algorithm::ALL).map_err(|_| Refused::StatementKeys)?;
        Ok(statement)
    }

    fn of(jws: &Jws<'_>, keys: &JwkSet, now: Timestamp) -> Result<Self, Refused> {
        jws.must_be(STATEMENT)?;
        let claims = jws.verify(keys, &Algorithm::ALL)?;
        let issuer = claims.text("iss").filter(|id| is_address(id)).ok_or(Refused::StatementIssuer)?;
        let subject = claims.text("sub").filter(|id| is_address(id)).ok_or(Refused::StatementSubject)?;
        let issued = claims.instant("iat").ok_or(Refused::StatementInstants)?;
        let expires = claims.instant("exp").ok_or(Refused::StatementInstants)?;
        if issued > after_seconds(now, SKEW_SECONDS) {
            return Err(Refused::StatementInFuture);
        }
        if expires <= now {
            return Err(Refused::StatementExpired);
        }
        let keys = claims.member("jwks").ok_or(Refused::StatementKeys)?;
        let keys = JwkSet::read(keys).map_err(|_| Refused::StatementKeys)?;
        Ok(Self { issuer: issuer.to_owned(), subject: subject.to_owned(), expires, keys, claims })
    }

    /// Whether `superior` is one of those it names; the list is short and of addresses.
    pub(super) fn hints_at(&self, superior: &str) -> Result<(), Refused> {
        let hints = self.claims.texts("authority_hints").ok_or(Refused::AuthorityHints)?;
        let sane = hints.len() <= HINTS && hints.iter().all(|hint| is_address(hint));
        if sane && hints.contains(&superior) { Ok(()) } else { Err(Refused::AuthorityHints) }
    }

    /// Holds the number of intermediates below to the constraint of this statement, if it has one.
    pub(super) fn allows_below(&self, intermediates: usize) -> Result<(), Refused> {
        let limit = self.claims.object("constraints").and_then(|c| c.get("max_path_length"));
        let Some(limit) = limit else {
            return Ok(());
        };
        let limit = limit.as_u64().and_then(|l| usize::try_from(l).ok()).ok_or(Refused::PathLength)?;
        if intermediates <= limit { Ok(()) } else { Err(Refused::PathLength) }
    }

    /// The metadata of each type of entity that it is.
    pub(super) fn metadata(&self) -> Map<String, Value> {
        self.claims.object("metadata").cloned().unwrap_or_default()
    }

    /// An address in its metadata as an entity of the federation.
    pub(super) fn federation_endpoint(&self, name: &str) -> Option<&str> {
        let entity = self.claims.object("metadata")?.get("federation_entity")?;
        entity.get(name)?.as_str().filter(|address| is_address(address))
    }

    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        self.claims.member(name)
    }

    pub(super) fn critical_operators(&self) -> Result<Vec<&str>, Refused> {
        self.claims.texts("metadata_policy_crit").ok_or(Refused::PolicyShape)
    }
}
