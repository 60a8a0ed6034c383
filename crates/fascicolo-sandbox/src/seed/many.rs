//! A person with very many documents: rows that share the files of the few that were made.

use fascicolo_domain::Fault;
use fascicolo_domain::documents::Document;
use fascicolo_domain::ids::{CitizenId, DocumentId};
use fascicolo_domain::time::after_seconds;
use fascicolo_domain::verification::CheckNumber;
use fascicolo_store::{Filter, Inserted};
use fascicolo_web::App;
use fascicolo_web::ports::EntropyExt as _;

/// Rows a commit.
const BATCH: u32 = 1_000;
/// Between two documents: nine a day makes 50,000 in fifteen years.
const APART_SECONDS: i64 = 9_600;

/// Adds rows until the person has `many` documents.
///
/// # Errors
/// The store failed, or the person has no document to be repeated.
pub(crate) async fn multiply(app: &App, subject: CitizenId, many: u32) -> Result<(), Fault> {
    let models = models(app, subject).await?;
    let have = u32::try_from(models.len()).unwrap_or(u32::MAX);
    let oldest = models.iter().map(|d| d.issued_at).min().unwrap_or_else(|| app.clock.now());
    let missing = many.saturating_sub(have);
    // the oldest first: the index that lists them grows at its end
    let mut rows = (0..missing).rev().map(|i| {
        let model = models.get(usize::try_from(i % have.max(1)).ok()?)?;
        let issued_at = after_seconds(oldest, -APART_SECONDS * i64::from(i + 1));
        Some(copy(app, model, i, issued_at))
    });
    loop {
        let batch: Vec<_> = rows.by_ref().take(usize::try_from(BATCH).unwrap_or(usize::MAX)).collect();
        if batch.is_empty() {
            return Ok(());
        }
        let batch = batch
            .into_iter()
            .map(|row| row.unwrap_or_else(|| Err(Fault::bare("repeating documents: there is none"))))
            .collect::<Result<Vec<Document>, Fault>>()?;
        app.store
            .write(async move |tx| {
                for document in &batch {
                    match tx.insert_document(document).await? {
                        Inserted::New => {}
                        Inserted::Same(_) | Inserted::Clash => {
                            return Err(Fault::bare("repeating documents: a number twice"));
                        }
                    }
                }
                Ok(())
            })
            .await?;
    }
}

async fn models(app: &App, subject: CitizenId) -> Result<Vec<Document>, Fault> {
    app.store
        .read(async move |tx| {
            let listed = tx.documents_page(subject, &Filter::default(), None, 1_000).await?;
            let mut models = Vec::new();
            for row in listed.rows {
                models.extend(tx.document(subject, row.id).await?);
            }
            Ok::<_, Fault>(models)
        })
        .await
}

fn copy(app: &App, model: &Document, at: u32, issued_at: jiff::Timestamp) -> Result<Document, Fault> {
    let mut random = [0; 10];
    app.entropy.fill(&mut random)?;
    let mut copy = model.clone();
    copy.id = DocumentId::new(model.taken_at, app.entropy.id()?);
    copy.national_id.extension = format!("9{at:09}");
    copy.check_number = CheckNumber::new(random);
    copy.issued_at = issued_at;
    Ok(copy)
}
