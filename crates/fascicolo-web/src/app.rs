//! `App`: everything a handler needs, cheap to clone.

use std::ops::Deref;
use std::sync::Arc;

use fascicolo_clinical::pdf::TrustAnchors;
use fascicolo_domain::Fault;
use fascicolo_domain::audit::{Actor, Deed, Event};
use fascicolo_domain::ids::EventId;
use fascicolo_domain::login::{Federation, Method};
use fascicolo_domain::person::Acting;
use fascicolo_eid::spid::{Provider, Providers};
use fascicolo_store::Store;
use jiff::Timestamp;

use crate::http::throttle::Throttles;
use crate::login::openid::OpenId;
use crate::login::registry::Registry;
use crate::ports::{Clock, DocumentObjects, Entropy, EntropyExt as _};
use crate::settings::Settings;
use crate::text::Texts;
use crate::vault::Keyring;

/// The site's parts. Nodes keep no state of their own but the throttles, which count per node.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub store: Store,
    pub settings: Settings,
    pub texts: Texts,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub objects: Arc<dyn DocumentObjects>,
    /// The keys that wrap each document's own key (REC-I8).
    pub keyring: Keyring,
    /// The SPID providers.
    pub registry: Registry,
    /// CIE by OpenID Connect; `None`: not this way.
    pub openid: Option<OpenId>,
    /// Whom we trust to have certified the signers of documents (REC-R6).
    pub signers: TrustAnchors,
    pub throttles: Throttles,
}

impl App {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The SPID registry in force.
    #[must_use]
    pub fn spid_providers(&self) -> Arc<Providers> {
        self.registry.providers()
    }

    /// The ways in that this site has.
    #[must_use]
    pub fn ways(&self) -> Vec<Method> {
        self.settings.ways(self.openid.is_some())
    }

    /// A provider of a federation; `None`: it is not, or no longer, in it (SPID-I3).
    #[must_use]
    pub fn provider(&self, federation: Federation, entity_id: &str) -> Option<Arc<Provider>> {
        match federation {
            Federation::Spid => self.spid_providers().get(entity_id).cloned(),
            Federation::Eidas | Federation::Cie => {
                let only = self.settings.only_provider(federation)?;
                (only.entity_id == entity_id).then(|| Arc::clone(only))
            }
        }
    }

    /// An event of a person with a session.
    ///
    /// # Errors
    /// No random bytes for its identifier.
    pub fn event_by(&self, acting: &Acting, deed: Deed, now: Timestamp) -> Result<Event, Fault> {
        Ok(Event::by(acting, deed, EventId::new(now, self.entropy.id()?), now))
    }

    /// An event of nobody we know, or of the program.
    ///
    /// # Errors
    /// No random bytes for its identifier.
    pub fn event_of(&self, actor: Actor, deed: Deed, now: Timestamp) -> Result<Event, Fault> {
        Ok(Event::of(actor, deed, EventId::new(now, self.entropy.id()?), now))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
