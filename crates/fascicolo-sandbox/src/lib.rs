//! The access site with invented citizens and a pretended outside world: what `fascicolo-sandbox` starts, and what
//! the journeys of `fascicolo-web` run on. Nothing of it is in the production program.

pub mod federation;
pub mod idp;
pub mod kept;
pub mod keys;
pub mod loopback;
pub mod people;
pub mod ports;
pub mod program;
mod region;
pub mod samples;
mod seed;
pub mod standins;
pub mod tls;
mod ways;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use fascicolo_adapters::objects::Folder;
use fascicolo_clinical::pdf::TrustAnchors;
use fascicolo_domain::Fault;
use fascicolo_domain::acts::Acts;
use fascicolo_eid::spid::{Binding, SigningKey};
use fascicolo_store::Store;
use fascicolo_web::App;
use fascicolo_web::app::Parts;
use fascicolo_web::http::throttle::Throttles;
use fascicolo_web::ports::{Clock as _, Entropy};
use fascicolo_web::text::Texts;
use fascicolo_web::vault::Keyring;
use jiff::Timestamp;

use federation::CieFederation;
use idp::Idps;
use kept::Kept;
use loopback::{Loopback, Routes};
use people::Person;
use ports::{SandboxClock, SeededEntropy};
use samples::DocumentAuthority;
use seed::Signers;
use standins::Front;
use ways::{Ground, Ways, Wish};

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
    let loopback = Arc::new(Loopback::default());
    let ground = Ground {
        kept: &kept,
        addresses: &options.addresses,
        born,
        people: &people,
        clock: &clock,
        entropy: &options.entropy,
        loopback: &loopback,
    };
    let wish = Wish {
        entity_id: options.entity_id.as_deref(),
        binding: options.binding,
        spid_providers: &options.spid_providers,
        cie: options.cie,
        cie_provider: options.cie_provider.as_deref(),
        federation: options.federation,
    };
    let Ways { idps, registry, spid, cie, openid, federation } = ways::open(&ground, keys, wish)?;
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
    let missing = fill(&app, &kept, &people, options.contents, signers).await?;
    let Addresses { site, secure, standins: outside } = options.addresses;
    let front = Front {
        site: site.clone(),
        secure: secure.clone(),
        people: Arc::clone(&people),
        clock: Arc::clone(&clock),
        cie: options.cie,
    };
    let standins = standins::routes(front, idps.clone(), registry, federation.clone());
    let ours = fascicolo_web::site(app.clone());
    let routes = vec![(secure, ours.clone()), (site, ours), (outside, standins.clone())];
    let routes = Routes::new(routes);
    loopback.lead_to(&routes);
    Ok(Sandbox { app, clock, people, idps, federation, standins, kept, _routes: routes, missing })
}

/// Fills a new record; returns how many documents are still to come for the person with very many.
async fn fill(
    app: &App,
    kept: &Kept,
    people: &[Person],
    contents: Contents,
    signers: Signers,
) -> Result<Option<u32>, Fault> {
    if kept.read(SEEDED)?.is_some() {
        return Ok(None);
    }
    seed::fill(app, people, contents, signers).await?;
    match contents {
        Contents::Everything { many } => Ok(Some(many)),
        Contents::None | Contents::Of(_) => kept.write(SEEDED, "").map(|()| None),
    }
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
