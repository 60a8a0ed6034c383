//! Logins that wait for their answer, each good for one browser and one use (ACC-S5), and assertions already seen.

use std::fmt;

use fascicolo_domain::Fault;
use fascicolo_domain::ids::LoginRequestId;
use fascicolo_domain::login::{Federation, Level};
use fascicolo_domain::secret::Digest;
use jiff::Timestamp;

use crate::engine::{Broken, Columns, Tx};
use crate::row::Value;

/// A login under way.
#[derive(Clone)]
pub struct LoginRequest {
    pub id: LoginRequestId,
    /// The request's own ID, which the answer names.
    pub saml_id: String,
    pub federation: Federation,
    /// Entity id of the identity provider.
    pub provider: String,
    pub level: Level,
    /// Of the login cookie.
    pub browser: Digest,
    /// A local path.
    pub return_to: Option<String>,
    /// Token of the session this login replaces.
    pub previous_session: Option<Digest>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// As sent.
    pub request_xml: Vec<u8>,
}

impl fmt::Debug for LoginRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoginRequest({})", self.id)
    }
}

impl Tx<'_> {
    /// # Errors
    /// The store failed, or the SAML id is in use already.
    pub async fn insert_login_request(&mut self, request: &LoginRequest) -> Result<(), Fault> {
        let sql = "INSERT INTO login_requests (saml_id, id, provider, level, browser, return_to, previous_session, \
                   issued_at, expires_at, request_xml, federation) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let params = [
            (&request.saml_id).into(),
            request.id.into(),
            (&request.provider).into(),
            i64::from(request.level.number()).into(),
            (&request.browser).into(),
            Value::text_or_null(request.return_to.as_deref()),
            Value::bytes_or_null(request.previous_session.as_ref()),
            request.issued_at.into(),
            request.expires_at.into(),
            request.request_xml.as_slice().into(),
            request.federation.code().into(),
        ];
        self.execute(sql, &params).await.map(drop)
    }

    /// The pending login that an answer names, if it began in this browser, was not used and has not expired.
    ///
    /// # Errors
    /// The store failed.
    pub async fn login_request(
        &mut self,
        saml_id: &str,
        browser: &Digest,
        now: Timestamp,
    ) -> Result<Option<LoginRequest>, Fault> {
        let sql = "SELECT id, saml_id, provider, level, browser, return_to, previous_session, issued_at, \
                   expires_at, request_xml, federation FROM login_requests \
                   WHERE saml_id = $1 AND browser = $2 AND used_at IS NULL AND expires_at > $3";
        self.row(sql, &[saml_id.into(), browser.into(), now.into()], request).await
    }

    /// Uses up a pending login; `true` exactly once, however many try at once.
    ///
    /// # Errors
    /// The store failed.
    pub async fn consume_login_request(
        &mut self,
        id: LoginRequestId,
        browser: &Digest,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let sql = "UPDATE login_requests SET used_at = $1 \
                   WHERE id = $2 AND browser = $3 AND used_at IS NULL AND expires_at > $1";
        Ok(self.execute(sql, &[now.into(), id.into(), browser.into()]).await? == 1)
    }

    /// Remembers an assertion until it can no longer be valid; `false`: it was seen before.
    ///
    /// # Errors
    /// The store failed.
    pub async fn remember_assertion(
        &mut self,
        issuer: &str,
        assertion_id: &str,
        until: Timestamp,
    ) -> Result<bool, Fault> {
        let sql = "INSERT INTO used_assertions (assertion_id, issuer, until) VALUES ($1, $2, $3) \
                   ON CONFLICT (assertion_id, issuer) DO NOTHING";
        let params = [assertion_id.into(), issuer.into(), until.into()];
        Ok(self.execute(sql, &params).await? == 1)
    }

    /// Forgets expired logins and assertions; answers how many logins went.
    ///
    /// # Errors
    /// The store failed.
    pub async fn purge_login_requests(&mut self, now: Timestamp) -> Result<u64, Fault> {
        let sql = "DELETE FROM used_assertions WHERE until <= $1";
        self.execute(sql, &[now.into()]).await?;
        let sql = "DELETE FROM login_requests WHERE expires_at <= $1";
        self.execute(sql, &[now.into()]).await
    }
}

fn request(c: &mut Columns<'_>) -> Result<LoginRequest, Broken> {
    Ok(LoginRequest {
        id: c.id()?,
        saml_id: c.text()?,
        provider: c.text()?,
        level: Level::from_number(c.number()?).ok_or_else(|| Broken::new("a level of no known kind"))?,
        browser: c.digest()?,
        return_to: c.text_or_null()?,
        previous_session: c.digest_or_null()?,
        issued_at: c.instant()?,
        expires_at: c.instant()?,
        request_xml: c.bytes()?.to_vec(),
        federation: federation(c)?,
    })
}

fn federation(c: &mut Columns<'_>) -> Result<Federation, Broken> {
    Federation::parse(&c.text()?).ok_or_else(|| Broken::new("a federation of no known kind"))
}
