//! Finished values only: no parsing, no defaults. The programs make them.

use std::net::IpAddr;
use std::sync::Arc;

use fascicolo_domain::login::{Federation, Method, Policy};
use fascicolo_domain::throttle::Rate;
use fascicolo_eid::spid::{Binding, Provider, ServiceProvider};

/// What a region decides.
pub struct Settings {
    pub site: Site,
    pub policy: Policy,
    /// `None`: SPID is switched off. Its provider is the eIDAS node; without it nobody comes from abroad (SPID-X1).
    pub spid: Option<Saml>,
    /// CIE over SAML; `None`: not this way (SPID-C).
    pub cie: Option<Saml>,
    pub verification: Verification,
    /// Addresses whose `X-Forwarded-For` is believed (ASVS V15.3.4).
    pub trusted_proxies: Vec<IpAddr>,
    /// Largest file taken for comparison or intake, in bytes (REC-I5: 20 MiB).
    pub largest_file: u64,
}

/// Who runs the site, and where (GEN-P6).
#[derive(Clone)]
pub struct Site {
    /// The canonical origin, `https://host[:port]`, without a slash at the end.
    pub origin: String,
    /// The same site without TLS, in the sandbox: whoever starts a login there is led to `origin`.
    pub plain_origin: Option<String>,
    /// The administration's name, as "Regione Esempio", and its site.
    pub region: String,
    pub region_url: String,
    /// Contact centre: phone and hours, postal address, certified mail.
    pub phone: String,
    pub hours: String,
    pub address: String,
    pub pec: String,
    /// The mail address of the data protection officer, and where security problems are reported.
    pub dpo_mail: String,
    pub security_mail: String,
    /// The accessibility statement on AgID's site.
    pub accessibility_statement: String,
    /// A line on every page of the demo; `None` in production.
    pub demo_notice: Option<DemoNotice>,
}

/// What tells a stranger that this is a demo, and leads to what there is to try.
#[derive(Clone)]
pub struct DemoNotice {
    pub text: String,
    /// The words of the link, and where it leads.
    pub link: String,
    pub url: String,
}

/// What we are in one SAML federation.
pub struct Saml {
    pub service_provider: ServiceProvider,
    /// Its metadata, signed once: the same bytes until a setting changes (SPID-M2).
    pub metadata: Vec<u8>,
    /// How the request travels to the identity provider.
    pub binding: Binding,
    /// A provider whom the operator vouches for, by a file.
    pub provider: Option<Arc<Provider>>,
}

impl Settings {
    /// The ways in that this site has.
    #[must_use]
    pub(crate) fn ways(&self, openid: bool) -> Vec<Method> {
        let has = |method| match method {
            Method::Spid => self.spid.is_some(),
            Method::Cie => openid || self.only_provider(Federation::Cie).is_some(),
            Method::Cns | Method::Otp => false,
        };
        Method::ALL.into_iter().filter(|method| has(*method)).collect()
    }

    /// What we are in a federation; `None`: we are not in it.
    #[must_use]
    pub fn saml(&self, federation: Federation) -> Option<&Saml> {
        match federation {
            Federation::Spid | Federation::Eidas => self.spid.as_ref(),
            Federation::Cie => self.cie.as_ref(),
        }
    }

    /// The provider that a federation of one has.
    #[must_use]
    pub fn only_provider(&self, federation: Federation) -> Option<&Arc<Provider>> {
        match federation {
            Federation::Spid => None,
            Federation::Eidas | Federation::Cie => self.saml(federation)?.provider.as_ref(),
        }
    }
}

/// "Verifica documento" (REC-V3).
#[derive(Clone, Copy)]
pub struct Verification {
    /// Checks a minute from one network: 30.
    pub per_network: Rate,
    /// Checks a minute in all.
    pub overall: Rate,
}
