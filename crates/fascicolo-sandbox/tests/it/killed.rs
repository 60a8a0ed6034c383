//! `kill -9` in the middle of logins and downloads (GEN-G10, F1): no half session, no act without its trace.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fascicolo_domain::Fault;
use fascicolo_domain::audit::{Actor, Deed};
use fascicolo_domain::person::CodiceFiscale;
use fascicolo_store::{LoggedEvent, Options, Store};

use crate::browser::Browser;
use crate::journey::{answer, to_provider};
use crate::program::Program;

/// What the browsers were told before the end.
#[derive(Default)]
struct Told {
    inside: Vec<Browser>,
    downloads: usize,
}

/// In, a download, and again, until the program is gone.
async fn come_and_go(program: Arc<Program>, told: Arc<Mutex<Told>>) {
    loop {
        let mut browser = Browser::trusting(&program.ca());
        let at = to_provider(&mut browser, &program).await;
        let opened = answer(&mut browser, &at, &program, "giulia", None).await;
        assert_eq!(opened.status, 302);
        told.lock().unwrap().inside.push(browser.clone());
        let secure = program.address("secure").to_owned();
        let list = browser.get(&format!("{secure}/fascicolo/documenti")).await;
        let document = list.link("/scarica");
        let file = browser.post_once(&document, &[], &secure).await;
        assert_eq!((file.status, file.header("content-type")), (200, Some("application/pdf")));
        assert!(file.body.ends_with(b"%%EOF") || file.body.ends_with(b"%%EOF\n"), "it came whole");
        told.lock().unwrap().downloads += 1;
    }
}

/// Until `done`, for a minute at most.
async fn until(done: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it takes too long");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_leaves_no_half_session_and_no_missing_trace() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap().to_owned();
    let arguments = ["--many", "1", "--data", data.as_str()];
    let mut program = Arc::new(Program::start(&arguments));
    until(|| folder.path().join("completo").exists()).await;
    let told = Arc::new(Mutex::new(Told::default()));
    let walking: Vec<_> =
        (0..6).map(|_| tokio::spawn(come_and_go(Arc::clone(&program), Arc::clone(&told)))).collect();
    until(|| told.lock().unwrap().downloads >= 10).await;
    program.kill();
    for walk in walking {
        assert!(walk.await.is_err(), "it stops where the program was killed");
    }

    let traces = Traces::of(folder.path()).await;
    let (logins, downloads) = {
        let told = told.lock().unwrap();
        (told.inside.len(), told.downloads)
    };
    assert!(traces.count(Deed::LoggedIn) >= logins, "each login is on record");
    assert!(traces.count(Deed::DocumentDownloaded) >= downloads, "each download is on record");
    assert_eq!(traces.exchanges, traces.count(Deed::LoggedIn), "each login with its request and answer");
    assert_eq!(traces.sessions, traces.logged_in(), "a session for each login, and a login for each session");

    // whoever had got in is in
    program = Arc::new(Program::start(&arguments));
    let inside = std::mem::take(&mut told.lock().unwrap().inside);
    for mut browser in inside {
        let record = browser.get_once(&format!("{}/fascicolo", program.address("secure"))).await;
        assert_eq!(record.status, 200);
    }
}

/// What is in the database once the program is gone.
struct Traces {
    events: Vec<LoggedEvent>,
    sessions: Vec<String>,
    exchanges: usize,
}

impl Traces {
    async fn of(folder: &Path) -> Self {
        let url = format!("sqlite://{}", folder.join("fascicolo.db").display());
        let store = Store::open(&url, Options::default()).await.unwrap();
        assert!(store.verify_audit(|_, _| true, |_| ()).await.unwrap().is_whole());
        let people = fascicolo_sandbox::people::people("2026-11-25T11:00:00Z".parse().unwrap()).unwrap();
        let code: CodiceFiscale = people.iter().find(|p| p.key == "giulia").unwrap().codice_fiscale;
        let found = store.read(async move |tx| {
            let citizen = tx.citizen_by_codice_fiscale(&code).await?.unwrap().id;
            let events = tx.access_log_page(citizen, None, u16::MAX).await?.rows;
            let sessions = tx.sessions_of(citizen).await?;
            let exchanges = tx.count_login_exchanges().await?;
            Ok::<_, Fault>((events, sessions, exchanges))
        });
        let (events, sessions, exchanges) = found.await.unwrap();
        let mut sessions: Vec<String> = sessions.iter().map(|s| s.id.to_string()).collect();
        sessions.sort();
        Self { events, sessions, exchanges: usize::try_from(exchanges).unwrap() }
    }

    fn count(&self, deed: Deed) -> usize {
        self.events.iter().filter(|e| e.event.deed == deed).count()
    }

    /// The sessions that the trail says were opened.
    fn logged_in(&self) -> Vec<String> {
        let opened = self.events.iter().filter(|e| e.event.deed == Deed::LoggedIn);
        let mut sessions: Vec<String> = opened
            .filter_map(|e| match e.event.actor {
                Actor::Person { session, .. } => Some(session.to_string()),
                Actor::Anyone | Actor::System => None,
            })
            .collect();
        sessions.sort();
        sessions
    }
}
