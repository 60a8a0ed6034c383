//! The last good copy of a file (SPID-I2).

use fascicolo_domain::Fault;
use fascicolo_domain::time::after_seconds;
use fascicolo_store::KeptFile;

use crate::harness::{noon, on_each_engine};

#[test]
fn the_newest_copy_is_kept_and_an_older_one_changes_nothing() {
    on_each_engine(&async |place| {
        let copy = |seconds, body: &[u8]| KeptFile {
            fetched_at: after_seconds(noon(), seconds),
            body: body.to_vec(),
        };
        let (first, newer, older) = (copy(0, b"a"), copy(10, b"\0b"), copy(5, b"c"));
        let newest = newer.clone();
        let found = place.store.write(async move |tx| {
            let none = (tx.kept_file("registry").await?, tx.file_kept_at("registry").await?);
            for file in [&first, &newer, &older] {
                tx.keep_file("registry", file).await?;
            }
            tx.keep_file("another", &first).await?;
            let kept = (tx.kept_file("registry").await?, tx.file_kept_at("registry").await?);
            Ok::<_, Fault>((none, kept))
        });
        let at = newest.fetched_at;
        assert_eq!(found.await.unwrap(), ((None, None), (Some(newest), Some(at))));
    });
}
