//! Seals: ours hold, and say who and when; each way to break one is told for its cause.

use fascicolo_clinical::pdf::seal::{SealKey, seal};
use fascicolo_clinical::pdf::write::{WriteError, compose};
use fascicolo_clinical::pdf::{PdfFacts, TrustAnchors, read};
use fascicolo_domain::documents::{Chain, Signature};
use jiff::Timestamp;

use crate::keys::authority;
use crate::writing::sheet;

fn now() -> Timestamp {
    "2026-05-21T08:30:00Z".parse().unwrap()
}

pub(crate) fn sealed(key: &SealKey) -> Vec<u8> {
    sealed_of(&plain(), key)
}

pub(crate) fn sealed_of(pdf: &[u8], key: &SealKey) -> Vec<u8> {
    seal(pdf, key, now()).unwrap()
}

pub(crate) fn plain() -> Vec<u8> {
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
        let pdf = sealed(&signer.seal_key());
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
    assert_eq!(chain(&sealed(&keys.p256.seal_key()), &TrustAnchors::none()), Chain::Unknown);
    assert_eq!(chain(&sealed(&keys.expired.seal_key()), &keys.anchors()), Chain::Unknown);
    assert_eq!(chain(&sealed(&keys.usurped.seal_key()), &keys.anchors()), Chain::Unknown);
    assert_eq!(chain(&sealed(&keys.too_far.seal_key()), &keys.anchors()), Chain::Unknown);
    assert_eq!(chain(&sealed(&keys.unfit.seal_key()), &keys.anchors()), Chain::Unknown);
    let then = "2020-06-01T00:00:00Z".parse().unwrap();
    let in_time = seal(&plain(), &keys.expired.seal_key(), then).unwrap();
    assert_eq!(chain(&in_time, &keys.anchors()), Chain::Known);
}

#[test]
fn a_key_is_taken_only_with_its_own_certificate() {
    let keys = authority();
    let taken = |key: &str, chain: &str| SealKey::from_pem(key, chain).map(|_| ()).err();
    assert_eq!(taken(&keys.p256.key_pem, &keys.p256.chain_pem), None);
    let bad = Some(WriteError::Key);
    assert_eq!(taken(&keys.other.key_pem, &keys.p256.chain_pem), bad);
    assert_eq!(taken(&keys.rsa.key_pem, &keys.p256.chain_pem), bad);
    assert_eq!(taken(&keys.p256.key_pem, ""), bad);
    assert_eq!(taken("", &keys.p256.chain_pem), bad);
    assert_eq!(taken(&keys.p256.chain_pem, &keys.p256.chain_pem), bad);
    assert_eq!(taken(&keys.p256.key_pem.replace("PRIVATE KEY", "SECRET"), &keys.p256.chain_pem), bad);
}

#[test]
fn only_a_pdf_of_ours_without_a_form_is_sealed() {
    let key = authority().p256.seal_key();
    assert!(seal(&plain(), &key, now()).is_ok());
    let twice = sealed(&key);
    for odd in [&b""[..], b"%PDF-1.7", &twice, &plain()[..plain().len() - 200]] {
        assert_eq!(seal(odd, &key, now()).err(), Some(WriteError::Structure));
    }
}
