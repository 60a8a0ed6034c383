//! A person whom another country vouches for, without an Italian fiscal number: a desk finds out whose record is theirs
//! (SPID-X3). Until then nothing opens; the request waits under a number that the person can tell.

use fascicolo_domain::{Fault, retention};
use fascicolo_eid::spid::Abroad;
use fascicolo_store::{MatchingRequest, Tx};
use jiff::Timestamp;

use crate::App;
use crate::ports::EntropyExt as _;

/// Records a request to be matched, sealed; answers its number.
///
/// # Errors
/// No random bytes, or the store failed.
pub(super) async fn record(
    app: &App,
    tx: &mut Tx<'_>,
    abroad: &Abroad,
    now: Timestamp,
) -> Result<String, Fault> {
    let number = format!("E-{}", app.entropy.readable(8)?);
    // each is of one line (`eid`)
    let facts = [
        abroad.person.as_str(),
        &abroad.given_name,
        &abroad.family_name,
        &abroad.birth_date.to_string(),
        &abroad.level.number().to_string(),
    ]
    .join("\n");
    let request = MatchingRequest {
        issuer: abroad.issuer.clone(),
        at: now,
        expires_at: now.checked_add(retention::MATCHING_REQUEST).unwrap_or(now),
        facts: app.keyring.seal_bytes(&*app.entropy, &context(&number), facts.as_bytes())?,
        number: number.clone(),
    };
    tx.insert_matching_request(&request).await?;
    Ok(number)
}

/// What the facts of a request are sealed under.
#[must_use]
pub fn context(number: &str) -> String {
    format!("matching {number}")
}
