//! One connection: its statements, its units of work, and the audit lane of one that writes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Statement};

use super::LONGEST;
use super::wire::{borrowed, broken};
use crate::audit::{Chain, Generation, lane_key};
use crate::engine::tx::Conn;
use crate::engine::{Broken, Columns, Fate, Job, Tx, Work, ddl, unpanicked};
use crate::row::Value;

/// More lanes than a node ever has connections.
const LANES: i32 = 1024;
/// The advisory lock around schema changes.
const SCHEMA_LOCK: i64 = 0x6661_7363_6963_6f6c;

/// Whether a connection can be used again.
#[derive(PartialEq, Eq)]
pub(super) enum Ended {
    Well,
    InDoubt,
}

pub(in crate::engine) struct Connection {
    client: Client,
    chain: Option<Chain>,
    statements: RefCell<HashMap<&'static str, Statement>>,
}

impl Connection {
    pub(super) async fn reader(client: Client) -> Result<Self, Broken> {
        let connection = Self { client, chain: None, statements: RefCell::default() };
        let set = "SET default_transaction_read_only = on; SET statement_timeout = '10s'";
        connection.batch(set).await?;
        Ok(connection)
    }

    /// A durable COMMIT, bounded waits for locks, and a lane of the audit trail for this connection alone.
    pub(super) async fn writer(client: Client, node: &str, chains: &Generation) -> Result<Self, Broken> {
        let mut connection = Self { client, chain: None, statements: RefCell::default() };
        let set = "SET lock_timeout = '3s'; SELECT set_config('synchronous_commit', 'on', false) \
                   WHERE current_setting('synchronous_commit') = 'off'";
        connection.batch(set).await?;
        for lane in 0..LANES {
            if connection.claims(node, lane).await? {
                connection.chain = Some(Chain::new(node, i64::from(lane), chains.clone()));
                return Ok(connection);
            }
        }
        Err(Broken::new("every lane of the audit trail is taken"))
    }

    /// Takes a lane as long as the connection lasts; `false`: another has it.
    async fn claims(&self, node: &str, lane: i32) -> Result<bool, Broken> {
        let sql = "SELECT pg_try_advisory_lock($1, $2)";
        let row = self.client.query_one(sql, &[&lane_key(node), &lane]).await;
        row.and_then(|row| row.try_get(0)).map_err(|e| broken(&e))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub(super) async fn read(&self, job: Job) -> Ended {
        let mut tx = Tx::new(Conn::Postgres(self), None);
        match timeout(LONGEST, unpanicked((job.work)(&mut tx))).await {
            Ok(Some(ran)) => {
                (ran.answer)(None);
                Ended::Well
            }
            Ok(None) => Ended::InDoubt,
            Err(_) => {
                drop(job.fate.set(too_slow()));
                Ended::InDoubt
            }
        }
    }

    pub(super) async fn write(&mut self, job: Job, longest: Duration) -> Ended {
        // The chain travels beside the connection, so that both can be lent to the unit.
        let Some(mut chain) = self.chain.clone() else {
            return Ended::InDoubt;
        };
        match timeout(longest, self.write_within(job.work, &job.fate, &mut chain)).await {
            Ok(ended) => {
                self.chain = Some(chain);
                ended
            }
            Err(_) => {
                drop(job.fate.set(too_slow()));
                Ended::InDoubt
            }
        }
    }

    /// BEGIN, the unit, COMMIT or ROLLBACK.
    async fn write_within(&self, work: Work, fate: &Fate, chain: &mut Chain) -> Ended {
        if let Err(broken) = self.batch("BEGIN").await {
            drop(fate.set(broken));
            return Ended::InDoubt;
        }
        let before = chain.clone();
        let mut tx = Tx::new(Conn::Postgres(self), Some(chain));
        let ran = unpanicked(work(&mut tx)).await;
        let failure = tx.failure.take();
        let kept = ran.as_ref().is_some_and(|ran| ran.keep) && failure.is_none();
        let ended = if kept {
            self.batch("COMMIT").await
        } else {
            *chain = before;
            self.batch("ROLLBACK").await
        };
        let broken = match (&ended, kept) {
            (Ok(()), true) => None,
            (Err(broken), true) => Some(broken.clone()),
            (_, false) => Some(failure.unwrap_or_else(|| Broken::new("the unit of work failed"))),
        };
        if let Some(ran) = ran {
            (ran.answer)(broken);
        }
        ended.map_or(Ended::InDoubt, |()| Ended::Well)
    }

    pub(in crate::engine) async fn rows<T>(
        &self,
        sql: &'static str,
        params: &[Value],
        mut map: impl FnMut(&mut Columns<'_>) -> Result<T, Broken>,
    ) -> Result<Vec<T>, Broken> {
        let statement = self.statement(sql, params).await?;
        let rows = self.client.query(&statement, &borrowed(params)).await.map_err(|e| broken(&e))?;
        rows.iter().map(|row| map(&mut Columns::postgres(row))).collect()
    }

    pub(in crate::engine) async fn execute(
        &self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<u64, Broken> {
        let statement = self.statement(sql, params).await?;
        let touched = self.client.execute(&statement, &borrowed(params)).await;
        touched.map_err(|e| broken(&e))
    }

    pub(in crate::engine) async fn batch(&self, sql: &str) -> Result<(), Broken> {
        self.client.batch_execute(sql).await.map_err(|e| broken(&e))
    }

    pub(in crate::engine) async fn lock_schema(&self) -> Result<(), Broken> {
        self.batch(&format!("SELECT pg_advisory_xact_lock({SCHEMA_LOCK})")).await
    }

    /// Makes what is missing; a month whose rows already lie in the rest stays there.
    pub(in crate::engine) async fn partition(
        &self,
        table: &str,
        months: &[ddl::Month],
    ) -> Result<u64, Broken> {
        let mut made = 0;
        for month in months {
            let there = self
                .client
                .query_one("SELECT to_regclass($1) IS NOT NULL", &[&month.name(table)])
                .await
                .and_then(|row| row.try_get::<_, bool>(0))
                .map_err(|e| broken(&e))?;
            if there {
                continue;
            }
            self.batch("SAVEPOINT month").await?;
            match self.batch(&month.partition_of(table)).await {
                Ok(()) => {
                    made += 1;
                    self.batch("RELEASE month").await?;
                }
                Err(broken) => {
                    tracing::warn!(reason = %broken, "a month has no partition of its own");
                    self.batch("ROLLBACK TO month").await?;
                }
            }
        }
        Ok(made)
    }

    /// Prepared once a connection; the values say the parameters' types.
    async fn statement(&self, sql: &'static str, params: &[Value]) -> Result<Statement, Broken> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let types: Vec<Type> = params.iter().map(Value::postgres_type).collect();
        let statement = self.client.prepare_typed(sql, &types).await.map_err(|e| broken(&e))?;
        self.statements.borrow_mut().insert(sql, statement.clone());
        Ok(statement)
    }
}

fn too_slow() -> Broken {
    Broken::passing("the database took too long")
}
