//! Our keys and their turns (CIE-4, CIE-6).

use fascicolo_eid::cie::jose::{JwkSet, Usage};
use fascicolo_eid::cie::{Held, KeyError, Keys, Phase, Purpose};
use jiff::Timestamp;

use super::maker::{at, decryption_key, held, key, keys};

const FIRST: &str = "2026-01-01T00:00:00Z";
const SECOND: &str = "2026-06-01T00:00:00Z";
const DAY: u32 = 24 * 3600;

/// A second key of each purpose is published on the first of June; chains about us live for a day.
fn turning() -> Keys {
    Keys::new(
        vec![held(key("service"), FIRST), held(key("anchor"), SECOND)],
        vec![held(key("registry"), FIRST), held(key("member"), SECOND)],
        vec![held(decryption_key("sealer"), FIRST), held(decryption_key("stranger"), SECOND)],
        DAY,
    )
    .unwrap()
}

fn names(set: &JwkSet, usage: Usage) -> Vec<&str> {
    let known = ["registry", "member", "sealer", "stranger"];
    let named = |kid: &str| known.into_iter().find(|n| key(n).kid() == kid).unwrap();
    set.keys().iter().filter(|k| k.usage() == Some(usage)).map(|k| named(k.kid())).collect()
}

/// CIE-6: the last instant of each phase and the first of the next.
#[test]
fn keys_take_turns_without_a_failed_login() {
    use Phase::{Announced, Current, Gone, Planned, Retiring};
    let keys = turning();
    for (now, old, new, signs, offered, opens) in [
        ("2026-05-31T23:59:59Z", Current, Planned, "registry", &["sealer"][..], &["sealer"][..]),
        (SECOND, Current, Announced, "registry", &["sealer", "stranger"], &["sealer", "stranger"]),
        (
            "2026-06-01T23:59:59Z",
            Current,
            Announced,
            "registry",
            &["sealer", "stranger"],
            &["sealer", "stranger"],
        ),
        ("2026-06-02T00:00:00Z", Retiring, Current, "member", &["stranger"], &["sealer", "stranger"]),
        ("2026-06-02T23:59:59Z", Retiring, Current, "member", &["stranger"], &["sealer", "stranger"]),
        ("2026-06-03T00:00:00Z", Gone, Current, "member", &["stranger"], &["stranger"]),
    ] {
        let now = at(now);
        for purpose in [Purpose::Federation, Purpose::Signing, Purpose::Encryption] {
            let phases = keys.phases(now);
            let found: Vec<_> = phases.iter().filter(|p| p.0 == purpose).map(|p| p.2).collect();
            assert_eq!(found, [old, new], "{purpose:?} {now}");
        }
        assert_eq!(keys.signing_key(now).unwrap().kid(), key(signs).kid());
        assert_eq!(names(&keys.protocol_jwks(now), Usage::Encryption), offered, "{now}");
        let opening: Vec<_> = keys.decryption_keys(now).map(|k| k.kid().to_owned()).collect();
        assert_eq!(opening, opens.iter().map(|n| key(n).kid().to_owned()).collect::<Vec<_>>(), "{now}");
    }
}

/// CIE-6: what we signed just before the change still verifies just after it.
#[test]
fn a_signing_key_is_published_before_and_after_it_is_used() {
    let keys = turning();
    for (now, published) in [
        ("2026-05-31T23:59:59Z", &["registry"][..]),
        (SECOND, &["registry", "member"]),
        ("2026-06-02T23:59:59Z", &["registry", "member"]),
        ("2026-06-03T00:00:00Z", &["member"]),
    ] {
        assert_eq!(names(&keys.protocol_jwks(at(now)), Usage::Signature), published, "{now}");
        assert_eq!(keys.federation_jwks(at(now)).keys().len(), published.len());
    }
    assert_eq!(keys.federation_key(at("2026-06-02T00:00:00Z")).unwrap().kid(), key("anchor").kid());
}

/// CIE-4.
#[test]
fn one_key_has_one_purpose() {
    let make = |federation: &[&str], signing: &[&str], encryption: &[&str]| {
        let since = |at: usize| Timestamp::from_second(i64::try_from(at).unwrap()).unwrap();
        let signing_keys = |names: &[&str]| -> Vec<_> {
            names.iter().enumerate().map(|(i, n)| Held { key: key(n), since: since(i) }).collect()
        };
        let encryption = encryption.iter().enumerate();
        let encryption = encryption.map(|(i, n)| Held { key: decryption_key(n), since: since(i) }).collect();
        Keys::new(signing_keys(federation), signing_keys(signing), encryption, DAY).err()
    };
    assert_eq!(make(&["service"], &["registry"], &["sealer"]), None);
    assert_eq!(make(&["service"], &["service"], &["sealer"]), Some(KeyError::Shared));
    assert_eq!(make(&["service"], &["registry"], &["service"]), Some(KeyError::Shared));
    assert_eq!(make(&["service"], &["sealer"], &["sealer"]), Some(KeyError::Shared));
    assert_eq!(make(&["service", "service"], &["registry"], &["sealer"]), Some(KeyError::Shared));
    for (federation, signing, encryption) in [
        (&[][..], &["registry"][..], &["sealer"][..]),
        (&["service"], &[], &["sealer"]),
        (&["service"], &["registry"], &[]),
    ] {
        assert_eq!(make(federation, signing, encryption), Some(KeyError::NoKey));
    }
}

/// CIE-6.
#[test]
fn keys_are_listed_from_the_oldest_and_none_signs_before_its_time() {
    let since = |first: &str, second: &str| {
        let signing = vec![held(key("registry"), first), held(key("member"), second)];
        let encryption = vec![held(decryption_key("sealer"), FIRST)];
        Keys::new(vec![held(key("service"), FIRST)], signing, encryption, DAY).err()
    };
    assert_eq!(since(FIRST, SECOND), None);
    assert_eq!(since(SECOND, FIRST), Some(KeyError::Order));
    assert_eq!(since(FIRST, FIRST), Some(KeyError::Order));
    let keys = keys();
    assert_eq!(keys.signing_key(at("2025-12-31T23:59:59Z")).err(), Some(KeyError::NoKey));
    assert!(keys.signing_key(at(FIRST)).is_ok());
    assert_eq!(keys.federation_jwks(at("2025-12-31T23:59:59Z")).keys().len(), 0);
}
