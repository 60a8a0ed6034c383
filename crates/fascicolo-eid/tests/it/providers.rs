//! The registry of identity providers (SPID-I2 to I4).

use fascicolo_eid::spid::{Binding, Providers};
use fascicolo_eid::xml::{self, MD, Place};
use jiff::Timestamp;

use crate::maker::{PROVIDER, change, entity, provider_key, registry_key, stranger_key};

fn aggregate(entities: &str) -> String {
    format!("<md:EntitiesDescriptor xmlns:md=\"{MD}\" ID=\"_all\">{entities}</md:EntitiesDescriptor>")
}

fn two() -> String {
    aggregate(
        &[
            entity(PROVIDER, &[provider_key().certificate_der()]),
            entity(
                "https://another.example",
                &[stranger_key().certificate_der(), provider_key().certificate_der()],
            ),
        ]
        .concat(),
    )
}

fn noon() -> Timestamp {
    "2026-11-25T11:00:00Z".parse().unwrap()
}

fn signed(text: &str) -> String {
    xml::sign_enveloped(text, "_all", Place::First, &registry_key()).unwrap()
}

fn refused(text: &str) -> Option<&'static str> {
    Providers::from_signed_aggregate(text.as_bytes(), registry_key().certificate_der(), noon())
        .err()
        .map(|r| r.code())
}

/// SPID-I2, SPID-I4.
#[test]
fn a_provider_is_read_with_its_name_addresses_and_keys() {
    let list = Providers::from_metadata(two().as_bytes()).unwrap();
    let [first, second] = list.as_slice() else { panic!("two") };
    assert_eq!(first.entity_id, PROVIDER);
    assert_eq!(first.name, "Prova & Riprova", "the Italian name");
    assert_eq!(
        first.sign_on_address(Binding::Redirect),
        Some("https://idp.example/SingleSignOnService/Redirect")
    );
    assert_eq!(first.sign_on_address(Binding::Post), Some("https://idp.example/SingleSignOnService/POST"));
    assert_eq!(first.logout_address(Binding::Post), Some("https://idp.example/SingleLogoutService/POST"));
    assert_eq!((first.keys.len(), second.keys.len()), (1, 2));
    assert_eq!(first.keys[0].certificate_der(), provider_key().certificate_der());
}

#[test]
fn a_single_descriptor_is_read_too() {
    let list =
        Providers::from_metadata(entity(PROVIDER, &[provider_key().certificate_der()]).as_bytes()).unwrap();
    assert_eq!(list.len(), 1);
}

/// SPID-I2, SPID-I3.
#[test]
fn an_aggregate_is_believed_when_the_pinned_key_signed_it_whole() {
    let good = signed(&two());
    let providers =
        Providers::from_signed_aggregate(good.as_bytes(), registry_key().certificate_der(), noon()).unwrap();
    assert_eq!(providers.iter().count(), 2);
    assert!(providers.get(PROVIDER).is_some());
    assert!(providers.get("https://stranger.example").is_none());
}

/// SPID-I2: an old copy cannot be sent again for ever.
#[test]
fn an_aggregate_holds_until_it_says_and_not_an_instant_longer() {
    let until = |instant: &str| {
        signed(&two().replace("ID=\"_all\"", &format!("ID=\"_all\" validUntil=\"{instant}\"")))
    };
    assert_eq!(refused(&until("2026-11-25T11:00:00.001Z")), None);
    assert_eq!(refused(&until("2026-11-25T11:00:00Z")), Some("expired"));
    assert_eq!(refused(&until("tomorrow")), Some("conditions_instant"));
}

/// SPID-I2.
#[test]
fn an_aggregate_with_one_defect_is_refused_for_it() {
    let good = signed(&two());
    let by_stranger = xml::sign_enveloped(&two(), "_all", Place::First, &stranger_key()).unwrap();
    let inner = change(
        &aggregate(&entity(PROVIDER, &[provider_key().certificate_der()])),
        "ID=\"_https---idp.example\"",
        "ID=\"_one\"",
    );
    let inner = xml::sign_enveloped(&inner, "_one", Place::First, &registry_key()).unwrap();
    let cases = [
        (two(), "signature_missing"),
        (by_stranger, "signature_mismatch"),
        (good.replace("https://another.example\"", "https://changed.example\""), "digest_mismatch"),
        (inner, "signature_missing"),
        (signed(&aggregate("<md:Extensions/>")), "no_provider"),
        (format!("<!DOCTYPE a>{good}"), "doctype"),
        (change(&good, "<md:EntitiesDescriptor ", "<md:EntitiesDescriptor Id=\"_all\" "), "duplicate_id"),
        (
            signed(&aggregate(&entity(PROVIDER, &[provider_key().certificate_der()]).repeat(2).replacen(
                "ID=\"_https---idp.example\"",
                "ID=\"_a\"",
                1,
            ))),
            "provider",
        ),
    ];
    for (text, code) in cases {
        assert_eq!(refused(&text), Some(code));
    }
}

/// SPID-I2, SPID-K1.
#[test]
fn an_entry_that_cannot_be_used_does_not_close_the_others() {
    let short = include_str!("../fixtures/short.test-only.crt.pem");
    let (_, short) = der::pem::decode_vec(short.as_bytes()).unwrap();
    let curve = include_str!("../fixtures/curve.test-only.crt.pem");
    let (_, curve) = der::pem::decode_vec(curve.as_bytes()).unwrap();
    let entities = [
        entity("https://no-keys.example", &[]),
        entity("https://weak.example", &[&short, &curve]),
        entity("https://half.example", &[&short, provider_key().certificate_der(), b"no certificate"]),
        entity(PROVIDER, &[provider_key().certificate_der()]),
    ];
    let list = Providers::from_metadata(aggregate(&entities.concat()).as_bytes()).unwrap();
    let ids: Vec<_> = list.iter().map(|p| (p.entity_id.as_str(), p.keys.len())).collect();
    assert_eq!(ids, [("https://half.example", 1), (PROVIDER, 1)]);
    for alone in [&entities[0], &entities[1]] {
        let refused = Providers::from_metadata(alone.as_bytes()).err();
        assert_eq!(refused.map(|r| r.code()), Some("provider"));
    }
}

/// SPID-I4, SPID-R7.
#[test]
fn a_key_for_encryption_does_not_verify() {
    let text = entity(PROVIDER, &[provider_key().certificate_der(), stranger_key().certificate_der()]);
    let text = text.replacen("use=\"signing\"", "use=\"encryption\"", 1);
    let provider = Providers::from_metadata(text.as_bytes()).unwrap().remove(0);
    let ders: Vec<_> = provider.keys.iter().map(|k| k.certificate_der().to_vec()).collect();
    assert_eq!(ders, [stranger_key().certificate_der()]);
}

/// SPID-I2.
#[test]
fn metadata_of_another_kind_holds_no_provider() {
    let code = |text: &[u8]| Providers::from_metadata(text).err().map(|r| r.code());
    assert_eq!(code(b"<a/>"), Some("root"));
    assert_eq!(code(b"\xff"), Some("not_utf8"));
    assert_eq!(code(b""), Some("malformed"));
    let service = entity(PROVIDER, &[]).replace("IDPSSODescriptor", "SPSSODescriptor");
    assert_eq!(code(service.as_bytes()), Some("no_provider"));
}

/// SPID-I3.
#[test]
fn a_provider_added_again_replaces_itself() {
    let mut providers = Providers::empty();
    assert_eq!(providers.iter().count(), 0);
    for key in [provider_key(), stranger_key()] {
        let provider = Providers::from_metadata(entity(PROVIDER, &[key.certificate_der()]).as_bytes())
            .unwrap()
            .remove(0);
        providers.add(provider);
    }
    assert_eq!(providers.iter().count(), 1);
    let key = &providers.get(PROVIDER).unwrap().keys[0];
    assert_eq!(key.certificate_der(), stranger_key().certificate_der());
}

/// SPID-A2, SPID-I2.
#[test]
fn only_addresses_of_the_web_are_taken() {
    let good = entity(PROVIDER, &[provider_key().certificate_der()]);
    let place = "https://idp.example/SingleSignOnService/POST";
    for bad in [
        "javascript:alert(1)",
        "data:text/html,x",
        "//idp.example/",
        "/sso",
        "",
        "https://idp.example/#here",
        "https://idp.example/ with blanks",
        "https://idp.example/&#13;&#10;Set-Cookie: a=b",
        "https://idp.example/è",
    ] {
        let provider = Providers::from_metadata(change(&good, place, bad).as_bytes()).unwrap().remove(0);
        assert_eq!(provider.sign_on_address(Binding::Post), None, "{bad}");
        assert!(provider.sign_on_address(Binding::Redirect).is_some());
    }
    let none = good.replace("https://idp.example/SingleSign", "javascript:SingleSign");
    assert_eq!(Providers::from_metadata(none.as_bytes()).err().map(|r| r.code()), Some("provider"));
}

/// SPID-I2, SPID-R7.
#[test]
fn an_attribute_with_a_prefix_is_another_attribute() {
    let good = entity(PROVIDER, &[provider_key().certificate_der()]);
    let shadowed = change(&good, " entityID=", " md:entityID=\"https://attacker.example\" entityID=");
    let shadowed = change(&shadowed, "use=\"signing\"", "md:use=\"encryption\" use=\"signing\"");
    let list = Providers::from_metadata(shadowed.as_bytes()).unwrap();
    assert_eq!((list[0].entity_id.as_str(), list[0].keys.len()), (PROVIDER, 1));
}
