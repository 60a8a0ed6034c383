//! The ways into the site by SPID, eIDAS and CIE: the providers, the site's part in their federations, and how they
//! find each other.

use std::sync::Arc;

use fascicolo_domain::Fault;
use fascicolo_domain::login::Federation;
use fascicolo_eid::spid::{Binding, Provider, Providers, ServiceProvider, metadata};
use fascicolo_web::login::openid::OpenId;
use fascicolo_web::ports::Entropy;
use fascicolo_web::settings::Saml;
use jiff::Timestamp;

use crate::federation::{self, CieFederation};
use crate::idp::service::Service;
use crate::idp::{self, Idps, Services};
use crate::kept::Kept;
use crate::loopback::Loopback;
use crate::people::Person;
use crate::ports::SandboxClock;
use crate::standins::registry::SignedRegistry;
use crate::{Addresses, CieProtocol, Keys, keys, region};

/// What they are made from.
pub(crate) struct Ground<'a> {
    pub(crate) kept: &'a Kept,
    pub(crate) addresses: &'a Addresses,
    /// When the sandbox first started.
    pub(crate) born: Timestamp,
    pub(crate) people: &'a Arc<[Person]>,
    pub(crate) clock: &'a Arc<SandboxClock>,
    pub(crate) entropy: &'a Arc<dyn Entropy>,
    pub(crate) loopback: &'a Arc<Loopback>,
}

/// What was asked for.
pub(crate) struct Wish<'a> {
    pub(crate) entity_id: Option<&'a str>,
    pub(crate) binding: Binding,
    pub(crate) spid_providers: &'a [String],
    pub(crate) cie: CieProtocol,
    pub(crate) cie_provider: Option<&'a str>,
    pub(crate) federation: Option<CieFederation>,
}

pub(crate) struct Ways {
    pub(crate) idps: Idps,
    pub(crate) registry: SignedRegistry,
    /// The site's part in each federation.
    pub(crate) spid: Saml,
    pub(crate) cie: Option<Saml>,
    pub(crate) openid: Option<OpenId>,
    pub(crate) federation: Option<CieFederation>,
}

/// Opens the providers, and lets the site join them.
///
/// # Errors
/// A key or metadata cannot be made, read or used.
pub(crate) fn open(ground: &Ground<'_>, keys: Keys, wish: Wish<'_>) -> Result<Ways, Fault> {
    let Addresses { secure, standins, .. } = ground.addresses;
    let mut spid = saml(region::service_provider(secure, wish.entity_id, keys.spid), wish.binding)?;
    let mut cie = saml(region::cie_service_provider(secure, keys.cie), Binding::Redirect)?;
    let idps = Idps::new(idp::Parts {
        origin: standins.clone(),
        keys: keys.idps,
        services: Services {
            spid: Service::from_metadata(&spid.metadata)?,
            cie: Service::from_metadata(&cie.metadata)?,
        },
        people: Arc::clone(ground.people),
        clock: Arc::clone(ground.clock),
        entropy: Arc::clone(ground.entropy),
    })?;
    spid.provider = vouched_for(&idps, Federation::Eidas)?;
    cie.provider = match wish.cie_provider {
        Some(metadata) => one_provider(metadata.as_bytes())?,
        None => vouched_for(&idps, Federation::Cie)?,
    };
    let registry = SignedRegistry::new(&keys.registry, standins, &idps, wish.spid_providers)?;
    let (cie, openid, federation) = match wish.cie {
        CieProtocol::Saml => (Some(cie), None, None),
        CieProtocol::OpenId => {
            let (site, federation) = join(ground, wish.federation)?;
            (None, Some(site), Some(federation))
        }
    };
    Ok(Ways { idps, registry, spid, cie, openid, federation })
}

/// The site in a federation by SAML.
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

/// Opens CIE's federation by OpenID Connect, unless there is one already; the site joins it.
fn join(ground: &Ground<'_>, already: Option<CieFederation>) -> Result<(OpenId, CieFederation), Fault> {
    let (kept, born) = (ground.kept, ground.born);
    let Addresses { secure, standins, .. } = ground.addresses;
    let ours = keys::bare_keys(kept, &region::openid_wanted_keys(secure), born)?;
    let ours = region::openid_keys(&ours)?;
    let federation = match already {
        Some(federation) => federation,
        None => CieFederation::new(federation::Parts {
            origin: standins.clone(),
            keys: keys::bare_keys(kept, &federation::wanted_keys(standins), born)?,
            site: (secure.clone(), ours.federation_jwks(born)),
            people: Arc::clone(ground.people),
            clock: Arc::clone(ground.clock),
            entropy: Arc::clone(ground.entropy),
            fetch: ground.loopback.clone(),
        })?,
    };
    let anchor = federation.anchor();
    let us = region::relying_party(secure, &anchor.entity_id, federation.trust_mark(born)?);
    let provider = federation.provider().to_owned();
    Ok((OpenId::new(us, ours, anchor, provider, ground.loopback.clone()), federation))
}
