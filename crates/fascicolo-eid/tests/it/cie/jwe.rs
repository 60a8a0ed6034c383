//! Encrypted messages (CIE-24).

use std::sync::OnceLock;

use fascicolo_eid::cie::jose::{
    ContentEncryption, DecryptionKey, Defect, Jwe, KeyEncryption, LONGEST, decode_base64url,
    encode_base64url, encrypt,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::maker::{decryption_key, key};

fn sealer() -> &'static DecryptionKey {
    static KEY: OnceLock<DecryptionKey> = OnceLock::new();
    KEY.get_or_init(|| decryption_key("sealer"))
}

fn open(text: &str) -> Result<String, Defect> {
    Jwe::read(text, LONGEST)?.decrypt([sealer()])
}

fn sealed(key_encryption: KeyEncryption, content_encryption: ContentEncryption) -> String {
    let random = std::array::from_fn(|at| u8::try_from(at).unwrap());
    encrypt("a.b.c", sealer().jwk(), key_encryption, content_encryption, &random).unwrap()
}

fn usual() -> String {
    sealed(KeyEncryption::RsaOaep256, ContentEncryption::A256CbcHs512)
}

fn parts(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}

/// CIE-24: made by an independent implementation.
#[test]
fn what_another_encrypted_is_opened_by_each_pair_of_algorithms() {
    let vectors: Value = serde_json::from_str(include_str!("../../vectors/cie/independent.json")).unwrap();
    let encrypted = vectors["encrypted"].as_object().unwrap();
    assert_eq!(encrypted.len(), 8);
    for (name, text) in encrypted {
        assert_eq!(open(text.as_str().unwrap()).as_deref(), Ok("a.b.c"), "{name}");
    }
}

/// CIE-24: what was encrypted here, and each part of it changed in one bit.
#[test]
fn a_changed_bit_anywhere_opens_nothing() {
    for key_encryption in KeyEncryption::ALL {
        for content_encryption in ContentEncryption::ALL {
            let good = sealed(key_encryption, content_encryption);
            assert_eq!(open(&good).as_deref(), Ok("a.b.c"));
            for part in 1..5 {
                let mut parts = parts(&good);
                let mut bytes = decode_base64url(&parts[part]).unwrap();
                bytes[0] ^= 1;
                parts[part] = encode_base64url(&bytes);
                let found = open(&parts.join(".")).err();
                assert_eq!(found, Some(Defect::Decryption), "{part} of {content_encryption:?}");
                // and cut short, to nothing
                bytes.pop();
                for cut in [encode_base64url(&bytes), String::new()] {
                    parts[part] = cut;
                    assert_eq!(open(&parts.join(".")).err(), Some(Defect::Decryption));
                }
            }
        }
    }
}

/// CIE-24: the header is authenticated, and says nothing but what is accepted.
#[test]
fn each_wrong_header_is_refused_for_its_own_cause() {
    let good = usual();
    let header = decode_base64url(&parts(&good)[0]).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    let changed = |member: &str, value: &Value| {
        let mut header = header.clone();
        header[member] = value.clone();
        let mut parts = parts(&good);
        parts[0] = encode_base64url(header.to_string().as_bytes());
        open(&parts.join(".")).err()
    };
    for (member, value, defect) in [
        ("alg", json!("RSA1_5"), Defect::KeyEncryption),
        ("alg", json!("dir"), Defect::KeyEncryption),
        ("alg", json!("ECDH-ES"), Defect::KeyEncryption),
        ("alg", json!("A256KW"), Defect::KeyEncryption),
        ("alg", json!("PBES2-HS256+A128KW"), Defect::KeyEncryption),
        ("alg", json!("none"), Defect::KeyEncryption),
        ("alg", json!(1), Defect::KeyEncryption),
        ("enc", json!("A192CBC-HS384"), Defect::ContentEncryption),
        ("enc", json!("none"), Defect::ContentEncryption),
        ("enc", Value::Null, Defect::ContentEncryption),
        ("zip", json!("DEF"), Defect::Compressed),
        ("zip", Value::Null, Defect::Compressed),
        ("crit", json!(["x"]), Defect::Critical),
        ("cty", json!("JSON"), Defect::ContentType),
        ("cty", Value::Null, Defect::ContentType),
        ("kid", Value::Null, Defect::KeyIdMissing),
        ("kid", json!("unknown"), Defect::KeyUnknown),
        // another content key, another length of it, another text that is authenticated
        ("alg", json!("RSA-OAEP"), Defect::Decryption),
        ("enc", json!("A128CBC-HS256"), Defect::Decryption),
        ("enc", json!("A256GCM"), Defect::Decryption),
        ("typ", json!("JWE"), Defect::Decryption),
    ] {
        assert_eq!(changed(member, &value), Some(defect), "{member} {value}");
    }
}

/// CIE-24.
#[test]
fn each_wrong_shape_is_refused_for_its_own_cause() {
    let good = usual();
    let listed = parts(&good);
    for (text, defect) in [
        (String::new(), Defect::Parts),
        (listed[..4].join("."), Defect::Parts),
        (listed[..3].join("."), Defect::Parts),
        (format!("{good}.x"), Defect::Parts),
        (format!("{good}="), Defect::NotBase64),
        (format!("={good}"), Defect::NotBase64),
        (format!("e30.{}", listed[1..].join(".")), Defect::KeyIdMissing),
        ("x".repeat(LONGEST + 1), Defect::TooLong),
    ] {
        assert_eq!(open(&text).err(), Some(defect), "{text:.60}");
    }
    assert_eq!(Jwe::read(&good, good.len() - 1).err(), Some(Defect::TooLong));
    assert!(Jwe::read(&good, good.len()).is_ok());
}

/// CIE-24: a message for another is not for us, even under our name.
#[test]
fn what_was_encrypted_to_another_key_stays_closed() {
    let random = [7; 80];
    let stranger = key("stranger");
    let text = encrypt("a.b.c", stranger.jwk(), KeyEncryption::RsaOaep, ContentEncryption::A128Gcm, &random)
        .unwrap();
    assert_eq!(open(&text).err(), Some(Defect::KeyUnknown));
    let mut parts = parts(&text);
    let ours = json!({
        "alg": "RSA-OAEP", "enc": "A128GCM", "cty": "JWT", "kid": sealer().kid(),
    });
    parts[0] = encode_base64url(ours.to_string().as_bytes());
    assert_eq!(open(&parts.join(".")).err(), Some(Defect::Decryption));
}

/// CIE-24: whoever cannot wrap a content key cannot make us take a known one.
#[test]
fn a_key_that_cannot_be_unwrapped_is_replaced_by_none_that_opens() {
    let mut parts = parts(&sealed_with_zeros());
    assert_eq!(open(&parts.join(".")).as_deref(), Ok("a.b.c"));
    parts[1] = encode_base64url(&[1; 256]);
    assert_eq!(open(&parts.join(".")).err(), Some(Defect::Decryption));
}

fn sealed_with_zeros() -> String {
    encrypt("a.b.c", sealer().jwk(), KeyEncryption::RsaOaep, ContentEncryption::A256CbcHs512, &[0; 80])
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_character_is_never_opened(at: prop::sample::Index, to in "[A-Za-z0-9_.=-]") {
        let good = sealed_with_zeros();
        let at = at.index(good.len());
        let mut changed = good.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != good);
        prop_assert!(open(&changed).is_err());
    }

    #[test]
    fn any_text_gets_an_answer(text in "[A-Za-z0-9_.=-]{0,200}") {
        let _ = open(&text);
    }
}
