//! The authentication request (SPID-A1 to A11).

use std::io::Read as _;

use fascicolo_domain::login::Level;
use fascicolo_eid::spid::{
    AttributeSet, Binding, KeyError, Outgoing, RequestSpec, authn_request, new_request_id,
};
use fascicolo_eid::xml::{self, Limits, Tree, VerifyingKey};

use crate::maker::{REQUEST, SERVICE, at, provider, service, service_key};
use crate::metadata_rules::cie;

pub(crate) fn spec(binding: Binding) -> RequestSpec<'static> {
    RequestSpec {
        id: REQUEST,
        now: at("2026-11-25T11:00:00.5Z"),
        level: Level::Two,
        attribute_set: 0,
        relay_state: "a+b/c=",
        binding,
    }
}

pub(crate) fn key() -> VerifyingKey {
    VerifyingKey::from_certificate(service_key().certificate_der()).unwrap()
}

/// The parts of a query, decoded.
pub(crate) fn query(url: &str) -> Vec<(String, String)> {
    let (_, query) = url.split_once('?').unwrap();
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), percent_decoded(value)))
        .collect()
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            assert!(
                digits.iter().all(|d| d.is_ascii_digit() || (b'A'..=b'F').contains(d)),
                "upper-case escapes"
            );
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

pub(crate) fn inflated(base64: &str) -> String {
    let bytes = xml::decode_base64(base64).unwrap();
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    text
}

/// SPID-A2, SPID-A9, SPID-A11.
#[test]
fn a_posted_request_is_signed_after_its_issuer() {
    let Outgoing::Post { action, saml_request, relay_state, xml: text } =
        authn_request(&service(), &provider(), &spec(Binding::Post)).unwrap()
    else {
        panic!("posted");
    };
    assert_eq!(action, "https://idp.example/SingleSignOnService/POST");
    assert_eq!(relay_state, "a+b/c=");
    assert_eq!(xml::decode_base64(&saml_request).unwrap(), text.as_bytes());
    let tree = Tree::read(&text, &Limits::MESSAGE).unwrap();
    let names: Vec<_> = tree.root().children().map(|n| n.tag_name().name().to_owned()).collect();
    assert_eq!(names, ["Issuer", "Signature", "NameIDPolicy", "RequestedAuthnContext"]);
    assert!(xml::verify(tree.root(), &[key()]).is_ok());
}

/// SPID-A2, SPID-A9, SPID-A11.
#[test]
fn a_redirected_request_is_signed_as_a_query() {
    let Outgoing::Redirect { url, xml: text } =
        authn_request(&service(), &provider(), &spec(Binding::Redirect)).unwrap()
    else {
        panic!("redirected");
    };
    assert!(url.starts_with("https://idp.example/SingleSignOnService/Redirect?SAMLRequest="));
    let parts = query(&url);
    let names: Vec<_> = parts.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names, ["SAMLRequest", "RelayState", "SigAlg", "Signature"]);
    assert_eq!(inflated(&parts[0].1), text);
    assert!(!text.contains("Signature"));
    assert_eq!(parts[1].1, "a+b/c=");
    assert_eq!(parts[2].1, xml::RSA_SHA256);
    let (signed, _) = url.split_once('?').unwrap().1.split_once("&Signature=").unwrap();
    let query = xml::SignedQuery { signed, algorithm: &parts[2].1, signature: &parts[3].1 };
    let tree = Tree::read(&text, &Limits::MESSAGE).unwrap();
    assert!(xml::verify_query(tree.root(), &query, &[key()]).is_ok());
}

/// SPID-A1 to A8.
#[test]
fn a_request_says_what_the_rules_want_and_no_more() {
    let Outgoing::Redirect { xml: text, .. } =
        authn_request(&service(), &provider(), &spec(Binding::Redirect)).unwrap()
    else {
        panic!("redirected");
    };
    let tree = Tree::read(&text, &Limits::MESSAGE).unwrap();
    let root = tree.root();
    let attributes: Vec<_> = root.attributes().map(|a| (a.name(), a.value())).collect();
    let expected = [
        ("ID", REQUEST),
        ("Version", "2.0"),
        ("IssueInstant", "2026-11-25T11:00:00.500Z"),
        ("Destination", "https://idp.example/SingleSignOnService/Redirect"),
        ("ForceAuthn", "true"),
        ("AssertionConsumerServiceIndex", "0"),
        ("AttributeConsumingServiceIndex", "0"),
    ];
    assert_eq!(attributes, expected);
    let issuer = root.first_element_child().unwrap();
    assert_eq!(issuer.text(), Some(SERVICE));
    assert_eq!(issuer.attribute("NameQualifier"), Some(SERVICE));
    let policy = root.children().find(|n| n.tag_name().name() == "NameIDPolicy").unwrap();
    assert_eq!(policy.attribute("AllowCreate"), None);
    let context = root.children().find(|n| n.tag_name().name() == "RequestedAuthnContext").unwrap();
    assert_eq!(context.attribute("Comparison"), Some("minimum"));
    assert_eq!(context.first_element_child().unwrap().text(), Some("https://www.spid.gov.it/SpidL2"));
}

/// SPID-A3, SPID-A7, SPID-L3.
#[test]
fn each_level_is_asked_for_by_its_own_class() {
    for (level, class, force) in
        [(Level::One, "SpidL1<", false), (Level::Two, "SpidL2<", true), (Level::Three, "SpidL3<", true)]
    {
        let spec = RequestSpec { level, ..spec(Binding::Redirect) };
        let Outgoing::Redirect { xml, .. } = authn_request(&service(), &provider(), &spec).unwrap() else {
            panic!("redirected");
        };
        assert!(xml.contains(class));
        assert_eq!(xml.contains("ForceAuthn=\"true\""), force, "{level:?}");
    }
}

/// SPID-C5.
#[test]
fn cie_always_asks_for_a_new_login_at_its_providers_address() {
    let spec = RequestSpec { level: Level::One, ..spec(Binding::Post) };
    let made = authn_request(&cie(false), &provider(), &spec).unwrap();
    let Outgoing::Post { xml, action, .. } = made else { panic!("posted") };
    for part in [
        " ForceAuthn=\"true\"",
        " AttributeConsumingServiceIndex=\"0\"",
        " Comparison=\"minimum\"",
        &format!(" Destination=\"{action}\""),
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
    assert!(!xml.contains("AllowCreate"), "{xml}");
}

/// SPID-A10.
#[test]
fn a_relay_state_is_short_opaque_and_no_address() {
    let longest = "x".repeat(80);
    let too_long = "x".repeat(81);
    for (state, good) in
        [("x", true), (&longest, true), (&too_long, false), ("", false), ("xhttpx", false), ("HTTPS:", false)]
    {
        for binding in [Binding::Post, Binding::Redirect] {
            let spec = RequestSpec { relay_state: state, ..spec(binding) };
            let made = authn_request(&service(), &provider(), &spec);
            assert_eq!(made.err(), (!good).then_some(KeyError::RelayState), "{state}");
        }
    }
}

/// SPID-A2.
#[test]
fn a_provider_without_the_binding_gets_no_request() {
    let mut provider = provider();
    provider.single_sign_on.retain(|(binding, _)| *binding == Binding::Post);
    let made = authn_request(&service(), &provider, &spec(Binding::Redirect));
    assert_eq!(made.err(), Some(KeyError::NoAddress));
    assert!(authn_request(&service(), &provider, &spec(Binding::Post)).is_ok());
}

/// SPID-A5.
#[test]
fn an_attribute_set_that_the_metadata_lack_is_not_asked_for() {
    let spec = RequestSpec { attribute_set: 99, ..spec(Binding::Redirect) };
    let mut service = service();
    let made = authn_request(&service, &provider(), &spec);
    assert_eq!(made.err(), Some(KeyError::NoAttributeSet));
    service.attribute_sets.extend(AttributeSet::eidas());
    let Outgoing::Redirect { xml, .. } = authn_request(&service, &provider(), &spec).unwrap() else {
        panic!("redirected");
    };
    assert!(xml.contains(" AttributeConsumingServiceIndex=\"99\">"), "{xml}");
}

/// SPID-A1.
#[test]
fn an_id_is_an_ncname_with_all_its_randomness() {
    assert_eq!(new_request_id([0xa5; 20]), format!("_{}", "a5".repeat(20)));
    assert_ne!(new_request_id([1; 20]), new_request_id([2; 20]));
}
