//! What a person does with their profile.

use fascicolo_domain::Fault;
use fascicolo_domain::acts::{Act, Barred, may};
use fascicolo_domain::audit::Deed;
use fascicolo_domain::ids::SessionId;
use fascicolo_domain::login::session::Life;
use fascicolo_domain::login::{Method, Session};
use fascicolo_domain::person::Acting;
use jiff::Timestamp;

use crate::App;

/// Why the profile stays closed.
#[derive(Debug)]
pub enum ProfileError {
    Barred(Barred),
    Fault(Fault),
}

impl From<Fault> for ProfileError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What changes from visit to visit.
pub struct Sessions {
    /// Those alive, newest first, the one asking among them.
    pub open: Vec<Session>,
    /// The login before this one.
    pub previous_login: Option<(Timestamp, Method)>,
}

/// The person's open sessions and last login (ACC-S4).
///
/// # Errors
/// The store failed, or the profile is not for who asks.
pub async fn sessions(app: &App, acting: &Acting, opened_at: Timestamp) -> Result<Sessions, ProfileError> {
    allow(app, acting, Act::SeeProfile)?;
    let actor = acting.actor;
    let (mut open, previous_login) = app
        .store
        .read(async move |tx| {
            let open = tx.sessions_of(actor).await?;
            Ok::<_, Fault>((open, tx.previous_login(actor, opened_at).await?))
        })
        .await?;
    let now = app.clock.now();
    open.retain(|session| is_alive(app, session, now));
    open.sort_by_key(|session| std::cmp::Reverse(session.opened_at));
    Ok(Sessions { open, previous_login })
}

/// Ends one of the person's other sessions. One that is over already, or is somebody else's, is not told apart.
///
/// # Errors
/// The store failed, or ending sessions is not for who asks.
pub async fn end_one(app: &App, acting: &Acting, id: SessionId) -> Result<(), ProfileError> {
    allow(app, acting, Act::EndSession)?;
    // the session that asks ends by leaving
    if id == acting.session {
        return Ok(());
    }
    let actor = acting.actor;
    let event = app.event_by(acting, Deed::SessionEnded, app.clock.now())?;
    app.store
        .write(async move |tx| {
            let event = if tx.delete_session_of(actor, id).await? {
                event
            } else {
                event.refused().saying("not_found")
            };
            tx.record(&event).await?;
            Ok(())
        })
        .await
}

/// Ends all the person's sessions but the one that asks.
///
/// # Errors
/// As [`end_one`].
pub async fn end_others(app: &App, acting: &Acting) -> Result<(), ProfileError> {
    allow(app, acting, Act::EndSession)?;
    let (actor, own) = (acting.actor, acting.session);
    let event = app.event_by(acting, Deed::SessionEnded, app.clock.now())?.saying("others");
    app.store
        .write(async move |tx| {
            let mut ended = false;
            for session in tx.sessions_of(actor).await? {
                if session.id != own {
                    ended |= tx.delete_session_of(actor, session.id).await?;
                }
            }
            if ended {
                tx.record(&event).await?;
            }
            Ok(())
        })
        .await
}

fn allow(app: &App, acting: &Acting, act: Act) -> Result<(), ProfileError> {
    may(acting, act, &app.settings.policy).map_err(ProfileError::Barred)
}

fn is_alive(app: &App, session: &Session, now: Timestamp) -> bool {
    matches!(session.life(&app.settings.policy.limits, now), Life::Alive { .. })
}
