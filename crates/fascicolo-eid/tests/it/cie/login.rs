//! The request and its answer through the browser (CIE-16 to CIE-21, CIE-28).

use fascicolo_domain::login::Level;
use fascicolo_eid::cie::jose::{Algorithm, Claims, Jws, LONGEST};
use fascicolo_eid::cie::{
    Answered, Callback, KeyError, LoginRequest, Outgoing, ProviderError, Refused, Trouble,
};
use proptest::prelude::*;
use serde_json::json;

use super::maker::{NOW, PROVIDER, STARTS, US, World, at, key, request, seconds, set};
use crate::request::query;

fn object(text: &str) -> Claims {
    let jws = Jws::read(text, LONGEST).unwrap();
    assert_eq!(jws.kid(), key("registry").kid(), "a protocol key");
    jws.verify(&set(&["registry"]), &Algorithm::ALL).unwrap()
}

/// CIE-16, CIE-17.
#[test]
fn a_request_is_signed_and_its_outside_says_what_its_inside_says() {
    let world = World::new();
    let started = world.client().begin_login(&request()).unwrap();
    let Outgoing::Redirect { url } = &started.outgoing else {
        panic!("redirected");
    };
    assert!(url.starts_with("https://provider.example/authorization?client_id="));
    let fields = query(url);
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    let expected =
        ["client_id", "response_type", "scope", "code_challenge", "code_challenge_method", "request"];
    assert_eq!(names, expected);
    assert_eq!(fields[5].1, started.request_object);
    let inside = object(&started.request_object);
    for (name, value) in &fields[..5] {
        assert_eq!(inside.text(name), Some(value.as_str()), "{name}");
    }
    assert_eq!((fields[0].1.as_str(), fields[1].1.as_str(), fields[2].1.as_str()), (US, "code", "openid"));
}

/// CIE-17 to CIE-19, CIE-26.
#[test]
fn a_request_says_what_the_rules_want_and_no_more() {
    let world = World::new();
    let started = world.client().begin_login(&request()).unwrap();
    let claims = object(&started.request_object);
    let pending = started.pending;
    for (name, value) in [
        ("iss", json!(US)),
        ("client_id", json!(US)),
        ("aud", json!([PROVIDER])),
        ("iat", json!(seconds(STARTS))),
        ("exp", json!(seconds(STARTS) + 120)),
        ("response_type", json!("code")),
        ("redirect_uri", json!("https://fascicolo.example/accesso/cie/ritorno")),
        ("scope", json!("openid")),
        ("state", json!(pending.state)),
        ("nonce", json!(pending.nonce)),
        ("code_challenge_method", json!("S256")),
        ("acr_values", json!("https://www.spid.gov.it/SpidL2")),
        ("prompt", json!("consent login")),
    ] {
        assert_eq!(claims.member(name), Some(&value), "{name}");
    }
    let essential = json!({"essential": true});
    let userinfo = json!({"userinfo": {
        "given_name": essential, "family_name": essential, "birthdate": essential,
        "https://attributes.eid.gov.it/fiscal_number": essential,
    }});
    assert_eq!(claims.member("claims"), Some(&userinfo));
    assert!(claims.member("sub").is_none() && claims.member("request_uri").is_none());
    assert!(claims.text("jti").is_some());
    assert!(pending.state.len() >= 32 && pending.nonce.len() >= 32);
    assert!((43..=128).contains(&pending.verifier.len()));
    assert_eq!((pending.issuer.as_str(), pending.at, pending.level), (PROVIDER, at(STARTS), Level::Two));
    assert_eq!(format!("{pending:?}"), format!("Pending({PROVIDER}, Two, …)"));
}

/// CIE-17: the example of RFC 7636, appendix B, is the hash that we make.
#[test]
fn the_challenge_is_the_hash_of_the_verifier_and_nothing_is_drawn_twice() {
    let world = World::new();
    let started = world.client().begin_login(&request()).unwrap();
    let hash = |text: &str| {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        fascicolo_eid::cie::jose::encode_base64url(digest.as_ref())
    };
    assert_eq!(
        hash("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
    let claims = object(&started.request_object);
    assert_eq!(claims.text("code_challenge"), Some(hash(&started.pending.verifier).as_str()));
    let mut drawn = [
        started.pending.state,
        started.pending.nonce,
        started.pending.verifier,
        claims.text("jti").unwrap().to_owned(),
    ];
    drawn.sort();
    assert!(drawn.windows(2).all(|pair| pair[0] != pair[1]));
}

/// CIE-18.
#[test]
fn each_level_is_asked_for_by_its_own_name() {
    let world = World::new();
    for (level, acr, prompt) in [
        (Level::One, "SpidL1", "consent"),
        (Level::Two, "SpidL2", "consent login"),
        (Level::Three, "SpidL3", "consent login"),
    ] {
        let started = world.client().begin_login(&LoginRequest { level, ..request() }).unwrap();
        let claims = object(&started.request_object);
        assert_eq!(claims.text("acr_values"), Some(format!("https://www.spid.gov.it/{acr}").as_str()));
        assert_eq!(claims.text("prompt"), Some(prompt));
    }
}

/// CIE-17.
#[test]
fn an_address_that_is_too_long_becomes_a_form() {
    let mut world = World::new();
    world.us.redirect_uris = vec![format!("https://fascicolo.example/{}", "x".repeat(6000))];
    let started = world.client().begin_login(&request()).unwrap();
    let Outgoing::Post { action, fields } = started.outgoing else {
        panic!("posted");
    };
    assert_eq!(action, "https://provider.example/authorization");
    assert_eq!(fields[5], ("request".to_owned(), started.request_object));
}

/// CIE-13: the last instant of the chain and its end.
#[test]
fn past_the_end_of_the_chain_no_login_begins() {
    let world = World::new();
    let begin = |now| world.client().begin_login(&LoginRequest { now: at(now), ..request() }).err();
    assert_eq!(begin("2026-11-26T09:59:59Z"), None);
    assert_eq!(begin("2026-11-26T10:00:00Z"), Some(KeyError::ChainExpired));
}

fn answered(query: &str) -> Result<Answered, Refused> {
    static WORLD: std::sync::OnceLock<World> = std::sync::OnceLock::new();
    let world = WORLD.get_or_init(World::new);
    world.client().check_callback(&Callback::parse(query)?, &world.pending(), at(NOW))
}

fn good() -> String {
    let state = World::new().pending().state;
    format!("state={state}&iss=https%3A%2F%2Fprovider.example%2Foidc&code=the-code")
}

/// CIE-21.
#[test]
fn the_answer_to_our_request_gives_its_code() {
    let Ok(Answered::Code(code)) = answered(&good()) else {
        panic!("a code");
    };
    assert_eq!(format!("{code:?}"), "Code(…)");
    assert!(answered(&format!("{}&session_state=x", good())).is_ok());
    assert_eq!(Callback::parse(&good()).unwrap().state(), World::new().pending().state);
}

/// CIE-20, CIE-21: each with one thing wrong; state before issuer before code.
#[test]
fn each_wrong_answer_is_refused_for_its_own_cause() {
    let good = good();
    let (state, rest) = good.split_once('&').unwrap();
    let code = format!("{state}&iss=https%3A%2F%2Fprovider.example%2Foidc");
    for (query, cause) in [
        (String::new(), Refused::State),
        (rest.to_owned(), Refused::State),
        (format!("state=&{rest}"), Refused::State),
        (format!("state=another&{rest}"), Refused::State),
        (format!("{state}x&{rest}"), Refused::State),
        (format!("{good}&{state}"), Refused::CallbackShape),
        (format!("{good}&code=other"), Refused::CallbackShape),
        (format!("{good}&iss=x"), Refused::CallbackShape),
        (format!("{good}&x=%"), Refused::CallbackShape),
        (format!("{state}&code=the-code"), Refused::CallbackIssuer),
        (format!("{state}&code=the-code&iss=https%3A%2F%2Fother.example"), Refused::CallbackIssuer),
        (
            format!("{state}&code=the-code&iss=https%3A%2F%2Fprovider.example%2Foidc%2F"),
            Refused::CallbackIssuer,
        ),
        (format!("{state}&error=access_denied"), Refused::CallbackIssuer),
        (code.clone(), Refused::Code),
        (format!("{code}&code="), Refused::Code),
        (format!("{code}&code=a%0Ab"), Refused::Code),
        (format!("{code}&code=a+b"), Refused::Code),
        (format!("{code}&code={}", "x".repeat(2049)), Refused::Code),
        (format!("{good}&error=access_denied"), Refused::Code),
    ] {
        assert_eq!(answered(&query).err(), Some(cause), "{query:.200}");
    }
    assert!(answered(&format!("{code}&code={}", "x".repeat(2048))).is_ok());
}

/// CIE-21: an answer of one provider to a request to another, from either side.
#[test]
fn a_provider_cannot_answer_for_another() {
    let world = World::new();
    let mut pending = world.pending();
    pending.issuer = "https://other.example".to_owned();
    let theirs = good().replace("provider.example%2Foidc", "other.example");
    for query in [good(), theirs] {
        let callback = Callback::parse(&query).unwrap();
        let found = world.client().check_callback(&callback, &pending, at(NOW));
        assert_eq!(found.err(), Some(Refused::CallbackIssuer), "{query}");
    }
}

/// CIE-13.
#[test]
fn past_the_end_of_the_chain_no_answer_is_taken() {
    let world = World::new();
    let callback = Callback::parse(&good()).unwrap();
    let check = |now| world.client().check_callback(&callback, &world.pending(), at(now)).err();
    assert_eq!(check("2026-11-26T09:59:59Z"), None);
    assert_eq!(check("2026-11-26T10:00:00Z"), Some(Refused::ChainExpired));
}

/// CIE-28.
#[test]
fn each_error_means_a_page() {
    let (state, _) = good().split_once('&').map(|(s, r)| (s.to_owned(), r.to_owned())).unwrap();
    for (error, code, trouble) in [
        ("access_denied", "access_denied", Trouble::Declined),
        ("login_required", "login_required", Trouble::Declined),
        ("consent_required", "consent_required", Trouble::Declined),
        ("temporarily_unavailable", "temporarily_unavailable", Trouble::Provider),
        ("server_error", "server_error", Trouble::Provider),
        ("unauthorized_client", "unauthorized_client", Trouble::Ours),
        ("invalid_request", "invalid_request", Trouble::Ours),
        ("invalid_request_object", "invalid_request_object", Trouble::Ours),
        ("%3Cscript%3E", "unknown", Trouble::Unverified),
        ("", "unknown", Trouble::Unverified),
    ] {
        let query = format!("{state}&iss=https%3A%2F%2Fprovider.example%2Foidc&error={error}");
        assert_eq!(answered(&query), Ok(Answered::Error(ProviderError { trouble, code })), "{error}");
    }
    for refused in Refused::RULES {
        assert_eq!(Trouble::from(*refused), Trouble::Unverified);
    }
}

#[test]
fn every_cause_has_a_name_of_its_own() {
    let mut codes: Vec<_> = Refused::RULES.iter().map(Refused::code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Refused::RULES.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_query_gets_an_answer_and_none_is_ours(query in ".{0,200}") {
        prop_assert!(answered(&query).is_err());
    }
}
