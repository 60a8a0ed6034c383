//! The resolve endpoint: what we know of an entity, from chains at hand (CIE-7).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Anchor, Chain, RelyingParty, TrustMark};
use crate::cie::form;
use crate::cie::jose::sign;
use crate::cie::{KeyError, Keys, Refused};

/// A stranger's question. Nothing is fetched for it: the caller looks the subject up among its chains, and answers
/// 404 when there is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResolveQuery {
    pub subject: String,
}

impl ResolveQuery {
    /// Reads the query of a request: `sub` and `trust_anchor`, each once, and the anchor is ours.
    ///
    /// # Errors
    /// [`Refused::ResolveQuery`], [`Refused::ResolveAnchor`].
    pub fn parse(query: &str, anchor: &Anchor) -> Result<Self, Refused> {
        let fields = form::parse(query).ok_or(Refused::ResolveQuery)?;
        let one = |name| form::one(&fields, name).ok().flatten().ok_or(Refused::ResolveQuery);
        let (subject, asked) = (one("sub")?, one("trust_anchor")?);
        if asked != anchor.entity_id {
            return Err(Refused::ResolveAnchor);
        }
        Ok(Self { subject: subject.to_owned() })
    }
}

/// The body of an answer, content type `application/resolve-response+jwt`. The caller answers 404 for a chain past its
/// end.
///
/// # Errors
/// [`KeyError::NoKey`], [`KeyError::Sign`].
pub fn resolve_response(
    us: &RelyingParty,
    keys: &Keys,
    chain: &Chain,
    now: Timestamp,
) -> Result<String, KeyError> {
    let marks: Vec<Value> = chain.marks.iter().map(TrustMark::to_json).collect();
    let claims = json!({
        "iss": us.entity_id,
        "sub": chain.subject,
        "iat": now.as_second(),
        "exp": chain.expires().as_second(),
        "metadata": chain.metadata,
        "trust_marks": marks,
        "trust_anchor": chain.anchor,
        "trust_chain": chain.statements(),
    });
    sign(keys.federation_key(now)?, Some("resolve-response+jwt"), &claims)
}
