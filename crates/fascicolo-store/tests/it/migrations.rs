use fascicolo_store::Schema;

use crate::harness::{Kept, on_each_empty, on_each_engine};

/// The migrations in the source.
fn known() -> usize {
    std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap().count()
}

#[test]
fn an_empty_database_is_behind_and_migrating_brings_it_up_once() {
    on_each_empty(&async |place| {
        assert_eq!(place.store.schema().await.unwrap(), Schema::Behind(known()));
        let migrated = place.store.migrate().await.unwrap();
        assert_eq!(migrated.applied.first(), Some(&"0001_people"));
        assert_eq!(migrated.applied.len(), known());
        assert_eq!(place.store.schema().await.unwrap(), Schema::Current);
        assert!(place.store.migrate().await.unwrap().applied.is_empty());
        place.reopen().await.unwrap();
    });
}

#[test]
fn two_programs_that_migrate_at_once_migrate_once() {
    on_each_empty(&async |place| {
        let other = place.reopen().await.unwrap();
        let (one, two) = tokio::join!(place.store.migrate(), other.migrate());
        assert_eq!(one.unwrap().applied.len() + two.unwrap().applied.len(), known());
    });
}

#[test]
fn a_database_newer_than_the_program_is_refused_in_plain_words() {
    on_each_engine(&async |place| {
        place
            .meddle(
                "INSERT INTO schema_migrations (number, name, sha256) SELECT 9999, '9999_later', sha256 \
                 FROM schema_migrations WHERE number = 1",
            )
            .await;
        let fault = place.reopen().await.err().unwrap();
        assert!(format!("{fault:?}").contains("newer than the program"), "{fault:?}");
        assert!(!fault.is_passing());
        assert!(place.store.migrate().await.is_err());
        place.meddle("DELETE FROM schema_migrations WHERE number = 9999").await;
        place.reopen().await.unwrap();
    });
}

#[test]
fn a_changed_migration_is_refused() {
    on_each_engine(&async |place| {
        place
            .meddle(
                "UPDATE schema_migrations SET sha256 = (SELECT sha256 FROM schema_migrations WHERE number = 1) \
                 WHERE number = 2",
            )
            .await;
        let fault = place.reopen().await.err().unwrap();
        assert!(format!("{fault:?}").contains("not the one that was applied"), "{fault:?}");
    });
}

#[test]
fn both_engines_have_the_same_tables_and_columns() {
    let shapes = std::cell::RefCell::new(Vec::new());
    on_each_engine(&async |place| {
        let mut shape =
            match place.kept {
                Kept::InSqlite => {
                    place
                        .peek(
                            "SELECT m.name, c.name, c.type, c.\"notnull\" FROM sqlite_master m, \
                         pragma_table_info(m.name) c WHERE m.type = 'table'",
                        )
                        .await
                }
                Kept::InPostgres => place
                    .peek(
                        "SELECT c.table_name, c.column_name, replace(upper(c.data_type), 'BYTEA', 'BLOB'), \
                         CASE c.is_nullable WHEN 'NO' THEN 1 ELSE 0 END FROM information_schema.columns c \
                         JOIN pg_class t ON t.oid = to_regclass(c.table_name) AND NOT t.relispartition \
                         WHERE c.table_schema = 'public'",
                    )
                    .await,
            };
        shape.sort();
        assert!(shape.len() > 80, "{shape:?}");
        shapes.borrow_mut().push(shape);
    });
    let shapes = shapes.into_inner();
    for pair in shapes.windows(2) {
        assert_eq!(pair[0], pair[1]);
    }
}

#[test]
fn months_ahead_get_partitions_and_rows_of_other_months_are_kept_too() {
    on_each_engine(&async |place| {
        use crate::harness::{at, event};
        use fascicolo_domain::audit::Deed;
        let far = at("2041-07-15T10:00:00Z");
        let made = place.store.ensure_partitions(far).await.unwrap();
        assert_eq!(made, if place.kept == Kept::InPostgres { 8 } else { 0 });
        assert_eq!(place.store.ensure_partitions(far).await.unwrap(), 0);
        place.record(vec![event(Deed::LoggedIn, far)]).await;
        // No month was made for this one, and one cannot be made afterwards: it lies in the rest.
        let farther = at("2051-07-15T10:00:00Z");
        place.record(vec![event(Deed::LoggedIn, farther)]).await;
        place.store.ensure_partitions(farther).await.unwrap();
        let rows = place.peek("SELECT COUNT(*) FROM audit_events").await;
        assert_eq!(rows, [["2"]]);
        if place.kept == Kept::InPostgres {
            assert_eq!(place.peek("SELECT COUNT(*) FROM audit_events_2041_07").await, [["1"]]);
            assert_eq!(place.peek("SELECT COUNT(*) FROM audit_events_rest").await, [["1"]]);
        }
    });
}
