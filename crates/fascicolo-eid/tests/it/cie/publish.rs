//! What we publish: the entity configuration and answers about others (CIE-1 to CIE-7).

use fascicolo_eid::cie::jose::{Algorithm, Claims, Jws, LONGEST};
use fascicolo_eid::cie::{
    KeyError, Refused, ResolveQuery, TrustMark, entity_configuration, resolve_response, well_known,
};
use serde_json::{Value, json};

use super::maker::{
    ANCHOR, MARK, NOW, PROVIDER, US, anchor, at, chain, entity, keys, provider_claims, relying_party,
    seconds, statements, verified, with,
};

fn opened(text: &str, typ: &str) -> Claims {
    let jws = Jws::read(text, LONGEST).unwrap();
    jws.must_be(typ).unwrap();
    jws.verify(&keys().federation_jwks(at(NOW)), &Algorithm::ALL).unwrap()
}

fn configuration() -> Claims {
    let text = entity_configuration(&relying_party(), &keys(), at(NOW)).unwrap();
    opened(&text, "entity-statement+jwt")
}

/// CIE-1, CIE-5.
#[test]
fn the_configuration_is_signed_by_its_own_key_and_short_lived() {
    let claims = configuration();
    assert_eq!((claims.text("iss"), claims.text("sub")), (Some(US), Some(US)));
    assert_eq!(claims.instant("iat"), Some(at(NOW)));
    assert_eq!(claims.instant("exp"), Some(at("2026-11-27T11:01:00Z")));
    assert_eq!(claims.member("authority_hints"), Some(&json!([ANCHOR])));
    assert_eq!(claims.member("jwks"), Some(&keys().federation_jwks(at(NOW)).to_json()));
    assert_eq!(claims.member("trust_marks"), Some(&json!([])));
    assert_eq!(well_known(US), "https://fascicolo.example/.well-known/openid-federation");
    assert_eq!(well_known("https://f.example/x/"), "https://f.example/x/.well-known/openid-federation");
}

/// CIE-2.
#[test]
fn the_configuration_says_who_runs_the_site() {
    let claims = configuration();
    let entity = &claims.object("metadata").unwrap()["federation_entity"];
    let expected = json!({
        "organization_name": "Regione Prova",
        "homepage_uri": US,
        "policy_uri": "https://fascicolo.example/privacy",
        "logo_uri": "https://fascicolo.example/logo.svg",
        "contacts": ["fascicolo@regione.example"],
        "federation_resolve_endpoint": "https://fascicolo.example/accesso/cie/resolve",
    });
    assert_eq!(entity, &expected);
}

/// CIE-3, CIE-26.
#[test]
fn the_configuration_says_what_providers_need() {
    let claims = configuration();
    let party = claims.object("metadata").unwrap()["openid_relying_party"].as_object().unwrap();
    for (name, value) in [
        ("client_id", json!(US)),
        ("redirect_uris", json!(["https://fascicolo.example/accesso/cie/ritorno"])),
        ("response_types", json!(["code"])),
        ("grant_types", json!(["authorization_code"])),
        ("client_registration_types", json!(["automatic"])),
        ("application_type", json!("web")),
        ("subject_type", json!("pairwise")),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("id_token_signed_response_alg", json!("RS256")),
        ("userinfo_signed_response_alg", json!("RS256")),
        ("userinfo_encrypted_response_alg", json!("RSA-OAEP-256")),
        ("userinfo_encrypted_response_enc", json!("A256CBC-HS512")),
        ("jwks", keys().protocol_jwks(at(NOW)).to_json()),
    ] {
        assert_eq!(party[name], value, "{name}");
    }
    assert_eq!(party["client_name"], json!("Fascicolo di prova"));
    assert_eq!(party["organization_name"], json!("Regione Prova"));
}

/// CIE-4: no member of a private key, wherever it might stand.
#[test]
fn no_private_member_is_ever_published() {
    fn walk(value: &Value, seen: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    seen.push(name.clone());
                    walk(value, seen);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| walk(value, seen)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let claims = configuration();
    let mut seen = Vec::new();
    for name in ["jwks", "metadata"] {
        walk(claims.member(name).unwrap(), &mut seen);
    }
    assert!(seen.contains(&"n".to_owned()));
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert!(!seen.contains(&private.to_owned()), "{private}");
    }
    let jwks = claims.member("jwks").unwrap();
    let party = &claims.object("metadata").unwrap()["openid_relying_party"]["jwks"];
    let kids = |set: &Value| -> Vec<String> {
        set["keys"].as_array().unwrap().iter().map(|k| k["kid"].to_string()).collect()
    };
    assert_eq!((kids(jwks).len(), kids(party).len()), (1, 2));
    assert!(kids(party).iter().all(|kid| !kids(jwks).contains(kid)), "federation and protocol keys differ");
    let uses: Vec<_> = party["keys"].as_array().unwrap().iter().map(|k| k["use"].clone()).collect();
    assert_eq!(uses, [json!("sig"), json!("enc")]);
}

/// CIE-12: our own mark, under every name that a reader may look for.
#[test]
fn our_trust_mark_is_published_under_each_name() {
    let mut us = relying_party();
    us.trust_marks = vec![TrustMark { kind: MARK.to_owned(), text: "a.b.c".to_owned() }];
    let text = entity_configuration(&us, &keys(), at(NOW)).unwrap();
    let expected =
        json!([{"id": MARK, "trust_mark_id": MARK, "trust_mark_type": MARK, "trust_mark": "a.b.c"}]);
    assert_eq!(opened(&text, "entity-statement+jwt").member("trust_marks"), Some(&expected));
}

/// CIE-6.
#[test]
fn without_a_key_nothing_is_published() {
    let before = at("2025-12-31T23:59:59Z");
    assert_eq!(entity_configuration(&relying_party(), &keys(), before).err(), Some(KeyError::NoKey));
    assert_eq!(resolve_response(&relying_party(), &keys(), &chain(), before).err(), Some(KeyError::NoKey));
}

/// CIE-7: invalid marks are left out.
#[test]
fn what_we_know_of_a_provider_is_told_from_its_chain() {
    let mut list = statements();
    let marks = provider_claims()["trust_marks"].clone();
    let both = json!([marks[0], {"id": MARK, "trust_mark": "a.b.c"}]);
    list[0] = entity("member", &with(provider_claims(), "/trust_marks", both));
    let chain = verified(&list).unwrap();
    let text = resolve_response(&relying_party(), &keys(), &chain, at(NOW)).unwrap();
    let claims = opened(&text, "resolve-response+jwt");
    assert_eq!((claims.text("iss"), claims.text("sub")), (Some(US), Some(PROVIDER)));
    assert_eq!(claims.member("iat"), Some(&json!(seconds(NOW))));
    assert_eq!(claims.instant("exp"), Some(chain.expires()));
    assert_eq!(claims.member("trust_chain"), Some(&json!(chain.statements())));
    assert_eq!(claims.member("trust_marks").unwrap().as_array().unwrap().len(), 1);
    let provider = &claims.object("metadata").unwrap()["openid_provider"];
    assert_eq!(provider["organization_name"], json!("Named by the anchor"), "resolved");
}

/// CIE-7.
#[test]
fn a_question_names_a_subject_and_our_anchor() {
    let good = "sub=https%3A%2F%2Fprovider.example%2Foidc&trust_anchor=https%3A%2F%2Fanchor.example&x=y";
    assert_eq!(ResolveQuery::parse(good, &anchor()).unwrap().subject, PROVIDER);
    for (query, cause) in [
        ("", Refused::ResolveQuery),
        ("sub=a", Refused::ResolveQuery),
        ("trust_anchor=https%3A%2F%2Fanchor.example", Refused::ResolveQuery),
        ("sub=a&sub=a&trust_anchor=https%3A%2F%2Fanchor.example", Refused::ResolveQuery),
        ("sub=%&trust_anchor=https%3A%2F%2Fanchor.example", Refused::ResolveQuery),
        ("sub=a&trust_anchor=https%3A%2F%2Fother.example", Refused::ResolveAnchor),
    ] {
        assert_eq!(ResolveQuery::parse(query, &anchor()).err(), Some(cause), "{query}");
    }
}
