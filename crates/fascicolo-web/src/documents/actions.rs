//! What a person does with their documents. Rule, data and trail meet here and nowhere else.

use bytes::Bytes;
use fascicolo_clinical::{cda, pdf};
use fascicolo_domain::Fault;
use fascicolo_domain::acts::{Act, Barred, may};
use fascicolo_domain::audit::Deed;
use fascicolo_domain::documents::Document;
use fascicolo_domain::documents::access::{Closed, may_open};
use fascicolo_domain::ids::DocumentId;
use fascicolo_domain::login::{Level, Method, Policy};
use fascicolo_domain::person::Acting;
use fascicolo_store::{Cursor, Filter, Listed, Page, StoredObject};
use jiff::Timestamp;

use super::files;
use crate::App;
use crate::ports::ByteStream;

/// Documents a page (REC-R1).
pub const A_PAGE: u16 = 20;
/// Documents on the personal home.
const NEWEST: u16 = 3;

/// Why a document does not open.
#[derive(Debug)]
pub enum OpenError {
    /// Missing, hidden from who asks, somebody else's: one answer.
    NotFound,
    /// Annulled: it says so and does not open (REC-R5).
    Annulled(Box<Document>),
    /// The person must log in more strongly (SPID-L3).
    LevelTooLow(Level),
    Fault(Fault),
}

impl From<Barred> for OpenError {
    fn from(barred: Barred) -> Self {
        match barred {
            Barred::NotAllowed => Self::NotFound,
            Barred::LevelTooLow(needed) => Self::LevelTooLow(needed),
        }
    }
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The personal home.
pub struct Home {
    pub newest: Vec<Listed>,
    /// The login before this one (ACC-S4).
    pub previous_login: Option<(Timestamp, Method)>,
}

/// What the personal home shows.
///
/// # Errors
/// The store failed, or the list is not for who asks.
pub async fn home(app: &App, acting: &Acting, opened_at: Timestamp) -> Result<Home, OpenError> {
    may(acting, Act::ListDocuments, &app.settings.policy)?;
    let (actor, subject) = (acting.actor, acting.subject);
    app.store
        .read(async move |tx| {
            let page = tx.documents_page(subject, &Filter::default(), None, NEWEST).await?;
            let previous_login = tx.previous_login(actor, opened_at).await?;
            Ok(Home { newest: page.rows, previous_login })
        })
        .await
}

/// A page of the list, newest first. A person's own look at their list leaves no trace (decision 5).
///
/// # Errors
/// The store failed, or the list is not for who asks.
pub async fn list(
    app: &App,
    acting: &Acting,
    filter: Filter,
    after: Option<Cursor>,
) -> Result<Page<Listed>, OpenError> {
    may(acting, Act::ListDocuments, &app.settings.policy)?;
    let subject = acting.subject;
    app.store.read(async move |tx| Ok(tx.documents_page(subject, &filter, after, A_PAGE).await?)).await
}

/// A document opened for reading.
pub struct Opened {
    pub document: Document,
    /// `None`: it opens as a file only.
    pub narrative: Option<cda::Narrative>,
}

/// Opens a document for reading (REC-R2).
///
/// # Errors
/// Why it stays closed; the refusal is on record too.
pub async fn read(app: &App, acting: &Acting, id: DocumentId) -> Result<Opened, OpenError> {
    let (document, object) = open(app, acting, id, Purpose::Read).await?;
    if !document.readable {
        return Ok(Opened { document, narrative: None });
    }
    let file = files::read_whole(app, &object).await?;
    let narrative =
        tokio::task::spawn_blocking(move || cda_inside(&file).and_then(|xml| cda::narrative(&xml).ok()))
            .await
            .map_err(|e| Fault::new("rendering a document", e))?;
    Ok(Opened { document, narrative })
}

/// What a person takes away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// The signed file as it was taken in.
    Pdf,
    /// The CDA inside it.
    Cda,
}

impl Format {
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "" | "pdf" => Some(Self::Pdf),
            "cda" => Some(Self::Cda),
            _ => None,
        }
    }

    /// Its name in forms and in the trail.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Cda => "cda",
        }
    }
}

/// A file on its way to the person.
pub struct Download {
    pub document: Document,
    pub size: u64,
    pub bytes: ByteStream,
}

/// What the notice before a download tells: the document and the size of what would be saved. Nothing of the content
/// is shown, so nothing is put on record (REC-R3).
///
/// # Errors
/// Why it stays closed.
pub async fn offer(
    app: &App,
    acting: &Acting,
    id: DocumentId,
    format: Format,
) -> Result<(Document, u64), OpenError> {
    let (document, object) = find(app, acting, id).await?;
    let size = match format {
        Format::Pdf => document.size,
        Format::Cda => length(&extract(app, &document, &object).await?),
    };
    Ok((document, size))
}

/// The file itself, byte for byte. The trail is durable before the first byte leaves.
///
/// # Errors
/// Why it stays closed; the refusal is on record too.
pub async fn download(
    app: &App,
    acting: &Acting,
    id: DocumentId,
    format: Format,
) -> Result<Download, OpenError> {
    let (document, object) = open(app, acting, id, Purpose::Download(format)).await?;
    match format {
        Format::Pdf => {
            let bytes = files::open(app, &object).await?;
            Ok(Download { size: document.size, document, bytes })
        }
        Format::Cda => {
            let xml = extract(app, &document, &object).await?;
            let size = length(&xml);
            let bytes: ByteStream = Box::pin(futures_util::stream::iter([Ok(xml)]));
            Ok(Download { document, size, bytes })
        }
    }
}

#[derive(Clone, Copy)]
enum Purpose {
    Read,
    Download(Format),
}

/// Asks the rule and writes the trail, granted or refused, in one unit of work.
async fn open(
    app: &App,
    acting: &Acting,
    id: DocumentId,
    purpose: Purpose,
) -> Result<(Document, StoredObject), OpenError> {
    let (act, deed, detail) = match purpose {
        Purpose::Read => (Act::ReadDocument, Deed::DocumentRead, ""),
        Purpose::Download(format) => (Act::DownloadDocument, Deed::DocumentDownloaded, format.name()),
    };
    let (acting, policy) = (*acting, app.settings.policy);
    let event = app.event_by(&acting, deed, app.clock.now())?;
    let verdict = app.store.write(async move |tx| {
        let document = tx.document(acting.subject, id).await?;
        let verdict = match document {
            None => Err(OpenError::NotFound),
            Some(document) => judge(&acting, document, act, &policy),
        };
        let event = match &verdict {
            Ok(document) => event.on(document.id).saying(detail),
            Err(OpenError::Annulled(document)) => event.on(document.id).refused().saying("annulled"),
            Err(OpenError::LevelTooLow(_)) => event.refused().saying("level_too_low"),
            Err(OpenError::NotFound | OpenError::Fault(_)) => event.refused().saying("not_found"),
        };
        tx.record(&event).await?;
        let document = match verdict {
            Ok(document) => document,
            Err(refused) => return Ok(Err(refused)),
        };
        let object = tx.object(document.object).await?;
        Ok::<_, Fault>(Ok((document, object)))
    });
    let (document, object) = verdict.await??;
    Ok((document, object.ok_or_else(|| Fault::bare("opening a document: its file is not on record"))?))
}

/// As [`open`], without showing anything.
async fn find(app: &App, acting: &Acting, id: DocumentId) -> Result<(Document, StoredObject), OpenError> {
    let (acting, policy) = (*acting, app.settings.policy);
    let found = app.store.read(async move |tx| {
        let Some(document) = tx.document(acting.subject, id).await? else {
            return Err(OpenError::NotFound);
        };
        let document = judge(&acting, document, Act::DownloadDocument, &policy)?;
        let object = tx.object(document.object).await?;
        Ok((document, object))
    });
    let (document, object) = found.await?;
    Ok((document, object.ok_or_else(|| Fault::bare("opening a document: its file is not on record"))?))
}

fn judge(acting: &Acting, document: Document, act: Act, policy: &Policy) -> Result<Document, OpenError> {
    match may_open(acting, &document, act, policy) {
        Ok(()) => Ok(document),
        Err(Closed::NotYours) => Err(OpenError::NotFound),
        Err(Closed::LevelTooLow(needed)) => Err(OpenError::LevelTooLow(needed)),
        Err(Closed::Annulled) => Err(OpenError::Annulled(Box::new(document))),
    }
}

async fn extract(app: &App, document: &Document, object: &StoredObject) -> Result<Bytes, OpenError> {
    if !document.readable {
        return Err(OpenError::NotFound);
    }
    let file = files::read_whole(app, object).await?;
    let xml = tokio::task::spawn_blocking(move || cda_inside(&file))
        .await
        .map_err(|e| Fault::new("extracting a CDA", e))?;
    let xml = xml.ok_or_else(|| Fault::bare("extracting a CDA: it was there at intake and is not now"))?;
    Ok(Bytes::from(xml))
}

fn cda_inside(file: &[u8]) -> Option<Vec<u8>> {
    pdf::cda(file).ok().flatten()
}

fn length(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
