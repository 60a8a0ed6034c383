//! `register export` and `register figures` on the real program (SPID-G).

use std::str::FromStr as _;

use fascicolo_adapters::SystemEntropy;
use fascicolo_domain::Fault;
use fascicolo_domain::audit::{Actor, Deed, Event};
use fascicolo_domain::ids::EventId;
use fascicolo_domain::login::{Level, Method};
use fascicolo_domain::time::after_seconds;
use fascicolo_store::{LoginExchange, Options, Store};
use fascicolo_web::vault::Keyring;
use jiff::Timestamp;

use crate::program::Program;

const DAYS: [&str; 4] = ["--from", "2026-05-28", "--to", "2026-05-29"];

fn noon() -> Timestamp {
    Timestamp::from_str("2026-05-28T12:00:00Z").unwrap()
}

/// A login as the site keeps it, `n` hours after noon.
fn exchange(keyring: &Keyring, n: u8, outcome: &str) -> LoginExchange {
    let at = after_seconds(noon(), 3600 * i64::from(n));
    let id = EventId::new(at, [n; 10]);
    let seal = |part: &str, text: &str| {
        keyring.seal_bytes(&SystemEntropy, &format!("login {part} {id}"), text.as_bytes()).unwrap()
    };
    LoginExchange {
        id,
        at,
        method: Method::Spid,
        request_id: Some(format!("_request{n}")),
        request_at: Some(at),
        request: seal("request", &format!("<AuthnRequest n=\"{n}\"/>")),
        response_id: Some(format!("_response{n}")),
        response_at: None,
        issuer: Some("https://idp.example".into()),
        assertion_id: None,
        subject: None,
        name_qualifier: None,
        response: seal("response", &format!("<Response n=\"{n}\"/>")),
        codice_fiscale: (outcome == "ok").then(|| "RSSMRA80A01H501U".into()),
        citizen: None,
        address: Some("192.0.2.7".into()),
        level: (outcome == "ok").then_some(Level::Two),
        outcome: outcome.into(),
        session: None,
    }
}

/// A program with three logins on record, two of them of the next day.
fn with_logins() -> Program {
    let program = Program::ready();
    let keyring = Keyring::parse(&program.read("secrets/keyring")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&program.database(), Options::default()).await.unwrap();
        let logins =
            [exchange(&keyring, 1, "ok"), exchange(&keyring, 13, "anomaly_25"), exchange(&keyring, 14, "ok")];
        let written = store.write(async move |tx| {
            for login in &logins {
                let deed = if login.outcome == "ok" { Deed::LoggedIn } else { Deed::LoginRefused };
                let said = format!("{} {}", login.outcome, login.digest().to_hex());
                tx.record(&Event::of(Actor::Anyone, deed, login.id, login.at).saying(said)).await?;
                tx.insert_login_exchange(login).await?;
            }
            Ok::<_, Fault>(())
        });
        written.await.unwrap();
    });
    program
}

fn export(more: &[&str]) -> Vec<String> {
    [&["register", "export", "--reason", "Procura di Prova, decreto 1/2026"], &DAYS[..], more]
        .concat()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

fn run(program: &Program, arguments: &[String]) -> Vec<serde_json::Value> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let out = program.succeed(&arguments);
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn logins_come_out_with_request_and_answer_and_the_reading_is_on_record() {
    let program = with_logins();
    let all = run(&program, &export(&[]));
    let outcomes: Vec<_> = all.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["ok", "anomaly_25", "ok"]);
    assert_eq!(all[0]["request"], "<AuthnRequest n=\"1\"/>");
    assert_eq!(all[1]["response"], "<Response n=\"13\"/>");
    assert_eq!(
        (&all[0]["address"], &all[0]["level"], &all[0]["whole"]),
        (&"192.0.2.7".into(), &2.into(), &true.into())
    );
    for (filter, found) in [
        (["--codice-fiscale", "rssmra80a01h501u"], 2),
        (["--request-id", "_request13"], 1),
        (["--response-id", "_response14"], 1),
        (["--assertion-id", "_none"], 0),
        (["--subject", "_none"], 0),
        (["--to", "2026-05-28"], 1),
    ] {
        let mut arguments = export(&[]);
        match arguments.iter().position(|a| a == filter[0]) {
            Some(at) => arguments[at + 1] = filter[1].into(),
            None => arguments.extend(filter.map(str::to_owned)),
        }
        assert_eq!(run(&program, &arguments).len(), found, "{filter:?}");
    }
    let trail = program.succeed(&["audit", "verify"]);
    assert!(trail.starts_with("10 rows"), "three logins and seven readings: {trail}");
}

#[test]
fn a_row_that_was_changed_removed_from_the_trail_or_put_in_is_told() {
    let program = with_logins();
    let database = rusqlite::Connection::open(program.path("fascicolo.db")).unwrap();
    let change = |sql: &str| assert_eq!(database.execute(sql, []).unwrap(), 1, "{sql}");
    change("UPDATE login_exchanges SET address = '192.0.2.8' WHERE request_id = '_request1'");
    change("UPDATE login_exchanges SET outcome = 'ok' WHERE request_id = '_request13'");
    let arguments = export(&[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let out = program.fail(&arguments);
    let whole: Vec<_> = out.lines().map(|l| l.contains("\"whole\":true")).collect();
    assert_eq!(whole, [false, false, true], "{out}");
}

#[test]
fn nothing_is_read_without_a_reason_or_backwards() {
    let program = with_logins();
    let days = DAYS.to_vec();
    for (reason, says) in [("", "--reason must be"), ("a\nb", "--reason must be")] {
        let found = program.fail(&[&["register", "export", "--reason", reason][..], &days].concat());
        assert!(found.contains(says), "{found}");
    }
    let backwards = ["register", "figures", "--from", "2026-05-29", "--to", "2026-05-28"];
    assert!(program.fail(&backwards).contains("--to is before --from"));
    assert!(program.succeed(&["audit", "verify"]).starts_with("3 rows"));
}

#[test]
fn the_figures_count_and_name_nobody() {
    let program = with_logins();
    let figures = program.succeed(&[&["register", "figures"][..], &DAYS].concat());
    assert_eq!(
        figures,
        "from,to,method,issuer,level,outcome,logins\n\
         2026-05-28,2026-05-29,spid,https://idp.example,,anomaly_25,1\n\
         2026-05-28,2026-05-29,spid,https://idp.example,2,ok,2\n"
    );
}
