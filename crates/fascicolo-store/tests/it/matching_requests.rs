//! People from abroad who wait for a desk (SPID-X3).

use fascicolo_domain::Fault;
use fascicolo_domain::time::after_seconds;
use fascicolo_store::MatchingRequest;

use crate::harness::{noon, on_each_engine};

fn request() -> MatchingRequest {
    MatchingRequest {
        number: "E-7F3K-22QX".into(),
        issuer: "https://node.example".into(),
        at: noon(),
        expires_at: after_seconds(noon(), 600),
        facts: vec![0, 1, 255],
    }
}

#[test]
fn a_request_waits_until_it_expires_and_its_number_is_its_own() {
    on_each_engine(&async |place| {
        let store = &place.store;
        store.write(async |tx| tx.insert_matching_request(&request()).await).await.unwrap();
        let twice = store.write(async |tx| tx.insert_matching_request(&request()).await).await;
        assert!(twice.is_err(), "two requests under one number");
        let found = store.read(async |tx| {
            let now = tx.matching_request("E-7F3K-22QX", after_seconds(noon(), 599)).await?;
            let late = tx.matching_request("E-7F3K-22QX", after_seconds(noon(), 600)).await?;
            let other = tx.matching_request("E-7F3K-22QY", noon()).await?;
            Ok::<_, Fault>((now, late, other))
        });
        assert_eq!(found.await.unwrap(), (Some(request()), None, None));
        let purged = |seconds| {
            store.write(async move |tx| tx.purge_matching_requests(after_seconds(noon(), seconds)).await)
        };
        assert_eq!(purged(599).await.unwrap(), 0);
        assert_eq!(purged(600).await.unwrap(), 1);
    });
}
