//! Pages that need a stronger login than the one that opened the record (SPID-L1, SPID-L3, ACC-S1).

use axum::http::{StatusCode, header};
use fascicolo_domain::acts::{Act, Acts};
use fascicolo_domain::audit::Deed;
use fascicolo_domain::login::Level;
use fascicolo_sandbox::idp::mistake::Mistake;

use crate::harness::{Answer, Browser, MARIO, Site, paper};
use crate::spid::{Login, at_provider};

const LOG: &str = "/fascicolo/accessi";
const STRONGER: &str = "/accesso?ritorno=/fascicolo/accessi&livello=3";
const STEP_UP: &str = "/accesso/spid?livello=3&ritorno=%2Ffascicolo%2Faccessi&idp=";

async fn open(acts: &[Act]) -> Site {
    Site::open_where(acts.iter().copied().collect::<Acts>()).await
}

/// Goes through a login in this browser; the answer, and the browser afterwards.
async fn log_in(site: &Site, browser: &Browser, start: &str, mistake: Option<&str>) -> (Answer, Browser) {
    let login = Login::begin_from(site, browser, start).await;
    let answer = at_provider(site, &login, "giulia", mistake).await.post(site, &login).await;
    let opened = answer.status == StatusCode::FOUND;
    let after = if opened { browser.with_cookies_of(&answer) } else { browser.clone() };
    (answer, after)
}

async fn level(site: &Site, browser: &Browser) -> Option<Level> {
    let token = browser.token().digest();
    let found = site.app().store.read(async move |tx| tx.session(&token).await).await.unwrap();
    found.map(|(session, _)| session.level)
}

#[tokio::test]
async fn a_page_of_level_three_asks_for_a_stronger_login_and_then_opens() {
    let site = open(&[Act::SeeAccessLog]).await;
    let (_, weak) = log_in(&site, &site.browser(), "/accesso/spid?idp=", None).await;
    weak.get("/fascicolo/documenti").await.expect(StatusCode::OK);
    let sent = weak.get(LOG).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(sent.header(header::LOCATION), STRONGER);
    let choose = weak.get(STRONGER).await.expect(StatusCode::OK);
    let choose = choose.says("serve un accesso di livello 3").hides("Hai già fatto l’accesso");
    assert!(choose.text().contains("&#38;livello=3&#38;ritorno=%2Ffascicolo%2Faccessi"), "{}", choose.text());
    let (answer, strong) = log_in(&site, &weak, STEP_UP, None).await;
    assert_eq!(answer.header(header::LOCATION), LOG);
    strong.get(LOG).await.expect(StatusCode::OK);
    assert_eq!(level(&site, &strong).await, Some(Level::Three));
    // a new token, and the old one opens nothing
    weak.get("/fascicolo/documenti").await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_request_to_step_up_asks_for_the_level_and_for_a_fresh_login() {
    let site = open(&[Act::SeeAccessLog]).await;
    let (_, weak) = log_in(&site, &site.browser(), "/accesso/spid?idp=", None).await;
    let login = Login::begin_from(&site, &weak, STEP_UP).await;
    let asked = crate::spid::request_of(&login);
    assert!(
        asked.contains("https://www.spid.gov.it/SpidL3") && asked.contains("ForceAuthn=\"true\""),
        "{asked}"
    );
    // less than the site's own minimum is not to be had
    let login = Login::begin(&site, "/accesso/spid?livello=1&idp=").await;
    assert!(crate::spid::request_of(&login).contains("SpidL2"));
    let login = Login::begin(&site, "/accesso/spid?livello=9&idp=").await;
    assert!(crate::spid::request_of(&login).contains("SpidL2"));
}

#[tokio::test]
async fn a_step_up_that_fails_leaves_the_session_as_it_was() {
    let site = open(&[Act::SeeAccessLog]).await;
    let (_, weak) = log_in(&site, &site.browser(), "/accesso/spid?idp=", None).await;
    let too_weak = Mistake::ALL.iter().find(|(_, m)| *m == Mistake::LevelOne).unwrap().0;
    for mistake in [too_weak, "scaduta"] {
        let (refused, _) = log_in(&site, &weak, STEP_UP, Some(mistake)).await;
        let refused = refused.expect(StatusCode::FORBIDDEN);
        // again means again: the same level, and back to the same page
        assert!(
            refused.text().contains("livello=3&#38;ritorno=%2Ffascicolo%2Faccessi"),
            "{}",
            refused.text()
        );
        weak.get("/fascicolo/documenti").await.expect(StatusCode::OK);
        weak.get(LOG).await.expect(StatusCode::SEE_OTHER);
    }
}

/// SPID-E: the provider says that the credentials do not reach the level; which one depends on what was asked.
#[tokio::test]
async fn credentials_below_the_level_are_told_which_level_was_asked() {
    let site = open(&[Act::SeeAccessLog]).await;
    let low = Some("nr20");
    let (page, _) = log_in(&site, &site.browser(), STEP_UP, low).await;
    page.expect(StatusCode::FORBIDDEN).says("non sono di livello 3").hides("livello 2");
    let (page, _) = log_in(&site, &site.browser(), "/accesso/spid?idp=", low).await;
    page.expect(StatusCode::FORBIDDEN).says("credenziali di livello 2").hides("livello 3");
}

#[tokio::test]
async fn a_weaker_login_does_not_lower_a_session_nor_lengthen_it() {
    let site = open(&[Act::SeeAccessLog]).await;
    let (_, strong) = log_in(&site, &site.browser(), STEP_UP, None).await;
    let ends = |browser: &Browser| {
        let (token, store) = (browser.token().digest(), site.app().store.clone());
        async move {
            let found = store.read(async move |tx| tx.session(&token).await).await.unwrap().unwrap();
            (found.0.id, found.0.ends_at)
        }
    };
    let before = ends(&strong).await;
    site.advance(600);
    let (answer, after) = log_in(&site, &strong, "/accesso/spid?idp=", None).await;
    answer.expect(StatusCode::FOUND);
    assert_eq!(ends(&after).await, before);
    after.get(LOG).await.expect(StatusCode::OK);
    // the token is another one (ACC-S1)
    strong.get(LOG).await.expect(StatusCode::SEE_OTHER);
    assert_ne!(strong.token().reveal(), after.token().reveal());
}

#[tokio::test]
async fn what_was_stronger_and_is_over_or_somebody_elses_lends_nothing() {
    let site = open(&[Act::SeeAccessLog]).await;
    let (_, strong) = log_in(&site, &site.browser(), STEP_UP, None).await;
    // idle for too long
    site.advance(20 * 60);
    let (_, after) = log_in(&site, &strong, "/accesso/spid?idp=", None).await;
    assert_eq!(level(&site, &after).await, Some(Level::Two));
    // another person at the same device
    let (_, strong) = log_in(&site, &site.browser(), STEP_UP, None).await;
    let login = Login::begin_from(&site, &strong, "/accesso/spid?idp=").await;
    let answer = at_provider(&site, &login, "marco", None).await.post(&site, &login).await;
    let other = strong.with_cookies_of(&answer.expect(StatusCode::FOUND));
    assert_eq!(level(&site, &other).await, Some(Level::Two));
    assert_eq!(level(&site, &strong).await, None, "the first person's session is over");
}

#[tokio::test]
async fn a_document_of_level_three_stays_closed_and_the_refusal_is_on_record() {
    let site = open(&[Act::ReadDocument, Act::DownloadDocument]).await;
    let id = site.take_in(&paper("L3-1")).await;
    let mario = site.log_in(MARIO).await;
    let page = format!("/fascicolo/documenti/{id}");
    let notice = format!("{page}/scarica");
    for path in [&page, &notice] {
        let sent = mario.get(path).await.expect(StatusCode::SEE_OTHER);
        assert_eq!(sent.header(header::LOCATION), format!("/accesso?ritorno={path}&livello=3"));
    }
    site.advance(1);
    let sent = mario.post(&notice, &[]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(sent.header(header::LOCATION), format!("/accesso?ritorno={notice}&livello=3"));
    let citizen = site.citizen(MARIO).await.id;
    let log =
        site.app().store.read(async move |tx| tx.access_log_page(citizen, None, 10).await).await.unwrap();
    let refused: Vec<_> = log.rows.iter().filter(|e| !e.event.granted).map(|e| e.event.deed).collect();
    assert_eq!(refused, [Deed::DocumentDownloaded, Deed::DocumentRead]);
}

#[tokio::test]
async fn a_stranger_to_a_page_is_not_told_that_a_stronger_login_would_open_it() {
    let site = open(&[Act::ReadDocument]).await;
    let id = site.take_in(&paper("L3-2")).await;
    let anna = site.log_in(crate::harness::ANNA).await;
    anna.get(&format!("/fascicolo/documenti/{id}")).await.expect(StatusCode::NOT_FOUND);
}
