//! What can befall a file: another process holds it, it is damaged, it belongs to others.

use std::os::unix::fs::PermissionsExt as _;

use fascicolo_domain::Fault;
use fascicolo_domain::audit::Deed;

use crate::harness::{event, noon, on_sqlite};

#[test]
fn a_file_that_another_process_holds_is_a_passing_fault_and_reads_go_on() {
    on_sqlite(&async |place| {
        let other = place.sqlite();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let units: Vec<_> = (0..10)
            .map(|_| {
                let store = place.store.clone();
                tokio::spawn(async move {
                    store.write(async |tx| tx.record(&event(Deed::LoggedIn, noon())).await).await
                })
            })
            .collect();
        place.store.ping().await.unwrap();
        for unit in units {
            let fault = unit.await.unwrap().unwrap_err();
            assert!(fault.is_passing(), "{fault:?}");
            assert!(format!("{fault:?}").contains("locked"), "{fault:?}");
        }
        other.execute_batch("ROLLBACK").unwrap();
        place.record(vec![event(Deed::LoggedIn, noon())]).await;
        assert!(place.store.verify_audit(|_, _| true, |_| ()).await.unwrap().is_whole());
    });
}

#[test]
fn a_damaged_file_is_a_lasting_fault() {
    on_sqlite(&async |place| {
        let dir = place.dir.as_ref().unwrap().path();
        let path = dir.join("damaged.db");
        std::fs::write(
            &path,
            b"this is no database, and long enough to be read as a header of one....".repeat(20),
        )
        .unwrap();
        let url = format!("sqlite://{}", path.display());
        let fault: Fault = fascicolo_store::Store::open(&url, crate::harness::options()).await.err().unwrap();
        assert!(!fault.is_passing(), "{fault:?}");
        assert!(format!("{fault:?}").contains("not a database"), "{fault:?}");
    });
}

#[test]
fn the_file_is_for_its_owner_alone() {
    on_sqlite(&async |place| {
        for suffix in ["", "-wal", "-shm"] {
            let mode = std::fs::metadata(format!("{}{suffix}", place.path())).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{suffix}");
        }
    });
}
