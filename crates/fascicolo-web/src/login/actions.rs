//! From a proved identity to a session: here rule, data and audit meet, whatever the way in.

use fascicolo_domain::Fault;
use fascicolo_domain::audit::{Actor, Deed, Event};
use fascicolo_domain::ids::{CitizenId, SessionId};
use fascicolo_domain::login::session::Life;
use fascicolo_domain::login::{Admission, Denial, Identity, Session, admit};
use fascicolo_domain::person::{Citizen, Standing};
use fascicolo_domain::secret::{Digest, Token};
use fascicolo_eid::spid::Anomaly;
use fascicolo_store::{AtProvider, LoginExchange, NewSession, Put, Tx};
use jiff::Timestamp;

use super::return_to::ReturnTo;
use crate::App;
use crate::ports::EntropyExt as _;

/// How a login ended.
pub(super) enum Outcome {
    Opened(Opened),
    /// The provider says why not.
    Anomaly(Anomaly),
    /// Another country vouches for the person, and nobody knows yet whose record it is; the number of the request.
    Abroad(String),
    /// The answer is good, and we do not admit the person.
    Denied(Denial),
    /// A failure with a page of its own below `login.refused`; the cause, for the log.
    Failed {
        page: &'static str,
        cause: &'static str,
    },
    /// The answer proves nothing; the rule that failed, for the log.
    Refused(&'static str),
}

pub(super) struct Opened {
    pub(super) token: Token,
    pub(super) return_to: Option<ReturnTo>,
    actor: Actor,
    birth_dates_disagree: bool,
}

/// The audit row and the login log's row, under the same identifier.
pub(super) async fn leave_traces(
    tx: &mut Tx<'_>,
    outcome: &Outcome,
    mut exchange: LoginExchange,
) -> Result<(), Fault> {
    let (granted, code) = match outcome {
        Outcome::Opened(_) => (true, "ok".to_owned()),
        Outcome::Anomaly(anomaly) => {
            (false, anomaly.number().map_or_else(|| "anomaly".to_owned(), |nr| format!("anomaly_{nr}")))
        }
        Outcome::Abroad(_) => (false, "abroad".to_owned()),
        Outcome::Denied(denial) => (false, denial.code().to_owned()),
        Outcome::Failed { cause: rule, .. } | Outcome::Refused(rule) => (false, (*rule).to_owned()),
    };
    let deed = if granted { Deed::LoggedIn } else { Deed::LoginRefused };
    let actor = match outcome {
        Outcome::Opened(opened) => opened.actor,
        Outcome::Anomaly(_)
        | Outcome::Abroad(_)
        | Outcome::Denied(_)
        | Outcome::Failed { .. }
        | Outcome::Refused(_) => Actor::Anyone,
    };
    // the register wins over the login, and the difference is on record (ACC-A4)
    let disagree = matches!(outcome, Outcome::Opened(Opened { birth_dates_disagree: true, .. }));
    let said = if disagree { "birth_dates_disagree" } else { &code };
    exchange.outcome = said.to_owned();
    // the chained trail holds the register's row too (SPID-G3)
    let detail = format!("{said} {}", exchange.digest().to_hex());
    let mut event =
        Event::of(actor, deed, exchange.id, exchange.at).with_method(exchange.method).saying(detail);
    event.granted = granted;
    event.subject = exchange.citizen;
    tx.record(&event).await?;
    tx.insert_login_exchange(&exchange).await
}

/// A proved identity on its way to a session.
pub(super) struct Login {
    pub(super) identity: Identity,
    /// Who else may keep a session of this login.
    pub(super) at_provider: Option<AtProvider>,
    pub(super) return_to: Option<ReturnTo>,
    /// Token of the session that this one replaces.
    pub(super) previous_session: Option<Digest>,
    /// Whoever vouches for the person lets no session last longer.
    pub(super) until: Option<Timestamp>,
    pub(super) now: Timestamp,
}

impl Login {
    /// Admits the person or says why not; a person admitted has a session afterwards.
    ///
    /// # Errors
    /// No random bytes, or the store failed.
    pub(super) async fn settle(
        self,
        app: &App,
        tx: &mut Tx<'_>,
        exchange: &mut LoginExchange,
    ) -> Result<Outcome, Fault> {
        let code = self.identity.codice_fiscale;
        exchange.codice_fiscale = Some(code.as_str().to_owned());
        exchange.level = Some(self.identity.level);
        let known = tx.citizen_by_codice_fiscale(&code).await?;
        exchange.citizen = known.as_ref().map(|c| c.id);
        let admission = match admit(&self.identity, known.as_ref(), &app.settings.policy, self.now) {
            Ok(admission) => admission,
            Err(denial) => return Ok(Outcome::Denied(denial)),
        };
        let citizen = match known {
            Some(citizen) if citizen.registered => citizen.id,
            other => {
                let id = match other {
                    Some(citizen) => citizen.id,
                    None => CitizenId::new(self.now, app.entropy.id()?),
                };
                match tx.put_citizen(&self.stranger(id)).await? {
                    Put::Stored => id,
                    // another first login of the same person was quicker
                    Put::Taken(other) => other,
                }
            }
        };
        exchange.citizen = Some(citizen);
        let (token, session) = match self.stronger_session(app, tx, citizen).await? {
            Some(kept) => kept,
            None => self.open_session(app, tx, citizen, &admission).await?,
        };
        exchange.session = Some(session);
        Ok(Outcome::Opened(Opened {
            token,
            return_to: self.return_to,
            actor: Actor::Person { id: citizen, capacity: admission.capacity, session },
            birth_dates_disagree: admission.birth_dates_disagree,
        }))
    }

    /// The session of the same person in this browser, when it is stronger than this login: a login lowers no session,
    /// and lengthens none (SPID-L3). It goes on under a new token (ACC-S1). Any other one ends here.
    async fn stronger_session(
        &self,
        app: &App,
        tx: &mut Tx<'_>,
        citizen: CitizenId,
    ) -> Result<Option<(Token, SessionId)>, Fault> {
        let Some(previous) = &self.previous_session else {
            return Ok(None);
        };
        let Some((session, _)) = tx.session(previous).await? else {
            return Ok(None);
        };
        let alive = matches!(session.life(&app.settings.policy.limits, self.now), Life::Alive { .. });
        if session.citizen == citizen && alive && session.level > self.identity.level {
            let token = app.entropy.token()?;
            return Ok(tx
                .renew_session(previous, &token.digest(), self.now)
                .await?
                .then_some((token, session.id)));
        }
        tx.delete_session(previous).await?;
        Ok(None)
    }

    /// A new token at each login (ACC-S1).
    async fn open_session(
        &self,
        app: &App,
        tx: &mut Tx<'_>,
        citizen: CitizenId,
        admission: &Admission,
    ) -> Result<(Token, SessionId), Fault> {
        let token = app.entropy.token()?;
        let session = Session {
            id: SessionId::new(self.now, app.entropy.id()?),
            citizen,
            method: self.identity.method,
            level: self.identity.level,
            opened_at: self.now,
            last_seen_at: self.now,
            ends_at: self.until.map_or(admission.ends_at, |until| until.min(admission.ends_at)),
        };
        let at_provider = self.at_provider.clone();
        tx.insert_session(&NewSession { session, token: token.digest(), at_provider }).await?;
        Ok((token, session.id))
    }

    /// Somebody this region's register does not know: admitted, with the data of the login (ACC-A9).
    fn stranger(&self, id: CitizenId) -> Citizen {
        Citizen {
            id,
            codice_fiscale: self.identity.codice_fiscale,
            given_name: self.identity.given_name.clone(),
            family_name: self.identity.family_name.clone(),
            birth_date: self.identity.birth_date,
            registered: false,
            standing: Standing::Active,
            ward: false,
        }
    }
}
