//! In with CIE over SAML, and from abroad through the eIDAS node (SPID-C, SPID-X, ACC-A2).

use axum::http::{StatusCode, header};
use fascicolo_domain::login::{Federation, Level, Method};
use fascicolo_sandbox::idp::mistake::Mistake;
use fascicolo_store::ExchangeFilter;
use fascicolo_web::login::abroad;

use crate::harness::Site;
use crate::spid::{Login, Message, Waiting, at_provider, at_standins, log_in_as, request_of};

#[tokio::test]
async fn a_person_with_a_cie_gets_in_and_out() {
    let site = Site::open().await;
    site.browser().get("/accesso").await.expect(StatusCode::OK).says("Entra con CIE");
    let login = Login::start(&site.browser(), "/accesso/cie").await;
    let handed = at_provider(&site, &login, "giulia", None).await;
    let answer = handed.post_to(&site, &login, "/cie/acs").await.expect(StatusCode::FOUND);
    assert_eq!(answer.header(header::LOCATION), "/fascicolo");
    let inside = site.browser().with_cookies_of(&answer);
    inside.get("/fascicolo").await.expect(StatusCode::OK).says("Giulia");
    let token = inside.token().digest();
    let (session, _) =
        site.app().store.read(async move |tx| tx.session(&token).await).await.unwrap().unwrap();
    assert_eq!((session.method, session.level), (Method::Cie, Level::Three));
    inside.get("/fascicolo/profilo").await.expect(StatusCode::OK).says("CIE");
    inside.post("/esci", &[]).await.expect(StatusCode::SEE_OTHER);
    inside.get("/fascicolo").await.expect(StatusCode::SEE_OTHER);
}

/// SPID-C5.
#[tokio::test]
async fn the_request_to_cie_names_the_site_as_cie_knows_it_and_wants_a_fresh_login() {
    let site = Site::open().await;
    let xml = request_of(&Login::start(&site.browser(), "/accesso/cie").await);
    assert!(xml.contains("Destination=\"http://127.0.0.1:8081/idp/cie/sso\""), "{xml}");
    assert!(xml.contains(">https://localhost:8443/cie</saml:Issuer>"), "{xml}");
    assert!(xml.contains("ForceAuthn=\"true\"") && xml.contains("Comparison=\"minimum\""), "{xml}");
    assert!(!xml.contains("AllowCreate"), "{xml}");
}

/// SPID-C2, SPID-M12: two documents, each of its own federation.
#[tokio::test]
async fn each_federation_has_metadata_of_its_own() {
    let site = Site::open().await;
    let spid = site.browser().get("/spid/metadata").await.expect(StatusCode::OK);
    let cie = site.browser().get("/cie/metadata").await.expect(StatusCode::OK);
    assert_eq!(cie.header(header::CONTENT_TYPE), "application/samlmetadata+xml");
    assert!(spid.text().contains("https://localhost:8443/spid/acs") && !spid.text().contains("/cie/acs"));
    assert!(cie.text().contains("https://localhost:8443/cie/acs") && !cie.text().contains("/spid/acs"));
}

#[tokio::test]
async fn every_wrong_answer_of_cie_is_refused_and_the_card_is_spoken_of() {
    let site = Site::open().await;
    let good = Login::start(&site.browser(), "/accesso/cie").await;
    at_provider(&site, &good, "giulia", None)
        .await
        .post_to(&site, &good, "/cie/acs")
        .await
        .expect(StatusCode::FOUND);
    for (name, mistake) in Mistake::ALL {
        let login = Login::start(&site.browser(), "/accesso/cie").await;
        let handed = at_provider(&site, &login, "giulia", Some(name)).await;
        let refused = handed.post_to(&site, &login, "/cie/acs").await.expect(StatusCode::FORBIDDEN);
        let refused = refused.says("Numero per l’assistenza");
        if matches!(mistake, Mistake::Anomaly(_)) {
            assert!(refused.text().contains("href=\"/accesso/cie\""), "{name}: no way to try again");
        }
        if mistake == Mistake::Anomaly(23) {
            refused.says("La tua carta non è attiva");
        }
    }
}

/// The answer of one federation is none at the door of the other, and uses nothing up there.
#[tokio::test]
async fn an_answer_at_the_other_federations_door_opens_nothing() {
    let site = Site::open().await;
    let cie = Login::start(&site.browser(), "/accesso/cie").await;
    let handed = at_provider(&site, &cie, "giulia", None).await;
    handed.post_to(&site, &cie, "/spid/acs").await.expect(StatusCode::FORBIDDEN);
    handed.post_to(&site, &cie, "/cie/acs").await.expect(StatusCode::FOUND);
    let spid = Login::begin(&site, "/accesso/spid?idp=").await;
    let handed = at_provider(&site, &spid, "giulia", None).await;
    handed.post_to(&site, &spid, "/cie/acs").await.expect(StatusCode::FORBIDDEN);
    handed.post_to(&site, &spid, "/spid/acs").await.expect(StatusCode::FOUND);
}

/// CIE and the node are no SPID providers to choose, and a SPID provider is not CIE.
#[tokio::test]
async fn nobody_is_led_to_a_provider_of_another_federation() {
    let site = Site::open().await;
    for federation in [Federation::Cie, Federation::Eidas] {
        let other = site.sandbox.idps.of(federation).next().unwrap();
        let start = format!("/accesso/spid?idp={}", fascicolo_web::http::forms::encode(&other.entity_id));
        site.browser().get(&start).await.expect(StatusCode::NOT_FOUND);
    }
    let choose = site.browser().get("/accesso").await.expect(StatusCode::OK);
    assert_eq!(choose.text().matches("/accesso/spid?idp=").count(), 3, "the registry's three");
}

#[tokio::test]
async fn a_session_of_cie_ends_at_the_providers_word_at_its_own_door_only() {
    let site = Site::open().await;
    let login = Login::start(&site.browser(), "/accesso/cie").await;
    let answer = at_provider(&site, &login, "giulia", None).await.post_to(&site, &login, "/cie/acs").await;
    let inside = site.browser().with_cookies_of(&answer.expect(StatusCode::FOUND));
    let cie = site.sandbox.idps.of(Federation::Cie).next().unwrap();
    let kept = site.sandbox.idps.sessions(cie);
    assert_eq!(kept.len(), 1, "CIE keeps a session");
    let path = format!("/idp/cie/sessioni/post/{}", kept[0].index);
    let request = axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
    let asked = Message::of(&at_standins(&site, request).await.expect(StatusCode::OK));
    assert!(asked.address().ends_with("/cie/slo"), "{}", asked.address());
    asked.carry_to(&site, "/spid/slo").await.expect(StatusCode::FORBIDDEN);
    inside.get("/fascicolo").await.expect(StatusCode::OK);
    asked.carry(&site).await.expect(StatusCode::OK);
    inside.get("/fascicolo").await.expect(StatusCode::SEE_OTHER);
}

/// SPID-X3: proved, and yet nobody we could open a record for.
#[tokio::test]
async fn a_person_from_abroad_gets_a_number_for_the_desk_and_no_session() {
    let site = Site::open().await;
    site.browser().get("/accesso").await.expect(StatusCode::OK).says("Login with eIDAS");
    let login = Login::start(&site.browser(), "/accesso/eidas").await;
    assert!(request_of(&login).contains("AttributeConsumingServiceIndex=\"99\""), "SPID-X2");
    let handed = at_provider(&site, &login, "giulia", None).await;
    let page = handed.post_to(&site, &login, "/spid/acs").await.expect(StatusCode::FORBIDDEN);
    assert!(site.browser().with_cookies_of(&page).is_out(), "a session was opened");
    let page = page.says("Ti abbiamo riconosciuto, ma manca un passo").says("Scelta e Revoca");
    let number = page.text().split(">E-").nth(1).unwrap().split('<').next().unwrap();
    let number = format!("E-{number}");
    let (wanted, now) = (number.clone(), site.app().clock.now());
    let kept = site.app().store.read(async move |tx| tx.matching_request(&wanted, now).await).await.unwrap();
    let kept = kept.expect("the request waits for the desk");
    assert_eq!(kept.issuer, "http://127.0.0.1:8081/idp/nodo-eidas");
    assert!(!String::from_utf8_lossy(&kept.facts).contains("Giulia"), "in the clear");
    let facts = site.app().keyring.open_bytes(&abroad::context(&number), &kept.facts).unwrap();
    let facts = String::from_utf8(facts).unwrap();
    assert!(facts.starts_with("DE/IT/") && facts.contains("\nGiulia\n"), "{facts}");
    // sent again, it is used up, and no second request waits
    handed.post_to(&site, &login, "/spid/acs").await.expect(StatusCode::FORBIDDEN).hides(">E-");
}

/// SPID-G1, SPID-G5: it is in the register as one that did not get in.
#[tokio::test]
async fn a_login_from_abroad_is_on_record() {
    let site = Site::open().await;
    let login = Login::start(&site.browser(), "/accesso/eidas").await;
    at_provider(&site, &login, "giulia", None).await.post_to(&site, &login, "/spid/acs").await;
    let filter = ExchangeFilter::default();
    let found =
        site.app().store.read(async move |tx| tx.login_exchanges(&filter, None, 10).await).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].outcome.as_str(), found[0].level), ("abroad", Some(Level::Two)));
    assert_eq!((found[0].session, found[0].citizen), (None, None));
}

/// A stand-in for both tabs: the two ways in do not disturb each other.
#[tokio::test]
async fn two_logins_by_two_ways_in_one_browser_both_end_well() {
    let site = Site::open().await;
    let (_, inside) = log_in_as(&site, "giulia").await;
    let cie = Login::start(&inside, "/accesso/cie").await;
    let waiting = Waiting::at(&site, &cie).await;
    let spid = Login::begin_from(&site, &inside, "/accesso/spid?idp=").await;
    at_provider(&site, &spid, "giulia", None).await.post(&site, &spid).await.expect(StatusCode::FOUND);
    let handed = waiting.choose(&site, "giulia", None).await;
    handed.post_to(&site, &cie, "/cie/acs").await.expect(StatusCode::FOUND);
}
