//! The provider's session ends with ours, and ours with the provider's (ACC-S3, SPID-O1 to O4).

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use fascicolo_eid::spid::Binding;
use fascicolo_eid::xml::{decode_base64, encode_base64};

use crate::harness::{Browser, Site};
use crate::spid::{Login, Message, at_provider, at_standins, log_in_as};

/// The provider that keeps a session at every level.
const KEEPER: usize = 2;

/// In with the provider that keeps a session.
async fn enter(site: &Site, person: &str) -> Browser {
    let login = Login::begin_at(site, &site.browser(), "/accesso/spid?idp=", KEEPER).await;
    let answer = at_provider(site, &login, person, None).await.post(site, &login).await;
    site.browser().with_cookies_of(&answer.expect(StatusCode::FOUND))
}

fn kept(site: &Site) -> Vec<String> {
    let keeper = &site.sandbox.idps.providers()[KEEPER];
    site.sandbox.idps.sessions(keeper).into_iter().map(|session| session.index).collect()
}

/// The provider ends its session and says so.
async fn provider_ends(site: &Site, way: &str) -> Message {
    let index = kept(site).remove(0);
    let path = format!("/idp/bussola/sessioni/{way}/{index}");
    Message::of(&at_standins(site, Request::get(path).body(Body::empty()).unwrap()).await)
}

/// Out, and to the page that offers to end the provider's session; the address that does it.
async fn leave(site: &Site, inside: &Browser) -> String {
    let out = inside.post("/esci", &[]).await.expect(StatusCode::SEE_OTHER);
    inside.get("/fascicolo").await.expect(StatusCode::SEE_OTHER);
    let place = out.header(header::LOCATION).to_owned();
    let page = site.browser().get(&place).await.expect(StatusCode::OK).says("Esci anche da Bussola Sicura");
    let link = page.text().split("href=\"/uscita/gestore?").nth(1).unwrap().split('"').next().unwrap();
    format!("/uscita/gestore?{link}")
}

#[tokio::test]
async fn after_leaving_one_may_end_the_providers_session_too() {
    for binding in [Binding::Redirect, Binding::Post] {
        let site = Site::open_with(binding).await;
        let inside = match binding {
            Binding::Redirect => enter(&site, "giulia").await,
            Binding::Post => enter_by_form(&site).await,
        };
        let link = leave(&site, &inside).await;
        assert_eq!(kept(&site).len(), 1);
        let asked = site.browser().get(&link).await;
        let replied = Message::of(&asked).carry(&site).await;
        assert_eq!(kept(&site).len(), 0, "{replied:?}");
        let back = Message::of(&replied).carry(&site).await.expect(StatusCode::FOUND);
        assert_eq!(back.header(header::LOCATION), "/uscita?esito=chiusa");
        site.browser().get("/uscita?esito=chiusa").await.says("Anche la sessione presso il gestore è chiusa");
        // the reply is good once, and the request is closed
        Message::of(&replied).carry(&site).await.expect(StatusCode::FORBIDDEN);
        assert_eq!(site.browser().get(&link).await.header(header::LOCATION), "/uscita");
    }
}

async fn enter_by_form(site: &Site) -> Browser {
    let provider = fascicolo_web::http::forms::encode(&site.sandbox.idps.providers()[KEEPER].entity_id);
    let page = site.browser().get(&format!("/accesso/spid?idp={provider}")).await;
    let cookies = page.headers.get_all(header::SET_COOKIE).iter().map(|c| c.to_str().unwrap().to_owned());
    let login = Login { url: String::new(), cookies: cookies.collect() };
    let asked = Message::of(&page).carry(site).await;
    let handed = crate::spid::Waiting::of(&asked, "bussola").choose(site, "giulia", None).await;
    site.browser().with_cookies_of(&handed.post(site, &login).await)
}

#[tokio::test]
async fn without_a_session_at_the_provider_there_is_nothing_to_offer() {
    let site = Site::open().await;
    let (_, inside) = log_in_as(&site, "giulia").await;
    let out = inside.post("/esci", &[]).await;
    assert_eq!(out.header(header::LOCATION), "/uscita");
    for nothing in ["/uscita", "/uscita?gestore=_0123", "/uscita?gestore=", "/uscita?esito=altro"] {
        site.browser().get(nothing).await.expect(StatusCode::OK).hides("Esci anche").hides("gestore è");
    }
    let none = site.browser().get("/uscita/gestore?richiesta=_0123").await.expect(StatusCode::FOUND);
    assert_eq!(none.header(header::LOCATION), "/uscita");
}

#[tokio::test]
async fn the_offer_lasts_ten_minutes() {
    let site = Site::open().await;
    let link = leave(&site, &enter(&site, "giulia").await).await;
    site.advance(599);
    assert!(
        site.browser().get(&link).await.header(header::LOCATION).contains("/idp/bussola/slo?SAMLRequest=")
    );
    site.advance(1);
    assert_eq!(site.browser().get(&link).await.header(header::LOCATION), "/uscita");
}

#[tokio::test]
async fn a_provider_ends_our_session_over_both_bindings() {
    let site = Site::open().await;
    for way in ["redirect", "post"] {
        let (ended, other) = (enter(&site, "giulia").await, log_in_as(&site, "giulia").await.1);
        let request = provider_ends(&site, way).await;
        assert!(request.address().starts_with("https://localhost:8443/spid/slo"), "{}", request.address());
        let reply = request.carry(&site).await;
        ended.get("/fascicolo").await.expect(StatusCode::SEE_OTHER);
        other.get("/fascicolo/accessi").await.expect(StatusCode::OK).says("Uscita");
        // the provider verifies our reply
        Message::of(&reply).carry(&site).await.expect(StatusCode::OK).says("è chiusa");
        // asked again, we say again that it has ended (SPID-O4)
        let again = Message::of(&request.carry(&site).await);
        again.carry(&site).await.expect(StatusCode::OK).says("è chiusa");
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_verified_ends_nothing() {
    let site = Site::open().await;
    let inside = enter(&site, "giulia").await;
    let redirected = provider_ends(&site, "redirect").await;
    let (inside_too, posted) = (enter(&site, "anna").await, provider_ends(&site, "post").await);
    let in_words = |change: &'static str| {
        posted.altered(|value| match decode_base64(value).ok().and_then(|b| String::from_utf8(b).ok()) {
            Some(xml) if xml.contains("SessionIndex") => encode_base64(xml.replace("2.0", change).as_bytes()),
            _ => value.to_owned(),
        })
    };
    for wrong in [
        in_words("2.1"),
        redirected.altered(|url| url.replace("RelayState=fine", "RelayState=altro")),
        redirected.altered(|url| url.split("&SigAlg").next().unwrap().to_owned()),
        redirected.altered(|url| url.replace("SAMLRequest", "SAMLResponse")),
        Message::Go("https://localhost:8443/spid/slo".into()),
        Message::Go("https://localhost:8443/spid/slo?SAMLRequest=abc&SigAlg=x&Signature=y".into()),
        Message::Send { action: posted.address().into(), fields: vec![("SAMLRequest", String::new())] },
        Message::Send { action: posted.address().into(), fields: vec![("SAMLResponse", "PGEvPg==".into())] },
    ] {
        wrong.carry(&site).await.expect(StatusCode::FORBIDDEN).says("Uscita non confermata");
        inside.get("/fascicolo").await.expect(StatusCode::OK);
        inside_too.get("/fascicolo").await.expect(StatusCode::OK);
    }
    // each as it was
    redirected.carry(&site).await.expect(StatusCode::FOUND);
    posted.carry(&site).await.expect(StatusCode::OK);
    inside.get("/fascicolo").await.expect(StatusCode::SEE_OTHER);
    inside_too.get("/fascicolo").await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_request_to_end_a_session_is_good_for_five_minutes() {
    let site = Site::open().await;
    let inside = enter(&site, "giulia").await;
    let request = provider_ends(&site, "post").await;
    site.advance(301);
    request.carry(&site).await.expect(StatusCode::FORBIDDEN);
    inside.get("/fascicolo").await.expect(StatusCode::OK);
}
