//! What the store can do, with `SELECT 1` as the yardstick of the same run. Prints a table; asserts nothing.
//! `cargo bench -p fascicolo-store [-- ROWS]` (2,000,000 documents of 50,000 persons by default, kept under the
//! target folder for the next run). PostgreSQL too when `FASCICOLO_TEST_POSTGRES` names a server.

#[path = "store/load.rs"]
mod load;
#[path = "store/measure.rs"]
mod measure;

use std::time::Instant;

use fascicolo_domain::Fault;
use fascicolo_domain::documents::Kind;
use fascicolo_store::{Filter, Options, Store};

use crate::load::{DAY, Load, citizen, event, token};
use crate::measure::{Work, heading, measure, say};

fn main() {
    let rows = std::env::args().skip(1).find_map(|a| a.parse().ok());
    let load = Load { rows: rows.unwrap_or(2_000_000) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    if let Err(error) = runtime.map_err(Into::into).and_then(|r| r.block_on(bench(load))) {
        eprintln!("{error:?}");
        std::process::exit(1);
    }
}

async fn bench(load: Load) -> Result<(), Box<dyn std::error::Error>> {
    for (name, url) in load.places().await? {
        let options = Options { node: "bench".to_owned(), readers: 4, writers: 16, ..Options::default() };
        let store = Store::open(&url, options).await?;
        store.migrate().await?;
        load.fill(&store, name).await?;
        say(&format!("\n{name}, {} documents of {} persons", load.rows, load.persons()));
        heading();
        lists(&store, load.persons()).await?;
        searches(&store).await?;
        trail(&store).await?;
    }
    Ok(())
}

async fn lists(store: &Store, persons: u64) -> Result<(), Fault> {
    let yardstick = {
        let store = store.clone();
        move |_| {
            let store = store.clone();
            async move { store.ping().await }
        }
    };
    measure("SELECT 1 (yardstick)", Work::of(16, 4000), yardstick).await?;
    for (name, who) in [("anybody", None), ("10 documents", Some(1)), ("50,000 documents", Some(0))] {
        let person =
            move |n: u64| who.unwrap_or_else(|| 2 + n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (persons - 2));
        let list = {
            let store = store.clone();
            move |n| page(store.clone(), person(n), Filter::default())
        };
        measure(&format!("list, {name}"), Work::of(16, 3000), list).await?;
        let both = {
            let store = store.clone();
            move |n| session_and_page(store.clone(), person(n))
        };
        measure(&format!("session + list, {name}"), Work::of(16, 3000), both).await?;
    }
    Ok(())
}

async fn page(store: Store, person: u64, filter: Filter) -> Result<(), Fault> {
    let subject = citizen(person).id;
    store.read(async move |tx| tx.documents_page(subject, &filter, None, 20).await.map(drop)).await
}

async fn session_and_page(store: Store, person: u64) -> Result<(), Fault> {
    let token = token(person);
    let subject = citizen(person).id;
    store
        .read(async move |tx| {
            if tx.session(&token).await?.is_none() {
                return Err(Fault::bare("looking for a session of the bench"));
            }
            tx.documents_page(subject, &Filter::default(), None, 20).await.map(drop)
        })
        .await
}

async fn searches(store: &Store) -> Result<(), Fault> {
    for (name, words, kind) in [
        ("common words", Some("referto"), None),
        ("rare words", Some("inesistente"), None),
        ("rare kind", None, Kind::by_key("implant_card")),
    ] {
        let filter = Filter { words: words.map(str::to_owned), kind, ..Filter::default() };
        let store = store.clone();
        let search = move |_| page(store.clone(), 0, filter.clone());
        measure(&format!("list, 50,000 documents, {name}"), Work::of(4, 25), search).await?;
    }
    Ok(())
}

async fn trail(store: &Store) -> Result<(), Fault> {
    for tasks in [1, 16, 64, 256] {
        let each = if tasks == 1 { 1000 } else { 40_000 / tasks };
        let store = store.clone();
        let record = move |n| {
            let store = store.clone();
            async move { store.write(async move |tx| tx.record(&event(n)).await).await }
        };
        measure(&format!("audit row, {tasks} at once"), Work::of(tasks, each), record).await?;
    }
    for n in 0..100 {
        store
            .write(async move |tx| {
                for i in 0..4000 {
                    tx.record(&event(n * 4000 + i)).await?;
                }
                Ok::<_, Fault>(())
            })
            .await?;
    }
    let sign = |statement: &[u8]| Ok(statement.to_vec());
    store.checkpoint_audit(load::at(DAY * 2), sign).await?;
    let begun = Instant::now();
    let report = store.verify_audit(|s, signature| s == signature, |_| ()).await?;
    let rate = report.rows as f64 / begun.elapsed().as_secs_f64();
    let (rows, wrong) = (report.rows, report.wrong);
    say(&format!("verify: {rows} rows, {wrong} wrong, {rate:.0} rows/s"));
    Ok(())
}
