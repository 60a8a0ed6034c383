//! The list: filters, pages, and one person with very many documents (REC-R1).

use axum::http::StatusCode;
use axum::http::header::LOCATION;
use fascicolo_domain::Fault;
use fascicolo_domain::documents::{Confidentiality, Document, Kind, Signature, Status};
use fascicolo_domain::ids::{DocumentId, ObjectId};
use fascicolo_domain::secret::Digest;
use fascicolo_domain::time::after_seconds;
use fascicolo_domain::verification::CheckNumber;

use crate::harness::{ANNA, Browser, MARIO, Site, national_id, now, paper};
use crate::paper::Paper;

const LIST: &str = "/fascicolo/documenti";

type Fields<'a> = &'a [(&'a str, &'a str)];

/// Sends the filter form and follows its redirect; also says where it led.
async fn filter(who: &Browser, fields: &[(&str, &str)]) -> (String, crate::harness::Answer) {
    let answer = who.post(LIST, fields).await.expect(StatusCode::SEE_OTHER);
    let address = answer.header(LOCATION).to_owned();
    let page = who.get(&address).await.expect(StatusCode::OK);
    (address, page)
}

async fn three(site: &Site) {
    site.take_in(&paper("X1")).await;
    let second = Paper {
        loinc: "68604-8",
        title: "Radiografia del torace",
        issuer: "Clinica Aurora",
        issued: "20250110090000+0100",
        ..paper("X2")
    };
    site.take_in(&second).await;
    let third = Paper { title: "Esami delle urine", issued: "20241231235959+0100", ..paper("X3") };
    site.take_in(&third).await;
}

#[tokio::test]
async fn each_filter_narrows_the_list_and_its_words_never_stand_in_the_address() {
    let site = Site::open().await;
    three(&site).await;
    let mario = site.log_in(MARIO).await;
    let all = mario.get(LIST).await.says("torace").says("urine").says("sangue");
    let places: Vec<_> = ["id=\"anno-2026\"", "id=\"anno-2025\"", "id=\"anno-2024\""]
        .map(|year| all.text().find(year).unwrap())
        .into();
    assert!(places.is_sorted(), "newest first");
    let cases: [(Fields<'_>, [bool; 3]); 7] = [
        (&[("parole", "esami")], [true, false, true]),
        (&[("parole", "SANGUE esami")], [true, false, false]),
        (&[("struttura", "Clinica Aurora")], [false, true, false]),
        (&[("tipo", "radiology_report")], [false, true, false]),
        (&[("dal", "2025-01-01")], [true, true, false]),
        (&[("al", "31/12/2024")], [false, false, true]),
        (&[("parole", "esami"), ("dal", "2025-01-01"), ("al", "2026-12-31")], [true, false, false]),
    ];
    for (fields, found) in cases {
        let (address, page) = filter(&mario, fields).await;
        assert_eq!(["sangue", "torace", "urine"].map(|w| page.text().contains(w)), found, "{fields:?}");
        for word in ["esami", "sangue", "Aurora", "Clinica"] {
            assert!(!address.to_lowercase().contains(&word.to_lowercase()), "{address}");
        }
        // the form shows what is on, and the way out
        page.says("Togli i filtri");
    }
    let (address, page) = filter(&mario, &[("parole", "niente")]).await;
    page.says("Nessun documento con questi filtri.").says("value=\"niente\"");
    // the sealed words open for nobody else
    site.log_in(ANNA).await.get(&address).await.expect(StatusCode::BAD_REQUEST);
    mario.get(&address.replacen("cerca=", "cerca=A", 1)).await.expect(StatusCode::BAD_REQUEST);
    mario.get(&format!("{LIST}?dopo=x")).await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_date_to_correct_is_told_at_its_field_and_nothing_typed_is_lost() {
    let site = Site::open().await;
    let mario = site.log_in(MARIO).await;
    for _ in 0..2 {
        let fields = [("parole", "ago &"), ("struttura", "ASL"), ("dal", "ieri"), ("al", "2026-01-01")];
        let page = mario.post(LIST, &fields).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        let page = page
            .says("Errore: Documenti")
            .says("id=\"errori\"")
            .says("href=\"#dal\"")
            .says("id=\"dal-errore\"");
        page.says("value=\"ago &#38;\"")
            .says("value=\"ASL\"")
            .says("value=\"ieri\"")
            .says("value=\"2026-01-01\"");
    }
    mario.get(&format!("{LIST}?dal=ieri")).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn on_a_phone_the_filters_open_on_the_same_page() {
    let site = Site::open().await;
    let mario = site.log_in(MARIO).await;
    mario
        .get(LIST)
        .await
        .says("d-none d-lg-block")
        .says("filtri=1#filtri")
        .says("Qui vedrai referti e ricette");
    mario.get(&format!("{LIST}?filtri=1")).await.hides("d-none d-lg-block\" id=\"filtri\"");
}

const MANY: u32 = 50_000;

/// Rows alone: lists never touch the files.
async fn many(site: &Site) {
    let subject = site.citizen(MARIO).await.id;
    for batch in 0..MANY / 1000 {
        let rows: Vec<Document> = (0..1000).map(|i| row(subject, batch * 1000 + i)).collect();
        site.app()
            .store
            .write(async move |tx| {
                for row in &rows {
                    let _ = tx.insert_document(row).await?;
                }
                Ok::<_, Fault>(())
            })
            .await
            .unwrap();
    }
}

/// Seven documents share each instant, so that pages end among equals.
fn row(subject: fascicolo_domain::ids::CitizenId, n: u32) -> Document {
    let issued_at = after_seconds(now(), -i64::from(n / 7) * 3600);
    let mut unique = [0; 10];
    unique[..4].copy_from_slice(&n.to_be_bytes());
    Document {
        id: DocumentId::new(issued_at, unique),
        subject,
        kind: Kind::by_key(if n.is_multiple_of(50) { "discharge_letter" } else { "laboratory_report" })
            .unwrap(),
        title: format!("Esame {n}"),
        national_id: national_id(&format!("N{n}")),
        check_number: CheckNumber::new(unique),
        issued_at,
        taken_at: issued_at,
        issuer: format!("Ospedale {}", n % 3),
        author: String::new(),
        version: 1,
        status: Status::Current,
        confidentiality: Confidentiality::Normal,
        protected: false,
        hidden: false,
        signature: Signature::NotSigned,
        readable: true,
        object: ObjectId::new(issued_at, unique),
        size: 1,
        sha256: Digest::of(&n.to_be_bytes()),
    }
}

fn titles(page: &str) -> Vec<u32> {
    let parts =
        page.split("Esame ").skip(1).map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap());
    let mut titles: Vec<u32> = parts.map(|n| n.parse().unwrap()).collect();
    titles.dedup();
    titles
}

/// Where «Documenti precedenti» leads.
fn next(page: &str) -> Option<String> {
    let before = page.split("\" rel=\"next\"").next().filter(|before| before.len() < page.len())?;
    Some(before.rsplit("href=\"").next()?.replace("&#38;", "&"))
}

#[tokio::test]
async fn fifty_thousand_documents_are_paged_without_gap_or_repetition() {
    let site = Site::open().await;
    many(&site).await;
    let mario = site.log_in(MARIO).await;
    let mut address = LIST.to_owned();
    let mut seen = Vec::new();
    for _ in 0..12 {
        let page = mario.get(&address).await.expect(StatusCode::OK);
        let shown = titles(page.text());
        assert_eq!(shown.len(), 20);
        seen.extend(shown);
        address = next(page.text()).unwrap();
    }
    // newest first; among equals the later id first
    let mut expected: Vec<u32> = (0..MANY).collect();
    expected.sort_by_key(|n| (n / 7, std::cmp::Reverse(*n)));
    assert_eq!(seen, expected[..240]);
    // the end of the list, from its last page but one
    let near_the_end = row(site.citizen(MARIO).await.id, expected[expected.len() - 31]);
    let cursor = format!("{}.{}", near_the_end.issued_at.as_millisecond(), near_the_end.id);
    let page = mario.get(&format!("{LIST}?dopo={cursor}")).await;
    assert_eq!(titles(page.text()), expected[expected.len() - 30..][..20]);
    let last = mario.get(&next(page.text()).unwrap()).await;
    assert_eq!(titles(last.text()), expected[expected.len() - 10..]);
    assert_eq!(next(last.text()), None);
    last.says("Torna ai più recenti");

    // a filter is paged as well, and its links keep it
    let (_, page) =
        filter(&mario, &[("tipo", "discharge_letter"), ("parole", "esame"), ("struttura", "Ospedale 1")])
            .await;
    let rare: Vec<u32> = expected.iter().copied().filter(|n| n.is_multiple_of(50) && n % 3 == 1).collect();
    assert_eq!(titles(page.text()), rare[..20]);
    let page = mario.get(&next(page.text()).unwrap()).await;
    assert_eq!(titles(page.text()), rare[20..40]);
    assert_eq!(titles(site.log_in(ANNA).await.get(LIST).await.text()), [0_u32; 0]);
}
