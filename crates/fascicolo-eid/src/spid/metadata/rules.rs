//! Whether metadata are what the federation takes: each rule by its name, on any document (SPID-M1 to M12, SPID-C).

use std::collections::BTreeSet;

use roxmltree::{NS_XML_URI, Node};

use super::contact_rules;
use super::contacts::{AgentRole, Contacts};
use super::sets::{EIDAS_FULL, EIDAS_MINIMUM, EIDAS_MORE, EIDAS_NAMES, SPID_NAMES, USUAL_NAMES};
use crate::spid::TRANSIENT;
use crate::xml::{DS, Limits, MD, Tree, VerifyingKey, attribute, decode_base64, is, verify};

const BINDING: &str = "urn:oasis:names:tc:SAML:2.0:bindings:";

/// What a document is judged as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    Body,
    Agent(AgentRole),
    Cie,
}

impl Contacts {
    /// What the metadata must be good as.
    #[must_use]
    pub fn profile(&self) -> Profile {
        match self {
            Self::Body(_) => Profile::Body,
            Self::Agent(agent) => Profile::Agent(agent.role),
            Self::Cie(_) => Profile::Cie,
        }
    }
}

/// A rule that does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken {
    /// Its id in `docs/REQUIREMENTS.md`.
    pub rule: &'static str,
    /// What the rule wants.
    pub wanted: &'static str,
}

/// The rules that a document breaks; none: it is good.
#[must_use]
pub fn judge(xml: &[u8], profile: Profile) -> Vec<Broken> {
    let mut verdict = Verdict(Vec::new());
    let text = std::str::from_utf8(xml).unwrap_or_default();
    verdict.demand("SPID-M2", "UTF-8 that starts with the document", text.starts_with('<'));
    let Ok(tree) = Tree::read(text, &Limits::METADATA) else {
        verdict.demand("SPID-M1", "XML without document type, comments and instructions", false);
        return verdict.0;
    };
    let root = tree.root();
    document(root, &mut verdict);
    if let Some(role) = child(root, "SPSSODescriptor") {
        endpoints(role, profile, &mut verdict);
        attribute_sets(role, profile, &mut verdict);
    }
    organization(root, &mut verdict);
    contact_rules::contacts(root, profile, &mut verdict);
    verdict.0
}

pub(super) struct Verdict(Vec<Broken>);

impl Verdict {
    /// Notes the rule once.
    pub(super) fn demand(&mut self, rule: &'static str, wanted: &'static str, holds: bool) {
        let broken = Broken { rule, wanted };
        if !holds && !self.0.contains(&broken) {
            self.0.push(broken);
        }
    }
}

pub(super) fn children<'t, 'i>(
    parent: Node<'t, 'i>,
    local: &'static str,
) -> impl Iterator<Item = Node<'t, 'i>> {
    parent.children().filter(move |n| is(*n, MD, local))
}

fn child<'t, 'i>(parent: Node<'t, 'i>, local: &'static str) -> Option<Node<'t, 'i>> {
    children(parent, local).next()
}

pub(super) fn words<'t>(node: Node<'t, '_>) -> &'t str {
    node.text().unwrap_or_default().trim()
}

fn document(root: Node<'_, '_>, verdict: &mut Verdict) {
    let entities = root.descendants().filter(|n| n.tag_name().name() == "EntityDescriptor");
    let one = is(root, MD, "EntityDescriptor") && entities.count() == 1;
    verdict.demand("SPID-M1", "one EntityDescriptor", one);
    let id = attribute(root, "ID").unwrap_or_default();
    verdict.demand("SPID-M1", "an ID", id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'));
    let entity_id = attribute(root, "entityID").unwrap_or_default();
    let name = "an entityID that is https, without port, query and fragment, of at most 1024 characters";
    let is_name = is_https(entity_id) && !host(entity_id).contains(':') && entity_id.len() <= 1024;
    verdict.demand("SPID-M1", name, is_name && !entity_id.contains(['?', '#']));

    let names = root.children().filter(|n| n.is_element()).map(|n| n.tag_name().name());
    let mut names: Vec<_> = names.filter(|name| *name != "Extensions").collect();
    names.dedup_by(|one, other| one == other && *one == "ContactPerson");
    let order = ["Signature", "SPSSODescriptor", "Organization", "ContactPerson"];
    verdict.demand(
        "SPID-M1",
        "Signature, SPSSODescriptor, Organization, ContactPerson, in this order",
        names == order,
    );
    verdict.demand("SPID-M3", "one SPSSODescriptor", children(root, "SPSSODescriptor").count() == 1);
    let own: Vec<VerifyingKey> = child(root, "SPSSODescriptor").map(signing_keys).unwrap_or_default();
    let signed = "an enveloped signature, exclusive C14N, SHA-256 or better, by a published key";
    verdict.demand("SPID-M2", signed, verify(root, &own).is_ok());
}

fn host(address: &str) -> &str {
    address.split('/').nth(2).unwrap_or_default()
}

pub(super) fn is_https(address: &str) -> bool {
    address.starts_with("https://")
        && !host(address).is_empty()
        && address.bytes().all(|b| b.is_ascii_graphic() && b != b'"')
}

fn signing_keys(role: Node<'_, '_>) -> Vec<VerifyingKey> {
    children(role, "KeyDescriptor")
        .filter(|n| attribute(*n, "use") == Some("signing"))
        .filter_map(|n| key(n))
        .collect()
}

/// The RSA key of 2048 bits or more in a `KeyDescriptor`.
pub(super) fn key(descriptor: Node<'_, '_>) -> Option<VerifyingKey> {
    let certificate = descriptor.descendants().find(|n| is(*n, DS, "X509Certificate"))?;
    let text: String = certificate.text()?.split_ascii_whitespace().collect();
    VerifyingKey::from_certificate(&decode_base64(&text).ok()?).ok()
}

fn endpoints(role: Node<'_, '_>, profile: Profile, verdict: &mut Verdict) {
    let says = |name, value| attribute(role, name) == Some(value);
    let saml = says("protocolSupportEnumeration", "urn:oasis:names:tc:SAML:2.0:protocol");
    verdict.demand("SPID-M3", "SAML 2.0 as the protocol", saml);
    verdict.demand("SPID-M3", "AuthnRequestsSigned", says("AuthnRequestsSigned", "true"));
    verdict.demand("SPID-M3", "WantAssertionsSigned", says("WantAssertionsSigned", "true"));
    let descriptors = children(role, "KeyDescriptor").filter(|n| attribute(*n, "use") == Some("signing"));
    let descriptors: Vec<_> = descriptors.map(key).collect();
    let keys = !descriptors.is_empty() && descriptors.iter().all(Option::is_some);
    verdict.demand("SPID-M4", "signing keys, each RSA of 2048 bits or more with its certificate", keys);

    let logout: Vec<_> = children(role, "SingleLogoutService").collect();
    verdict.demand("SPID-M5", "a SingleLogoutService", !logout.is_empty());
    let bound = |node: &Node<'_, '_>, names: &[&str]| {
        let binding = attribute(*node, "Binding").and_then(|binding| binding.strip_prefix(BINDING));
        binding.is_some_and(|binding| names.contains(&binding))
    };
    for service in &logout {
        let https = attribute(*service, "Location").is_some_and(is_https);
        verdict.demand("SPID-M5", "logout addresses that are https", https);
        let known = bound(service, &["HTTP-POST", "HTTP-Redirect", "SOAP"]);
        verdict.demand("SPID-M5", "logout by POST, Redirect or SOAP", known);
    }
    let redirect = logout.iter().any(|service| bound(service, &["HTTP-Redirect"]));
    verdict.demand("SPID-C4", "logout by Redirect", profile != Profile::Cie || redirect);
    let formats: Vec<_> = children(role, "NameIDFormat").map(words).collect();
    verdict.demand("SPID-M6", "transient as the only NameIDFormat", formats == [TRANSIENT]);

    let consumers: Vec<_> = children(role, "AssertionConsumerService").collect();
    let posted = consumers.iter().all(|n| bound(n, &["HTTP-POST"]));
    verdict.demand("SPID-M7", "answers by POST", posted && !consumers.is_empty());
    let https = consumers.iter().all(|n| attribute(*n, "Location").is_some_and(is_https));
    verdict.demand("SPID-M7", "addresses for answers that are https", https);
    verdict.demand("SPID-M7", "an index of its own for each address", indexes(&consumers).is_some());
    let defaults: Vec<_> = consumers.iter().filter(|n| attribute(**n, "isDefault") == Some("true")).collect();
    let default = defaults.iter().map(|n| attribute(**n, "index")).collect::<Vec<_>>() == [Some("0")];
    verdict.demand("SPID-M7", "index 0 as the only default", default);
}

/// The indexes of services, unless one is missing or there twice.
fn indexes(services: &[Node<'_, '_>]) -> Option<BTreeSet<u16>> {
    let indexes: Option<BTreeSet<u16>> =
        services.iter().map(|n| attribute(*n, "index").and_then(|index| index.parse().ok())).collect();
    indexes.filter(|indexes| indexes.len() == services.len())
}

fn attribute_sets(role: Node<'_, '_>, profile: Profile, verdict: &mut Verdict) {
    let sets: Vec<_> = children(role, "AttributeConsumingService").collect();
    verdict.demand("SPID-M8", "an attribute set", !sets.is_empty());
    verdict.demand("SPID-M8", "an index of its own for each attribute set", indexes(&sets).is_some());
    for set in sets {
        let names: Vec<_> = children(set, "ServiceName").collect();
        let named =
            !names.is_empty() && names.iter().all(|n| language(*n).is_some() && !words(*n).is_empty());
        verdict.demand("SPID-M8", "a ServiceName with its language in each attribute set", named);
        let asked: Vec<_> =
            children(set, "RequestedAttribute").map(|n| attribute(n, "Name").unwrap_or_default()).collect();
        verdict.demand("SPID-M8", "an attribute in each set", !asked.is_empty());
        let once = asked.iter().collect::<BTreeSet<_>>().len() == asked.len();
        verdict.demand("SPID-M8", "no attribute twice in a set", once);
        let known = asked.iter().all(|name| SPID_NAMES.contains(name));
        verdict.demand("SPID-M8", "attributes of the SPID table", known);
        if profile == Profile::Cie {
            let known = asked.iter().all(|name| USUAL_NAMES.contains(name));
            verdict.demand("SPID-C3", "attributes that CIE has", known);
            let nameless = names.iter().all(|n| language(*n) == Some("") && is_uuid_4(words(*n)));
            verdict.demand(
                "SPID-C3",
                "urn:uuid: and a random UUID as the ServiceName, in no language",
                nameless,
            );
        }
        eidas_set(set, &asked, verdict);
    }
}

fn eidas_set(set: Node<'_, '_>, asked: &[&str], verdict: &mut Verdict) {
    let index = attribute(set, "index").and_then(|index| index.parse::<u16>().ok());
    let (name, more): (_, &[&str]) = match index {
        Some(EIDAS_MINIMUM) => ("eIDAS Natural Person Minimum Attribute Set", &[]),
        Some(EIDAS_FULL) => ("eIDAS Natural Person Full Attribute Set", &EIDAS_MORE),
        Some(_) | None => return,
    };
    let named = children(set, "ServiceName").all(|n| words(n) == name);
    verdict.demand("SPID-X2", "the given names of sets 99 and 100", named);
    let wanted: BTreeSet<_> = EIDAS_NAMES.iter().chain(more).collect();
    // the checker allows the fiscal number too
    let given: BTreeSet<_> = asked.iter().filter(|name| **name != "fiscalNumber").collect();
    verdict.demand("SPID-X2", "the given attributes of sets 99 and 100", given == wanted);
}

fn language<'t>(node: Node<'t, '_>) -> Option<&'t str> {
    node.attribute((NS_XML_URI, "lang"))
}

fn is_uuid_4(name: &str) -> bool {
    let Some(uuid) = name.strip_prefix("urn:uuid:") else { return false };
    let groups: Vec<_> = uuid.split('-').collect();
    let lengths: Vec<_> = groups.iter().map(|group| group.len()).collect();
    let hexadecimal = groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()));
    let is = |group: usize, first: &[char]| groups.get(group).is_some_and(|text| text.starts_with(first));
    lengths == [8, 4, 4, 4, 12] && hexadecimal && is(2, &['4']) && is(3, &['8', '9', 'a', 'b', 'A', 'B'])
}

fn organization(root: Node<'_, '_>, verdict: &mut Verdict) {
    verdict.demand("SPID-M9", "one Organization", children(root, "Organization").count() == 1);
    let Some(organization) = child(root, "Organization") else { return };
    let languages = |local| -> Vec<_> {
        let mut languages: Vec<_> = children(organization, local).map(language).collect();
        languages.sort_unstable();
        languages
    };
    let all = ["OrganizationName", "OrganizationDisplayName", "OrganizationURL"];
    let [names, display_names, urls] = all.map(languages);
    let once = names.windows(2).all(|pair| pair.first() != pair.last());
    let alike = names == display_names && names == urls && once && !names.contains(&None);
    verdict.demand("SPID-M9", "name, display name and address, once in each language", alike);
    verdict.demand("SPID-M9", "the organization in Italian", names.contains(&Some("it")));
    let filled = all.iter().flat_map(|local| children(organization, local)).all(|n| !words(n).is_empty());
    verdict.demand("SPID-M9", "no empty name or address of the organization", filled);
}

/// The name of the organization in Italian.
pub(super) fn organization_name<'t>(root: Node<'t, '_>) -> &'t str {
    let names = child(root, "Organization").into_iter().flat_map(|n| children(n, "OrganizationName"));
    names.filter(|n| language(*n) == Some("it")).map(words).next().unwrap_or_default()
}
