//! PostgreSQL: threads with a runtime of their own, each with a few connections. A unit that reads gets no BEGIN (at
//! READ COMMITTED it would bring nothing), on a connection that is read-only; one that writes gets BEGIN … COMMIT.
//! A connection in doubt is dropped: the server undoes what it had not committed. Needs sessions of its own (no
//! transaction pooler): prepared statements, and the advisory lock that makes an audit lane one connection's alone.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout;
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use tokio_postgres::{Client, Config, Error, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::queue::Gate;
use super::tx::Conn;
use super::{Broken, Columns, Fate, Job, Purpose, Tx, Work, ddl, tls, unpanicked};
use crate::audit::{Chain, Generation, lane_key};
use crate::row::Value;
use crate::store::Options;

/// How long one unit of work may take; then its connection is dropped and the caller told to come back. Never a
/// `statement_timeout`: that would end the wait for a synchronous standby with a COMMIT that holds on one node only.
const LONGEST: Duration = Duration::from_secs(10);
/// More lanes than a node ever has connections.
const LANES: i32 = 1024;
/// The advisory lock around schema changes.
const SCHEMA_LOCK: i64 = 0x6661_7363_6963_6f6c;

pub(crate) struct Postgres {
    workers: Vec<Worker>,
    pub(super) chains: Generation,
}

struct Worker {
    jobs: UnboundedSender<(Purpose, Job)>,
    reads: Gate,
    writes: Gate,
}

impl Postgres {
    pub(super) async fn open(url: &str, options: &Options) -> Result<Self, Broken> {
        let mut config: Config = url
            .parse()
            .map_err(|_| Broken::new("the database address cannot be read"))?;
        let tls = tls::connector(&config, options)?;
        config
            .application_name("fascicolo")
            .connect_timeout(options.wait)
            .tcp_user_timeout(LONGEST);
        let chains = Generation::default();
        let threads = options.readers.min(options.writers).clamp(1, 2);
        let mut workers = Vec::new();
        for _ in 0..threads {
            let place = Place {
                config: config.clone(),
                tls: tls.clone(),
                node: options.node.clone(),
                chains: chains.clone(),
                idle: RefCell::default(),
            };
            let (jobs, queue) = unbounded_channel();
            thread::Builder::new()
                .name("store-postgres".to_owned())
                .spawn(move || serve(place, queue))
                .map_err(|error| Broken::passing(format!("no thread: {error}")))?;
            workers.push(Worker {
                jobs,
                reads: Gate::new(options.readers.div_ceil(threads), options.wait),
                writes: Gate::new(options.writers.div_ceil(threads), options.wait),
            });
        }
        Ok(Self { workers, chains })
    }

    /// Gives the unit to the thread with most free connections.
    pub(super) async fn submit(&self, purpose: Purpose, work: Work, fate: Fate) -> Result<(), Broken> {
        let gate = |worker: &Worker| match purpose {
            Purpose::Read => worker.reads.free(),
            Purpose::Write => worker.writes.free(),
        };
        let worker = self
            .workers
            .iter()
            .max_by_key(|worker| gate(worker))
            .ok_or_else(|| Broken::new("no connections"))?;
        let place = match purpose {
            Purpose::Read => worker.reads.enter().await?,
            Purpose::Write => worker.writes.enter().await?,
        };
        worker
            .jobs
            .send((
                purpose,
                Job {
                    work,
                    fate,
                    _place: place,
                },
            ))
            .map_err(|_| Broken::passing("the database threads have ended"))
    }
}

/// What one thread needs to work.
struct Place {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    node: String,
    chains: Generation,
    idle: RefCell<Idle>,
}

#[derive(Default)]
struct Idle {
    readers: Vec<Connection>,
    writers: Vec<Connection>,
}

impl Idle {
    fn of(&mut self, purpose: Purpose) -> &mut Vec<Connection> {
        match purpose {
            Purpose::Read => &mut self.readers,
            Purpose::Write => &mut self.writers,
        }
    }
}

fn serve(place: Place, mut queue: UnboundedReceiver<(Purpose, Job)>) {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "no runtime for the database");
            return;
        }
    };
    LocalSet::new().block_on(&runtime, async move {
        let place = Rc::new(place);
        while let Some((purpose, job)) = queue.recv().await {
            let place = Rc::clone(&place);
            spawn_local(async move { place.run(purpose, job).await });
        }
    });
}

impl Place {
    async fn run(&self, purpose: Purpose, job: Job) {
        let idle = self.idle.borrow_mut().of(purpose).pop();
        let connection = match idle.filter(|c| !c.client.is_closed()) {
            Some(connection) => Ok(connection),
            None => self.connect(purpose).await,
        };
        let mut connection = match connection {
            Ok(connection) => connection,
            Err(broken) => return job.refuse(broken),
        };
        let ended = match purpose {
            Purpose::Read => connection.read(job).await,
            Purpose::Write => connection.write(job).await,
        };
        if ended == Ended::Well {
            self.idle.borrow_mut().of(purpose).push(connection);
        }
    }

    async fn connect(&self, purpose: Purpose) -> Result<Connection, Broken> {
        let client = match &self.tls {
            Some(tls) => {
                let (client, io) = self.config.connect(tls.clone()).await.map_err(|e| broken(&e))?;
                spawn_local(async move { drop(io.await) });
                client
            }
            None => {
                let (client, io) = self.config.connect(NoTls).await.map_err(|e| broken(&e))?;
                spawn_local(async move { drop(io.await) });
                client
            }
        };
        let mut connection = Connection {
            client,
            chain: Chain::new(&self.node, -1, self.chains.clone()),
            statements: RefCell::default(),
        };
        match purpose {
            Purpose::Read => {
                let set = "SET default_transaction_read_only = on; SET statement_timeout = '10s'";
                connection
                    .client
                    .batch_execute(set)
                    .await
                    .map_err(|e| broken(&e))?;
            }
            Purpose::Write => connection.prepare_to_write(&self.node).await?,
        }
        Ok(connection)
    }
}

/// Whether a connection can be used again.
#[derive(PartialEq, Eq)]
enum Ended {
    Well,
    InDoubt,
}

pub(super) struct Connection {
    client: Client,
    chain: Chain,
    statements: RefCell<HashMap<&'static str, Statement>>,
}

impl Connection {
    /// A durable COMMIT, bounded waits for locks, and a lane of the audit trail for this connection alone.
    async fn prepare_to_write(&mut self, node: &str) -> Result<(), Broken> {
        let set = "SET lock_timeout = '3s'; SELECT set_config('synchronous_commit', 'on', false) \
                   WHERE current_setting('synchronous_commit') = 'off'";
        self.client.batch_execute(set).await.map_err(|e| broken(&e))?;
        for lane in 0..LANES {
            let free = self
                .client
                .query_one("SELECT pg_try_advisory_lock($1, $2)", &[&lane_key(node), &lane])
                .await
                .and_then(|row| row.try_get(0))
                .map_err(|e| broken(&e))?;
            if free {
                self.chain.take_lane(i64::from(lane));
                return Ok(());
            }
        }
        Err(Broken::new("every lane of the audit trail is taken"))
    }

    async fn read(&self, job: Job) -> Ended {
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

    async fn write(&mut self, job: Job) -> Ended {
        // The chain travels beside the connection, so that both can be lent to the unit.
        let mut chain = self.chain.clone();
        match timeout(LONGEST, self.write_within(job.work, &job.fate, &mut chain)).await {
            Ok(Ended::Well) => {
                self.chain = chain;
                Ended::Well
            }
            Ok(Ended::InDoubt) => Ended::InDoubt,
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

    pub(super) async fn rows<T>(
        &self,
        sql: &'static str,
        params: &[Value],
        mut map: impl FnMut(&mut Columns<'_>) -> Result<T, Broken>,
    ) -> Result<Vec<T>, Broken> {
        let statement = self.statement(sql, params).await?;
        let rows = self
            .client
            .query(&statement, &borrowed(params))
            .await
            .map_err(|e| broken(&e))?;
        rows.iter().map(|row| map(&mut Columns::postgres(row))).collect()
    }

    pub(super) async fn execute(&self, sql: &'static str, params: &[Value]) -> Result<u64, Broken> {
        let statement = self.statement(sql, params).await?;
        let touched = self.client.execute(&statement, &borrowed(params)).await;
        touched.map_err(|e| broken(&e))
    }

    pub(super) async fn batch(&self, sql: &str) -> Result<(), Broken> {
        self.client.batch_execute(sql).await.map_err(|e| broken(&e))
    }

    pub(super) async fn lock_schema(&self) -> Result<(), Broken> {
        self.batch(&format!("SELECT pg_advisory_xact_lock({SCHEMA_LOCK})"))
            .await
    }

    /// Makes what is missing; a month whose rows already lie in the rest stays there.
    pub(super) async fn partition(&self, table: &str, months: &[ddl::Month]) -> Result<u64, Broken> {
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
        let statement = self
            .client
            .prepare_typed(sql, &types)
            .await
            .map_err(|e| broken(&e))?;
        self.statements.borrow_mut().insert(sql, statement.clone());
        Ok(statement)
    }
}

fn too_slow() -> Broken {
    Broken::passing("the database took too long")
}

fn borrowed(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|p| p as &(dyn ToSql + Sync)).collect()
}

impl Value {
    fn postgres_type(&self) -> Type {
        match self {
            Self::Text(_) => Type::TEXT,
            Self::Int(_) => Type::INT8,
            Self::Flag(_) => Type::BOOL,
            Self::Bytes(_) => Type::BYTEA,
        }
    }
}

type ToSqlError = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, ToSqlError> {
        match self {
            Self::Text(text) => text.to_sql(ty, out),
            Self::Int(int) => int.to_sql(ty, out),
            Self::Flag(flag) => flag.to_sql(ty, out),
            Self::Bytes(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::TEXT, Type::INT8, Type::BOOL, Type::BYTEA].contains(ty)
    }

    to_sql_checked!();
}

/// No message of the server: its details hold values.
fn broken(error: &Error) -> Broken {
    let Some(db) = error.as_db_error() else {
        return Broken::passing(format!("PostgreSQL is out of reach: {}", kind(error)));
    };
    let code = db.code().code();
    let place = db.constraint().or(db.table()).unwrap_or("");
    let reason = format!("PostgreSQL {code} {place}");
    // Connection, resources, operator intervention, system, serialization, locks, a read-only standby.
    let passing = ["08", "53", "57", "58", "40"]
        .iter()
        .any(|class| code.starts_with(class))
        || ["55P03", "25006", "28000"].contains(&code);
    if passing {
        Broken::passing(reason)
    } else {
        Broken::new(reason)
    }
}

fn kind(error: &Error) -> String {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return io.kind().to_string();
        }
        source = cause.source();
    }
    if error.is_closed() {
        "closed"
    } else {
        "no connection"
    }
    .to_owned()
}
