//! The list, reading and taking away (REC-R1–R6).

use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION,
};
use fascicolo_domain::documents::Kind;
use fascicolo_domain::person::CodiceFiscale;
use fascicolo_web::documents::intake::{Annulled, Submission, annul, take_in};

use crate::harness::{ANNA, MARIO, Site, national_id, now, paper};
use crate::paper::{Paper, pdf};

#[tokio::test]
async fn a_document_taken_in_is_listed_read_and_downloaded_byte_for_byte() {
    let site = Site::open().await;
    let id = site.take_in(&paper("X1")).await;
    let mario = site.log_in(MARIO).await;
    let list = mario.get("/fascicolo/documenti").await.expect(StatusCode::OK);
    list.says("Esami del sangue").says("21 maggio 2026").says("Ospedale San Marco");
    let page = mario.get(&format!("/fascicolo/documenti/{id}")).await.expect(StatusCode::OK);
    page.says("Glicemia 91 mg/dL")
        .says("Anna Bianchi")
        .says("Il file non è firmato.")
        .says("data:image/svg+xml;base64,");
    let path = format!("/fascicolo/documenti/{id}/scarica");
    mario.get(&path).await.expect(StatusCode::OK).says("Chi lo usa dopo di te").says("PDF, 2 KB");
    for _ in 0..2 {
        let file = mario.post(&path, &[("formato", "pdf")]).await.expect(StatusCode::OK);
        assert_eq!(file.body.as_deref(), Some(&*paper("X1").pdf()));
        assert_eq!(file.header(CONTENT_TYPE), "application/pdf");
        assert_eq!(file.header(CONTENT_DISPOSITION), "attachment; filename=\"documento-2026-05-21.pdf\"");
        assert_eq!(file.header(CONTENT_LENGTH), paper("X1").pdf().len().to_string());
        assert_eq!(file.header(CACHE_CONTROL), "no-store");
        assert!(file.header(CONTENT_SECURITY_POLICY).contains("sandbox"));
    }
    let xml = mario.post(&path, &[("formato", "cda")]).await.expect(StatusCode::OK);
    assert_eq!(xml.text(), paper("X1").cda());
}

#[tokio::test]
async fn somebody_elses_document_is_answered_like_a_missing_one() {
    let site = Site::open().await;
    let id = site.take_in(&paper("X1")).await.to_string();
    let missing = id.replace(&id[24..], "000000000000");
    let anna = site.log_in(ANNA).await;
    for tail in ["", "/scarica", "/scarica?formato=cda"] {
        let theirs =
            anna.get(&format!("/fascicolo/documenti/{id}{tail}")).await.expect(StatusCode::NOT_FOUND);
        let none =
            anna.get(&format!("/fascicolo/documenti/{missing}{tail}")).await.expect(StatusCode::NOT_FOUND);
        assert_eq!(
            theirs.without_report().replace(&id, ""),
            none.without_report().replace(&missing, ""),
            "{tail}"
        );
    }
    let fields = [("formato", "pdf")];
    let theirs =
        anna.post(&format!("/fascicolo/documenti/{id}/scarica"), &fields).await.expect(StatusCode::NOT_FOUND);
    let none = anna.post(&format!("/fascicolo/documenti/{missing}/scarica"), &fields).await;
    assert_eq!(theirs.without_report().replace(&id, ""), none.without_report().replace(&missing, ""));
    anna.get("/fascicolo/documenti").await.hides("Esami del sangue");
}

#[tokio::test]
async fn a_replaced_document_leads_to_its_successor_and_an_annulled_one_does_not_open() {
    let site = Site::open().await;
    let old = site.take_in(&paper("X1")).await;
    let new = Paper { replaces: Some("X1"), text: "Glicemia 92 mg/dL", ..paper("X2") };
    let new = site.take_in(&new).await;
    let mario = site.log_in(MARIO).await;
    let page = mario.get(&format!("/fascicolo/documenti/{old}")).await.expect(StatusCode::OK);
    page.says("Glicemia 91").says(&format!("href=\"/fascicolo/documenti/{new}\""));
    mario.get("/fascicolo/documenti").await.says("Sostituito").says("Apri la nuova versione");

    assert_eq!(annul(site.app(), national_id("X2")).await.unwrap(), Annulled::Done);
    assert_eq!(annul(site.app(), national_id("X2")).await.unwrap(), Annulled::Already);
    assert_eq!(annul(site.app(), national_id("X9")).await.unwrap(), Annulled::Unknown);
    mario.get("/fascicolo/documenti").await.says("Annullato");
    let path = format!("/fascicolo/documenti/{new}");
    mario.get(&path).await.expect(StatusCode::OK).says("è stato annullato").hides("Glicemia");
    mario.get(&format!("{path}/scarica")).await.says("è stato annullato");
    let refused = mario.post(&format!("{path}/scarica"), &[("formato", "pdf")]).await;
    assert_eq!(refused.says("è stato annullato").header(CONTENT_DISPOSITION), "");
    mario.get("/fascicolo/accessi").await.says("Rifiutato");
}

#[tokio::test]
async fn people_see_what_they_hid_and_what_the_law_protects() {
    let site = Site::open().await;
    let submission = Submission { hidden: true, protected: true, ..Submission::of(paper("X1").pdf()) };
    let id = take_in(site.app(), submission).await.unwrap().document;
    let mario = site.log_in(MARIO).await;
    mario.get("/fascicolo/documenti").await.says("Oscurato da te").says("Protetto");
    let path = format!("/fascicolo/documenti/{id}");
    mario.get(&path).await.says("Glicemia").says("Gli altri non lo vedono.");
    // to somebody else it is a missing one
    let anna = site.log_in(ANNA).await;
    anna.get(&path).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_without_a_cda_opens_as_a_file_only() {
    let site = Site::open().await;
    let submission = Submission {
        subject: CodiceFiscale::parse(MARIO).ok(),
        national_id: Some(national_id("X1")),
        kind: Kind::by_key("exemption"),
        issuer: Some("ASL".into()),
        issued_at: Some(now()),
        ..Submission::of(pdf(None))
    };
    let id = take_in(site.app(), submission).await.unwrap().document;
    let mario = site.log_in(MARIO).await;
    let path = format!("/fascicolo/documenti/{id}");
    // without a title it goes by its kind
    mario
        .get(&path)
        .await
        .expect(StatusCode::OK)
        .says(">Esenzione</h1>")
        .says("Scarica il file per leggerlo");
    mario.get("/fascicolo/documenti").await.says("solo file");
    let file = mario.post(&format!("{path}/scarica"), &[]).await.expect(StatusCode::OK);
    assert_eq!(file.body, Some(pdf(None)));
    mario.post(&format!("{path}/scarica"), &[("formato", "cda")]).await.expect(StatusCode::NOT_FOUND);
    mario.post(&format!("{path}/scarica"), &[("formato", "exe")]).await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn whoever_is_not_in_goes_to_the_login_page_and_comes_back() {
    let site = Site::open().await;
    let id = site.take_in(&paper("X1")).await;
    let nobody = site.browser();
    for path in ["/fascicolo", "/fascicolo/documenti", "/fascicolo/accessi", "/fascicolo/profilo"] {
        let answer = nobody.get(path).await.expect(StatusCode::SEE_OTHER);
        assert_eq!(answer.header(LOCATION), format!("/accesso?ritorno={path}"));
    }
    let answer =
        nobody.post(&format!("/fascicolo/documenti/{id}/scarica"), &[]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(answer.header(LOCATION), "/accesso");
}

#[tokio::test]
async fn the_home_greets_by_name_and_tells_strangers_where_to_turn() {
    let site = Site::open().await;
    site.take_in(&paper("X1")).await;
    let home = site.log_in(MARIO).await.get("/fascicolo").await.expect(StatusCode::OK);
    home.says("Ciao, Mario Rossi").says("Esami del sangue").hides(MARIO);
    site.log_in(ANNA).await.get("/fascicolo").await.says("Qui vedrai referti e ricette");
    let stranger = "RSSMRA80A01H50MM";
    site.register(stranger, "Maria", false).await;
    let home = site.log_in(stranger).await.get("/fascicolo").await.expect(StatusCode::OK);
    home.says("In questa regione non c’è un fascicolo a tuo nome");
}

#[tokio::test]
async fn what_a_document_says_is_never_markup_of_ours() {
    let site = Site::open().await;
    let hostile = Paper {
        title: "&lt;script&gt;alert(1)&lt;/script&gt;",
        issuer: "&lt;b&gt;ASL&lt;/b&gt;",
        text: "&lt;img src=x onerror=alert(1)&gt;",
        ..paper("X1")
    };
    let id = site.take_in(&hostile).await;
    let mario = site.log_in(MARIO).await;
    for path in ["/fascicolo", "/fascicolo/documenti", &format!("/fascicolo/documenti/{id}")] {
        mario
            .get(path)
            .await
            .expect(StatusCode::OK)
            .hides("<script>alert")
            .hides("<b>ASL")
            .hides("<img src=x");
    }
}
