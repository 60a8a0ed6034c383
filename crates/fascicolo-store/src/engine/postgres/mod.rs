//! PostgreSQL: threads with a runtime of their own, each with a few connections. A unit that reads gets no BEGIN (at
//! READ COMMITTED it would bring nothing), on a connection that is read-only; one that writes gets BEGIN … COMMIT.
//! A connection in doubt is dropped: the server undoes what it had not committed. Needs sessions of its own (no
//! transaction pooler): prepared statements, and the advisory lock that makes an audit lane one connection's alone.

mod connection;
mod wire;

use std::cell::RefCell;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{LocalSet, spawn_local};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(super) use connection::Connection;

use self::connection::Ended;
use self::wire::broken;
use super::queue::Gate;
use super::{Broken, Fate, Job, Purpose, Work, tls};
use crate::audit::Generation;
use crate::store::Options;

/// How long one unit of work may take; then its connection is dropped and the caller told to come back. Never a
/// `statement_timeout`: that would end the wait for a synchronous standby with a COMMIT that holds on one node only.
const LONGEST: Duration = Duration::from_secs(10);
/// What maintenance may take: the lifetime of a program.
const UNBOUNDED: Duration = Duration::from_secs(60 * 60 * 24 * 365);

pub(crate) struct Postgres {
    workers: Vec<Worker>,
    pub(super) chains: Generation,
}

struct Worker {
    jobs: UnboundedSender<(Purpose, Job)>,
    reads: Gate,
    writes: Gate,
}

impl Worker {
    fn gate(&self, purpose: Purpose) -> &Gate {
        match purpose {
            Purpose::Read => &self.reads,
            Purpose::Write | Purpose::Maintain => &self.writes,
        }
    }
}

impl Postgres {
    pub(super) async fn open(url: &str, options: &Options) -> Result<Self, Broken> {
        let mut config: Config =
            url.parse().map_err(|_| Broken::new("the database address cannot be read"))?;
        let tls = tls::connector(&config, options)?;
        config.application_name("fascicolo").connect_timeout(options.wait).tcp_user_timeout(LONGEST);
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
        let worker = self
            .workers
            .iter()
            .max_by_key(|worker| worker.gate(purpose).free())
            .ok_or_else(|| Broken::new("no connections"))?;
        let place = worker.gate(purpose).enter().await?;
        worker
            .jobs
            .send((purpose, Job { work, fate, _place: place }))
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
            Purpose::Write | Purpose::Maintain => &mut self.writers,
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
        let connection = match idle.filter(|c| !c.is_closed()) {
            Some(connection) => Ok(connection),
            None => self.connect(purpose).await,
        };
        let mut connection = match connection {
            Ok(connection) => connection,
            Err(broken) => return job.refuse(broken),
        };
        let ended = match purpose {
            Purpose::Read => connection.read(job).await,
            Purpose::Write => connection.write(job, LONGEST).await,
            Purpose::Maintain => connection.write(job, UNBOUNDED).await,
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
        match purpose {
            Purpose::Read => Connection::reader(client).await,
            Purpose::Write | Purpose::Maintain => Connection::writer(client, &self.node, &self.chains).await,
        }
    }
}
