//! In with CIE by OpenID Connect and out again, and every way that must lead nowhere (CIE-1 to CIE-34, ACC-A2).

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use fascicolo_domain::Fault;
use fascicolo_domain::login::{Level, Method};
use fascicolo_sandbox::federation::mistake::Mistake;
use fascicolo_store::ExchangeFilter;
use fascicolo_web::http::forms::{Fields, encode};
use fascicolo_web::login::openid;

use crate::harness::{Answer, Browser, Site};
use crate::spid::{Login, at_standins, field};

const FORM: &str = "application/x-www-form-urlencoded";

/// The path and query of an address of the site's or the stand-ins'.
fn path_of(url: &str) -> String {
    format!("/{}", url.splitn(4, '/').nth(3).unwrap())
}

/// On the provider's page; what it calls this login.
async fn arrive(site: &Site, login: &Login) -> String {
    let page = at_standins(site, Request::get(path_of(&login.url)).body(Body::empty()).unwrap()).await;
    field(page.expect(StatusCode::OK).text(), "richiesta")
}

/// Goes to the provider's page and chooses at once; the address that leads back to the site.
async fn choose(site: &Site, login: &Login, person: &str, mistake: Option<&str>) -> String {
    let handle = arrive(site, login).await;
    pick(site, &handle, person, mistake).await
}

async fn pick(site: &Site, handle: &str, person: &str, mistake: Option<&str>) -> String {
    let mut form = format!("richiesta={}&persona={person}", encode(handle));
    if let Some(mistake) = mistake {
        form.push_str(&format!("&errore={mistake}"));
    }
    let post = Request::post("/cie-oidc/accesso").header(header::CONTENT_TYPE, FORM);
    let answer = at_standins(site, post.body(Body::from(form)).unwrap()).await;
    assert!(answer.status.is_redirection(), "{answer:?}");
    answer.header(header::LOCATION).to_owned()
}

/// Back on the site, with the cookies of this login.
async fn come_back(site: &Site, login: &Login, url: &str) -> Answer {
    let cookies: Vec<&str> = login.cookies.iter().map(|c| c.split(';').next().unwrap()).collect();
    let request = Request::get(path_of(url))
        .header(header::HOST, "localhost:8443")
        .header(header::COOKIE, cookies.join("; "));
    site.browser().answer(request.body(Body::empty()).unwrap()).await
}

async fn begin(site: &Site) -> Login {
    Login::start(&site.browser(), "/accesso/cie").await
}

/// The whole way in; the site's answer, and the browser afterwards.
async fn log_in(site: &Site, mistake: Option<&str>) -> (Answer, Browser) {
    let login = begin(site).await;
    let url = choose(site, &login, "giulia", mistake).await;
    let answer = come_back(site, &login, &url).await;
    let browser = site.browser().with_cookies_of(&answer);
    (answer, browser)
}

#[tokio::test]
async fn a_person_gets_in_reads_their_name_and_gets_out() {
    let site = Site::open_by_openid().await;
    site.browser().get("/accesso").await.expect(StatusCode::OK).says("Entra con CIE");
    let (answer, inside) = log_in(&site, None).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::FOUND, "/fascicolo"));
    inside.get("/fascicolo").await.expect(StatusCode::OK).says("Giulia");
    let token = inside.token().digest();
    let found = site.app().store.read(async move |tx| tx.session(&token).await).await.unwrap();
    let (session, _) = found.unwrap();
    assert_eq!((session.method, session.level), (Method::Cie, Level::Two));
    inside.post("/esci", &[]).await.expect(StatusCode::SEE_OTHER);
    inside.get("/fascicolo").await.expect(StatusCode::SEE_OTHER);
}

/// CIE-20, CIE-16: the answer is a GET, so the cookie is lax; the request is signed and said by value.
#[tokio::test]
async fn the_login_cookie_is_lax_and_the_request_is_an_object() {
    let site = Site::open_by_openid().await;
    let login = begin(&site).await;
    let cookie = login.cookies.join("\n");
    assert!(cookie.starts_with("__Host-accesso-") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(cookie.contains("Max-Age=600") && cookie.contains("Secure; HttpOnly"), "{cookie}");
    let query = Fields::parse(login.url.split_once('?').unwrap().1.as_bytes()).unwrap();
    assert_eq!(query.text("client_id"), "https://localhost:8443");
    assert_eq!(query.text("request").split('.').count(), 3);
    assert_eq!(query.text("request_uri"), "");
}

/// CIE-21: a code is redeemed once, and one answer opens one session, whatever the node.
#[tokio::test]
async fn one_answer_opens_one_session_however_many_send_it_at_once() {
    let site = Site::open_by_openid().await;
    let login = begin(&site).await;
    let url = choose(&site, &login, "giulia", None).await;
    let answers = futures_util::future::join_all((0..20).map(|_| come_back(&site, &login, &url))).await;
    let opened = answers.iter().filter(|a| a.status == StatusCode::FOUND).count();
    let refused = answers.iter().filter(|a| a.status == StatusCode::FORBIDDEN).count();
    assert_eq!((opened, refused), (1, 19));
    come_back(&site, &login, &url).await.expect(StatusCode::FORBIDDEN);
}

/// CIE-20, CIE-33: login CSRF, and the app that comes back elsewhere.
#[tokio::test]
async fn an_answer_in_another_browser_opens_nothing_and_says_where_to_go_on() {
    let site = Site::open_by_openid().await;
    let login = begin(&site).await;
    let url = choose(&site, &login, "giulia", None).await;
    let elsewhere = Login { cookies: Vec::new(), ..login.clone() };
    let page = come_back(&site, &elsewhere, &url).await.expect(StatusCode::FORBIDDEN);
    page.says("Continua nel browser da cui sei partito").says("href=\"/accesso/cie\"");
    let other = begin(&site).await;
    come_back(&site, &other, &url).await.expect(StatusCode::FORBIDDEN);
    // and where it began it still works
    come_back(&site, &login, &url).await.expect(StatusCode::FOUND);
}

#[tokio::test]
async fn a_pending_login_lasts_ten_minutes_and_not_an_instant_longer() {
    let site = Site::open_by_openid().await;
    for (seconds, status) in [(599, StatusCode::FOUND), (600, StatusCode::FORBIDDEN)] {
        let login = begin(&site).await;
        let handle = arrive(&site, &login).await;
        site.advance(seconds);
        let url = pick(&site, &handle, "giulia", None).await;
        assert_eq!(come_back(&site, &login, &url).await.status, status, "{seconds}");
    }
}

/// Answers that say more to the person than that something is wrong.
const WORDS: [(Mistake, u16, &str); 9] = [
    (Mistake::Error("server_error"), 503, "ora non funziona"),
    (Mistake::TokenBroken, 503, "ora non funziona"),
    (Mistake::Error("access_denied"), 403, "non completato"),
    (Mistake::Error("unauthorized_client"), 403, "Il problema è nostro"),
    (Mistake::NoFiscalNumber, 403, "Manca un codice fiscale italiano"),
    (Mistake::ForeignPrefix, 403, "Manca un codice fiscale italiano"),
    (Mistake::CheckCharacter, 403, "Manca un codice fiscale italiano"),
    (Mistake::Lowered, 403, "Serve un livello più alto"),
    (Mistake::LevelOne, 403, "Serve un livello più alto"),
];

/// CIE-18, CIE-19, CIE-21 to CIE-24, CIE-28: each refused, each with a page, none with a session.
#[tokio::test]
async fn every_wrong_answer_is_refused_with_a_page() {
    let site = Site::open_by_openid().await;
    let now = |(_, mistake): &(&str, Mistake)| ![Mistake::TokenLate, Mistake::State].contains(mistake);
    for (name, mistake) in Mistake::ALL.into_iter().filter(now) {
        let (answer, after) = log_in(&site, Some(name)).await;
        let (_, status, words) =
            WORDS.into_iter().find(|(m, ..)| *m == mistake).unwrap_or((mistake, 403, "Accesso non riuscito"));
        assert_eq!(answer.status.as_u16(), status, "{name}");
        assert!(answer.text().contains(words), "{name}: {}", answer.text());
        assert!(after.is_out(), "{name} opened a session");
        answer.says("Numero per l’assistenza");
    }
    let (stray, _) = log_in(&site, Some("altro-stato")).await;
    stray.expect(StatusCode::FORBIDDEN).says("Continua nel browser da cui sei partito");
    log_in(&site, None).await.0.expect(StatusCode::FOUND);
}

/// CIE-22, CIE-28: five seconds, and no more.
#[tokio::test]
async fn a_provider_that_does_not_answer_in_time_costs_a_page() {
    let site = Site::open_by_openid().await;
    let (answer, after) = log_in(&site, Some("token-lento")).await;
    answer.expect(StatusCode::SERVICE_UNAVAILABLE).says("ora non funziona");
    assert!(after.is_out());
}

/// CIE-29, GEN-G7: good or bad, with what was said, encrypted, under the audit row's id.
#[tokio::test]
async fn every_login_is_on_record_with_what_was_said() {
    let site = Site::open_by_openid().await;
    log_in(&site, None).await.0.expect(StatusCode::FOUND);
    site.advance(1);
    log_in(&site, Some("altro-nonce")).await.0.expect(StatusCode::FORBIDDEN);
    let (kept, said) = site
        .app()
        .store
        .read(async |tx| {
            let kept = tx.login_exchanges(&ExchangeFilter::default(), None, 10).await?;
            let said = tx.login_traces(kept[0].at, kept[0].id, kept[1].id).await?;
            Ok::<_, Fault>((kept, said))
        })
        .await
        .unwrap();
    let outcomes: Vec<_> = kept.iter().map(|e| (e.method, e.outcome.as_str(), e.session.is_some())).collect();
    assert_eq!(outcomes, [(Method::Cie, "ok", true), (Method::Cie, "nonce", false)]);
    for (exchange, (id, said)) in kept.iter().zip(&said) {
        assert_eq!(exchange.id, *id);
        assert_eq!(*said, format!("{} {}", exchange.outcome, exchange.digest().to_hex()));
    }
    let open = |part: &str, bytes: &[u8]| {
        let context = format!("login {part} {}", kept[0].id);
        String::from_utf8(site.app().keyring.open_bytes(&context, bytes).unwrap()).unwrap()
    };
    assert_eq!(open("request", &kept[0].request).split('.').count(), 3, "the request object");
    let response = open("response", &kept[0].response);
    for part in ["callback", "chain", "token", "userinfo", "id_token"] {
        assert!(response.contains(part), "{part}");
    }
    assert!(!String::from_utf8_lossy(&kept[0].response).contains("callback"), "in the clear");
}

/// CIE-27: after our own session is gone, however it ended, and without being asked.
#[tokio::test]
async fn the_access_token_is_revoked_once_the_session_is_gone() {
    let site = Site::open_by_openid().await;
    let federation = site.sandbox.federation.clone().unwrap();
    let (_, inside) = log_in(&site, None).await;
    openid::revoke_due(site.app(), site.app().clock.now()).await.unwrap();
    assert_eq!(federation.counts().revoked, 0, "the session is open");
    let token = inside.token().digest();
    site.app().store.write(async move |tx| tx.delete_session(&token).await).await.unwrap();
    openid::revoke_due(site.app(), site.app().clock.now()).await.unwrap();
    assert_eq!(federation.counts().revoked, 1);
    site.advance(600);
    openid::revoke_due(site.app(), site.app().clock.now()).await.unwrap();
    assert_eq!(federation.counts().revoked, 1, "once");
}

/// CIE-13: the chain is kept for all nodes and renewed in the background; no login waits for the anchor.
#[tokio::test]
async fn an_anchor_that_withdraws_closes_the_way_when_the_chain_ends_and_not_before() {
    let site = Site::open_by_openid().await;
    let federation = site.sandbox.federation.clone().unwrap();
    log_in(&site, None).await.0.expect(StatusCode::FOUND);
    let state = || site.app().openid.as_ref().unwrap().state().unwrap();
    let first = state();
    federation.withdraw(true);
    let left = first.expires.as_second() - first.verified_at.as_second();
    site.advance(left * 4 / 5);
    let now = site.app().clock.now();
    assert!(openid::renew_due(site.app(), now).await.is_err(), "it is due, and cannot be had");
    assert_eq!(state(), first);
    log_in(&site, None).await.0.expect(StatusCode::FOUND);
    site.advance(left - left * 4 / 5);
    let closed = site.browser().get("/accesso/cie").await.expect(StatusCode::SERVICE_UNAVAILABLE);
    closed.says("ora non funziona");
    federation.withdraw(false);
    site.advance(61);
    assert!(openid::renew_due(site.app(), site.app().clock.now()).await.unwrap());
    log_in(&site, None).await.0.expect(StatusCode::FOUND);
    // not due again at once
    assert!(!openid::renew_due(site.app(), site.app().clock.now()).await.unwrap());
}

/// CIE-23: an unknown key asks for a new chain, at most once a minute.
#[tokio::test]
async fn a_provider_that_changed_its_key_is_believed_by_a_new_chain() {
    let site = Site::open_by_openid().await;
    log_in(&site, None).await.0.expect(StatusCode::FOUND);
    site.sandbox.federation.clone().unwrap().change_key();
    site.advance(61);
    log_in(&site, None).await.0.expect(StatusCode::FOUND);
    for _ in 0..2 {
        log_in(&site, Some("chiave-ignota")).await.0.expect(StatusCode::FORBIDDEN);
    }
}

/// CIE-1, CIE-4, CIE-5, CIE-7.
#[tokio::test]
async fn what_we_publish_is_signed_and_a_stranger_starts_no_fetch() {
    let site = Site::open_by_openid().await;
    let said = site.browser().get("/.well-known/openid-federation").await.expect(StatusCode::OK);
    assert_eq!(said.header(header::CONTENT_TYPE), "application/entity-statement+jwt");
    assert_eq!(said.text().split('.').count(), 3);
    let again = site.browser().get("/.well-known/openid-federation").await;
    assert_eq!(again.text(), said.text(), "made anew at each question");
    let openid = site.app().openid.as_ref().unwrap();
    let ask = |sub: &str| {
        format!("/cie/resolve?sub={}&trust_anchor={}", encode(sub), encode(&openid.anchor.entity_id))
    };
    site.browser().get(&ask(&openid.provider)).await.expect(StatusCode::NOT_FOUND);
    assert!(openid.state().is_none(), "a stranger's question fetched something");
    log_in(&site, None).await.0.expect(StatusCode::FOUND);
    let found = site.browser().get(&ask(&openid.provider)).await.expect(StatusCode::OK);
    assert_eq!(found.header(header::CONTENT_TYPE), "application/resolve-response+jwt");
    site.browser().get(&ask("https://altro.example")).await.expect(StatusCode::NOT_FOUND);
    site.browser().get("/cie/resolve").await.expect(StatusCode::BAD_REQUEST);
}

/// A dead federation of CIE slows nobody else.
#[tokio::test]
async fn spid_works_while_cie_does_not() {
    let site = Site::open_by_openid().await;
    site.sandbox.federation.clone().unwrap().withdraw(true);
    site.browser().get("/accesso/cie").await.expect(StatusCode::SERVICE_UNAVAILABLE);
    let (answer, _) = crate::spid::log_in_as(&site, "giulia").await;
    assert_eq!(answer.status, StatusCode::FOUND);
}

/// SPID-L3 by CIE.
#[tokio::test]
async fn a_step_up_asks_for_level_three_and_comes_back_to_the_page() {
    let site = Site::open_by_openid().await;
    let login = Login::start(&site.browser(), "/accesso/cie?livello=3&ritorno=%2Ffascicolo%2Faccessi").await;
    let url = choose(&site, &login, "giulia", None).await;
    let answer = come_back(&site, &login, &url).await.expect(StatusCode::FOUND);
    assert_eq!(answer.header(header::LOCATION), "/fascicolo/accessi");
    let token = site.browser().with_cookies_of(&answer).token().digest();
    let found = site.app().store.read(async move |tx| tx.session(&token).await).await.unwrap();
    assert_eq!(found.unwrap().0.level, Level::Three);
}
