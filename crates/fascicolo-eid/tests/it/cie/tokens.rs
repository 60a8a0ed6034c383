//! The token endpoint and revocation (CIE-22, CIE-26 to CIE-28).

use fascicolo_eid::cie::jose::{Algorithm, Claims, Defect, Jws, LONGEST};
use fascicolo_eid::cie::{
    Answered, Callback, Code, KeyError, ProviderError, Refused, TokenAnswer, Tokens, Trouble,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::maker::{NOW, US, World, at, moment, seconds, set, with};
use crate::request::query;

fn code(world: &World) -> Code {
    let state = world.pending().state;
    let text = format!("state={state}&iss=https%3A%2F%2Fprovider.example%2Foidc&code=a%2Fcode");
    match world.client().check_callback(&Callback::parse(&text).unwrap(), &world.pending(), at(NOW)) {
        Ok(Answered::Code(code)) => code,
        other => panic!("{other:?}"),
    }
}

fn fields(body: &str) -> Vec<(String, String)> {
    query(&format!("?{body}"))
}

fn assertion(text: &str) -> Claims {
    Jws::read(text, LONGEST).unwrap().verify(&set(&["registry"]), &Algorithm::ALL).unwrap()
}

/// CIE-22.
#[test]
fn a_code_is_redeemed_with_the_verifier_and_a_signed_proof() {
    let world = World::new();
    let made = world.client().redeem_code(&code(&world), &world.pending(), moment()).unwrap();
    assert_eq!(made.url, "https://provider.example/token");
    let fields = fields(&made.body);
    let value = |name: &str| fields.iter().find(|(n, _)| n == name).unwrap().1.clone();
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "grant_type",
            "code",
            "code_verifier",
            "redirect_uri",
            "client_id",
            "client_assertion_type",
            "client_assertion"
        ],
        "no client secret"
    );
    assert_eq!(value("grant_type"), "authorization_code");
    assert_eq!(value("code"), "a/code");
    assert_eq!(value("code_verifier"), world.pending().verifier);
    assert_eq!(value("redirect_uri"), "https://fascicolo.example/accesso/cie/ritorno");
    assert_eq!(value("client_id"), US);
    assert_eq!(value("client_assertion_type"), "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let claims = assertion(&value("client_assertion"));
    assert_eq!((claims.text("iss"), claims.text("sub")), (Some(US), Some(US)));
    assert!(claims.only_audience("https://provider.example/token"));
    assert_eq!(claims.member("iat"), Some(&json!(seconds(NOW))));
    assert_eq!(claims.member("exp"), Some(&json!(seconds(NOW) + 120)));
    let mut other = moment();
    other.random = [8; 16];
    let again = world.client().redeem_code(&code(&world), &world.pending(), other).unwrap();
    let again = assertion(&self::fields(&again.body)[6].1);
    assert_ne!(claims.text("jti"), again.text("jti"));
}

/// CIE-27.
#[test]
fn leaving_revokes_the_token_with_a_proof_for_that_endpoint() {
    let mut world = World::new();
    let made = world.client().revocation("the/token", moment()).unwrap();
    assert_eq!(made.url, "https://provider.example/revocation");
    let fields = fields(&made.body);
    assert_eq!(fields[0], ("token".to_owned(), "the/token".to_owned()));
    assert_eq!(fields[1], ("token_type_hint".to_owned(), "access_token".to_owned()));
    assert!(assertion(&fields[4].1).only_audience("https://provider.example/revocation"));
    world.provider.revocation_endpoint = None;
    assert_eq!(world.client().revocation("t", moment()).err(), Some(KeyError::NoAddress));
}

fn body() -> Value {
    json!({"access_token": "at", "id_token": "a.b.c", "token_type": "Bearer", "expires_in": 300})
}

/// CIE-22, CIE-26.
#[test]
fn an_answer_gives_two_tokens_and_a_third_is_not_looked_at() {
    let expected = Tokens { access_token: "at".to_owned(), id_token: "a.b.c".to_owned() };
    assert_eq!(format!("{expected:?}"), "Tokens(…)");
    let mut more = body();
    more["refresh_token"] = json!("rt");
    more["token_type"] = json!("bearer");
    for body in [body(), more] {
        let read = TokenAnswer::read(200, body.to_string().as_bytes());
        assert_eq!(read, Ok(TokenAnswer::Tokens(expected.clone())));
    }
}

/// CIE-22.
#[test]
fn each_wrong_answer_is_refused_for_its_own_cause() {
    for (member, value, cause) in [
        ("token_type", json!("DPoP"), Refused::TokenType),
        ("token_type", Value::Null, Refused::TokenType),
        ("access_token", Value::Null, Refused::TokenShape),
        ("access_token", json!(""), Refused::TokenShape),
        ("access_token", json!("a b"), Refused::TokenShape),
        ("access_token", json!("a\r\nX: y"), Refused::TokenShape),
        ("access_token", json!("x".repeat(16 * 1024 + 1)), Refused::TokenShape),
        ("id_token", Value::Null, Refused::TokenShape),
        ("id_token", json!(1), Refused::TokenShape),
    ] {
        let body = with(body(), &format!("/{member}"), value.clone()).to_string();
        assert_eq!(TokenAnswer::read(200, body.as_bytes()).err(), Some(cause), "{member} {value}");
    }
    for (body, cause) in [
        ("", Refused::Jose(Defect::Json)),
        ("[]", Refused::Jose(Defect::Json)),
        ("{\"id_token\":\"a\",\"id_token\":\"b\"}", Refused::Jose(Defect::DuplicateMember)),
    ] {
        assert_eq!(TokenAnswer::read(200, body.as_bytes()).err(), Some(cause), "{body}");
    }
    let long = " ".repeat(64 * 1024 + 1);
    assert_eq!(TokenAnswer::read(200, long.as_bytes()).err(), Some(Refused::TokenShape));
}

/// CIE-28.
#[test]
fn an_error_of_the_token_endpoint_means_a_page() {
    for (status, body, trouble, code) in [
        (400, "{\"error\":\"invalid_grant\"}", Trouble::Unverified, "invalid_grant"),
        (403, "{\"error\":\"unauthorized_client\"}", Trouble::Ours, "unauthorized_client"),
        (503, "{\"error\":\"temporarily_unavailable\"}", Trouble::Provider, "temporarily_unavailable"),
        (400, "", Trouble::Unverified, "status"),
        (302, "", Trouble::Unverified, "status"),
        (500, "<html>", Trouble::Provider, "status_of_server"),
    ] {
        let found = TokenAnswer::read(status, body.as_bytes());
        assert_eq!(found, Ok(TokenAnswer::Error(ProviderError { trouble, code })), "{status} {body}");
    }
    // a success that is none is no error of the provider
    assert_eq!(TokenAnswer::read(200, b"{\"error\":\"x\"}").err(), Some(Refused::TokenType));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_body_gets_an_answer(status: u16, body: Vec<u8>) {
        let _ = TokenAnswer::read(status, &body);
    }
}
