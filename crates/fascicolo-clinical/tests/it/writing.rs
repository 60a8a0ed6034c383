//! What we write, we and others can read.

use fascicolo_clinical::pdf::write::{Block, Sheet, SheetSection, compose};
use fascicolo_clinical::pdf::{self, TrustAnchors};

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
    std::fs::write("/tmp/clinwork/a.pdf", &pdf).unwrap();
}
