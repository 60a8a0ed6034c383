//! What is in the record when the sandbox first starts: the people whom the register knows, and their documents.

use fascicolo_domain::Fault;
use fascicolo_domain::ids::CitizenId;
use fascicolo_domain::person::Citizen;
use fascicolo_store::Put;
use fascicolo_web::App;
use fascicolo_web::ports::EntropyExt as _;

use crate::people::Person;

/// Puts the people into the register.
///
/// # Errors
/// The store failed, or two people have the same codice fiscale.
pub(crate) async fn register(app: &App, people: &[Person]) -> Result<(), Fault> {
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
                    Put::Taken(_) => {
                        return Err(Fault::bare("registering the invented people: a code twice"));
                    }
                }
            }
            Ok(())
        })
        .await
}
