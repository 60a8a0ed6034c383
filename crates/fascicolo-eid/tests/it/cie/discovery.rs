//! From a provider's name to its chain, and the anchor's list (CIE-8, CIE-9, CIE-13, CIE-14).

use fascicolo_eid::cie::jose::{Defect, LONGEST};
use fascicolo_eid::cie::{Anchor, Discovery, Next, Refused, list_url, read_list};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::maker::{
    ANCHOR, NOW, PROVIDER, anchor, anchor_claims, at, entity, statements, subordinate_claims, with,
};

fn begin() -> Discovery {
    Discovery::begin(&anchor(), PROVIDER).unwrap()
}

fn fetch(discovery: Discovery, body: &str) -> Result<Discovery, Refused> {
    match discovery.take(body.as_bytes(), at(NOW))? {
        Next::Fetch(next) => Ok(*next),
        Next::Done(_) => panic!("done"),
    }
}

/// CIE-8, CIE-9: from the anchor down, three fetches.
#[test]
fn a_discovery_says_what_to_fetch_next() {
    let [leaf, statement, top] = statements();
    let discovery = begin();
    assert_eq!(discovery.url(), "https://anchor.example/.well-known/openid-federation");
    // a line break at the end of a body is not part of it
    let discovery = fetch(discovery, &format!("{top}\n")).unwrap();
    assert_eq!(discovery.url(), "https://anchor.example/fetch?sub=https%3A%2F%2Fprovider.example%2Foidc");
    let discovery = fetch(discovery, &statement).unwrap();
    assert_eq!(discovery.url(), "https://provider.example/oidc/.well-known/openid-federation");
    let Ok(Next::Done(chain)) = discovery.take(leaf.as_bytes(), at(NOW)) else {
        panic!("done");
    };
    assert_eq!((chain.subject(), chain.statements()), (PROVIDER, &[leaf, statement, top][..]));
}

/// CIE-9: each step is refused before the next is fetched.
#[test]
fn each_wrong_answer_ends_the_discovery_at_once() {
    let [leaf, statement, top] = statements();
    let refused = |discovery: Discovery, body: &str| discovery.take(body.as_bytes(), at(NOW)).err();
    assert_eq!(refused(begin(), "<html>"), Some(Defect::Parts.into()));
    assert_eq!(refused(begin(), &leaf), Some(Defect::KeyUnknown.into()));
    assert_eq!(refused(begin(), &statement), Some(Refused::StatementSubject));
    assert_eq!(refused(begin(), &"x".repeat(LONGEST + 1)), Some(Defect::TooLong.into()));
    assert_eq!(begin().take(b"\xff", at(NOW)).err(), Some(Defect::NotBase64.into()));
    for endpoint in [Value::Null, json!("http://anchor.example/fetch"), json!(1)] {
        let pointer = "/metadata/federation_entity/federation_fetch_endpoint";
        let top = entity("anchor", &with(anchor_claims(), pointer, endpoint));
        assert_eq!(refused(begin(), &top), Some(Refused::FetchEndpoint));
    }
    let second = || fetch(begin(), &top).unwrap();
    assert_eq!(refused(second(), &leaf), Some(Defect::KeyUnknown.into()));
    assert_eq!(refused(second(), &top), Some(Refused::StatementSubject));
    for (claim, cause) in [("/iss", Refused::StatementIssuer), ("/sub", Refused::StatementSubject)] {
        let other = with(subordinate_claims(), claim, json!("https://other.example"));
        assert_eq!(refused(second(), &entity("anchor", &other)), Some(cause));
    }
    let third = fetch(second(), &statement).unwrap();
    assert_eq!(refused(third, &top), Some(Defect::KeyUnknown.into()));
}

/// CIE-9, CIE-14.
#[test]
fn a_discovery_begins_with_addresses_of_two_entities() {
    for subject in ["", "provider.example", "http://provider.example", "https://p.example/#x"] {
        assert_eq!(Discovery::begin(&anchor(), subject).err(), Some(Refused::Address), "{subject}");
    }
    assert_eq!(Discovery::begin(&anchor(), ANCHOR).err(), Some(Refused::ChainLoop));
    let bad = Anchor { entity_id: "anchor".to_owned(), ..anchor() };
    assert_eq!(Discovery::begin(&bad, PROVIDER).err(), Some(Refused::Address));
    // a slash at the end is not doubled (CIE-1)
    let slash = Anchor { entity_id: format!("{ANCHOR}/"), ..anchor() };
    let url = Discovery::begin(&slash, PROVIDER).unwrap();
    assert_eq!(url.url(), "https://anchor.example/.well-known/openid-federation");
}

/// CIE-8.
#[test]
fn the_anchor_lists_its_providers() {
    let top = entity("anchor", &anchor_claims());
    let url = list_url(top.as_bytes(), &anchor(), at(NOW)).unwrap();
    assert_eq!(url, "https://anchor.example/list?entity_type=openid_provider");
    let pointer = "/metadata/federation_entity/federation_list_endpoint";
    let top = entity("anchor", &with(anchor_claims(), pointer, Value::Null));
    assert_eq!(list_url(top.as_bytes(), &anchor(), at(NOW)).err(), Some(Refused::FetchEndpoint));
    let forged = entity("stranger", &anchor_claims());
    let found = list_url(forged.as_bytes(), &anchor(), at(NOW));
    assert_eq!(found.err(), Some(Defect::KeyUnknown.into()));
    let list = json!([PROVIDER, "https://other.example"]).to_string();
    assert_eq!(read_list(list.as_bytes()).unwrap(), [PROVIDER, "https://other.example"]);
    assert_eq!(read_list(b"[]").unwrap().len(), 0);
    let long = json!(vec![PROVIDER; 501]).to_string();
    for bad in ["", "{}", "[1]", "[\"x\"]", "[\"http://p.example\"]", "[\"https://p.example\"", &long] {
        assert_eq!(read_list(bad.as_bytes()).err(), Some(Refused::ProviderList), "{bad:.40}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_body_gets_an_answer(body: Vec<u8>) {
        prop_assert!(begin().take(&body, at(NOW)).is_err());
        let _ = read_list(&body);
    }
}
