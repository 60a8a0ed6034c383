//! Who may import whom, what lives where, what the production program must not hold (`docs/ARCHITECTURE.md`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use toml::Table;

static ROOT: LazyLock<PathBuf> =
    LazyLock::new(|| Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().into());

static METADATA: LazyLock<Value> = LazyLock::new(|| {
    let linux = ["--filter-platform", "x86_64-unknown-linux-gnu"];
    let mut command = Command::new(env!("CARGO"));
    let output =
        command.current_dir(&*ROOT).args(["metadata", "--offline", "--locked", "--format-version", "1"]);
    let output = output.args(linux).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
});

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().unwrap()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap()
}

/// Our crates: name → (normal and build dependencies, dependencies of tests).
fn ours() -> BTreeMap<&'static str, (BTreeSet<&'static str>, BTreeSet<&'static str>)> {
    let members: Vec<&Value> = list(&METADATA, "workspace_members").iter().collect();
    let packages = list(&METADATA, "packages").iter().filter(|package| members.contains(&&package["id"]));
    packages
        .map(|package| {
            let (mut normal, mut tests) = (BTreeSet::new(), BTreeSet::new());
            for dependency in list(package, "dependencies") {
                let kind = if dependency["kind"] == "dev" { &mut tests } else { &mut normal };
                kind.insert(text(dependency, "name"));
            }
            (text(package, "name"), (normal, tests))
        })
        .collect()
}

/// What the production program links or is built with, as cargo builds it (`cargo metadata` also follows the
/// dependencies that only tests switch on).
fn production() -> Vec<&'static Value> {
    let tree = ["tree", "--locked", "--offline", "--package", "fascicolo", "--edges", "normal,build"];
    let mut command = Command::new(env!("CARGO"));
    let output = command.current_dir(&*ROOT).args(tree).args(["--prefix", "none"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let built: BTreeSet<(&str, &str)> = lines
        .lines()
        .filter_map(|line| line.split_once(" v"))
        .map(|(name, rest)| (name, rest.split(' ').next().unwrap()))
        .collect();
    let packages = list(&METADATA, "packages").iter();
    packages.filter(|p| built.contains(&(text(p, "name"), text(p, "version")))).collect()
}

fn deny() -> Table {
    fs::read_to_string(ROOT.join("deny.toml")).unwrap().parse().unwrap()
}

/// Every file below a folder whose name ends so, with its text.
fn files(folder: &Path, ending: &str) -> Vec<(PathBuf, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", "node_modules", ".git"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if name.ends_with(ending) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

fn sources(krate: &str) -> Vec<(PathBuf, String)> {
    files(&ROOT.join("crates").join(krate).join("src"), ".rs")
}

/// A line without its comment; good enough for looking for words.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .enumerate()
        .map(|(i, line)| (i + 1, line))
}

#[test]
fn our_crates_import_only_what_their_arrows_allow() {
    let all = [
        "fascicolo-domain",
        "fascicolo-eid",
        "fascicolo-clinical",
        "fascicolo-store",
        "fascicolo-web",
        "fascicolo-adapters",
    ];
    let allowed = BTreeMap::from([
        ("fascicolo-domain", &all[..0]),
        ("fascicolo-eid", &all[..1]),
        ("fascicolo-clinical", &all[..1]),
        ("fascicolo-store", &all[..1]),
        ("fascicolo-web", &all[..4]),
        ("fascicolo-adapters", &["fascicolo-domain", "fascicolo-web"][..]),
        ("fascicolo", &all[..]),
        ("fascicolo-sandbox", &all[..]),
    ]);
    let ours = ours();
    assert_eq!(ours.keys().collect::<Vec<_>>(), allowed.keys().collect::<Vec<_>>());
    for (name, (normal, tests)) in &ours {
        for dependency in normal.iter().filter(|d| d.starts_with("fascicolo")) {
            assert!(allowed[name].contains(dependency), "{name} → {dependency}");
        }
        if tests.contains("fascicolo-sandbox") {
            assert_eq!(*name, "fascicolo-web", "only the tests of the site may use the sandbox");
        }
    }
}

#[test]
fn foreign_crates_have_homes() {
    let homes: [(&[&str], &[&str]); 6] = [
        (&["rusqlite", "tokio-postgres", "tokio-postgres-rustls"], &["fascicolo-store"]),
        (&["askama"], &["fascicolo-web", "fascicolo-sandbox"]),
        (&["axum"], &["fascicolo-web", "fascicolo-sandbox"]),
        (&["roxmltree"], &["fascicolo-eid", "fascicolo-clinical", "fascicolo-sandbox"]),
        (&["lopdf", "krilla", "cms"], &["fascicolo-clinical"]),
        (&["reqwest", "ureq", "isahc"], &["fascicolo-adapters"]),
    ];
    for (name, (normal, _)) in ours() {
        for (foreign, homes) in homes {
            for one in foreign.iter().filter(|one| normal.contains(**one)) {
                assert!(homes.contains(&name), "{name} → {one}");
            }
        }
    }
}

#[test]
fn the_production_program_holds_no_demo_code_and_nothing_banned() {
    let names: BTreeSet<&str> = production().into_iter().map(|package| text(package, "name")).collect();
    assert!(names.contains("fascicolo-web") && names.contains("aws-lc-rs"), "the tree was read");
    for banned in deny()["bans"]["deny"].as_array().unwrap() {
        assert!(!names.contains(banned["crate"].as_str().unwrap()), "{banned}");
    }
    for foreign in ["fascicolo-sandbox", "bergshamra", "proptest", "criterion"] {
        assert!(!names.contains(foreign), "{foreign}");
    }
}

#[test]
fn every_licence_is_allowed_and_every_source_is_the_registry() {
    let deny = deny();
    let allowed: Vec<&str> =
        deny["licenses"]["allow"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
    for package in production() {
        let name = text(package, "name");
        let licence = package["license"].as_str().unwrap_or("none");
        // `A OR B`, `A AND (B OR C)`: each part of a conjunction needs one alternative that is allowed
        let fits = licence.replace(['(', ')'], "").split(" AND ").all(|part| {
            part.split(" OR ").flat_map(|one| one.split('/')).any(|one| allowed.contains(&one.trim()))
        });
        assert!(fits, "{name}: {licence}");
        let source = package["source"].as_str();
        let registry =
            source.is_some_and(|s| s.starts_with("registry+https://github.com/rust-lang/crates.io-index"));
        assert!(registry || source.is_none() && name.starts_with("fascicolo"), "{name}: {source:?}");
    }
}

#[test]
fn rules_and_readers_of_foreign_bytes_know_no_async() {
    for krate in ["fascicolo-domain", "fascicolo-eid", "fascicolo-clinical"] {
        for (path, text) in sources(krate) {
            for (line, code) in code(&text) {
                let asynchronous = code.contains("async ") || code.contains(".await");
                assert!(!asynchronous, "{}:{line}", path.display());
            }
        }
    }
}

#[test]
fn actions_know_no_http_and_the_site_no_sql() {
    let statements = ["SELECT ", "INSERT INTO", "DELETE FROM", "CREATE TABLE", "UPDATE "];
    for (path, text) in sources("fascicolo-web") {
        let action = path.file_name().is_some_and(|name| name == "actions.rs");
        for (line, code) in code(&text) {
            assert!(!(action && code.contains("axum")), "{}:{line}", path.display());
            assert!(!statements.iter().any(|word| code.contains(word)), "{}:{line}", path.display());
            assert!(!code.contains("fascicolo_sandbox"), "{}:{line}", path.display());
        }
    }
}

#[test]
fn only_the_engine_knows_the_databases() {
    let engine = ROOT.join("crates/fascicolo-store/src/engine");
    for krate in ours().into_keys() {
        for (path, text) in sources(krate).into_iter().filter(|(path, _)| !path.starts_with(&engine)) {
            for (line, code) in code(&text) {
                let known = code.contains("rusqlite") || code.contains("tokio_postgres");
                assert!(!known, "{}:{line}", path.display());
            }
        }
    }
}

#[test]
fn no_source_file_is_longer_than_600_lines() {
    for (path, text) in files(&ROOT.join("crates"), ".rs") {
        let lines = text.lines().count();
        assert!(lines <= 600, "{}: {lines} lines", path.display());
    }
}

#[test]
fn every_path_named_in_the_documents_exists() {
    let mut named = 0;
    let mut documents = files(&ROOT.join("docs"), ".md");
    documents.push((ROOT.join("README.md"), fs::read_to_string(ROOT.join("README.md")).unwrap()));
    for (document, text) in documents {
        for quoted in text.split('`').skip(1).step_by(2) {
            let path = quoted.split([' ', ':', '#', ',']).next().unwrap_or_default().trim_end_matches('/');
            let ours = ["crates/", "docs/", "config/", "tools/", ".ci/", "tests/"]
                .iter()
                .any(|top| path.starts_with(top));
            if ours && !path.contains(['*', '<', '{', '…']) {
                named += 1;
                assert!(ROOT.join(path).exists(), "{}: {path}", document.display());
            }
        }
    }
    assert!(named > 20, "the documents were read");
}
