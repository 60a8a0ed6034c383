//! The chain: what an intruder with the database can do, and how it shows.

use fascicolo_domain::Fault;
use fascicolo_domain::audit::{Deed, Event};
use fascicolo_domain::secret::Digest;
use fascicolo_domain::time::after_seconds;
use fascicolo_store::{AuditReport, FindingKind};

use crate::harness::{Place, anna, at, event, event_by, noon, on_each_engine};

/// A keyed hash stands for the site's signature.
fn sign(statement: &[u8]) -> Result<Vec<u8>, Fault> {
    Ok(Digest::of(&[b"site key".as_slice(), statement].concat()).as_bytes().to_vec())
}

fn signed(statement: &[u8], signature: &[u8]) -> bool {
    sign(statement).is_ok_and(|s| s == signature)
}

async fn verify(place: &Place) -> AuditReport {
    place.store.verify_audit(signed, |_| ()).await.unwrap()
}

async fn kinds(place: &Place) -> Vec<FindingKind> {
    let report = verify(place).await;
    assert_eq!(report.wrong as usize, report.findings.len());
    report.findings.iter().map(|f| f.kind).collect()
}

fn events(count: i64) -> Vec<Event> {
    let anna = anna();
    (0..count)
        .map(|i| match i % 3 {
            0 => event_by(&anna, Deed::LoggedIn, after_seconds(noon(), i)),
            1 => event(Deed::DocumentVerified, after_seconds(noon(), i)).refused().saying("not_found"),
            _ => event_by(&anna, Deed::DocumentRead, after_seconds(noon(), i)),
        })
        .collect()
}

/// Ten rows in one segment, whose place is `day`, `node`, `lane`; then the day's end.
async fn ten_rows_closed(place: &Place) {
    place.record(events(10)).await;
    assert_eq!(checkpoint(place, "2026-05-05T01:00:00Z").await, 1);
    assert!(verify(place).await.is_whole());
}

async fn checkpoint(place: &Place, now: &str) -> u64 {
    place.store.checkpoint_audit(at(now), sign).await.unwrap()
}

#[test]
fn a_trail_left_alone_is_whole() {
    on_each_engine(&async |place| {
        let writes: Vec<_> = events(200)
            .into_iter()
            .map(|event| {
                let store = place.store.clone();
                tokio::spawn(async move { store.write(async move |tx| tx.record(&event).await).await })
            })
            .collect();
        for write in writes {
            write.await.unwrap().unwrap();
        }
        let report = verify(place).await;
        assert!(report.is_whole(), "{report:?}");
        assert_eq!((report.rows, report.checkpoints), (200, 0));
        assert!(checkpoint(place, "2026-05-05T01:00:00Z").await >= 1);
        place.record(vec![event(Deed::LoggedIn, at("2026-05-05T08:00:00Z"))]).await;
        let report = verify(place).await;
        assert!(report.is_whole(), "{report:?}");
        assert_eq!(report.rows, 201);
    });
}

#[test]
fn an_undone_unit_leaves_no_row_and_no_hole() {
    on_each_engine(&async |place| {
        for (i, event) in events(20).into_iter().enumerate() {
            let written = place
                .store
                .write(async move |tx| {
                    tx.record(&event).await?;
                    if i % 2 == 0 { Ok(()) } else { Err(Fault::bare("refused")) }
                })
                .await;
            assert_eq!(written.is_ok(), i % 2 == 0);
        }
        let report = verify(place).await;
        assert!(report.is_whole(), "{report:?}");
        assert_eq!(report.rows, 10);
    });
}

#[test]
fn a_store_opened_again_goes_on_where_the_chain_stood() {
    on_each_engine(&async |place| {
        place.record(events(3)).await;
        let other = place.reopen().await.unwrap();
        for event in events(6) {
            let store = if event.deed == Deed::LoggedIn { &other } else { &place.store };
            store.write(async move |tx| tx.record(&event).await).await.unwrap();
        }
        let report = verify(place).await;
        assert!(report.is_whole(), "{report:?}");
        assert_eq!(report.rows, 9);
    });
}

#[test]
fn a_changed_row_shows() {
    on_each_engine(&async |place| {
        ten_rows_closed(place).await;
        for change in [
            "detail = 'x'",
            "deed = 'logged_out'",
            "granted = (1 = 1)",
            "at = at + 1",
            "subject = (SELECT subject FROM audit_events WHERE seq = 1)",
        ] {
            place.meddle("CREATE TABLE copy AS SELECT * FROM audit_events").await;
            place.meddle(&format!("UPDATE audit_events SET {change} WHERE seq = 5")).await;
            assert_eq!(kinds(place).await, [FindingKind::Altered], "{change}");
            place
                .meddle(
                    "DELETE FROM audit_events; INSERT INTO audit_events SELECT * FROM copy; DROP TABLE copy",
                )
                .await;
            assert!(verify(place).await.is_whole());
        }
    });
}

#[test]
fn a_removed_row_shows() {
    on_each_engine(&async |place| {
        ten_rows_closed(place).await;
        place.meddle("DELETE FROM audit_events WHERE seq = 4").await;
        assert_eq!(kinds(place).await, [FindingKind::Missing]);
    });
}

#[test]
fn a_removed_row_shows_also_when_the_rest_moves_up() {
    on_each_engine(&async |place| {
        ten_rows_closed(place).await;
        place.meddle("DELETE FROM audit_events WHERE seq = 4").await;
        for seq in 5..=10 {
            place.meddle(&format!("UPDATE audit_events SET seq = {} WHERE seq = {seq}", seq - 1)).await;
        }
        assert_eq!(kinds(place).await, [FindingKind::Altered, FindingKind::Truncated]);
    });
}

#[test]
fn an_inserted_row_shows() {
    on_each_engine(&async |place| {
        ten_rows_closed(place).await;
        for seq in (5..=10).rev() {
            place.meddle(&format!("UPDATE audit_events SET seq = {} WHERE seq = {seq}", seq + 1)).await;
        }
        place
            .meddle(
                "INSERT INTO audit_events SELECT day, node, lane, 5, hash, id, at, actor, actor_id, capacity, \
                 session_id, subject, method, deed, granted, document_id, 'forged' FROM audit_events WHERE seq = 4",
            )
            .await;
        let kinds = kinds(place).await;
        assert!(kinds.contains(&FindingKind::Altered), "{kinds:?}");
        assert!(kinds.contains(&FindingKind::Inserted), "{kinds:?}");
    });
}

#[test]
fn rows_that_changed_places_show() {
    on_each_engine(&async |place| {
        ten_rows_closed(place).await;
        place
            .meddle(
                "UPDATE audit_events SET seq = 99 WHERE seq = 4; UPDATE audit_events SET seq = 4 WHERE seq = 5; \
                 UPDATE audit_events SET seq = 5 WHERE seq = 99",
            )
            .await;
        let kinds = kinds(place).await;
        assert!(kinds.iter().all(|k| *k == FindingKind::Altered) && kinds.len() == 3, "{kinds:?}");
    });
}

#[test]
fn a_cut_end_shows_once_there_is_a_checkpoint() {
    on_each_engine(&async |place| {
        place.record(events(10)).await;
        // The day goes on: the checkpoint does not close the segment.
        assert_eq!(checkpoint(place, "2026-05-04T13:00:00Z").await, 1);
        assert_eq!(checkpoint(place, "2026-05-04T13:10:00Z").await, 0, "nothing new");
        place.meddle("DELETE FROM audit_events WHERE seq = 10").await;
        assert_eq!(kinds(place).await, [FindingKind::Truncated]);
        place.meddle("DELETE FROM audit_events").await;
        assert_eq!(kinds(place).await, [FindingKind::Truncated]);
    });
}

#[test]
fn a_row_after_the_end_of_a_closed_segment_shows() {
    on_each_engine(&async |place| {
        ten_rows_closed(place).await;
        // Its hash may even be right: whoever writes has the hash before.
        let other = place.peek("SELECT day, node, lane FROM audit_segments").await.remove(0);
        place
            .meddle(&format!(
                "INSERT INTO audit_events SELECT {}, '{}', {}, 11, hash, id, at, actor, actor_id, capacity, \
                 session_id, subject, method, deed, granted, document_id, detail FROM audit_events WHERE seq = 10",
                other[0], other[1], other[2]
            ))
            .await;
        let kinds = kinds(place).await;
        assert!(kinds.contains(&FindingKind::Inserted), "{kinds:?}");
    });
}

#[test]
fn a_checkpoint_that_is_changed_removed_or_not_the_sites_shows() {
    on_each_engine(&async |place| {
        ten_rows_closed(place).await;
        place.record(vec![event(Deed::LoggedIn, at("2026-05-05T08:00:00Z"))]).await;
        checkpoint(place, "2026-05-06T08:00:00Z").await;
        assert!(verify(place).await.is_whole());
        place.meddle("CREATE TABLE copy AS SELECT * FROM audit_checkpoints").await;
        for change in [
            "UPDATE audit_checkpoints SET row_count = 9 WHERE number = 1",
            "UPDATE audit_checkpoints SET hash = previous WHERE number = 2",
            "DELETE FROM audit_checkpoints WHERE number = 1",
        ] {
            place.meddle(change).await;
            let kinds = kinds(place).await;
            assert!(kinds.contains(&FindingKind::Checkpoint), "{change}: {kinds:?}");
            place
                .meddle("DELETE FROM audit_checkpoints; INSERT INTO audit_checkpoints SELECT * FROM copy")
                .await;
        }
        let report = place.store.verify_audit(|_, _| false, |_| ()).await.unwrap();
        assert_eq!(report.findings[0].kind, FindingKind::Checkpoint);
        assert!(verify(place).await.is_whole());
    });
}

#[test]
fn a_rewritten_chain_shows_against_the_checkpoint() {
    on_each_engine(&async |place| {
        // The intruder writes a whole new day with right hashes into a store of their own, and moves it here.
        ten_rows_closed(place).await;
        place.meddle("DELETE FROM audit_events; DELETE FROM audit_segments").await;
        let forger = place.reopen().await.unwrap();
        place
            .meddle("CREATE TABLE kept AS SELECT * FROM audit_checkpoints; DELETE FROM audit_checkpoints")
            .await;
        let forged = events(10);
        forger
            .write(async move |tx| {
                for event in &forged {
                    tx.record(event).await?;
                }
                Ok::<_, Fault>(())
            })
            .await
            .unwrap();
        let lane = place.peek("SELECT lane FROM kept").await.concat().concat();
        place
            .meddle(&format!(
                "INSERT INTO audit_checkpoints SELECT * FROM kept; UPDATE audit_events SET lane = {lane}; \
                 UPDATE audit_segments SET lane = {lane}"
            ))
            .await;
        let kinds = kinds(place).await;
        assert!(kinds.contains(&FindingKind::Rewritten), "{kinds:?}");
    });
}

#[test]
fn erasing_takes_whole_closed_days_and_keeps_their_hash() {
    on_each_engine(&async |place| {
        ten_rows_closed(place).await;
        place.record(vec![event(Deed::LoggedIn, at("2026-05-05T08:00:00Z"))]).await;
        let now = at("2026-05-05T09:00:00Z");
        let erase = async |before: &str| place.store.erase_audit(at(before), now, sign).await.unwrap();
        assert_eq!(erase("2026-05-04T23:59:59Z").await, 0, "the day is not over by then");
        assert_eq!(erase("2026-05-06T00:00:00Z").await, 10, "the next day is not closed");
        assert_eq!(erase("2026-05-06T00:00:00Z").await, 0);
        let report = verify(place).await;
        assert!(report.is_whole(), "{report:?}");
        assert_eq!((report.rows, report.checkpoints), (1, 2));
        // A store opened after the erasure still continues the chain.
        let other = place.reopen().await.unwrap();
        let event = event(Deed::LoggedIn, at("2026-05-06T08:00:00Z"));
        other.write(async move |tx| tx.record(&event).await).await.unwrap();
        assert!(verify(place).await.is_whole());
        // Erasing without the site's word is no erasure.
        place.meddle("DELETE FROM audit_events WHERE day < 1777982400000").await;
        assert!(!verify(place).await.is_whole());
    });
}

#[test]
fn after_a_segment_is_closed_a_late_event_opens_the_next() {
    on_each_engine(&async |place| {
        ten_rows_closed(place).await;
        // The clock was set back, as the sandbox allows.
        place.record(events(2)).await;
        place.record(vec![event(Deed::LoggedIn, at("2026-05-03T08:00:00Z"))]).await;
        let report = verify(place).await;
        assert!(report.is_whole(), "{report:?}");
        assert_eq!(report.rows, 13);
    });
}

#[test]
fn a_signer_that_fails_leaves_no_checkpoint() {
    on_each_engine(&async |place| {
        place.record(events(2)).await;
        let failed = place
            .store
            .checkpoint_audit(at("2026-05-06T00:00:00Z"), |_: &[u8]| Err(Fault::bare("signing")))
            .await;
        assert_eq!(failed.unwrap_err().doing(), "signing");
        assert_eq!(verify(place).await.checkpoints, 0);
        assert!(checkpoint(place, "2026-05-06T00:00:00Z").await >= 1);
    });
}
