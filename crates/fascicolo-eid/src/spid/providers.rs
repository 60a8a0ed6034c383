//! The identity providers: who they are, their keys and addresses, from AgID's signed registry (SPID-I).

use std::sync::Arc;

use jiff::Timestamp;
use roxmltree::Node;

use super::{Binding, Refused, instant};
use crate::xml::{DS, Limits, MD, Tree, VerifyingKey, attribute, decode_base64, is, verify};

/// One identity provider. Its keys are trusted because of where they were found; their dates do not count (SPID-I4).
#[derive(Clone, Debug)]
pub struct Provider {
    pub entity_id: String,
    /// The name to show.
    pub name: String,
    pub single_sign_on: Vec<(Binding, String)>,
    pub single_logout: Vec<(Binding, String)>,
    /// Where replies go, when the provider wants them elsewhere than its requests.
    pub single_logout_replies: Vec<(Binding, String)>,
    /// All the current signing keys; never empty.
    pub keys: Vec<VerifyingKey>,
}

impl Provider {
    /// The address that takes authentication requests over a binding.
    #[must_use]
    pub fn sign_on_address(&self, binding: Binding) -> Option<&str> {
        address(&self.single_sign_on, binding)
    }

    /// The address that takes requests to end a session over a binding.
    #[must_use]
    pub fn logout_address(&self, binding: Binding) -> Option<&str> {
        address(&self.single_logout, binding)
    }

    /// The address that takes our replies to such requests over a binding.
    #[must_use]
    pub fn logout_reply_address(&self, binding: Binding) -> Option<&str> {
        address(&self.single_logout_replies, binding).or_else(|| self.logout_address(binding))
    }
}

fn address(list: &[(Binding, String)], binding: Binding) -> Option<&str> {
    list.iter().find(|(b, _)| *b == binding).map(|(_, a)| a.as_str())
}

/// The registry: whoever is not in it does not exist (SPID-I3).
#[derive(Clone, Debug, Default)]
pub struct Providers {
    list: Vec<Arc<Provider>>,
}

impl Providers {
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads one `EntityDescriptor` or an `EntitiesDescriptor` that the operator vouches for. No signature is looked at.
    ///
    /// # Errors
    /// What is wrong with it; [`Refused::NoProvider`] when it holds none.
    pub fn from_metadata(xml: &[u8]) -> Result<Vec<Provider>, Refused> {
        let text = std::str::from_utf8(xml).map_err(|_| crate::xml::Defect::NotUtf8)?;
        let tree = Tree::read(text, &Limits::METADATA)?;
        read(tree.root())
    }

    /// Reads the federation's aggregate after verifying the signature on its root with the pinned certificate, and
    /// nothing but the bytes so verified (SPID-I2). One whose `validUntil` has passed is as good as an old one sent
    /// again.
    ///
    /// # Errors
    /// What is wrong with it; [`Refused::NoProvider`] when it holds none: the caller keeps its last good copy.
    pub fn from_signed_aggregate(
        xml: &[u8],
        pinned_certificate_der: &[u8],
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let text = std::str::from_utf8(xml).map_err(|_| crate::xml::Defect::NotUtf8)?;
        let key = VerifyingKey::from_certificate(pinned_certificate_der).map_err(|_| Refused::Provider)?;
        let tree = Tree::read(text, &Limits::METADATA)?;
        let signed = verify(tree.root(), &[key])?;
        let signed = Tree::read(signed.as_str(), &Limits::METADATA)?;
        if let Some(until) = attribute(signed.root(), "validUntil") {
            let until = instant::parse(until).ok_or(Refused::ConditionsInstant)?;
            if until <= now {
                return Err(Refused::Expired);
            }
        }
        Ok(Self { list: read(signed.root())?.into_iter().map(Arc::new).collect() })
    }

    /// Adds a provider, or replaces the one with its entity id.
    pub fn add(&mut self, provider: Provider) {
        self.list.retain(|p| p.entity_id != provider.entity_id);
        self.list.push(Arc::new(provider));
    }

    #[must_use]
    pub fn get(&self, entity_id: &str) -> Option<&Arc<Provider>> {
        self.list.iter().find(|p| p.entity_id == entity_id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.list.iter().map(Arc::as_ref)
    }
}

fn read(root: Node<'_, '_>) -> Result<Vec<Provider>, Refused> {
    let mut list: Vec<Provider> = Vec::new();
    let entities: Vec<Node<'_, '_>> = if is(root, MD, "EntityDescriptor") {
        vec![root]
    } else if is(root, MD, "EntitiesDescriptor") {
        root.children().filter(|n| is(*n, MD, "EntityDescriptor")).collect()
    } else {
        return Err(Refused::Root);
    };
    for entity in entities {
        let Some(role) = entity.children().find(|n| is(*n, MD, "IDPSSODescriptor")) else {
            continue;
        };
        let provider = match provider(entity, role) {
            Ok(provider) => provider,
            // one provider that cannot be used must not close the others (SPID-I2)
            Err(_) if entity != root => continue,
            Err(refused) => return Err(refused),
        };
        if list.iter().any(|p| p.entity_id == provider.entity_id) {
            return Err(Refused::Provider);
        }
        list.push(provider);
    }
    if list.is_empty() {
        return Err(Refused::NoProvider);
    }
    Ok(list)
}

fn provider(entity: Node<'_, '_>, role: Node<'_, '_>) -> Result<Provider, Refused> {
    let entity_id = attribute(entity, "entityID").filter(|id| !id.is_empty());
    let provider = Provider {
        entity_id: entity_id.ok_or(Refused::Provider)?.to_owned(),
        name: display_name(entity).or(entity_id).unwrap_or_default().to_owned(),
        single_sign_on: addresses(role, "SingleSignOnService", "Location"),
        single_logout: addresses(role, "SingleLogoutService", "Location"),
        single_logout_replies: addresses(role, "SingleLogoutService", "ResponseLocation"),
        keys: keys(role),
    };
    if provider.keys.is_empty() || provider.single_sign_on.is_empty() {
        return Err(Refused::Provider);
    }
    Ok(provider)
}

/// The Italian display name, else the first.
fn display_name<'t>(entity: Node<'t, '_>) -> Option<&'t str> {
    let organization = entity.children().find(|n| is(*n, MD, "Organization"))?;
    let names = || organization.children().filter(|n| is(*n, MD, "OrganizationDisplayName"));
    let italian = names().find(|n| n.attribute((roxmltree::NS_XML_URI, "lang")) == Some("it"));
    let name = italian.or_else(|| names().next())?.text()?.trim();
    (!name.is_empty()).then_some(name)
}

fn addresses(role: Node<'_, '_>, local: &str, place: &str) -> Vec<(Binding, String)> {
    role.children()
        .filter(|n| is(*n, MD, local))
        .filter_map(|n| {
            let binding = Binding::from_uri(attribute(n, "Binding")?)?;
            Some((binding, attribute(n, place).filter(|place| is_address(place))?.to_owned()))
        })
        .collect()
}

/// Whether a browser may be sent there with a query: an address of the web (test providers have no TLS), whole and in
/// one line.
fn is_address(place: &str) -> bool {
    let web = place.starts_with("https://") || place.starts_with("http://");
    web && place.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
}

/// The usable signing keys; one that cannot be read, or is not RSA, is no key of ours.
fn keys(role: Node<'_, '_>) -> Vec<VerifyingKey> {
    role.children()
        .filter(|n| is(*n, MD, "KeyDescriptor") && attribute(*n, "use") != Some("encryption"))
        .flat_map(|n| n.descendants().filter(|n| is(*n, DS, "X509Certificate")))
        .filter_map(|n| VerifyingKey::from_certificate(&decode_base64(n.text()?).ok()?).ok())
        .collect()
}
