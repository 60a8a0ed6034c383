use fascicolo_domain::ids::SessionId;
use fascicolo_domain::login::Method;
use fascicolo_domain::secret::Digest;
use fascicolo_domain::time::after_seconds;
use fascicolo_store::NewSession;

use crate::harness::{Place, anna, bruno, chance, digest, noon, on_each_engine, session_of};

async fn open(place: &Place, session: fascicolo_domain::login::Session, token: Digest) {
    place
        .store
        .write(async move |tx| tx.insert_session(&NewSession { session, token, at_provider: None }).await)
        .await
        .unwrap();
}

async fn exists(place: &Place, token: Digest) -> bool {
    let found = place.store.read(async move |tx| tx.session(&token).await).await;
    found.unwrap().is_some()
}

#[test]
fn a_token_leads_to_its_session_and_person_and_another_to_nothing() {
    on_each_engine(&async |place| {
        let anna = anna();
        place.know(&anna).await;
        let session = session_of(&anna, noon());
        open(place, session, digest("a")).await;
        let token = digest("a");
        let (held, person) =
            place.store.read(async move |tx| tx.session(&token).await).await.unwrap().unwrap();
        assert_eq!(format!("{held:?}"), format!("{session:?}"));
        assert_eq!((person.id, person.codice_fiscale), (anna.id, anna.codice_fiscale));
        assert!(!exists(place, digest("b")).await);
    });
}

#[test]
fn touching_moves_a_session_forward_only() {
    on_each_engine(&async |place| {
        let anna = anna();
        place.know(&anna).await;
        open(place, session_of(&anna, noon()), digest("a")).await;
        let touched = place
            .store
            .write(async |tx| {
                let first = tx.touch_session(&digest("a"), after_seconds(noon(), 60)).await?;
                let older = tx.touch_session(&digest("a"), noon()).await?;
                let gone = tx.touch_session(&digest("b"), noon()).await?;
                Ok::<_, fascicolo_domain::Fault>((first, older, gone))
            })
            .await
            .unwrap();
        assert_eq!(touched, (true, true, false));
        let id = anna.id;
        let sessions = place.store.read(async move |tx| tx.sessions_of(id).await).await.unwrap();
        assert_eq!(sessions[0].last_seen_at, after_seconds(noon(), 60));
    });
}

#[test]
fn a_person_ends_their_own_sessions_and_no_others() {
    on_each_engine(&async |place| {
        let (anna, bruno) = (anna(), bruno());
        place.know(&anna).await;
        place.know(&bruno).await;
        let session = session_of(&anna, noon());
        open(place, session, digest("a")).await;
        open(place, session_of(&anna, after_seconds(noon(), 1)), digest("a2")).await;
        let (mine, theirs) = (anna.id, bruno.id);
        let ended = place
            .store
            .write(async move |tx| {
                let foreign = tx.delete_session_of(theirs, session.id).await?;
                let unknown = tx.delete_session_of(mine, SessionId::new(noon(), chance())).await?;
                let own = tx.delete_session_of(mine, session.id).await?;
                let again = tx.delete_session_of(mine, session.id).await?;
                Ok::<_, fascicolo_domain::Fault>((foreign, unknown, own, again))
            })
            .await
            .unwrap();
        assert_eq!(ended, (false, false, true, false));
        assert!(!exists(place, digest("a")).await && exists(place, digest("a2")).await);
        let token = digest("a2");
        let left = place.store.write(async move |tx| tx.delete_session(&token).await).await;
        assert!(left.unwrap());
        assert!(!exists(place, digest("a2")).await);
    });
}

#[test]
fn the_previous_login_outlives_its_session() {
    on_each_engine(&async |place| {
        let anna = anna();
        place.know(&anna).await;
        open(place, session_of(&anna, noon()), digest("a")).await;
        let id = anna.id;
        let found = place
            .store
            .write(async move |tx| {
                tx.delete_session(&digest("a")).await?;
                let before = tx.previous_login(id, noon()).await?;
                let after = tx.previous_login(id, after_seconds(noon(), 1)).await?;
                Ok::<_, fascicolo_domain::Fault>((before, after))
            })
            .await
            .unwrap();
        assert_eq!(found, (None, Some((noon(), Method::Spid))));
    });
}

#[test]
fn purging_takes_idle_and_finished_sessions_and_leaves_live_ones() {
    on_each_engine(&async |place| {
        let anna = anna();
        place.know(&anna).await;
        let now = after_seconds(noon(), 9 * 3600);
        let mut busy = session_of(&anna, noon());
        busy.last_seen_at = now;
        open(place, busy, digest("over")).await;
        let mut idle = session_of(&anna, after_seconds(noon(), 4 * 3600));
        idle.last_seen_at = after_seconds(now, -1201);
        open(place, idle, digest("idle")).await;
        let mut alive = session_of(&anna, after_seconds(noon(), 4 * 3600));
        alive.last_seen_at = after_seconds(now, -1200);
        open(place, alive, digest("alive")).await;
        let gone = place
            .store
            .write(async move |tx| tx.purge_sessions(after_seconds(now, -1200), now).await)
            .await
            .unwrap();
        assert_eq!(gone, 2);
        assert!(exists(place, digest("alive")).await);
    });
}
