//! Signed messages and keys (CIE-9, CIE-23).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
};
use aws_lc_rs::{hmac, rsa, signature};
use fascicolo_eid::cie::KeyError;
use fascicolo_eid::cie::jose::{
    Algorithm, Claims, Defect, Jwk, JwkSet, Jws, LONGEST, SigningKey, Usage, decode_base64url,
    encode_base64url, sign,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::maker::{der, key, pem, raw, set};

const VECTORS: &str = include_str!("../../vectors/cie/independent.json");

fn vectors() -> Value {
    serde_json::from_str(VECTORS).unwrap()
}

fn verify(text: &str, keys: &JwkSet) -> Result<Claims, Defect> {
    Jws::read(text, LONGEST)?.verify(keys, &Algorithm::ALL)
}

fn header() -> Value {
    json!({"alg": "RS256", "kid": key("provider").kid()})
}

/// CIE-23: made by an independent implementation.
#[test]
fn what_another_signed_verifies_by_each_algorithm() {
    let vectors = vectors();
    let keys = JwkSet::read(&vectors).unwrap();
    assert_eq!(keys.keys().len(), 3);
    for algorithm in Algorithm::ALL {
        let text = vectors["signed"][algorithm.name()].as_str().unwrap();
        let claims = verify(text, &keys).unwrap();
        assert_eq!(claims.text("sub"), Some("by an independent implementation"));
        // the same, by no other algorithm than those that are accepted
        let others: Vec<_> = Algorithm::ALL.into_iter().filter(|a| *a != algorithm).collect();
        let jws = Jws::read(text, LONGEST).unwrap();
        assert_eq!(jws.verify(&keys, &others).err(), Some(Defect::Algorithm));
        assert_eq!(jws.algorithm(), algorithm);
        // one bit of the signature
        let (signed, signature) = text.rsplit_once('.').unwrap();
        let mut signature = decode_base64url(signature).unwrap();
        signature[10] ^= 1;
        let changed = format!("{signed}.{}", encode_base64url(&signature));
        assert_eq!(verify(&changed, &keys).err(), Some(Defect::Signature), "{algorithm:?}");
    }
    for (kid, thumbprint) in vectors["thumbprints"].as_object().unwrap() {
        let key = keys.keys().iter().find(|k| k.kid() == kid).unwrap();
        assert_eq!(Some(key.thumbprint().as_str()), thumbprint.as_str());
    }
}

#[test]
fn what_we_sign_verifies_and_says_what_it_is() {
    let text = sign(&key("provider"), Some("a+jwt"), &json!({"b": 1})).unwrap();
    let jws = Jws::read(&text, LONGEST).unwrap();
    assert_eq!(jws.kid(), key("provider").kid());
    assert!(jws.must_be("a+jwt").is_ok());
    assert_eq!(jws.must_be("b+jwt"), Err(Defect::Type));
    assert_eq!(jws.must_be_plain(), Err(Defect::Type));
    assert_eq!(jws.verify(&set(&["provider"]), &Algorithm::ALL).unwrap().member("b"), Some(&json!(1)));
}

#[test]
fn a_type_may_be_written_whole_and_in_any_case() {
    for (typ, good) in [
        (json!("entity-statement+jwt"), true),
        (json!("application/entity-statement+jwt"), true),
        (json!("Entity-Statement+JWT"), true),
        (json!("JWT"), false),
        (json!("text/entity-statement+jwt"), false),
        (json!(""), false),
    ] {
        let mut header = header();
        header["typ"] = typ.clone();
        let text = raw("provider", &header, b"{}");
        let jws = Jws::read(&text, LONGEST).unwrap();
        assert_eq!(jws.must_be("entity-statement+jwt").is_ok(), good, "{typ}");
        assert_eq!(jws.must_be_plain().is_ok(), typ == json!("JWT"), "{typ}");
    }
    let text = raw("provider", &header(), b"{}");
    let jws = Jws::read(&text, LONGEST).unwrap();
    assert_eq!(jws.must_be("entity-statement+jwt"), Err(Defect::Type));
    assert!(jws.must_be_plain().is_ok());
}

/// CIE-9, CIE-23: each with one thing wrong in its header.
#[test]
fn each_wrong_header_is_refused_for_its_own_cause() {
    let keys = set(&["provider"]);
    assert!(verify(&raw("provider", &header(), b"{}"), &keys).is_ok());
    for (member, value, defect) in [
        ("alg", json!("none"), Defect::Algorithm),
        ("alg", json!("None"), Defect::Algorithm),
        ("alg", json!("HS256"), Defect::Algorithm),
        ("alg", json!("RS384"), Defect::Algorithm),
        ("alg", json!("rs256"), Defect::Algorithm),
        ("alg", json!("RS1"), Defect::Algorithm),
        ("alg", json!("EdDSA"), Defect::Algorithm),
        ("alg", json!(256), Defect::Algorithm),
        ("alg", json!(""), Defect::Algorithm),
        ("kid", json!(""), Defect::KeyIdMissing),
        ("kid", json!(1), Defect::KeyIdMissing),
        ("kid", json!("unknown"), Defect::KeyUnknown),
        ("kid", json!(key("stranger").kid()), Defect::KeyUnknown),
        ("typ", json!(1), Defect::Type),
        ("crit", json!(["exp"]), Defect::Critical),
        ("crit", json!([]), Defect::Critical),
        ("crit", Value::Null, Defect::Critical),
        // the signature was made by the algorithm of its name
        ("alg", json!("RS512"), Defect::Signature),
        ("alg", json!("PS256"), Defect::Signature),
        ("alg", json!("ES256"), Defect::KeyUnfit),
    ] {
        let mut header = header();
        header[member] = value.clone();
        let found = verify(&raw("provider", &header, b"{}"), &keys).err();
        assert_eq!(found, Some(defect), "{member} {value}");
    }
    for (text, defect) in [
        ("{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"a\"}", Defect::DuplicateMember),
        ("[]", Defect::Json),
        ("", Defect::Json),
        ("{\"kid\":\"a\"}", Defect::Algorithm),
        ("{\"alg\":\"RS256\"}", Defect::KeyIdMissing),
    ] {
        let text = format!("{}.e30.AA", encode_base64url(text.as_bytes()));
        assert_eq!(Jws::read(&text, LONGEST).err(), Some(defect), "{text}");
    }
}

/// CIE-9, CIE-23.
#[test]
fn each_wrong_shape_is_refused_for_its_own_cause() {
    let keys = set(&["provider"]);
    let good = raw("provider", &header(), b"{}");
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, payload) = signed.split_once('.').unwrap();
    for (text, defect) in [
        (String::new(), Defect::Parts),
        (head.to_owned(), Defect::Parts),
        (signed.to_owned(), Defect::Parts),
        (format!("{good}."), Defect::Parts),
        (format!("{good}.x"), Defect::Parts),
        (format!("{good}="), Defect::NotBase64),
        (format!("{good}\n"), Defect::NotBase64),
        (format!(" {good}"), Defect::NotBase64),
        (format!("{head}=.{payload}.{signature}"), Defect::NotBase64),
        (format!("{head}.{payload}."), Defect::Signature),
        (format!("{head}..{signature}"), Defect::Signature),
        (format!("{head}.e30g.{signature}"), Defect::Signature),
        ("x".repeat(LONGEST + 1), Defect::TooLong),
    ] {
        assert_eq!(verify(&text, &keys).err(), Some(defect), "{text:.80}");
    }
    assert_eq!(Jws::read(&good, good.len() - 1).err(), Some(Defect::TooLong));
    assert!(Jws::read(&good, good.len()).is_ok());
    for (payload, defect) in [
        (&b"{\"a\":1,\"a\":1}"[..], Defect::DuplicateMember),
        (b"[]", Defect::Json),
        (b"{", Defect::Json),
        (b"\xff", Defect::Json),
    ] {
        assert_eq!(verify(&raw("provider", &header(), payload), &keys).err(), Some(defect));
    }
}

/// CIE-23: the attacker chooses `alg` and brings keys along.
#[test]
fn keys_in_a_header_and_secrets_made_of_public_keys_open_nothing() {
    let keys = set(&["provider"]);
    let mut embedded = header();
    embedded["jwk"] = key("stranger").jwk().to_json();
    embedded["jku"] = json!("https://stranger.example/jwks");
    embedded["x5c"] = json!(["AA=="]);
    assert_eq!(verify(&raw("stranger", &embedded, b"{}"), &keys).err(), Some(Defect::Signature));
    assert!(verify(&raw("provider", &embedded, b"{}"), &keys).is_ok(), "they are not looked at");
    let mut secret = header();
    secret["alg"] = json!("HS256");
    let text = format!("{}.e30", encode_base64url(secret.to_string().as_bytes()));
    let public = keys.to_json().to_string();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, public.as_bytes()), text.as_bytes());
    let forged = format!("{text}.{}", encode_base64url(tag.as_ref()));
    assert_eq!(verify(&forged, &keys).err(), Some(Defect::Algorithm));
}

fn members(name: &str) -> Value {
    key(name).jwk().to_json()
}

fn set_of(keys: &[Value]) -> JwkSet {
    JwkSet::read(&json!({"keys": keys})).unwrap()
}

/// CIE-23: the key exists, and is for something else, or two have its name.
#[test]
fn a_key_for_something_else_verifies_nothing() {
    let text = raw("provider", &header(), b"{}");
    let mut encryption = members("provider");
    encryption["use"] = json!("enc");
    let mut other = members("provider");
    other["alg"] = json!("PS256");
    let mut fitting = members("provider");
    fitting["alg"] = json!("RS256");
    assert_eq!(verify(&text, &set_of(&[encryption.clone()])).err(), Some(Defect::KeyUnfit));
    assert_eq!(verify(&text, &set_of(&[other])).err(), Some(Defect::KeyUnfit));
    assert!(verify(&text, &set_of(&[fitting])).is_ok());
    assert!(verify(&text, &set_of(&[encryption, members("provider")])).is_ok());
    let mut twin = members("stranger");
    twin["kid"] = members("provider")["kid"].clone();
    let ambiguous = set_of(&[members("provider"), twin]);
    assert_eq!(verify(&text, &ambiguous).err(), Some(Defect::KeyAmbiguous));
}

#[test]
fn each_wrong_key_is_refused_and_the_rest_of_its_set_is_not() {
    let vectors = vectors();
    let [rsa, p256, p521] = [0, 1, 2].map(|at| vectors["keys"][at].clone());
    let changed = |key: &Value, member: &str, value: Value| {
        let mut key = key.clone();
        key[member] = value;
        key
    };
    let short = rsa::KeyPair::from_pkcs8(&der("short"));
    let modulus = decode_base64url(rsa["n"].as_str().unwrap()).unwrap();
    for (key, defect) in [
        (changed(&rsa, "d", json!("AQ")), Defect::Key),
        (changed(&p256, "d", json!("AQ")), Defect::Key),
        (changed(&rsa, "kty", json!("oct")), Defect::Key),
        (changed(&rsa, "kty", json!("OKP")), Defect::Key),
        (changed(&rsa, "kid", json!("")), Defect::KeyIdMissing),
        (changed(&rsa, "kid", Value::Null), Defect::KeyIdMissing),
        (changed(&rsa, "use", json!("both")), Defect::Key),
        (changed(&rsa, "n", Value::Null), Defect::Key),
        (changed(&rsa, "n", json!(encode_base64url(&modulus[..128]))), Defect::Key),
        (changed(&rsa, "n", json!(encode_base64url(&[&[0], &modulus[..]].concat()))), Defect::Key),
        (changed(&rsa, "n", json!(format!("{}=", rsa["n"].as_str().unwrap()))), Defect::Key),
        (changed(&rsa, "e", json!("AQ")), Defect::Key),
        (changed(&rsa, "e", json!("AAAB")), Defect::Key),
        (changed(&rsa, "e", json!("AQAA")), Defect::Key),
        (changed(&rsa, "e", json!("")), Defect::Key),
        (changed(&p256, "crv", json!("P-384")), Defect::Key),
        (changed(&p256, "crv", json!("secp256k1")), Defect::Key),
        (changed(&p256, "crv", json!("P-521")), Defect::Key),
        (changed(&p521, "x", p256["x"].clone()), Defect::Key),
    ] {
        assert_eq!(Jwk::read(key.as_object().unwrap()).err(), Some(defect), "{key}");
        assert_eq!(set_of(&[key, p256.clone()]).keys().len(), 1, "the others are good");
    }
    assert!(short.is_err() || SigningKey::from_pem(&pem("short")).is_err());
    for bad in [json!({}), json!({"keys": {}}), json!({"keys": []}), json!([]), json!({"keys": [1]})] {
        assert_eq!(JwkSet::read(&bad).err(), Some(Defect::Key), "{bad}");
    }
    // a point that is on no curve is a key that verifies nothing
    let off = set_of(&[changed(&p256, "x", p256["y"].clone())]);
    let text = vectors["signed"]["ES256"].as_str().unwrap();
    assert_eq!(verify(text, &off).err(), Some(Defect::Signature));
}

/// The example of RFC 7638, section 3.1.
#[test]
fn a_thumbprint_is_that_of_the_standard() {
    let key = json!({
        "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZC\
              iFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgn\
              Yb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw\
              0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    });
    let key = Jwk::read(key.as_object().unwrap()).unwrap();
    assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

/// CIE-4.
#[test]
fn a_key_of_ours_is_named_by_its_thumbprint_and_shows_no_private_member() {
    let key = key("provider");
    assert_eq!(key.kid(), key.jwk().thumbprint());
    assert_eq!(key.jwk().usage(), Some(Usage::Signature));
    let shown = key.jwk().to_json();
    let names: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["e", "kid", "kty", "n", "use"]);
    assert_eq!(format!("{key:?}"), "SigningKey(…)");
    let pkcs1 = include_str!("../../fixtures/provider.test-only.pkcs1.pem");
    assert_eq!(SigningKey::from_pem(pkcs1).unwrap().kid(), key.kid());
}

/// CIE-4.
#[test]
fn each_wrong_private_key_is_refused_for_its_own_cause() {
    let certificate = include_str!("../../fixtures/provider.test-only.crt.pem");
    for (text, error) in [
        (String::new(), KeyError::Pem),
        (certificate.to_owned(), KeyError::Pem),
        (pem("short"), KeyError::NotRsa),
        (pem("p256"), KeyError::NotRsa),
    ] {
        assert_eq!(SigningKey::from_pem(&text).err(), Some(error));
        assert_eq!(fascicolo_eid::cie::jose::DecryptionKey::from_pem(&text).err(), Some(error));
    }
}

/// Signatures by the algorithms that we do not make ourselves.
#[test]
fn elliptic_and_pss_signatures_verify_only_what_was_signed() {
    let vectors = vectors();
    let keys = JwkSet::read(&vectors).unwrap();
    let random = SystemRandom::new();
    let ec = |name: &str, algorithm: &'static EcdsaSigningAlgorithm, text: &str| {
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &der(name)).unwrap();
        pair.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec()
    };
    let pss = |text: &str| {
        let pair = rsa::KeyPair::from_pkcs8(&der("provider")).unwrap();
        let mut out = vec![0; pair.public_modulus_len()];
        pair.sign(&signature::RSA_PSS_SHA256, &random, text.as_bytes(), &mut out).unwrap();
        out
    };
    for (algorithm, kid) in [("ES256", "p256"), ("ES512", "p521"), ("PS256", "rsa")] {
        let make = |payload: &str| {
            let header = json!({"alg": algorithm, "kid": kid}).to_string();
            let text =
                format!("{}.{}", encode_base64url(header.as_bytes()), encode_base64url(payload.as_bytes()));
            let signature = match algorithm {
                "ES256" => ec("p256", &ECDSA_P256_SHA256_FIXED_SIGNING, &text),
                "ES512" => ec("p521", &ECDSA_P521_SHA512_FIXED_SIGNING, &text),
                _ => pss(&text),
            };
            (text, encode_base64url(&signature))
        };
        let (one, signature) = make("{\"a\":1}");
        let (two, _) = make("{\"a\":2}");
        assert!(verify(&format!("{one}.{signature}"), &keys).is_ok(), "{algorithm}");
        assert_eq!(verify(&format!("{two}.{signature}"), &keys).err(), Some(Defect::Signature));
    }
}

#[test]
fn every_defect_has_a_name_of_its_own() {
    let mut codes: Vec<_> = Defect::ALL.iter().map(|d| d.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Defect::ALL.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_character_is_never_believed(at: prop::sample::Index, to in "[A-Za-z0-9_.=-]") {
        let good = raw("provider", &header(), b"{\"sub\":\"one\"}");
        let at = at.index(good.len());
        let mut changed = good.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != good);
        prop_assert!(verify(&changed, &set(&["provider"])).is_err());
    }

    #[test]
    fn any_text_gets_an_answer(text in ".{0,200}") {
        let _ = verify(&text, &set(&["provider"]));
        let _ = Claims::read(text.as_bytes());
    }
}
