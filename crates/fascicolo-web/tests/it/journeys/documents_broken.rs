//! Files that are gone or not what was stored (REC-I8): said, on record, and nobody else's trouble.

use std::fs;
use std::path::PathBuf;

use axum::http::StatusCode;

use crate::harness::{MARIO, Site, paper};
use crate::paper::Paper;

/// The stored files, by size.
fn stored(site: &Site) -> Vec<PathBuf> {
    let mut folders = vec![site.sandbox.kept.path("documenti")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort_by_key(|file| fs::metadata(file).unwrap().len());
    files
}

fn flip(file: &PathBuf, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn a_file_that_is_gone_or_changed_is_told_with_a_report_number_and_stays_on_record() {
    let site = Site::open().await;
    let good = site.take_in(&Paper { text: "breve", ..paper("X1") }).await;
    let bad = site.take_in(&Paper { text: "un testo molto più lungo del primo", ..paper("X2") }).await;
    let mario = site.log_in(MARIO).await;
    let file = stored(&site).pop().unwrap();
    flip(&file, 100);
    for round in 0..2 {
        let path = format!("/fascicolo/documenti/{bad}");
        for answer in [mario.get(&path).await, mario.post(&format!("{path}/scarica"), &[]).await] {
            let answer = answer.expect(StatusCode::INTERNAL_SERVER_ERROR).says("R-");
            answer.hides("lungo").hides("stored document");
        }
        mario.get(&format!("/fascicolo/documenti/{good}")).await.expect(StatusCode::OK).says("breve");
        mario.get("/fascicolo/documenti").await.expect(StatusCode::OK);
        if round == 0 {
            fs::remove_file(&file).unwrap();
        }
    }
    let log = mario.get("/fascicolo/accessi").await;
    assert_eq!(log.text().matches("Scaricamento di un documento").count(), 2);
}

#[tokio::test]
async fn a_file_that_is_changed_further_on_is_cut_short_and_never_sent_wrong() {
    let site = Site::open().await;
    let long = "parola ".repeat(30_000);
    let paper = Paper { text: &long, ..paper("X1") };
    let id = site.take_in(&paper).await;
    let mario = site.log_in(MARIO).await;
    let path = format!("/fascicolo/documenti/{id}/scarica");
    let file = stored(&site).pop().unwrap();
    assert_eq!(mario.post(&path, &[]).await.body, Some(paper.pdf()));
    flip(&file, 150_000);
    let answer = mario.post(&path, &[]).await.expect_status(StatusCode::OK);
    assert_eq!(answer.body, None, "it breaks off");
}
