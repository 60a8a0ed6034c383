//! The login log: request and answer as sent and received, with the fields by which they are searched, kept for 24
//! months (SPID-G1, SPID-G2), failed ones too (SPID-G5). Only appended to; old months are purged whole days at a time.

use std::fmt;

use fascicolo_domain::Fault;
use fascicolo_domain::ids::{CitizenId, EventId, SessionId};
use fascicolo_domain::login::{Level, Method};
use jiff::Timestamp;

use crate::audit::day_of;
use crate::engine::Tx;
use crate::row::Value;

/// One exchange with an identity provider. Fields that the answer did not give are `None`.
#[derive(Clone)]
pub struct LoginExchange {
    /// The id of the audit row of the same login.
    pub id: EventId,
    /// When the answer came.
    pub at: Timestamp,
    pub method: Method,
    /// ID and instant of the request, when the answer belongs to one.
    pub request_id: Option<String>,
    pub request_at: Option<Timestamp>,
    /// As sent; the caller may have encrypted it.
    pub request: Vec<u8>,
    pub response_id: Option<String>,
    pub response_at: Option<Timestamp>,
    /// Entity id of who answered.
    pub issuer: Option<String>,
    pub assertion_id: Option<String>,
    /// The assertion's subject (NameID) and its qualifier.
    pub subject: Option<String>,
    pub name_qualifier: Option<String>,
    /// As received; the caller may have encrypted it.
    pub response: Vec<u8>,
    pub codice_fiscale: Option<String>,
    pub citizen: Option<CitizenId>,
    /// Network address of the browser.
    pub address: Option<String>,
    pub level: Option<Level>,
    /// `ok`, or the code of the rule that refused.
    pub outcome: String,
    /// The session that was opened (SPID-G4).
    pub session: Option<SessionId>,
}

impl fmt::Debug for LoginExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoginExchange({})", self.id)
    }
}

impl Tx<'_> {
    /// How many exchanges are on record.
    ///
    /// # Errors
    /// The store failed.
    pub async fn count_login_exchanges(&mut self) -> Result<u64, Fault> {
        let count = self.row("SELECT COUNT(*) FROM login_exchanges", &[], |c| c.number()).await?;
        Ok(count.unwrap_or(0))
    }

    /// # Errors
    /// The store failed.
    pub async fn insert_login_exchange(&mut self, exchange: &LoginExchange) -> Result<(), Fault> {
        let sql = "INSERT INTO login_exchanges (day, id, at, method, request_id, request_at, request, response_id, \
                   response_at, issuer, assertion_id, subject, name_qualifier, response, codice_fiscale, \
                   citizen_id, address, level, outcome, session_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
                   $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
        let e = exchange;
        let text = |t: &Option<String>| Value::text_or_null(t.as_deref());
        let params = [
            day_of(e.at).into(),
            e.id.into(),
            e.at.into(),
            e.method.code().into(),
            text(&e.request_id),
            Value::int_or_null(e.request_at),
            e.request.as_slice().into(),
            text(&e.response_id),
            Value::int_or_null(e.response_at),
            text(&e.issuer),
            text(&e.assertion_id),
            text(&e.subject),
            text(&e.name_qualifier),
            e.response.as_slice().into(),
            text(&e.codice_fiscale),
            Value::text_or_null(e.citizen),
            text(&e.address),
            Value::int_or_null(e.level.map(|l| i64::from(l.number()))),
            (&e.outcome).into(),
            Value::text_or_null(e.session),
        ];
        self.execute(sql, &params).await.map(drop)
    }

    /// Erases the exchanges and logins of days that ended before an instant; answers how many exchanges went.
    ///
    /// # Errors
    /// The store failed.
    pub async fn purge_login_exchanges(&mut self, before: Timestamp) -> Result<u64, Fault> {
        let sql = "DELETE FROM logins WHERE at < $1";
        self.execute(sql, &[day_of(before).into()]).await?;
        let sql = "DELETE FROM login_exchanges WHERE day < $1";
        self.execute(sql, &[day_of(before).into()]).await
    }
}
