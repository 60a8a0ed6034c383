use std::sync::Arc;

use fascicolo_domain::Fault;
use fascicolo_domain::ids::{EventId, LoginRequestId};
use fascicolo_domain::login::{Federation, Level, Method};
use fascicolo_domain::time::after_seconds;
use fascicolo_store::{LoginExchange, LoginRequest};

use crate::harness::{Place, at, chance, digest, noon, on_each_engine};

fn request() -> LoginRequest {
    LoginRequest {
        id: LoginRequestId::new(noon(), chance()),
        saml_id: format!("_{:?}", chance()),
        federation: Federation::Cie,
        provider: "https://idp.example".to_owned(),
        level: Level::Two,
        browser: digest("browser"),
        return_to: Some("/fascicolo/documenti".to_owned()),
        previous_session: Some(digest("before")),
        issued_at: noon(),
        expires_at: after_seconds(noon(), 600),
        request_xml: b"<AuthnRequest/>".to_vec(),
    }
}

async fn pending(place: &Place, request: &LoginRequest, browser: &str, seconds: i64) -> Option<LoginRequest> {
    let (saml_id, browser) = (request.saml_id.clone(), digest(browser));
    place
        .store
        .read(async move |tx| tx.login_request(&saml_id, &browser, after_seconds(noon(), seconds)).await)
        .await
        .unwrap()
}

async fn insert(place: &Place, request: &LoginRequest) {
    let request = request.clone();
    place.store.write(async move |tx| tx.insert_login_request(&request).await).await.unwrap();
}

#[test]
fn a_pending_login_is_found_by_its_browser_until_it_expires() {
    on_each_engine(&async |place| {
        let request = request();
        insert(place, &request).await;
        let found = pending(place, &request, "browser", 599).await.unwrap();
        assert_eq!(found.id, request.id);
        assert_eq!(found.return_to, request.return_to);
        assert_eq!(found.previous_session, request.previous_session);
        assert_eq!(found.request_xml, request.request_xml);
        assert_eq!((found.level, found.federation), (Level::Two, Federation::Cie));
        assert!(pending(place, &request, "browser", 600).await.is_none(), "expired");
        assert!(pending(place, &request, "another", 0).await.is_none(), "another browser");
    });
}

#[test]
fn of_fifty_uses_at_once_exactly_one_succeeds() {
    on_each_engine(&async |place| {
        let request = request();
        insert(place, &request).await;
        let id = request.id;
        let barrier = Arc::new(tokio::sync::Barrier::new(50));
        let uses: Vec<_> = (0..50)
            .map(|_| {
                let (store, barrier) = (place.store.clone(), Arc::clone(&barrier));
                tokio::spawn(async move {
                    barrier.wait().await;
                    store
                        .write(async move |tx| tx.consume_login_request(id, &digest("browser"), noon()).await)
                        .await
                })
            })
            .collect();
        let mut won = 0;
        for used in uses {
            won += u32::from(used.await.unwrap().unwrap());
        }
        assert_eq!(won, 1);
        assert!(pending(place, &request, "browser", 0).await.is_none(), "used");
    });
}

#[test]
fn a_use_that_is_undone_can_be_made_again() {
    on_each_engine(&async |place| {
        let request = request();
        insert(place, &request).await;
        let id = request.id;
        let undone = place
            .store
            .write(async move |tx| {
                assert!(tx.consume_login_request(id, &digest("browser"), noon()).await?);
                Err::<(), _>(Fault::bare("changing one's mind"))
            })
            .await;
        assert_eq!(undone.unwrap_err().doing(), "changing one's mind");
        let late = after_seconds(noon(), 600);
        let used = place
            .store
            .write(async move |tx| {
                let expired = tx.consume_login_request(id, &digest("browser"), late).await?;
                let foreign = tx.consume_login_request(id, &digest("another"), noon()).await?;
                let own = tx.consume_login_request(id, &digest("browser"), noon()).await?;
                Ok::<_, Fault>((expired, foreign, own))
            })
            .await
            .unwrap();
        assert_eq!(used, (false, false, true));
    });
}

#[test]
fn an_assertion_is_new_once_per_issuer() {
    on_each_engine(&async |place| {
        let until = after_seconds(noon(), 300);
        let seen = place
            .store
            .write(async move |tx| {
                let first = tx.remember_assertion("https://idp.example", "_a", until).await?;
                let again = tx.remember_assertion("https://idp.example", "_a", until).await?;
                let other = tx.remember_assertion("https://other.example", "_a", until).await?;
                Ok::<_, Fault>((first, again, other))
            })
            .await
            .unwrap();
        assert_eq!(seen, (true, false, true));
    });
}

#[test]
fn purging_forgets_what_has_expired_only() {
    on_each_engine(&async |place| {
        let (old, young) = (request(), LoginRequest { expires_at: after_seconds(noon(), 1200), ..request() });
        insert(place, &old).await;
        insert(place, &young).await;
        let now = after_seconds(noon(), 600);
        let gone = place
            .store
            .write(async move |tx| {
                tx.remember_assertion("i", "old", now).await?;
                tx.remember_assertion("i", "young", after_seconds(now, 1)).await?;
                tx.purge_login_requests(now).await
            })
            .await
            .unwrap();
        assert_eq!(gone, 1);
        assert!(pending(place, &young, "browser", 600).await.is_some());
        assert_eq!(place.peek("SELECT assertion_id FROM used_assertions").await, [["young"]]);
    });
}

#[test]
fn exchanges_are_kept_whole_failed_ones_too_and_leave_with_their_day() {
    on_each_engine(&async |place| {
        let exchange = |when: &str, outcome: &str| LoginExchange {
            id: EventId::new(at(when), chance()),
            at: at(when),
            method: Method::Spid,
            request_id: Some("_r".to_owned()),
            request_at: Some(at(when)),
            request: b"<AuthnRequest/>".to_vec(),
            response_id: None,
            response_at: None,
            issuer: Some("https://idp.example".to_owned()),
            assertion_id: None,
            subject: None,
            name_qualifier: None,
            response: b"<Response/>".to_vec(),
            codice_fiscale: None,
            citizen: None,
            address: Some("203.0.113.9".to_owned()),
            level: None,
            outcome: outcome.to_owned(),
            session: None,
        };
        let rows = [exchange("2026-05-03T23:59:59Z", "ok"), exchange("2026-05-04T00:00:00Z", "SPID-R7")];
        place
            .store
            .write(async move |tx| {
                for row in &rows {
                    tx.insert_login_exchange(row).await?;
                }
                Ok::<_, Fault>(())
            })
            .await
            .unwrap();
        let gone = place.store.write(async |tx| tx.purge_login_exchanges(noon()).await).await.unwrap();
        assert_eq!(gone, 1);
        let left = place.peek("SELECT outcome, request_id, address FROM login_exchanges").await;
        assert_eq!(left, [["SPID-R7", "_r", "203.0.113.9"]]);
    });
}
