//! CIE by OpenID Connect under the national federation (CIE-1 to CIE-34): what we publish, whom we trust, and the way
//! through the provider and back. What an answer is worth is decided in `fascicolo-eid`; other servers are reached from
//! here alone.

mod federation;

use std::sync::{Arc, RwLock};

use fascicolo_eid::cie::{Anchor, Keys, RelyingParty};

use self::federation::Known;
use crate::ports::Fetch;

pub use self::federation::{FederationState, follow, renew_due};

/// We in the federation of CIE, and the one provider there.
pub struct OpenId {
    pub us: RelyingParty,
    pub keys: Keys,
    pub anchor: Anchor,
    /// Entity id of the provider (CIE-8).
    pub provider: String,
    fetch: Arc<dyn Fetch>,
    known: RwLock<Option<Arc<Known>>>,
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
        Self { us, keys, anchor, provider, fetch, known: RwLock::new(None) }
    }
}
