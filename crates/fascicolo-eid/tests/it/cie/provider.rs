//! A provider from its chain (CIE-8, CIE-11, CIE-23).

use fascicolo_eid::cie::jose::Algorithm;
use fascicolo_eid::cie::{Provider, Refused};
use serde_json::{Value, json};

use super::maker::{
    PROVIDER, at, entity, provider, provider_claims, set, statements, subordinate_claims, verified, with,
};

/// The provider with one of its metadata changed.
fn changed(name: &str, value: Value) -> Result<Provider, Refused> {
    let mut list = statements();
    let pointer = format!("/metadata/openid_provider/{name}");
    list[0] = entity("member", &with(provider_claims(), &pointer, value));
    Provider::from_chain(&verified(&list).unwrap())
}

/// CIE-11: everything from resolved metadata.
#[test]
fn a_provider_is_what_the_chain_says_of_it() {
    let provider = provider();
    assert_eq!(provider.issuer, PROVIDER);
    assert_eq!(provider.organization_name.as_deref(), Some("Named by the anchor"));
    assert_eq!(provider.token_endpoint, "https://provider.example/token");
    assert_eq!(provider.id_token_algorithms, [Algorithm::Rs256, Algorithm::Es256]);
    assert_eq!(provider.userinfo_algorithms, [Algorithm::Rs256]);
    assert_eq!(provider.keys, set(&["provider"]));
    assert_eq!(provider.expires, at("2026-11-26T10:00:00Z"));
    assert_eq!(provider.revocation_endpoint.as_deref(), Some("https://provider.example/revocation"));
}

/// CIE-11, CIE-23.
#[test]
fn each_wrong_provider_is_refused_for_its_own_cause() {
    for (name, value, cause) in [
        ("issuer", json!("https://other.example"), Refused::ProviderIssuer),
        ("issuer", Value::Null, Refused::ProviderIssuer),
        ("authorization_endpoint", Value::Null, Refused::ProviderEndpoint),
        ("authorization_endpoint", json!("javascript:alert(1)"), Refused::ProviderEndpoint),
        ("token_endpoint", Value::Null, Refused::ProviderEndpoint),
        ("token_endpoint", json!("http://provider.example/token"), Refused::ProviderEndpoint),
        ("userinfo_endpoint", json!(""), Refused::ProviderEndpoint),
        ("revocation_endpoint", json!("ftp://provider.example"), Refused::ProviderEndpoint),
        ("jwks", Value::Null, Refused::ProviderKeys),
        ("jwks", json!({"keys": []}), Refused::ProviderKeys),
        ("userinfo_signing_alg_values_supported", json!(["none", "HS256"]), Refused::ProviderAlgorithms),
        ("userinfo_signing_alg_values_supported", json!("RS256"), Refused::ProviderAlgorithms),
    ] {
        assert_eq!(changed(name, value.clone()).err(), Some(cause), "{name} {value}");
    }
    assert_eq!(changed("revocation_endpoint", Value::Null).unwrap().revocation_endpoint, None);
    let same = changed("userinfo_signing_alg_values_supported", Value::Null).unwrap();
    assert_eq!(same.userinfo_algorithms, same.id_token_algorithms);
    // what would show a picture from anywhere shows none
    assert_eq!(changed("logo_uri", json!("data:image/svg+xml,x")).unwrap().logo_uri, None);
}

/// CIE-23.
#[test]
fn a_provider_that_signs_by_nothing_that_we_accept_is_refused() {
    let mut list = statements();
    let pointer = "/metadata/openid_provider/id_token_signing_alg_values_supported";
    list[0] = entity("member", &with(provider_claims(), pointer, json!(["HS256", "none"])));
    let policy = json!({"openid_provider": {}});
    list[1] = entity("anchor", &with(subordinate_claims(), "/metadata_policy", policy));
    let found = Provider::from_chain(&verified(&list).unwrap());
    assert_eq!(found.err(), Some(Refused::ProviderAlgorithms));
    list[0] = entity("member", &with(provider_claims(), pointer, Value::Null));
    let found = Provider::from_chain(&verified(&list).unwrap());
    assert_eq!(found.err(), Some(Refused::ProviderAlgorithms));
}

/// CIE-8.
#[test]
fn who_is_no_provider_is_refused() {
    let mut list = statements();
    let metadata = json!({"openid_relying_party": {"client_name": "x"}});
    list[0] = entity("member", &with(provider_claims(), "/metadata", metadata));
    let found = Provider::from_chain(&verified(&list).unwrap());
    assert_eq!(found.err(), Some(Refused::ProviderMetadata));
}
