//! Trust chains (CIE-8 to CIE-11, CIE-13).

use fascicolo_eid::cie::jose::Defect;
use fascicolo_eid::cie::{Anchor, Chain, Refused};
use serde_json::{Value, json};

use super::maker::{
    ANCHOR, NOW, PROVIDER, anchor, anchor_claims, at, chain, entity, provider_claims, raw, seconds, set,
    statements, subordinate_claims, verified, with,
};

/// The chain with one claim of one statement changed; `null` takes the claim away.
fn changed(which: usize, pointer: &str, value: Value) -> Result<Chain, Refused> {
    let mut list = statements();
    let (name, claims) =
        [("member", provider_claims()), ("anchor", subordinate_claims()), ("anchor", anchor_claims())][which]
            .clone();
    list[which] = entity(name, &with(claims, pointer, value));
    verified(&list)
}

/// CIE-9, CIE-11, CIE-13.
#[test]
fn a_chain_is_verified_and_resolved() {
    let chain = chain();
    assert_eq!(chain.subject(), PROVIDER);
    // the statement of the anchor ends first
    assert_eq!(chain.expires(), at("2026-11-26T10:00:00Z"));
    assert_eq!(chain.statements(), statements());
    let metadata = chain.metadata("openid_provider").unwrap();
    assert_eq!(metadata["organization_name"], json!("Named by the anchor"));
    assert_eq!(metadata["id_token_signing_alg_values_supported"], json!(["RS256", "ES256"]));
    assert!(chain.metadata("openid_relying_party").is_none());
}

/// CIE-9: every link, and what each statement must say.
#[test]
fn each_wrong_statement_breaks_the_chain_for_its_own_cause() {
    let stranger = json!("https://stranger.example");
    for (which, claim, value, cause) in [
        (0, "/iss", stranger.clone(), Refused::StatementIssuer),
        (0, "/sub", stranger.clone(), Refused::StatementSubject),
        (0, "/iss", json!(1), Refused::StatementIssuer),
        (0, "/sub", Value::Null, Refused::StatementSubject),
        (0, "/authority_hints", json!([stranger]), Refused::AuthorityHints),
        (0, "/authority_hints", json!([]), Refused::AuthorityHints),
        (0, "/authority_hints", json!(ANCHOR), Refused::AuthorityHints),
        (0, "/authority_hints", json!([ANCHOR, 1]), Refused::AuthorityHints),
        (0, "/authority_hints", json!([ANCHOR, "no address"]), Refused::AuthorityHints),
        (0, "/authority_hints", json!(vec![ANCHOR; 17]), Refused::AuthorityHints),
        (0, "/authority_hints", Value::Null, Refused::AuthorityHints),
        (0, "/jwks", Value::Null, Refused::StatementKeys),
        (0, "/jwks", json!({"keys": []}), Refused::StatementKeys),
        // signed with a key that it does not list
        (0, "/jwks", set(&["stranger"]).to_json(), Refused::StatementKeys),
        (0, "/metadata/openid_provider", json!("text"), Refused::PolicyShape),
        (1, "/iss", stranger.clone(), Refused::StatementIssuer),
        (1, "/sub", stranger.clone(), Refused::StatementSubject),
        (1, "/sub", json!(ANCHOR), Refused::ChainLoop),
        // keys that the anchor does not vouch for
        (1, "/jwks", set(&["stranger"]).to_json(), Refused::Jose(Defect::KeyUnknown)),
        (1, "/metadata_policy", json!([]), Refused::PolicyShape),
        (1, "/metadata_policy/openid_provider", json!("text"), Refused::PolicyShape),
        (2, "/iss", stranger.clone(), Refused::StatementIssuer),
        (2, "/sub", stranger, Refused::StatementSubject),
        (2, "/jwks", set(&["stranger"]).to_json(), Refused::StatementKeys),
    ] {
        assert_eq!(changed(which, claim, value.clone()).err(), Some(cause), "{which} {claim} {value}");
    }
}

/// CIE-9: each statement is held to its own instants, the last good one and the first bad one.
#[test]
fn each_statement_has_its_time() {
    for which in 0..3 {
        let later = |offset| json!(seconds(NOW) + offset);
        for (claim, value, cause) in [
            ("/iat", later(60), None),
            ("/iat", later(61), Some(Refused::StatementInFuture)),
            ("/exp", later(1), None),
            ("/exp", later(0), Some(Refused::StatementExpired)),
            ("/exp", json!(1e300), Some(Refused::StatementInstants)),
            ("/exp", json!("2026-11-26"), Some(Refused::StatementInstants)),
            ("/exp", json!(-1), Some(Refused::StatementInstants)),
            ("/exp", json!(i64::MAX), Some(Refused::StatementInstants)),
            ("/exp", Value::Null, Some(Refused::StatementInstants)),
            ("/iat", Value::Null, Some(Refused::StatementInstants)),
        ] {
            assert_eq!(changed(which, claim, value.clone()).err(), cause, "{which} {claim} {value}");
        }
    }
}

/// CIE-9: type, key and algorithm before anything else.
#[test]
fn each_wrong_header_breaks_the_chain_for_its_own_cause() {
    let claims = [provider_claims(), subordinate_claims(), anchor_claims()];
    for which in 0..3 {
        let name = ["member", "anchor", "anchor"][which];
        let kid = super::maker::key(name).kid().to_owned();
        let good = json!({"alg": "RS256", "kid": kid, "typ": "entity-statement+jwt"});
        for (member, value, defect) in [
            ("typ", json!("JWT"), Defect::Type),
            ("typ", json!("trust-mark+jwt"), Defect::Type),
            ("alg", json!("none"), Defect::Algorithm),
            ("alg", json!("PS256"), Defect::Signature),
            ("kid", json!("unknown"), Defect::KeyUnknown),
            ("crit", json!(["x"]), Defect::Critical),
        ] {
            let mut header = good.clone();
            header[member] = value.clone();
            let mut list = statements();
            list[which] = raw(name, &header, claims[which].to_string().as_bytes());
            assert_eq!(verified(&list).err(), Some(defect.into()), "{which} {member} {value}");
        }
        let mut list = statements();
        let mut forged = good.clone();
        list[which] = raw("stranger", &forged, claims[which].to_string().as_bytes());
        assert_eq!(verified(&list).err(), Some(Defect::Signature.into()));
        forged["kid"] = json!(super::maker::key("stranger").kid());
        list[which] = raw("stranger", &forged, claims[which].to_string().as_bytes());
        assert_eq!(verified(&list).err(), Some(Defect::KeyUnknown.into()));
    }
}

/// CIE-9: trust begins at the keys in the settings and nowhere else.
#[test]
fn another_anchor_or_other_pinned_keys_are_not_believed() {
    let list = statements();
    let list: Vec<&str> = list.iter().map(String::as_str).collect();
    let other = Anchor { keys: set(&["stranger"]), ..anchor() };
    let found = Chain::verify(&list, PROVIDER, &other, at(NOW));
    assert_eq!(found.err(), Some(Defect::KeyUnknown.into()));
    let other = Anchor { entity_id: "https://other.example".to_owned(), ..anchor() };
    assert_eq!(Chain::verify(&list, PROVIDER, &other, at(NOW)).err(), Some(Refused::StatementIssuer));
    let found = Chain::verify(&list, "https://other.example", &anchor(), at(NOW));
    assert_eq!(found.err(), Some(Refused::StatementSubject));
}

/// CIE-10.
#[test]
fn what_is_unknown_in_a_statement_does_not_matter() {
    for which in 0..3 {
        for claim in ["/crit", "/aud", "/naming_constraints", "/x"] {
            assert!(changed(which, claim, json!(["x"])).is_ok(), "{claim}");
        }
    }
    let constraints = json!({"naming_constraints": {"permitted": []}, "allowed_entity_types": []});
    assert!(changed(1, "/constraints", constraints).is_ok());
}

/// An intermediate's statements between the provider and the anchor.
fn long(constraint: &Value, hint: &str) -> Vec<String> {
    const MIDDLE: &str = "https://middle.example";
    let mut below = with(subordinate_claims(), "/iss", json!(MIDDLE));
    below["metadata_policy"] = json!({"openid_provider": {"contacts": {"add": ["middle@example.org"]}}});
    let mut middle = with(subordinate_claims(), "/sub", json!(MIDDLE));
    middle["jwks"] = set(&["sealer"]).to_json();
    let leaf = with(provider_claims(), "/authority_hints", json!([hint]));
    let top = with(anchor_claims(), "/constraints", constraint.clone());
    vec![entity("member", &leaf), entity("sealer", &below), entity("anchor", &middle), entity("anchor", &top)]
}

fn verify_long(list: &[String], intermediates: usize) -> Result<Chain, Refused> {
    let list: Vec<&str> = list.iter().map(String::as_str).collect();
    Chain::verify(&list, PROVIDER, &Anchor { intermediates, ..anchor() }, at(NOW))
}

/// CIE-8, CIE-9.
#[test]
fn a_chain_is_as_long_as_it_may_be() {
    let one = json!({"max_path_length": 1});
    let hint = "https://middle.example";
    let list = long(&one, hint);
    let chain = verify_long(&list, 1).unwrap();
    // both policies
    let metadata = chain.metadata("openid_provider").unwrap();
    assert_eq!(metadata["contacts"], json!(["middle@example.org"]));
    assert_eq!(metadata["organization_name"], json!("Named by the anchor"));
    assert_eq!(verify_long(&list, 0).err(), Some(Refused::ChainLength));
    assert_eq!(verify_long(&list[..2], 1).err(), Some(Refused::ChainLength));
    assert_eq!(verify_long(&list[..1], 1).err(), Some(Refused::ChainLength));
    assert_eq!(verify_long(&[], 1).err(), Some(Refused::ChainLength));
    // the anchor above the intermediate is not the provider's superior
    assert_eq!(verify_long(&long(&one, ANCHOR), 1).err(), Some(Refused::AuthorityHints));
    for constraint in
        [json!({"max_path_length": 0}), json!({"max_path_length": -1}), json!({"max_path_length": "1"})]
    {
        assert_eq!(verify_long(&long(&constraint, hint), 1).err(), Some(Refused::PathLength), "{constraint}");
    }
    assert!(verify_long(&long(&json!({}), hint), 1).is_ok());
    // a link left out
    let short = [list[0].clone(), list[2].clone(), list[3].clone()];
    assert_eq!(verify_long(&short, 1).err(), Some(Refused::StatementSubject));
    // an entity that is its own superior
    let own = with(with(subordinate_claims(), "/iss", json!(hint)), "/sub", json!(hint));
    let list = long(&json!({}), hint);
    let round = [list[0].clone(), list[1].clone(), entity("sealer", &own), list[2].clone(), list[3].clone()];
    assert_eq!(verify_long(&round, 2).err(), Some(Refused::ChainLoop));
    let back = with(own, "/sub", json!(ANCHOR));
    let round = [list[0].clone(), list[1].clone(), entity("sealer", &back), list[2].clone(), list[3].clone()];
    assert_eq!(verify_long(&round, 2).err(), Some(Refused::ChainLoop));
}

/// CIE-11: the anchor's word in `metadata`, before its policy.
#[test]
fn what_the_superior_sets_overrides_what_the_subject_says() {
    let set = json!({"openid_provider": {"token_endpoint": "https://provider.example/set"}});
    let chain = changed(1, "/metadata", set).unwrap();
    let metadata = chain.metadata("openid_provider").unwrap();
    assert_eq!(metadata["token_endpoint"], json!("https://provider.example/set"));
    assert_eq!(metadata["userinfo_endpoint"], json!("https://provider.example/userinfo"));
    // of a kind that the subject is not
    let set = json!({"openid_relying_party": {"client_name": "x"}});
    assert!(changed(1, "/metadata", set).unwrap().metadata("openid_relying_party").is_none());
}

/// CIE-11.
#[test]
fn an_operator_that_must_be_understood_and_is_not_breaks_the_chain() {
    let found = changed(1, "/metadata_policy_crit", json!(["regexp"]));
    assert_eq!(found.err(), Some(Refused::PolicyCritical));
    let found = changed(1, "/metadata_policy_crit", json!("regexp"));
    assert_eq!(found.err(), Some(Refused::PolicyShape));
    let policy = json!({"openid_provider": {"issuer": {"regexp": "x"}}});
    assert!(changed(1, "/metadata_policy", policy).is_ok(), "passed over when nobody says that it matters");
}

/// CIE-13.
#[test]
fn a_chain_is_renewed_between_half_and_three_quarters_of_what_is_left() {
    let chain = chain();
    let verified_at = at("2026-11-26T06:00:00Z");
    assert_eq!(chain.renew_at(verified_at, 0), at("2026-11-26T08:00:00Z"));
    assert_eq!(chain.renew_at(verified_at, 255), at("2026-11-26T09:00:00Z"));
    assert!(chain.renew_at(verified_at, 128) > at("2026-11-26T08:29:00Z"));
    assert!(chain.renew_at(verified_at, 128) < at("2026-11-26T08:31:00Z"));
    // past its end: at once
    assert_eq!(chain.renew_at(at("2026-11-27T00:00:00Z"), 255), at("2026-11-27T00:00:00Z"));
}
