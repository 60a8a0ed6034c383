//! Trust marks: issued by whom the anchor lets, about the holder, not past their end (CIE-12).

use fascicolo_domain::time::after_seconds;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::statement::Statement;
use crate::cie::jose::{Algorithm, Claims, Jws, LONGEST};
use crate::cie::{Refused, SKEW_SECONDS};

/// The names under which the type of a mark has been written: the anchor in production still uses the first.
const NAMES: [&str; 3] = ["id", "trust_mark_id", "trust_mark_type"];
/// How many marks of one entity are looked at.
const MARKS: usize = 16;

/// A trust mark: its type, and the signed text that proves it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrustMark {
    pub kind: String,
    pub text: String,
}

impl TrustMark {
    /// As it stands in a configuration, under every name that a reader may look for.
    pub(super) fn to_json(&self) -> Value {
        let kind = &self.kind;
        json!({"id": kind, "trust_mark_id": kind, "trust_mark_type": kind, "trust_mark": self.text})
    }
}

/// The marks in a configuration that hold, and why the others do not: they are left out (CIE-7).
pub(super) fn check_all(
    holder: &Statement,
    anchor: &Statement,
    now: Timestamp,
) -> (Vec<TrustMark>, Vec<Refused>) {
    let list = holder.member("trust_marks").and_then(Value::as_array);
    let list = list.map(Vec::as_slice).unwrap_or_default();
    let (mut marks, mut refused) = (Vec::new(), Vec::new());
    for entry in list.iter().take(MARKS) {
        match check(entry, &holder.subject, anchor, now) {
            Ok(mark) => marks.push(mark),
            Err(cause) => refused.push(cause),
        }
    }
    (marks, refused)
}

/// Checks one entry of `trust_marks`.
fn check(entry: &Value, holder: &str, anchor: &Statement, now: Timestamp) -> Result<TrustMark, Refused> {
    let said = kind(|name| entry.get(name))?;
    let text = entry.get("trust_mark").and_then(Value::as_str).ok_or(Refused::MarkShape)?;
    let jws = Jws::read(text, LONGEST)?;
    jws.must_be("trust-mark+jwt")?;
    // the marks of other issuers would need their keys, of which nobody here vouches
    let claims = jws.verify(&anchor.keys, &Algorithm::ALL)?;
    if kind(|name| claims.member(name))? != said {
        return Err(Refused::MarkType);
    }
    let issuer = claims.text("iss").filter(|issuer| *issuer == anchor.subject).ok_or(Refused::MarkIssuer)?;
    let issuers = anchor.member("trust_mark_issuers").and_then(|list| list.get(said));
    let issuers = issuers.and_then(Value::as_array).ok_or(Refused::MarkIssuer)?;
    // an empty list lets anyone issue
    if !issuers.is_empty() && !issuers.iter().any(|i| i.as_str() == Some(issuer)) {
        return Err(Refused::MarkIssuer);
    }
    if claims.text("sub") != Some(holder) {
        return Err(Refused::MarkSubject);
    }
    in_time(&claims, now)?;
    Ok(TrustMark { kind: said.to_owned(), text: text.to_owned() })
}

/// The type, under whichever of its names; under several only when they agree.
fn kind<'a>(member: impl Fn(&str) -> Option<&'a Value>) -> Result<&'a str, Refused> {
    let mut found = NAMES.into_iter().filter_map(member);
    let first = found.next().and_then(Value::as_str).ok_or(Refused::MarkShape)?;
    if found.all(|other| other.as_str() == Some(first)) { Ok(first) } else { Err(Refused::MarkType) }
}

fn in_time(claims: &Claims, now: Timestamp) -> Result<(), Refused> {
    let issued = claims.instant("iat").ok_or(Refused::MarkShape)?;
    if issued > after_seconds(now, SKEW_SECONDS) {
        return Err(Refused::MarkInFuture);
    }
    if claims.member("exp").is_some() && claims.instant("exp").ok_or(Refused::MarkShape)? <= now {
        return Err(Refused::MarkExpired);
    }
    Ok(())
}
