//! Every kind, for every age and sex: a CDA whose header reads back, and a PDF that carries it.

use fascicolo_clinical::cda::{header, narrative};
use fascicolo_clinical::pdf::{Flaw, TrustAnchors, read};
use fascicolo_domain::documents::{Chain, Signature};
use fascicolo_domain::person::CodiceFiscale;
use jiff::civil::date;

use super::*;

const SEEDS: u64 = 12;

fn facts(seed: u64) -> ReportFacts<'static> {
    ReportFacts {
        national_extension: "030.PROVA.0001",
        issued_at: "2026-05-21T08:00:00Z".parse().unwrap(),
        version: 1,
        replaces: None,
        confidentiality: Confidentiality::Normal,
        seed,
        check_number: Some("ABCD-EFGH-JKMN-PQRS-T"),
    }
}

fn patient(sex: Sex, year: i16) -> Patient<'static> {
    Patient {
        codice_fiscale: "DNGNNA80A50F205K",
        given: "Anna",
        family: "D'Angelo & Bianchi",
        born: date(year, 1, 10),
        sex,
        birthplace: "F205",
    }
}

fn patients() -> [Patient<'static>; 5] {
    [
        patient(Sex::Female, 1980),
        patient(Sex::Male, 1941),
        patient(Sex::Female, 2010),
        patient(Sex::Male, 2018),
        patient(Sex::Female, 2026),
    ]
}

fn any() -> Sample {
    report(kinds().unwrap()[0], &patient(Sex::Female, 1980), &facts(3)).unwrap()
}

fn now() -> Timestamp {
    facts(0).issued_at
}

#[test]
fn there_are_nine_kinds() {
    let kinds = kinds().unwrap();
    assert_eq!(kinds.len(), 9);
    assert!(report(Kind::by_key("exemption").unwrap(), &patient(Sex::Female, 1980), &facts(1)).is_err());
}

#[test]
fn the_header_of_every_sample_reads_back_and_its_text_is_there() {
    for kind in kinds().unwrap() {
        for (seed, patient) in (0..SEEDS).flat_map(|seed| patients().map(|p| (seed, p))) {
            let sample = report(kind, &patient, &facts(seed)).unwrap();
            let header = header(&sample.cda).unwrap_or_else(|e| panic!("{kind:?} {seed}: {e}"));
            assert_eq!((header.kind, header.version, header.issued_at), (kind, 1, now()));
            assert!(header.national_id.root == ROOT && header.national_id.extension == "030.PROVA.0001");
            assert_eq!(header.subject_codice_fiscale.as_deref(), Some("DNGNNA80A50F205K"));
            assert_eq!(header.subject_name, "Anna D'Angelo & Bianchi");
            assert_eq!((&header.author, &header.issuer), (&sample.author, &sample.issuer));
            assert_eq!((&header.title, &header.signer), (&sample.title, &sample.author));
            let narrative = narrative(&sample.cda).unwrap();
            assert!(!narrative.sections.is_empty() && !sample.sheet.sections.is_empty(), "{kind:?}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_document_and_seeds_vary() {
    for kind in kinds().unwrap() {
        let make = |seed| report(kind, &patient(Sex::Female, 1980), &facts(seed)).unwrap().cda;
        assert_eq!(make(5), make(5));
        let different: std::collections::BTreeSet<_> = (0..SEEDS).map(make).collect();
        assert!(different.len() > 6, "{kind:?}: {}", different.len());
    }
}

#[test]
fn nobody_gets_a_document_of_the_other_sex_or_of_another_age() {
    let kind = Kind::by_key("discharge_letter").unwrap();
    for seed in 0..40 {
        let sample = report(kind, &patient(Sex::Male, 1950), &facts(seed)).unwrap();
        assert!(!sample.title.contains("parto"), "{}", sample.title);
    }
}

#[test]
fn a_later_version_names_the_one_it_replaces() {
    let facts = ReportFacts {
        version: 2,
        replaces: Some("030.PROVA.0000"),
        confidentiality: Confidentiality::VeryRestricted,
        ..facts(1)
    };
    for kind in kinds().unwrap() {
        let sample = report(kind, &patient(Sex::Female, 1980), &facts).unwrap();
        let header = header(&sample.cda).unwrap();
        assert_eq!(header.version, 2);
        assert_eq!(header.confidentiality, Confidentiality::VeryRestricted);
        assert_eq!(header.replaces.unwrap().extension, "030.PROVA.0000");
    }
}

#[test]
fn reports_that_answer_a_prescription_carry_its_number() {
    let orders = |key| {
        let kind = Kind::by_key(key).unwrap();
        let sample = report(kind, &patient(Sex::Female, 1980), &facts(1)).unwrap();
        header(&sample.cda).unwrap().orders.len()
    };
    assert_eq!((orders("laboratory_report"), orders("vaccination_certificate")), (1, 0));
}

#[test]
fn the_doctors_have_sound_codes() {
    let fixtures = fixtures().unwrap();
    for doctor in &fixtures.people.doctor {
        assert!(CodiceFiscale::parse(&doctor.codice_fiscale().unwrap()).is_ok(), "{}", doctor.family);
    }
    assert!(fixtures.people.home.iter().all(|home| fixtures.place(&home.place).is_some()));
}

#[test]
fn a_signed_pdf_carries_the_cda_and_its_author_signed_it() {
    let authority = DocumentAuthority::new("Radice di prova").unwrap();
    for kind in kinds().unwrap() {
        let sample = report(kind, &patient(Sex::Female, 1980), &facts(2)).unwrap();
        let key = authority.key(&sample).unwrap();
        let facts = read(&pdf(&sample, Some((key, now()))).unwrap(), &authority.anchors().unwrap()).unwrap();
        assert_eq!(facts.cda.as_ref(), Some(&sample.cda));
        let expected =
            Signature::Intact { signer: sample.author.clone(), chain: Chain::Known, at: Some(now()) };
        assert!(facts.signature == expected, "{kind:?}: {facts:?}");
    }
}

#[test]
fn each_deliberate_defect_is_the_one_it_is_called() {
    let authority = DocumentAuthority::new("Radice di prova").unwrap();
    let (sample, anchors) = (any(), authority.anchors().unwrap());
    let key = (authority.key(&sample).unwrap(), now());

    let unsigned = read(&pdf(&sample, None).unwrap(), &anchors).unwrap();
    assert_eq!((unsigned.signature, unsigned.flaw), (Signature::NotSigned, None));

    let broken = read(&broken_pdf(&sample, key).unwrap(), &anchors).unwrap();
    assert_eq!((broken.signature, broken.flaw), (Signature::Broken, Some(Flaw::Digest)));
    assert_eq!(broken.cda.as_ref(), Some(&sample.cda));

    let bare = read(&bare_pdf(&sample, key).unwrap(), &anchors).unwrap();
    assert!(bare.cda.is_none() && matches!(bare.signature, Signature::Intact { .. }));

    let garbled = read(&garbled_pdf(&sample, key).unwrap(), &anchors).unwrap();
    assert!(header(&garbled.cda.unwrap()).is_err());

    let stranger = DocumentAuthority::new("Un'altra radice").unwrap();
    let strange = pdf(&sample, Some((stranger.key(&sample).unwrap(), now()))).unwrap();
    let told = read(&strange, &anchors).unwrap().signature;
    assert!(matches!(told, Signature::Intact { chain: Chain::Unknown, .. }));
    assert!(read(&strange, &TrustAnchors::none()).is_ok());
}

#[test]
fn zz_dump() {
    std::fs::create_dir_all("/tmp/clinwork/out").unwrap();
    let authority = DocumentAuthority::new("Radice di prova").unwrap();
    for kind in kinds().unwrap() {
        for (seed, patient) in (0..8).flat_map(|seed| patients().map(|p| (seed, p))) {
            let year = patient.born.year();
            let mut f = facts(seed);
            if seed % 3 == 1 {
                f.version = 2;
                f.replaces = Some("030.PROVA.0000");
                f.confidentiality = Confidentiality::VeryRestricted;
            }
            let sample = report(kind, &patient, &f).unwrap();
            std::fs::write(format!("/tmp/clinwork/out/{}-{seed}-{year}.xml", kind.key()), &sample.cda)
                .unwrap();
            if year == 1980 && seed < 3 {
                std::fs::write(
                    format!("/tmp/clinwork/out/{}-{seed}.pdf", kind.key()),
                    pdf(&sample, Some((authority.key(&sample).unwrap(), now()))).unwrap(),
                )
                .unwrap();
            }
        }
    }
}
#[test]
fn zz_time() {
    let start = std::time::Instant::now();
    let authority = DocumentAuthority::new("Radice di prova").unwrap();
    println!("authority {:?}", start.elapsed());
    let start = std::time::Instant::now();
    let mut n = 0;
    let mut bytes = 0;
    for seed in 0..34 {
        for kind in kinds().unwrap() {
            let sample = report(kind, &patients()[0], &facts(seed)).unwrap();
            bytes += pdf(&sample, Some((authority.key(&sample).unwrap(), now()))).unwrap().len();
            n += 1;
        }
    }
    println!("{n} pdfs {:?}, {} bytes each", start.elapsed(), bytes / n);
    let sample = any();
    let one = pdf(&sample, Some((authority.key(&sample).unwrap(), now()))).unwrap();
    let start = std::time::Instant::now();
    for _ in 0..200 {
        read(&one, &authority.anchors().unwrap()).unwrap();
    }
    println!("read {:?}", start.elapsed() / 200);
    let start = std::time::Instant::now();
    for _ in 0..200 {
        header(&sample.cda).unwrap();
    }
    println!("header {:?}", start.elapsed() / 200);
    let start = std::time::Instant::now();
    for _ in 0..200 {
        narrative(&sample.cda).unwrap();
    }
    println!("narrative {:?}", start.elapsed() / 200);
}
