//! What is in the record when the sandbox first starts: the people whom the register knows, and their documents,
//! taken in the way producers' documents are.

mod make;
mod many;
mod plan;

use std::sync::Arc;
use std::time::Instant;

use fascicolo_domain::Fault;
use fascicolo_domain::ids::CitizenId;
use fascicolo_domain::person::Citizen;
use fascicolo_store::Put;
use fascicolo_web::App;
use fascicolo_web::documents::intake::{self, Submission};
use fascicolo_web::ports::EntropyExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use self::make::{Job, make_all, national_id};
use self::plan::plan;
use crate::Contents;
use crate::people::{Person, State};
use crate::samples;

pub(crate) use self::make::Signers;

#[cfg(test)]
mod tests;

/// How many files the person with very many documents has.
const FILES_OF_MANY: u32 = 200;
/// How many documents are taken in at once: they wait for the disk, not for the processor.
const AT_ONCE: usize = 24;

/// Fills an empty record.
///
/// # Errors
/// The store or the disk failed, or the record is not empty.
pub(crate) async fn fill(
    app: &App,
    people: &[Person],
    contents: Contents,
    signers: Signers,
) -> Result<(), Fault> {
    let start = Instant::now();
    register(app, people).await?;
    let jobs = jobs(app, people, contents)?;
    let documents = jobs.len();
    if documents > 0 {
        take_all_in(app, jobs, signers).await?;
        tracing::info!(documents, elapsed = ?start.elapsed(), "sample documents taken in");
    }
    Ok(())
}

/// Gives very many documents to whoever shall have them.
///
/// # Errors
/// The store failed.
pub(crate) async fn multiply(app: &App, people: &[Person], many: u32) -> Result<(), Fault> {
    let start = Instant::now();
    for person in people.iter().filter(|p| p.many) {
        let subject = citizen_of(app, person).await?;
        many::multiply(app, subject, many).await?;
        tracing::info!(rows = many, elapsed = ?start.elapsed(), "one person has very many documents");
    }
    Ok(())
}

/// Puts the people into the register.
async fn register(app: &App, people: &[Person]) -> Result<(), Fault> {
    let now = app.clock.now();
    let citizen = |person: &Person| {
        Ok::<_, Fault>(Citizen {
            id: CitizenId::new(now, app.entropy.id()?),
            codice_fiscale: person.codice_fiscale,
            given_name: person.given_name.clone(),
            family_name: person.family_name.clone(),
            birth_date: Some(person.born),
            registered: true,
            standing: person.standing,
            ward: person.ward,
        })
    };
    let known = people.iter().filter(|p| p.registered);
    let citizens = known.map(citizen).collect::<Result<Vec<_>, Fault>>()?;
    app.store
        .write(async move |tx| {
            for citizen in &citizens {
                match tx.put_citizen(citizen).await? {
                    Put::Stored => {}
                    Put::Taken(_) => return Err(Fault::bare("filling the record: it is not empty")),
                }
            }
            Ok(())
        })
        .await
}

async fn citizen_of(app: &App, person: &Person) -> Result<CitizenId, Fault> {
    let code = person.codice_fiscale;
    let found = app.store.read(async move |tx| tx.citizen_by_codice_fiscale(&code).await).await?;
    found.map(|citizen| citizen.id).ok_or_else(|| Fault::bare("looking for an invented person"))
}

/// What is to be made. Versions of a document stand in their order.
fn jobs(app: &App, people: &[Person], contents: Contents) -> Result<Vec<Job>, Fault> {
    let (now, kinds) = (app.clock.now(), samples::kinds()?);
    let wanted = |person: &Person| match contents {
        Contents::None => None,
        Contents::Of(keys) => keys.contains(&person.key.as_str()).then_some(FILES_OF_MANY.min(25)),
        Contents::Everything { many } => Some(many.min(FILES_OF_MANY)),
    };
    let mut jobs = Vec::new();
    for (at, person) in people.iter().enumerate() {
        let Some(of_many) = wanted(person) else { continue };
        let count = if person.many { of_many } else { u32::from(person.documents) };
        let person_kept = Arc::new(person.clone());
        let planned = plan(person, at, count, &kinds, now);
        jobs.extend(planned.into_iter().map(|planned| Job { person: Arc::clone(&person_kept), planned }));
    }
    Ok(jobs)
}

/// Makes the files on threads of their own and takes each in as it comes; what replaces another waits for the end.
async fn take_all_in(app: &App, jobs: Vec<Job>, signers: Signers) -> Result<(), Fault> {
    let jobs = Arc::new(jobs);
    let (finished, mut made) = mpsc::channel(AT_ONCE);
    let making = {
        let jobs = Arc::clone(&jobs);
        tokio::task::spawn_blocking(move || make_all(&jobs, &signers, &finished))
    };
    let mut taking = JoinSet::new();
    let mut later = Vec::new();
    while let Some((at, submission)) = made.recv().await {
        let (submission, Some(job)) = (submission?, jobs.get(at)) else {
            continue;
        };
        if job.planned.replaces.is_some() {
            later.push((job.planned.version, submission));
            continue;
        }
        if taking.len() >= AT_ONCE {
            joined(taking.join_next().await)?;
        }
        let annulled = (job.planned.state == Some(State::Annulled)).then(|| national_id(&job.planned.number));
        let app = app.clone();
        taking.spawn(async move {
            take_in(&app, submission).await?;
            if let Some(id) = annulled {
                intake::annul(&app, id).await?;
            }
            Ok(())
        });
    }
    making.await.map_err(|e| Fault::new("making the sample documents", e))?;
    while let Some(done) = taking.join_next().await {
        joined(Some(done))?;
    }
    later.sort_by_key(|(version, _)| *version);
    for (_, submission) in later {
        take_in(app, submission).await?;
    }
    Ok(())
}

async fn take_in(app: &App, submission: Submission) -> Result<(), Fault> {
    let taken = intake::take_in(app, submission).await;
    taken.map(drop).map_err(|e| Fault::new("taking in a sample document", e))
}

fn joined(done: Option<Result<Result<(), Fault>, tokio::task::JoinError>>) -> Result<(), Fault> {
    match done {
        Some(Ok(result)) => result,
        Some(Err(e)) => Err(Fault::new("taking in a sample document", e)),
        None => Ok(()),
    }
}
