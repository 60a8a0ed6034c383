//! In with CIE by OpenID Connect: the site and the federation as they are, over sockets and without.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use fascicolo_sandbox::{CieProtocol, Contents, Options, Sandbox, sandbox};
use fascicolo_web::login::openid::revoke_due;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::browser::{Browser, Page};
use crate::program::Program;

/// To the provider's page, and back with its answer.
async fn log_in(program: &Program, person: &str, mistake: Option<&str>) -> (Browser, Page) {
    let mut browser = Browser::trusting(&program.ca());
    let choose = browser.get(&format!("{}/accesso", program.address("site"))).await;
    let at = browser.get(&choose.link("/accesso/cie")).await;
    if at.status != 200 {
        return (browser, at);
    }
    assert!(at.url.starts_with(&format!("{}/cie-oidc/", program.address("standins"))), "{}", at.url);
    let handle = at.field("richiesta");
    let mut fields = vec![("richiesta", handle.as_str()), ("persona", person)];
    fields.extend(mistake.map(|mistake| ("errore", mistake)));
    let action = at.form_action("persona");
    let page = browser.post(&action, &fields, program.address("standins")).await;
    (browser, page)
}

async fn set_clock(program: &Program, by: &str) {
    let mut browser = Browser::trusting(&program.ca());
    let standins = program.address("standins");
    let set = browser.post_once(&format!("{standins}/clock"), &[("now", by)], standins).await;
    assert_eq!(set.status, 303);
}

async fn switch(program: &Program, name: &str, fields: &[(&str, &str)]) {
    let mut browser = Browser::trusting(&program.ca());
    let standins = program.address("standins");
    let url = format!("{standins}/federazione/{name}");
    assert_eq!(browser.post(&url, fields, standins).await.status, 200);
}

/// CIE-13, CIE-17, CIE-21, CIE-23, CIE-28.
#[tokio::test]
async fn a_person_gets_in_with_cie_and_a_wrong_answer_opens_nothing() {
    let program = Program::start(&["--many", "1"]);
    let record = format!("{}/fascicolo", program.address("secure"));
    let (browser, page) = log_in(&program, "giulia", None).await;
    assert_eq!((page.status, page.url.as_str()), (200, record.as_str()), "{}", page.text());
    assert!(page.text().contains("Giulia") && browser.has_cookie("__Host-fascicolo"));

    for (mistake, status) in [
        ("rifiutato", 403),
        ("fuori-servizio", 503),
        ("altro-stato", 403),
        ("altro-iss", 403),
        ("token-rotto", 503),
        ("livello-1", 403),
        ("altro-nonce", 403),
        ("alg-none", 403),
        ("chiave-ignota", 403),
        ("dati-altra-persona", 403),
        ("dati-in-chiaro", 403),
        ("prefisso-estero", 403),
    ] {
        let (browser, page) = log_in(&program, "giulia", Some(mistake)).await;
        assert_eq!(page.status, status, "{mistake}");
        assert!(!browser.has_cookie("__Host-fascicolo"), "{mistake}");
    }

    // the chain is asked for anew once a minute at most
    set_clock(&program, "+2m").await;
    switch(&program, "chiave", &[]).await;
    assert_eq!(log_in(&program, "marco", None).await.1.url, record);

    switch(&program, "ritiro", &[("ritirata", "si")]).await;
    assert_eq!(log_in(&program, "marco", None).await.1.url, record, "what is known serves to its end");
    set_clock(&program, "+2d").await;
    assert_eq!(log_in(&program, "marco", None).await.1.status, 503);
    switch(&program, "ritiro", &[("ritirata", "no")]).await;
    set_clock(&program, "+2m").await;
    assert_eq!(log_in(&program, "marco", None).await.1.url, record);
}

const SITE: &str = "localhost:8443";
const STANDINS: &str = "127.0.0.1:8081";

async fn send(router: Router, host: &str, path: &str, more: (&str, Option<String>)) -> Response<Body> {
    let (cookie, form) = more;
    let mut request = Request::builder().uri(path).header(header::HOST, host);
    if !cookie.is_empty() {
        request = request.header(header::COOKIE, cookie);
    }
    let request = match form {
        None => request.body(Body::empty()),
        Some(form) => request
            .method("POST")
            .header(header::ORIGIN, format!("https://{host}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form)),
    };
    router.oneshot(request.unwrap()).await.unwrap()
}

fn location<'a>(response: &'a Response<Body>, origin: &str) -> &'a str {
    assert_eq!(response.status(), StatusCode::FOUND);
    response.headers()[header::LOCATION].to_str().unwrap().strip_prefix(origin).unwrap()
}

/// The cookie of that name which an answer sets.
fn cookie(response: &Response<Body>, name: &str) -> String {
    let all = response.headers().get_all(header::SET_COOKIE).iter().map(|v| v.to_str().unwrap());
    let found = all.filter_map(|line| line.split(';').next()).find(|pair| pair.starts_with(name));
    found.unwrap().to_owned()
}

/// A session's cookie.
async fn session(sandbox: &Sandbox, person: &str) -> String {
    let started = send(sandbox.site(), SITE, "/accesso/cie", ("", None)).await;
    let pending = cookie(&started, "__Host-accesso");
    let path = location(&started, "http://127.0.0.1:8081");
    let page = send(sandbox.standins.clone(), STANDINS, path, ("", None)).await;
    let page = page.into_body().collect().await.unwrap().to_bytes().to_vec();
    let page = String::from_utf8(page).unwrap();
    let handle = page.split("name=\"richiesta\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = format!("richiesta={handle}&persona={person}");
    let chosen = send(sandbox.standins.clone(), STANDINS, "/cie-oidc/accesso", ("", Some(form))).await;
    let opened =
        send(sandbox.site(), SITE, location(&chosen, "https://localhost:8443"), (&pending, None)).await;
    assert_eq!(location(&opened, ""), "/fascicolo");
    cookie(&opened, "__Host-fascicolo")
}

/// CIE-27.
#[tokio::test]
async fn leaving_the_site_revokes_the_token_at_the_provider() {
    let now = "2026-11-25T11:00:00Z".parse().unwrap();
    let options = Options { cie: CieProtocol::OpenId, ..Options::for_tests(now, Contents::None) };
    let sandbox = sandbox(options).await.unwrap();
    let federation = sandbox.federation.clone().unwrap();
    let giulia = session(&sandbox, "giulia").await;
    let _marco = session(&sandbox, "marco").await;
    assert_eq!((federation.counts().redeemed, federation.counts().userinfo), (2, 2));
    revoke_due(&sandbox.app, now).await.unwrap();
    assert_eq!(federation.counts().revoked, 0, "nobody has left");
    let out = send(sandbox.site(), SITE, "/esci", (&giulia, Some(String::new()))).await;
    assert!(out.status().is_redirection(), "{}", out.status());
    revoke_due(&sandbox.app, now).await.unwrap();
    assert_eq!(federation.counts().revoked, 1);
}
