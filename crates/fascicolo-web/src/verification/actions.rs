//! Answers a verifier. Whatever is asked, the same look-ups and the same trail are made (REC-V3).

use std::net::IpAddr;

use fascicolo_domain::Fault;
use fascicolo_domain::audit::{Actor, Deed};
use fascicolo_domain::documents::Document;
use fascicolo_domain::ids::CitizenId;
use fascicolo_domain::verification::{CheckNumber, Outcome, compare};
use fascicolo_store::Tx;
use jiff::Timestamp;

use super::question::{About, Question};
use crate::App;
use crate::ports::EntropyExt as _;

/// Takes one of the tries a network has.
///
/// # Errors
/// The instant from which another is allowed.
pub fn take_try(app: &App, address: IpAddr) -> Result<(), Timestamp> {
    let limits = &app.settings.verification;
    app.throttles.verification.take(address, limits.per_network, limits.overall, app.clock.now())
}

/// Compares what was asked with what we hold. A check of a document stands in its owner's access log; one that finds
/// nothing stands in the trail without a person.
///
/// # Errors
/// The store failed.
pub async fn check(app: &App, question: Question) -> Result<Outcome, Fault> {
    let now = app.clock.now();
    let event = app.event_of(Actor::Anyone, Deed::DocumentVerified, now)?;
    // the number nobody has, where none was typed
    let none = (CitizenId::new(now, app.entropy.id()?), CheckNumber::new(app.entropy.id()?));
    app.store
        .write(async move |tx| {
            let held = look_up(tx, &question.about, none).await?;
            let outcome = compare(held.as_ref(), question.digest.as_ref());
            let event = match &held {
                Some(document) => event.about(document.subject).on(document.id),
                None => event.refused(),
            };
            tx.record(&event.saying(outcome.code())).await?;
            Ok(outcome)
        })
        .await
}

/// Two look-ups in any case where a person was named, whether they exist or not.
async fn look_up(
    tx: &mut Tx<'_>,
    about: &About,
    none: (CitizenId, CheckNumber),
) -> Result<Option<Document>, Fault> {
    match about {
        About::Printed(printed) => tx.document_by_check_number(printed).await,
        About::Named { codice_fiscale, number, printed } => {
            let person = tx.citizen_by_codice_fiscale(codice_fiscale).await?.map_or(none.0, |c| c.id);
            let by_number = tx.document_by_number(person, number).await?;
            let by_check = tx.document_by_check_number(printed.as_ref().unwrap_or(&none.1)).await?;
            Ok(by_number.or_else(|| by_check.filter(|document| document.subject == person)))
        }
    }
}
