//! CIE by OpenID Connect under the national federation (CIE-1 to CIE-34): what we publish, whom we trust, and the way
//! through the provider and back. What an answer is worth is decided in `fascicolo-eid`; other servers are reached from
//! here alone.

mod actions;
mod federation;
mod pages;
mod revocation;

use std::sync::{Arc, Mutex, RwLock};

use axum::Router;
use axum::routing::get;
use fascicolo_eid::cie::{Anchor, Keys, RelyingParty};
use jiff::Timestamp;

use self::federation::Known;
use crate::App;
use crate::ports::Fetch;

pub use self::federation::{FederationState, follow, renew_due};
pub(super) use self::pages::start;
pub use self::revocation::revoke_due;

/// We in the federation of CIE, and the one provider there.
pub struct OpenId {
    pub us: RelyingParty,
    pub keys: Keys,
    pub anchor: Anchor,
    /// Entity id of the provider (CIE-8).
    pub provider: String,
    fetch: Arc<dyn Fetch>,
    known: RwLock<Option<Arc<Known>>>,
    /// Our own configuration as it was signed last, and when.
    configuration: Mutex<Option<(Timestamp, String)>>,
}

impl OpenId {
    /// Nothing is known of the provider yet: [`renew_due`] fetches it, or the first login does.
    #[must_use]
    pub fn new(
        us: RelyingParty,
        keys: Keys,
        anchor: Anchor,
        provider: String,
        fetch: Arc<dyn Fetch>,
    ) -> Self {
        let (known, configuration) = (RwLock::new(None), Mutex::new(None));
        Self { us, keys, anchor, provider, fetch, known, configuration }
    }
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/.well-known/openid-federation", get(pages::entity_configuration))
        .route("/cie/resolve", get(pages::resolve))
        .route("/cie/callback", get(pages::callback))
}
