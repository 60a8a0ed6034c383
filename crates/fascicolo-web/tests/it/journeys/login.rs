//! In with SPID and out again, and every way that must lead nowhere (ACC-A1 to A9, ACC-S1 to S6, SPID-R4, R15, R16).

use axum::http::{StatusCode, header};
use fascicolo_domain::Fault;
use fascicolo_sandbox::idp::mistake::Mistake;
use fascicolo_store::ExchangeFilter;

use crate::harness::{Answer, Browser, Site};
use crate::spid::{Handed, Login, Message, Waiting, at_provider, log_in_as};

const ACS: &str = "/spid/acs";

#[tokio::test]
async fn a_person_gets_in_reads_their_name_and_gets_out() {
    let site = Site::open().await;
    let (answer, inside) = log_in_as(&site, "giulia").await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::FOUND, "/fascicolo"));
    inside.get("/fascicolo").await.expect(StatusCode::OK).says("Giulia");
    let out = inside.post("/esci", &[]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(out.header(header::LOCATION), "/uscita");
    assert_eq!(out.headers["clear-site-data"], "\"cache\", \"cookies\", \"storage\"");
    inside.get("/fascicolo").await.expect(StatusCode::SEE_OTHER);
    // twice harms nothing
    inside.post("/esci", &[]).await.expect(StatusCode::SEE_OTHER);
    site.browser().get("/uscita").await.expect(StatusCode::OK).says("chiudi anche il browser");
}

#[tokio::test]
async fn the_session_cookie_is_for_this_host_alone_and_the_login_cookie_is_taken_back() {
    let site = Site::open().await;
    let login = Login::begin(&site, "/accesso/spid?idp=").await;
    let pending = login.cookies.join("\n");
    assert!(pending.contains("SameSite=None") && pending.contains("Max-Age=600"), "{pending}");
    assert!(pending.starts_with("__Host-accesso-") && pending.contains("Secure; HttpOnly"), "{pending}");
    let handed = at_provider(&site, &login, "giulia", None).await;
    let answer = handed.post(&site, &login).await;
    let cookies: Vec<&str> =
        answer.headers.get_all(header::SET_COOKIE).iter().map(|c| c.to_str().unwrap()).collect();
    let session = cookies.iter().find(|c| c.starts_with("__Host-fascicolo=")).unwrap();
    assert!(session.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{session}");
    assert!(cookies.iter().any(|c| c.starts_with("__Host-accesso-") && c.contains("Max-Age=0")));
}

#[tokio::test]
async fn one_answer_opens_one_session_however_many_send_it_at_once() {
    let site = Site::open().await;
    let login = Login::begin(&site, "/accesso/spid?idp=").await;
    let handed = at_provider(&site, &login, "giulia", None).await;
    let answers = futures_util::future::join_all((0..50).map(|_| handed.post(&site, &login))).await;
    let opened = answers.iter().filter(|a| a.status == StatusCode::FOUND).count();
    let refused = answers.iter().filter(|a| a.status == StatusCode::FORBIDDEN).count();
    assert_eq!((opened, refused), (1, 49));
    handed.post(&site, &login).await.expect(StatusCode::FORBIDDEN);
}

/// SPID-R15, ACC-S5: the request is used up in the store, not in a node's memory.
#[tokio::test]
async fn one_answer_opens_one_session_across_nodes_and_after_a_restart() {
    let site = Site::open().await;
    let node = site.again().await;
    let login = Login::begin(&site, "/accesso/spid?idp=").await;
    let handed = at_provider(&site, &login, "giulia", None).await;
    let at = |n| if n % 2 == 0 { &site } else { &node };
    let answers = futures_util::future::join_all((0..20).map(|n| handed.post(at(n), &login))).await;
    let opened: Vec<&Answer> = answers.iter().filter(|a| a.status == StatusCode::FOUND).collect();
    assert_eq!((opened.len(), answers.iter().filter(|a| a.status == StatusCode::FORBIDDEN).count()), (1, 19));
    let restarted = site.again().await;
    handed.post(&restarted, &login).await.expect(StatusCode::FORBIDDEN);
    // the session holds on every node
    for place in [&site, &node, &restarted] {
        place.browser().with_cookies_of(opened[0]).get("/fascicolo").await.expect(StatusCode::OK);
    }
}

/// SPID-L2: a provider may keep a session at level 2 too.
#[tokio::test]
async fn an_answer_with_a_session_index_at_level_two_is_as_good() {
    let site = Site::open().await;
    let login = Login::begin_at(&site, &site.browser(), "/accesso/spid?idp=", 2).await;
    let answer = at_provider(&site, &login, "giulia", None).await.post(&site, &login).await;
    site.browser().with_cookies_of(&answer).get("/fascicolo").await.expect(StatusCode::OK).says("Giulia");
}

/// SPID-S3, SPID-S4: each login has another name identifier, each provider another SPID code.
#[tokio::test]
async fn the_same_person_by_two_providers_is_one_person() {
    let site = Site::open().await;
    let mut people = Vec::new();
    for provider in [0, 1, 0] {
        let login = Login::begin_at(&site, &site.browser(), "/accesso/spid?idp=", provider).await;
        let answer = at_provider(&site, &login, "giulia", None).await.post(&site, &login).await;
        let token = site.browser().with_cookies_of(&answer).token().digest();
        let found = site.app().store.read(async move |tx| tx.session(&token).await).await.unwrap();
        people.push(found.unwrap().1.id);
    }
    assert!(people.iter().all(|id| *id == people[0]), "{people:?}");
}

#[tokio::test]
async fn an_answer_without_this_browsers_pending_login_opens_nothing() {
    let site = Site::open().await;
    let mine = Login::begin(&site, "/accesso/spid?idp=").await;
    let theirs = Login::begin(&site, "/accesso/spid?idp=").await;
    let handed = at_provider(&site, &mine, "giulia", None).await;
    let nobody = Login { cookies: Vec::new(), ..mine.clone() };
    for browser in [&nobody, &theirs] {
        let refused = handed.post(&site, browser).await.expect(StatusCode::FORBIDDEN);
        assert!(!refused.headers.contains_key(header::SET_COOKIE), "nothing is opened or closed");
    }
    // and the person whose login it is still gets in
    handed.post(&site, &mine).await.expect(StatusCode::FOUND);
}

#[tokio::test]
async fn two_tabs_get_in_one_after_the_other() {
    let site = Site::open().await;
    let one = Login::begin(&site, "/accesso/spid?idp=").await;
    let two = Login::begin(&site, "/accesso/spid?idp=").await;
    let both = Login { cookies: [one.cookies.clone(), two.cookies.clone()].concat(), ..one.clone() };
    for login in [&two, &one] {
        at_provider(&site, login, "giulia", None).await.post(&site, &both).await.expect(StatusCode::FOUND);
    }
}

#[tokio::test]
async fn a_pending_login_lasts_ten_minutes_and_not_an_instant_longer() {
    let site = Site::open().await;
    for (seconds, status) in [(599, StatusCode::FOUND), (600, StatusCode::FORBIDDEN)] {
        let login = Login::begin(&site, "/accesso/spid?idp=").await;
        let waiting = Waiting::at(&site, &login).await;
        site.advance(seconds);
        let handed = waiting.choose(&site, "giulia", None).await;
        assert_eq!(handed.post(&site, &login).await.status, status, "{seconds}");
    }
}

#[tokio::test]
async fn a_new_login_ends_the_session_that_was_open_in_this_browser() {
    let site = Site::open().await;
    let (_, old) = log_in_as(&site, "giulia").await;
    let login = Login::begin_from(&site, &old, "/accesso/spid?idp=").await;
    let handed = at_provider(&site, &login, "giulia", None).await;
    let new = handed.post(&site, &login).await.expect(StatusCode::FOUND);
    old.get("/fascicolo").await.expect(StatusCode::SEE_OTHER);
    site.browser().with_cookies_of(&new).get("/fascicolo").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn one_lands_where_one_was_going_and_nowhere_else() {
    let site = Site::open().await;
    let asked = site.browser().get("/fascicolo/accessi").await.expect(StatusCode::SEE_OTHER);
    assert_eq!(asked.header(header::LOCATION), "/accesso?ritorno=/fascicolo/accessi");
    for (wish, place) in [
        ("/fascicolo/accessi", "/fascicolo/accessi"),
        ("https://altrove.example/", "/fascicolo"),
        ("//altrove.example", "/fascicolo"),
        ("/fascicolo/documenti?titolo=x", "/fascicolo"),
        ("/esci", "/fascicolo"),
    ] {
        let start = format!("/accesso/spid?ritorno={}&idp=", fascicolo_web::http::forms::encode(wish));
        let login = Login::begin(&site, &start).await;
        let answer = at_provider(&site, &login, "giulia", None).await.post(&site, &login).await;
        assert_eq!(answer.header(header::LOCATION), place, "{wish}");
    }
}

#[tokio::test]
async fn every_wrong_answer_is_refused_with_a_page() {
    let site = Site::open().await;
    let (_, _) = log_in_as(&site, "giulia").await; // «ripetuta» repeats the last good answer
    for (name, _) in Mistake::ALL {
        let login = Login::begin(&site, "/accesso/spid?idp=").await;
        let refused = at_provider(&site, &login, "giulia", Some(name)).await.post(&site, &login).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name}");
        let opened = refused
            .headers
            .get_all(header::SET_COOKIE)
            .iter()
            .any(|c| c.to_str().unwrap().starts_with("__Host-fascicolo="));
        assert!(!opened, "{name}");
        refused.says("Numero per l’assistenza");
    }
}

#[tokio::test]
async fn a_refused_answer_closes_the_request_for_the_good_one_too() {
    let site = Site::open().await;
    let login = Login::begin(&site, "/accesso/spid?idp=").await;
    let good = at_provider(&site, &login, "giulia", None).await;
    good.altered("Giulia", "Giuliz").post(&site, &login).await.expect(StatusCode::FORBIDDEN);
    good.post(&site, &login).await.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn each_anomaly_has_words_of_its_own() {
    let site = Site::open().await;
    for (name, words) in [
        ("nr19", "Le credenziali non corrispondono"),
        ("nr20", "Serve un livello più alto"),
        ("nr21", "Il tempo è scaduto"),
        ("nr22", "Manca il tuo consenso"),
        ("nr23", "La tua identità SPID non è attiva"),
        ("nr25", "Hai annullato l’accesso"),
        ("nr30", "Serve l’identità personale"),
        ("nr08", "Il problema è nostro"),
        ("sconosciuto", "Il gestore non ha completato l’accesso"),
        ("manomessa", "La risposta del gestore non è utilizzabile"),
    ] {
        let login = Login::begin(&site, "/accesso/spid?idp=").await;
        let refused = at_provider(&site, &login, "giulia", Some(name)).await.post(&site, &login).await;
        refused.expect(StatusCode::FORBIDDEN).says(words).says("Riprova");
    }
}

#[tokio::test]
async fn whom_we_do_not_admit_reads_why() {
    let site = Site::open().await;
    for (person, words) in [
        ("luca", "Sei minorenne: qui SPID non basta"),
        ("pietro", "Per questa persona SPID non basta"),
        ("bruno", "Questo fascicolo è chiuso"),
        ("irene", "Questo fascicolo è sospeso"),
    ] {
        let (refused, _) = log_in_as(&site, person).await;
        refused.expect(StatusCode::FORBIDDEN).says(words);
    }
    // unknown to the register: admitted, and told (ACC-A9)
    let (_, stranger) = log_in_as(&site, "youssef").await;
    stranger.get("/fascicolo").await.expect(StatusCode::OK).says("Youssef");
}

#[tokio::test]
async fn a_session_ends_after_twenty_minutes_of_silence_and_after_eight_hours_in_any_case() {
    let site = Site::open().await;
    let (_, inside) = log_in_as(&site, "giulia").await;
    site.advance(20 * 60 - 1);
    inside.get("/fascicolo").await.expect(StatusCode::OK);
    site.advance(20 * 60);
    let gone = inside.get("/fascicolo").await.expect(StatusCode::SEE_OTHER);
    assert_eq!(gone.header(header::LOCATION), "/accesso?ritorno=/fascicolo&scaduta=1");
    site.browser().get("/accesso?scaduta=1").await.says("La sessione è chiusa");
    let (_, inside) = log_in_as(&site, "giulia").await;
    for _ in 0..31 {
        site.advance(15 * 60);
        inside.get("/fascicolo").await.expect(StatusCode::OK);
    }
    site.advance(15 * 60);
    inside.get("/fascicolo").await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_is_no_answer_gets_a_clear_page() {
    let site = Site::open().await;
    let login = Login::begin(&site, "/accesso/spid?idp=").await;
    let raw = |kind: &'static str, body: Vec<u8>| {
        let login = login.clone();
        let site = &site;
        async move { login.send(site, ACS, kind, body).await }
    };
    const FORM: &str = "application/x-www-form-urlencoded";
    raw(FORM, b"RelayState=x".to_vec()).await.expect(StatusCode::FORBIDDEN);
    raw(FORM, b"SAMLResponse=%%%".to_vec()).await.expect(StatusCode::BAD_REQUEST);
    raw(FORM, b"SAMLResponse=abc!".to_vec()).await.expect(StatusCode::FORBIDDEN);
    raw(FORM, b"SAMLResponse=a&SAMLResponse=b".to_vec()).await.expect(StatusCode::BAD_REQUEST);
    raw("text/xml", b"<a/>".to_vec()).await.expect(StatusCode::BAD_REQUEST);
    raw(FORM, [b"SAMLResponse=".to_vec(), vec![b'A'; 300 * 1024]].concat())
        .await
        .expect(StatusCode::FORBIDDEN);
    raw(FORM, vec![b'A'; 10 * 1024 * 1024]).await.expect(StatusCode::PAYLOAD_TOO_LARGE);
    let get: Answer = site.browser().get(ACS).await;
    get.expect(StatusCode::METHOD_NOT_ALLOWED);
    // none of it used the request up
    at_provider(&site, &login, "giulia", None).await.post(&site, &login).await.expect(StatusCode::FOUND);
}

#[tokio::test]
async fn a_form_of_another_site_ends_no_session() {
    let site = Site::open().await;
    let (_, inside) = log_in_as(&site, "giulia").await;
    let foreign = inside.foreign_post("/esci", "https://altrove.example").await;
    foreign.expect(StatusCode::FORBIDDEN);
    inside.get("/fascicolo").await.expect(StatusCode::OK);
    let host: Browser = inside.clone();
    host.to_host("altrove.example", "/fascicolo").await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_unknown_provider_is_not_found_and_the_metadata_never_change() {
    let site = Site::open().await;
    let unknown = site.browser().get("/accesso/spid?idp=https%3A%2F%2Faltrove.example").await;
    unknown.expect(StatusCode::NOT_FOUND);
    let metadata = site.browser().get("/spid/metadata").await.expect(StatusCode::OK);
    let again = site.browser().get("/spid/metadata").await;
    assert_eq!(
        (metadata.header(header::CONTENT_TYPE), &metadata.body),
        ("application/samlmetadata+xml", &again.body)
    );
}

/// SPID-G1, G2, G3, G5.
#[tokio::test]
async fn every_login_good_or_bad_is_on_record_with_its_request_and_answer() {
    let site = Site::open().await;
    let (_, inside) = log_in_as(&site, "giulia").await;
    site.advance(1);
    let login = Login::begin(&site, "/accesso/spid?idp=").await;
    at_provider(&site, &login, "giulia", Some("nr25")).await.post(&site, &login).await;
    inside.get("/fascicolo/accessi").await.expect(StatusCode::OK).says("Accesso al fascicolo");
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
    let outcomes: Vec<_> = kept.iter().map(|e| (e.outcome.as_str(), e.address.as_deref())).collect();
    assert_eq!(outcomes, [("ok", Some("192.0.2.1")), ("anomaly_25", Some("192.0.2.1"))]);
    // the trail's chain holds the register's rows (SPID-G3)
    for (exchange, (id, said)) in kept.iter().zip(&said) {
        assert_eq!(exchange.id, *id);
        assert_eq!(*said, format!("{} {}", exchange.outcome, exchange.digest().to_hex()));
        let open = |part: &str, sealed: &[u8]| {
            let plain = site.app().keyring.open_bytes(&format!("login {part} {id}"), sealed).unwrap();
            String::from_utf8(plain).unwrap()
        };
        assert!(open("request", &exchange.request).contains("<samlp:AuthnRequest"));
        assert!(open("response", &exchange.response).contains("<samlp:Response"));
        assert!(!String::from_utf8_lossy(&exchange.response).contains("samlp"), "sealed");
    }
}

#[tokio::test]
async fn an_answer_in_a_link_is_none() {
    let site = Site::open().await;
    let login = Login::begin(&site, "/accesso/spid?idp=").await;
    let handed: Handed = at_provider(&site, &login, "giulia", None).await;
    let query = format!("{ACS}?SAMLResponse={}", fascicolo_web::http::forms::encode(&handed.saml_response));
    let empty = login.send(&site, &query, "application/x-www-form-urlencoded", Vec::new()).await;
    empty.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_request_travels_by_form_too_and_may_go_to_that_provider_alone() {
    let site = Site::open_with(fascicolo_eid::spid::Binding::Post).await;
    let provider = &site.sandbox.idps.providers()[0].entity_id;
    let start = format!("/accesso/spid?idp={}", fascicolo_web::http::forms::encode(provider));
    let page = site.browser().get(&start).await.expect(StatusCode::OK).says("Ponte ID");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action http://127.0.0.1:8081;"), "{policy}");
    let cookies = page.headers.get_all(header::SET_COOKIE).iter().map(|c| c.to_str().unwrap().to_owned());
    let login = Login { url: String::new(), cookies: cookies.collect() };
    let asked = Message::of(&page).carry(&site).await.expect(StatusCode::OK);
    let answer = Waiting::of(&asked, "ponte").choose(&site, "giulia", None).await.post(&site, &login).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::FOUND, "/fascicolo"));
}
