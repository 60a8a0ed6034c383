//! SQLite: one writer thread with group commit, reader threads with a connection each. Units that have gathered run
//! each under its own SAVEPOINT inside one BEGIN IMMEDIATE … COMMIT, and are answered after the COMMIT.

use std::fs::OpenOptions;
use std::future::Future;
use std::os::unix::fs::OpenOptionsExt as _;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags, ffi};

use super::queue::{Gate, Queue};
use super::tx::Conn;
use super::{Broken, Columns, Fate, Job, Purpose, Ran, Tx, Work, unpanicked};
use crate::audit::{Chain, Generation};
use crate::row::Value;
use crate::store::Options;

/// Before it, two connections could corrupt a WAL file.
const OLDEST_SAFE: i32 = 3_051_003;
/// Units that share one COMMIT, at most.
const BATCH: usize = 256;
/// Units of either purpose under way or waiting, at most.
const PLACES: usize = 512;
/// How long another process may hold the file.
const BUSY: Duration = Duration::from_secs(2);

pub(crate) struct Sqlite {
    reads: Arc<Queue<Job>>,
    writes: Arc<Queue<Job>>,
    read_gate: Gate,
    write_gate: Gate,
    pub(super) chains: Generation,
}

impl Sqlite {
    pub(super) fn open(path: &str, options: &Options) -> Result<Self, Broken> {
        if rusqlite::version_number() < OLDEST_SAFE {
            return Err(Broken::new(format!("SQLite {} is not safe", rusqlite::version())));
        }
        make_private(path)?;
        let chains = Generation::default();
        let chain = Chain::new(&options.node, 0, chains.clone());
        let writer = Writer::new(connect(path, Purpose::Write)?, chain);
        let (reads, writes) = (Arc::new(Queue::new()), Arc::new(Queue::new()));
        let queue = Arc::clone(&writes);
        spawn("store-writer", move || writer.run(&queue))?;
        for _ in 0..options.readers.max(1) {
            let conn = connect(path, Purpose::Read)?;
            let queue = Arc::clone(&reads);
            spawn("store-reader", move || read(&conn, &queue))?;
        }
        Ok(Self {
            reads,
            writes,
            read_gate: Gate::new(PLACES, options.wait),
            write_gate: Gate::new(PLACES, options.wait),
            chains,
        })
    }

    pub(super) async fn submit(&self, purpose: Purpose, work: Work, fate: Fate) -> Result<(), Broken> {
        let (gate, queue) = match purpose {
            Purpose::Read => (&self.read_gate, &self.reads),
            Purpose::Write | Purpose::Maintain => (&self.write_gate, &self.writes),
        };
        let place = gate.enter().await?;
        queue.push(Job { work, fate, _place: place });
        Ok(())
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.reads.close();
        self.writes.close();
    }
}

/// A new file is for this user alone.
fn make_private(path: &str) -> Result<(), Broken> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|error| Broken::passing(format!("the database file cannot be opened: {error}")))
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), Broken> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map(drop)
        .map_err(|error| Broken::passing(format!("no thread: {error}")))
}

fn connect(path: &str, purpose: Purpose) -> Result<Connection, Broken> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> Result<Connection, Error> {
        let conn = Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(BUSY)?;
        conn.set_prepared_statement_cache_capacity(128);
        // otherwise each new LIKE pattern is a new plan for a statement that needs none
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        conn.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA mmap_size = 0; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY; \
             PRAGMA journal_size_limit = 67108864;",
        )?;
        if purpose == Purpose::Read {
            conn.execute_batch("PRAGMA query_only = ON")?;
        }
        Ok(conn)
    };
    open().map_err(|error| broken(&error))
}

/// A reader: each unit sees one snapshot.
fn read(conn: &Connection, queue: &Queue<Job>) {
    while let Some(job) = queue.pop() {
        if let Err(broken) = control(conn, "BEGIN") {
            job.refuse(broken);
            continue;
        }
        let mut tx = Tx::new(Conn::Sqlite(conn), None);
        let ran = finish((job.work)(&mut tx));
        // Nothing was written: how it ends changes nothing.
        drop(control(conn, "ROLLBACK"));
        if let Some(ran) = ran {
            (ran.answer)(None);
        }
    }
}

struct Writer {
    conn: Connection,
    chain: Chain,
    data_version: i64,
}

impl Writer {
    fn new(conn: Connection, chain: Chain) -> Self {
        Self { conn, chain, data_version: -1 }
    }

    fn run(mut self, queue: &Queue<Job>) {
        while let Some(job) = queue.pop() {
            self.batch(job, queue);
        }
    }

    /// Runs what has gathered, commits once, answers all.
    fn batch(&mut self, first: Job, queue: &Queue<Job>) {
        if let Err(broken) = self.begin() {
            // those who waited; who comes after the first answer may find the file free
            let waited: Vec<Job> =
                std::iter::once(first).chain(std::iter::from_fn(|| queue.try_pop())).collect();
            for job in waited {
                job.refuse(broken.clone());
            }
            return;
        }
        let mut kept = Vec::new();
        let mut next = Some(first);
        let mut lost = None;
        while let Some(job) = next {
            match self.unit(job) {
                Ok(ran) => kept.extend(ran),
                Err(broken) => {
                    lost = Some(broken);
                    break;
                }
            }
            next = if kept.len() < BATCH { queue.try_pop() } else { None };
        }
        let outcome = match lost {
            Some(broken) => Err(broken),
            None => control(&self.conn, "COMMIT"),
        };
        if outcome.is_err() {
            self.chain.forget();
            if !self.conn.is_autocommit() {
                drop(control(&self.conn, "ROLLBACK"));
            }
        }
        let broken = outcome.err();
        for ran in kept {
            (ran.answer)(broken.clone());
        }
    }

    fn begin(&mut self) -> Result<(), Broken> {
        control(&self.conn, "BEGIN IMMEDIATE")?;
        // Another process wrote: our chain may have moved on.
        let version = self
            .conn
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut s| s.query_row([], |row| row.get(0)))
            .unwrap_or(-1);
        if version != self.data_version || version < 0 {
            self.data_version = version;
            self.chain.forget();
        }
        Ok(())
    }

    /// Runs one unit. `Ok(None)`: it was undone, and told so. `Err`: the whole batch is lost with it.
    fn unit(&mut self, job: Job) -> Result<Option<Ran>, Broken> {
        let before = self.chain.clone();
        if let Err(broken) = control(&self.conn, "SAVEPOINT unit") {
            job.refuse(broken.clone());
            return Err(broken);
        }
        let mut tx = Tx::new(Conn::Sqlite(&self.conn), Some(&mut self.chain));
        let ran = finish((job.work)(&mut tx));
        let failure = tx.failure.take();
        // A full disk or an I/O error may have undone the whole transaction, other units' work included.
        if self.conn.is_autocommit() {
            let broken = failure.unwrap_or_else(|| Broken::passing("the transaction was undone"));
            tell(ran, broken.clone());
            return Err(broken);
        }
        match ran {
            Some(ran) if ran.keep && failure.is_none() => match control(&self.conn, "RELEASE unit") {
                Ok(()) => Ok(Some(ran)),
                Err(broken) => {
                    (ran.answer)(Some(broken.clone()));
                    Err(broken)
                }
            },
            undone => {
                self.chain = before;
                let result = control(&self.conn, "ROLLBACK TO unit")
                    .and_then(|()| control(&self.conn, "RELEASE unit"));
                tell(undone, failure.unwrap_or_else(|| Broken::new("the unit of work failed")));
                result.map(|()| None)
            }
        }
    }
}

fn tell(ran: Option<Ran>, broken: Broken) {
    if let Some(ran) = ran {
        (ran.answer)(Some(broken));
    }
}

/// Drives a unit of work; nothing in it ever waits. `None`: it panicked, or waited for something else.
fn finish(work: Pin<Box<dyn Future<Output = Ran> + '_>>) -> Option<Ran> {
    let future = pin!(unpanicked(work));
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ran) => ran,
        Poll::Pending => None,
    }
}

fn control(conn: &Connection, sql: &str) -> Result<(), Broken> {
    conn.prepare_cached(sql)
        .and_then(|mut statement| statement.raw_execute())
        .map(drop)
        .map_err(|error| broken(&error).within(sql))
}

pub(super) fn rows<T>(
    conn: &Connection,
    sql: &str,
    params: &[Value],
    mut map: impl FnMut(&mut Columns<'_>) -> Result<T, Broken>,
) -> Result<Vec<T>, Broken> {
    let mut statement = conn.prepare_cached(sql).map_err(|e| broken(&e))?;
    bind(&mut statement, params)?;
    let mut rows = statement.raw_query();
    let mut mapped = Vec::new();
    while let Some(row) = rows.next().map_err(|e| broken(&e))? {
        mapped.push(map(&mut Columns::sqlite(row))?);
    }
    Ok(mapped)
}

pub(super) fn execute(conn: &Connection, sql: &str, params: &[Value]) -> Result<u64, Broken> {
    let mut statement = conn.prepare_cached(sql).map_err(|e| broken(&e))?;
    bind(&mut statement, params)?;
    let touched = statement.raw_execute().map_err(|e| broken(&e))?;
    u64::try_from(touched).map_err(|_| Broken::new("too many rows"))
}

pub(super) fn batch(conn: &Connection, sql: &str) -> Result<(), Broken> {
    conn.execute_batch(sql).map_err(|e| broken(&e))
}

/// Binds by name: SQLite numbers `$2 … $1` by first appearance.
fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Value]) -> Result<(), Broken> {
    for i in 1..=statement.parameter_count() {
        let number = statement.parameter_name(i).and_then(|name| name.get(1..)?.parse::<usize>().ok());
        let value = number
            .and_then(|n| params.get(n.checked_sub(1)?))
            .ok_or_else(|| Broken::new("a parameter without its value"))?;
        match value {
            Value::Text(text) => statement.raw_bind_parameter(i, text),
            Value::Int(int) => statement.raw_bind_parameter(i, int),
            Value::Flag(flag) => statement.raw_bind_parameter(i, flag),
            Value::Bytes(bytes) => statement.raw_bind_parameter(i, bytes),
        }
        .map_err(|e| broken(&e))?;
    }
    Ok(())
}

/// Busy, full, out of reach: worth another try. Damaged or misused: not.
fn broken(error: &Error) -> Broken {
    let code = error.sqlite_error_code();
    let reason = if let Error::SqliteFailure(ffi::Error { extended_code, .. }, message) = error {
        format!("SQLite {extended_code}: {}", message.as_deref().unwrap_or(""))
    } else {
        format!("SQLite: {error}")
    };
    match code {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted,
        ) => Broken::passing(reason),
        Some(_) | None => Broken::new(reason),
    }
}
