//! Userinfo: encrypted, signed, about the same person (CIE-19, CIE-24).

use fascicolo_domain::login::{Level, Method};
use fascicolo_eid::cie::jose::{ContentEncryption, Defect, KeyEncryption, encrypt};
use fascicolo_eid::cie::{Proved, Refused, UserinfoAnswer};
use serde_json::{Value, json};

use super::maker::{
    NOW, PROVIDER, US, World, at, decryption_key, id_token_claims, key, keys, raw, seconds, signed, tokens,
    userinfo_claims, with,
};

const FISCAL_NUMBER: &str = "/https:~1~1attributes.eid.gov.it~1fiscal_number";

fn sealed(signed: &str) -> String {
    let key = decryption_key("sealer");
    encrypt(signed, key.jwk(), KeyEncryption::RsaOaep, ContentEncryption::A256CbcHs512, &[5; 80]).unwrap()
}

fn answer(status: u16, content_type: &str, body: &str) -> Result<Proved, Refused> {
    let world = World::new();
    let client = world.client();
    let pending = world.pending();
    let authenticated =
        client.check_id_token(&tokens(&id_token_claims(&pending)), &pending, at(NOW)).unwrap();
    client.check_userinfo(
        &UserinfoAnswer { status, content_type, body: body.as_bytes() },
        &authenticated,
        at(NOW),
    )
}

fn body(body: &str) -> Result<Proved, Refused> {
    answer(200, "application/jose", body)
}

fn changed(pointer: &str, value: Value) -> Result<Proved, Refused> {
    body(&sealed(&signed("provider", "JWT", &with(userinfo_claims(), pointer, value))))
}

fn good() -> String {
    sealed(&signed("provider", "JWT", &userinfo_claims()))
}

/// CIE-19, CIE-24.
#[test]
fn a_person_is_proved() {
    let proved = body(&good()).unwrap();
    let identity = &proved.identity;
    assert_eq!(identity.codice_fiscale.as_str(), "GDASDV00A01H501J");
    assert_eq!((identity.given_name.as_str(), identity.family_name.as_str()), ("Ada", "D'Alì & Figli"));
    assert_eq!(identity.birth_date, Some("2000-01-01".parse().unwrap()));
    assert_eq!((identity.method, identity.level), (Method::Cie, Level::Two));
    assert_eq!((identity.issuer.as_str(), identity.at), (PROVIDER, at("2026-11-25T11:00:50Z")));
    assert_eq!((proved.subject.as_str(), proved.jti.as_str()), ("a-pairwise-subject", "one-id-token"));
    assert_eq!(proved.not_on_or_after, at("2026-11-25T11:05:50Z"));
    let world = World::new();
    let request = world.client().userinfo_request(&tokens(&json!({})));
    assert_eq!(request.url, "https://provider.example/userinfo");
    assert_eq!(request.authorization, "Bearer an-opaque-access-token");
}

/// CIE-24: each pair of algorithms that may be asked for.
#[test]
fn userinfo_is_taken_under_each_encryption() {
    let key = decryption_key("sealer");
    for key_encryption in KeyEncryption::ALL {
        for content in ContentEncryption::ALL {
            let inner = signed("provider", "JWT", &userinfo_claims());
            let text = encrypt(&inner, key.jwk(), key_encryption, content, &[5; 80]).unwrap();
            assert!(body(&text).is_ok(), "{key_encryption:?} {content:?}");
        }
    }
}

/// CIE-24.
#[test]
fn each_wrong_wrapping_is_refused_for_its_own_cause() {
    let good = good();
    for kind in ["application/jose", "application/jwt", "Application/JWT; charset=utf-8"] {
        assert!(answer(200, kind, &good).is_ok(), "{kind}");
    }
    for kind in ["application/json", "text/html", "", "application/jose+json", "x application/jwt"] {
        assert_eq!(answer(200, kind, &good).err(), Some(Refused::UserinfoContentType), "{kind}");
    }
    for status in [201, 302, 401, 403, 500] {
        assert_eq!(answer(status, "application/jose", &good).err(), Some(Refused::UserinfoStatus));
    }
    let plain = userinfo_claims().to_string();
    assert_eq!(body(&plain).err(), Some(Defect::Parts.into()), "plain JSON");
    let unencrypted = signed("provider", "JWT", &userinfo_claims());
    assert_eq!(body(&unencrypted).err(), Some(Defect::Parts.into()));
    assert_eq!(body(&sealed(&plain)).err(), Some(Defect::Parts.into()), "unsigned inside");
    assert_eq!(body(&sealed(&good)).err(), Some(Defect::Parts.into()), "encrypted twice");
    assert_eq!(body("").err(), Some(Defect::Parts.into()));
    let stranger = decryption_key("stranger");
    let to_another =
        encrypt(&unencrypted, stranger.jwk(), KeyEncryption::RsaOaep, ContentEncryption::A128Gcm, &[5; 80]);
    assert_eq!(body(&to_another.unwrap()).err(), Some(Defect::KeyUnknown.into()));
    // to a key of ours that signs
    let signing = keys().signing_key(at(NOW)).unwrap().jwk().clone();
    let to_signing =
        encrypt(&unencrypted, &signing, KeyEncryption::RsaOaep, ContentEncryption::A128Gcm, &[5; 80]);
    assert_eq!(body(&to_signing.unwrap()).err(), Some(Defect::KeyUnknown.into()));
}

/// CIE-24: what is inside is signed as an id token is.
#[test]
fn each_wrong_signature_inside_is_refused_for_its_own_cause() {
    let kid = key("provider").kid().to_owned();
    for (name, header, defect) in [
        ("stranger", json!({"alg": "RS256", "kid": kid}), Defect::Signature),
        ("stranger", json!({"alg": "RS256", "kid": key("stranger").kid()}), Defect::KeyUnknown),
        ("provider", json!({"alg": "RS256", "kid": "unknown"}), Defect::KeyUnknown),
        ("provider", json!({"alg": "none", "kid": kid}), Defect::Algorithm),
        ("provider", json!({"alg": "HS256", "kid": kid}), Defect::Algorithm),
        ("provider", json!({"alg": "RS512", "kid": kid}), Defect::Algorithm),
        ("provider", json!({"alg": "RS256", "kid": kid, "typ": "at+jwt"}), Defect::Type),
        ("provider", json!({"alg": "RS256", "kid": kid, "crit": ["b64"]}), Defect::Critical),
    ] {
        let inner = raw(name, &header, userinfo_claims().to_string().as_bytes());
        assert_eq!(body(&sealed(&inner)).err(), Some(defect.into()), "{name} {header}");
    }
    let good = json!({"alg": "RS256", "kid": kid});
    let twice = raw("provider", &good, b"{\"sub\":\"a\",\"sub\":\"b\"}");
    assert_eq!(body(&sealed(&twice)).err(), Some(Defect::DuplicateMember.into()));
}

/// CIE-24.
#[test]
fn each_wrong_claim_is_refused_for_its_own_cause() {
    let later = |offset| json!(seconds(NOW) + offset);
    for (pointer, value, cause) in [
        ("/sub", json!("another-subject"), Refused::UserinfoSubject),
        ("/sub", Value::Null, Refused::UserinfoSubject),
        ("/iss", json!("https://other.example"), Refused::UserinfoIssuer),
        ("/iss", Value::Null, Refused::UserinfoIssuer),
        ("/aud", json!("https://other.example"), Refused::UserinfoAudience),
        ("/aud", json!([US, "https://other.example"]), Refused::UserinfoAudience),
        ("/aud", Value::Null, Refused::UserinfoAudience),
        ("/exp", Value::Null, Refused::UserinfoInstants),
        ("/exp", json!("x"), Refused::UserinfoInstants),
        ("/exp", later(0), Refused::UserinfoExpired),
        ("/iat", later(61), Refused::UserinfoInFuture),
        ("/iat", json!("x"), Refused::UserinfoInstants),
        ("/nbf", later(61), Refused::UserinfoInFuture),
    ] {
        assert_eq!(changed(pointer, value.clone()).err(), Some(cause), "{pointer} {value}");
    }
    for (pointer, value) in [
        ("/exp", later(1)),
        ("/iat", later(60)),
        ("/nbf", later(60)),
        ("/iat", Value::Null),
        ("/aud", json!([US])),
        ("/more", json!({"x": 1})),
    ] {
        assert!(changed(pointer, value.clone()).is_ok(), "{pointer} {value}");
    }
}

/// CIE-19, ACC-A1.
#[test]
fn each_wrong_attribute_is_refused_for_its_own_cause() {
    for (pointer, value, cause) in [
        (FISCAL_NUMBER, Value::Null, Refused::FiscalNumberMissing),
        (FISCAL_NUMBER, json!(""), Refused::FiscalNumber),
        (FISCAL_NUMBER, json!(["TINIT-GDASDV00A01H501J"]), Refused::FiscalNumber),
        (FISCAL_NUMBER, json!("GDASDV00A01H501J"), Refused::FiscalNumber),
        (FISCAL_NUMBER, json!("tinit-GDASDV00A01H501J"), Refused::FiscalNumber),
        (FISCAL_NUMBER, json!("TINFR-GDASDV00A01H501J"), Refused::FiscalNumber),
        (FISCAL_NUMBER, json!("TINIT-GDASDV00A01H501K"), Refused::FiscalNumber),
        (FISCAL_NUMBER, json!("TINIT-GDASDV00A01H501"), Refused::FiscalNumber),
        ("/given_name", Value::Null, Refused::NameMissing),
        ("/given_name", json!(" "), Refused::Name),
        ("/given_name", json!(1), Refused::Name),
        ("/family_name", Value::Null, Refused::NameMissing),
        ("/family_name", json!("a\nb"), Refused::Name),
        ("/family_name", json!("x".repeat(257)), Refused::Name),
        ("/birthdate", json!("2000-02-30"), Refused::BirthDate),
        ("/birthdate", json!("01/01/2000"), Refused::BirthDate),
        ("/birthdate", json!("20000101"), Refused::BirthDate),
        ("/birthdate", json!(2000), Refused::BirthDate),
    ] {
        assert_eq!(changed(pointer, value.clone()).err(), Some(cause), "{pointer} {value:.40}");
    }
    // the day is asked for, and not every card has one (ACC-A1)
    assert_eq!(changed("/birthdate", Value::Null).unwrap().identity.birth_date, None);
    let trimmed = changed("/given_name", json!(" Ada ")).unwrap();
    assert_eq!(trimmed.identity.given_name, "Ada");
}

/// CIE-6.
#[test]
fn a_key_opens_nothing_before_its_time() {
    let world = World::new();
    let pending = world.pending();
    let client = world.client();
    let authenticated =
        client.check_id_token(&tokens(&id_token_claims(&pending)), &pending, at(NOW)).unwrap();
    let text = good();
    let answer = UserinfoAnswer { status: 200, content_type: "application/jwt", body: text.as_bytes() };
    let before = at("2025-12-31T23:59:59Z");
    let found = client.check_userinfo(&answer, &authenticated, before);
    assert_eq!(found.err(), Some(Defect::KeyUnknown.into()));
}
