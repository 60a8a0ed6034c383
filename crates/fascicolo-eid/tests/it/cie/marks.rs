//! Trust marks (CIE-12).

use fascicolo_eid::cie::TrustMark;
use serde_json::{Value, json};

use super::maker::{
    ANCHOR, MARK, NOW, PROVIDER, anchor_claims, chain, entity, mark, mark_claims, provider_claims, seconds,
    signed, statements, verified, with,
};

/// The marks that hold, when the provider shows this entry.
fn shown(entry: &Value) -> Vec<TrustMark> {
    let mut list = statements();
    list[0] = entity("member", &with(provider_claims(), "/trust_marks", json!([entry])));
    verified(&list).unwrap().trust_marks().to_vec()
}

fn entry(claims: &Value) -> Value {
    json!({"id": MARK, "trust_mark": mark(claims)})
}

/// CIE-12.
#[test]
fn a_mark_holds_under_each_name_of_its_type() {
    let expected = [TrustMark { kind: MARK.to_owned(), text: mark(&mark_claims()) }];
    assert_eq!(chain().trust_marks(), expected);
    for outside in ["id", "trust_mark_id", "trust_mark_type"] {
        for inside in ["id", "trust_mark_id", "trust_mark_type"] {
            let mut claims = with(mark_claims(), "/id", Value::Null);
            claims[inside] = json!(MARK);
            assert_eq!(shown(&json!({outside: MARK, "trust_mark": mark(&claims)})).len(), 1);
        }
    }
    let mut all = mark_claims();
    all["trust_mark_id"] = json!(MARK);
    all["trust_mark_type"] = json!(MARK);
    assert_eq!(shown(&entry(&all)).len(), 1);
}

/// CIE-12: each with one thing wrong; the chain holds without the mark (CIE-7).
#[test]
fn each_wrong_mark_is_left_out() {
    let later = |offset| json!(seconds(NOW) + offset);
    for (pointer, value, holds) in [
        ("/iat", later(60), true),
        ("/iat", later(61), false),
        ("/iat", Value::Null, false),
        ("/exp", later(1), true),
        ("/exp", later(0), false),
        ("/exp", json!("never"), false),
        ("/sub", json!("https://other.example"), false),
        ("/sub", Value::Null, false),
        ("/iss", json!(PROVIDER), false),
        ("/iss", Value::Null, false),
        ("/id", json!("https://anchor.example/other"), false),
        ("/id", Value::Null, false),
        ("/trust_mark_id", json!("https://anchor.example/other"), false),
        ("/trust_mark_type", json!(1), false),
    ] {
        let claims = with(mark_claims(), pointer, value.clone());
        assert_eq!(shown(&entry(&claims)).len(), usize::from(holds), "{pointer} {value}");
    }
    assert_eq!(shown(&json!({"id": MARK, "trust_mark": signed("anchor", "JWT", &mark_claims())})), []);
    let by_holder = signed("member", "trust-mark+jwt", &with(mark_claims(), "/iss", json!(PROVIDER)));
    assert_eq!(shown(&json!({"id": MARK, "trust_mark": by_holder})), []);
    let forged = signed("stranger", "trust-mark+jwt", &mark_claims());
    assert_eq!(shown(&json!({"id": MARK, "trust_mark": forged})), []);
    for entry in [json!(1), json!({}), json!({"id": MARK}), json!({"trust_mark": mark(&mark_claims())})] {
        assert_eq!(shown(&entry), []);
    }
    let of_another_type = json!({"id": "https://anchor.example/other", "trust_mark": mark(&mark_claims())});
    assert_eq!(shown(&of_another_type), []);
}

/// CIE-12: who may issue, the anchor says.
#[test]
fn a_mark_is_issued_by_whom_the_anchor_lets() {
    for (issuers, holds) in [
        (json!({MARK: [ANCHOR]}), true),
        (json!({MARK: ["https://other.example", ANCHOR]}), true),
        (json!({MARK: []}), true),
        (json!({MARK: ["https://other.example"]}), false),
        (json!({MARK: ANCHOR}), false),
        (json!({}), false),
        (Value::Null, false),
    ] {
        let mut list = statements();
        list[2] = entity("anchor", &with(anchor_claims(), "/trust_mark_issuers", issuers.clone()));
        assert_eq!(verified(&list).unwrap().trust_marks().len(), usize::from(holds), "{issuers}");
    }
}
