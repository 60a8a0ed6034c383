//! The SPID registry: what replaces it, what never does, and what becomes of who is no longer in it (SPID-I2, I3).

use std::sync::Mutex;

use axum::http::{StatusCode, header};
use fascicolo_domain::Fault;
use fascicolo_domain::time::after_seconds;
use fascicolo_eid::spid::SigningKey;
use fascicolo_sandbox::idp::wanted_keys;
use fascicolo_sandbox::keys;
use fascicolo_sandbox::standins::registry::{signed, wanted_key};
use fascicolo_web::login::registry::{KEPT, fetch_due, follow};
use fascicolo_web::ports::{Fetch, Reply, Request};
use futures_util::future::BoxFuture;

use crate::harness::Site;
use crate::spid::{Login, at_provider};

const STANDINS: &str = "http://127.0.0.1:8081";
const HOUR: i64 = 3600;

/// A web that gives what it is told to, and counts.
#[derive(Default)]
struct Web {
    body: Mutex<Option<String>>,
    asked: Mutex<Vec<String>>,
}

impl Web {
    fn gives(&self, body: String) {
        *self.body.lock().unwrap() = Some(body);
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Fetch for Web {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Fault>> {
        self.asked.lock().unwrap().push(request.url);
        let body = self.body.lock().unwrap().clone();
        let reply =
            |body: String| Reply { status: 200, content_type: String::new(), body: body.into_bytes() };
        Box::pin(async move { body.map(reply).ok_or_else(|| Fault::bare("no answer")) })
    }
}

/// The key that signs the sandbox's registry.
fn key(site: &Site) -> SigningKey {
    keys::keys(&site.sandbox.kept, &[wanted_key(STANDINS)], site.app().clock.now()).unwrap().remove(0)
}

/// A registry of the sandbox's providers at these places.
fn registry(site: &Site, places: &[usize]) -> String {
    signed(&key(site), "", &providers(site, places)).unwrap()
}

fn providers(site: &Site, places: &[usize]) -> String {
    let all = site.sandbox.idps.providers();
    places.iter().map(|at| String::from_utf8(all[*at].metadata().unwrap()).unwrap()).collect()
}

/// What a fetch brought: whether there is a new copy, and how many providers are in force then.
async fn fetched(site: &Site, web: &Web) -> (Option<bool>, usize) {
    let found = fetch_due(site.app(), web, site.app().clock.now()).await.ok();
    (found, site.app().registry.state().providers)
}

#[tokio::test]
async fn it_is_fetched_once_a_day_and_an_hour_after_a_failure() {
    let (site, web) = (Site::open().await, Web::default());
    assert_eq!(fetched(&site, &web).await, (None, 3), "out of reach: what is in force stays");
    web.gives(registry(&site, &[0, 1]));
    site.advance(HOUR - 1);
    assert_eq!((fetched(&site, &web).await, web.asked()), ((Some(false), 3), 1));
    site.advance(1);
    assert_eq!((fetched(&site, &web).await, web.asked()), ((Some(true), 2), 2));
    assert_eq!(site.app().registry.state().at, Some(site.app().clock.now()));
    site.advance(23 * HOUR);
    assert_eq!((fetched(&site, &web).await, web.asked()), ((Some(false), 2), 2));
    site.advance(1);
    assert_eq!((fetched(&site, &web).await, web.asked()), ((Some(true), 2), 3));
    assert_eq!(web.asked.lock().unwrap()[0], format!("{STANDINS}/registro/entities-idp"));
}

#[tokio::test]
async fn a_copy_that_is_not_good_never_replaces_one_that_is() {
    let (site, web) = (Site::open().await, Web::default());
    let now = site.app().clock.now();
    let (own, all) = (key(&site), providers(&site, &[0, 1]));
    let foreign = keys::keys(&site.sandbox.kept, &wanted_keys(STANDINS), now).unwrap().remove(0);
    let good = registry(&site, &[0, 1]);
    for wrong in [
        signed(&foreign, "", &all).unwrap(),
        good.replace("Ponte ID", "Ponte IX"),
        signed(&own, "", "<md:EntityDescriptor entityID=\"https://sp.example\"></md:EntityDescriptor>")
            .unwrap(),
        signed(&own, " validUntil=\"2026-05-28T10:14:00Z\"", &all).unwrap(),
        String::new(),
        "<html>404</html>".to_owned(),
    ] {
        web.gives(wrong.clone());
        assert_eq!(fetched(&site, &web).await, (None, 3), "{}", &wrong[..wrong.len().min(200)]);
        let kept = site.app().store.read(async |tx| tx.file_kept_at(KEPT).await).await.unwrap();
        assert_eq!(kept, None);
        site.advance(HOUR);
    }
    web.gives(good);
    assert_eq!(fetched(&site, &web).await, (Some(true), 2));
}

#[tokio::test]
async fn another_node_and_the_next_start_take_over_the_copy_that_is_kept() {
    let (site, web) = (Site::open().await, Web::default());
    // a node that started with the operator's older file
    let node = site.again().await;
    web.gives(registry(&site, &[1]));
    site.advance(60);
    assert_eq!(fetched(&site, &web).await, (Some(true), 1));
    let now = site.app().clock.now();
    assert_eq!(node.app().registry.state().providers, 3);
    follow(node.app(), now).await.unwrap();
    assert_eq!(node.app().registry.state().providers, 1);
    // an older file put back changes nothing
    node.app().registry.load(registry(&site, &[0, 1]).as_bytes(), after_seconds(now, -1), now).unwrap();
    assert_eq!(node.app().registry.state().providers, 1);
}

#[tokio::test]
async fn a_provider_that_disappears_cannot_finish_a_login() {
    let (site, web) = (Site::open().await, Web::default());
    let begin = async || Login::begin(&site, "/accesso/spid?idp=").await;
    let (first, second) = (begin().await, begin().await);
    let handed = at_provider(&site, &first, "giulia", None).await;
    web.gives(registry(&site, &[1, 2]));
    site.advance(1);
    assert_eq!(fetched(&site, &web).await, (Some(true), 2));
    handed.post(&site, &first).await.expect(StatusCode::FORBIDDEN);
    site.browser().get("/accesso").await.expect(StatusCode::OK).hides("Ponte ID").says("Faro Identità");
    // back in the registry, a login that waits ends well
    site.advance(60);
    let (again, now) = (registry(&site, &[0, 1, 2]), site.app().clock.now());
    site.app().registry.load(again.as_bytes(), now, now).unwrap();
    let handed = at_provider(&site, &second, "giulia", None).await;
    let answer = handed.post(&site, &second).await.expect(StatusCode::FOUND);
    assert_eq!(answer.header(header::LOCATION), "/fascicolo");
}
