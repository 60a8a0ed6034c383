//! The SPID registry in force: a signed list, verified with the operator's pinned certificate; a newer one replaces it
//! whole, a bad one or an empty one never does (SPID-I2, I3).

use std::sync::{Arc, PoisonError, RwLock};

use fascicolo_domain::Fault;
use fascicolo_eid::spid::Providers;
use fascicolo_store::KeptFile;
use jiff::{SignedDuration, Timestamp};

use crate::App;
use crate::ports::{Fetch, Request};

/// The name of the copy in the store.
pub const KEPT: &str = "spid-registry";
/// AgID's registry is fetched once a day; when that fails, again after an hour.
const EVERY: SignedDuration = SignedDuration::from_hours(23);
const AGAIN: (&str, SignedDuration) = (KEPT, SignedDuration::from_hours(1));
/// The aggregate of all providers is some 200 KB.
const LARGEST: usize = 8 * 1024 * 1024;

/// Who signs the registry, and where it is.
#[derive(Clone, Debug)]
pub struct Source {
    /// The pinned certificate, in DER.
    pub certificate: Vec<u8>,
    /// Fetched from there daily; `None`: the operator brings the file.
    pub url: Option<String>,
}

/// The providers in force.
pub struct Registry {
    source: Option<Source>,
    loaded: RwLock<Loaded>,
}

#[derive(Clone)]
struct Loaded {
    providers: Arc<Providers>,
    /// When the copy was fetched or put in place.
    at: Option<Timestamp>,
}

/// What the registry is like, for whoever watches it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RegistryState {
    pub providers: usize,
    /// `None`: nothing was loaded yet.
    pub at: Option<Timestamp>,
}

impl Registry {
    /// Without a source there is no provider, and there never will be one (decision 21).
    #[must_use]
    pub fn new(source: Option<Source>) -> Self {
        Self { source, loaded: RwLock::new(Loaded { providers: Arc::default(), at: None }) }
    }

    #[must_use]
    pub fn providers(&self) -> Arc<Providers> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner).providers)
    }

    #[must_use]
    pub fn state(&self) -> RegistryState {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        RegistryState { providers: loaded.providers.iter().count(), at: loaded.at }
    }

    /// Verifies a copy and puts it in force, unless it is older than the one that is.
    ///
    /// # Errors
    /// It is not what the pinned certificate signed, has ended, or holds no provider: the one in force stays.
    pub fn load(&self, aggregate: &[u8], at: Timestamp, now: Timestamp) -> Result<(), Fault> {
        let providers = Arc::new(self.verified(aggregate, now)?);
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        if loaded.at.is_none_or(|before| before < at) {
            *loaded = Loaded { providers, at: Some(at) };
        }
        Ok(())
    }

    fn verified(&self, aggregate: &[u8], now: Timestamp) -> Result<Providers, Fault> {
        let source =
            self.source.as_ref().ok_or_else(|| Fault::bare("reading a SPID registry nobody signs"))?;
        Providers::from_signed_aggregate(aggregate, &source.certificate, now)
            .map_err(|refused| Fault::new("reading the SPID registry", refused.code()))
    }
}

/// Takes over the store's copy when it is newer than the one in force: each node, each minute, and at the start.
///
/// # Errors
/// The store failed, or its copy is not good.
pub async fn follow(app: &App, now: Timestamp) -> Result<(), Fault> {
    let ours = app.registry.state().at;
    let kept = app.store.read(async |tx| tx.file_kept_at(KEPT).await).await?;
    if app.registry.source.is_none() || kept.is_none() || kept <= ours {
        return Ok(());
    }
    match app.store.read(async |tx| tx.kept_file(KEPT).await).await? {
        Some(copy) => app.registry.load(&copy.body, copy.fetched_at, now),
        None => Ok(()),
    }
}

/// Fetches the registry when it is due, verifies it, keeps it for all nodes; `true`: there is a new copy.
///
/// # Errors
/// It could not be fetched, or is not good: the one in force stays.
pub async fn fetch_due(app: &App, fetch: &dyn Fetch, now: Timestamp) -> Result<bool, Fault> {
    let Some(url) = app.registry.source.as_ref().and_then(|source| source.url.as_deref()) else {
        return Ok(false);
    };
    let recent = now.checked_sub(EVERY).unwrap_or(Timestamp::MIN);
    let (name, again) = AGAIN;
    let until = now.checked_add(again).unwrap_or(Timestamp::MAX);
    let due = app.store.write(async move |tx| {
        let kept = tx.file_kept_at(KEPT).await?;
        Ok::<_, Fault>(kept.is_none_or(|at| at < recent) && tx.claim_lease(name, until, now).await?)
    });
    if !due.await? {
        return Ok(false);
    }
    let body = fetch.file(Request::get(url, LARGEST)).await?;
    app.registry.load(&body, now, now)?;
    let copy = KeptFile { fetched_at: now, body };
    app.store.write(async move |tx| tx.keep_file(KEPT, &copy).await).await?;
    Ok(true)
}
