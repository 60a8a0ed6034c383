//! What must hold for any bytes that reach the part for CIE. The fuzzer looks for bytes that break it; the tests replay
//! those in `corpus`.

use std::sync::OnceLock;

use fascicolo_eid::cie::federation::Policy;
use fascicolo_eid::cie::jose::{Algorithm, Claims, DecryptionKey, Jwe, JwkSet, Jws, LONGEST};
use fascicolo_eid::cie::{Callback, Discovery, Next, Pending, TokenAnswer, read_list};
use serde_json::{Map, Value};

use super::maker::{NOW, PROVIDER, World, anchor, at, decryption_key, moment, set, statements, verified};

/// Nobody's message verifies but one that the provider signed, and both readers of JSON see the same.
pub(crate) fn signed(bytes: &[u8]) {
    static KEYS: OnceLock<JwkSet> = OnceLock::new();
    let keys = KEYS.get_or_init(|| set(&["provider"]));
    if let Ok(claims) = Claims::read(bytes) {
        let members: Map<String, Value> = serde_json::from_slice(bytes).unwrap();
        for (name, value) in &members {
            assert_eq!(claims.member(name), Some(value));
        }
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(jws) = Jws::read(text, LONGEST) else {
        return;
    };
    let _ = (jws.must_be_plain(), jws.unverified());
    if let Ok(claims) = jws.verify(keys, &Algorithm::ALL) {
        assert_eq!(claims.text("seed"), Some("signed by the provider"));
    }
}

/// Nothing opens but what was encrypted to us.
pub(crate) fn encrypted(bytes: &[u8]) {
    static KEY: OnceLock<DecryptionKey> = OnceLock::new();
    let key = KEY.get_or_init(|| decryption_key("sealer"));
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(jwe) = Jwe::read(text, LONGEST)
        && let Ok(message) = jwe.decrypt([key])
    {
        assert_eq!(message, "a.b.c");
    }
}

/// Whatever stands in the place of a statement, there is the one chain or none.
pub(crate) fn statement(bytes: &[u8]) {
    static STATEMENTS: OnceLock<[String; 3]> = OnceLock::new();
    let good = STATEMENTS.get_or_init(statements);
    let _ = read_list(bytes);
    if let Ok(next) = Discovery::begin(&anchor(), PROVIDER).unwrap().take(bytes, at(NOW)) {
        let Next::Fetch(discovery) = next else {
            panic!("one answer is no chain");
        };
        assert!(discovery.url().starts_with("https://anchor.example/fetch?sub="));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for place in 0..3 {
        let mut list = good.clone();
        list[place] = text.to_owned();
        if let Ok(chain) = verified(&list) {
            let provider = chain.metadata("openid_provider").unwrap();
            assert_eq!(provider["issuer"], PROVIDER);
            assert!(chain.expires() > at(NOW));
        }
    }
}

/// A policy over itself is itself; what passes two policies merged passes each of them unchanged.
pub(crate) fn policy(bytes: &[u8]) {
    const KIND: &str = "openid_provider";
    let Ok(said) = Claims::read(bytes) else {
        return;
    };
    let read = |name| said.member(name).and_then(|policy| Policy::read(policy, &[]).ok());
    let (Some(above), Some(below)) = (read("above"), read("below")) else {
        return;
    };
    assert_eq!(above.clone().merge(above.clone()).as_ref(), Ok(&above));
    let (Ok(both), Some(metadata)) = (above.clone().merge(below.clone()), said.object("metadata")) else {
        return;
    };
    if let Ok(resolved) = both.apply(KIND, metadata) {
        assert!(resolved.values().all(|value| !value.is_null()));
        for policy in [&both, &above, &below] {
            assert_eq!(policy.apply(KIND, &resolved).as_ref(), Ok(&resolved));
        }
    }
}

/// No query is an answer to our request but the one with its state, and no body gives tokens that cannot be sent on.
pub(crate) fn answer(bytes: &[u8]) {
    static WORLD: OnceLock<(World, Pending)> = OnceLock::new();
    let (world, pending) = WORLD.get_or_init(|| {
        let world = World::new();
        let pending = world.pending();
        (world, pending)
    });
    if let Ok(TokenAnswer::Tokens(tokens)) = TokenAnswer::read(200, bytes) {
        let request = world.client().userinfo_request(&tokens);
        assert!(request.authorization.bytes().all(|b| b == b' ' || b.is_ascii_graphic()));
        assert!(world.client().check_id_token(&tokens, pending, at(NOW)).is_err());
    }
    let Ok(callback) =
        std::str::from_utf8(bytes).map_err(drop).and_then(|q| Callback::parse(q).map_err(drop))
    else {
        return;
    };
    if world.client().check_callback(&callback, pending, moment().now).is_ok() {
        assert_eq!(callback.state(), pending.state);
    }
}
