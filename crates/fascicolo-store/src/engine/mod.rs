//! The engines. Nothing outside this folder knows SQLite from PostgreSQL: the rest sees [`Tx`], [`Columns`] and
//! [`Broken`]. A unit of work runs on an engine's own thread, so its future need not be `Send`.

mod columns;
mod ddl;
mod postgres;
mod queue;
mod sqlite;
mod tls;
mod tx;

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;

use fascicolo_domain::Fault;
use tokio::sync::OwnedSemaphorePermit;

pub(crate) use columns::Columns;
pub(crate) use ddl::Month;
pub use tx::Tx;

use crate::store::Options;

/// A unit of work.
pub(crate) type Work =
    Box<dyn for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> Pin<Box<dyn Future<Output = Ran> + 't>> + Send>;

/// Why a unit of work was never answered.
pub(crate) type Fate = Arc<OnceLock<Broken>>;

/// How a unit of work ended: whether to keep what it did, and whom to tell once that is settled.
pub(crate) struct Ran {
    pub(crate) keep: bool,
    pub(crate) answer: Box<dyn FnOnce(Option<Broken>)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    Read,
    Write,
    /// Writes, and may take its time.
    Maintain,
}

/// A unit of work with its place in the queue.
pub(crate) struct Job {
    work: Work,
    fate: Fate,
    _place: OwnedSemaphorePermit,
}

impl Job {
    /// Drops the unit unanswered, and says why.
    fn refuse(self, broken: Broken) {
        // The first reason stands.
        drop(self.fate.set(broken));
    }
}

/// What an engine could not do. Never holds a parameter's value.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    passing: bool,
    reason: String,
}

impl Broken {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { passing: false, reason: reason.into() }
    }

    pub(crate) fn passing(reason: impl Into<String>) -> Self {
        Self { passing: true, reason: reason.into() }
    }

    pub(crate) fn fault(&self, doing: &'static str) -> Fault {
        if self.passing {
            Fault::passing(doing, self.reason.clone())
        } else {
            Fault::new(doing, self.reason.clone())
        }
    }

    fn within(mut self, sql: &str) -> Self {
        self.reason.push_str(", in: ");
        self.reason.push_str(sql);
        self
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

pub(crate) enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Engine {
    pub(crate) async fn open(url: &str, options: &Options) -> Result<Self, Broken> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            sqlite::Sqlite::open(path, options).map(Self::Sqlite)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            postgres::Postgres::open(url, options).await.map(Self::Postgres)
        } else {
            Err(Broken::new("a database address starts with sqlite:// or postgres://"))
        }
    }

    /// Queues a unit of work. When it is dropped unanswered, `fate` says why.
    pub(crate) async fn submit(&self, purpose: Purpose, work: Work, fate: &Fate) -> Result<(), Broken> {
        let fate = Arc::clone(fate);
        match self {
            Self::Sqlite(engine) => engine.submit(purpose, work, fate).await,
            Self::Postgres(engine) => engine.submit(purpose, work, fate).await,
        }
    }

    /// After segments were closed: every chain looks again where it stands before it goes on.
    pub(crate) fn reopen_chains(&self) {
        match self {
            Self::Sqlite(engine) => engine.chains.bump(),
            Self::Postgres(engine) => engine.chains.bump(),
        }
    }
}

/// Polls a unit of work so that its panic ends it alone; `None`: it panicked.
async fn unpanicked<T>(mut future: Pin<Box<dyn Future<Output = T> + '_>>) -> Option<T> {
    std::future::poll_fn(move |cx| {
        catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)))
            .map_or(Poll::Ready(None), |poll| poll.map(Some))
    })
    .await
}
