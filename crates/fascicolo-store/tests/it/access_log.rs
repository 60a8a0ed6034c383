use fascicolo_domain::audit::Deed;
use fascicolo_domain::documents::Kind;
use fascicolo_domain::time::after_seconds;

use crate::harness::{anna, bruno, document_of, event, event_by, noon, on_each_engine};

#[test]
fn a_person_sees_what_concerns_them_newest_first_in_pages() {
    on_each_engine(&async |place| {
        let (anna, bruno) = (anna(), bruno());
        place.know(&anna).await;
        place.know(&bruno).await;
        let document = document_of(&anna, noon());
        place.take_in(&document).await;
        let mut events = vec![
            event_by(&anna, Deed::DocumentRead, after_seconds(noon(), 100)).on(document.id),
            event_by(&bruno, Deed::LoggedIn, noon()),
            event(Deed::DocumentVerified, noon()),
        ];
        for i in 0..44 {
            events.push(event_by(&anna, Deed::LoggedIn, after_seconds(noon(), i / 3)).refused().saying("R7"));
        }
        place.record(events).await;
        let id = anna.id;
        let (mut lines, mut after) = (Vec::new(), None);
        loop {
            let page =
                place.store.read(async move |tx| tx.access_log_page(id, after, 20).await).await.unwrap();
            lines.extend(page.rows);
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(lines.len(), 45);
        let newest = &lines[0];
        assert_eq!((newest.event.deed, newest.event.granted), (Deed::DocumentRead, true));
        assert_eq!(newest.event.document, Some(document.id));
        assert_eq!(newest.kind, Kind::by_key("laboratory_report"));
        let older = &lines[1];
        assert_eq!((older.event.deed, older.event.granted), (Deed::LoggedIn, false));
        assert_eq!((older.event.detail.as_str(), older.kind), ("R7", None));
        assert!(lines.windows(2).all(|p| (p[0].event.at, p[0].event.id) > (p[1].event.at, p[1].event.id)));
    });
}
