//! A record filled for real, with few people.

use std::collections::HashSet;
use std::sync::Arc;

use fascicolo_domain::documents::{Chain, Document, Signature, Status};
use fascicolo_store::{Cursor, Filter};
use fascicolo_web::App;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::ports::SandboxClock;
use crate::{Options, Sandbox, sandbox};

fn now() -> Timestamp {
    "2026-11-25T11:00:00Z".parse().unwrap()
}

async fn open(contents: Contents) -> Sandbox {
    sandbox(Options::for_tests(now(), contents)).await.unwrap()
}

/// All of a person's documents, newest first, read page by page.
async fn documents(sandbox: &Sandbox, key: &str) -> Vec<Document> {
    let subject = citizen_of(&sandbox.app, sandbox.person(key).unwrap()).await.unwrap();
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let (rows, next) = page(&sandbox.app, subject, after).await;
        all.extend(rows);
        after = next;
        if after.is_none() {
            return all;
        }
    }
}

async fn page(app: &App, subject: CitizenId, after: Option<Cursor>) -> (Vec<Document>, Option<Cursor>) {
    app.store
        .read(async move |tx| {
            let page = tx.documents_page(subject, &Filter::default(), after, 20).await?;
            let mut rows = Vec::new();
            for row in page.rows {
                rows.extend(tx.document(subject, row.id).await?);
            }
            Ok::<_, Fault>((rows, page.next))
        })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn giulias_documents_show_every_state() {
    let sandbox = open(Contents::Of(&["giulia"])).await;
    let documents = documents(&sandbox, "giulia").await;
    let count = |is: &dyn Fn(&Document) -> bool| documents.iter().filter(|d| is(d)).count();
    let giulia = sandbox.person("giulia").unwrap();
    // one of each state, and two more versions of the replaced one
    assert_eq!(documents.len(), usize::from(giulia.documents) + giulia.states.len() + 2);
    assert_eq!(count(&|d| matches!(d.status, Status::Replaced { .. })), 2);
    assert_eq!(count(&|d| d.status == Status::Annulled), 1);
    assert_eq!(count(&|d| d.hidden), 1);
    assert_eq!(count(&|d| d.protected), 1);
    assert_eq!(count(&|d| !d.readable), 1);
    assert_eq!(count(&|d| d.signature == Signature::NotSigned), 1);
    assert_eq!(count(&|d| d.signature == Signature::Broken), 1);
    let known =
        |d: &Document, wanted| matches!(&d.signature, Signature::Intact { chain, .. } if *chain == wanted);
    assert_eq!(count(&|d| known(d, Chain::Unknown)), 1);
    assert_eq!(count(&|d| known(d, Chain::Known)), documents.len() - 3);
    let last = documents.iter().find(|d| d.version == 3).unwrap();
    let middle = documents.iter().find(|d| d.version == 2).unwrap();
    assert_eq!(middle.status, Status::Replaced { by: last.id });
    assert!(documents.iter().map(|d| &d.issuer).collect::<HashSet<_>>().len() > 3, "several issuers");
}

#[tokio::test(flavor = "multi_thread")]
async fn very_many_documents_share_the_files_of_a_few() {
    let sandbox = open(Contents::Of(&["anna"])).await;
    let files = documents(&sandbox, "anna").await.len();
    let anna = citizen_of(&sandbox.app, sandbox.person("anna").unwrap()).await.unwrap();
    many::multiply(&sandbox.app, anna, 130).await.unwrap();
    let documents = documents(&sandbox, "anna").await;
    assert_eq!(documents.len(), 130);
    assert_eq!(documents.iter().map(|d| d.object).collect::<HashSet<_>>().len(), files);
    assert!(documents.is_sorted_by(|newer, older| newer.issued_at >= older.issued_at));
    let numbers: HashSet<_> = documents.iter().map(|d| d.national_id.extension.as_str()).collect();
    assert_eq!(numbers.len(), 130);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_filled_once_and_its_people_keep_their_codes() {
    let folder = tempfile::tempdir().unwrap();
    let open = async |now: Timestamp| {
        let mut options = Options::for_tests(now, Contents::Of(&["marco"]));
        options.folder = Some(folder.path().to_owned());
        sandbox(options).await.unwrap()
    };
    let first = open(now()).await;
    let (code, had) = (first.person("marco").unwrap().codice_fiscale, documents(&first, "marco").await.len());
    drop(first);
    let second = open(now() + SignedDuration::from_hours(24 * 400)).await;
    assert_eq!(second.person("marco").unwrap().codice_fiscale, code);
    let again = documents(&second, "marco").await;
    assert_eq!((again.len(), had > 5), (had, true));
    let known = |d: &Document| matches!(d.signature, Signature::Intact { chain: Chain::Known, .. });
    assert!(again.iter().all(known));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_was_cut_off_is_done_again() {
    let folder = tempfile::tempdir().unwrap();
    for finished in [false, true] {
        let mut options = Options::for_tests(now(), Contents::None);
        options.folder = Some(folder.path().to_owned());
        let sandbox = sandbox(options).await.unwrap();
        assert!(citizen_of(&sandbox.app, sandbox.person("giulia").unwrap()).await.is_ok());
        if !finished {
            sandbox.kept.remove(&["completo"]).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_empty_is_refused() {
    let other = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", other.path().join("other.db").display());
    let open = async || {
        let mut options = Options::for_tests(now(), Contents::None);
        options.database = Some(url.clone());
        options.entropy = Arc::new(fascicolo_adapters::SystemEntropy);
        options.clock = SandboxClock::standing_at(now());
        sandbox(options).await.map(drop)
    };
    assert!(open().await.is_ok());
    assert_eq!(open().await.unwrap_err().doing(), "filling the record: it is not empty");
}
