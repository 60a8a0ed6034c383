//! `register export` and `register figures`: the login register of 24 months (SPID-G), for authorities and for the
//! person, and counted for AgID. Reading it is an act on record, and each row is held against the audit trail.

use std::collections::HashMap;
use std::io::Write;

use clap::Args;
use fascicolo_adapters::{SystemClock, SystemEntropy};
use fascicolo_domain::audit::{Actor, Deed, Event};
use fascicolo_domain::ids::EventId;
use fascicolo_store::{ExchangeFilter, LoginExchange, Store};
use fascicolo_web::ports::{Clock as _, Entropy, EntropyExt as _};
use fascicolo_web::vault::Keyring;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::json;

use crate::assemble;
use crate::config::Config;
use crate::failure::Failure;

/// Rows a read takes.
const BATCH: u16 = 200;
/// The longest reason, in bytes.
const REASON: usize = 200;

#[derive(Args)]
pub struct Days {
    /// The first day (UTC)
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Date,
    /// The last day (UTC)
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: Date,
}

impl Days {
    /// From 00:00 of the first day to 00:00 of the day after the last.
    fn span(&self) -> Result<(Timestamp, Timestamp), Failure> {
        let at = |day: Date| day.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
        let end = self.to.checked_add(1.day()).and_then(at).map_err(|e| Failure::new(e.to_string()))?;
        let start = at(self.from).map_err(|e| Failure::new(e.to_string()))?;
        if end <= start {
            return Err(Failure::new("--to is before --from"));
        }
        Ok((start, end))
    }
}

#[derive(Args)]
pub struct Wanted {
    #[command(flatten)]
    days: Days,
    /// Why it is read: the authority and its act, or the person's request; kept in the trail of acts
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[arg(long, value_name = "CF")]
    codice_fiscale: Option<String>,
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    #[arg(long, value_name = "ID")]
    response_id: Option<String>,
    #[arg(long, value_name = "ID")]
    assertion_id: Option<String>,
    /// The assertion's NameID
    #[arg(long, value_name = "NAMEID")]
    subject: Option<String>,
}

/// Prints the exchanges asked for, one JSON object a line; `false`: one of them is not what the trail says.
///
/// # Errors
/// No reason, the register cannot be read, or a key is missing.
pub async fn export(config: &Config, wanted: &Wanted, out: &mut dyn Write) -> Result<bool, Failure> {
    let reason = wanted.reason.trim();
    if reason.is_empty() || reason.len() > REASON || reason.contains(char::is_control) {
        return Err(Failure(format!("--reason must be a line of 1 to {REASON} bytes")));
    }
    let (from, to) = wanted.days.span()?;
    let (store, keyring) = (assemble::store(config).await?, assemble::keyring(config)?);
    let filter = ExchangeFilter {
        from: Some(from),
        to: Some(to),
        codice_fiscale: wanted.codice_fiscale.as_deref().map(str::to_uppercase),
        request_id: wanted.request_id.clone(),
        response_id: wanted.response_id.clone(),
        assertion_id: wanted.assertion_id.clone(),
        subject: wanted.subject.clone(),
    };
    record(&store, reason).await?;
    let (mut after, mut all_whole) = (None, true);
    loop {
        let wanted = filter.clone();
        let found = store.read(async move |tx| tx.login_exchanges(&wanted, after, BATCH).await).await?;
        let traces = traces(&store, &found).await?;
        for exchange in &found {
            let whole = traces.get(&exchange.id).is_some_and(|said| *said == trace(exchange));
            all_whole &= whole;
            writeln!(out, "{}", line(exchange, whole, &keyring)?)?;
        }
        match found.last() {
            Some(last) if found.len() == usize::from(BATCH) => after = Some((last.at, last.id)),
            _ => return Ok(all_whole),
        }
    }
}

/// What the audit row of an exchange must say.
fn trace(exchange: &LoginExchange) -> String {
    format!("{} {}", exchange.outcome, exchange.digest().to_hex())
}

/// What the audit rows of these exchanges say.
async fn traces(store: &Store, found: &[LoginExchange]) -> Result<HashMap<EventId, String>, Failure> {
    let mut said = HashMap::new();
    for day in found.chunk_by(|a, b| day(a.at) == day(b.at)) {
        if let [first, .., last] | [first @ last] = day {
            let (at, first, last) = (first.at, first.id, last.id);
            said.extend(store.read(async move |tx| tx.login_traces(at, first, last).await).await?);
        }
    }
    Ok(said)
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// Reading is an act, and on record before the first line is out.
async fn record(store: &Store, reason: &str) -> Result<(), Failure> {
    let (entropy, now): (&dyn Entropy, _) = (&SystemEntropy, SystemClock.now());
    let id = EventId::new(now, entropy.id()?);
    let event = Event::of(Actor::System, Deed::RegisterRead, id, now).saying(reason);
    Ok(store.write(async move |tx| tx.record(&event).await).await?)
}

fn line(e: &LoginExchange, whole: bool, keyring: &Keyring) -> Result<serde_json::Value, Failure> {
    let open = |part: &str, sealed: &[u8]| -> Result<String, Failure> {
        let plain = keyring.open_bytes(&format!("login {part} {}", e.id), sealed)?;
        String::from_utf8(plain).map_err(|e| Failure::new(e.to_string()))
    };
    Ok(json!({
        "id": e.id.to_string(),
        "at": e.at.to_string(),
        "method": e.method.code(),
        "outcome": e.outcome,
        "whole": whole,
        "request_id": e.request_id,
        "request_at": e.request_at.map(|at| at.to_string()),
        "response_id": e.response_id,
        "response_at": e.response_at.map(|at| at.to_string()),
        "issuer": e.issuer,
        "assertion_id": e.assertion_id,
        "subject": e.subject,
        "name_qualifier": e.name_qualifier,
        "codice_fiscale": e.codice_fiscale,
        "address": e.address,
        "level": e.level.map(|level| level.number()),
        "session": e.session.map(|session| session.to_string()),
        "request": open("request", &e.request)?,
        "response": open("response", &e.response)?,
    }))
}

/// Prints how many logins there were, by way in, provider, level and outcome, as CSV; nothing personal.
///
/// # Errors
/// The register cannot be read.
pub async fn figures(config: &Config, days: &Days, out: &mut dyn Write) -> Result<(), Failure> {
    let (from, to) = days.span()?;
    let store = assemble::store(config).await?;
    writeln!(out, "from,to,method,issuer,level,outcome,logins")?;
    for count in store.read(async move |tx| tx.count_logins(from, to).await).await? {
        let level = count.level.map(|level| level.number().to_string()).unwrap_or_default();
        let issuer = if count.issuer.contains([',', '"']) {
            format!("\"{}\"", count.issuer.replace('"', "\"\""))
        } else {
            count.issuer
        };
        let (method, outcome) = (count.method.code(), count.outcome);
        writeln!(out, "{},{},{method},{issuer},{level},{outcome},{}", days.from, days.to, count.logins)?;
    }
    Ok(())
}
