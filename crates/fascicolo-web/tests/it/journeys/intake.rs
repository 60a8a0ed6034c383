//! Taking documents in (REC-I3, REC-I4).

use std::fs;

use fascicolo_clinical::Refused;
use fascicolo_domain::documents::Kind;
use fascicolo_domain::person::CodiceFiscale;
use fascicolo_web::documents::intake::{IntakeError, Item, Submission, Unfit, Warning, take_in};

use crate::harness::{ANNA, MARIO, Site, national_id, paper};
use crate::paper::Paper;

fn stored(site: &Site) -> usize {
    fn count(folder: std::path::PathBuf) -> usize {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { count(path) } else { 1 }).sum()
    }
    count(site.sandbox.kept.path("documenti"))
}

async fn refused(site: &Site, submission: Submission) -> String {
    let before = stored(site);
    let code = take_in(site.app(), submission).await.unwrap_err().code().to_owned();
    assert_eq!(stored(site), before, "a refused file stays nowhere: {code}");
    code
}

#[tokio::test]
async fn the_same_file_twice_is_one_document_and_another_under_its_identifier_is_refused() {
    let site = Site::open().await;
    let first = take_in(site.app(), Submission::of(paper("X1").pdf())).await.unwrap();
    let again = take_in(site.app(), Submission::of(paper("X1").pdf())).await.unwrap();
    assert_eq!((first.document, first.new), (again.document, true));
    assert!(!again.new);
    let other = Paper { text: "altro", ..paper("X1") };
    assert_eq!(refused(&site, Submission::of(other.pdf())).await, "clash");
    let hers = Paper { codice_fiscale: ANNA, ..paper("X1") };
    assert_eq!(refused(&site, Submission::of(hers.pdf())).await, "clash");
    assert_eq!(stored(&site), 1);
}

#[tokio::test]
async fn ten_at_once_are_one_document_and_one_file() {
    let site = Site::open().await;
    let taking = (0..10).map(|_| {
        let app = site.app().clone();
        tokio::spawn(async move { take_in(&app, Submission::of(paper("X1").pdf())).await.unwrap() })
    });
    let mut new = 0;
    let mut ids = Vec::new();
    for taken in taking.collect::<Vec<_>>() {
        let taken = taken.await.unwrap();
        new += usize::from(taken.new);
        ids.push(taken.document);
    }
    ids.dedup();
    assert_eq!((new, ids.len(), stored(&site)), (1, 1, 1));
}

#[tokio::test]
async fn each_reason_to_refuse_is_named_and_leaves_nothing_behind() {
    let site = Site::open().await;
    let of = |paper: Paper<'_>| Submission::of(paper.pdf());
    let stranger = Paper { codice_fiscale: "RSSMRA80A01H50MM", ..paper("X1") };
    assert_eq!(refused(&site, of(stranger)).await, "subject_unknown");
    let two = Submission { subject: CodiceFiscale::parse(ANNA).ok(), ..of(paper("X1")) };
    assert_eq!(refused(&site, two).await, "subjects_differ");
    let kind = Submission { kind: Kind::by_key("exemption"), ..of(paper("X1")) };
    assert_eq!(refused(&site, kind).await, "disagrees");
    let typo = Paper { codice_fiscale: "RSSMRA80A01H501Z", ..paper("X1") };
    let error = take_in(site.app(), of(typo)).await.unwrap_err();
    assert!(matches!(error, IntakeError::Unfit(Unfit::Missing(Item::Subject))));
    let error = take_in(site.app(), Submission::of("no PDF".into())).await.unwrap_err();
    assert!(matches!(error, IntakeError::Unreadable(Refused::NotPdf)));
    let large = vec![0; usize::try_from(site.app().settings.largest_file).unwrap() + 1];
    assert_eq!(refused(&site, Submission::of(large.into())).await, "too_large");
    // and the accepted twin
    take_in(site.app(), of(paper("X1"))).await.unwrap();
}

#[tokio::test]
async fn a_wrong_check_character_in_the_cda_is_a_warning_when_the_producer_names_the_person() {
    let site = Site::open().await;
    let typo = Paper { codice_fiscale: "RSSMRA80A01H501Z", ..paper("X1") };
    let submission = Submission { subject: CodiceFiscale::parse(MARIO).ok(), ..Submission::of(typo.pdf()) };
    assert_eq!(take_in(site.app(), submission).await.unwrap().warnings, [Warning::CheckCharacter]);
}

#[tokio::test]
async fn a_document_replaces_only_a_current_one_of_the_same_person() {
    let site = Site::open().await;
    site.take_in(&paper("X1")).await;
    let replacing = |number, old| Paper { replaces: Some(old), ..paper(number) };
    let of = |paper: Paper<'_>| Submission::of(paper.pdf());
    let hers = Paper { codice_fiscale: ANNA, ..replacing("X2", "X1") };
    assert_eq!(refused(&site, of(hers)).await, "replaces_anothers");
    assert_eq!(refused(&site, of(replacing("X2", "X2"))).await, "replaces_anothers", "nor itself");
    take_in(site.app(), of(replacing("X2", "X1"))).await.unwrap();
    assert_eq!(refused(&site, of(replacing("X3", "X1"))).await, "replaced_not_current");
    let taken = take_in(site.app(), of(replacing("X4", "X0"))).await.unwrap();
    assert_eq!(taken.warnings, [Warning::ReplacedUnknown]);
    let said = Submission { replaces: Some(national_id("X2")), ..of(paper("X5")) };
    take_in(site.app(), said).await.unwrap();
}
