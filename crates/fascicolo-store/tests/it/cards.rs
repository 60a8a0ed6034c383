use fascicolo_domain::person::CardNumber;
use fascicolo_store::Put;
use jiff::civil::date;

use crate::harness::{anna, bruno, on_each_engine};

#[test]
fn a_card_leads_to_its_holder_and_never_passes_to_somebody_else() {
    on_each_engine(&async |place| {
        let (anna, bruno) = (anna(), bruno());
        place.know(&anna).await;
        place.know(&bruno).await;
        let number = CardNumber::parse("80380003001234567890").unwrap();
        let put = async |holder, expires| {
            place.store.write(async move |tx| tx.put_card(&number, holder, expires).await).await.unwrap()
        };
        assert_eq!(put(anna.id, date(2030, 1, 1)).await, Put::Stored);
        assert_eq!(put(anna.id, date(2031, 1, 1)).await, Put::Stored, "another expiry");
        assert_eq!(put(bruno.id, date(2032, 1, 1)).await, Put::Taken(anna.id));
        let found = place.store.read(async move |tx| tx.citizen_by_card(&number).await).await.unwrap();
        assert_eq!(found.unwrap().id, anna.id);
        let cards = place.store.read(async move |tx| tx.cards_of(anna.id).await).await.unwrap();
        assert_eq!(cards, [(number, date(2031, 1, 1))]);
        let none = place.store.read(async move |tx| tx.cards_of(bruno.id).await).await.unwrap();
        assert!(none.is_empty());
    });
}
