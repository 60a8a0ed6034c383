//! Trust chains: from keys pinned in the settings to what a provider says of itself, link by link (CIE-9, CIE-13).

use fascicolo_domain::time::after_seconds;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::statement::Statement;
use super::{Policy, TrustMark, marks};
use crate::cie::Refused;
use crate::cie::jose::JwkSet;

/// Whom we trust without being told by anyone else: a trust anchor and its pinned keys.
#[derive(Clone, Debug)]
pub struct Anchor {
    pub entity_id: String,
    /// From the settings, never from the network (CIE-9).
    pub keys: JwkSet,
    /// How many entities may stand between the anchor and the subject: none above a provider (CIE-8).
    pub intermediates: usize,
}

/// A chain that held when it was verified. It is stored as its statements, and verified again whenever it is read.
#[derive(Clone, Debug)]
pub struct Chain {
    pub(super) anchor: String,
    pub(super) subject: String,
    pub(super) metadata: Map<String, Value>,
    pub(super) marks: Vec<TrustMark>,
    refused_marks: Vec<Refused>,
    expires: Timestamp,
    statements: Vec<String>,
}

impl Chain {
    /// Verifies a chain: the subject's configuration, the statements about it and its superiors, the anchor's
    /// configuration. A chain that was stored is verified again with the anchor's [`super::HistoricalKeys`] of its
    /// time, and that time as `now` (CIE-15).
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn verify(
        statements: &[&str],
        subject: &str,
        anchor: &Anchor,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let [leaf, superiors @ .., top] = statements else {
            return Err(Refused::ChainLength);
        };
        if superiors.is_empty() || superiors.len() > anchor.intermediates.saturating_add(1) {
            return Err(Refused::ChainLength);
        }
        let top = Statement::configuration(top, &anchor.keys, &anchor.entity_id, now)?;
        top.allows_below(superiors.len() - 1)?;
        let descent = descend(superiors, &top, now)?;
        let immediate = descent.first().ok_or(Refused::ChainLength)?;
        if immediate.subject != subject {
            return Err(Refused::StatementSubject);
        }
        let leaf = Statement::configuration(leaf, &immediate.keys, subject, now)?;
        leaf.hints_at(&immediate.issuer)?;
        let (marks, refused_marks) = marks::check_all(&leaf, &top, now);
        let ends = descent.iter().map(|s| s.expires).chain([top.expires]);
        Ok(Self {
            anchor: anchor.entity_id.clone(),
            subject: subject.to_owned(),
            metadata: resolve(&leaf, &descent)?,
            marks,
            refused_marks,
            expires: ends.fold(leaf.expires, Timestamp::min),
            statements: statements.iter().map(|text| (*text).to_owned()).collect(),
        })
    }

    /// Who it is about.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The instant from which it is used no more: the earliest end of its statements (CIE-13).
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// When to fetch it anew: after 50 to 75 % of what is left of it, by a random byte (CIE-13).
    #[must_use]
    pub fn renew_at(&self, verified_at: Timestamp, random: u8) -> Timestamp {
        let life = self.expires.as_second().saturating_sub(verified_at.as_second()).max(0);
        after_seconds(verified_at, life / 2 + life.saturating_mul(i64::from(random)) / (4 * 255))
    }

    /// The statements as they came, for the log (CIE-29).
    #[must_use]
    pub fn statements(&self) -> &[String] {
        &self.statements
    }

    /// The trust marks that hold (CIE-12).
    #[must_use]
    pub fn trust_marks(&self) -> &[TrustMark] {
        &self.marks
    }

    /// Why other trust marks of the subject do not hold, for the log.
    #[must_use]
    pub fn refused_marks(&self) -> &[Refused] {
        &self.refused_marks
    }

    /// Resolved metadata of one type of entity: what superiors said has overridden what the subject says.
    #[must_use]
    pub fn metadata(&self, kind: &str) -> Option<&Map<String, Value>> {
        self.metadata.get(kind)?.as_object()
    }
}

/// Verifies the statements of superiors from the anchor down; returns them in the order of the chain.
fn descend(superiors: &[&str], top: &Statement, now: Timestamp) -> Result<Vec<Statement>, Refused> {
    let mut descent: Vec<Statement> = Vec::with_capacity(superiors.len());
    for (below, text) in superiors.iter().enumerate().rev() {
        let above = descent.first();
        let (issuer, keys) = above.map_or((&top.subject, &top.keys), |s| (&s.subject, &s.keys));
        let statement = Statement::verify(text, keys, now)?;
        if statement.issuer != *issuer {
            return Err(Refused::StatementIssuer);
        }
        let known = |id: &str| id == top.subject || descent.iter().any(|s| s.subject == id);
        if known(&statement.subject) {
            return Err(Refused::ChainLoop);
        }
        statement.allows_below(below)?;
        descent.insert(0, statement);
    }
    Ok(descent)
}

/// What the immediate superior sets, then the policies of all superiors (CIE-11).
fn resolve(leaf: &Statement, descent: &[Statement]) -> Result<Map<String, Value>, Refused> {
    let mut metadata = leaf.metadata();
    let set = descent.first().map(Statement::metadata).unwrap_or_default();
    for (kind, parameters) in &mut metadata {
        let overriding = set.get(kind).and_then(Value::as_object);
        if let (Some(ours), Some(theirs)) = (parameters.as_object_mut(), overriding) {
            ours.extend(theirs.clone());
        }
    }
    let mut critical = Vec::new();
    for statement in descent {
        critical.extend(statement.critical_operators()?);
    }
    let mut policy = Policy::read(&Value::Object(Map::new()), &critical)?;
    for statement in descent.iter().rev() {
        if let Some(below) = statement.member("metadata_policy") {
            policy = policy.merge(Policy::read(below, &critical)?)?;
        }
    }
    for (kind, parameters) in &mut metadata {
        let resolved = policy.apply(kind, parameters.as_object().ok_or(Refused::PolicyShape)?)?;
        *parameters = Value::Object(resolved);
    }
    Ok(metadata)
}
