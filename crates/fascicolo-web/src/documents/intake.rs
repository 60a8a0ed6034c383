//! Taking a document in: read, judged, encrypted and durable before its row says that we hold it (REC-I3, REC-I4, REC-I8).

use bytes::Bytes;
use fascicolo_clinical::Refused;
use fascicolo_clinical::cda::{self, Header};
use fascicolo_clinical::pdf;
use fascicolo_domain::Fault;
use fascicolo_domain::audit::{Actor, Deed, Event};
use fascicolo_domain::documents::{Document, NationalId, Signature, Status};
use fascicolo_domain::ids::{CitizenId, DocumentId, ObjectId};
use fascicolo_domain::secret::Digest;
use fascicolo_domain::verification::CheckNumber;
use fascicolo_store::{Inserted, StoredObject, Tx};

use super::files;
use super::submission::{Facts, facts};
pub use super::submission::{Item, Submission, Unfit, Warning};
use crate::App;
use crate::ports::EntropyExt as _;

/// A document we hold, durably.
#[derive(Debug)]
pub struct Taken {
    pub document: DocumentId,
    /// False: the very same file was here already, and nothing changed (REC-I4).
    pub new: bool,
    pub warnings: Vec<Warning>,
}

/// Why a document was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error("the file is larger than the limit")]
    TooLarge,
    #[error("the file cannot be read: {0}")]
    Unreadable(Refused),
    #[error("what is said of it does not make a document")]
    Unfit(Unfit),
    #[error("the register does not know the person")]
    SubjectUnknown,
    /// The codes in the metadata and in the CDA lead to two people.
    #[error("the metadata and the document name different people")]
    SubjectsDiffer,
    /// The identifier is used by another file.
    #[error("another file has this identifier")]
    Clash,
    #[error("the document it replaces is somebody else's")]
    ReplacesAnothers,
    /// Annulled, or replaced by another document before.
    #[error("the document it replaces is not current")]
    ReplacedNotCurrent,
    #[error("something broke")]
    Fault(#[from] Fault),
}

impl IntakeError {
    /// A stable name for reports and the audit trail.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Unreadable(refused) => refused.code(),
            Self::Unfit(Unfit::Missing(_)) => "missing",
            Self::Unfit(Unfit::Disagrees(_)) => "disagrees",
            Self::SubjectUnknown => "subject_unknown",
            Self::SubjectsDiffer => "subjects_differ",
            Self::Clash => "clash",
            Self::ReplacesAnothers => "replaces_anothers",
            Self::ReplacedNotCurrent => "replaced_not_current",
            Self::Fault(_) => "fault",
        }
    }
}

/// Takes a document in. `Ok` means that file and row are durable; the same file twice is the same document.
///
/// # Errors
/// Why not; then nothing of it is in the record, and the refusal is in the audit trail.
pub async fn take_in(app: &App, submission: Submission) -> Result<Taken, IntakeError> {
    let taken = judge_and_keep(app, submission).await;
    if let Err(refused) = &taken
        && !matches!(refused, IntakeError::Fault(_))
    {
        let event = app.event_of(Actor::System, Deed::DocumentTakenIn, app.clock.now())?;
        let event = event.refused().saying(refused.code());
        app.store.write(async move |tx| tx.record(&event).await).await?;
    }
    taken
}

async fn judge_and_keep(app: &App, submission: Submission) -> Result<Taken, IntakeError> {
    let now = app.clock.now();
    if length(&submission.pdf) > app.settings.largest_file {
        return Err(IntakeError::TooLarge);
    }
    let read = read(app, &submission.pdf).await?;
    let facts = facts(&submission, read.header.as_ref()).map_err(IntakeError::Unfit)?;
    let (subject, held) = find(app, &facts).await?;
    if let Some(held) = held {
        return same_or_clash(&held, subject, &read.sha256, facts.warnings);
    }
    let object = ObjectId::new(now, app.entropy.id()?);
    let document = make_row(app, (subject, object), &submission, &read, &facts)?;
    let stored = files::keep(app, object, &submission.pdf).await?;
    match keep(app, document, stored, &facts).await {
        Ok(taken) => Ok(taken),
        Err(Undone::Same(document)) => {
            app.objects.remove(object).await?;
            Ok(Taken { document, new: false, warnings: facts.warnings })
        }
        Err(Undone::Refused(refused)) => {
            app.objects.remove(object).await?;
            Err(refused)
        }
        // the row may be there all the same: bytes without a row cost disk, a row without its bytes a document
        Err(Undone::Fault(fault)) => Err(IntakeError::Fault(fault)),
    }
}

/// What the file says.
struct Read {
    sha256: Digest,
    signature: Signature,
    header: Option<Header>,
    readable: bool,
}

/// Reads the file on a thread that may take its time.
async fn read(app: &App, pdf: &Bytes) -> Result<Read, IntakeError> {
    let (app, pdf) = (app.clone(), pdf.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let facts = pdf::read(&pdf, &app.signers)?;
        let header = facts.cda.as_deref().map(cda::header).transpose()?;
        let readable = facts.cda.as_deref().is_some_and(|xml| cda::narrative(xml).is_ok());
        Ok(Read { sha256: Digest::of(&pdf), signature: facts.signature, header, readable })
    });
    reading.await.map_err(|e| Fault::new("reading a document", e))?.map_err(IntakeError::Unreadable)
}

/// Whose it is, and the document that has the identifier already.
async fn find(app: &App, facts: &Facts) -> Result<(CitizenId, Option<Document>), IntakeError> {
    let (subjects, national_id) = (facts.subjects.clone(), facts.national_id.clone());
    app.store
        .read(async move |tx| {
            let mut found: Option<CitizenId> = None;
            for code in &subjects {
                let citizen = tx.citizen_by_codice_fiscale(code).await?.filter(|c| c.registered);
                let id = citizen.ok_or(IntakeError::SubjectUnknown)?.id;
                if found.is_some_and(|other| other != id) {
                    return Err(IntakeError::SubjectsDiffer);
                }
                found = Some(id);
            }
            let subject = found.ok_or(IntakeError::SubjectUnknown)?;
            let held = match tx.document_by_national_id(&national_id).await? {
                Some((owner, id)) => tx.document(owner, id).await?,
                None => None,
            };
            Ok((subject, held))
        })
        .await
}

fn same_or_clash(
    held: &Document,
    subject: CitizenId,
    sha256: &Digest,
    warnings: Vec<Warning>,
) -> Result<Taken, IntakeError> {
    if held.subject == subject && held.sha256 == *sha256 {
        Ok(Taken { document: held.id, new: false, warnings })
    } else {
        Err(IntakeError::Clash)
    }
}

fn make_row(
    app: &App,
    (subject, object): (CitizenId, ObjectId),
    submission: &Submission,
    read: &Read,
    facts: &Facts,
) -> Result<Document, Fault> {
    let now = app.clock.now();
    let mut random = [0; 10];
    app.entropy.fill(&mut random)?;
    Ok(Document {
        id: DocumentId::new(now, app.entropy.id()?),
        subject,
        kind: facts.kind,
        title: facts.title.clone(),
        national_id: facts.national_id.clone(),
        check_number: CheckNumber::new(random),
        issued_at: facts.issued_at,
        taken_at: now,
        issuer: facts.issuer.clone(),
        author: facts.author.clone(),
        version: facts.version,
        status: Status::Current,
        confidentiality: facts.confidentiality,
        protected: facts.protected,
        hidden: submission.hidden,
        signature: read.signature.clone(),
        readable: read.readable,
        object,
        size: length(&submission.pdf),
        sha256: read.sha256,
    })
}

fn length(pdf: &Bytes) -> u64 {
    u64::try_from(pdf.len()).unwrap_or(u64::MAX)
}

/// Why the unit of work was undone.
enum Undone {
    /// Somebody handed in the same file a moment before.
    Same(DocumentId),
    Refused(IntakeError),
    Fault(Fault),
}

impl From<Fault> for Undone {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The rows, all or none: object, document, what it replaces, and the trail.
async fn keep(app: &App, document: Document, stored: StoredObject, facts: &Facts) -> Result<Taken, Undone> {
    let now = document.taken_at;
    let event = |deed| -> Result<Event, Fault> {
        Ok(app.event_of(Actor::System, deed, now)?.about(document.subject))
    };
    let taken_in = event(Deed::DocumentTakenIn)?.on(document.id);
    let replaced = event(Deed::DocumentReplaced)?;
    let (replaces, mut warnings) = (facts.replaces.clone(), facts.warnings.clone());
    app.store
        .write(async move |tx| {
            tx.insert_object(&stored).await?;
            match tx.insert_document(&document).await? {
                Inserted::New => {}
                Inserted::Same(id) => return Err(Undone::Same(id)),
                Inserted::Clash => return Err(Undone::Refused(IntakeError::Clash)),
            }
            if let Some(old) = replaces {
                match replace(tx, &document, &old).await? {
                    Some(old) => tx.record(&replaced.on(old)).await?,
                    None => warnings.push(Warning::ReplacedUnknown),
                }
            }
            tx.record(&taken_in).await?;
            Ok(Taken { document: document.id, new: true, warnings })
        })
        .await
}

/// Marks the old document; `None` when we do not hold it.
async fn replace(tx: &mut Tx<'_>, new: &Document, old: &NationalId) -> Result<Option<DocumentId>, Undone> {
    let Some((owner, old)) = tx.document_by_national_id(old).await? else {
        return Ok(None);
    };
    if owner != new.subject || old == new.id {
        return Err(Undone::Refused(IntakeError::ReplacesAnothers));
    }
    if tx.replace_document(owner, old, new.id).await? {
        Ok(Some(old))
    } else {
        Err(Undone::Refused(IntakeError::ReplacedNotCurrent))
    }
}

/// What became of an annulment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Annulled {
    Done,
    /// It was annulled before; nothing changed.
    Already,
    /// We hold no document with this identifier.
    Unknown,
}

/// Annuls a document at its producer's word: it stays in the list, says so and does not open (REC-R5).
///
/// # Errors
/// The store failed.
pub async fn annul(app: &App, national_id: NationalId) -> Result<Annulled, Fault> {
    let event = app.event_of(Actor::System, Deed::DocumentAnnulled, app.clock.now())?;
    app.store
        .write(async move |tx| {
            let Some((owner, id)) = tx.document_by_national_id(&national_id).await? else {
                return Ok(Annulled::Unknown);
            };
            if !tx.annul_document(owner, id).await? {
                return Ok(Annulled::Already);
            }
            tx.record(&event.about(owner).on(id)).await?;
            Ok(Annulled::Done)
        })
        .await
}
