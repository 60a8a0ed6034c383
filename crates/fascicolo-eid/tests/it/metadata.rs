//! Our metadata (SPID-M1 to M10).

use fascicolo_eid::spid::{AttributeSet, EIDAS_FULL, EIDAS_MINIMUM, metadata};
use fascicolo_eid::xml::{self, Limits, MD, Tree, is};

use crate::maker::{ACS, SERVICE, SLO, service, stranger_key};
use crate::request::key;

fn text() -> String {
    String::from_utf8(metadata(&service()).unwrap()).unwrap()
}

/// SPID-M2.
#[test]
fn it_is_the_same_bytes_until_the_configuration_changes() {
    assert_eq!(text(), text());
    let mut other = service();
    other.attribute_sets = vec![AttributeSet::usual("Altro")];
    assert_ne!(metadata(&other).unwrap(), metadata(&service()).unwrap());
    assert!(text().starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?><md:EntityDescriptor "));
}

/// SPID-M1, SPID-M2, SPID-K1.
#[test]
fn it_is_signed_whole_before_everything_else() {
    let text = text();
    let tree = Tree::read(&text, &Limits::METADATA).unwrap();
    let names: Vec<_> = tree.root().children().map(|n| n.tag_name().name().to_owned()).collect();
    assert_eq!(names, ["Signature", "SPSSODescriptor", "Organization", "ContactPerson"]);
    assert!(xml::verify(tree.root(), &[key()]).is_ok());
    let tampered = text.replace("r_prova", "r_altra");
    let tree = Tree::read(&tampered, &Limits::METADATA).unwrap();
    assert!(xml::verify(tree.root(), &[key()]).is_err());
}

/// SPID-M1, SPID-M3 to M10.
#[test]
fn it_says_what_the_rules_want() {
    let text = text();
    let tree = Tree::read(&text, &Limits::METADATA).unwrap();
    let root = tree.root();
    assert_eq!(root.attribute("entityID"), Some(SERVICE));
    let role = root.children().find(|n| is(*n, MD, "SPSSODescriptor")).unwrap();
    assert_eq!(role.attribute("AuthnRequestsSigned"), Some("true"));
    assert_eq!(role.attribute("WantAssertionsSigned"), Some("true"));
    let all = |name: &str| role.children().filter(|n| is(*n, MD, name)).collect::<Vec<_>>();
    assert_eq!(all("KeyDescriptor").len(), 1);
    let logout: Vec<_> = all("SingleLogoutService").iter().map(|n| n.attribute("Location")).collect();
    assert_eq!(logout, [Some(SLO), Some(SLO)]);
    let [acs] = all("AssertionConsumerService")[..] else { panic!("one") };
    assert_eq!((acs.attribute("index"), acs.attribute("isDefault")), (Some("0"), Some("true")));
    assert_eq!(acs.attribute("Location"), Some(ACS));
    let [set] = all("AttributeConsumingService")[..] else { panic!("one") };
    assert_eq!(set.attribute("index"), Some("0"));
    let asked: Vec<_> = set.children().filter_map(|n| n.attribute("Name")).collect();
    assert_eq!(asked, ["fiscalNumber", "name", "familyName", "dateOfBirth"]);
    assert!(
        text.contains("<md:OrganizationName xml:lang=\"it\">Regione Prova &amp; Figli</md:OrganizationName>")
    );
    assert!(text.contains("<spid:IPACode>r_prova</spid:IPACode>"));
    assert!(text.contains("<spid:Public></spid:Public>"));
    let [format] = all("NameIDFormat")[..] else { panic!("one") };
    assert_eq!(format.text(), Some("urn:oasis:names:tc:SAML:2.0:nameid-format:transient"));
    let [contact] = root.children().filter(|n| is(*n, MD, "ContactPerson")).collect::<Vec<_>>()[..] else {
        panic!("one")
    };
    assert_eq!(contact.attribute("contactType"), Some("other"));
}

/// SPID-N1.
#[test]
fn a_least_age_is_published_for_the_providers_to_enforce() {
    assert!(!text().contains("AgeLimit"));
    let mut from_fourteen = service();
    from_fourteen.least_age = Some(14);
    let text = String::from_utf8(metadata(&from_fourteen).unwrap()).unwrap();
    let tree = Tree::read(&text, &Limits::METADATA).unwrap();
    let names: Vec<_> = tree.root().children().map(|n| n.tag_name().name().to_owned()).collect();
    assert_eq!(names, ["Signature", "Extensions", "SPSSODescriptor", "Organization", "ContactPerson"]);
    let limit = tree.root().descendants().find(|n| n.tag_name().name() == "AgeLimit").unwrap();
    let said: Vec<_> =
        limit.children().map(|n| (n.tag_name().name().to_owned(), n.text().unwrap())).collect();
    let said: Vec<_> = said.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(said, [("AssertionConsumerServiceIndex", "0"), ("MinAge", "14"), ("MaxAge", "99")]);
}

/// SPID-K5, SPID-M4.
#[test]
fn the_next_certificate_is_published_and_not_used() {
    let mut rotating = service();
    rotating.next_certificate = Some(stranger_key().certificate_der().to_vec());
    let text = String::from_utf8(metadata(&rotating).unwrap()).unwrap();
    assert_eq!(text.matches("<md:KeyDescriptor use=\"signing\">").count(), 2);
    assert!(text.contains(stranger_key().certificate_base64()));
    let tree = Tree::read(&text, &Limits::METADATA).unwrap();
    assert!(xml::verify(tree.root(), &[key()]).is_ok());
}

/// SPID-M8, SPID-X2.
#[test]
fn the_sets_for_other_countries_have_their_given_names_indexes_and_attributes() {
    let mut european = service();
    european.attribute_sets.extend(AttributeSet::eidas());
    let text = String::from_utf8(metadata(&european).unwrap()).unwrap();
    let tree = Tree::read(&text, &Limits::METADATA).unwrap();
    let sets: Vec<_> =
        tree.root().descendants().filter(|n| is(*n, MD, "AttributeConsumingService")).collect();
    let indexes: Vec<_> = sets.iter().filter_map(|n| n.attribute("index")).collect();
    assert_eq!(indexes, ["0", &EIDAS_MINIMUM.to_string(), &EIDAS_FULL.to_string()]);
    let names: Vec<_> = sets[1..].iter().filter_map(|n| n.first_child()?.text()).collect();
    assert_eq!(
        names,
        ["eIDAS Natural Person Minimum Attribute Set", "eIDAS Natural Person Full Attribute Set"]
    );
    let asked = |at: usize| sets[at].children().filter_map(|n| n.attribute("Name")).collect::<Vec<_>>();
    assert_eq!(asked(1), ["spidCode", "name", "familyName", "dateOfBirth"]);
    assert_eq!(
        asked(2),
        ["spidCode", "name", "familyName", "dateOfBirth", "placeOfBirth", "address", "gender"]
    );
}
