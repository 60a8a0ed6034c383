//! Open sessions, found by the digest of their token (ACC-S1), and when each person logged in (ACC-S4).

use std::fmt;

use fascicolo_domain::Fault;
use fascicolo_domain::ids::{CitizenId, SessionId};
use fascicolo_domain::login::{Level, Method, Session};
use fascicolo_domain::person::Citizen;
use fascicolo_domain::secret::Digest;
use jiff::Timestamp;

use crate::engine::{Broken, Columns, Tx};
use crate::people::citizen;
use crate::row::Value;

/// A session to open.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub session: Session,
    /// Of the token in the cookie.
    pub token: Digest,
    /// Who else may keep a session of this login.
    pub at_provider: Option<AtProvider>,
}

/// A session as an identity provider knows it (SPID-O).
#[derive(Clone, PartialEq, Eq)]
pub struct AtProvider {
    /// Entity id.
    pub provider: String,
    /// Transient: another one at each login.
    pub name_id: String,
    /// The provider has one only when it keeps a session (SPID-L2).
    pub session_index: Option<String>,
}

impl fmt::Debug for AtProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AtProvider({})", self.provider)
    }
}

impl Tx<'_> {
    /// Opens a session and remembers the login.
    ///
    /// # Errors
    /// The store failed; or the token is in use already.
    pub async fn insert_session(&mut self, new: &NewSession) -> Result<(), Fault> {
        let Session { id, citizen, method, level, opened_at, last_seen_at, ends_at } = new.session;
        let sql = "INSERT INTO sessions (token, id, citizen_id, method, level, opened_at, last_seen_at, ends_at, \
                   provider, name_id, session_index) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let known_as = new.at_provider.as_ref();
        let params = [
            (&new.token).into(),
            id.into(),
            citizen.into(),
            method.code().into(),
            i64::from(level.number()).into(),
            opened_at.into(),
            last_seen_at.into(),
            ends_at.into(),
            Value::text_or_null(known_as.map(|k| k.provider.as_str())),
            Value::text_or_null(known_as.map(|k| k.name_id.as_str())),
            Value::text_or_null(known_as.and_then(|k| k.session_index.as_deref())),
        ];
        self.execute(sql, &params).await?;
        let sql = "INSERT INTO logins (citizen_id, at, session_id, method) VALUES ($1, $2, $3, $4)";
        let params = [citizen.into(), opened_at.into(), id.into(), method.code().into()];
        self.execute(sql, &params).await.map(drop)
    }

    /// The session of a token and whose it is: one indexed read. Whether it is still alive is the domain's to say.
    ///
    /// # Errors
    /// The store failed.
    pub async fn session(&mut self, token: &Digest) -> Result<Option<(Session, Citizen)>, Fault> {
        let sql = "SELECT s.id, s.citizen_id, s.method, s.level, s.opened_at, s.last_seen_at, s.ends_at, \
                   c.id, c.codice_fiscale, c.given_name, c.family_name, c.birth_date, c.registered, c.standing, \
                   c.ward FROM sessions s JOIN citizens c ON c.id = s.citizen_id WHERE s.token = $1";
        self.row(sql, &[token.into()], |c| Ok((session(c)?, citizen(c)?))).await
    }

    /// Under which name a provider knows the session of a token.
    ///
    /// # Errors
    /// The store failed.
    pub async fn session_at_provider(&mut self, token: &Digest) -> Result<Option<AtProvider>, Fault> {
        let sql = "SELECT provider, name_id, session_index FROM sessions \
                   WHERE token = $1 AND provider IS NOT NULL AND name_id IS NOT NULL";
        self.row(sql, &[token.into()], |c| {
            Ok(AtProvider { provider: c.text()?, name_id: c.text()?, session_index: c.text_or_null()? })
        })
        .await
    }

    /// The tokens of the sessions that a provider knows under a name; one index read.
    ///
    /// # Errors
    /// The store failed.
    pub async fn tokens_at_provider(&mut self, provider: &str, name_id: &str) -> Result<Vec<Digest>, Fault> {
        let sql = "SELECT token FROM sessions WHERE provider = $1 AND name_id = $2";
        self.rows(sql, &[provider.into(), name_id.into()], |c| c.digest()).await
    }

    /// Notes that the person is there; `false`: the session is gone. An older instant changes nothing.
    ///
    /// # Errors
    /// The store failed.
    pub async fn touch_session(&mut self, token: &Digest, now: Timestamp) -> Result<bool, Fault> {
        let sql = "UPDATE sessions SET last_seen_at = CASE WHEN last_seen_at < $1 THEN $1 ELSE last_seen_at END \
                   WHERE token = $2";
        Ok(self.execute(sql, &[now.into(), token.into()]).await? == 1)
    }

    /// Gives a session another token, and notes that the person is there; `false`: it was gone.
    ///
    /// # Errors
    /// The store failed; or the new token is in use already.
    pub async fn renew_session(
        &mut self,
        token: &Digest,
        new: &Digest,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let sql = "UPDATE sessions SET token = $1, last_seen_at = $2 WHERE token = $3";
        Ok(self.execute(sql, &[new.into(), now.into(), token.into()]).await? == 1)
    }

    /// Ends a session; `false`: it was gone.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete_session(&mut self, token: &Digest) -> Result<bool, Fault> {
        let sql = "DELETE FROM sessions WHERE token = $1";
        Ok(self.execute(sql, &[token.into()]).await? == 1)
    }

    /// The person's sessions, newest first; some may be over.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sessions_of(&mut self, citizen: CitizenId) -> Result<Vec<Session>, Fault> {
        let sql = "SELECT id, citizen_id, method, level, opened_at, last_seen_at, ends_at FROM sessions \
                   WHERE citizen_id = $1 ORDER BY opened_at DESC, id DESC";
        self.rows(sql, &[citizen.into()], session).await
    }

    /// Ends one of the person's own sessions; `false`: no such session of theirs.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete_session_of(&mut self, citizen: CitizenId, id: SessionId) -> Result<bool, Fault> {
        let sql = "DELETE FROM sessions WHERE citizen_id = $1 AND id = $2";
        Ok(self.execute(sql, &[citizen.into(), id.into()]).await? == 1)
    }

    /// The person's last login before an instant: when and how.
    ///
    /// # Errors
    /// The store failed.
    pub async fn previous_login(
        &mut self,
        citizen: CitizenId,
        before: Timestamp,
    ) -> Result<Option<(Timestamp, Method)>, Fault> {
        let sql = "SELECT at, method FROM logins WHERE citizen_id = $1 AND at < $2 ORDER BY at DESC LIMIT 1";
        self.row(sql, &[citizen.into(), before.into()], |c| Ok((c.instant()?, c.code(Method::parse)?))).await
    }

    /// Removes sessions not seen since `idle_before`, or over; answers how many.
    ///
    /// # Errors
    /// The store failed.
    pub async fn purge_sessions(&mut self, idle_before: Timestamp, now: Timestamp) -> Result<u64, Fault> {
        let sql = "DELETE FROM sessions WHERE last_seen_at < $1 OR ends_at <= $2";
        self.execute(sql, &[idle_before.into(), now.into()]).await
    }
}

/// Reads `id, citizen_id, method, level, opened_at, last_seen_at, ends_at`.
fn session(c: &mut Columns<'_>) -> Result<Session, Broken> {
    Ok(Session {
        id: c.id()?,
        citizen: c.id()?,
        method: c.code(Method::parse)?,
        level: Level::from_number(c.number()?).ok_or_else(|| Broken::new("a level of no known kind"))?,
        opened_at: c.instant()?,
        last_seen_at: c.instant()?,
        ends_at: c.instant()?,
    })
}
