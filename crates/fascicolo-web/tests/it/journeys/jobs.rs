//! The periodic work, as the programs call it: what has ended is swept, and nothing that has not.

use std::sync::Arc;

use axum::http::StatusCode;
use fascicolo_domain::Fault;
use fascicolo_domain::ids::EventId;
use fascicolo_domain::retention;
use fascicolo_store::{MatchingRequest, OpenIdToken};
use fascicolo_web::jobs::run_due;
use fascicolo_web::ports::EntropyExt as _;
use fascicolo_web::vault::SiteKey;

use crate::harness::{MARIO, Site};
use crate::spid::Login;

async fn run(site: &Site) {
    let key = SiteKey::from_pem(&SiteKey::new_pem(&*site.app().entropy).unwrap()).unwrap();
    run_due(site.app(), &Arc::new(key), site.app().clock.now()).await.unwrap();
}

/// Whether the request is on record, expired or not.
async fn waiting(site: &Site, number: &'static str) -> bool {
    let then = jiff::Timestamp::UNIX_EPOCH;
    let found = site.app().store.read(async move |tx| tx.matching_request(number, then).await);
    found.await.unwrap().is_some()
}

/// SPID-X3: for ninety days, and not an instant longer.
#[tokio::test]
async fn a_person_from_abroad_waits_ninety_days_for_the_desk() {
    let site = Site::open().await;
    let now = site.app().clock.now();
    let request = MatchingRequest {
        number: "E-7F3K-22QX".into(),
        issuer: "https://node.example".into(),
        at: now,
        expires_at: now + retention::MATCHING_REQUEST,
        facts: vec![1],
    };
    site.app().store.write(async move |tx| tx.insert_matching_request(&request).await).await.unwrap();
    let days = |days: i64| days * 24 * 3600;
    site.advance(days(90) - 1);
    run(&site).await;
    assert!(waiting(&site, "E-7F3K-22QX").await);
    // the sweep has its turn again after five minutes
    site.advance(301);
    run(&site).await;
    assert!(!waiting(&site, "E-7F3K-22QX").await);
}

/// ACC-S2, ACC-S5: sessions and logins that ended leave no row, of either protocol.
#[tokio::test]
async fn logins_and_sessions_that_ended_leave_no_row() {
    let site = Site::open_by_openid().await;
    let browser = site.log_in(MARIO).await;
    let token = browser.token().digest();
    Login::begin(&site, "/accesso/spid?idp=").await;
    Login::start(&site.browser(), "/accesso/cie").await;
    site.advance(299);
    run(&site).await;
    browser.get("/fascicolo").await.expect(StatusCode::OK);
    site.advance(2 * 3600);
    run(&site).await;
    let now = site.app().clock.now();
    let left = site.app().store.write(async move |tx| {
        let session = tx.session(&token).await?.is_some();
        // what is left to purge
        Ok::<_, Fault>((session, tx.purge_login_requests(now).await?, tx.purge_openid_logins(now).await?))
    });
    assert_eq!(left.await.unwrap(), (false, 0, 0));
}

/// CIE-27: by the periodic work alone, when the session just ran out.
#[tokio::test]
async fn the_token_of_a_session_that_ran_out_is_revoked_and_forgotten() {
    let site = Site::open_by_openid().await;
    let openid = site.app().openid.as_ref().unwrap();
    // the provider must be known, or nobody could be told
    Login::start(&site.browser(), "/accesso/cie").await;
    let browser = site.log_in(MARIO).await;
    let id = EventId::new(site.app().clock.now(), site.app().entropy.id().unwrap());
    let sealed =
        site.app().keyring.seal_bytes(&*site.app().entropy, &format!("access token {id}"), b"opaque");
    let kept = OpenIdToken {
        id,
        session: browser.session.unwrap(),
        issuer: openid.provider.clone(),
        token: sealed.unwrap(),
        tries: 0,
    };
    let now = site.app().clock.now();
    site.app().store.write(async move |tx| tx.insert_openid_token(&kept, now).await).await.unwrap();
    run(&site).await;
    let there = |id| site.app().store.write(async move |tx| tx.delete_openid_token(id).await);
    site.advance(20 * 60 + 1);
    run(&site).await;
    assert!(!there(id).await.unwrap(), "the provider was told, or the row would be there");
}
