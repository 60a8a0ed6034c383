//! Logins by OpenID Connect that wait for their answer, each good for one browser and one use (CIE-20, CIE-21).

use std::fmt;

use fascicolo_domain::Fault;
use fascicolo_domain::login::Level;
use fascicolo_domain::secret::Digest;
use jiff::Timestamp;

use crate::engine::{Broken, Columns, Tx};
use crate::row::Value;

/// A login under way.
#[derive(Clone)]
pub struct OpenIdLogin {
    /// Of the `state` that the answer brings back.
    pub state: Digest,
    /// Of the login cookie.
    pub browser: Digest,
    /// Entity id of the provider.
    pub issuer: String,
    pub level: Level,
    /// A local path.
    pub return_to: Option<String>,
    /// Token of the session this login replaces.
    pub previous_session: Option<Digest>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// What proves that the answer is to this request; the caller has encrypted it.
    pub secrets: Vec<u8>,
    /// As sent; the caller may have encrypted it.
    pub request: Vec<u8>,
}

impl fmt::Debug for OpenIdLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenIdLogin({})", self.issuer)
    }
}

impl Tx<'_> {
    /// # Errors
    /// The store failed, or the state is in use already.
    pub async fn insert_openid_login(&mut self, login: &OpenIdLogin) -> Result<(), Fault> {
        let sql = "INSERT INTO openid_logins (state, browser, issuer, level, return_to, previous_session, issued_at, \
                   expires_at, secrets, request) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let params = [
            (&login.state).into(),
            (&login.browser).into(),
            (&login.issuer).into(),
            i64::from(login.level.number()).into(),
            Value::text_or_null(login.return_to.as_deref()),
            Value::bytes_or_null(login.previous_session.as_ref()),
            login.issued_at.into(),
            login.expires_at.into(),
            login.secrets.as_slice().into(),
            login.request.as_slice().into(),
        ];
        self.execute(sql, &params).await.map(drop)
    }

    /// The pending login of a state, if it began in this browser, was not used and has not expired; it is used up with
    /// this, however many ask at once (CIE-21: a code is redeemed once).
    ///
    /// # Errors
    /// The store failed.
    pub async fn take_openid_login(
        &mut self,
        state: &Digest,
        browser: &Digest,
        now: Timestamp,
    ) -> Result<Option<OpenIdLogin>, Fault> {
        let sql = "UPDATE openid_logins SET used_at = $1 \
                   WHERE state = $2 AND browser = $3 AND used_at IS NULL AND expires_at > $1 \
                   RETURNING state, browser, issuer, level, return_to, previous_session, issued_at, expires_at, \
                   secrets, request";
        self.row(sql, &[now.into(), state.into(), browser.into()], login).await
    }

    /// Forgets expired logins; answers how many.
    ///
    /// # Errors
    /// The store failed.
    pub async fn purge_openid_logins(&mut self, now: Timestamp) -> Result<u64, Fault> {
        self.execute("DELETE FROM openid_logins WHERE expires_at <= $1", &[now.into()]).await
    }
}

fn login(c: &mut Columns<'_>) -> Result<OpenIdLogin, Broken> {
    Ok(OpenIdLogin {
        state: c.digest()?,
        browser: c.digest()?,
        issuer: c.text()?,
        level: Level::from_number(c.number()?).ok_or_else(|| Broken::new("a level of no known kind"))?,
        return_to: c.text_or_null()?,
        previous_session: c.digest_or_null()?,
        issued_at: c.instant()?,
        expires_at: c.instant()?,
        secrets: c.bytes()?.to_vec(),
        request: c.bytes()?.to_vec(),
    })
}
