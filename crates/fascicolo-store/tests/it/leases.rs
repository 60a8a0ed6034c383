use fascicolo_domain::time::after_seconds;

use crate::harness::{Place, noon, on_each_engine};

async fn claim(place: &Place, seconds: i64) -> bool {
    let now = after_seconds(noon(), seconds);
    let until = after_seconds(now, 60);
    place.store.write(async move |tx| tx.claim_lease("sweep", until, now).await).await.unwrap()
}

#[test]
fn a_work_is_taken_once_and_is_due_again_when_its_lease_ends() {
    on_each_engine(&async |place| {
        assert!(claim(place, 0).await);
        assert!(!claim(place, 59).await, "somebody has it");
        assert!(claim(place, 60).await);
    });
}

#[test]
fn of_many_that_claim_at_once_one_gets_it() {
    on_each_engine(&async |place| {
        let claims = claims_at_once(place).await;
        assert_eq!(claims.iter().filter(|won| **won).count(), 1);
    });
}

async fn claims_at_once(place: &Place) -> Vec<bool> {
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = place.store.clone();
        let (now, until) = (noon(), after_seconds(noon(), 60));
        set.spawn(async move {
            store.write(async move |tx| tx.claim_lease("x", until, now).await).await.unwrap()
        });
    }
    set.join_all().await
}
