//! `Store`: opens a database, runs units of work, answers a write only after its durable COMMIT (GEN-G10).

use std::sync::Arc;
use std::time::Duration;

use fascicolo_domain::Fault;
use tokio::sync::oneshot;

use crate::engine::{Broken, Engine, Fate, Purpose, Ran, Tx, Work};
use crate::migrate;

/// The database, cheap to clone.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
}

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// This node's name: its audit chains carry it. Nodes that share a database have different names.
    pub node: String,
    /// Connections that read (SQLite: one thread each).
    pub readers: usize,
    /// Connections that write (PostgreSQL; SQLite always has one).
    pub writers: usize,
    /// How long a caller waits for a free connection before it is told to come back.
    pub wait: Duration,
    /// Certificate authorities of a PostgreSQL server reached by `sslmode=require`, as PEM; `None`: the system's.
    pub postgres_ca: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            node: "node".to_owned(),
            readers: 4,
            writers: 8,
            wait: Duration::from_secs(3),
            postgres_ca: None,
        }
    }
}

impl Store {
    /// Opens `sqlite:///path/to/file.db` (made when missing) or `postgres://…`. Does not migrate.
    ///
    /// # Errors
    /// Out of reach or busy (passing); an address of no known kind, a damaged file, or a schema that this program
    /// does not know: it is newer, or a migration was changed.
    pub async fn open(url: &str, options: Options) -> Result<Self, Fault> {
        let engine =
            Engine::open(url, &options).await.map_err(|broken| broken.fault("opening the database"))?;
        let store = Self { engine: Arc::new(engine) };
        store.schema().await?;
        Ok(store)
    }

    /// Runs a unit of work that only reads. It never waits for the writer. On SQLite it sees one snapshot; on
    /// PostgreSQL each statement sees what is committed when it starts.
    ///
    /// # Errors
    /// Whatever the closure returns, or a fault of the store.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        self.run(Purpose::Read, f).await
    }

    /// Runs a unit of work that writes: `Err` undoes all of it, `Ok` is answered only after the durable COMMIT.
    /// The closure awaits nothing but the store.
    ///
    /// # Errors
    /// Whatever the closure returns, or a fault of the store; then nothing of it is kept (or, when the connection
    /// broke during COMMIT, its fate is unknown and nothing is acknowledged).
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        self.run(Purpose::Write, f).await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.read(async |tx| tx.row("SELECT 1", &[], |c| c.int()).await.map(drop)).await
    }

    /// Where the schema stands. [`Store::open`] has already refused one that is unknown.
    ///
    /// # Errors
    /// Newer than this program, or changed; or the store failed.
    pub async fn schema(&self) -> Result<migrate::Schema, Fault> {
        self.read(migrate::schema).await
    }

    /// Applies the migrations that are missing, all or none.
    ///
    /// # Errors
    /// The schema is unknown, or the store failed; then nothing has changed.
    pub async fn migrate(&self) -> Result<migrate::Migrated, Fault> {
        self.maintain(migrate::migrate).await
    }

    /// A write that may take its time.
    pub(crate) async fn maintain<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        self.run(Purpose::Maintain, f).await
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    async fn run<T, E, F>(&self, purpose: Purpose, f: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let fate = Fate::default();
        self.engine
            .submit(purpose, unit(f, tell), &fate)
            .await
            .map_err(|broken| E::from(broken.fault("waiting for the database")))?;
        told.await.unwrap_or_else(|_| {
            let fault = match fate.get() {
                Some(broken) => broken.fault("starting a unit of work"),
                None => Fault::bare("running a unit of work that ended early"),
            };
            Err(fault.into())
        })
    }
}

/// Makes of a closure a unit of work that tells its caller how it ended.
fn unit<T, E, F>(f: F, tell: oneshot::Sender<Result<T, E>>) -> Work
where
    F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Fault> + Send + 'static,
{
    Box::new(move |tx| {
        Box::pin(async move {
            let result = f(tx).await;
            Ran {
                keep: result.is_ok(),
                answer: Box::new(move |broken: Option<Broken>| {
                    let result = match broken {
                        Some(broken) => {
                            result.and_then(|_| Err(broken.fault("keeping a unit of work").into()))
                        }
                        None => result,
                    };
                    // The caller may have gone away; what was done stays done.
                    drop(tell.send(result));
                }),
            }
        })
    })
}
