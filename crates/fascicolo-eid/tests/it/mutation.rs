//! Whatever happens to the bytes of an answer, nobody becomes somebody else, and nothing breaks.

use fascicolo_eid::spid::{Incoming, Providers, Verdict};
use fascicolo_eid::xml;
use proptest::prelude::*;

use crate::maker::{outcome, provider_key, signed, signed_twice, unsigned};
use crate::vectors::on_disk;

/// The good answer proves this person; a changed one proves the same, or nothing.
fn harmless(answer: &[u8]) -> Result<(), TestCaseError> {
    let field = xml::encode_base64(answer);
    let Ok(Verdict::Proved(proved)) =
        crate::maker::receive(&field, &crate::maker::expected(), crate::maker::ARRIVES)
    else {
        return Ok(());
    };
    prop_assert_eq!(proved.identity.codice_fiscale.as_str(), "GDASDV00A01H501J");
    prop_assert_eq!(proved.identity.given_name.as_str(), "Ada");
    prop_assert_eq!(proved.identity.family_name.as_str(), "D'Alì & Figli");
    prop_assert_eq!(proved.identity.level.number(), 2);
    prop_assert_eq!(proved.assertion_id.as_str(), "_assertion");
    Ok(())
}

fn base(twice: bool) -> Vec<u8> {
    if twice { signed_twice(&unsigned()) } else { signed(&unsigned()) }.into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_byte_makes_nobody_else(twice: bool, at: prop::sample::Index, byte: u8) {
        let mut answer = base(twice);
        let at = at.index(answer.len());
        answer[at] = byte;
        harmless(&answer)?;
    }

    #[test]
    fn a_piece_put_elsewhere_makes_nobody_else(
        from: prop::sample::Index, length in 1_usize..3000, to: prop::sample::Index, remove: bool,
    ) {
        let mut answer = base(false);
        let from = from.index(answer.len());
        let end = answer.len().min(from + length);
        let piece = answer[from..end].to_vec();
        if remove {
            answer.drain(from..end);
        }
        let to = to.index(answer.len() + 1);
        answer.splice(to..to, piece);
        harmless(&answer)?;
    }

    #[test]
    fn elements_put_elsewhere_make_nobody_else(pick: prop::sample::Index, to: prop::sample::Index, remove: bool) {
        let answer = String::from_utf8(base(true)).unwrap();
        let tree = xml::Tree::read(&answer, &xml::Limits::MESSAGE).unwrap();
        let elements: Vec<_> = tree.root().descendants().filter(|n| n.is_element()).map(|n| n.range()).collect();
        let moved = elements[pick.index(elements.len())].clone();
        let target = elements[to.index(elements.len())].start;
        let mut text = answer.clone();
        let piece = answer[moved.clone()].replace("GDASDV00A01H501J", "RSSMRA80A01H501U").replace("Ada", "Eva");
        if remove && (target <= moved.start || target >= moved.end) {
            text.replace_range(moved.clone(), "");
            let target = if target > moved.start { target - moved.len() } else { target };
            text.insert_str(target, &piece);
        } else {
            text.insert_str(target, &piece);
        }
        harmless(text.as_bytes())?;
    }

    #[test]
    fn any_text_gets_an_answer(text in "(<|>|/|a|b| |\"|'|=|&|;|!|-|\\?|\\[|\\]|xmlns|:|é|\n){0,60}") {
        let _ = outcome(&text);
        let _ = xml::Tree::read(&text, &xml::Limits::MESSAGE);
        let _ = Providers::from_metadata(text.as_bytes());
        let _ = Incoming::decode(&text);
    }
}

/// SPID-R1.
#[test]
fn every_vector_cut_anywhere_is_refused_without_harm() {
    for (_, answer) in on_disk("accept").into_iter().take(4).chain(on_disk("reject").into_iter().take(4)) {
        for (at, _) in answer.char_indices().step_by(97) {
            assert!(outcome(&answer[..at]).is_err());
        }
    }
}

/// SPID-R1.
#[test]
fn crowds_are_refused_before_they_cost_anything() {
    let many = |each: fn(usize) -> String, count| (0..count).map(each).collect::<String>();
    let attributes = format!("<a{}/>", many(|i| format!(" a{i}=''"), 20_000));
    let crowds = |count| {
        let tag = format!("<a{}/>", many(|i| format!(" a{i}=''"), 60));
        format!("<b>{}</b>", tag.repeat(count))
    };
    let namespaces = format!("<a{}/>", many(|i| format!(" xmlns:a{i}='a'"), 12_000));
    let nested = many(|i| format!("<a xmlns:a{i}='{i}' xmlns:b{i}='{i}' xmlns:c{i}='{i}'>"), 1_400);
    let deep = "<a>".repeat(2_900);
    // few enough to be counted in, but each is compared with all the others in scope
    let scopes = many(|i| format!("<a xmlns:a{i}='a'>"), 65);
    let long = |length: usize| {
        format!("<b xmlns:p = \n'{}'><a{}/></b>", "u".repeat(length), many(|i| format!(" p:a{i}=''"), 60))
    };
    let name = |length: usize| format!("<b {}=''/>", "n".repeat(length));
    assert!(xml::Tree::read(&long(256), &xml::Limits::MESSAGE).is_ok());
    assert!(xml::Tree::read(&name(1_024), &xml::Limits::MESSAGE).is_ok());
    assert!(xml::Tree::read(&crowds(50), &xml::Limits::MESSAGE).is_ok());
    for (text, code) in [
        (scopes, "too_many_attributes"),
        (long(257), "too_long"),
        (long(100_000), "too_long"),
        (name(1_025), "too_long"),
        (name(70_000), "too_long"),
        (attributes, "too_many_attributes"),
        (crowds(51), "too_many_attributes"),
        (crowds(400), "too_many_attributes"),
        (namespaces, "too_many_attributes"),
        (nested, "too_many_attributes"),
        (format!("{deep}{}", "</a>".repeat(2_900)), "too_deep"),
        ("<a/>".repeat(60_000), "malformed"),
        (format!("<a>{}</a>", "<a/>".repeat(60_000)), "too_many_nodes"),
    ] {
        assert!(text.len() <= xml::Limits::MESSAGE.bytes);
        let refused = xml::Tree::read(&text, &xml::Limits::MESSAGE).err();
        assert_eq!(refused.map(xml::Defect::code), Some(code), "{}", &text[..20]);
    }
}

#[test]
fn the_signature_is_of_the_key_and_of_nothing_else() {
    let key = provider_key();
    let answer = signed(&unsigned());
    assert_eq!(signed(&unsigned()), answer, "the same bytes every time");
    assert!(answer.contains(key.certificate_base64()));
}
