//! People whom another country vouches for, without an Italian fiscal number: each request waits for a desk to say whose
//! record it is (SPID-X3).

use std::fmt;

use fascicolo_domain::Fault;
use jiff::Timestamp;

use crate::engine::{Broken, Columns, Tx};

/// A request to be matched with a record.
#[derive(Clone, PartialEq, Eq)]
pub struct MatchingRequest {
    /// What the person tells the desk.
    pub number: String,
    /// Entity id of the eIDAS node.
    pub issuer: String,
    pub at: Timestamp,
    pub expires_at: Timestamp,
    /// Who the person is, as the node said; the caller has encrypted it.
    pub facts: Vec<u8>,
}

impl fmt::Debug for MatchingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MatchingRequest({})", self.number)
    }
}

impl Tx<'_> {
    /// # Errors
    /// The store failed, or the number is in use already.
    pub async fn insert_matching_request(&mut self, request: &MatchingRequest) -> Result<(), Fault> {
        let sql = "INSERT INTO matching_requests (number, issuer, at, expires_at, facts) VALUES ($1, $2, $3, $4, $5)";
        let params = [
            (&request.number).into(),
            (&request.issuer).into(),
            request.at.into(),
            request.expires_at.into(),
            request.facts.as_slice().into(),
        ];
        self.execute(sql, &params).await.map(drop)
    }

    /// A request that has not expired.
    ///
    /// # Errors
    /// The store failed.
    pub async fn matching_request(
        &mut self,
        number: &str,
        now: Timestamp,
    ) -> Result<Option<MatchingRequest>, Fault> {
        let sql = "SELECT number, issuer, at, expires_at, facts FROM matching_requests \
                   WHERE number = $1 AND expires_at > $2";
        self.row(sql, &[number.into(), now.into()], request).await
    }

    /// Forgets what expired; answers how many.
    ///
    /// # Errors
    /// The store failed.
    pub async fn purge_matching_requests(&mut self, now: Timestamp) -> Result<u64, Fault> {
        self.execute("DELETE FROM matching_requests WHERE expires_at <= $1", &[now.into()]).await
    }
}

fn request(c: &mut Columns<'_>) -> Result<MatchingRequest, Broken> {
    Ok(MatchingRequest {
        number: c.text()?,
        issuer: c.text()?,
        at: c.instant()?,
        expires_at: c.instant()?,
        facts: c.bytes()?.to_vec(),
    })
}
