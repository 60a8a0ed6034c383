//! Trust marks (CIE-12).

use fascicolo_eid::cie::jose::Defect;
use fascicolo_eid::cie::{Refused, TrustMark};
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

/// Why the provider's mark does not hold, when it shows this entry.
fn refused(entry: &Value) -> Option<Refused> {
    let mut list = statements();
    list[0] = entity("member", &with(provider_claims(), "/trust_marks", json!([entry])));
    let chain = verified(&list).unwrap();
    let refused = chain.refused_marks();
    assert_eq!(chain.trust_marks().len() + refused.len(), 1);
    refused.first().copied()
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
fn each_wrong_mark_is_left_out_for_its_own_cause() {
    let later = |offset| json!(seconds(NOW) + offset);
    for (pointer, value, cause) in [
        ("/iat", later(60), None),
        ("/iat", later(61), Some(Refused::MarkInFuture)),
        ("/iat", Value::Null, Some(Refused::MarkShape)),
        ("/exp", later(1), None),
        ("/exp", later(0), Some(Refused::MarkExpired)),
        ("/exp", json!("never"), Some(Refused::MarkShape)),
        ("/sub", json!("https://other.example"), Some(Refused::MarkSubject)),
        ("/sub", Value::Null, Some(Refused::MarkSubject)),
        ("/iss", json!(PROVIDER), Some(Refused::MarkIssuer)),
        ("/iss", Value::Null, Some(Refused::MarkIssuer)),
        ("/id", json!("https://anchor.example/other"), Some(Refused::MarkType)),
        ("/id", Value::Null, Some(Refused::MarkShape)),
        ("/trust_mark_id", json!("https://anchor.example/other"), Some(Refused::MarkType)),
        ("/trust_mark_type", json!(1), Some(Refused::MarkType)),
    ] {
        let claims = with(mark_claims(), pointer, value.clone());
        assert_eq!(refused(&entry(&claims)), cause, "{pointer} {value}");
    }
    let by_holder = signed("member", "trust-mark+jwt", &with(mark_claims(), "/iss", json!(PROVIDER)));
    let forged = signed("stranger", "trust-mark+jwt", &mark_claims());
    let of_another_kind = signed("anchor", "JWT", &mark_claims());
    for (text, defect) in [
        (by_holder, Defect::KeyUnknown),
        (forged, Defect::KeyUnknown),
        (of_another_kind, Defect::Type),
        ("a.b".to_owned(), Defect::Parts),
    ] {
        assert_eq!(refused(&json!({"id": MARK, "trust_mark": text})), Some(defect.into()));
    }
    for entry in [json!(1), json!({}), json!({"id": MARK}), json!({"trust_mark": mark(&mark_claims())})] {
        assert_eq!(refused(&entry), Some(Refused::MarkShape), "{entry}");
    }
    let other = json!({"id": "https://anchor.example/other", "trust_mark": mark(&mark_claims())});
    assert_eq!(refused(&other), Some(Refused::MarkType));
}

/// CIE-12: who may issue, the anchor says.
#[test]
fn a_mark_is_issued_by_whom_the_anchor_lets() {
    let no = Some(Refused::MarkIssuer);
    for (issuers, cause) in [
        (json!({MARK: [ANCHOR]}), None),
        (json!({MARK: ["https://other.example", ANCHOR]}), None),
        (json!({MARK: []}), None),
        (json!({MARK: ["https://other.example"]}), no),
        (json!({MARK: ANCHOR}), no),
        (json!({}), no),
        (Value::Null, no),
    ] {
        let mut list = statements();
        list[2] = entity("anchor", &with(anchor_claims(), "/trust_mark_issuers", issuers.clone()));
        assert_eq!(verified(&list).unwrap().refused_marks().first().copied(), cause, "{issuers}");
    }
}
