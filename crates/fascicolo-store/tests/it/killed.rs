//! `kill -9` (GEN-G10, F1): what was acknowledged is there, and the chain is whole.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use fascicolo_domain::audit::Deed;
use fascicolo_store::Store;

use crate::harness::{event, noon, on_each_engine, options};

const URL: &str = "FASCICOLO_TEST_CHILD_URL";

/// Not a test by itself: the process that the next one kills.
#[test]
fn a_child_writes_and_acknowledges_until_it_is_killed() {
    let Some(url) = std::env::var_os(URL) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async move {
        let store = Store::open(url.to_str().unwrap(), options()).await.unwrap();
        for _ in 0..16 {
            let store = store.clone();
            tokio::spawn(async move {
                loop {
                    let event = event(Deed::LoggedIn, noon());
                    let id = event.id;
                    store.write(async move |tx| tx.record(&event).await).await.unwrap();
                    println!("\nacknowledged {id}");
                }
            });
        }
        // They end with the process.
        std::future::pending::<()>().await;
    });
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    on_each_engine(&async |place| {
        let mut acknowledged = HashSet::new();
        for round in 1..=3 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args([
                    "killed::a_child_writes_and_acknowledges_until_it_is_killed",
                    "--exact",
                    "--nocapture",
                ])
                .env(URL, &place.url)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let mut seen = 0;
            for line in lines.map_while(Result::ok) {
                if let Some(id) = line.strip_prefix("acknowledged ") {
                    acknowledged.insert(id.to_owned());
                    seen += 1;
                    if seen == 100 * round {
                        child.kill().unwrap();
                    }
                }
            }
            assert!(seen >= 100 * round, "the child ended by itself after {seen}");
            child.wait().unwrap();
        }
        // The server may still be undoing what the killed process had begun.
        place.store.ping().await.unwrap();
        place.record(vec![event(Deed::LoggedOut, noon())]).await;
        let held: HashSet<_> = place.peek("SELECT id FROM audit_events").await.concat().into_iter().collect();
        let lost: Vec<_> = acknowledged.difference(&held).collect();
        assert!(lost.is_empty(), "{} of {} lost", lost.len(), acknowledged.len());
        let report = place.store.verify_audit(|_, _| true, |_| ()).await.unwrap();
        assert!(report.is_whole(), "{report:?}");
    });
}
