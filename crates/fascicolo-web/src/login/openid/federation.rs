//! The provider as the federation vouches for it: the chain from the pinned anchor, kept for all nodes, renewed in the
//! background, used to its end and not an instant longer (CIE-9, CIE-13). No login waits for it but the very first.

use std::sync::{Arc, PoisonError};

use fascicolo_domain::Fault;
use fascicolo_eid::cie::{Chain, Discovery, FETCH_BYTES, FETCH_SECONDS, Next, Provider, Refused};
use fascicolo_store::KeptFile;
use jiff::{SignedDuration, Timestamp};

use super::OpenId;
use crate::App;
use crate::ports::{EntropyExt as _, Request};

/// The name of the chain in the store, and of the lease of whoever renews it.
const KEPT: &str = "cie-chain";
/// How often a failed renewal is tried again, and how often a login with an unknown key may ask for a new chain.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// A chain that held, and what a login needs of it.
pub(super) struct Known {
    pub(super) chain: Chain,
    pub(super) provider: Provider,
    /// When it was verified.
    at: Timestamp,
    renew_at: Timestamp,
}

/// What is known of the provider, for whoever watches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FederationState {
    pub verified_at: Timestamp,
    pub expires: Timestamp,
}

impl OpenId {
    /// The chain in force at `now`; `None`: none yet, or it has ended.
    pub(super) fn known(&self, now: Timestamp) -> Option<Arc<Known>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        known.filter(|known| now < known.provider.expires)
    }

    /// `None`: no chain was ever verified here.
    #[must_use]
    pub fn state(&self) -> Option<FederationState> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().map(|k| FederationState { verified_at: k.at, expires: k.provider.expires })
    }

    /// Puts a chain in force, unless a younger one is.
    fn put(&self, known: Known) -> Arc<Known> {
        let mut slot = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match &*slot {
            Some(younger) if younger.at > known.at => Arc::clone(younger),
            Some(_) | None => Arc::clone(slot.insert(Arc::new(known))),
        }
    }

    fn read(&self, statements: &[&str], at: Timestamp, random: u8) -> Result<Known, Refused> {
        let chain = Chain::verify(statements, &self.provider, &self.anchor, at)?;
        let provider = Provider::from_chain(&chain)?;
        Ok(Known { renew_at: chain.renew_at(at, random), chain, provider, at })
    }

    /// From the anchor to the provider, three fetches (CIE-9, CIE-14).
    async fn discover(&self, now: Timestamp) -> Result<Chain, Fault> {
        let refused = |refused: Refused| Fault::new("resolving the provider of CIE", refused.code());
        let mut step = Discovery::begin(&self.anchor, &self.provider).map_err(refused)?;
        loop {
            let body = self.fetch.file(request(step.url())).await?;
            match step.take(&body, now).map_err(refused)? {
                Next::Fetch(next) => step = *next,
                Next::Done(chain) => return Ok(*chain),
            }
        }
    }
}

/// A fetch within the limits of the federation (CIE-14).
pub(super) fn request(url: &str) -> Request {
    let within = std::time::Duration::from_secs(FETCH_SECONDS);
    Request { within, ..Request::get(url, FETCH_BYTES) }
}

/// The chain for a login: the one in force; the very first login fetches it itself.
///
/// # Errors
/// There is none, and none can be had now.
pub(super) async fn for_login(app: &App, openid: &OpenId, now: Timestamp) -> Result<Arc<Known>, Fault> {
    if let Some(known) = openid.known(now) {
        return Ok(known);
    }
    // a copy that does not hold, of another anchor say, does not stand in the way of a new one
    if let Err(fault) = follow(app, now).await {
        tracing::error!("the kept chain of CIE's provider is not used: {fault:?}");
    }
    match openid.known(now) {
        Some(known) => Ok(known),
        // one at a time: a federation that does not answer is not asked by everybody
        None if claim(app, now).await? => renew(app, openid, now).await,
        None => Err(Fault::bare("the provider of CIE is not known yet")),
    }
}

/// Once more for a key that the chain does not know, seldom (CIE-23): the lease lets one through a minute.
///
/// # Errors
/// The store or the network failed.
pub(super) async fn refresh(app: &App, openid: &OpenId, now: Timestamp) -> Result<Option<Arc<Known>>, Fault> {
    if claim(app, now).await? { renew(app, openid, now).await.map(Some) } else { Ok(None) }
}

async fn renew(app: &App, openid: &OpenId, now: Timestamp) -> Result<Arc<Known>, Fault> {
    let chain = openid.discover(now).await?;
    let statements: Vec<&str> = chain.statements().iter().map(String::as_str).collect();
    let random = app.entropy.id()?.first().copied().unwrap_or_default();
    let known = openid
        .read(&statements, now, random)
        .map_err(|refused| Fault::new("resolving the provider of CIE", refused.code()))?;
    let body = statements.join("\n").into_bytes();
    let copy = KeptFile { fetched_at: now, body };
    app.store.write(async move |tx| tx.keep_file(KEPT, &copy).await).await?;
    Ok(openid.put(known))
}

async fn claim(app: &App, now: Timestamp) -> Result<bool, Fault> {
    let until = now.checked_add(AGAIN).unwrap_or(Timestamp::MAX);
    app.store.write(async move |tx| tx.claim_lease(KEPT, until, now).await).await
}

/// Takes over the store's chain when it is younger than the one in force: each node, each minute, and at the start.
///
/// # Errors
/// The store failed, or its copy does not hold.
pub async fn follow(app: &App, now: Timestamp) -> Result<(), Fault> {
    let Some(openid) = &app.openid else { return Ok(()) };
    let ours = openid.state().map(|state| state.verified_at);
    let kept = app.store.read(async |tx| tx.file_kept_at(KEPT).await).await?;
    if kept.is_none() || kept <= ours {
        return Ok(());
    }
    let Some(copy) = app.store.read(async |tx| tx.kept_file(KEPT).await).await? else { return Ok(()) };
    let text = String::from_utf8(copy.body).map_err(|e| Fault::new("reading the kept chain of CIE", e))?;
    let statements: Vec<&str> = text.split('\n').collect();
    let random = app.entropy.id()?.first().copied().unwrap_or_default();
    let known = openid
        .read(&statements, copy.fetched_at, random)
        .map_err(|refused| Fault::new("reading the kept chain of CIE", refused.code()))?;
    if known.provider.expires > now {
        openid.put(known);
    }
    Ok(())
}

/// Renews the chain when it is due, on one node; `true`: there is a new one. The old one serves to its end.
///
/// # Errors
/// It could not be fetched, or does not hold.
pub async fn renew_due(app: &App, now: Timestamp) -> Result<bool, Fault> {
    let Some(openid) = &app.openid else { return Ok(false) };
    let due = openid.known(now).is_none_or(|known| known.renew_at <= now);
    if !due || !claim(app, now).await? {
        return Ok(false);
    }
    renew(app, openid, now).await.map(|_| true)
}
