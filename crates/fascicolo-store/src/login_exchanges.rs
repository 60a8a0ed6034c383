//! The login log: request and answer as sent and received, with the fields by which they are searched, kept for 24
//! months (SPID-G1, SPID-G2), failed ones too (SPID-G5). Only appended to; old months are purged whole days at a time.

use std::fmt;

use fascicolo_domain::Fault;
use fascicolo_domain::audit::Deed;
use fascicolo_domain::ids::{CitizenId, EventId, SessionId};
use fascicolo_domain::login::{Level, Method};
use fascicolo_domain::secret::Digest;
use jiff::Timestamp;

use crate::audit::day_of;
use crate::engine::{Broken, Columns, Tx};
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

impl LoginExchange {
    /// The hash of every field, as it is stored, each behind its length, in this order, for ever: the audit row of the
    /// same id says it, so that the trail's chain holds this register together too (SPID-G3).
    #[must_use]
    pub fn digest(&self) -> Digest {
        let number = |at: Option<Timestamp>| at.map(|at| at.as_millisecond().to_string()).unwrap_or_default();
        let text = |t: &Option<String>| t.clone().unwrap_or_default();
        let fields = [
            self.id.to_string(),
            number(Some(self.at)),
            self.method.code().to_owned(),
            text(&self.request_id),
            number(self.request_at),
            text(&self.response_id),
            number(self.response_at),
            text(&self.issuer),
            text(&self.assertion_id),
            text(&self.subject),
            text(&self.name_qualifier),
            text(&self.codice_fiscale),
            self.citizen.map(|c| c.to_string()).unwrap_or_default(),
            text(&self.address),
            self.level.map(|l| l.number().to_string()).unwrap_or_default(),
            self.outcome.clone(),
            self.session.map(|s| s.to_string()).unwrap_or_default(),
        ];
        let mut bytes = Vec::with_capacity(1_000 + self.request.len() + self.response.len());
        for field in fields.iter().map(String::as_bytes).chain([self.request.as_slice(), &self.response]) {
            bytes.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(field);
        }
        Digest::of(&bytes)
    }
}

/// Which exchanges to read; what is not set says nothing (SPID-G2).
#[derive(Clone, Default)]
pub struct ExchangeFilter {
    /// On this day (UTC) or later.
    pub from: Option<Timestamp>,
    /// Before this instant's day.
    pub to: Option<Timestamp>,
    pub codice_fiscale: Option<String>,
    pub request_id: Option<String>,
    pub response_id: Option<String>,
    pub assertion_id: Option<String>,
    pub subject: Option<String>,
}

/// How many logins of a month had an outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoginCount {
    pub method: Method,
    pub issuer: String,
    pub level: Option<Level>,
    pub outcome: String,
    pub logins: u64,
}

impl fmt::Debug for ExchangeFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExchangeFilter(…)")
    }
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

    /// Exchanges in the order of their ids, the oldest first, `limit` at most.
    ///
    /// # Errors
    /// The store failed.
    pub async fn login_exchanges(
        &mut self,
        filter: &ExchangeFilter,
        after: Option<(Timestamp, EventId)>,
        limit: u16,
    ) -> Result<Vec<LoginExchange>, Fault> {
        let sql = "SELECT id, at, method, request_id, request_at, request, response_id, response_at, issuer, \
                   assertion_id, subject, name_qualifier, response, codice_fiscale, citizen_id, address, level, \
                   outcome, session_id FROM login_exchanges WHERE (day, id) > ($1, $2) AND day >= $3 AND day < $4 \
                   AND (CAST($5 AS TEXT) IS NULL OR codice_fiscale = $5) \
                   AND (CAST($6 AS TEXT) IS NULL OR request_id = $6) \
                   AND (CAST($7 AS TEXT) IS NULL OR response_id = $7) \
                   AND (CAST($8 AS TEXT) IS NULL OR assertion_id = $8) \
                   AND (CAST($9 AS TEXT) IS NULL OR subject = $9) ORDER BY day, id LIMIT $10";
        let text = |t: &Option<String>| Value::text_or_null(t.as_deref());
        let (day, id) = match after {
            Some((at, id)) => (day_of(at), id.to_string()),
            None => (i64::MIN, String::new()),
        };
        let params = [
            day.into(),
            id.into(),
            filter.from.map_or(i64::MIN, day_of).into(),
            filter.to.map_or(i64::MAX, day_of).into(),
            text(&filter.codice_fiscale),
            text(&filter.request_id),
            text(&filter.response_id),
            text(&filter.assertion_id),
            text(&filter.subject),
            i64::from(limit).into(),
        ];
        self.rows(sql, &params, exchange).await
    }

    /// What the audit trail says of the logins of an instant's day: id and detail, between two ids.
    ///
    /// # Errors
    /// The store failed.
    pub async fn login_traces(
        &mut self,
        day: Timestamp,
        first: EventId,
        last: EventId,
    ) -> Result<Vec<(EventId, String)>, Fault> {
        let sql = "SELECT id, detail FROM audit_events WHERE day = $1 AND deed IN ($2, $3) AND id >= $4 AND id <= $5";
        let params = [
            day_of(day).into(),
            Deed::LoggedIn.code().into(),
            Deed::LoginRefused.code().into(),
            first.into(),
            last.into(),
        ];
        self.rows(sql, &params, |c| Ok((c.id()?, c.text()?))).await
    }

    /// The logins of some days, counted (SPID-G7).
    ///
    /// # Errors
    /// The store failed.
    pub async fn count_logins(&mut self, from: Timestamp, to: Timestamp) -> Result<Vec<LoginCount>, Fault> {
        let sql = "SELECT method, COALESCE(issuer, ''), level, outcome, COUNT(*) FROM login_exchanges \
                   WHERE day >= $1 AND day < $2 GROUP BY method, COALESCE(issuer, ''), level, outcome \
                   ORDER BY 1, 2, 3, 4";
        self.rows(sql, &[day_of(from).into(), day_of(to).into()], |c| {
            Ok(LoginCount {
                method: c.code(Method::parse)?,
                issuer: c.text()?,
                level: level(c)?,
                outcome: c.text()?,
                logins: c.number()?,
            })
        })
        .await
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

fn level(c: &mut Columns<'_>) -> Result<Option<Level>, Broken> {
    let Some(number) = c.int_or_null()? else { return Ok(None) };
    let level = u8::try_from(number).ok().and_then(Level::from_number);
    level.map(Some).ok_or_else(|| Broken::new("a level of no known kind"))
}

fn exchange(c: &mut Columns<'_>) -> Result<LoginExchange, Broken> {
    Ok(LoginExchange {
        id: c.id()?,
        at: c.instant()?,
        method: c.code(Method::parse)?,
        request_id: c.text_or_null()?,
        request_at: c.instant_or_null()?,
        request: c.bytes()?.to_vec(),
        response_id: c.text_or_null()?,
        response_at: c.instant_or_null()?,
        issuer: c.text_or_null()?,
        assertion_id: c.text_or_null()?,
        subject: c.text_or_null()?,
        name_qualifier: c.text_or_null()?,
        response: c.bytes()?.to_vec(),
        codice_fiscale: c.text_or_null()?,
        citizen: c.id_or_null()?,
        address: c.text_or_null()?,
        level: level(c)?,
        outcome: c.text()?,
        session: c.id_or_null()?,
    })
}
