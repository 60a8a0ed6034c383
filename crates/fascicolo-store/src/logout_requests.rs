//! Requests to a provider to end its session, kept until its reply (SPID-O2, O3).

use std::fmt;

use fascicolo_domain::Fault;
use jiff::Timestamp;

use crate::engine::{Broken, Columns, Tx};

/// A request that may be sent, or was and waits for its reply.
#[derive(Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    /// The request's own ID, hard to guess: whoever has it may send it.
    pub saml_id: String,
    /// Entity id of the identity provider.
    pub provider: String,
    pub name_id: String,
    pub session_index: String,
    pub expires_at: Timestamp,
}

impl fmt::Debug for LogoutRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogoutRequest({})", self.provider)
    }
}

impl Tx<'_> {
    /// # Errors
    /// The store failed, or the SAML id is in use already.
    pub async fn insert_logout_request(&mut self, request: &LogoutRequest) -> Result<(), Fault> {
        let sql = "INSERT INTO logout_requests (saml_id, provider, name_id, session_index, expires_at) \
                   VALUES ($1, $2, $3, $4, $5)";
        let params = [
            (&request.saml_id).into(),
            (&request.provider).into(),
            (&request.name_id).into(),
            (&request.session_index).into(),
            request.expires_at.into(),
        ];
        self.execute(sql, &params).await.map(drop)
    }

    /// A request that has not expired and has no reply yet.
    ///
    /// # Errors
    /// The store failed.
    pub async fn logout_request(
        &mut self,
        saml_id: &str,
        now: Timestamp,
    ) -> Result<Option<LogoutRequest>, Fault> {
        let sql = "SELECT saml_id, provider, name_id, session_index, expires_at FROM logout_requests \
                   WHERE saml_id = $1 AND expires_at > $2";
        self.row(sql, &[saml_id.into(), now.into()], request).await
    }

    /// Closes a request; `true` exactly once.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete_logout_request(&mut self, saml_id: &str) -> Result<bool, Fault> {
        let sql = "DELETE FROM logout_requests WHERE saml_id = $1";
        Ok(self.execute(sql, &[saml_id.into()]).await? == 1)
    }

    /// Forgets what expired; answers how many.
    ///
    /// # Errors
    /// The store failed.
    pub async fn purge_logout_requests(&mut self, now: Timestamp) -> Result<u64, Fault> {
        self.execute("DELETE FROM logout_requests WHERE expires_at <= $1", &[now.into()]).await
    }
}

fn request(c: &mut Columns<'_>) -> Result<LogoutRequest, Broken> {
    Ok(LogoutRequest {
        saml_id: c.text()?,
        provider: c.text()?,
        name_id: c.text()?,
        session_index: c.text()?,
        expires_at: c.instant()?,
    })
}
