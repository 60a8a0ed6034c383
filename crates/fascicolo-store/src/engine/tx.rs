//! `Tx`: one unit of work's view of the database. Topic files add its methods.

use fascicolo_domain::Fault;
use jiff::Timestamp;

use super::{Broken, Columns, ddl, postgres, sqlite};
use crate::audit::Chain;
use crate::row::Value;

/// A unit of work under way. What it wrote is kept when its closure returns `Ok`.
pub struct Tx<'c> {
    pub(super) conn: Conn<'c>,
    /// The audit chain this writer appends to; `None` when only reading.
    pub(crate) chain: Option<&'c mut Chain>,
    /// The first statement that failed: nothing of this unit can be kept.
    pub(super) failure: Option<Broken>,
}

pub(super) enum Conn<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c postgres::Connection),
}

impl<'c> Tx<'c> {
    pub(super) fn new(conn: Conn<'c>, chain: Option<&'c mut Chain>) -> Self {
        Self { conn, chain, failure: None }
    }

    /// All rows, mapped while the engine still holds them.
    pub(crate) async fn rows<T>(
        &mut self,
        sql: &'static str,
        params: &[Value],
        map: impl FnMut(&mut Columns<'_>) -> Result<T, Broken>,
    ) -> Result<Vec<T>, Fault> {
        let result = match self.conn {
            Conn::Sqlite(conn) => sqlite::rows(conn, sql, params, map),
            Conn::Postgres(conn) => conn.rows(sql, params, map).await,
        };
        self.noted(result, sql, "reading the store")
    }

    /// The first row, if any.
    pub(crate) async fn row<T>(
        &mut self,
        sql: &'static str,
        params: &[Value],
        map: impl FnMut(&mut Columns<'_>) -> Result<T, Broken>,
    ) -> Result<Option<T>, Fault> {
        Ok(self.rows(sql, params, map).await?.into_iter().next())
    }

    /// How many rows the statement touched.
    pub(crate) async fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, Fault> {
        let result = match self.conn {
            Conn::Sqlite(conn) => sqlite::execute(conn, sql, params),
            Conn::Postgres(conn) => conn.execute(sql, params).await,
        };
        self.noted(result, sql, "writing to the store")
    }

    /// Several statements in the portable text of the migrations, without parameters.
    pub(crate) async fn batch(&mut self, portable: &str) -> Result<(), Fault> {
        let result = match self.conn {
            Conn::Sqlite(conn) => sqlite::batch(conn, &ddl::sqlite(portable)),
            Conn::Postgres(conn) => conn.batch(&ddl::postgres(portable)).await,
        };
        self.noted(result, "a migration", "changing the schema")
    }

    /// Whether a table is there.
    pub(crate) async fn has_table(&mut self, name: &'static str) -> Result<bool, Fault> {
        let sql = match self.conn {
            Conn::Sqlite(_) => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
            Conn::Postgres(_) => {
                "SELECT COUNT(*) FROM information_schema.tables \
                 WHERE table_schema = current_schema() AND table_name = $1"
            }
        };
        let found = self.row(sql, &[name.into()], |c| c.int()).await?;
        Ok(found.is_some_and(|n| n > 0))
    }

    /// Lets one node at a time change the schema.
    pub(crate) async fn lock_schema(&mut self) -> Result<(), Fault> {
        match self.conn {
            // The one writer already holds the file.
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(conn) => {
                let result = conn.lock_schema().await;
                self.noted(result, "the schema's lock", "changing the schema")
            }
        }
    }

    /// Makes the monthly partitions of a table around an instant; `false`: the engine has none.
    pub(crate) async fn partition(&mut self, table: &str, months: &[ddl::Month]) -> Result<u64, Fault> {
        match self.conn {
            Conn::Sqlite(_) => Ok(0),
            Conn::Postgres(conn) => {
                let result = conn.partition(table, months).await;
                self.noted(result, "the partitions of a month", "changing the schema")
            }
        }
    }

    /// The server's clock, where there is one: only for making partitions ahead.
    pub(crate) async fn server_time(&mut self) -> Result<Option<Timestamp>, Fault> {
        match self.conn {
            Conn::Sqlite(_) => Ok(None),
            Conn::Postgres(_) => {
                let sql = "SELECT CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT)";
                self.row(sql, &[], |c| c.instant()).await
            }
        }
    }

    pub(crate) fn broken(&mut self, broken: &Broken, doing: &'static str) -> Fault {
        self.failure.get_or_insert_with(|| broken.clone());
        broken.fault(doing)
    }

    fn noted<T>(&mut self, result: Result<T, Broken>, sql: &str, doing: &'static str) -> Result<T, Fault> {
        result.map_err(|broken| self.broken(&broken.within(sql), doing))
    }
}
