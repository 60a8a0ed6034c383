//! What we write, we and others can read.

use fascicolo_clinical::pdf::write::{Block, Sheet, SheetSection, WriteError, compose};
use fascicolo_clinical::pdf::{self, TrustAnchors};
use fascicolo_domain::documents::Signature;
use proptest::prelude::*;

use crate::keys::authority;
use crate::sealing::sealed_of;

pub(crate) fn sheet() -> Sheet {
    let text = |t: &str| t.to_owned();
    Sheet {
        title: text("Referto di laboratorio"),
        issuer: text("Ospedale di Prova – Laboratorio analisi"),
        facts: vec![
            (text("Paziente"), text("Anna Bianchi")),
            (text("Data"), text("21 maggio 2026")),
            (text("Numero del documento"), text("030.TEST.0001")),
        ],
        sections: vec![
            SheetSection {
                title: text("Ematologia"),
                blocks: vec![
                    Block::Paragraph("Prelievo eseguito a digiuno, campione idoneo. ".repeat(8)),
                    Block::Table {
                        head: ["Esame", "Esito", "Unità", "Intervallo"].map(text).to_vec(),
                        rows: (0..70)
                            .map(|i| {
                                vec![
                                    format!("Esame {i} µ≤≥→"),
                                    format!("{i},5"),
                                    text("g/dl"),
                                    text("13,0 – 17,0"),
                                ]
                            })
                            .collect(),
                    },
                ],
            },
            SheetSection {
                title: text("Note"),
                blocks: vec![Block::List(vec![text("Primo punto"), "Secondo punto ".repeat(30)])],
            },
        ],
        footer: text("Numero di controllo ABCD-EFGH"),
        made_at: "2026-05-21T08:00:00Z".parse().unwrap(),
    }
}

#[test]
fn a_sheet_becomes_a_pdf_that_carries_its_cda_and_is_the_same_each_time() {
    let pdf = compose(&sheet(), Some(b"<ClinicalDocument/>")).unwrap();
    let facts = pdf::read(&pdf, &TrustAnchors::none()).unwrap();
    assert_eq!(facts.cda.as_deref(), Some(b"<ClinicalDocument/>".as_slice()));
    assert_eq!(compose(&sheet(), Some(b"<ClinicalDocument/>")).unwrap(), pdf);
}

#[test]
fn a_report_has_a_largest_length() {
    let long = |rows: usize| {
        let row = vec!["Esame".to_owned(), "1,5".to_owned()];
        let table = Block::Table { head: row.clone(), rows: vec![row; rows] };
        let section = SheetSection { title: "Esami".to_owned(), blocks: vec![table] };
        compose(&Sheet { sections: vec![section], ..sheet() }, None).map(|_| ()).err()
    };
    assert_eq!(long(300), None);
    assert_eq!(long(40_000), Some(WriteError::TooLong));
    assert_eq!(
        compose(&Sheet { title: "Titolo ".repeat(500), ..sheet() }, None).err(),
        Some(WriteError::TooLong)
    );
}

fn sheets() -> impl Strategy<Value = Sheet> {
    let text = || prop_oneof!["\\PC{0,40}", "[ -~èàµ→\u{202E}\u{AD}\n\t]{0,200}", Just("x".repeat(300))];
    let texts = move || prop::collection::vec(text(), 0..4);
    let block = prop_oneof![
        text().prop_map(Block::Paragraph),
        texts().prop_map(Block::List),
        (texts(), prop::collection::vec(texts(), 0..4)).prop_map(|(head, rows)| Block::Table { head, rows }),
    ];
    let section = (text(), prop::collection::vec(block, 0..4));
    let section = section.prop_map(|(title, blocks)| SheetSection { title, blocks });
    let sections = prop::collection::vec(section, 0..3);
    let facts = prop::collection::vec((text(), text()), 0..4);
    (text(), text(), text(), facts, sections).prop_map(|(title, issuer, footer, facts, sections)| Sheet {
        title,
        issuer,
        footer,
        facts,
        sections,
        made_at: sheet().made_at,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_is_read_back(sheet in sheets(), cda in prop::option::of(any::<Vec<u8>>())) {
        let pdf = compose(&sheet, cda.as_deref()).unwrap();
        let facts = pdf::read(&pdf, &TrustAnchors::none()).unwrap();
        prop_assert!(matches!(facts.signature, Signature::NotSigned));
        prop_assert_eq!(&facts.cda, &cda);
        prop_assert!(lopdf::Document::load_mem(&pdf).is_ok_and(|document| !document.get_pages().is_empty()));

        let sealed = sealed_of(&pdf, &authority().p256.seal_key());
        let facts = pdf::read(&sealed, &TrustAnchors::none()).unwrap();
        let intact = matches!(facts.signature, Signature::Intact { .. });
        prop_assert!(intact, "{:?}", facts.flaw);
        prop_assert_eq!(&facts.cda, &cda);
    }
}
