//! Metadata policies by the standard's rules (CIE-11).

use fascicolo_eid::cie::Refused;
use fascicolo_eid::cie::federation::Policy;
use serde_json::{Value, json};

const KIND: &str = "openid_provider";

fn policy(rules: &Value) -> Result<Policy, Refused> {
    Policy::read(&json!({KIND: {"p": rules}}), &[])
}

/// What becomes of parameter `p`; `null` stands for none.
fn applied(rules: &Value, before: &Value) -> Result<Value, Refused> {
    let metadata = json!({"p": before, "q": "untouched"});
    let after = policy(rules)?.apply(KIND, metadata.as_object().unwrap())?;
    assert_eq!(after["q"], json!("untouched"));
    Ok(after.get("p").cloned().unwrap_or(Value::Null))
}

/// The rules, what was there, what becomes of it.
fn applications() -> Vec<(Value, Value, Result<Value, Refused>)> {
    let list = |rules: Value, before: Value, after: Value| (rules, before, Ok(after));
    let bad = |rules: Value, before: Value, cause: Refused| (rules, before, Err(cause));
    let none = || Value::Null;
    vec![
        list(json!({}), json!("a"), json!("a")),
        list(json!({}), none(), none()),
        list(json!({"value": "b"}), json!("a"), json!("b")),
        list(json!({"value": "b"}), none(), json!("b")),
        list(json!({"value": 7}), json!("a"), json!(7)),
        list(json!({"value": null}), json!("a"), none()),
        list(json!({"add": ["b"]}), json!(["a"]), json!(["a", "b"])),
        list(json!({"add": ["a", "b"]}), json!(["a"]), json!(["a", "b"])),
        list(json!({"add": ["b"]}), none(), json!(["b"])),
        bad(json!({"add": ["b"]}), json!("a"), Refused::PolicyValue),
        list(json!({"default": "b"}), json!("a"), json!("a")),
        list(json!({"default": "b"}), none(), json!("b")),
        list(json!({"one_of": ["a", "b"]}), json!("a"), json!("a")),
        list(json!({"one_of": ["a", "b"]}), none(), none()),
        bad(json!({"one_of": ["a", "b"]}), json!("c"), Refused::PolicyValue),
        list(json!({"subset_of": ["a", "b"]}), json!(["a", "c"]), json!(["a"])),
        list(json!({"subset_of": ["a", "b"]}), json!(["c"]), json!([])),
        list(json!({"subset_of": ["a", "b"]}), none(), none()),
        bad(json!({"subset_of": ["a", "b"]}), json!("a"), Refused::PolicyValue),
        list(json!({"superset_of": ["a"]}), json!(["a", "b"]), json!(["a", "b"])),
        list(json!({"superset_of": ["a"]}), none(), none()),
        bad(json!({"superset_of": ["a", "b"]}), json!(["a"]), Refused::PolicyValue),
        bad(json!({"superset_of": ["a"]}), json!("a"), Refused::PolicyValue),
        list(json!({"essential": true}), json!("a"), json!("a")),
        list(json!({"essential": false}), none(), none()),
        bad(json!({"essential": true}), none(), Refused::PolicyEssential),
        // combinations, each operator in its turn
        list(json!({"value": ["a", "b"], "add": ["b"]}), none(), json!(["a", "b"])),
        list(json!({"add": ["b"], "default": ["c"]}), none(), json!(["b"])),
        list(json!({"default": "a", "one_of": ["a", "b"]}), none(), json!("a")),
        bad(json!({"default": "c", "one_of": ["a", "b"]}), none(), Refused::PolicyValue),
        list(json!({"default": "a", "essential": true}), none(), json!("a")),
        list(json!({"add": ["b"], "subset_of": ["a", "b"]}), json!(["a", "c"]), json!(["a", "b"])),
        list(json!({"add": ["b"], "superset_of": ["a", "b"]}), json!(["a"]), json!(["a", "b"])),
        list(json!({"subset_of": ["a", "b"], "superset_of": ["a"]}), json!(["a", "c"]), json!(["a"])),
        bad(json!({"subset_of": ["a", "b"], "superset_of": ["a"]}), json!(["b"]), Refused::PolicyValue),
        list(json!({"subset_of": ["a", "b"], "essential": true}), json!(["a", "c"]), json!(["a"])),
        bad(json!({"subset_of": ["a", "b"], "essential": true}), none(), Refused::PolicyEssential),
        list(json!({"value": ["a"], "subset_of": ["a", "b"], "superset_of": ["a"]}), none(), json!(["a"])),
        list(json!({"value": "a", "default": "b", "one_of": ["a"], "essential": true}), none(), json!("a")),
    ]
}

/// CIE-11.
#[test]
fn each_operator_does_what_the_standard_says() {
    for (rules, before, after) in applications() {
        assert_eq!(applied(&rules, &before), after, "{rules} on {before}");
    }
}

/// CIE-11: the national rule, stricter than the standard.
#[test]
fn nothing_left_of_something_essential_is_refused() {
    let rules = json!({"subset_of": ["a", "b"], "essential": true});
    assert_eq!(applied(&rules, &json!(["c"])), Err(Refused::PolicyEssential));
    assert_eq!(applied(&json!({"essential": true}), &json!([])), Err(Refused::PolicyEssential));
    assert_eq!(applied(&json!({"essential": true}), &json!("")), Ok(json!("")));
}

/// Combinations that may not stand together.
fn impossible() -> Vec<Value> {
    vec![
        json!({"one_of": ["a"], "add": ["a"]}),
        json!({"one_of": ["a"], "subset_of": ["a"]}),
        json!({"one_of": ["a"], "superset_of": ["a"]}),
        json!({"value": null, "default": "a"}),
        json!({"value": null, "essential": true}),
        json!({"value": ["a"], "add": ["b"]}),
        json!({"value": "c", "one_of": ["a", "b"]}),
        json!({"value": ["c"], "subset_of": ["a", "b"]}),
        json!({"value": ["a"], "superset_of": ["a", "b"]}),
        json!({"add": ["c"], "subset_of": ["a", "b"]}),
        json!({"subset_of": ["a"], "superset_of": ["a", "b"]}),
    ]
}

/// CIE-11.
#[test]
fn operators_that_exclude_each_other_are_refused() {
    for rules in impossible() {
        assert_eq!(policy(&rules).err(), Some(Refused::PolicyCombination), "{rules}");
    }
}

/// CIE-11.
#[test]
fn each_wrong_shape_is_refused() {
    for rules in [
        json!([]),
        json!("a"),
        json!({"add": "a"}),
        json!({"one_of": "a"}),
        json!({"one_of": []}),
        json!({"subset_of": {}}),
        json!({"superset_of": 1}),
        json!({"essential": "true"}),
        json!({"default": null}),
    ] {
        assert_eq!(policy(&rules).err(), Some(Refused::PolicyShape), "{rules}");
    }
    for shape in [json!([]), json!({KIND: []}), json!(1)] {
        assert_eq!(Policy::read(&shape, &[]).err(), Some(Refused::PolicyShape), "{shape}");
    }
    let unknown = json!({KIND: {"p": {"regexp": "x"}}});
    assert!(Policy::read(&unknown, &["value"]).is_ok());
    assert_eq!(Policy::read(&unknown, &["regexp"]).err(), Some(Refused::PolicyCritical));
}

/// The superior's rules, the subordinate's, both together.
fn merges() -> Vec<(Value, Value, Result<Value, Refused>)> {
    let conflict = || Err(Refused::PolicyConflict);
    let combination = || Err(Refused::PolicyCombination);
    vec![
        (json!({"value": "a"}), json!({"value": "a"}), Ok(json!({"value": "a"}))),
        (json!({"value": "a"}), json!({"value": "b"}), conflict()),
        (json!({"add": ["a"]}), json!({"add": ["b", "a"]}), Ok(json!({"add": ["a", "b"]}))),
        (json!({"default": "a"}), json!({"default": "a"}), Ok(json!({"default": "a"}))),
        (json!({"default": "a"}), json!({"default": "b"}), conflict()),
        (json!({"one_of": ["a", "b"]}), json!({"one_of": ["b", "c"]}), Ok(json!({"one_of": ["b"]}))),
        (json!({"one_of": ["a"]}), json!({"one_of": ["b"]}), conflict()),
        (json!({"subset_of": ["a", "b"]}), json!({"subset_of": ["b"]}), Ok(json!({"subset_of": ["b"]}))),
        (json!({"subset_of": ["a"]}), json!({"subset_of": ["b"]}), Ok(json!({"subset_of": []}))),
        (
            json!({"superset_of": ["a"]}),
            json!({"superset_of": ["b"]}),
            Ok(json!({"superset_of": ["a", "b"]})),
        ),
        (json!({"essential": true}), json!({"essential": false}), Ok(json!({"essential": true}))),
        (json!({"essential": false}), json!({"essential": true}), Ok(json!({"essential": true}))),
        (json!({"value": ["a"]}), json!({"add": ["b"]}), combination()),
        (json!({"value": null}), json!({"essential": true}), combination()),
        (json!({"subset_of": ["a"]}), json!({"superset_of": ["b"]}), combination()),
        (json!({"subset_of": ["a"]}), json!({"one_of": ["a"]}), combination()),
        (json!({"one_of": ["a"]}), json!({"value": "b"}), combination()),
        (
            json!({"subset_of": ["a", "b"]}),
            json!({"default": ["a"]}),
            Ok(json!({"subset_of": ["a", "b"], "default": ["a"]})),
        ),
    ]
}

/// CIE-11: a subordinate may demand more, never less.
#[test]
fn policies_are_merged_by_the_rules_of_each_operator() {
    for (above, below, both) in merges() {
        let merged = policy(&above).unwrap().merge(policy(&below).unwrap());
        assert_eq!(merged, both.clone().map(|rules| policy(&rules).unwrap()), "{above} over {below}");
    }
    // what only one of them speaks of
    let above = Policy::read(&json!({"x": {"p": {"value": 1}}, "y": {"p": {"value": 2}}}), &[]).unwrap();
    let below = Policy::read(&json!({"y": {"q": {"value": 3}}, "z": {"p": {"value": 4}}}), &[]).unwrap();
    let both = json!({
        "x": {"p": {"value": 1}}, "y": {"p": {"value": 2}, "q": {"value": 3}}, "z": {"p": {"value": 4}},
    });
    assert_eq!(above.merge(below).unwrap(), Policy::read(&both, &[]).unwrap());
}

/// CIE-11: `scope` is a text of words, treated as a list.
#[test]
fn a_scope_is_a_list_of_words() {
    for (rules, before, after) in [
        (json!({"subset_of": ["openid", "profile"]}), json!("openid email"), Ok(json!("openid"))),
        (json!({"add": ["profile"]}), json!("openid"), Ok(json!("openid profile"))),
        (json!({"default": "openid profile"}), Value::Null, Ok(json!("openid profile"))),
        (json!({"default": ["openid"]}), Value::Null, Ok(json!("openid"))),
        (json!({"value": "openid"}), json!("profile"), Ok(json!("openid"))),
        (json!({"superset_of": ["openid"]}), json!("profile"), Err(Refused::PolicyValue)),
        (json!({"superset_of": ["openid"]}), json!("profile openid"), Ok(json!("profile openid"))),
    ] {
        let policy = Policy::read(&json!({KIND: {"scope": rules}}), &[]).unwrap();
        let found = policy.apply(KIND, json!({"scope": before}).as_object().unwrap());
        assert_eq!(found.map(|m| m["scope"].clone()), after, "{rules} on {before}");
    }
}

/// CIE-11.
#[test]
fn what_is_null_is_nothing() {
    let policy = Policy::read(&json!({}), &[]).unwrap();
    let after = policy.apply(KIND, json!({"p": null, "q": 1}).as_object().unwrap()).unwrap();
    assert_eq!(Value::Object(after), json!({"q": 1}));
}
