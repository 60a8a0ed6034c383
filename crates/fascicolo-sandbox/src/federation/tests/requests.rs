//! Each rule of the authentication request refuses for its own cause (CIE-16 to CIE-19).

use fascicolo_domain::login::Level;
use serde_json::{Value, json};

use super::super::request::FISCAL_NUMBER;
use super::super::*;
use super::world::{SITE, World, form, query, start, with};

impl World {
    async fn flaw(&self, claims: &Value) -> Option<Flaw> {
        let request = self.signing.sign("", claims).unwrap();
        self.asked(&query(claims, &request)).await.err()
    }
}

/// CIE-17, CIE-18.
#[tokio::test]
async fn the_sites_requests_pass_at_every_level_by_either_method() {
    let world = World::open();
    let provider = world.provider().await;
    for level in Level::ALL {
        let started = world.begin(&provider, level);
        let cie::Outgoing::Redirect { url } = &started.outgoing else { panic!() };
        let asked = world.asked(url.split_once('?').unwrap().1).await.unwrap_or_else(|flaw| panic!("{flaw}"));
        assert_eq!(
            (asked.level, asked.redirect_uri.as_str()),
            (level, "https://localhost:8443/cie/callback")
        );
        assert_eq!((&asked.state, &asked.nonce), (&started.pending.state, &started.pending.nonce));
        assert!(asked.attributes.iter().any(|name| name == FISCAL_NUMBER));
    }
    let started = world.begin(&provider, Level::Two);
    let cie::Outgoing::Redirect { url } = &started.outgoing else { panic!() };
    let (endpoint, parameters) = url.split_once('?').unwrap();
    let (status, _, page) = world.browse(endpoint, Some(parameters.to_owned())).await;
    assert!(status == 200 && page.contains("Giulia Ferrari"), "{page}");
    assert_eq!(world.cie.counts().requests, 1);
}

/// CIE-16, CIE-17, CIE-18, CIE-19.
#[tokio::test]
async fn each_rule_on_the_request_object_refuses_for_its_own_cause() {
    let world = World::open();
    let at = |seconds: i64| json!(start().as_second() + seconds);
    let ask = |members: Value| json!({"userinfo": members});
    let cases = [
        ("sub", json!(SITE), Flaw::Subject),
        ("iss", json!("https://altro.example"), Flaw::Issuer),
        ("iss", Value::Null, Flaw::Issuer),
        ("aud", json!("https://altro.example"), Flaw::Audience),
        ("aud", Value::Null, Flaw::Audience),
        ("iat", at(61), Flaw::Instants),
        ("iat", Value::Null, Flaw::Instants),
        ("exp", at(0), Flaw::Instants),
        ("exp", at(301), Flaw::Instants),
        ("exp", Value::Null, Flaw::Instants),
        ("jti", Value::Null, Flaw::Jti),
        ("response_type", json!("token"), Flaw::ResponseType),
        ("redirect_uri", json!("https://localhost:8443/cie/callback/"), Flaw::RedirectUri),
        ("redirect_uri", Value::Null, Flaw::RedirectUri),
        ("scope", json!("profile"), Flaw::Scope),
        ("scope", json!("openid offline_access"), Flaw::Scope),
        ("state", json!("s".repeat(31)), Flaw::State),
        ("state", Value::Null, Flaw::State),
        ("nonce", json!("n".repeat(31)), Flaw::Nonce),
        ("nonce", Value::Null, Flaw::Nonce),
        ("code_challenge", json!("c".repeat(42)), Flaw::Pkce),
        ("code_challenge", Value::Null, Flaw::Pkce),
        ("code_challenge_method", json!("plain"), Flaw::Pkce),
        ("code_challenge_method", Value::Null, Flaw::Pkce),
        ("acr_values", json!("https://www.spid.gov.it/SpidL4"), Flaw::Level),
        ("acr_values", json!("https://www.spid.gov.it/SpidL2 https://www.spid.gov.it/SpidL3"), Flaw::Level),
        ("acr_values", Value::Null, Flaw::Level),
        ("prompt", json!("none"), Flaw::Prompt),
        ("prompt", Value::Null, Flaw::Prompt),
        ("claims", ask(json!({"address": {"essential": true}})), Flaw::Claims),
        ("claims", ask(json!({"birthdate": {"essential": "yes"}})), Flaw::Claims),
        ("claims", json!({"userinfo": {}, "id_token": {"birthdate": null}}), Flaw::Claims),
        ("claims", Value::Null, Flaw::Claims),
    ];
    for (member, value, flaw) in cases {
        let claims = world.claims().await;
        assert_eq!(world.flaw(&claims).await, None);
        // another name for the request that is wrong: a name is good once
        let changed = with(with(claims, "jti", json!(format!("altro {member} {value}"))), member, value);
        assert_eq!(world.flaw(&changed).await, Some(flaw), "{member}");
    }
}

/// The last that passes, beside the first that does not.
#[tokio::test]
async fn each_limit_of_the_request_object_is_where_it_is_said_to_be() {
    let world = World::open();
    let at = |seconds: i64| json!(start().as_second() + seconds);
    for (member, value) in [
        ("iat", at(60)),
        ("exp", at(1)),
        ("exp", at(300)),
        ("aud", json!(world.cie.provider())),
        ("scope", json!("openid profile email")),
        ("state", json!("s".repeat(32))),
        ("nonce", json!("n".repeat(32))),
        ("prompt", json!("consent")),
        ("claims", json!({"userinfo": {"birthdate": null}})),
    ] {
        let claims = with(world.claims().await, member, value);
        assert_eq!(world.flaw(&claims).await, None, "{member}");
    }
}

/// CIE-16.
#[tokio::test]
async fn what_is_said_outside_is_said_once_and_the_same_as_inside() {
    let world = World::open();
    let claims = world.claims().await;
    let request = world.signing.sign("", &claims).unwrap();
    let good = query(&claims, &request);
    let flaw = async |query: &str| world.asked(query).await.err();
    for name in ["response_type", "scope", "code_challenge", "code_challenge_method"] {
        let pair = |field: &&str| field.starts_with(&format!("{name}="));
        let without: Vec<&str> = good.split('&').filter(|field| !pair(field)).collect();
        assert_eq!(flaw(&without.join("&")).await, Some(Flaw::Repeated), "{name}");
        let another = format!("{}&{name}=altro", without.join("&"));
        assert_eq!(flaw(&another).await, Some(Flaw::Repeated), "{name}");
    }
    assert_eq!(flaw(&format!("{good}&state=altro")).await, Some(Flaw::Repeated));
    assert_eq!(flaw(&format!("{good}&scope=openid")).await, Some(Flaw::Parameters));
    assert_eq!(flaw(&format!("{good}&request_uri=https%3A%2F%2Fx")).await, Some(Flaw::ByReference));
    let same = form(&[("state", claims["state"].as_str().unwrap())]);
    assert_eq!(flaw(&format!("{good}&{same}")).await, None);
    assert_eq!(flaw(&good).await, Some(Flaw::Jti), "a request is taken once (CIE-17)");
}

/// CIE-16.
#[tokio::test]
async fn a_request_needs_a_signature_of_the_sites_protocol_key() {
    let world = World::open();
    let claims = world.claims().await;
    let flaw = async |request: String| world.asked(&query(&claims, &request)).await.err();
    let signed = world.signing.sign("", &claims).unwrap();
    assert_eq!(flaw(world.foreign.sign("", &claims).unwrap()).await, Some(Flaw::Signature));
    let forged = world.foreign.sign_as(world.signing.kid(), "", &claims).unwrap();
    assert_eq!(flaw(forged).await, Some(Flaw::Signature));
    assert_eq!(flaw(world.statements.sign("", &claims).unwrap()).await, Some(Flaw::Signature));
    assert_eq!(flaw(world.signing.unsigned(&claims)).await, Some(Flaw::Unreadable));
    assert_eq!(flaw(world.signing.with_public_key_as_secret(&claims)).await, Some(Flaw::Unreadable));
    assert_eq!(flaw(String::new()).await, Some(Flaw::Unreadable));
    assert_eq!(flaw(signed).await, None);
}

#[tokio::test]
async fn a_wrong_request_gets_a_page_that_names_the_rule() {
    let world = World::open();
    let claims = with(world.claims().await, "prompt", json!("none"));
    let request = world.signing.sign("", &claims).unwrap();
    let url = format!("{}/authorize?{}", world.cie.provider(), query(&claims, &request));
    let (status, location, page) = world.browse(&url, None).await;
    assert_eq!((status, location.as_str()), (400, ""));
    assert!(page.contains("CIE-17"), "{page}");
    assert_eq!(world.cie.counts().flawed, 1);
}
