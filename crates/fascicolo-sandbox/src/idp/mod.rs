//! Identity providers of the sandbox, for SPID, CIE over SAML and the eIDAS node: real SAML 2.0, invented people, and
//! wrong answers on purpose. They know the site by its published metadata alone.

pub mod answer;
pub mod logout;
pub mod mistake;
mod pages;
pub mod request;
pub mod service;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use fascicolo_domain::Fault;
use fascicolo_domain::login::Federation;
use fascicolo_eid::spid::{CertificateSubject, SigningKey};
use fascicolo_eid::xml::{DS, MD, Place, encode_base64, escape, sign_enveloped};
use fascicolo_web::ports::{Clock as _, Entropy};

use self::answer::{Answering, answer};
use self::logout::KeptSession;
use self::mistake::Mistake;
use self::request::{Arrived, Desk, Flaw, Request};
use self::service::Service;
use crate::keys::Wanted;
use crate::people::Person;
use crate::ports::SandboxClock;

pub use self::pages::routes;

#[cfg(test)]
mod tests;

/// How many requests wait at most; the oldest goes first.
const WAITING: usize = 10_000;

/// What a provider is like.
#[derive(Clone, Copy)]
struct Kind {
    /// Its name in addresses.
    slug: &'static str,
    name: &'static str,
    /// The letters that begin its SPID codes.
    code: &'static str,
    federation: Federation,
    /// Whether it signs the whole Response too.
    signs_response: bool,
    /// Whether it keeps a session at every level.
    keeps_sessions: bool,
}

const PONTE: Kind = Kind {
    slug: "ponte",
    name: "Ponte ID (dimostrazione)",
    code: "PONT",
    federation: Federation::Spid,
    signs_response: false,
    keeps_sessions: false,
};
const FARO: Kind =
    Kind {
        slug: "faro", name: "Faro Identità (dimostrazione)", code: "FARO", signs_response: true, ..PONTE
    };
const BUSSOLA: Kind = Kind {
    slug: "bussola",
    name: "Bussola Sicura (dimostrazione)",
    code: "BUSS",
    keeps_sessions: true,
    ..PONTE
};
const EIDAS: Kind = Kind {
    slug: "nodo-eidas",
    name: "Nodo eIDAS (dimostrazione)",
    code: "DE/IT/",
    federation: Federation::Eidas,
    ..PONTE
};
const CIE: Kind = Kind {
    slug: "cie",
    name: "CIE id (dimostrazione)",
    code: "",
    federation: Federation::Cie,
    keeps_sessions: true,
    ..PONTE
};
const KINDS: [Kind; 5] = [PONTE, FARO, BUSSOLA, EIDAS, CIE];

/// One provider.
pub struct IdentityProvider {
    pub slug: &'static str,
    pub name: &'static str,
    pub federation: Federation,
    kind: Kind,
    pub entity_id: String,
    key: SigningKey,
}

/// All of them, with what they share.
#[derive(Clone)]
pub struct Idps(Arc<Inner>);

struct Inner {
    providers: Vec<IdentityProvider>,
    foreign_key: SigningKey,
    services: Services,
    people: Arc<[Person]>,
    clock: Arc<SandboxClock>,
    entropy: Arc<dyn Entropy>,
    desk: Mutex<Waiting>,
}

/// What the providers remember while somebody is at their page.
#[derive(Default)]
struct Waiting {
    requests: HashMap<String, Request>,
    order: VecDeque<String>,
    used: HashSet<String>,
    sessions: VecDeque<KeptSession>,
    /// The last good answer of each provider, to be sent again by [`Mistake::Replay`].
    good: HashMap<&'static str, String>,
}

/// The site, as each federation knows it.
pub struct Services {
    pub spid: Service,
    pub cie: Service,
}

/// What the providers are made of.
pub struct Parts {
    /// The stand-ins' origin, without a slash at the end.
    pub origin: String,
    /// As made for [`wanted_keys`].
    pub keys: Vec<SigningKey>,
    pub services: Services,
    pub people: Arc<[Person]>,
    pub clock: Arc<SandboxClock>,
    pub entropy: Arc<dyn Entropy>,
}

/// The keys the providers need: one each, and one that nobody publishes.
#[must_use]
pub fn wanted_keys(origin: &str) -> Vec<Wanted> {
    let slugs = KINDS.iter().map(|kind| kind.slug).chain(["estranea"]);
    slugs
        .map(|slug| Wanted {
            file: format!("idp-{slug}"),
            bits: 2048,
            subject: CertificateSubject {
                common_name: format!("Gestore di prova {slug}"),
                organization: format!("Gestore di prova {slug}"),
                entity_id: format!("{origin}/idp/{slug}"),
                ipa_code: "prova".to_owned(),
                country: "IT".to_owned(),
                locality: "Milano".to_owned(),
            },
        })
        .collect()
}

/// An answer on its way to the site.
pub struct Outbound {
    /// The site's address for answers.
    pub consumer: String,
    /// The form field, in base64.
    pub saml_response: String,
    pub relay_state: String,
}

impl Idps {
    /// Opens the providers.
    ///
    /// # Errors
    /// The keys are not as many as wanted.
    pub fn new(parts: Parts) -> Result<Self, Fault> {
        let mut keys = parts.keys;
        let foreign_key = keys.pop().ok_or_else(|| Fault::bare("opening the identity providers: no keys"))?;
        let providers = KINDS.into_iter().zip(keys).map(|(kind, key)| IdentityProvider {
            slug: kind.slug,
            name: kind.name,
            federation: kind.federation,
            entity_id: format!("{}/idp/{}", parts.origin, kind.slug),
            kind,
            key,
        });
        Ok(Self(Arc::new(Inner {
            providers: providers.collect(),
            foreign_key,
            services: parts.services,
            people: parts.people,
            clock: parts.clock,
            entropy: parts.entropy,
            desk: Mutex::default(),
        })))
    }

    /// The providers, in a fixed order.
    #[must_use]
    pub fn providers(&self) -> &[IdentityProvider] {
        &self.0.providers
    }

    /// Those of one federation.
    pub fn of(&self, federation: Federation) -> impl Iterator<Item = &IdentityProvider> {
        self.0.providers.iter().filter(move |p| p.federation == federation)
    }

    /// The site as a provider knows it.
    fn service(&self, provider: &IdentityProvider) -> &Service {
        match provider.federation {
            Federation::Spid | Federation::Eidas => &self.0.services.spid,
            Federation::Cie => &self.0.services.cie,
        }
    }

    fn provider(&self, slug: &str) -> Option<&IdentityProvider> {
        self.0.providers.iter().find(|p| p.slug == slug)
    }

    fn person(&self, key: &str) -> Option<&Person> {
        self.0.people.iter().find(|p| p.key == key)
    }

    /// Takes a request of the site; returns the handle under which it waits.
    fn take(
        &self,
        provider: &IdentityProvider,
        arrived: &Arrived<'_>,
    ) -> Result<Result<String, Flaw>, Fault> {
        let sso_url = provider.sso_url();
        let desk = Desk { service: self.service(provider), sso_url: &sso_url, now: self.0.clock.now() };
        let request = match request::read(arrived, &desk) {
            Ok(request) => request,
            Err(flaw) => return Ok(Err(flaw)),
        };
        let mut random = [0; 16];
        self.0.entropy.fill(&mut random)?;
        let handle = random.iter().fold(String::new(), |handle, byte| handle + &format!("{byte:02x}"));
        let mut waiting = self.waiting();
        if !waiting.used.insert(request.id.clone()) {
            return Ok(Err(Flaw::IdUsed));
        }
        waiting.requests.insert(handle.clone(), request);
        waiting.order.push_back(handle.clone());
        if waiting.order.len() > WAITING
            && let Some(oldest) = waiting.order.pop_front()
            && let Some(forgotten) = waiting.requests.remove(&oldest)
        {
            waiting.used.remove(&forgotten.id);
        }
        Ok(Ok(handle))
    }

    /// Answers a waiting request; `None` when no such request waits, or when there is nothing to be sent again.
    fn answer(
        &self,
        provider: &IdentityProvider,
        handle: &str,
        about: &Person,
        mistake: Option<Mistake>,
    ) -> Result<Option<Outbound>, Fault> {
        let Some(request) = self.waiting().requests.get(handle).cloned() else {
            return Ok(None);
        };
        let saml_response = if mistake == Some(Mistake::Replay) {
            let Some(last) = self.waiting().good.get(provider.slug).cloned() else {
                return Ok(None);
            };
            last
        } else {
            let by = Answering {
                entity_id: &provider.entity_id,
                code: provider.kind.code,
                federation: provider.federation,
                key: &provider.key,
                foreign_key: &self.0.foreign_key,
                signs_response: provider.kind.signs_response,
                keeps_sessions: provider.kind.keeps_sessions,
                audience: &self.service(provider).entity_id,
                now: self.0.clock.now(),
                entropy: &*self.0.entropy,
            };
            let answered = answer(&by, &request, about, mistake)?;
            if let (None, Some(index)) = (mistake, answered.session_index) {
                let (provider, name_id, person) = (provider.slug, answered.name_id, about.name());
                self.keep(KeptSession { provider, index, name_id, person });
            }
            encode_base64(answered.xml.as_bytes())
        };
        if mistake.is_none() {
            self.waiting().good.insert(provider.slug, saml_response.clone());
        }
        Ok(Some(Outbound { consumer: request.consumer, saml_response, relay_state: request.relay_state }))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        match self.0.desk.lock() {
            Ok(waiting) => waiting,
            Err(poisoned) => poisoned.into_inner(),
        }
    }
}

impl IdentityProvider {
    /// Where requests go.
    #[must_use]
    pub fn sso_url(&self) -> String {
        format!("{}/sso", self.entity_id)
    }

    /// Its signed metadata.
    ///
    /// # Errors
    /// Signing failed.
    pub fn metadata(&self) -> Result<Vec<u8>, Fault> {
        let (entity_id, name) = (escape(&self.entity_id), escape(self.name));
        let bindings = ["HTTP-Redirect", "HTTP-POST"];
        let endpoints = |element: &str, path: &str| {
            bindings.map(|binding| {
                format!(
                    "<md:{element} Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" \
                     Location=\"{entity_id}/{path}\"/>"
                )
            })
        };
        let xml = format!(
            "<md:EntityDescriptor xmlns:md=\"{MD}\" ID=\"_{}\" entityID=\"{entity_id}\">\
             <md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\" \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
             <md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"{DS}\"><ds:X509Data>\
             <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>{}\
             <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>{}\
             </md:IDPSSODescriptor><md:Organization>\
             <md:OrganizationName xml:lang=\"it\">{name}</md:OrganizationName>\
             <md:OrganizationDisplayName xml:lang=\"it\">{name}</md:OrganizationDisplayName>\
             <md:OrganizationURL xml:lang=\"it\">{entity_id}</md:OrganizationURL>\
             </md:Organization></md:EntityDescriptor>",
            self.slug,
            self.key.certificate_base64(),
            endpoints("SingleLogoutService", "slo").concat(),
            endpoints("SingleSignOnService", "sso").concat(),
        );
        let signed = sign_enveloped(&xml, &format!("_{}", self.slug), Place::First, &self.key);
        signed.map(String::into_bytes).map_err(|e| Fault::new("signing a provider's metadata", e))
    }
}
