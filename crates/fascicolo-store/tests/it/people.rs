use fascicolo_domain::person::{Citizen, Standing};
use fascicolo_store::Put;

use crate::harness::{Place, anna, bruno, code, on_each_engine};

async fn by_code(place: &Place, citizen: &Citizen) -> Option<Citizen> {
    let code = citizen.codice_fiscale;
    place.store.read(async move |tx| tx.citizen_by_codice_fiscale(&code).await).await.unwrap()
}

#[test]
fn a_person_reads_back_as_put_and_changes_when_put_again() {
    on_each_engine(&async |place| {
        let mut anna = anna();
        assert_eq!(place.put(&anna).await, Put::Stored);
        anna.standing = Standing::Suspended;
        anna.birth_date = None;
        anna.ward = true;
        anna.registered = false;
        anna.given_name = "Anna Maria, detta «Nina»".to_owned();
        assert_eq!(place.put(&anna).await, Put::Stored);
        let id = anna.id;
        let held = place.store.read(async move |tx| tx.citizen(id).await).await.unwrap().unwrap();
        assert_eq!(held.codice_fiscale, anna.codice_fiscale);
        assert_eq!(held.given_name, anna.given_name);
        assert_eq!(held.birth_date, None);
        assert_eq!((held.standing, held.ward, held.registered), (Standing::Suspended, true, false));
    });
}

#[test]
fn a_former_code_leads_to_the_same_person() {
    on_each_engine(&async |place| {
        let before = anna();
        let after = Citizen { codice_fiscale: code("BNCNNA80A41F20R"), ..before.clone() };
        assert_eq!(place.put(&before).await, Put::Stored);
        assert_eq!(place.put(&after).await, Put::Stored);
        for person in [&before, &after] {
            let found = by_code(place, person).await.unwrap();
            assert_eq!(found.id, before.id);
            assert_eq!(found.codice_fiscale, after.codice_fiscale);
        }
        assert!(by_code(place, &bruno()).await.is_none());
    });
}

#[test]
fn a_code_that_leads_to_somebody_is_not_taken_over() {
    on_each_engine(&async |place| {
        let (anna, bruno) = (anna(), bruno());
        place.know(&anna).await;
        let thief = Citizen { codice_fiscale: anna.codice_fiscale, ..bruno.clone() };
        assert_eq!(place.put(&thief).await, Put::Taken(anna.id));
        let id = bruno.id;
        let held = place.store.read(async move |tx| tx.citizen(id).await).await.unwrap();
        assert!(held.is_none(), "a refused person leaves nothing behind");
        let code = anna.codice_fiscale;
        let alias = place.store.write(async move |tx| tx.put_alias(&code, id).await).await;
        assert_eq!(alias.unwrap(), Put::Taken(anna.id));
        assert_eq!(place.put(&bruno).await, Put::Stored);
    });
}

#[test]
fn of_many_first_logins_at_once_one_makes_the_person() {
    on_each_engine(&async |place| {
        let tries: Vec<_> = (0..20)
            .map(|_| {
                let (store, person) = (place.store.clone(), anna());
                tokio::spawn(async move { store.write(async move |tx| tx.put_citizen(&person).await).await })
            })
            .collect();
        let mut stored = 0;
        for attempt in tries {
            stored += u32::from(attempt.await.unwrap().unwrap() == Put::Stored);
        }
        assert_eq!(stored, 1);
        assert_eq!(place.peek("SELECT COUNT(*) FROM citizens").await, [["1"]]);
    });
}
