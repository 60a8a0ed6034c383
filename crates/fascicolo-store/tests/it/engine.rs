use std::time::Duration;

use fascicolo_domain::Fault;
use fascicolo_domain::ids::ObjectId;
use fascicolo_store::{Options, Store, StoredObject};

use crate::harness::{anna, chance, digest, noon, on_each_engine, on_postgres, options};

fn object() -> StoredObject {
    StoredObject {
        id: ObjectId::new(noon(), chance()),
        kek: "k".to_owned(),
        wrapped_key: Vec::new(),
        size: 1,
        sha256: digest("x"),
        stored_size: 1,
    }
}

#[test]
fn a_unit_that_fails_undoes_itself_and_no_other() {
    on_each_engine(&async |place| {
        let units: Vec<_> = (0..100)
            .map(|i| {
                let store = place.store.clone();
                tokio::spawn(async move {
                    store
                        .write(async move |tx| {
                            tx.insert_object(&object()).await?;
                            tx.insert_object(&object()).await?;
                            if i % 4 == 0 { Err(Fault::bare("refused")) } else { Ok(()) }
                        })
                        .await
                })
            })
            .collect();
        let mut kept = 0;
        for unit in units {
            kept += u64::from(unit.await.unwrap().is_ok());
        }
        assert_eq!(kept, 75);
        assert_eq!(place.peek("SELECT COUNT(*) FROM objects").await, [["150"]]);
    });
}

#[test]
fn a_unit_that_swallows_a_failed_statement_is_not_acknowledged() {
    on_each_engine(&async |place| {
        let (first, second) = (object(), object());
        let swallowed = place
            .store
            .write(async move |tx| {
                tx.insert_object(&first).await?;
                drop(tx.insert_object(&first).await);
                drop(tx.insert_object(&second).await);
                Ok::<_, Fault>(())
            })
            .await;
        let fault = swallowed.unwrap_err();
        assert!(!fault.is_passing(), "{fault:?}");
        assert_eq!(place.peek("SELECT COUNT(*) FROM objects").await, [["0"]]);
    });
}

#[test]
fn a_unit_that_panics_ends_alone() {
    on_each_engine(&async |place| {
        let panicked = place
            .store
            .write(async |tx| {
                tx.insert_object(&object()).await?;
                if digest("a") != digest("b") {
                    panic!("on purpose");
                }
                Ok::<_, Fault>(())
            })
            .await;
        assert!(!panicked.unwrap_err().is_passing());
        let read = place.store.read(async |_| -> Result<(), Fault> { panic!("on purpose") }).await;
        assert!(read.is_err());
        for _ in 0..8 {
            place.store.write(async |tx| tx.insert_object(&object()).await).await.unwrap();
            place.store.ping().await.unwrap();
        }
        assert_eq!(place.peek("SELECT COUNT(*) FROM objects").await, [["8"]]);
    });
}

#[test]
fn a_unit_that_reads_cannot_write() {
    on_each_engine(&async |place| {
        let written = place.store.read(async |tx| tx.insert_object(&object()).await).await;
        assert!(written.is_err());
        let recorded = place
            .store
            .read(async |tx| {
                tx.record(&crate::harness::event(fascicolo_domain::audit::Deed::LoggedIn, noon())).await
            })
            .await;
        assert!(recorded.is_err());
        assert_eq!(place.peek("SELECT COUNT(*) FROM objects").await, [["0"]]);
        place.store.write(async |tx| tx.insert_object(&object()).await).await.unwrap();
    });
}

#[test]
fn a_fault_says_which_statement_and_never_which_value() {
    on_each_engine(&async |place| {
        let anna = anna();
        place.know(&anna).await;
        let session = crate::harness::session_of(&anna, noon());
        let new = fascicolo_store::NewSession { session, token: digest("t"), at_provider: None };
        let open = async |new: &fascicolo_store::NewSession| {
            let new = new.clone();
            place.store.write(async move |tx| tx.insert_session(&new).await).await
        };
        open(&new).await.unwrap();
        let told = format!("{:?}", open(&new).await.unwrap_err());
        assert!(told.contains("INSERT INTO sessions"), "{told}");
        for secret in [anna.id.to_string(), session.id.to_string(), digest("t").to_hex()] {
            assert!(!told.contains(&secret), "{told}");
        }
    });
}

#[test]
fn handlers_get_a_future_that_can_move_between_threads() {
    fn movable<T: Send>(value: T) -> T {
        value
    }
    on_each_engine(&async |place| {
        let object = object();
        movable(place.store.write(async move |tx| tx.insert_object(&object).await)).await.unwrap();
        movable(place.store.ping()).await.unwrap();
        movable(place.store.verify_audit(|_, _| true, |_| ())).await.unwrap();
        movable(place.store.migrate()).await.unwrap();
    });
}

#[test]
fn addresses_that_lead_nowhere_are_refused_in_plain_words() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let cases = [
            ("mysql://localhost/x", false, "starts with sqlite:// or postgres://"),
            ("sqlite:///nowhere/at/all.db", true, "cannot be opened"),
            ("postgres://localhost:1/x", true, "out of reach"),
            ("postgres://db.example/x", false, "sslmode=require"),
            ("postgres://localhost:notaport/x", false, "cannot be read"),
        ];
        for (url, passing, words) in cases {
            let fault = Store::open(url, options()).await.err().unwrap();
            let told = format!("{fault:?}");
            assert!(told.contains(words), "{url}: {told}");
            assert_eq!(fault.is_passing(), passing, "{url}: {told}");
        }
    });
}

#[test]
fn whoever_finds_every_connection_busy_is_told_to_come_back() {
    on_postgres(&async |place| {
        let few = Options { readers: 1, writers: 1, wait: Duration::from_millis(100), ..options() };
        let store = Store::open(&place.url, few).await.unwrap();
        let (release, held) = tokio::sync::oneshot::channel::<()>();
        let (tell, began) = tokio::sync::oneshot::channel();
        let holder = {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(async move |tx| {
                        tx.insert_object(&object()).await?;
                        tell.send(()).unwrap();
                        held.await.unwrap();
                        Ok::<_, Fault>(())
                    })
                    .await
            })
        };
        began.await.unwrap();
        let fault = store.write(async |tx| tx.insert_object(&object()).await).await.unwrap_err();
        assert!(fault.is_passing(), "{fault:?}");
        store.ping().await.unwrap();
        release.send(()).unwrap();
        holder.await.unwrap().unwrap();
        store.write(async |tx| tx.insert_object(&object()).await).await.unwrap();
    });
}

#[test]
fn broken_connections_are_a_passing_fault_and_are_replaced() {
    on_postgres(&async |place| {
        let write = async || place.store.write(async |tx| tx.insert_object(&object()).await).await;
        write().await.unwrap();
        place
            .meddle(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
        let mut acknowledged = 1;
        for _ in 0..8 {
            match write().await {
                Ok(()) => acknowledged += 1,
                Err(fault) => assert!(fault.is_passing(), "{fault:?}"),
            }
        }
        assert!(acknowledged > 4, "{acknowledged}");
        let rows = place.peek("SELECT COUNT(*) FROM objects").await;
        assert_eq!(rows, [[acknowledged.to_string()]]);
    });
}
