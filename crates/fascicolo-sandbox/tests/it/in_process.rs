//! A sandbox inside a test, without listeners: the way the site's journeys use it.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use fascicolo_domain::person::Standing;
use fascicolo_sandbox::{CieProtocol, Contents, Options, Sandbox, sandbox};
use fascicolo_web::login::openid::renew_due;
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use tower::ServiceExt as _;

fn now() -> Timestamp {
    "2026-11-25T11:00:00Z".parse().unwrap()
}

async fn open(contents: Contents) -> Sandbox {
    sandbox(Options::for_tests(now(), contents)).await.unwrap()
}

async fn get(router: Router, host: &str, path: &str) -> Response<Body> {
    let request = Request::get(path).header(header::HOST, host).body(Body::empty()).unwrap();
    router.oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn a_request_of_the_site_reaches_its_provider_without_a_network() {
    let sandbox = open(Contents::None).await;
    let entity_id = &sandbox.idps.providers()[0].entity_id;
    let start = format!("/accesso/spid?idp={}", entity_id.replace(':', "%3A").replace('/', "%2F"));
    let sent = get(sandbox.site(), "localhost:8443", &start).await;
    assert_eq!(sent.status(), StatusCode::FOUND);
    let location = sent.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let path = location.strip_prefix("http://127.0.0.1:8081").unwrap();
    let page = get(sandbox.standins.clone(), "127.0.0.1:8081", path).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(text(page).await.contains("Giulia Ferrari"));
}

/// CIE-9, CIE-13.
#[tokio::test]
async fn the_site_finds_its_provider_of_cie_without_a_network_and_misses_it_when_it_is_withdrawn() {
    let options = Options { cie: CieProtocol::OpenId, ..Options::for_tests(now(), Contents::None) };
    let sandbox = sandbox(options).await.unwrap();
    let federation = sandbox.federation.clone().unwrap();
    let openid = sandbox.app.openid.as_ref().unwrap();
    assert_eq!(openid.provider, federation.provider());
    assert!(renew_due(&sandbox.app, now()).await.unwrap());
    let known = openid.state().unwrap();
    assert_eq!(known.verified_at, now());

    federation.withdraw(true);
    sandbox.clock.set(known.expires);
    assert!(renew_due(&sandbox.app, known.expires).await.is_err());
    federation.withdraw(false);
    sandbox.clock.advance(SignedDuration::from_mins(2));
    assert!(renew_due(&sandbox.app, sandbox.app.clock.now()).await.unwrap());
    let page = get(sandbox.standins.clone(), "127.0.0.1:8081", "/").await;
    assert!(text(page).await.contains("/federazione"));
}

#[tokio::test]
async fn a_region_with_cie_over_saml_has_no_federation() {
    let sandbox = open(Contents::None).await;
    assert!(sandbox.federation.is_none() && sandbox.app.openid.is_none());
    let federation = get(sandbox.standins.clone(), "127.0.0.1:8081", "/federazione").await;
    assert_eq!(federation.status(), StatusCode::NOT_FOUND);
    let page = get(sandbox.standins.clone(), "127.0.0.1:8081", "/").await;
    assert!(text(page).await.contains("/idp/cie/sessioni"));
}

#[tokio::test]
async fn nodes_of_one_site_share_its_federation() {
    let first = Options { cie: CieProtocol::OpenId, ..Options::for_tests(now(), Contents::None) };
    let first = sandbox(first).await.unwrap();
    let second = Options {
        cie: CieProtocol::OpenId,
        federation: first.federation.clone(),
        folder: Some(first.kept.path("")),
        ..Options::for_tests(now(), Contents::None)
    };
    let second = sandbox(second).await.unwrap();
    first.federation.as_ref().unwrap().change_key();
    let of = async |sandbox: &Sandbox| {
        let path = "/cie-oidc/.well-known/openid-federation";
        text(get(sandbox.standins.clone(), "127.0.0.1:8081", path).await).await
    };
    assert_eq!(of(&first).await, of(&second).await);
    assert!(renew_due(&second.app, now()).await.unwrap());
}

#[tokio::test]
async fn the_register_knows_the_people_and_only_those_it_should() {
    let sandbox = open(Contents::None).await;
    for person in sandbox.people.iter() {
        let code = person.codice_fiscale;
        let found =
            sandbox.app.store.read(async move |tx| tx.citizen_by_codice_fiscale(&code).await).await.unwrap();
        assert_eq!(found.is_some(), person.registered, "{}", person.key);
        let standing = found.map_or(Standing::Active, |citizen| citizen.standing);
        assert_eq!(standing, person.standing, "{}", person.key);
    }
    assert!(sandbox.person("giulia").is_some() && sandbox.person("nessuno").is_none());
}

#[tokio::test]
async fn its_clock_is_the_sites_clock() {
    let sandbox = open(Contents::None).await;
    assert_eq!(sandbox.app.clock.now(), now());
    sandbox.clock.advance(SignedDuration::from_mins(20));
    assert_eq!(sandbox.app.clock.now(), "2026-11-25T11:20:00Z".parse().unwrap());
}

#[tokio::test]
async fn the_providers_publish_metadata_and_what_is_not_there_is_a_page() {
    let sandbox = open(Contents::None).await;
    let ask = async |path: &str| get(sandbox.standins.clone(), "127.0.0.1:8081", path).await;
    let metadata = ask("/idp/faro/metadata").await;
    assert_eq!(metadata.status(), StatusCode::OK);
    assert!(text(metadata).await.contains("IDPSSODescriptor"));
    for path in ["/idp/nessuno/metadata", "/idp/nessuno/sso", "/altro"] {
        assert_eq!(ask(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(ask("/idp/faro/sso?SAMLRequest=x").await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(ask("/idp/faro/slo?SAMLRequest=x").await.status(), StatusCode::BAD_REQUEST);
    assert!(text(ask("/idp/bussola/sessioni").await).await.contains("Nessuna"));
    assert_eq!(ask("/idp/bussola/sessioni/post/_0").await.status(), StatusCode::NOT_FOUND);
}
