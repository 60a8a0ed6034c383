//! Keys of yesterday, for the chains of yesterday (CIE-15).

use fascicolo_eid::cie::jose::Defect;
use fascicolo_eid::cie::{Anchor, Chain, HistoricalKeys, Refused};
use serde_json::{Value, json};

use super::maker::{ANCHOR, NOW, PROVIDER, anchor, at, key, seconds, set, signed, statements, with};

/// The anchor of the statements was followed by another key, with which it signs its history.
fn later() -> Anchor {
    Anchor { keys: set(&["sealer"]), ..anchor() }
}

fn past(members: &Value) -> Value {
    let mut key = key("anchor").jwk().to_json();
    for (name, value) in members.as_object().unwrap() {
        key[name] = value.clone();
    }
    key
}

fn claims(keys: &Value) -> Value {
    json!({"iss": ANCHOR, "iat": seconds("2027-06-01T00:00:00Z"), "keys": keys})
}

fn read(typ: &str, claims: &Value) -> Result<HistoricalKeys, Refused> {
    HistoricalKeys::read(&signed("sealer", typ, claims), &later(), at("2027-06-01T00:00:00Z"))
}

fn history(members: &Value) -> Result<HistoricalKeys, Refused> {
    read("jwk-set+jwt", &claims(&json!([past(members)])))
}

/// CIE-15.
#[test]
fn a_stored_chain_is_verified_with_the_keys_of_its_time() {
    let stored = statements();
    let stored: Vec<&str> = stored.iter().map(String::as_str).collect();
    let today = Chain::verify(&stored, PROVIDER, &later(), at(NOW));
    assert_eq!(today.err(), Some(Defect::KeyUnknown.into()));
    let keys = history(&json!({"exp": seconds("2027-01-01T00:00:00Z")})).unwrap();
    let then = Anchor { keys: keys.at(at(NOW)), ..anchor() };
    assert!(Chain::verify(&stored, PROVIDER, &then, at(NOW)).is_ok());
    assert_eq!(
        HistoricalKeys::address(ANCHOR),
        format!("{ANCHOR}/.well-known/openid-federation-historical-jwks")
    );
}

/// CIE-15: the last good instant and the first bad one.
#[test]
fn a_key_is_good_until_its_end_or_its_revocation() {
    let revoked = |at: &str, reason: &str| json!({"revoked": {"revoked_at": seconds(at), "reason": reason}});
    let both = json!({
        "exp": seconds("2027-01-01T00:00:00Z"),
        "revoked": {"revoked_at": seconds("2026-12-01T00:00:00Z")},
    });
    for (members, last, first) in [
        (json!({"exp": seconds("2027-01-01T00:00:00Z")}), "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
        (revoked("2026-12-01T00:00:00Z", "superseded"), "2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z"),
        (both, "2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z"),
    ] {
        let keys = history(&members).unwrap();
        assert_eq!((keys.at(at(last)).keys().len(), keys.at(at(first)).keys().len()), (1, 0));
    }
    let from = json!({"iat": seconds("2026-01-01T00:00:00Z"), "exp": seconds("2027-01-01T00:00:00Z")});
    let keys = history(&from).unwrap();
    assert_eq!(keys.at(at("2025-12-31T23:59:59Z")).keys().len(), 0);
    assert_eq!(keys.at(at("2026-01-01T00:00:00Z")).keys().len(), 1);
    for reason in ["compromised", "keyCompromise"] {
        let keys = history(&revoked("2027-01-01T00:00:00Z", reason)).unwrap();
        assert_eq!(keys.at(at(NOW)).keys().len(), 0, "who has it can date what they sign as they like");
    }
}

/// CIE-15.
#[test]
fn each_wrong_history_is_refused_for_its_own_cause() {
    let end = json!({"exp": seconds("2027-01-01T00:00:00Z")});
    let good = claims(&json!([past(&end)]));
    assert!(read("jwk-set+jwt", &good).is_ok());
    assert_eq!(read("JWT", &good).err(), Some(Defect::Type.into()));
    let forged = signed("stranger", "jwk-set+jwt", &good);
    let found = HistoricalKeys::read(&forged, &later(), at("2027-06-01T00:00:00Z"));
    assert_eq!(found.err(), Some(Defect::KeyUnknown.into()));
    for (pointer, value, cause) in [
        ("/iss", json!("https://other.example"), Refused::StatementIssuer),
        ("/iat", Value::Null, Refused::StatementInstants),
        ("/iat", json!(seconds("2027-06-01T00:01:01Z")), Refused::StatementInFuture),
        ("/keys", Value::Null, Refused::HistoricalKeys),
        ("/keys", json!([1]), Refused::HistoricalKeys),
        ("/keys", json!([past(&json!({}))]), Refused::HistoricalKeys),
        ("/keys", json!([past(&json!({"exp": "x"}))]), Refused::HistoricalKeys),
        ("/keys", json!([past(&json!({"revoked": {}}))]), Refused::HistoricalKeys),
    ] {
        let found = read("jwk-set+jwt", &with(good.clone(), pointer, value.clone()));
        assert_eq!(found.err(), Some(cause), "{pointer} {value}");
    }
}
