use fascicolo_domain::Fault;
use fascicolo_domain::ids::ObjectId;
use fascicolo_store::StoredObject;

use crate::harness::{chance, digest, noon, on_each_engine};

fn object(kek: &str) -> StoredObject {
    StoredObject {
        id: ObjectId::new(noon(), chance()),
        kek: kek.to_owned(),
        wrapped_key: vec![0, 255, 1],
        size: 10,
        sha256: digest("x"),
        stored_size: 64,
    }
}

#[test]
fn an_object_reads_back_and_its_key_is_rewrapped_once() {
    on_each_engine(&async |place| {
        let objects: Vec<_> = (0..5).map(|i| object(if i < 4 { "k1" } else { "k2" })).collect();
        let held = objects.clone();
        place
            .store
            .write(async move |tx| {
                for object in &held {
                    tx.insert_object(object).await?;
                }
                Ok::<_, Fault>(())
            })
            .await
            .unwrap();
        let first = objects[0].id;
        let found = place.store.read(async move |tx| tx.object(first).await).await.unwrap().unwrap();
        assert_eq!((found.wrapped_key, found.size, found.stored_size), (vec![0, 255, 1], 10, 64));
        assert_eq!(found.sha256, digest("x"));
        let turned = place
            .store
            .write(async move |tx| {
                let page = tx.objects_wrapped_by("k1", Some(first), 2).await?;
                let new = StoredObject { kek: "k2".to_owned(), wrapped_key: vec![9], ..page[0].clone() };
                let once = tx.rewrap_object("k1", &new).await?;
                let twice = tx.rewrap_object("k1", &new).await?;
                let left = tx.objects_wrapped_by("k1", None, 100).await?;
                Ok::<_, Fault>((page.len(), once, twice, left.len()))
            })
            .await
            .unwrap();
        assert_eq!(turned, (2, true, false, 3));
    });
}
