//! CIE's federation in the sandbox: a trust anchor and the one provider, by OpenID Connect, with invented people and
//! wrong answers on purpose (`CIE-*`). They know the site by its entity configuration alone, which they fetch. Their
//! rules are written from the requirements, not from the library that the site uses.

mod anchor;
mod answer;
mod client;
mod desk;
mod endpoints;
pub mod mistake;
mod pages;
mod provider;
mod request;
mod signer;
mod token;

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fascicolo_domain::Fault;
use fascicolo_eid::cie;
use fascicolo_eid::cie::jose::JwkSet;
use fascicolo_eid::cie::{FETCH_BYTES, TrustMark, well_known};
use fascicolo_eid::spid::CertificateSubject;
use fascicolo_web::ports::{Clock as _, Entropy, Fetch, Request};
use jiff::Timestamp;

use self::anchor::{Anchor, Known};
use self::client::{Client, Unknown, Vouched};
use self::desk::Desk;
use self::provider::Provider;
use self::signer::Signer;
use crate::keys::Wanted;
use crate::people::Person;
use crate::ports::SandboxClock;

pub use self::desk::Counts;
pub use self::pages::routes;
pub use self::request::Flaw;
pub use self::token::Denied;

/// Anchor and provider.
#[derive(Clone)]
pub struct CieFederation(Arc<Inner>);

struct Inner {
    anchor: Anchor,
    provider: Provider,
    desk: Mutex<Desk>,
    people: Arc<[Person]>,
    clock: Arc<SandboxClock>,
    entropy: Arc<dyn Entropy>,
    /// Reaches the site.
    fetch: Arc<dyn Fetch>,
}

/// What the federation is made of.
pub struct Parts {
    /// The stand-ins' origin, without a slash at the end.
    pub origin: String,
    /// As made for [`wanted_keys`], in PEM.
    pub keys: Vec<String>,
    /// The site's entity id, and its federation keys as it brought them at onboarding.
    pub site: (String, JwkSet),
    pub people: Arc<[Person]>,
    pub clock: Arc<SandboxClock>,
    pub entropy: Arc<dyn Entropy>,
    pub fetch: Arc<dyn Fetch>,
}

/// The keys it needs: of the anchor; of the provider for statements, for tokens, for tokens after a change; and one
/// that nobody publishes.
#[must_use]
pub fn wanted_keys(origin: &str) -> Vec<Wanted> {
    let files = ["ancora", "gestore", "gestore-firma", "gestore-firma-nuova", "estranea"];
    let wanted = |file: &str| Wanted {
        file: format!("federazione-{file}"),
        bits: 2048,
        subject: CertificateSubject {
            common_name: format!("Federazione di prova {file}"),
            organization: format!("Federazione di prova {file}"),
            entity_id: format!("{origin}/federazione/{file}"),
            ipa_code: "prova".to_owned(),
            country: "IT".to_owned(),
            locality: "Roma".to_owned(),
        },
    };
    files.into_iter().map(wanted).collect()
}

impl CieFederation {
    /// Opens anchor and provider.
    ///
    /// # Errors
    /// The keys are not those wanted.
    pub fn new(parts: Parts) -> Result<Self, Fault> {
        let keys: Result<Vec<Signer>, Fault> = parts.keys.iter().map(|pem| Signer::from_pem(pem)).collect();
        let keys: Result<[Signer; 5], _> = keys?.try_into();
        let keys = keys.map_err(|_| Fault::bare("opening the federation: not as many keys as wanted"))?;
        let [top, federation, signing, next, foreign] = keys;
        let provider = Provider {
            entity_id: format!("{}/cie-oidc", parts.origin),
            anchor: format!("{}/federazione", parts.origin),
            federation,
            signing: [signing, next],
            foreign,
            changed: AtomicBool::new(false),
        };
        let (site, site_keys) = parts.site;
        let anchor = Anchor {
            entity_id: provider.anchor.clone(),
            key: top,
            provider: Known { entity_id: provider.entity_id.clone(), keys: provider.federation.jwks() },
            site: Known { entity_id: site, keys: site_keys },
            withdrawn: AtomicBool::new(false),
        };
        Ok(Self(Arc::new(Inner {
            anchor,
            provider,
            desk: Mutex::default(),
            people: parts.people,
            clock: parts.clock,
            entropy: parts.entropy,
            fetch: parts.fetch,
        })))
    }

    /// The anchor with its keys, to be pinned (CIE-9).
    #[must_use]
    pub fn anchor(&self) -> cie::Anchor {
        let anchor = &self.0.anchor;
        cie::Anchor { entity_id: anchor.entity_id.clone(), keys: anchor.key.jwks(), intermediates: 0 }
    }

    /// The provider's entity id.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.0.provider.entity_id
    }

    /// The mark that the anchor gives to the site at onboarding (CIE-12).
    ///
    /// # Errors
    /// Signing failed.
    pub fn trust_mark(&self, now: Timestamp) -> Result<TrustMark, Fault> {
        self.0.anchor.mark(now)
    }

    /// The anchor says nothing of the provider any more, or does again.
    pub fn withdraw(&self, withdrawn: bool) {
        self.0.anchor.withdrawn.store(withdrawn, Ordering::SeqCst);
    }

    /// The provider signs with its other key from now on, and publishes that one alone.
    pub fn change_key(&self) {
        self.0.provider.changed.fetch_xor(true, Ordering::SeqCst);
    }

    /// How often what happened.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.desk().counts
    }

    /// Whether an access token was given and has been revoked (CIE-27).
    #[must_use]
    pub fn is_revoked(&self, access_token: &str) -> bool {
        self.desk().tokens.find(access_token).is_some_and(|given| given.revoked)
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn person(&self, key: &str) -> Option<&Person> {
        self.0.people.iter().find(|p| p.key == key)
    }

    /// A relying party: as it was known, or as it says now.
    async fn client(&self, id: &str) -> Result<Arc<Client>, Unknown> {
        let now = self.now();
        if let Some(known) = self.desk().clients.get(id).filter(|c| c.from <= now && now < c.until) {
            return Ok(Arc::clone(known));
        }
        let client = Arc::new(self.met(id, now).await?);
        self.desk().clients.insert(id.to_owned(), Arc::clone(&client));
        Ok(client)
    }

    /// A stranger is not even asked: the anchor must know it first.
    async fn met(&self, id: &str, now: Timestamp) -> Result<Client, Unknown> {
        let anchor = &self.0.anchor;
        let statement = anchor.statement(id, now).ok().flatten().filter(|_| id == anchor.site.entity_id);
        let statement = statement.ok_or(Unknown::Anchor)?;
        let fetched = self.0.fetch.file(Request::get(&well_known(id), FETCH_BYTES)).await;
        let fetched = fetched.inspect_err(|fault| tracing::warn!(?fault, "the site does not say who it is"));
        let configuration = String::from_utf8(fetched.map_err(|_| Unknown::Configuration)?);
        let configuration = configuration.map_err(|_| Unknown::Configuration)?;
        let by = Vouched {
            id,
            anchor: &anchor.entity_id,
            anchor_keys: &anchor.key.jwks(),
            mark: &anchor.mark_kind(),
            statement: &statement,
        };
        Client::read(&configuration, &by, now)
    }
}
