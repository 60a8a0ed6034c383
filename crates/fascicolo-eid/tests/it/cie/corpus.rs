//! The fuzzer's findings and seeds, replayed: `fuzz/corpus`; and policies drawn at random.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

#[path = "../../../fuzz/cie.rs"]
mod claims;
use super::maker;

#[test]
fn what_must_hold_for_any_bytes_holds_for_the_corpus() {
    type Claim = fn(&[u8]);
    let targets: [(&str, Claim); 5] = [
        ("cie_answer", claims::answer),
        ("cie_encrypted", claims::encrypted),
        ("cie_policy", claims::policy),
        ("cie_signed", claims::signed),
        ("cie_statement", claims::statement),
    ];
    for (name, claim) in targets {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(!files.is_empty());
        files.iter().for_each(|path| claim(&std::fs::read(path).unwrap()));
    }
}

fn word() -> impl Strategy<Value = Value> {
    prop_oneof!["[abc]", "[ab] [bc]"].prop_map(Value::from)
}

fn list() -> impl Strategy<Value = Value> {
    prop::collection::vec(word(), 0..3).prop_map(Value::from)
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![word(), list(), Just(Value::Null), Just(json!(1))]
}

fn rules() -> impl Strategy<Value = Value> {
    let operator = prop_oneof![
        any_value().prop_map(|v| ("value", v)),
        list().prop_map(|v| ("add", v)),
        any_value().prop_map(|v| ("default", v)),
        list().prop_map(|v| ("one_of", v)),
        list().prop_map(|v| ("subset_of", v)),
        list().prop_map(|v| ("superset_of", v)),
        any::<bool>().prop_map(|v| ("essential", json!(v))),
    ];
    prop::collection::vec(operator, 0..4)
        .prop_map(|list| list.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn policy() -> impl Strategy<Value = Value> {
    (rules(), rules()).prop_map(|(p, scope)| json!({"openid_provider": {"p": p, "scope": scope}}))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    /// CIE-11.
    #[test]
    fn a_merged_policy_is_no_weaker_than_either(
        above in policy(), below in policy(), p in any_value(), scope in any_value(),
    ) {
        let said = json!({"above": above, "below": below, "metadata": {"p": p, "scope": scope}});
        claims::policy(said.to_string().as_bytes());
    }
}
