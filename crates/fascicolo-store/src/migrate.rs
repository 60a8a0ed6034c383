//! Migrations: numbered files in one portable text, forward only, remembered with their digests. A database that is
//! newer than the program, or whose migrations were changed, is refused.

use fascicolo_domain::Fault;
use fascicolo_domain::secret::Digest;
use jiff::Timestamp;

use crate::engine::{Broken, Month, Tx};
use crate::row::number;
use crate::store::Store;

struct Migration {
    number: u64,
    name: &'static str,
    text: &'static str,
}

macro_rules! migrations {
    ($($number:literal $name:literal,)*) => {
        &[$(Migration {
            number: $number,
            name: $name,
            text: include_str!(concat!("../migrations/", $name, ".sql")),
        },)*]
    };
}

static MIGRATIONS: &[Migration] = migrations! {
    1 "0001_people",
    2 "0002_sessions",
    3 "0003_documents",
    4 "0004_audit",
    5 "0005_logins",
    6 "0006_leases",
    7 "0007_cards",
    8 "0008_single_logout",
    9 "0009_search_issuers",
    10 "0010_kept_files",
    11 "0011_federations",
    12 "0012_openid",
};

/// Tables that have a partition a month (PostgreSQL).
const MONTHLY: [&str; 2] = ["audit_events", "login_exchanges"];
/// Partitions made ahead: this month and the three after.
const AHEAD: usize = 4;

/// Where a known schema stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Schema {
    Current,
    /// So many migrations are missing: `fascicolo migrate`.
    Behind(usize),
}

/// What a migration did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Migrated {
    /// Names of the files applied now; empty: there was nothing to do.
    pub applied: Vec<&'static str>,
}

impl Store {
    /// Makes the partitions of the months ahead (PostgreSQL; on SQLite there are none). A job calls it daily; a row
    /// whose month has none lies in the rest, and nothing is lost. Answers how many were made.
    ///
    /// # Errors
    /// The store failed.
    pub async fn ensure_partitions(&self, now: Timestamp) -> Result<u64, Fault> {
        self.maintain(async move |tx| partitions(tx, now).await).await
    }
}

async fn partitions(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, Fault> {
    let months = Month::starting(now, AHEAD);
    let mut made = 0;
    for table in MONTHLY {
        made += tx.partition(table, &months).await?;
    }
    Ok(made)
}

pub(crate) async fn schema(tx: &mut Tx<'_>) -> Result<Schema, Fault> {
    let applied = applied(tx).await?;
    match MIGRATIONS.len() - applied {
        0 => Ok(Schema::Current),
        missing => Ok(Schema::Behind(missing)),
    }
}

pub(crate) async fn migrate(tx: &mut Tx<'_>) -> Result<Migrated, Fault> {
    tx.lock_schema().await?;
    let mut names = Vec::new();
    let known = applied(tx).await?;
    if known == 0 && !tx.has_table("schema_migrations").await? {
        tx.batch(
            "CREATE TABLE schema_migrations (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, \
             sha256 {{bytes}} NOT NULL);",
        )
        .await?;
    }
    for migration in MIGRATIONS.iter().skip(known) {
        tx.batch(migration.text).await?;
        let sql = "INSERT INTO schema_migrations (number, name, sha256) VALUES ($1, $2, $3)";
        let digest = Digest::of(migration.text.as_bytes());
        let params = [number(migration.number), migration.name.into(), (&digest).into()];
        tx.execute(sql, &params).await?;
        names.push(migration.name);
    }
    if let Some(now) = tx.server_time().await? {
        partitions(tx, now).await?;
    }
    Ok(Migrated { applied: names })
}

/// How many migrations are applied; all of them known, none changed.
async fn applied(tx: &mut Tx<'_>) -> Result<usize, Fault> {
    if !tx.has_table("schema_migrations").await? {
        return Ok(0);
    }
    let sql = "SELECT number, sha256 FROM schema_migrations ORDER BY number";
    let applied = tx.rows(sql, &[], |c| Ok((c.number::<u64>()?, c.digest()?))).await?;
    for (i, (number, digest)) in applied.iter().enumerate() {
        let problem = match MIGRATIONS.get(i) {
            Some(known) if *number == known.number && *digest == Digest::of(known.text.as_bytes()) => {
                continue;
            }
            Some(_) => "a migration is not the one that was applied: this is another program's database",
            None => {
                "the database is newer than the program: run the newer program, or restore the older database"
            }
        };
        return Err(tx.broken(&Broken::new(problem), "checking the database's schema"));
    }
    Ok(applied.len())
}
