//! Periodic work: what has ended is swept, what must be kept is signed, what is past its time is erased.
//! Each runs under a lease, so that one node does it; a failed one comes again when its lease ends.

use std::sync::Arc;

use fascicolo_domain::{Fault, retention};
use jiff::{SignedDuration, Timestamp};

use crate::App;
use crate::login::openid;
use crate::vault::SiteKey;

/// What runs, and how often.
const SWEEP: (&str, SignedDuration) = ("sweep", SignedDuration::from_mins(5));
const CHECKPOINT: (&str, SignedDuration) = ("audit-checkpoint", SignedDuration::from_mins(10));
const ERASE: (&str, SignedDuration) = ("erase", SignedDuration::from_hours(24));

/// Does whatever is due. The programs call it every minute, a test directly.
///
/// # Errors
/// The store failed; what was done stays done.
pub async fn run_due(app: &App, key: &Arc<SiteKey>, now: Timestamp) -> Result<(), Fault> {
    if claim(app, SWEEP, now).await? {
        sweep(app, now).await?;
    }
    if claim(app, CHECKPOINT, now).await? {
        app.store.ensure_partitions(now).await?;
        let key = Arc::clone(key);
        app.store.checkpoint_audit(now, move |statement| Ok(key.sign(statement))).await?;
    }
    if claim(app, ERASE, now).await? {
        let before = now.checked_sub(retention::LOGIN_EXCHANGE).unwrap_or(Timestamp::MIN);
        app.store.write(async move |tx| tx.purge_login_exchanges(before).await).await?;
        let key = Arc::clone(key);
        app.store.erase_audit(before, now, move |statement| Ok(key.sign(statement))).await?;
    }
    openid::revoke_due(app, now).await
}

async fn claim(
    app: &App,
    (name, every): (&'static str, SignedDuration),
    now: Timestamp,
) -> Result<bool, Fault> {
    let until = now.checked_add(every).unwrap_or(Timestamp::MAX);
    app.store.write(async move |tx| tx.claim_lease(name, until, now).await).await
}

/// Sessions and pending logins that ended.
async fn sweep(app: &App, now: Timestamp) -> Result<(), Fault> {
    let idle_before = now.checked_sub(app.settings.policy.limits.idle).unwrap_or(Timestamp::MIN);
    app.store
        .write(async move |tx| {
            tx.purge_sessions(idle_before, now).await?;
            tx.purge_login_requests(now).await?;
            tx.purge_openid_logins(now).await?;
            tx.purge_matching_requests(now).await?;
            tx.purge_logout_requests(now).await
        })
        .await
        .map(drop)
}
