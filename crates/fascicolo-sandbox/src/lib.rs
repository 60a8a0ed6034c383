//! The access site with invented citizens and a pretended outside world: what `fascicolo-sandbox` starts, and what
//! the journeys of `fascicolo-web` run on. Nothing of it is in the production program.

pub mod federation;
pub mod idp;
pub mod kept;
pub mod keys;
pub mod loopback;
mod openid;
pub mod people;
pub mod ports;
pub mod program;
mod region;
pub mod samples;
mod seed;
pub mod standins;
pub mod tls;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use fascicolo_adapters::objects::Folder;
use fascicolo_clinical::pdf::TrustAnchors;
use fascicolo_domain::Fault;
use fascicolo_domain::acts::Acts;
use fascicolo_domain::login::Federation;
use fascicolo_eid::spid::{Binding, Provider, Providers, ServiceProvider, SigningKey, metadata};
use fascicolo_store::Store;
use fascicolo_web::App;
use fascicolo_web::app::Parts;
use fascicolo_web::http::throttle::Throttles;
use fascicolo_web::ports::{Clock as _, Entropy};
use fascicolo_web::settings::Saml;
use fascicolo_web::text::Texts;
use fascicolo_web::vault::Keyring;
use jiff::Timestamp;

use federation::CieFederation;
use idp::service::Service;
use idp::{Idps, Services};
use kept::Kept;
use loopback::{Loopback, Routes};
use openid::Ground;
use people::Person;
use ports::{SandboxClock, SeededEntropy};
use samples::DocumentAuthority;
use seed::Signers;
use standins::Front;
use standins::registry::SignedRegistry;

/// How to open a sandbox.
pub struct Options {
    pub addresses: Addresses,
    /// Where data are kept; a temporary folder without it.
    pub folder: Option<PathBuf>,
    /// Another database than the embedded one in the folder.
    pub database: Option<String>,
    pub clock: SandboxClock,
    pub entropy: Arc<dyn Entropy>,
    /// The SPID entity id; the secure address without it.
    pub entity_id: Option<String>,
    /// Metadata of more SPID providers.
    pub spid_providers: Vec<String>,
    /// How requests travel to providers.
    pub binding: Binding,
    /// How one gets in with CIE.
    pub cie: CieProtocol,
    /// Metadata of the provider of CIE by SAML; our own without it.
    pub cie_provider: Option<String>,
    /// Another sandbox's federation, when this is one more node of its site.
    pub federation: Option<CieFederation>,
    /// What needs level 3.
    pub level_three: Acts,
    pub contents: Contents,
}

/// Origins, without a slash at the end.
#[derive(Clone)]
pub struct Addresses {
    pub site: String,
    pub secure: String,
    pub standins: String,
}

/// The two ways of CIE; a region is onboarded one way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CieProtocol {
    Saml,
    OpenId,
}

/// Whose documents are made at the first start. The people themselves are always there.
#[derive(Clone, Copy)]
pub enum Contents {
    /// Nobody's.
    None,
    /// Those of the people with these keys.
    Of(&'static [&'static str]),
    /// Everybody's; and one person has this many rows.
    Everything { many: u32 },
}

impl Options {
    /// For tests in one process: the usual addresses, a clock that stands at `now`, chance that repeats.
    #[must_use]
    pub fn for_tests(now: Timestamp, contents: Contents) -> Self {
        Self {
            addresses: Addresses {
                site: "http://localhost:8080".to_owned(),
                secure: "https://localhost:8443".to_owned(),
                standins: "http://127.0.0.1:8081".to_owned(),
            },
            folder: None,
            database: None,
            clock: SandboxClock::standing_at(now),
            entropy: Arc::new(SeededEntropy::new(1)),
            entity_id: None,
            spid_providers: Vec::new(),
            binding: Binding::Redirect,
            cie: CieProtocol::Saml,
            cie_provider: None,
            federation: None,
            level_three: Acts::NONE,
            contents,
        }
    }
}

/// An open sandbox. Its temporary folder goes when it is dropped.
pub struct Sandbox {
    pub app: App,
    pub clock: Arc<SandboxClock>,
    pub people: Arc<[Person]>,
    pub idps: Idps,
    /// Anchor and provider of CIE by OpenID Connect, when that is the way.
    pub federation: Option<CieFederation>,
    /// The pages of the outside world.
    pub standins: Router,
    /// Where the site and the stand-ins find each other.
    _routes: Arc<Routes>,
    pub kept: Kept,
    /// How many documents the person with very many shall have, if they are still to come.
    missing: Option<u32>,
}

impl Sandbox {
    /// Fills in what may come while the site is open already: the person with very many documents.
    ///
    /// # Errors
    /// The store or the disk failed.
    pub async fn finish(&self) -> Result<(), Fault> {
        if let Some(many) = self.missing {
            seed::multiply(&self.app, &self.people, many).await?;
            self.kept.write(SEEDED, "")?;
        }
        Ok(())
    }

    /// The site's pages.
    pub fn site(&self) -> Router {
        fascicolo_web::site(self.app.clone())
    }

    /// An invented person, by key.
    #[must_use]
    pub fn person(&self, key: &str) -> Option<&Person> {
        self.people.iter().find(|p| p.key == key)
    }
}

/// Opens a sandbox: database, folder, keys, providers, people and their documents.
///
/// # Errors
/// Something cannot be made, read or written.
pub async fn sandbox(options: Options) -> Result<Sandbox, Fault> {
    let kept = Kept::open(options.folder.as_deref())?;
    let clock = Arc::new(options.clock);
    let born = first_start(&kept, clock.now())?;
    let people: Arc<[Person]> = people::people(born)?.into();
    let keys = all_keys(&kept, &options.addresses, options.entity_id.as_deref(), born)?;
    let secure = &options.addresses.secure;
    let spid = region::service_provider(secure, options.entity_id.as_deref(), keys.spid);
    let mut spid = saml(spid, options.binding)?;
    let mut cie = saml(region::cie_service_provider(secure, keys.cie), Binding::Redirect)?;
    let idps = Idps::new(idp::Parts {
        origin: options.addresses.standins.clone(),
        keys: keys.idps,
        services: Services {
            spid: Service::from_metadata(&spid.metadata)?,
            cie: Service::from_metadata(&cie.metadata)?,
        },
        people: Arc::clone(&people),
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&options.entropy),
    })?;
    spid.provider = vouched_for(&idps, Federation::Eidas)?;
    cie.provider = match &options.cie_provider {
        Some(metadata) => one_provider(metadata.as_bytes())?,
        None => vouched_for(&idps, Federation::Cie)?,
    };
    let loopback = Arc::new(Loopback::default());
    let ground = Ground {
        kept: &kept,
        addresses: &options.addresses,
        born,
        people: &people,
        clock: &clock,
        entropy: &options.entropy,
    };
    let (cie, joined) = match options.cie {
        CieProtocol::Saml => (Some(cie), None),
        CieProtocol::OpenId => (None, Some(openid::join(&ground, options.federation, &loopback)?)),
    };
    let (federation, openid) = joined.map(|joined| (joined.federation, joined.site)).unzip();
    let registry =
        SignedRegistry::new(&keys.registry, &options.addresses.standins, &idps, &options.spid_providers)?;
    let signers = Signers {
        known: DocumentAuthority::new("Autorità di firma dell'ambiente di prova")?,
        unknown: DocumentAuthority::new("Autorità che nessuno conosce")?,
    };
    let app = App::new(Parts {
        store: open_store(&kept, options.database.as_deref()).await?,
        settings: region::settings(&options.addresses, (spid, cie), options.level_three),
        texts: Texts::load()?,
        clock: clock.clone(),
        entropy: Arc::clone(&options.entropy),
        objects: Arc::new(Folder::open(&kept.path("documenti"))?),
        keyring: keyring(&kept, &*options.entropy)?,
        registry: registry.opened(clock.now())?,
        openid,
        signers: anchors(&kept, &signers)?,
        throttles: Throttles::default(),
    });
    let mut missing = None;
    if kept.read(SEEDED)?.is_none() {
        seed::fill(&app, &people, options.contents, signers).await?;
        match options.contents {
            Contents::Everything { many } => missing = Some(many),
            Contents::None | Contents::Of(_) => kept.write(SEEDED, "")?,
        }
    }
    let addresses = options.addresses;
    let front = Front {
        site: addresses.site.clone(),
        secure: addresses.secure.clone(),
        people: Arc::clone(&people),
        clock: Arc::clone(&clock),
        cie: options.cie,
    };
    let standins = standins::routes(front, idps.clone(), registry, federation.clone());
    let site = fascicolo_web::site(app.clone());
    let routes = Routes::new(vec![
        (addresses.secure, site.clone()),
        (addresses.site, site),
        (addresses.standins, standins.clone()),
    ]);
    loopback.lead_to(&routes);
    Ok(Sandbox { app, clock, people, idps, federation, standins, kept, _routes: routes, missing })
}

/// There once everything of the first start is in the record.
const SEEDED: &str = "completo";

/// When the folder was first used: ages count from then. What a first start left unfinished is thrown away.
fn first_start(kept: &Kept, now: Timestamp) -> Result<Timestamp, Fault> {
    if kept.read(SEEDED)?.is_none() {
        kept.remove(&[
            "nascita",
            "fascicolo.db",
            "fascicolo.db-wal",
            "fascicolo.db-shm",
            "documenti",
            "ca-documenti.pem",
        ])?;
    }
    let text = kept.keep("nascita", || Ok(now.to_string()))?;
    text.trim().parse().map_err(|e| Fault::new("reading when the sandbox first started", e))
}

/// The site in a federation.
fn saml(service_provider: ServiceProvider, binding: Binding) -> Result<Saml, Fault> {
    let metadata = metadata(&service_provider).map_err(|e| Fault::new("making the site's metadata", e))?;
    Ok(Saml { service_provider, metadata, binding, provider: None })
}

/// The one provider of a federation, as the operator's file describes it.
fn vouched_for(idps: &Idps, federation: Federation) -> Result<Option<Arc<Provider>>, Fault> {
    let Some(idp) = idps.of(federation).next() else { return Ok(None) };
    one_provider(&idp.metadata()?)
}

fn one_provider(metadata: &[u8]) -> Result<Option<Arc<Provider>>, Fault> {
    let mut read = Providers::from_metadata(metadata)
        .map_err(|refused| Fault::new("reading a provider's metadata", refused.code()))?;
    Ok(read.pop().map(Arc::new))
}

/// The keys of everybody who signs.
struct Keys {
    spid: SigningKey,
    cie: SigningKey,
    registry: SigningKey,
    /// Those of the identity providers.
    idps: Vec<SigningKey>,
}

fn all_keys(
    kept: &Kept,
    addresses: &Addresses,
    entity_id: Option<&str>,
    now: Timestamp,
) -> Result<Keys, Fault> {
    let mut wanted = idp::wanted_keys(&addresses.standins);
    wanted.push(standins::registry::wanted_key(&addresses.standins));
    wanted.push(region::cie_wanted_key(&addresses.secure));
    wanted.push(region::wanted_key(&addresses.secure, entity_id));
    let mut keys = keys::keys(kept, &wanted, now)?;
    let mut next = || keys.pop().ok_or_else(|| Fault::bare("making the site's keys"));
    let (spid, cie, registry) = (next()?, next()?, next()?);
    Ok(Keys { spid, cie, registry, idps: keys })
}

async fn open_store(kept: &Kept, url: Option<&str>) -> Result<Store, Fault> {
    let own = format!("sqlite://{}", kept.path("fascicolo.db").display());
    let options =
        fascicolo_store::Options { node: "sandbox".to_owned(), ..fascicolo_store::Options::default() };
    let store = Store::open(url.unwrap_or(&own), options).await?;
    store.migrate().await?;
    Ok(store)
}

fn keyring(kept: &Kept, entropy: &dyn Entropy) -> Result<Keyring, Fault> {
    let text = kept.keep("chiavi-documenti", || Ok(Keyring::new_line(entropy, "sandbox")?.to_string()))?;
    Keyring::parse(&text).map_err(|e| Fault::new("reading the sandbox's keyring", e))
}

/// Whom the site trusts to have certified doctors: the root that signed at the first start.
fn anchors(kept: &Kept, signers: &Signers) -> Result<TrustAnchors, Fault> {
    let root = kept.keep("ca-documenti.pem", || Ok(signers.known.root_pem().to_owned()))?;
    TrustAnchors::from_pem(&root).map_err(|e| Fault::new("reading the documents' root", e))
}
