//! "Verifica documento" (REC-V1–V5).

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use fascicolo_domain::secret::Digest;
use fascicolo_web::documents::intake::{Submission, annul, take_in};
use serde_json::json;

use crate::harness::{ANNA, Answer, Browser, MARIO, Site, national_id, paper};
use crate::paper::Paper;

const PAGE: &str = "/verifica-documento";

async fn check(who: &Browser, cf: &str, number: &str) -> Answer {
    who.post(PAGE, &[("cf", cf), ("numero", number), ("impronta", "")]).await
}

/// The printed number of one of Mario's documents.
async fn printed(site: &Site, number: &str) -> String {
    let national_id = national_id(number);
    let find = site.app().store.read(async move |tx| {
        let (subject, id) = tx.document_by_national_id(&national_id).await?.unwrap();
        tx.document(subject, id).await
    });
    let document: Result<_, fascicolo_domain::Fault> = find.await;
    document.unwrap().unwrap().check_number.to_string()
}

#[tokio::test]
async fn without_a_file_only_existence_date_and_state_are_told() {
    let site = Site::open().await;
    site.take_in(&paper("X1")).await;
    let code = printed(&site, "X1").await;
    let who = site.browser();
    who.get(PAGE).await.expect(StatusCode::OK).says("Scrivi qui sopra il codice di verifica");
    for (cf, number) in
        [("", code.as_str()), (MARIO, code.as_str()), (MARIO, "X1"), (" rssmra80a01h501u", " X1 ")]
    {
        let answer = check(&who, cf, number).await.expect(StatusCode::OK);
        let answer =
            answer.says("Esiste un documento con questo numero").says("21 maggio 2026").says("Valido");
        let answer = answer
            .hides("integro</h2>")
            .hides("Esami")
            .hides("San Marco")
            .hides("laboratorio")
            .hides("Mario");
        // nothing of what was typed comes back
        answer.hides(MARIO).hides(&code).hides("value=\"X1\"");
    }
    let mario = site.log_in(MARIO).await;
    let log = mario.get("/fascicolo/accessi").await.says("Chi ha in mano il documento");
    assert_eq!(log.text().matches("Verifica di un documento").count(), 4);
}

#[tokio::test]
async fn only_the_very_file_is_called_intact() {
    let site = Site::open().await;
    site.take_in(&paper("X1")).await;
    let who = site.browser();
    let fields = [("cf", MARIO), ("numero", "X1"), ("impronta", "")];
    let same = who.post_file(PAGE, &fields, &paper("X1").pdf()).await.expect(StatusCode::OK);
    same.says("Il file è integro")
        .says("Referto di laboratorio")
        .says("Ospedale San Marco")
        .says("non è firmato");
    let other = who.post_file(PAGE, &fields, b"something else").await.expect(StatusCode::OK);
    other.says("Il file non è il documento che abbiamo").hides("San Marco").hides("21 maggio 2026");
    // an untouched file field is no file
    let none = who.post_file(PAGE, &fields, b"").await.expect(StatusCode::OK);
    none.says("Esiste un documento con questo numero");
    // the digest as the script sends it
    let digest = Digest::of(&paper("X1").pdf()).to_hex();
    let by_script = who.post(PAGE, &[("cf", MARIO), ("numero", "X1"), ("impronta", &digest)]).await;
    by_script.says("Il file è integro");
    who.post(PAGE, &[("numero", "X1"), ("impronta", "abc")]).await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn replaced_annulled_and_hidden_are_told_as_far_as_they_may() {
    let site = Site::open().await;
    site.take_in(&paper("X1")).await;
    site.take_in(&Paper { replaces: Some("X1"), ..paper("X2") }).await;
    let hidden = Submission { hidden: true, ..Submission::of(paper("X3").pdf()) };
    take_in(site.app(), hidden).await.unwrap();
    let who = site.browser();
    check(&who, MARIO, "X1").await.says("Esiste una versione più recente").says("Sostituito");
    let plain = check(&who, MARIO, "X2").await.says("Valido, ultima versione").without_report();
    assert_eq!(check(&who, MARIO, "X3").await.without_report(), plain, "hiding changes nothing here");
    annul(site.app(), national_id("X2")).await.unwrap();
    check(&who, MARIO, "X2").await.says("Il documento è stato annullato");
    let fields = [("cf", MARIO), ("numero", "X2")];
    who.post_file(PAGE, &fields, &Paper { replaces: Some("X1"), ..paper("X2") }.pdf())
        .await
        .says("la struttura lo ha annullato");
}

#[tokio::test]
async fn unknown_person_wrong_number_and_somebody_elses_are_one_answer() {
    let site = Site::open().await;
    site.take_in(&paper("X1")).await;
    let code = printed(&site, "X1").await;
    let who = site.browser();
    let unknown = check(&who, "RSSMRA80A01H50MM", "X1").await.expect(StatusCode::OK);
    let wrong = check(&who, MARIO, "X9").await.expect(StatusCode::OK);
    let anothers = check(&who, ANNA, "X1").await.expect(StatusCode::OK);
    let with_code = check(&who, ANNA, &code).await.expect(StatusCode::OK);
    let no_code = check(&who, "", "0000-0000-0000-0000-0").await.expect(StatusCode::OK);
    for answer in [&wrong, &anothers, &with_code, &no_code] {
        assert_eq!(answer.body, unknown.body);
        assert_eq!(format!("{:?}", answer.headers), format!("{:?}", unknown.headers));
    }
    unknown.says("Documento non trovato");
    // and none of them is on Anna's log, or on Mario's
    site.log_in(ANNA).await.get("/fascicolo/accessi").await.hides("Verifica di un documento");
    site.log_in(MARIO).await.get("/fascicolo/accessi").await.hides("Verifica di un documento");
}

#[tokio::test]
async fn a_typo_is_told_at_its_field_and_what_was_typed_is_kept() {
    let site = Site::open().await;
    let who = site.browser();
    for _ in 0..2 {
        let page = check(&who, "RSSMRA80A01H501V", "").await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        let page = page.says("Errore: Verifica documento").says("href=\"#cf\"").says("href=\"#numero\"");
        page.says("Un carattere del codice fiscale non torna").says("value=\"RSSMRA80A01H501V\"");
    }
    let page = check(&who, "", "7QX4-M2KD-R9TB-3HWN-0").await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    page.says("Un carattere del codice di verifica non torna").says("7QX4-M2KD-R9TB-3HWN-0");
    // a file that came along is remembered by its digest
    let page = who.post_file(PAGE, &[("cf", "x"), ("numero", "X1")], b"bytes").await;
    let page = page.expect(StatusCode::UNPROCESSABLE_ENTITY).says("Ricordiamo il file");
    page.says(&Digest::of(b"bytes").to_hex());
}

#[tokio::test]
async fn a_network_has_thirty_tries_a_minute() {
    let site = Site::open().await;
    let who = site.browser();
    for _ in 0..30 {
        check(&who, MARIO, "X1").await.expect(StatusCode::OK);
    }
    let limited = check(&who, MARIO, "X1").await.expect(StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limited.header(RETRY_AFTER), "2");
    who.get(PAGE).await.expect(StatusCode::OK);
    let elsewhere = who.from("192.0.2.2:50000");
    check(&elsewhere, MARIO, "X1").await.expect(StatusCode::OK);
    site.advance(1);
    check(&who, MARIO, "X1").await.expect(StatusCode::TOO_MANY_REQUESTS);
    site.advance(1);
    check(&who, MARIO, "X1").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn forms_that_are_not_ours_are_refused() {
    let site = Site::open().await;
    let who = site.browser();
    let most = usize::try_from(site.app().settings.largest_file).unwrap();
    let fields = [("numero", "X1"), ("cf", MARIO)];
    who.post_file(PAGE, &fields, &vec![0; most]).await.expect(StatusCode::OK);
    who.post_file(PAGE, &fields, &vec![0; most + 1]).await.expect(StatusCode::PAYLOAD_TOO_LARGE);
    let twice = [("numero", "X1"), ("numero", "X2")];
    who.post_file(PAGE, &twice, b"").await.expect(StatusCode::BAD_REQUEST);
    who.post(PAGE, &twice).await.expect(StatusCode::BAD_REQUEST);
    who.post_file(PAGE, &[("altro", "1")], b"").await.expect(StatusCode::BAD_REQUEST);
    let long = "x".repeat(5_000);
    who.post_file(PAGE, &[("numero", &long)], b"").await.expect(StatusCode::BAD_REQUEST);
    let json = Some("application/json");
    who.send(Method::POST, PAGE, json, Body::from("{}")).await.expect(StatusCode::BAD_REQUEST);
    let kind = Some("application/x-www-form-urlencoded");
    let body = Body::from(format!("numero={}", "x".repeat(1 << 20)));
    who.send(Method::POST, PAGE, kind, body).await.expect(StatusCode::PAYLOAD_TOO_LARGE);
}

const API: &str = "/api/v1/verify";

async fn ask(who: &Browser, body: &str) -> (StatusCode, serde_json::Value, Answer) {
    let answer = who.program(API, "application/json", body).await;
    let json = serde_json::from_slice(answer.body.as_ref().unwrap()).unwrap();
    (answer.status, json, answer)
}

#[tokio::test]
async fn programs_get_the_same_answers_by_the_same_rules() {
    let site = Site::open().await;
    site.take_in(&paper("X1")).await;
    let code = printed(&site, "X1").await;
    let who = site.browser();
    let exists = json!({"outcome": "exists", "standing": "current", "issued_on": "2026-05-21"});
    for body in [json!({"number": code}), json!({"codice_fiscale": MARIO, "number": "X1"})] {
        assert_eq!(ask(&who, &body.to_string()).await.1, exists);
    }
    let not_found = json!({"outcome": "not_found"});
    for person in [ANNA, "RSSMRA80A01H50MM"] {
        let body = json!({"codice_fiscale": person, "number": "X1", "sha256": Digest::of(b"").to_hex()});
        assert_eq!(ask(&who, &body.to_string()).await.1, not_found);
    }
    let with = |file: &[u8]| json!({"number": code, "sha256": Digest::of(file).to_hex()}).to_string();
    assert_eq!(ask(&who, &with(b"other")).await.1, json!({"outcome": "different"}));
    let genuine = json!({
        "outcome": "intact", "standing": "current", "issued_on": "2026-05-21",
        "kind": "11502-2", "issuer": "Ospedale San Marco", "signature": "not_signed",
    });
    assert_eq!(ask(&who, &with(&paper("X1").pdf())).await.1, genuine);
}

#[tokio::test]
async fn programs_are_told_what_is_wrong_with_a_question() {
    let site = Site::open().await;
    let who = site.browser();
    let (status, problem, answer) = ask(&who, r#"{"codice_fiscale": "x", "number": ""}"#).await;
    assert_eq!(
        (status, problem["type"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("urn:fascicolo:typo"))
    );
    assert_eq!(problem["fields"], json!(["codice_fiscale", "number"]));
    assert_eq!(answer.header(CONTENT_TYPE), "application/problem+json");
    for body in ["", "{}", r#"{"number": "X", "altro": 1}"#, r#"{"number": "X", "sha256": "00"}"#] {
        assert_eq!(ask(&who, body).await.0, StatusCode::BAD_REQUEST, "{body}");
    }
    let long = format!(r#"{{"number": "{}"}}"#, "x".repeat(5_000));
    assert_eq!(ask(&who, &long).await.0, StatusCode::BAD_REQUEST);
    who.program(API, "text/plain", "{}").await.expect(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for _ in 0..23 {
        ask(&who, r#"{"number": "X"}"#).await;
    }
    let (status, problem, answer) = ask(&who, r#"{"number": "X"}"#).await;
    assert_eq!(
        (status, problem["type"].as_str()),
        (StatusCode::TOO_MANY_REQUESTS, Some("urn:fascicolo:too-many"))
    );
    assert_eq!(answer.header(RETRY_AFTER), "2");
}
