//! `serve`: it starts, answers, says how it is, and stops when told to.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

use crate::federations::with_sections;
use crate::program::Program;

/// A running site on free ports.
pub(crate) struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
    site: String,
    pub(crate) operations: String,
    /// What it logged before it was ready.
    seen: String,
}

impl Running {
    fn start(program: &Program, scheme: &str) -> Self {
        Self::begin(program.command(&["serve"]), scheme)
    }

    #[expect(clippy::zombie_processes, reason = "a test that fails before it is ready ends the whole run")]
    pub(crate) fn begin(mut command: Command, scheme: &str) -> Self {
        command
            .env("FASCICOLO_LISTEN__SITE", "127.0.0.1:0")
            .env("FASCICOLO_LISTEN__OPERATIONS", "127.0.0.1:0");
        command.env("FASCICOLO_LOGGING__FORMAT", "json").stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended: {seen}");
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            if event["message"] == "ready" {
                let address = |key: &str, scheme: &str| event[key].as_str().unwrap().replace(scheme, "");
                let (site, operations) = (address("site", scheme), address("operations", "http://"));
                return Self { child, log, site, operations, seen };
            }
            seen.push_str(&line);
        }
    }

    /// Waits for a line of the log; answers it. Nothing else may be an error.
    pub(crate) fn logs(&mut self, message: &str) -> String {
        loop {
            let mut line = String::new();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "it ended without {message}");
            if line.contains(message) {
                return line;
            }
            assert!(!line.contains("\"level\":\"ERROR\""), "{line}");
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end; answers the rest of the log.
    pub(crate) fn ended(mut self) -> String {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "{rest}");
        rest
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // it has ended already when the test went well
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const HOST: &str = "fascicolo.regione.example";

fn ask(stream: &mut (impl Read + Write), path: &str, host: &str) -> String {
    let mut answer = Vec::new();
    // who refuses a handshake may be gone before the request is out, and a TLS stream may end without a goodbye
    let _ = write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

pub(crate) fn get(address: &str, path: &str, host: &str) -> String {
    ask(&mut TcpStream::connect(address).unwrap(), path, host)
}

#[test]
fn the_site_answers_says_how_it_is_and_stops_when_told_to() {
    let program = Program::ready();
    for signal in ["TERM", "INT"] {
        let running = Running::start(&program, "http://");
        assert!(get(&running.site, "/", HOST).starts_with("HTTP/1.1 200"));
        assert!(get(&running.site, "/", "elsewhere.example").starts_with("HTTP/1.1 400"));
        assert!(get(&running.site, "/livez", HOST).starts_with("HTTP/1.1 404"), "not on the public listener");
        assert!(get(&running.operations, "/livez", "x").ends_with("ok\n"));
        assert!(get(&running.operations, "/readyz", "x").ends_with("database ok\ndocuments ok\n"));
        let counts = get(&running.operations, "/metrics", "x");
        assert!(
            counts.contains("fascicolo_requests_total{method=\"GET\",route=\"/\",status=\"200\"} 1"),
            "{counts}"
        );
        assert!(counts.contains("fascicolo_request_seconds_bucket{route=\"/\",le=\"0.1\"}"), "{counts}");
        running.signal(signal);
        let rest = running.ended();
        assert!(rest.contains("\"message\":\"stopped\""), "{rest}");
        assert!(rest.contains("\"route\":\"/\"") && !rest.contains("127.0.0.1"), "{rest}");
    }
}

/// SPID-K5.
#[test]
fn the_end_of_a_certificate_is_on_metrics_and_in_the_log_well_before() {
    for (days, warns) in [("59", true), ("61", false)] {
        let program = Program::ready();
        with_sections(&program, &["spid"]);
        program.succeed(&["spid", "init", "--bits", "2048", "--days", days]);
        let running = Running::start(&program, "http://");
        let counts = get(&running.operations, "/metrics", "x");
        let name = "fascicolo_certificate_remaining_seconds{certificate=\"spid.certificate\"} ";
        let left: f64 = counts.lines().find_map(|line| line.strip_prefix(name)).unwrap().parse().unwrap();
        let whole = days.parse::<f64>().unwrap() * 86_400.0;
        assert!(left < whole && left > whole - 600.0, "{left}");
        assert_eq!(running.seen.contains("spid.certificate ends on"), warns, "{}", running.seen);
        running.signal("TERM");
        running.ended();
    }
}

#[test]
fn it_is_not_ready_when_the_documents_are_gone_and_lives_on() {
    let program = Program::ready();
    let running = Running::start(&program, "http://");
    std::fs::remove_dir_all(program.path("documents")).unwrap();
    let answer = get(&running.operations, "/readyz", "x");
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("documents unavailable"), "{answer}");
    assert!(!answer.contains("No such file"), "the cause is for the log");
    assert!(get(&running.operations, "/livez", "x").starts_with("HTTP/1.1 200"));
    running.signal("TERM");
    running.ended();
}

#[test]
fn with_a_certificate_the_site_speaks_tls_1_2_and_1_3() {
    let program = Program::ready();
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    program.write("tls.pem", certified.cert.pem());
    program.write("tls-key.pem", certified.signing_key.serialize_pem());
    let settings = program.read("fascicolo.toml");
    program.write(
        "fascicolo.toml",
        format!("{settings}\n[tls]\ncertificate = \"tls.pem\"\nkey = \"tls-key.pem\"\n"),
    );
    let running = Running::start(&program, "https://");
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let client =
            ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let client = client.with_root_certificates(roots.clone()).with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let mut connection = ClientConnection::new(Arc::new(client), name).unwrap();
        let mut socket = TcpStream::connect(&running.site).unwrap();
        let answer = ask(&mut Stream::new(&mut connection, &mut socket), "/", HOST);
        assert!(answer.starts_with("HTTP/1.1 200"), "{version:?}: {answer}");
        assert_eq!(connection.protocol_version(), Some(version.version));
    }
    assert!(!get(&running.site, "/", HOST).starts_with("HTTP/1.1 200"), "not without TLS");
    assert!(program.succeed(&["doctor"]).contains("tls.certificate: holds until"));
    running.signal("TERM");
    running.ended();
}

#[test]
fn an_address_that_is_taken_is_told_by_its_key() {
    let program = Program::ready();
    let running = Running::start(&program, "http://");
    let mut command = program.command(&["serve"]);
    let output = command.env("FASCICOLO_LISTEN__SITE", &running.site).output().unwrap();
    let said = crate::program::said(&output);
    assert!(said.contains("`listen.site`: cannot listen on") && !output.status.success(), "{said}");
    running.signal("TERM");
    running.ended();
}
