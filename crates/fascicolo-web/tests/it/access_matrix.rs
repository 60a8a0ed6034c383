//! Every route × every kind of caller → status (ACC-A7), in one reviewed file that must be complete: the routes are
//! read from the sources. To accept a change: FASCICOLO_ACCEPT=1 cargo test -p fascicolo-web access_matrix

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use axum::http::header;
use fascicolo_domain::login::Method;

use crate::harness::{ANNA, Browser, MARIO, Site, paper};

const CALLERS: [&str; 7] = ["nobody", "owner", "child", "ward", "other", "ended", "foreign"];

/// Path pattern and method of every route of the site, as the sources say.
fn routes() -> BTreeSet<(String, &'static str)> {
    let (mut found, mut folders) =
        (BTreeSet::new(), vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("operations.rs") && !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap();
                for rest in code.split(".route(").skip(1) {
                    let (pattern, handlers) = rest.split_once(',').unwrap();
                    let pattern = pattern.trim();
                    let pattern = match pattern.strip_prefix('"') {
                        Some(quoted) => quoted.strip_suffix('"').unwrap(),
                        None => constant(code, pattern),
                    };
                    let handlers = within(handlers);
                    let known = found.len();
                    for (word, method) in [("get(", "GET"), ("words(", "GET"), ("post(", "POST")] {
                        if handlers.contains(word) {
                            found.insert((pattern.to_owned(), method));
                        }
                    }
                    assert!(found.len() > known, "no method of {pattern} in «{handlers}»");
                }
            }
        }
    }
    assert!(found.len() > 30, "the sources were read");
    found
}

/// The text of a constant of the same file.
fn constant<'c>(code: &'c str, name: &str) -> &'c str {
    let (_, rest) = code.split_once(&format!("const {name}: &str = \"")).unwrap();
    rest.split('"').next().unwrap()
}

/// The status; a redirection to the login page is `login`.
async fn answer(browser: &Browser, method: &str, path: &str) -> String {
    let answer = match method {
        "GET" => browser.get(path).await,
        _ => browser.post(path, &[]).await,
    };
    if answer.header(header::LOCATION).starts_with("/accesso") {
        return "login".to_owned();
    }
    answer.status.as_u16().to_string()
}

/// The text up to the parenthesis that closes one opened before it.
fn within(text: &str) -> &str {
    let mut depth = 1;
    let end = text.find(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    &text[..end.unwrap()]
}

/// One row: a fresh site for each caller, so that what one does changes nothing for the next.
async fn row(pattern: &str, method: &str) -> String {
    let mut row = format!("{method:<4} {pattern:<50}");
    for caller in CALLERS {
        let site = Site::open().await;
        let owner = match caller {
            "child" => site.register_child("GDASDV00A01H501J").await,
            "ward" => site.register_ward("GDASDV00A01H501J").await,
            _ => MARIO,
        };
        let document = site.take_in(&crate::paper::Paper { codice_fiscale: owner, ..paper("X1") }).await;
        let way = if caller == "child" || caller == "ward" { Method::Cie } else { Method::Spid };
        let theirs = site.log_in_with(owner, way).await;
        let session = site.log_in_with(owner, way).await.session.unwrap();
        let browser = match caller {
            "nobody" => site.browser(),
            "other" => site.log_in(ANNA).await,
            _ => theirs,
        };
        if caller == "ended" {
            site.advance(20 * 60);
        }
        let id = if pattern.contains("sessioni") { session.to_string() } else { document.to_string() };
        let path = pattern.replace("{id}", &id).replace("{file}", "none").replace("{topic}", "spid");
        let said = match (caller, method) {
            ("foreign", "POST") => {
                let answer = browser.foreign_post(&path, "https://altrove.example").await;
                answer.status.as_u16().to_string()
            }
            ("foreign", _) => "–".to_owned(),
            _ => answer(&browser, method, &path).await,
        };
        write!(row, "{said:>8}").unwrap();
    }
    row.push('\n');
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_every_caller_as_reviewed() {
    let mut rows = tokio::task::JoinSet::new();
    for (at, (pattern, method)) in routes().into_iter().enumerate() {
        rows.spawn(async move { (at, row(&pattern, method).await) });
    }
    let mut rows = rows.join_all().await;
    rows.sort();
    let mut matrix = " ".repeat(55);
    for caller in CALLERS {
        write!(matrix, "{caller:>8}").unwrap();
    }
    matrix.push('\n');
    matrix.extend(rows.iter().map(|(_, row)| row.as_str()));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/access_matrix.txt");
    if std::env::vars_os().any(|(name, _)| name == "FASCICOLO_ACCEPT") {
        fs::write(&file, &matrix).unwrap();
    }
    let reviewed = fs::read_to_string(&file).unwrap();
    assert!(matrix == reviewed, "the matrix changed:\n{matrix}");
}
