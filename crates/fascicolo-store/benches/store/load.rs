//! The data: person 0 has 50,000 documents, person 1 has ten, the others share the rest.

use std::future::Future;

use fascicolo_domain::Fault;
use fascicolo_domain::audit::{Actor, Deed, Event};
use fascicolo_domain::documents::{Confidentiality, Document, Kind, NationalId, Signature, Status};
use fascicolo_domain::ids::{CitizenId, DocumentId, EventId, ObjectId, SessionId};
use fascicolo_domain::login::{Level, Method, Session};
use fascicolo_domain::person::codice_fiscale::check_character;
use fascicolo_domain::person::{Capacity, Citizen, CodiceFiscale, Standing};
use fascicolo_domain::secret::Digest;
use fascicolo_domain::verification::CheckNumber;
use fascicolo_store::{Inserted, NewSession, Put, Store};
use jiff::Timestamp;

pub(crate) const DAY: i64 = 86_400_000;
const START: i64 = 1_770_000_000_000;
/// Rows of one unit of work.
const CHUNK: u64 = 2000;

pub(crate) struct Load {
    pub(crate) rows: u64,
}

impl Load {
    pub(crate) fn persons(&self) -> u64 {
        self.rows / 40
    }

    /// Where to keep it: a file, and a database of the server that is named.
    pub(crate) async fn places(&self) -> Result<Vec<(&'static str, String)>, Box<dyn std::error::Error>> {
        let program = std::env::current_exe()?;
        let target = program.ancestors().nth(3).ok_or("no target folder")?;
        let folder = target.join("store-bench");
        std::fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{}.db", self.rows));
        let mut places = vec![("SQLite", format!("sqlite://{}", file.display()))];
        if let Some(server) = std::env::var_os("FASCICOLO_TEST_POSTGRES").and_then(|v| v.into_string().ok()) {
            let name = format!("fascicolo_bench_{}", self.rows);
            let (client, io) = tokio_postgres::connect(&server, tokio_postgres::NoTls).await?;
            tokio::spawn(io);
            // It may be there from the last run.
            drop(client.batch_execute(&format!("CREATE DATABASE {name}")).await);
            let (base, _) = server.rsplit_once('/').ok_or("no database in the address")?;
            places.push(("PostgreSQL", format!("{base}/{name}")));
        }
        Ok(places)
    }

    /// Brings in what is missing.
    pub(crate) async fn fill(&self, store: &Store, name: &str) -> Result<(), Fault> {
        let done = Digest::of(b"loaded");
        if store.read(async move |tx| tx.session(&done).await).await?.is_some() {
            return Ok(());
        }
        eprintln!("{name}: loading {} documents", self.rows);
        in_chunks(self.persons(), |from, to| people(store.clone(), from, to)).await?;
        let persons = self.persons();
        in_chunks(self.rows, |from, to| documents(store.clone(), from, to, persons)).await?;
        // The mark of a finished load.
        let mut mark = session(0);
        mark.token = done;
        mark.session.id = SessionId::new(at(0), chance(10, 0));
        store.write(async move |tx| tx.insert_session(&mark).await).await
    }
}

/// Eight units of work at once.
async fn in_chunks<F>(count: u64, unit: impl Fn(u64, u64) -> F) -> Result<(), Fault>
where
    F: Future<Output = Result<(), Fault>> + Send + 'static,
{
    let mut from = 0;
    while from < count {
        let mut units = Vec::new();
        while from < count && units.len() < 8 {
            let to = (from + CHUNK).min(count);
            units.push(tokio::spawn(unit(from, to)));
            from = to;
        }
        for unit in units {
            unit.await.map_err(|e| Fault::new("loading", e))??;
        }
    }
    Ok(())
}

async fn people(store: Store, from: u64, to: u64) -> Result<(), Fault> {
    store
        .write(async move |tx| {
            for n in from..to {
                let Put::Stored = tx.put_citizen(&citizen(n)).await? else {
                    return Err(Fault::bare("loading a person"));
                };
                tx.insert_session(&session(n)).await?;
            }
            Ok(())
        })
        .await
}

async fn documents(store: Store, from: u64, to: u64, persons: u64) -> Result<(), Fault> {
    store
        .write(async move |tx| {
            for n in from..to {
                let owner = match n {
                    0..50_000 => 0,
                    50_000..50_010 => 1,
                    _ => 2 + n % (persons - 2),
                };
                let Inserted::New = tx.insert_document(&document(n, owner)).await? else {
                    return Err(Fault::bare("loading a document"));
                };
            }
            Ok(())
        })
        .await
}

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(START + millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn chance(kind: u8, n: u64) -> [u8; 10] {
    let [a, b, c, d, e, f, g, h, i, ..] = *Digest::of(&n.to_be_bytes()).as_bytes();
    [kind, a, b, c, d, e, f, g, h, i]
}

pub(crate) fn token(n: u64) -> Digest {
    Digest::of(&chance(9, n))
}

pub(crate) fn citizen(n: u64) -> Citizen {
    let letters: String = (0..6).map(|i| char::from(b'A' + (n / 26_u64.pow(i) % 26) as u8)).collect();
    let body: Vec<u8> = format!("{letters}80A01F205").into_bytes();
    let check = <&[u8; 15]>::try_from(body.as_slice()).map(check_character).unwrap_or(b'A');
    let text = format!("{}{}", String::from_utf8_lossy(&body), char::from(check));
    let codice_fiscale = CodiceFiscale::parse(&text);
    Citizen {
        id: CitizenId::new(at(0), chance(1, n)),
        codice_fiscale: codice_fiscale.unwrap_or_else(|error| unreachable!("{error}")),
        given_name: "Maria".to_owned(),
        family_name: "Esempio".to_owned(),
        birth_date: None,
        registered: true,
        standing: Standing::Active,
        ward: false,
    }
}

fn session(n: u64) -> NewSession {
    let session = Session {
        id: SessionId::new(at(0), chance(2, n)),
        citizen: citizen(n).id,
        method: Method::Spid,
        level: Level::Two,
        opened_at: at(0),
        last_seen_at: at(0),
        ends_at: at(DAY),
    };
    NewSession { session, token: token(n), at_provider: None }
}

fn document(n: u64, owner: u64) -> Document {
    let issued_at = at(-((n.wrapping_mul(7_919) % 300_000_000) as i64 * 1000));
    let kinds: Vec<Kind> = Kind::all().filter(|k| k.key() != "implant_card").collect();
    let kind = kinds.get(n as usize % kinds.len()).or_else(|| kinds.first());
    Document {
        id: DocumentId::new(issued_at, chance(3, n)),
        subject: citizen(owner).id,
        kind: *kind.unwrap_or_else(|| unreachable!("there are kinds")),
        title: format!("Referto di laboratorio numero {n} del reparto"),
        national_id: NationalId {
            root: "2.16.840.1.113883.2.9.2.30.4.4".to_owned(),
            extension: format!("030.{n:010}"),
        },
        check_number: CheckNumber::new(chance(4, n)),
        issued_at,
        taken_at: issued_at,
        issuer: format!("ASST numero {}", n % 40),
        author: "Dott.ssa Esempio".to_owned(),
        version: 1,
        status: Status::Current,
        confidentiality: Confidentiality::Normal,
        protected: false,
        hidden: false,
        signature: Signature::NotSigned,
        readable: true,
        object: ObjectId::new(issued_at, chance(5, n % 300)),
        size: 100_000,
        sha256: Digest::of(&n.to_le_bytes()),
    }
}

pub(crate) fn event(n: u64) -> Event {
    let actor = Actor::Person {
        id: citizen(n % 1000).id,
        capacity: Capacity::Adult,
        session: SessionId::new(at(0), chance(6, n)),
    };
    Event::of(actor, Deed::DocumentRead, EventId::new(at(0), chance(7, n)), at(0))
        .about(citizen(n % 1000).id)
        .with_method(Method::Spid)
        .on(DocumentId::new(at(0), chance(8, n)))
}
