//! The access log (REC-R9).

use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::harness::{ANNA, MARIO, Site, paper};

#[tokio::test]
async fn every_opening_is_shown_to_its_owner_and_to_nobody_else() {
    let site = Site::open().await;
    let anna = site.log_in(ANNA).await;
    anna.get("/fascicolo/accessi")
        .await
        .expect(StatusCode::OK)
        .says("Finora nessuno ha aperto il tuo fascicolo");
    let id = site.take_in(&paper("X1")).await;
    let mario = site.log_in(MARIO).await;
    mario.get(&format!("/fascicolo/documenti/{id}")).await.expect(StatusCode::OK);
    mario.post(&format!("/fascicolo/documenti/{id}/scarica"), &[]).await.expect(StatusCode::OK);
    let log = mario.get("/fascicolo/accessi").await.expect(StatusCode::OK);
    let log = log.says("Arrivo di un documento").says("Il sistema del fascicolo").says("Tu, con SPID");
    let log = log
        .says("Lettura di un documento")
        .says("Scaricamento di un documento")
        .says("Referto di laboratorio");
    log.says(&format!("href=\"/fascicolo/documenti/{id}\"")).says("28 maggio 2026 alle 12:14");
    // Anna's try at Mario's document is hers, without a link to it
    anna.get(&format!("/fascicolo/documenti/{id}")).await.expect(StatusCode::NOT_FOUND);
    let log = anna.get("/fascicolo/accessi").await.says("Rifiutato").hides("Referto").hides(&id.to_string());
    assert_eq!(log.text().matches("<tr>").count(), 2);
    assert_eq!(mario.get("/fascicolo/accessi").await.text().matches("<tr>").count(), 4);
}

#[tokio::test]
async fn the_log_is_paged_and_taken_away_whole() {
    let site = Site::open().await;
    let id = site.take_in(&paper("X1")).await;
    site.advance(1);
    let mario = site.log_in(MARIO).await;
    for _ in 0..24 {
        mario.get(&format!("/fascicolo/documenti/{id}")).await.expect(StatusCode::OK);
    }
    let first = mario.get("/fascicolo/accessi").await.says("Accessi precedenti");
    assert_eq!(first.text().matches("Lettura di un documento").count(), 20);
    let next = first.text().split("\" rel=\"next\"").next().and_then(|t| t.rsplit("href=\"").next()).unwrap();
    let second = mario.get(next).await.expect(StatusCode::OK).says("Arrivo di un documento");
    assert_eq!(second.text().matches("Lettura di un documento").count(), 4);
    second.says("Torna ai più recenti").hides("rel=\"next\"");
    mario.get("/fascicolo/accessi?dopo=1").await.expect(StatusCode::BAD_REQUEST);

    mario.get("/fascicolo/accessi/scarica").await.expect(StatusCode::OK).says("Chi lo usa dopo di te");
    for _ in 0..2 {
        let file = mario.post("/fascicolo/accessi/scarica", &[]).await.expect(StatusCode::OK);
        assert_eq!(file.header(CONTENT_TYPE), "text/csv; charset=utf-8");
        assert_eq!(file.header(CONTENT_DISPOSITION), "attachment; filename=\"accessi.csv\"");
        let lines: Vec<&str> = file.text().lines().collect();
        assert_eq!(lines.len(), 26);
        assert_eq!(lines[0], "\u{feff}\"Quando\";\"Chi\";\"Che cosa\";\"Documento\";\"Esito\"");
        assert_eq!(
            lines[25],
            "\"28 maggio 2026 alle 12:14\";\"Il sistema del fascicolo\";\"Arrivo di un documento\";\
             \"Referto di laboratorio\";\"Concesso\""
        );
    }
}
