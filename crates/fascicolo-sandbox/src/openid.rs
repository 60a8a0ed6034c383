//! CIE by OpenID Connect, put together: the federation, the site's part in it, and how they find each other.

use std::sync::Arc;

use fascicolo_domain::Fault;
use fascicolo_web::login::openid::OpenId;
use fascicolo_web::ports::Entropy;
use jiff::Timestamp;

use crate::federation::{self, CieFederation};
use crate::kept::Kept;
use crate::loopback::Loopback;
use crate::people::Person;
use crate::ports::SandboxClock;
use crate::{Addresses, keys, region};

/// What it is made from.
pub(crate) struct Ground<'a> {
    pub(crate) kept: &'a Kept,
    pub(crate) addresses: &'a Addresses,
    /// When the sandbox first started.
    pub(crate) born: Timestamp,
    pub(crate) people: &'a Arc<[Person]>,
    pub(crate) clock: &'a Arc<SandboxClock>,
    pub(crate) entropy: &'a Arc<dyn Entropy>,
}

pub(crate) struct Joined {
    pub(crate) federation: CieFederation,
    /// The site's part.
    pub(crate) site: OpenId,
}

/// Opens the federation, unless there is one already, and lets the site join it.
///
/// # Errors
/// A key cannot be made, read or used.
pub(crate) fn join(
    ground: &Ground<'_>,
    already: Option<CieFederation>,
    loopback: &Arc<Loopback>,
) -> Result<Joined, Fault> {
    let (kept, secure, born) = (ground.kept, &ground.addresses.secure, ground.born);
    let ours = keys::bare_keys(kept, &region::openid_wanted_keys(secure), born)?;
    let ours = region::openid_keys(&ours)?;
    let federation = match already {
        Some(federation) => federation,
        None => CieFederation::new(federation::Parts {
            origin: ground.addresses.standins.clone(),
            keys: keys::bare_keys(kept, &federation::wanted_keys(&ground.addresses.standins), born)?,
            site: (secure.clone(), ours.federation_jwks(born)),
            people: Arc::clone(ground.people),
            clock: Arc::clone(ground.clock),
            entropy: Arc::clone(ground.entropy),
            fetch: loopback.clone(),
        })?,
    };
    let anchor = federation.anchor();
    let us = region::relying_party(secure, &anchor.entity_id, federation.trust_mark(born)?);
    let provider = federation.provider().to_owned();
    let site = OpenId::new(us, ours, anchor, provider, loopback.clone());
    Ok(Joined { federation, site })
}
