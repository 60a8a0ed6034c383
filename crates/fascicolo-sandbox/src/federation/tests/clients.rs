//! What the provider believes of a site: no more than the anchor vouches for (CIE-1, CIE-9, CIE-11, CIE-12).

use fascicolo_eid::cie::entity_configuration;
use serde_json::{Value, json};

use super::super::anchor::STATEMENT;
use super::super::*;
use super::world::{SITE, World, payload, start, with};

/// What the provider makes of a configuration, with a statement of the anchor.
fn judged(world: &World, configuration: &str, statement: &str) -> Option<Unknown> {
    let anchor = &world.cie.0.anchor;
    let by = Vouched {
        id: SITE,
        anchor: &anchor.entity_id,
        anchor_keys: &anchor.key.jwks(),
        mark: &anchor.mark_kind(),
        statement,
    };
    Client::read(configuration, &by, start()).err()
}

fn configuration(world: &World) -> Value {
    payload(&entity_configuration(&world.us, &world.keys, start()).unwrap())
}

fn statement(world: &World) -> String {
    world.cie.0.anchor.statement(SITE, start()).unwrap().unwrap()
}

fn changed(world: &World, pointer: &str, value: Value) -> Value {
    let mut claims = configuration(world);
    *claims.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    claims
}

#[tokio::test]
async fn each_rule_on_a_sites_configuration_refuses_for_its_own_cause() {
    let world = World::open();
    let statement = statement(&world);
    let now = start().as_second();
    let relying_party = |name: &str| format!("/metadata/openid_relying_party/{name}");
    let cases = [
        ("/iss".to_owned(), json!("https://altro.example"), Unknown::Configuration),
        ("/sub".to_owned(), json!("https://altro.example"), Unknown::Configuration),
        ("/exp".to_owned(), json!(now), Unknown::Instants),
        ("/iat".to_owned(), json!(now + 61), Unknown::Instants),
        ("/authority_hints".to_owned(), json!(["https://altra.example"]), Unknown::Hints),
        ("/trust_marks".to_owned(), json!([]), Unknown::Mark),
        ("/metadata".to_owned(), json!({}), Unknown::Metadata),
        (relying_party("token_endpoint_auth_method"), json!("client_secret_basic"), Unknown::Policy),
        (relying_party("userinfo_encrypted_response_alg"), json!("RSA1_5"), Unknown::Policy),
        (relying_party("grant_types"), json!(["implicit"]), Unknown::Policy),
        (relying_party("client_id"), json!("https://altro.example"), Unknown::Metadata),
        (relying_party("redirect_uris"), json!("https://localhost:8443/cie/callback"), Unknown::Metadata),
        (relying_party("jwks"), json!({"keys": []}), Unknown::Metadata),
    ];
    let sign = |claims: &Value| world.statements.sign(STATEMENT, claims).unwrap();
    assert_eq!(judged(&world, &sign(&configuration(&world)), &statement), None);
    assert_eq!(judged(&world, &sign(&changed(&world, "/iat", json!(now + 60))), &statement), None);
    for (pointer, value, unknown) in cases {
        let configuration = sign(&changed(&world, &pointer, value));
        assert_eq!(judged(&world, &configuration, &statement), Some(unknown), "{pointer}");
    }
}

#[tokio::test]
async fn a_configuration_is_signed_by_the_key_that_the_anchor_names() {
    let world = World::open();
    let (claims, statement) = (configuration(&world), statement(&world));
    for forged in [
        world.signing.sign(STATEMENT, &claims).unwrap(),
        world.foreign.sign_as(world.statements.kid(), STATEMENT, &claims).unwrap(),
        world.statements.sign("JWT", &claims).unwrap(),
        "no statement".to_owned(),
    ] {
        assert_eq!(judged(&world, &forged, &statement), Some(Unknown::Configuration));
    }
    let good = world.statements.sign(STATEMENT, &claims).unwrap();
    let about_another = with(payload(&statement), "sub", json!("https://altro.example"));
    let about_another = world.cie.0.anchor.key.sign(STATEMENT, &about_another).unwrap();
    let by_another = world.foreign.sign(STATEMENT, &payload(&statement)).unwrap();
    for statement in [about_another, by_another] {
        assert_eq!(judged(&world, &good, &statement), Some(Unknown::Anchor));
    }
    assert_eq!(judged(&world, &good, &statement), None);
}

#[tokio::test]
async fn a_mark_of_another_holder_or_another_issuer_is_none() {
    let world = World::open();
    let statement = statement(&world);
    let anchor = &world.cie.0.anchor;
    let mark = payload(&world.us.trust_marks[0].text);
    let with_mark = |text: String| {
        let claims = changed(&world, "/trust_marks", json!([{"id": anchor.mark_kind(), "trust_mark": text}]));
        judged(&world, &world.statements.sign(STATEMENT, &claims).unwrap(), &statement)
    };
    let typ = "trust-mark+jwt";
    assert_eq!(with_mark(anchor.key.sign(typ, &mark).unwrap()), None);
    let others = with(mark.clone(), "sub", json!("https://altro.example"));
    assert_eq!(with_mark(anchor.key.sign(typ, &others).unwrap()), Some(Unknown::Mark));
    assert_eq!(with_mark(world.foreign.sign(typ, &mark).unwrap()), Some(Unknown::Mark));
}

#[tokio::test]
async fn a_site_is_asked_once_until_its_configuration_ends_and_a_stranger_never() {
    let world = World::open();
    let first = world.cie.client(SITE).await.unwrap_or_else(|unknown| panic!("{unknown}"));
    let again = world.cie.client(SITE).await.unwrap_or_else(|unknown| panic!("{unknown}"));
    assert!(Arc::ptr_eq(&first, &again));
    world.clock.set(first.until);
    let later = world.cie.client(SITE).await.unwrap_or_else(|unknown| panic!("{unknown}"));
    assert!(!Arc::ptr_eq(&first, &later));
    for stranger in ["https://altro.example", world.cie.provider(), ""] {
        assert_eq!(world.cie.client(stranger).await.err(), Some(Unknown::Anchor), "{stranger}");
    }
}

#[tokio::test]
async fn a_site_that_does_not_answer_is_not_known_until_it_does() {
    let world = World::open();
    world.standing.store(false, Ordering::SeqCst);
    assert_eq!(world.cie.client(SITE).await.err(), Some(Unknown::Configuration));
    let asked = world.asked(&format!("client_id={SITE}")).await.err();
    assert_eq!(asked, Some(Flaw::Client(Unknown::Configuration)));
    world.standing.store(true, Ordering::SeqCst);
    assert!(world.cie.client(SITE).await.is_ok());
}
