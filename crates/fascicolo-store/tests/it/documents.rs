use fascicolo_domain::Fault;
use fascicolo_domain::documents::{Chain, Confidentiality, Document, Kind, Signature, Status};
use fascicolo_domain::ids::DocumentId;
use fascicolo_domain::person::Citizen;
use fascicolo_domain::time::after_seconds;
use fascicolo_domain::verification::{CheckNumber, DocumentNumber};
use fascicolo_store::{Cursor, Filter, Inserted, Listed, Page};

use crate::harness::{
    Kept, Place, anna, bruno, chance, digest, document_of, noon, on_each_engine, on_postgres, on_sqlite,
};

async fn insert(place: &Place, document: &Document) -> Inserted {
    let document = document.clone();
    place.store.write(async move |tx| tx.insert_document(&document).await).await.unwrap()
}

async fn page(
    place: &Place,
    citizen: &Citizen,
    filter: &Filter,
    after: Option<Cursor>,
    limit: u16,
) -> Page<Listed> {
    let (subject, filter) = (citizen.id, filter.clone());
    place.store.read(async move |tx| tx.documents_page(subject, &filter, after, limit).await).await.unwrap()
}

async fn titles(place: &Place, citizen: &Citizen, filter: Filter) -> Vec<String> {
    let page = page(place, citizen, &filter, None, 100).await;
    page.rows.into_iter().map(|row| row.title).collect()
}

fn same(a: &Document, b: &Document) {
    assert_eq!((a.id, a.subject, a.kind), (b.id, b.subject, b.kind));
    assert_eq!((&a.title, &a.issuer, &a.author), (&b.title, &b.issuer, &b.author));
    assert!(a.national_id == b.national_id && a.check_number == b.check_number);
    assert_eq!(
        (a.issued_at, a.taken_at, a.version, a.status, a.confidentiality),
        (b.issued_at, b.taken_at, b.version, b.status, b.confidentiality)
    );
    assert_eq!(
        (a.protected, a.hidden, a.readable, a.object, a.size, a.sha256),
        (b.protected, b.hidden, b.readable, b.object, b.size, b.sha256)
    );
    assert!(a.signature == b.signature);
}

#[test]
fn a_document_reads_back_whole_by_each_of_its_numbers() {
    on_each_engine(&async |place| {
        let anna = anna();
        place.know(&anna).await;
        let plain = document_of(&anna, noon());
        let mut rich = document_of(&anna, after_seconds(noon(), 1));
        rich.title = "È un titolo «lungo» ".repeat(40);
        rich.confidentiality = Confidentiality::VeryRestricted;
        (rich.protected, rich.hidden, rich.readable) = (true, true, false);
        rich.signature =
            Signature::Intact { signer: "Dott. Prova".to_owned(), chain: Chain::Unknown, at: Some(noon()) };
        let mut broken = document_of(&anna, after_seconds(noon(), 2));
        broken.signature = Signature::Broken;
        for document in [&plain, &rich, &broken] {
            assert_eq!(insert(place, document).await, Inserted::New);
            let wanted = document.clone();
            let found = place
                .store
                .read(async move |tx| {
                    let number = DocumentNumber::parse(&wanted.national_id.extension).unwrap();
                    let place = tx.document_by_national_id(&wanted.national_id).await?;
                    assert_eq!(place, Some((wanted.subject, wanted.id)));
                    Ok::<_, Fault>([
                        tx.document(wanted.subject, wanted.id).await?,
                        tx.document_by_number(wanted.subject, &number).await?,
                        tx.document_by_check_number(&wanted.check_number).await?,
                    ])
                })
                .await
                .unwrap();
            for found in found {
                same(&found.unwrap(), document);
            }
        }
    });
}

#[test]
fn somebody_elses_document_is_not_found_and_does_not_change() {
    on_each_engine(&async |place| {
        let (anna, bruno) = (anna(), bruno());
        place.know(&anna).await;
        place.know(&bruno).await;
        let (mine, theirs) = (document_of(&anna, noon()), document_of(&bruno, noon()));
        place.take_in(&mine).await;
        place.take_in(&theirs).await;
        let (subject, own, foreign) = (anna.id, mine.clone(), theirs.clone());
        place
            .store
            .write(async move |tx| {
                let number = DocumentNumber::parse(&foreign.national_id.extension).unwrap();
                assert!(tx.document(subject, foreign.id).await?.is_none());
                assert!(tx.document_by_number(subject, &number).await?.is_none());
                assert!(!tx.annul_document(subject, foreign.id).await?);
                assert!(!tx.replace_document(subject, foreign.id, own.id).await?);
                assert!(!tx.replace_document(subject, own.id, foreign.id).await?);
                let none = CheckNumber::new(chance());
                assert!(tx.document_by_check_number(&none).await?.is_none());
                assert_eq!(tx.document(subject, own.id).await?.unwrap().status, Status::Current);
                Ok::<_, Fault>(())
            })
            .await
            .unwrap();
    });
}

#[test]
fn the_same_file_is_taken_in_once_and_another_under_its_id_is_refused() {
    on_each_engine(&async |place| {
        let (anna, bruno) = (anna(), bruno());
        place.know(&anna).await;
        place.know(&bruno).await;
        let first = document_of(&anna, noon());
        assert_eq!(insert(place, &first).await, Inserted::New);
        let again = Document {
            national_id: first.national_id.clone(),
            sha256: first.sha256,
            ..document_of(&anna, noon())
        };
        assert_eq!(insert(place, &again).await, Inserted::Same(first.id));
        let other_bytes = Document { sha256: digest("other"), ..again.clone() };
        assert_eq!(insert(place, &other_bytes).await, Inserted::Clash);
        let other_person = Document { subject: bruno.id, ..again };
        assert_eq!(insert(place, &other_person).await, Inserted::Clash);
        assert_eq!(place.peek("SELECT COUNT(*) FROM documents").await, [["1"]]);
    });
}

#[test]
fn of_many_takings_in_at_once_one_is_new() {
    on_each_engine(&async |place| {
        let anna = anna();
        place.know(&anna).await;
        let first = document_of(&anna, noon());
        let tries: Vec<_> = (0..20)
            .map(|_| {
                let document = Document {
                    national_id: first.national_id.clone(),
                    sha256: first.sha256,
                    ..document_of(&anna, noon())
                };
                let store = place.store.clone();
                tokio::spawn(
                    async move { store.write(async move |tx| tx.insert_document(&document).await).await },
                )
            })
            .collect();
        let mut new = 0;
        for attempt in tries {
            match attempt.await.unwrap().unwrap() {
                Inserted::New => new += 1,
                Inserted::Same(_) => {}
                Inserted::Clash => panic!("the same file clashed"),
            }
        }
        assert_eq!(new, 1);
    });
}

#[test]
fn a_document_is_replaced_once_and_annulled_once() {
    on_each_engine(&async |place| {
        let anna = anna();
        place.know(&anna).await;
        let (old, new) = (document_of(&anna, noon()), document_of(&anna, after_seconds(noon(), 1)));
        place.take_in(&old).await;
        place.take_in(&new).await;
        let (subject, a, b) = (anna.id, old.id, new.id);
        place
            .store
            .write(async move |tx| {
                assert!(!tx.replace_document(subject, a, a).await?);
                assert!(!tx.replace_document(subject, a, DocumentId::new(noon(), chance())).await?);
                assert!(tx.replace_document(subject, a, b).await?);
                assert!(!tx.replace_document(subject, a, b).await?);
                let replaced = tx.document(subject, a).await?.unwrap();
                assert_eq!(replaced.status, Status::Replaced { by: b });
                assert!(tx.annul_document(subject, b).await?);
                assert!(!tx.annul_document(subject, b).await?);
                assert_eq!(tx.document(subject, b).await?.unwrap().status, Status::Annulled);
                let rows = tx.documents_page(subject, &Filter::default(), None, 10).await?.rows;
                let statuses: Vec<_> = rows.iter().map(|row| row.status).collect();
                assert_eq!(statuses, [Status::Annulled, Status::Replaced { by: b }]);
                Ok::<_, Fault>(())
            })
            .await
            .unwrap();
    });
}

#[test]
fn pages_follow_each_other_without_gap_or_double_also_at_equal_instants() {
    on_each_engine(&async |place| {
        let (anna, bruno) = (anna(), bruno());
        place.know(&anna).await;
        place.know(&bruno).await;
        let id = anna.id;
        let has = async || place.store.read(async move |tx| tx.has_documents(id).await).await.unwrap();
        assert!(!has().await);
        place.take_in(&document_of(&bruno, noon())).await;
        assert!(!has().await);
        for i in 0..45 {
            place.take_in(&document_of(&anna, after_seconds(noon(), i / 10))).await;
        }
        assert!(has().await);
        let (mut rows, mut after) = (Vec::new(), None);
        let mut sizes = Vec::new();
        loop {
            let page = page(place, &anna, &Filter::default(), after, 20).await;
            sizes.push(page.rows.len());
            rows.extend(page.rows.into_iter().map(|row| (row.issued_at, row.id)));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(sizes, [20, 20, 5]);
        assert!(rows.windows(2).all(|pair| pair[0] > pair[1]));
        let last = page(place, &anna, &Filter::default(), None, 45).await;
        assert_eq!((last.rows.len(), last.next), (45, None));
    });
}

const TITLES: [&str; 4] =
    ["Esami del SANGUE", "Ecografia 100% completa", "Città_alta: esami", "Profilo! \\ sintetico"];

/// Four documents of Anna's, a second apart, with the titles above.
async fn four_documents(place: &Place) -> Citizen {
    let anna = anna();
    place.know(&anna).await;
    let kinds = ["laboratory_report", "radiology_report", "laboratory_report", "patient_summary"];
    let issuers = ["ASST Nord", "ASST Sud", "ASST Nord", "Dott. Sud"];
    for (i, title) in TITLES.into_iter().enumerate() {
        let mut document = document_of(&anna, after_seconds(noon(), i as i64));
        document.title = title.to_owned();
        document.kind = Kind::by_key(kinds[i]).unwrap();
        document.issuer = issuers[i].to_owned();
        place.take_in(&document).await;
    }
    anna
}

fn words(words: &str) -> Filter {
    Filter { words: Some(words.to_owned()), ..Filter::default() }
}

#[test]
fn words_are_looked_for_in_the_title_in_any_order_and_case() {
    on_each_engine(&async |place| {
        let anna = four_documents(place).await;
        let [sangue, eco, citta, profilo] = TITLES;
        let cases = [
            ("", vec![profilo, citta, eco, sangue]),
            ("esami", vec![citta, sangue]),
            ("  SANGUE esami ", vec![sangue]),
            ("CITTÀ", vec![citta]),
            ("100%", vec![eco]),
            ("%", vec![eco]),
            ("_", vec![citta]),
            ("!", vec![profilo]),
            ("\\", vec![profilo]),
            ("a\0b", vec![]),
            ("o completa eco graf", vec![]),
        ];
        for (text, expected) in cases {
            assert_eq!(titles(place, &anna, words(text)).await, expected, "{text}");
        }
    });
}

#[test]
fn kind_issuer_and_period_narrow_the_list_together() {
    on_each_engine(&async |place| {
        let anna = four_documents(place).await;
        let [sangue, eco, citta, _] = TITLES;
        let kind = Filter { kind: Kind::by_key("laboratory_report"), ..Filter::default() };
        let issuer = |name: &str, text: &str| Filter { issuer: Some(name.to_owned()), ..words(text) };
        let period = Filter {
            from: Some(after_seconds(noon(), 1)),
            to: Some(after_seconds(noon(), 3)),
            ..Filter::default()
        };
        let cases = [
            (kind, vec![citta, sangue]),
            (issuer("ASST Nord", "città"), vec![citta]),
            (issuer("asst", ""), vec![citta, eco, sangue]),
            (issuer("ott.  SUD", ""), vec![TITLES[3]]),
            (issuer("Nord", "sangue"), vec![sangue]),
            // each where it belongs: a title is no issuer, an issuer no title
            (issuer("città", ""), vec![]),
            (words("nord"), vec![]),
            (period, vec![citta, eco]),
        ];
        for (i, (filter, expected)) in cases.into_iter().enumerate() {
            assert_eq!(titles(place, &anna, filter).await, expected, "case {i}");
        }
    });
}

#[test]
fn a_long_title_is_listed_cut_and_read_whole() {
    on_each_engine(&async |place| {
        let anna = anna();
        place.know(&anna).await;
        let mut document = document_of(&anna, noon());
        document.title = "漢".repeat(4000);
        document.issuer = "漢".repeat(4000);
        place.take_in(&document).await;
        let row = page(place, &anna, &Filter::default(), None, 1).await.rows.remove(0);
        assert_eq!(row.title, "漢".repeat(133) + "…");
        let filter = Filter { issuer: Some("漢".repeat(50)), ..Filter::default() };
        assert_eq!(titles(place, &anna, filter).await.len(), 1);
    });
}

const LIST: &str = "SELECT id, kind, list_title, issued_at, list_issuer, status, replaced_by, protected, hidden, \
    readable FROM documents WHERE citizen_id = 'x' AND (issued_at, id) < (5, 'y') AND issued_at >= 1 \
    AND issued_at < 9 AND (CAST(NULL AS TEXT) IS NULL OR kind = 'k') AND list_words LIKE '%a%' ESCAPE '!' \
    ORDER BY issued_at DESC, id DESC LIMIT 21";

#[test]
fn the_list_reads_one_index_that_holds_all_it_shows() {
    on_sqlite(&async |place| {
        let plan = place.peek(&format!("EXPLAIN QUERY PLAN {LIST}")).await;
        let plan: Vec<_> = plan.iter().map(|row| row[3].as_str()).collect();
        assert_eq!(plan.len(), 1, "{plan:?}");
        assert!(
            plan[0].starts_with("SEARCH documents USING COVERING INDEX documents_list (citizen_id=?"),
            "{plan:?}"
        );
    });
    on_postgres(&async |place| {
        let explain = format!("SET enable_seqscan = off; SET enable_bitmapscan = off; EXPLAIN {LIST}");
        let plan = place.peek(&explain).await.concat().join("\n");
        assert!(plan.contains("Index Only Scan") && !plan.contains("Sort"), "{plan}");
        assert!(!plan.contains("Append"), "one partition is enough: {plan}");
    });
}

#[test]
fn a_session_and_the_numbers_people_type_are_found_by_index_alone() {
    on_each_engine(&async |place| {
        if place.kept == Kept::InPostgres {
            return;
        }
        for sql in [
            "SELECT * FROM sessions s JOIN citizens c ON c.id = s.citizen_id WHERE s.token = x'00'",
            "SELECT * FROM check_numbers n JOIN documents d ON d.citizen_id = n.citizen_id AND d.id = n.document_id \
             WHERE n.check_number = 'x'",
            "SELECT * FROM documents WHERE citizen_id = 'x' AND national_extension = 'y'",
            "SELECT * FROM person_aliases a JOIN citizens c ON c.id = a.citizen_id WHERE a.codice_fiscale = 'x'",
            "SELECT * FROM audit_events WHERE subject = 'x' AND (at, id) < (1, 'y') ORDER BY at DESC, id DESC",
            "SELECT * FROM logins WHERE citizen_id = 'x' AND at < 5 ORDER BY at DESC LIMIT 1",
        ] {
            let plan = place.peek(&format!("EXPLAIN QUERY PLAN {sql}")).await;
            assert!(plan.iter().all(|row| row[3].starts_with("SEARCH")), "{sql}: {plan:?}");
        }
    });
}
