//! A fresh store for each test, on each engine, and a back door for what only an intruder would do.

use std::sync::atomic::{AtomicU64, Ordering};

use fascicolo_domain::Fault;
use fascicolo_domain::audit::{Actor, Deed, Event};
use fascicolo_domain::documents::{Confidentiality, Document, Kind, NationalId, Signature, Status};
use fascicolo_domain::ids::{CitizenId, DocumentId, EventId, ObjectId, SessionId};
use fascicolo_domain::login::{Level, Method, Session};
use fascicolo_domain::person::{Capacity, Citizen, CodiceFiscale, Standing};
use fascicolo_domain::secret::Digest;
use fascicolo_domain::verification::CheckNumber;
use fascicolo_store::{Options, Put, Store};
use jiff::Timestamp;
use tempfile::TempDir;

static COUNTER: AtomicU64 = AtomicU64::new(1);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kept {
    InSqlite,
    InPostgres,
}

/// A store, migrated or not, and where it is kept.
pub(crate) struct Place {
    pub(crate) store: Store,
    pub(crate) url: String,
    pub(crate) kept: Kept,
    pub(crate) dir: Option<TempDir>,
}

pub(crate) fn options() -> Options {
    Options { node: "alpha".to_owned(), readers: 2, writers: 4, ..Options::default() }
}

/// Runs a test on a fresh migrated store of each engine.
pub(crate) fn on_each_engine(test: &impl AsyncFn(&Place)) {
    on_each_empty(&async |place| {
        place.store.migrate().await.unwrap();
        test(place).await;
    });
}

/// Runs a test on an empty database of each engine.
pub(crate) fn on_each_empty(test: &impl AsyncFn(&Place)) {
    on_sqlite_empty(test);
    on_postgres_empty(test);
}

pub(crate) fn on_sqlite(test: &impl AsyncFn(&Place)) {
    on_sqlite_empty(&async |place| {
        place.store.migrate().await.unwrap();
        test(place).await;
    });
}

pub(crate) fn on_postgres(test: &impl AsyncFn(&Place)) {
    on_postgres_empty(&async |place| {
        place.store.migrate().await.unwrap();
        test(place).await;
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn on_sqlite_empty(test: &impl AsyncFn(&Place)) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("store.db").display());
    runtime().block_on(async {
        let store = Store::open(&url, options()).await.unwrap();
        let place = Place { store, url, kept: Kept::InSqlite, dir: Some(dir) };
        test(&place).await;
    });
}

fn on_postgres_empty(test: &impl AsyncFn(&Place)) {
    let Some(server) = std::env::var_os("FASCICOLO_TEST_POSTGRES") else {
        println!("skipped on PostgreSQL: FASCICOLO_TEST_POSTGRES is not set");
        return;
    };
    let server = server.into_string().unwrap();
    let name = format!("fascicolo_test_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    runtime().block_on(async {
        let admin = connect(&server).await;
        let make = format!("CREATE DATABASE {name} TEMPLATE template0");
        admin.batch_execute(&make).await.unwrap();
        let url = with_database(&server, &name);
        let place = Place {
            store: Store::open(&url, options()).await.unwrap(),
            url,
            kept: Kept::InPostgres,
            dir: None,
        };
        test(&place).await;
        drop(place);
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        admin.batch_execute(&drop).await.unwrap();
    });
}

/// The same server, another database.
fn with_database(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').unwrap_or((server, ""));
    let scheme = base.find("://").unwrap() + 3;
    let host = base[scheme..].split('/').next().unwrap();
    format!("{}{host}/{name}?{query}", &base[..scheme])
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

impl Place {
    pub(crate) fn path(&self) -> &str {
        self.url.strip_prefix("sqlite://").unwrap()
    }

    /// Another connection of our own to the database.
    pub(crate) fn sqlite(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    /// Opens the same database once more.
    pub(crate) async fn reopen(&self) -> Result<Store, Fault> {
        Store::open(&self.url, options()).await
    }

    /// Changes the database behind the store's back; `{{bytes}}` etc. do not work here.
    pub(crate) async fn meddle(&self, sql: &str) {
        match self.kept {
            Kept::InSqlite => self.sqlite().execute_batch(sql).unwrap(),
            Kept::InPostgres => connect(&self.url).await.batch_execute(sql).await.unwrap(),
        }
    }

    /// One value as text, read behind the store's back.
    pub(crate) async fn peek(&self, sql: &str) -> Vec<Vec<String>> {
        match self.kept {
            Kept::InSqlite => {
                let conn = self.sqlite();
                let mut statement = conn.prepare(sql).unwrap();
                let width = statement.column_count();
                let rows =
                    statement.query_map([], |row| (0..width).map(|i| row.get_ref(i).map(shown)).collect());
                rows.unwrap().map(Result::unwrap).collect()
            }
            Kept::InPostgres => {
                let messages = connect(&self.url).await.simple_query(sql).await.unwrap();
                messages
                    .iter()
                    .filter_map(|message| {
                        let tokio_postgres::SimpleQueryMessage::Row(row) = message else {
                            return None;
                        };
                        Some((0..row.len()).map(|i| row.get(i).unwrap_or("").to_owned()).collect())
                    })
                    .collect()
            }
        }
    }

    pub(crate) async fn put(&self, citizen: &Citizen) -> Put {
        let citizen = citizen.clone();
        self.store.write(async move |tx| tx.put_citizen(&citizen).await).await.unwrap()
    }

    pub(crate) async fn know(&self, citizen: &Citizen) {
        assert_eq!(self.put(citizen).await, Put::Stored);
    }

    pub(crate) async fn take_in(&self, document: &Document) {
        let document = document.clone();
        let taken = self.store.write(async move |tx| tx.insert_document(&document).await).await.unwrap();
        assert_eq!(taken, fascicolo_store::Inserted::New);
    }

    pub(crate) async fn record(&self, events: Vec<Event>) {
        self.store
            .write(async move |tx| {
                for event in &events {
                    tx.record(event).await?;
                }
                Ok::<_, Fault>(())
            })
            .await
            .unwrap();
    }
}

fn shown(value: rusqlite::types::ValueRef<'_>) -> String {
    let text = value.as_str().map(str::to_owned);
    text.or_else(|_| value.as_i64().map(|n| n.to_string())).unwrap_or_default()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn noon() -> Timestamp {
    at("2026-05-04T12:00:00Z")
}

/// Ten bytes that differ with each call.
pub(crate) fn chance() -> [u8; 10] {
    let n = COUNTER.fetch_add(1, Ordering::Relaxed);
    let mut bytes = [7; 10];
    bytes[2..].copy_from_slice(&n.to_be_bytes());
    bytes
}

pub(crate) fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

/// A codice fiscale with its right check character.
pub(crate) fn code(body: &str) -> CodiceFiscale {
    let body: &[u8; 15] = body.as_bytes().try_into().unwrap();
    let check = fascicolo_domain::person::codice_fiscale::check_character(body);
    CodiceFiscale::parse(&format!("{}{}", std::str::from_utf8(body).unwrap(), char::from(check))).unwrap()
}

pub(crate) fn anna() -> Citizen {
    person("BNCNNA80A41F205")
}

pub(crate) fn bruno() -> Citizen {
    person("NREBRN71B03L219")
}

fn person(body: &str) -> Citizen {
    Citizen {
        id: CitizenId::new(noon(), chance()),
        codice_fiscale: code(body),
        given_name: "Nome".to_owned(),
        family_name: "Cognome".to_owned(),
        birth_date: Some("1980-01-01".parse().unwrap()),
        registered: true,
        standing: Standing::Active,
        ward: false,
    }
}

pub(crate) fn session_of(citizen: &Citizen, opened_at: Timestamp) -> Session {
    Session {
        id: SessionId::new(opened_at, chance()),
        citizen: citizen.id,
        method: Method::Spid,
        level: Level::Two,
        opened_at,
        last_seen_at: opened_at,
        ends_at: fascicolo_domain::time::after_seconds(opened_at, 8 * 3600),
    }
}

pub(crate) fn document_of(citizen: &Citizen, issued_at: Timestamp) -> Document {
    let id = DocumentId::new(issued_at, chance());
    Document {
        id,
        subject: citizen.id,
        kind: Kind::by_key("laboratory_report").unwrap(),
        title: "Referto di laboratorio".to_owned(),
        national_id: NationalId {
            root: "2.16.840.1.113883.2.9.2.30.4.4".to_owned(),
            extension: id.to_string(),
        },
        check_number: CheckNumber::new(chance()),
        issued_at,
        taken_at: issued_at,
        issuer: "ASST di Prova".to_owned(),
        author: "Dott.ssa Prova".to_owned(),
        version: 1,
        status: Status::Current,
        confidentiality: Confidentiality::Normal,
        protected: false,
        hidden: false,
        signature: Signature::NotSigned,
        readable: true,
        object: ObjectId::new(issued_at, chance()),
        size: 1234,
        sha256: digest(&id.to_string()),
    }
}

pub(crate) fn event(deed: Deed, when: Timestamp) -> Event {
    Event::of(Actor::Anyone, deed, EventId::new(when, chance()), when)
}

pub(crate) fn event_by(citizen: &Citizen, deed: Deed, when: Timestamp) -> Event {
    let actor =
        Actor::Person { id: citizen.id, capacity: Capacity::Adult, session: SessionId::new(when, chance()) };
    Event::of(actor, deed, EventId::new(when, chance()), when).about(citizen.id).with_method(Method::Cie)
}
