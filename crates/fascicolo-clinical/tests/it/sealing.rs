//! Seals: ours hold, and say who and when; each way to break one is told for its cause.

use fascicolo_clinical::pdf::seal::{SealKey, seal};
use fascicolo_clinical::pdf::write::compose;
use fascicolo_clinical::pdf::{PdfFacts, TrustAnchors, read};
use fascicolo_domain::documents::{Chain, Signature};
use jiff::Timestamp;

use crate::keys::authority;
use crate::writing::sheet;

fn now() -> Timestamp {
    "2026-05-21T08:30:00Z".parse().unwrap()
}

fn sealed(key: &SealKey) -> Vec<u8> {
    seal(&plain(), key, now()).unwrap()
}

fn plain() -> Vec<u8> {
    compose(&sheet(), Some(b"<ClinicalDocument/>")).unwrap()
}

fn facts(pdf: &[u8]) -> PdfFacts {
    read(pdf, &authority().anchors()).unwrap()
}

fn chain(pdf: &[u8], anchors: &TrustAnchors) -> Chain {
    match read(pdf, anchors).unwrap().signature {
        Signature::Intact { chain, .. } => chain,
        other @ (Signature::Broken | Signature::NotSigned) => panic!("{other:?}"),
    }
}

#[test]
fn a_seal_by_rsa_or_ecdsa_holds_and_says_who_and_when() {
    let keys = authority();
    for (name, signer) in [("p256", &keys.p256), ("p384", &keys.p384), ("rsa", &keys.rsa), ("far", &keys.far)]
    {
        let pdf = sealed(&signer.key);
        std::fs::write(format!("/tmp/clinwork/sealed-{name}.pdf"), &pdf).unwrap();
        std::fs::write("/tmp/clinwork/root.pem", &keys.root_pem).unwrap();
        let facts = facts(&pdf);
        assert_eq!(facts.flaw, None, "{name}");
        let expected = Signature::Intact {
            signer: "Dott.ssa Anna Prova".to_owned(),
            chain: Chain::Known,
            at: Some(now()),
        };
        assert!(facts.signature == expected, "{name}: {:?}", facts.signature);
        assert!(facts.cda.is_some());
        assert!(pdf.starts_with(&plain()), "what was written stays");
    }
}

#[test]
fn the_chain_is_known_only_through_our_anchors_valid_at_the_time() {
    let keys = authority();
    assert_eq!(chain(&sealed(&keys.p256.key), &TrustAnchors::none()), Chain::Unknown);
    assert_eq!(chain(&sealed(&keys.expired.key), &keys.anchors()), Chain::Unknown);
    assert_eq!(chain(&sealed(&keys.usurped.key), &keys.anchors()), Chain::Unknown);
    let then = "2020-06-01T00:00:00Z".parse().unwrap();
    let in_time = seal(&plain(), &keys.expired.key, then).unwrap();
    assert_eq!(chain(&in_time, &keys.anchors()), Chain::Known);
}
