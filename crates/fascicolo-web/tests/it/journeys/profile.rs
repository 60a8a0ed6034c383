//! The profile and its sessions (REC-R12, ACC-S4).

use axum::http::StatusCode;
use axum::http::header::LOCATION;

use crate::harness::{ANNA, MARIO, Site};

const PROFILE: &str = "/fascicolo/profilo";

#[tokio::test]
async fn the_profile_shows_who_one_is_and_every_open_session() {
    let site = Site::open().await;
    let mario = site.log_in(MARIO).await;
    site.advance(60);
    let phone = site.log_in(MARIO).await;
    let page = mario.get(PROFILE).await.expect(StatusCode::OK);
    let page = page.says(MARIO).says("Mario").says("1º gennaio 1980").says("Con SPID, livello 2");
    assert_eq!(page.text().matches("Chiudi questa sessione").count(), 1);
    page.says(&format!("sessioni/{}/termina", phone.session.unwrap()));
    // the codice fiscale stands on no other page
    for path in ["/fascicolo", "/fascicolo/documenti", "/fascicolo/accessi"] {
        mario.get(path).await.expect(StatusCode::OK).hides(MARIO);
    }
}

#[tokio::test]
async fn another_session_is_ended_and_doing_so_twice_harms_nothing() {
    let site = Site::open().await;
    let (mario, phone) = (site.log_in(MARIO).await, site.log_in(MARIO).await);
    let path = format!("{PROFILE}/sessioni/{}/termina", phone.session.unwrap());
    for _ in 0..2 {
        let answer = mario.post(&path, &[]).await.expect(StatusCode::SEE_OTHER);
        mario
            .get(answer.header(LOCATION))
            .await
            .says("La sessione è chiusa.")
            .says("Non ci sono altre sessioni");
    }
    let gone = phone.get("/fascicolo").await.expect(StatusCode::SEE_OTHER);
    assert!(gone.header(LOCATION).contains("scaduta=1"));
    mario.get("/fascicolo/accessi").await.says("Chiusura di una sessione");
}

#[tokio::test]
async fn all_other_sessions_end_and_the_one_that_asks_stays() {
    let site = Site::open().await;
    let mario = site.log_in(MARIO).await;
    let others = [site.log_in(MARIO).await, site.log_in(MARIO).await];
    let anna = site.log_in(ANNA).await;
    for _ in 0..2 {
        let path = format!("{PROFILE}/sessioni/termina-altre");
        mario.post(&path, &[]).await.expect(StatusCode::SEE_OTHER);
    }
    for other in others {
        other.get(PROFILE).await.expect(StatusCode::SEE_OTHER);
    }
    mario.get(PROFILE).await.expect(StatusCode::OK);
    anna.get(PROFILE).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn nobody_ends_somebody_elses_session_nor_learns_that_it_exists() {
    let site = Site::open().await;
    let (mario, anna) = (site.log_in(MARIO).await, site.log_in(ANNA).await);
    let theirs = mario.session.unwrap().to_string();
    let missing = theirs.replace(&theirs[24..], "000000000000");
    let path = |id: &str| format!("{PROFILE}/sessioni/{id}/termina");
    let one = anna.post(&path(&theirs), &[]).await.expect(StatusCode::SEE_OTHER);
    let other = anna.post(&path(&missing), &[]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!((&one.body, one.header(LOCATION)), (&other.body, other.header(LOCATION)));
    mario.get(PROFILE).await.expect(StatusCode::OK);
    anna.post(&path("x"), &[]).await.expect(StatusCode::NOT_FOUND);
    // nor does one end one's own by this form
    mario.post(&path(&theirs), &[]).await.expect(StatusCode::SEE_OTHER);
    mario.get(PROFILE).await.expect(StatusCode::OK);
}
