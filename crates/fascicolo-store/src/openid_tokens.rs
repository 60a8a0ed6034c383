//! Access tokens of open sessions, to be revoked once the session is gone, however it ended (CIE-27).

use std::fmt;

use fascicolo_domain::Fault;
use fascicolo_domain::ids::{EventId, SessionId};
use jiff::Timestamp;

use crate::engine::{Broken, Columns, Tx};

/// A token that its provider still honours.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenIdToken {
    /// The id of the login's audit row: a session that goes on after another login has a token of each.
    pub id: EventId,
    pub session: SessionId,
    /// Entity id of the provider.
    pub issuer: String,
    /// The caller has encrypted it.
    pub token: Vec<u8>,
    /// How often its revocation has failed.
    pub tries: u8,
}

impl fmt::Debug for OpenIdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenIdToken({})", self.id)
    }
}

impl Tx<'_> {
    /// # Errors
    /// The store failed, or the login has one already.
    pub async fn insert_openid_token(&mut self, token: &OpenIdToken, now: Timestamp) -> Result<(), Fault> {
        let sql = "INSERT INTO openid_tokens (id, session_id, issuer, token, next_try_at, tries) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let params = [
            token.id.into(),
            token.session.into(),
            (&token.issuer).into(),
            token.token.as_slice().into(),
            now.into(),
            i64::from(token.tries).into(),
        ];
        self.execute(sql, &params).await.map(drop)
    }

    /// Tokens whose session is gone and whose turn it is; each is put off until `again`, so that another node, or a
    /// crash in between, tries it later and not at once.
    ///
    /// # Errors
    /// The store failed.
    pub async fn take_orphan_tokens(
        &mut self,
        now: Timestamp,
        again: Timestamp,
    ) -> Result<Vec<OpenIdToken>, Fault> {
        let sql = "UPDATE openid_tokens SET next_try_at = $1, tries = tries + 1 WHERE next_try_at <= $2 \
                   AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = openid_tokens.session_id) \
                   RETURNING id, session_id, issuer, token, tries";
        self.rows(sql, &[again.into(), now.into()], token).await
    }

    /// Forgets a token; `false`: there was none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete_openid_token(&mut self, id: EventId) -> Result<bool, Fault> {
        let sql = "DELETE FROM openid_tokens WHERE id = $1";
        Ok(self.execute(sql, &[id.into()]).await? == 1)
    }
}

fn token(c: &mut Columns<'_>) -> Result<OpenIdToken, Broken> {
    Ok(OpenIdToken {
        id: c.id()?,
        session: c.id()?,
        issuer: c.text()?,
        token: c.bytes()?.to_vec(),
        tries: c.number()?,
    })
}
