//! The fuzzer's findings and seeds, replayed: `fuzz/corpus`; and what must hold for any bytes at all.

use std::path::Path;

use fascicolo_clinical::pdf::{TrustAnchors, read};
use fascicolo_domain::documents::Signature;
use proptest::prelude::*;

#[path = "../../fuzz/claims.rs"]
pub(crate) mod claims;

use crate::forge::{Draft, p256};
use crate::keys::authority;
use crate::raw::{CADES, FORM, Raw, fill};

/// Name and content of the files in a folder of the corpus.
fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(folder);
    let list: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    assert!(!list.is_empty());
    list
}

#[test]
fn what_must_hold_for_any_bytes_holds_for_the_corpus() {
    type Claim = fn(&[u8]);
    let targets: [(&str, Claim); 3] = [("cda", claims::cda), ("pades", claims::pades), ("pdf", claims::pdf)];
    for (name, claim) in targets {
        files(name).iter().for_each(|(_, bytes)| claim(bytes));
    }
}

#[test]
fn the_signed_seeds_of_the_corpus_are_intact() {
    let signed = ["p256", "p384", "rsa", "pss", "p256-open", "p384-open", "rsa-open", "pss-open"];
    for (name, cms) in files("pades") {
        assert_eq!(claims::vouched(&cms), signed.contains(&name.as_str()), "{name}");
    }
}

fn intact(pdf: &[u8]) -> bool {
    read(pdf, &TrustAnchors::none()).is_ok_and(|facts| matches!(facts.signature, Signature::Intact { .. }))
}

/// A small signed file, and where its hole is.
fn signed() -> (Vec<u8>, std::ops::Range<usize>) {
    let signer = &authority().p256;
    let attachment = "/Names<</EmbeddedFiles<</Names[(cda.xml) 3 0 R]>>>>";
    let pdf = Raw::with_catalog(&format!("{FORM}{attachment}"))
        .object(3, "<</F(cda.xml)/EF<</F 4 0 R>>>>")
        .stream(4, "", b"<ClinicalDocument/>")
        .signable(CADES, 1_100);
    let pdf = fill(pdf, |pieces| Draft::new(signer, &p256(), pieces).sign(signer, &p256()));
    let start = pdf.windows(10).position(|w| w == b"/Contents<").unwrap() + 9;
    let end = start + pdf[start..].iter().position(|b| *b == b'>').unwrap() + 1;
    (pdf, start..end)
}

#[test]
fn no_byte_of_what_is_signed_can_lose_a_bit() {
    let (pdf, hole) = signed();
    assert!(intact(&pdf));
    for at in (0..pdf.len()).filter(|at| !hole.contains(at)) {
        let mut changed = pdf.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(!intact(&changed), "{at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_byte_of_what_is_signed_can_be_changed(at: prop::sample::Index, byte: u8) {
        let (mut pdf, hole) = signed();
        let at = at.index(pdf.len());
        let same = pdf[at] == byte || hole.contains(&at);
        pdf[at] = byte;
        prop_assert!(same || !intact(&pdf));
    }

    #[test]
    fn no_piece_of_what_is_signed_can_be_moved_or_taken_out(
        from: prop::sample::Index, length in 1_usize..400, to: prop::sample::Index, keep: bool,
    ) {
        let (pdf, _) = signed();
        let from = from.index(pdf.len());
        let piece = pdf[from..pdf.len().min(from + length)].to_vec();
        let mut changed = pdf.clone();
        changed.drain(from..from + piece.len());
        let to = to.index(changed.len() + 1);
        if keep {
            changed.splice(to..to, piece);
        }
        prop_assert!(changed == pdf || !intact(&changed) || same_but_for_hole(&changed, &pdf));
    }

    #[test]
    fn any_bytes_get_an_answer(bytes: Vec<u8>) {
        claims::pdf(&bytes);
        claims::cda(&bytes);
        claims::pades(&bytes);
        claims::pdf(&[b"%PDF-1.7\n".as_slice(), &bytes].concat());
    }

    #[test]
    fn anything_that_looks_like_a_pdf_gets_an_answer(text in tokens()) {
        claims::pdf(format!("%PDF-1.7\n1 0 obj<</Pages 2 0 R/AcroForm 3 0 R{text}").as_bytes());
    }

    #[test]
    fn any_damage_to_a_file_gets_an_answer(at: prop::sample::Index, bytes in prop::collection::vec(any::<u8>(), 0..9)) {
        let (mut pdf, _) = signed();
        let at = at.index(pdf.len());
        let end = pdf.len().min(at + bytes.len());
        pdf.splice(at..end, bytes);
        claims::pdf(&pdf);
    }

    #[test]
    fn any_damage_to_a_cms_gets_an_answer(at: prop::sample::Index, bytes in prop::collection::vec(any::<u8>(), 0..9)) {
        let (_, mut cms) = files("pades").into_iter().find(|(name, _)| name == "rsa-open").unwrap();
        let at = at.index(cms.len());
        let end = cms.len().min(at + bytes.len());
        cms.splice(at..end, bytes);
        claims::pades(&cms);
    }

    #[test]
    fn anything_that_looks_like_a_cda_gets_an_answer(text in "[<>/a-c=\"'!\\-\\[\\]?&; ]{0,80}") {
        claims::cda(format!("<ClinicalDocument xmlns=\"urn:hl7-org:v3\">{text}</ClinicalDocument>").as_bytes());
        claims::cda(
            format!("<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><component><structuredBody><component><section>\
                     <text>{text}</text></section></component></structuredBody></component></ClinicalDocument>")
                .as_bytes(),
        );
    }
}

/// Whether two files differ only in how the digits of the signature are written.
fn same_but_for_hole(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.eq_ignore_ascii_case(other)
}

/// Pieces of PDF syntax in any order.
fn tokens() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "<<",
        ">>",
        "[",
        "]",
        "(",
        ")",
        "<",
        ">",
        "/Type",
        "/Sig",
        "/XRef",
        "/ObjStm",
        "/Root 1 0 R",
        "/Prev 9",
        "/Length 5",
        "/First 9",
        "/N 9",
        "/W[1 1 1]",
        "/Names",
        "/Kids",
        "/Fields",
        "/V",
        "/EF",
        "/F",
        "(cda.xml)",
        " 1 0 R",
        " 2 0 R",
        " 3 0 R",
        " 4 0 obj",
        " 3 0 obj",
        "endobj ",
        "stream\n",
        "endstream ",
        "xref\n0 1\n",
        "trailer ",
        "startxref 9 ",
        "/ByteRange[0 1 2 3]",
        "/Contents<00>",
        "/Filter/FlateDecode",
        " 9",
        "%",
        "\n",
    ]);
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}
