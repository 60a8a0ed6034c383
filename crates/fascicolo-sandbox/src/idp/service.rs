//! What an identity provider knows of the site: its published metadata, and nothing else.

use fascicolo_domain::Fault;
use fascicolo_eid::xml::{DS, Limits, MD, SAML, Tree, VerifyingKey, decode_base64, is};
use roxmltree::Node;

/// The service provider, as its metadata describe it.
pub struct Service {
    pub entity_id: String,
    /// The name shown to the person.
    pub name: String,
    pub keys: Vec<VerifyingKey>,
    /// Addresses for answers, by index; the first is the default.
    pub consumers: Vec<(u16, String)>,
    /// Addresses for logout messages, by the binding's name.
    pub logouts: Vec<(String, String)>,
    /// Sets of attribute names, by index.
    pub attribute_sets: Vec<(u16, Vec<String>)>,
}

impl Service {
    /// Reads signed metadata.
    ///
    /// # Errors
    /// They are not XML, or something an identity provider needs is not there.
    pub fn from_metadata(metadata: &[u8]) -> Result<Self, Fault> {
        let lacking = |what: &'static str| Fault::bare(what);
        let text = std::str::from_utf8(metadata).map_err(|e| Fault::new("reading the site's metadata", e))?;
        let tree =
            Tree::read(text, &Limits::METADATA).map_err(|e| Fault::new("reading the site's metadata", e))?;
        let root = tree.root();
        let entity_id = root.attribute("entityID").ok_or_else(|| lacking("metadata without entityID"))?;
        let service = Self {
            entity_id: entity_id.to_owned(),
            name: all(root, MD, "OrganizationDisplayName")
                .find_map(|n| n.text())
                .unwrap_or(entity_id)
                .to_owned(),
            keys: all(root, MD, "KeyDescriptor")
                .filter(|n| n.attribute("use") != Some("encryption"))
                .flat_map(|n| all(n, DS, "X509Certificate"))
                .filter_map(key)
                .collect(),
            consumers: all(root, MD, "AssertionConsumerService")
                .filter_map(|n| Some((index(n)?, n.attribute("Location")?.to_owned())))
                .collect(),
            logouts: all(root, MD, "SingleLogoutService")
                .filter_map(|n| {
                    Some((n.attribute("Binding")?.to_owned(), n.attribute("Location")?.to_owned()))
                })
                .collect(),
            attribute_sets: all(root, MD, "AttributeConsumingService")
                .filter_map(|n| Some((index(n)?, attribute_names(n))))
                .collect(),
        };
        if service.keys.is_empty() || service.consumers.is_empty() || service.attribute_sets.is_empty() {
            return Err(lacking("metadata without key, consumer or attribute set"));
        }
        Ok(service)
    }

    /// Where logout messages go, by POST or by redirect.
    #[must_use]
    pub fn logout(&self, post: bool) -> Option<&str> {
        let wanted = if post { "HTTP-POST" } else { "HTTP-Redirect" };
        let found = self.logouts.iter().find(|(binding, _)| binding.ends_with(wanted));
        found.map(|(_, location)| location.as_str())
    }
}

fn all<'t, 'i: 't>(
    root: Node<'t, 'i>,
    namespace: &'static str,
    local: &'static str,
) -> impl Iterator<Item = Node<'t, 'i>> {
    root.descendants().filter(move |n| is(*n, namespace, local))
}

fn key(certificate: Node<'_, '_>) -> Option<VerifyingKey> {
    let base64: String = certificate.text()?.chars().filter(|c| !c.is_whitespace()).collect();
    VerifyingKey::from_certificate(&decode_base64(&base64).ok()?).ok()
}

fn index(node: Node<'_, '_>) -> Option<u16> {
    node.attribute("index")?.parse().ok()
}

fn attribute_names(set: Node<'_, '_>) -> Vec<String> {
    let names = set.children().filter(|n| is(*n, MD, "RequestedAttribute") || is(*n, SAML, "Attribute"));
    names.filter_map(|n| n.attribute("Name")).map(str::to_owned).collect()
}
