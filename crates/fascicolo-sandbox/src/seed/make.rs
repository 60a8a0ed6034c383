//! Makes the files: one thread a processor, each document from its plan alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use fascicolo_domain::Fault;
use fascicolo_domain::documents::NationalId;
use fascicolo_web::documents::intake::Submission;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::plan::Planned;
use crate::people::{Person, State};
use crate::samples::{self, DocumentAuthority, Patient, ReportFacts, Sample};

/// A planned document and whose it is.
pub(crate) struct Job {
    pub(crate) person: Arc<Person>,
    pub(crate) planned: Planned,
}

/// Who signs: doctors we know, and one whom nobody here knows.
pub(crate) struct Signers {
    pub(crate) known: DocumentAuthority,
    pub(crate) unknown: DocumentAuthority,
}

/// Makes every document and hands each over as it is finished, with its place in `jobs`. Runs until all are made or
/// nobody wants them any more.
pub(crate) fn make_all(
    jobs: &[Job],
    signers: &Signers,
    finished: &mpsc::Sender<(usize, Result<Submission, Fault>)>,
) {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(at) else { return };
                    if finished.blocking_send((at, make(job, signers))).is_err() {
                        return;
                    }
                }
            });
        }
    });
}

fn make(job: &Job, signers: &Signers) -> Result<Submission, Fault> {
    let (person, planned) = (&*job.person, &job.planned);
    let patient = Patient {
        codice_fiscale: person.codice_fiscale.as_str(),
        given: &person.given_name,
        family: &person.family_name,
        born: person.born,
        sex: person.sex,
        birthplace: &person.place,
    };
    let facts = ReportFacts {
        national_extension: &planned.number,
        issued_at: planned.issued_at,
        version: planned.version,
        replaces: planned.replaces.as_deref(),
        confidentiality: planned.confidentiality(),
        seed: planned.seed(),
        check_number: None,
    };
    let sample = samples::report(planned.kind, &patient, &facts)?;
    let file = file(&sample, planned.state, planned.issued_at, signers)?;
    let mut submission = Submission::of(Bytes::from(file));
    submission.hidden = planned.state == Some(State::Hidden);
    submission.protected = planned.state == Some(State::Protected);
    if planned.state == Some(State::Unreadable) {
        // no CDA says it
        submission.subject = Some(person.codice_fiscale);
        submission.national_id = Some(national_id(&planned.number));
        submission.kind = Some(planned.kind);
        submission.issued_at = Some(planned.issued_at);
        submission.title = Some(sample.title);
        submission.issuer = Some(sample.issuer);
        submission.author = Some(sample.author);
    }
    Ok(submission)
}

fn file(sample: &Sample, state: Option<State>, at: Timestamp, signers: &Signers) -> Result<Vec<u8>, Fault> {
    let key = signers.known.key(sample)?;
    match state {
        Some(State::Unsigned) => samples::pdf(sample, None),
        Some(State::Broken) => samples::broken_pdf(sample, (key, at)),
        Some(State::Unreadable) => samples::bare_pdf(sample, (key, at)),
        Some(State::UnknownSigner) => samples::pdf(sample, Some((signers.unknown.key(sample)?, at))),
        Some(State::Replaced | State::Annulled | State::Hidden | State::Protected) | None => {
            samples::pdf(sample, Some((key, at)))
        }
    }
}

/// The national identifier of a document number.
pub(crate) fn national_id(number: &str) -> NationalId {
    NationalId { root: samples::ROOT.to_owned(), extension: number.to_owned() }
}
