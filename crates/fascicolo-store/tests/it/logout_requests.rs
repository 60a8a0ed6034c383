//! What single logout keeps (SPID-O, ACC-S3).

use fascicolo_domain::Fault;
use fascicolo_domain::time::after_seconds;
use fascicolo_store::{AtProvider, LogoutRequest, NewSession};

use crate::harness::{anna, bruno, digest, noon, on_each_engine, session_of};

const PROVIDER: &str = "https://idp.example";

fn known_as(name_id: &str, session_index: Option<&str>) -> Option<AtProvider> {
    Some(AtProvider {
        provider: PROVIDER.into(),
        name_id: name_id.into(),
        session_index: session_index.map(str::to_owned),
    })
}

#[test]
fn a_provider_knows_the_sessions_of_its_own_names_only() {
    on_each_engine(&async |place| {
        let (anna, bruno) = (anna(), bruno());
        place.know(&anna).await;
        place.know(&bruno).await;
        let sessions = [
            (&anna, "a", known_as("_n1", Some("_s1"))),
            (&anna, "b", known_as("_n2", None)),
            (&bruno, "c", None),
        ];
        for (person, token, at_provider) in sessions {
            let new = NewSession { session: session_of(person, noon()), token: digest(token), at_provider };
            place.store.write(async move |tx| tx.insert_session(&new).await).await.unwrap();
        }
        let found = place.store.read(async |tx| {
            let own = tx.tokens_at_provider(PROVIDER, "_n1").await?;
            let others = tx.tokens_at_provider("https://other.example", "_n1").await?;
            let names = [
                tx.session_at_provider(&digest("a")).await?,
                tx.session_at_provider(&digest("b")).await?,
                tx.session_at_provider(&digest("c")).await?,
                tx.session_at_provider(&digest("d")).await?,
            ];
            Ok::<_, Fault>((own, others, names))
        });
        let (own, others, names) = found.await.unwrap();
        assert_eq!((own, others), (vec![digest("a")], Vec::new()));
        assert_eq!(names, [known_as("_n1", Some("_s1")), known_as("_n2", None), None, None]);
    });
}

#[test]
fn a_request_lives_until_its_reply_or_its_end() {
    on_each_engine(&async |place| {
        let request = LogoutRequest {
            saml_id: "_r1".into(),
            provider: PROVIDER.into(),
            name_id: "_n1".into(),
            session_index: "_s1".into(),
            expires_at: after_seconds(noon(), 600),
        };
        let (kept, later) = (request.clone(), LogoutRequest { saml_id: "_r2".into(), ..request.clone() });
        let found = place.store.write(async move |tx| {
            tx.insert_logout_request(&request).await?;
            tx.insert_logout_request(&later).await?;
            let before = tx.logout_request("_r1", after_seconds(noon(), 599)).await?;
            let at_the_end = tx.logout_request("_r1", after_seconds(noon(), 600)).await?;
            let closed = (tx.delete_logout_request("_r1").await?, tx.delete_logout_request("_r1").await?);
            let early = tx.purge_logout_requests(after_seconds(noon(), 599)).await?;
            let purged = tx.purge_logout_requests(after_seconds(noon(), 600)).await?;
            Ok::<_, Fault>((before, at_the_end, closed, early, purged))
        });
        assert_eq!(found.await.unwrap(), (Some(kept), None, (true, false), 0, 1));
    });
}
