//! What we publish, looked at as a stranger would: signed by a key that it lists, about us, and with nothing in it that
//! is ours alone (CIE-1, CIE-4).

use fascicolo_eid::cie::jose::{Algorithm, Jwk, Jws, LONGEST, decode_base64url};
use fascicolo_eid::cie::{Keys, RelyingParty, entity_configuration};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// What a public key consists of; anything else in it would be a private part, or something that we do not know.
const PUBLIC: [&str; 6] = ["kty", "n", "e", "kid", "use", "alg"];

/// Our entity configuration, decoded: the header and the claims.
///
/// # Errors
/// What is wrong with it: then it must not be published.
pub(super) fn checked(us: &RelyingParty, keys: &Keys, now: Timestamp) -> Result<(Value, Value), String> {
    let text = entity_configuration(us, keys, now).map_err(|e| e.to_string())?;
    let jws = Jws::read(&text, LONGEST).map_err(|defect| format!("it cannot be read back: {defect}"))?;
    jws.verify(&keys.federation_jwks(now), &Algorithm::ALL)
        .map_err(|defect| format!("its signature does not hold: {defect}"))?;
    let mut parts = text.split('.').map(decode);
    let mut part = || parts.next().flatten().ok_or_else(|| "it cannot be read back".to_owned());
    let (header, claims) = (part()?, part()?);
    judge(&claims)?;
    Ok((header, claims))
}

fn decode(part: &str) -> Option<Value> {
    serde_json::from_slice(&decode_base64url(part).ok()?).ok()
}

/// CIE-4: federation keys and protocol keys differ, each is named by its thumbprint, none shows a private part.
fn judge(claims: &Value) -> Result<(), String> {
    let federation = key_set(claims.get("jwks"))?;
    let party = claims.pointer("/metadata/openid_relying_party");
    let protocol = key_set(party.and_then(|party| party.get("jwks")))?;
    if federation.iter().any(|kid| protocol.contains(kid)) {
        return Err("a federation key is a protocol key too".to_owned());
    }
    Ok(())
}

fn key_set(set: Option<&Value>) -> Result<Vec<String>, String> {
    let list = set.and_then(|set| set.get("keys")).and_then(Value::as_array);
    let list = list.filter(|list| !list.is_empty()).ok_or("it lists no keys")?;
    list.iter()
        .map(|key| key.as_object().ok_or("a key is none").map_err(str::to_owned).and_then(kid))
        .collect()
}

fn kid(key: &Map<String, Value>) -> Result<String, String> {
    if let Some(name) = key.keys().find(|name| !PUBLIC.contains(&name.as_str())) {
        return Err(format!("a key shows `{name}`, which is no public part"));
    }
    let read = Jwk::read(key).map_err(|defect| format!("a key is none: {defect}"))?;
    if read.kid() != read.thumbprint() {
        return Err(format!("the name {} of a key is not its thumbprint", read.kid()));
    }
    Ok(read.kid().to_owned())
}

#[cfg(test)]
mod tests {
    use fascicolo_adapters::rsa;
    use fascicolo_eid::cie::jose::SigningKey;
    use serde_json::json;

    use super::*;

    fn key() -> Value {
        SigningKey::from_pem(&rsa::new_pem(2048).unwrap()).unwrap().jwk().to_json()
    }

    /// CIE-4.
    #[test]
    fn a_private_part_a_made_up_name_and_a_shared_key_are_not_published() {
        let (federation, protocol) = (key(), key());
        let claims = |federation: &Value, protocol: &Value| {
            let protocol = json!({"openid_relying_party": {"jwks": {"keys": [protocol]}}});
            json!({"jwks": {"keys": [federation]}, "metadata": protocol})
        };
        let with = |name: &str, value: &str| {
            let mut key = protocol.clone();
            key[name] = json!(value);
            key
        };
        assert_eq!(judge(&claims(&federation, &protocol)), Ok(()));
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "x5c"] {
            let says = Err(format!("a key shows `{private}`, which is no public part"));
            assert_eq!(judge(&claims(&federation, &with(private, "AQAB"))), says);
            assert_eq!(judge(&claims(&with(private, "AQAB"), &federation)), says);
        }
        let named = judge(&claims(&federation, &with("kid", "key-1")));
        assert_eq!(named, Err("the name key-1 of a key is not its thumbprint".to_owned()));
        let shared = judge(&claims(&federation, &federation));
        assert_eq!(shared, Err("a federation key is a protocol key too".to_owned()));
        assert_eq!(judge(&json!({"jwks": {"keys": []}})), Err("it lists no keys".to_owned()));
    }
}
