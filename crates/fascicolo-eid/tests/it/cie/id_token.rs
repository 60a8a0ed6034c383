//! The id token, to the letter (CIE-18, CIE-23, CIE-25).

use aws_lc_rs::digest::{SHA512, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair};
use fascicolo_domain::login::Level;
use fascicolo_eid::cie::jose::{Algorithm, Defect, JwkSet, encode_base64url};
use fascicolo_eid::cie::{Authenticated, Refused, Tokens};
use serde_json::{Value, json};

use super::maker::{
    ACCESS_TOKEN, NOW, PROVIDER, STARTS, US, World, at, der, half_hash, id_token_claims, key, raw, seconds,
    signed, tokens, with,
};

fn check(tokens: &Tokens) -> Result<Authenticated, Refused> {
    let world = World::new();
    world.client().check_id_token(tokens, &world.pending(), at(NOW))
}

fn claims() -> Value {
    id_token_claims(&World::new().pending())
}

fn changed(claim: &str, value: Value) -> Result<Authenticated, Refused> {
    check(&tokens(&with(claims(), &format!("/{claim}"), value)))
}

/// CIE-23.
#[test]
fn a_good_token_says_who_and_how_surely() {
    let found = check(&tokens(&claims())).unwrap();
    let expected = Authenticated {
        subject: "a-pairwise-subject".to_owned(),
        level: Level::Two,
        at: at("2026-11-25T11:00:50Z"),
        jti: "one-id-token".to_owned(),
        expires: at("2026-11-25T11:05:50Z"),
    };
    assert_eq!(found, expected);
    assert_eq!(format!("{found:?}"), "Authenticated(Two, …)");
    // a list of one audience, a token without `nbf`
    assert!(changed("aud", json!([US])).is_ok());
    assert!(changed("nbf", Value::Null).is_ok());
    assert!(changed("more", json!("x")).is_ok());
}

/// CIE-23: each claim wrong, missing, of another kind.
#[test]
fn each_wrong_claim_is_refused_for_its_own_cause() {
    for (claim, value, cause) in [
        ("iss", json!("https://other.example"), Refused::IdTokenIssuer),
        ("iss", json!("https://provider.example/oidc/"), Refused::IdTokenIssuer),
        ("iss", Value::Null, Refused::IdTokenIssuer),
        ("aud", json!("https://other.example"), Refused::IdTokenAudience),
        ("aud", json!([US, "https://other.example"]), Refused::IdTokenAudience),
        ("aud", json!([]), Refused::IdTokenAudience),
        ("aud", json!([[US]]), Refused::IdTokenAudience),
        ("aud", Value::Null, Refused::IdTokenAudience),
        ("sub", Value::Null, Refused::IdTokenSubject),
        ("sub", json!(""), Refused::IdTokenSubject),
        ("sub", json!(7), Refused::IdTokenSubject),
        ("sub", json!("x".repeat(256)), Refused::IdTokenSubject),
        ("nonce", json!("another"), Refused::Nonce),
        ("nonce", Value::Null, Refused::Nonce),
        ("acr", json!("https://www.spid.gov.it/SpidL1"), Refused::LevelTooLow),
        ("acr", json!("https://www.spid.gov.it/SpidL4"), Refused::Level),
        ("acr", json!("https://www.spid.gov.it/SpidL2 https://www.spid.gov.it/SpidL1"), Refused::Level),
        ("acr", json!(["https://www.spid.gov.it/SpidL2"]), Refused::Level),
        ("acr", Value::Null, Refused::Level),
        ("at_hash", json!(half_hash("another")), Refused::AtHash),
        ("at_hash", Value::Null, Refused::AtHash),
        ("jti", Value::Null, Refused::Jti),
        ("jti", json!("x".repeat(256)), Refused::Jti),
        ("nbf", json!(seconds("2026-11-25T11:00:51Z")), Refused::IdTokenNotBefore),
        ("nbf", json!(seconds("2026-11-25T11:00:49Z")), Refused::IdTokenNotBefore),
        ("nbf", json!("x"), Refused::IdTokenNotBefore),
        ("iat", Value::Null, Refused::IdTokenInstants),
        ("exp", Value::Null, Refused::IdTokenInstants),
        ("exp", json!("2026-11-25T11:05:50Z"), Refused::IdTokenInstants),
        ("exp", json!(1.5), Refused::IdTokenInstants),
    ] {
        assert_eq!(changed(claim, value.clone()).err(), Some(cause), "{claim} {value:.60}");
    }
}

/// CIE-23: the last good instant and the first bad one.
#[test]
fn a_token_has_its_time() {
    for (claim, instant, cause) in [
        ("exp", seconds(NOW) + 1, None),
        ("exp", seconds(NOW), Some(Refused::IdTokenExpired)),
        ("exp", seconds("2026-11-24T11:00:00Z"), Some(Refused::IdTokenExpired)),
        ("iat", seconds(NOW) + 60, None),
        ("iat", seconds(NOW) + 61, Some(Refused::IdTokenInFuture)),
        ("iat", seconds(STARTS) - 60, None),
        ("iat", seconds(STARTS) - 61, Some(Refused::IdTokenBeforeRequest)),
    ] {
        let claims = with(with(claims(), "/nbf", Value::Null), &format!("/{claim}"), json!(instant));
        assert_eq!(check(&tokens(&claims)).err(), cause, "{claim} {instant}");
    }
}

/// CIE-18: a higher level is taken for what it is.
#[test]
fn a_level_is_at_least_what_was_asked() {
    let world = World::new();
    for (asked, answered, cause) in [
        (Level::One, 1, None),
        (Level::One, 3, None),
        (Level::Two, 1, Some(Refused::LevelTooLow)),
        (Level::Two, 2, None),
        (Level::Two, 3, None),
        (Level::Three, 2, Some(Refused::LevelTooLow)),
        (Level::Three, 3, None),
    ] {
        let mut pending = world.pending();
        pending.level = asked;
        let claims = with(claims(), "/acr", json!(format!("https://www.spid.gov.it/SpidL{answered}")));
        let found = world.client().check_id_token(&tokens(&claims), &pending, at(NOW));
        match cause {
            Some(cause) => assert_eq!(found.err(), Some(cause)),
            None => assert_eq!(found.unwrap().level.number(), answered),
        }
    }
}

fn with_header(name: &str, header: &Value) -> Result<Authenticated, Refused> {
    let id_token = raw(name, header, claims().to_string().as_bytes());
    check(&Tokens { access_token: ACCESS_TOKEN.to_owned(), id_token })
}

/// CIE-23: unsigned, other key, unknown kid, the attacker's algorithm.
#[test]
fn each_wrong_signature_is_refused_for_its_own_cause() {
    let kid = key("provider").kid().to_owned();
    let header = |alg: &str, kid: &str| json!({"alg": alg, "kid": kid});
    assert!(with_header("provider", &header("RS256", &kid)).is_ok());
    for (name, header, defect) in [
        ("stranger", header("RS256", &kid), Defect::Signature),
        ("stranger", header("RS256", key("stranger").kid()), Defect::KeyUnknown),
        ("provider", header("RS256", "unknown"), Defect::KeyUnknown),
        ("provider", header("none", &kid), Defect::Algorithm),
        ("provider", header("HS256", &kid), Defect::Algorithm),
        // accepted by us, but not what this provider signs with
        ("provider", header("PS256", &kid), Defect::Algorithm),
        ("provider", header("RS512", &kid), Defect::Algorithm),
        ("provider", header("ES256", &kid), Defect::KeyUnfit),
        ("provider", json!({"alg": "RS256", "kid": kid, "typ": "at+jwt"}), Defect::Type),
        ("provider", json!({"alg": "RS256", "kid": kid, "typ": "entity-statement+jwt"}), Defect::Type),
        ("provider", json!({"alg": "RS256"}), Defect::KeyIdMissing),
    ] {
        assert_eq!(with_header(name, &header).err(), Some(defect.into()), "{name} {header}");
    }
    let unsigned = |alg: &str| {
        let header = header(alg, &kid).to_string();
        let claims = claims().to_string();
        let id_token =
            format!("{}.{}.", encode_base64url(header.as_bytes()), encode_base64url(claims.as_bytes()));
        check(&Tokens { access_token: ACCESS_TOKEN.to_owned(), id_token }).err()
    };
    assert_eq!(unsigned("none"), Some(Defect::Algorithm.into()));
    assert_eq!(unsigned("RS256"), Some(Defect::Signature.into()));
    let encrypted = Tokens { access_token: ACCESS_TOKEN.to_owned(), id_token: "a.b.c.d.e".to_owned() };
    assert_eq!(check(&encrypted).err(), Some(Defect::Parts.into()));
    let long = Tokens { access_token: ACCESS_TOKEN.to_owned(), id_token: "x".repeat(16 * 1024 + 1) };
    assert_eq!(check(&long).err(), Some(Defect::TooLong.into()));
}

/// CIE-23: keys come from the chain; a new one after a renewal.
#[test]
fn a_key_that_the_chain_does_not_know_is_known_after_a_renewal() {
    let mut world = World::new();
    let claims = claims();
    let tokens =
        Tokens { access_token: ACCESS_TOKEN.to_owned(), id_token: signed("stranger", "JWT", &claims) };
    let check = |world: &World| world.client().check_id_token(&tokens, &world.pending(), at(NOW)).err();
    assert_eq!(check(&world), Some(Defect::KeyUnknown.into()));
    world.provider.keys = JwkSet::new(vec![key("provider").jwk().clone(), key("stranger").jwk().clone()]);
    assert_eq!(check(&world), None);
}

/// CIE-23: the hash of the access token is that of the algorithm.
#[test]
fn the_hash_of_the_access_token_is_as_long_as_that_of_the_algorithm() {
    let mut world = World::new();
    let vectors: Value = serde_json::from_str(include_str!("../../vectors/cie/independent.json")).unwrap();
    world.provider.keys = JwkSet::read(&vectors).unwrap();
    world.provider.id_token_algorithms = vec![Algorithm::Es512];
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P521_SHA512_FIXED_SIGNING, &der("p521")).unwrap();
    let whole = digest(&SHA512, ACCESS_TOKEN.as_bytes());
    for (hash, cause) in [
        (encode_base64url(&whole.as_ref()[..32]), None),
        (encode_base64url(whole.as_ref()), Some(Refused::AtHash)),
        (half_hash(ACCESS_TOKEN), Some(Refused::AtHash)),
    ] {
        let claims = with(claims(), "/at_hash", json!(hash)).to_string();
        let header = json!({"alg": "ES512", "kid": "p521"}).to_string();
        let text = format!("{}.{}", encode_base64url(header.as_bytes()), encode_base64url(claims.as_bytes()));
        let signature = pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        let id_token = format!("{text}.{}", encode_base64url(signature.as_ref()));
        let tokens = Tokens { access_token: ACCESS_TOKEN.to_owned(), id_token };
        let found = world.client().check_id_token(&tokens, &world.pending(), at(NOW));
        assert_eq!(found.err(), cause);
    }
}

/// CIE-25.
#[test]
fn an_access_token_of_another_person_or_provider_is_refused() {
    let access = |typ: &str, sub: &str, iss: &str| {
        let token = signed("provider", typ, &json!({"sub": sub, "iss": iss}));
        let claims = with(claims(), "/at_hash", json!(half_hash(&token)));
        check(&Tokens { access_token: token, id_token: signed("provider", "JWT", &claims) }).err()
    };
    let person = "a-pairwise-subject";
    assert_eq!(access("at+jwt", person, PROVIDER), None);
    assert_eq!(access("at+jwt", "another", PROVIDER), Some(Refused::AccessToken));
    assert_eq!(access("at+jwt", person, "https://other.example"), Some(Refused::AccessToken));
    assert_eq!(access("JWT", "another", "https://other.example"), None, "opaque");
}
