//! A row's columns, read in the order of the SELECT list, whichever engine brought them.

use rusqlite::types::ValueRef;

use super::Broken;

pub(crate) struct Columns<'r> {
    row: AnyRow<'r>,
    next: usize,
}

enum AnyRow<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl<'r> Columns<'r> {
    pub(super) fn sqlite(row: &'r rusqlite::Row<'r>) -> Self {
        Self { row: AnyRow::Sqlite(row), next: 0 }
    }

    pub(super) fn postgres(row: &'r tokio_postgres::Row) -> Self {
        Self { row: AnyRow::Postgres(row), next: 0 }
    }

    pub(crate) fn str_or_null(&mut self) -> Result<Option<&'r str>, Broken> {
        let i = self.step();
        match self.row {
            AnyRow::Sqlite(row) => match row.get_ref(i) {
                Ok(ValueRef::Null) => Ok(None),
                Ok(value) => value.as_str().map(Some).map_err(|_| unlike(i, "text")),
                Err(_) => Err(unlike(i, "there")),
            },
            AnyRow::Postgres(row) => row.try_get(i).map_err(|_| unlike(i, "text")),
        }
    }

    pub(crate) fn int_or_null(&mut self) -> Result<Option<i64>, Broken> {
        let i = self.step();
        match self.row {
            AnyRow::Sqlite(row) => row.get(i).map_err(|_| unlike(i, "an integer")),
            AnyRow::Postgres(row) => match row.columns().get(i).map(|c| c.type_()) {
                Some(t) if *t == tokio_postgres::types::Type::INT4 => row
                    .try_get::<_, Option<i32>>(i)
                    .map(|n| n.map(i64::from))
                    .map_err(|_| unlike(i, "an integer")),
                _ => row.try_get(i).map_err(|_| unlike(i, "an integer")),
            },
        }
    }

    pub(crate) fn flag_or_null(&mut self) -> Result<Option<bool>, Broken> {
        let i = self.step();
        match self.row {
            AnyRow::Sqlite(row) => row.get(i).map_err(|_| unlike(i, "true or false")),
            AnyRow::Postgres(row) => row.try_get(i).map_err(|_| unlike(i, "true or false")),
        }
    }

    pub(crate) fn bytes_or_null(&mut self) -> Result<Option<&'r [u8]>, Broken> {
        let i = self.step();
        match self.row {
            AnyRow::Sqlite(row) => match row.get_ref(i) {
                Ok(ValueRef::Null) => Ok(None),
                Ok(value) => value.as_blob().map(Some).map_err(|_| unlike(i, "bytes")),
                Err(_) => Err(unlike(i, "there")),
            },
            AnyRow::Postgres(row) => row.try_get(i).map_err(|_| unlike(i, "bytes")),
        }
    }

    fn step(&mut self) -> usize {
        let i = self.next;
        self.next += 1;
        i
    }
}

fn unlike(column: usize, what: &str) -> Broken {
    Broken::new(format!("column {column} is not {what}"))
}
