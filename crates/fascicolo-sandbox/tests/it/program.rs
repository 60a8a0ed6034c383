//! The program: what it prints, what it answers, how it stops.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::browser::Browser;

/// A running sandbox; stopped when dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) lines: Vec<String>,
    addresses: HashMap<String, String>,
}

impl Program {
    /// Starts it on free ports and waits for `ready`.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fascicolo-sandbox"))
            .arg("--any-port")
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut lines = Vec::new();
        for line in out.lines() {
            lines.push(line.unwrap());
            if lines.last().is_some_and(|l| l == "ready") {
                break;
            }
        }
        let pairs = lines.iter().filter_map(|line| line.split_once('='));
        let addresses = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { child, lines, addresses }
    }

    pub(crate) fn address(&self, name: &str) -> &str {
        &self.addresses[name]
    }

    pub(crate) fn ca(&self) -> PathBuf {
        PathBuf::from(self.address("ca"))
    }

    /// `kill -9`.
    pub(crate) fn kill(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    }

    /// Asks it politely to stop, and returns whether it ended well.
    pub(crate) fn stop(mut self) -> bool {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn it_prints_its_addresses_then_ready_and_each_answers() {
    let program = Program::start(&["--many", "40"]);
    let names: Vec<&str> = program.lines.iter().map(|line| line.split('=').next().unwrap()).collect();
    assert_eq!(names, ["site", "secure", "standins", "operations", "ca", "ready"]);
    let mut browser = Browser::trusting(&program.ca());
    let alive = browser.get(&format!("{}/livez", program.address("operations"))).await;
    assert_eq!((alive.status, alive.text().as_str()), (200, "ok\n"));
    assert_eq!(browser.get(&format!("{}/readyz", program.address("operations"))).await.status, 200);
    for name in ["site", "secure", "standins"] {
        let page = browser.get(&format!("{}/", program.address(name))).await;
        assert_eq!(page.status, 200, "{name}");
    }
    let site = browser.get(&format!("{}/", program.address("site"))).await;
    assert!(site.text().contains(program.address("standins")), "the first page says where to look");
    let standins = browser.get(&format!("{}/", program.address("standins"))).await.text();
    for text in ["Giulia Ferrari", "Orologio", program.address("secure")] {
        assert!(standins.contains(text), "{text}");
    }
    let folder = program.ca().parent().map(Path::to_owned).unwrap();
    assert!(program.stop());
    assert!(!folder.exists(), "the temporary folder goes at exit");
}

#[tokio::test]
async fn the_clock_starts_where_told_and_moves() {
    let program = Program::start(&["--many", "1", "--now", "2031-05-01T10:00:00Z"]);
    let mut browser = Browser::trusting(&program.ca());
    let clock = format!("{}/clock", program.address("standins"));
    assert!(browser.get(&clock).await.text().starts_with("2031-05-01T10:0"));
    let moved = browser.post_once(&clock, &[("now", "+10d")], program.address("standins")).await;
    assert_eq!((moved.status, moved.header("location")), (303, Some("/#orologio")));
    assert!(browser.get(&clock).await.text().starts_with("2031-05-11T10:0"));
    assert_eq!(
        browser.post_once(&clock, &[("now", "domani")], program.address("standins")).await.status,
        400
    );
}

#[tokio::test]
async fn what_is_kept_in_a_folder_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let first = Program::start(&["--many", "1", "--data", data]);
    let ca = std::fs::read(first.ca()).unwrap();
    assert!(first.stop());
    let second = Program::start(&["--many", "1", "--data", data]);
    assert_eq!(std::fs::read(second.ca()).unwrap(), ca);
    let mut browser = Browser::trusting(&second.ca());
    assert_eq!(browser.get(&format!("{}/", second.address("secure"))).await.status, 200);
}

#[test]
fn a_flag_it_does_not_know_or_a_file_that_is_missing_ends_it() {
    for arguments in [
        &["--demo"][..],
        &["--binding", "soap"],
        &["--cie", "cns"],
        &["--level-three", "LIST"],
        &["--database", "postgres://localhost/x"],
        &["--spid-provider", "/nowhere.xml"],
    ] {
        let ended = Command::new(env!("CARGO_BIN_EXE_fascicolo-sandbox"))
            .arg("--any-port")
            .args(arguments)
            .output()
            .unwrap();
        assert!(!ended.status.success() && ended.stdout.is_empty(), "{arguments:?}");
        assert!(!ended.stderr.is_empty());
    }
}
