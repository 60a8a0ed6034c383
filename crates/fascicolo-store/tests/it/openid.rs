//! Logins by OpenID Connect, and the tokens that outlive a session (CIE-20, CIE-21, CIE-27).

use std::sync::Arc;

use fascicolo_domain::Fault;
use fascicolo_domain::ids::EventId;
use fascicolo_domain::login::Level;
use fascicolo_domain::time::after_seconds;
use fascicolo_store::{NewSession, OpenIdLogin, OpenIdToken};

use crate::harness::{Place, anna, chance, digest, noon, on_each_engine, session_of};

fn login(state: &str) -> OpenIdLogin {
    OpenIdLogin {
        state: digest(state),
        browser: digest("browser"),
        issuer: "https://op.example".into(),
        level: Level::Two,
        return_to: Some("/fascicolo/documenti".into()),
        previous_session: Some(digest("before")),
        issued_at: noon(),
        expires_at: after_seconds(noon(), 600),
        secrets: vec![0, 255],
        request: b"request".to_vec(),
    }
}

async fn take(place: &Place, state: &str, browser: &str, seconds: i64) -> Option<OpenIdLogin> {
    let (state, browser) = (digest(state), digest(browser));
    let now = after_seconds(noon(), seconds);
    place.store.write(async move |tx| tx.take_openid_login(&state, &browser, now).await).await.unwrap()
}

#[test]
fn a_pending_login_is_taken_once_by_its_browser_before_it_expires() {
    on_each_engine(&async |place| {
        let store = &place.store;
        for state in ["a", "b"] {
            store.write(async move |tx| tx.insert_openid_login(&login(state)).await).await.unwrap();
        }
        assert!(take(place, "a", "another", 0).await.is_none(), "another browser");
        assert!(take(place, "c", "browser", 0).await.is_none(), "another state");
        let found = take(place, "a", "browser", 599).await.unwrap();
        assert_eq!((found.level, found.secrets.as_slice()), (Level::Two, &[0, 255][..]));
        assert_eq!(found.return_to.as_deref(), Some("/fascicolo/documenti"));
        assert_eq!((found.previous_session, found.request), (Some(digest("before")), b"request".to_vec()));
        assert!(take(place, "a", "browser", 599).await.is_none(), "used");
        assert!(take(place, "b", "browser", 600).await.is_none(), "expired");
        let late = after_seconds(noon(), 600);
        assert_eq!(store.write(async move |tx| tx.purge_openid_logins(late).await).await.unwrap(), 2);
    });
}

#[test]
fn of_fifty_answers_at_once_exactly_one_takes_the_login() {
    on_each_engine(&async |place| {
        place.store.write(async |tx| tx.insert_openid_login(&login("a")).await).await.unwrap();
        let barrier = Arc::new(tokio::sync::Barrier::new(50));
        let uses: Vec<_> = (0..50)
            .map(|_| {
                let (store, barrier) = (place.store.clone(), Arc::clone(&barrier));
                tokio::spawn(async move {
                    barrier.wait().await;
                    store
                        .write(async move |tx| {
                            tx.take_openid_login(&digest("a"), &digest("browser"), noon()).await
                        })
                        .await
                })
            })
            .collect();
        let mut won = 0;
        for used in uses {
            won += u32::from(used.await.unwrap().unwrap().is_some());
        }
        assert_eq!(won, 1);
    });
}

#[test]
fn a_token_is_due_when_its_session_is_gone_however_it_ended() {
    on_each_engine(&async |place| {
        let anna = anna();
        place.know(&anna).await;
        let session = session_of(&anna, noon());
        let new = NewSession { session, token: digest("cookie"), at_provider: None };
        let token = OpenIdToken {
            id: EventId::new(noon(), chance()),
            session: session.id,
            issuer: "https://op.example".into(),
            token: vec![7],
            tries: 0,
        };
        let (kept, id) = (token.clone(), token.id);
        // of a second login that left the stronger session as it was
        let second = OpenIdToken { id: EventId::new(noon(), chance()), token: vec![8], ..token.clone() };
        let other = second.clone();
        let both = place.store.write(async move |tx| {
            tx.insert_session(&new).await?;
            tx.insert_openid_token(&other, noon()).await?;
            tx.insert_openid_token(&kept, noon()).await
        });
        both.await.unwrap();
        let due = |seconds| {
            let now = after_seconds(noon(), seconds);
            let again = after_seconds(now, 60);
            place.store.write(async move |tx| tx.take_orphan_tokens(now, again).await)
        };
        assert_eq!(due(1).await.unwrap(), [], "the session is open");
        let gone = place.store.write(async |tx| tx.delete_session(&digest("cookie")).await);
        assert!(gone.await.unwrap());
        let mut both = due(2).await.unwrap();
        both.sort_by(|a, b| a.token.cmp(&b.token));
        let tried = |token: &OpenIdToken| OpenIdToken { tries: 1, ..token.clone() };
        assert_eq!(both, [tried(&token), tried(&second)]);
        let gone = second.id;
        assert!(place.store.write(async move |tx| tx.delete_openid_token(gone).await).await.unwrap());
        assert_eq!(due(61).await.unwrap(), [], "not yet again");
        assert_eq!(due(62).await.unwrap(), [OpenIdToken { tries: 2, ..token }]);
        let deleted = place.store.write(async move |tx| {
            let first = tx.delete_openid_token(id).await?;
            Ok::<_, Fault>((first, tx.delete_openid_token(id).await?))
        });
        assert_eq!(deleted.await.unwrap(), (true, false));
    });
}
