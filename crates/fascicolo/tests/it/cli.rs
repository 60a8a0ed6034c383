//! The operators' commands, as an operator runs them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rusqlite::Connection;

use crate::program::{Program, said};

#[test]
fn an_unknown_setting_is_refused_and_the_nearest_one_named() {
    let program = Program::fresh();
    let settings = program.read("fascicolo.toml");
    program.write("fascicolo.toml", settings.replace("origin =", "orgin ="));
    let refused = program.fail(&["check-config"]);
    assert_eq!(refused, "fascicolo: settings: unknown key `site.orgin`; did you mean `site.origin`?\n");
    program.write("fascicolo.toml", settings);
    program.succeed(&["check-config"]);
    let output =
        program.command(&["check-config"]).env("FASCICOLO_SESSIONS__IDLE_MINUTE", "5").output().unwrap();
    assert!(said(&output).contains("did you mean `FASCICOLO_SESSIONS__IDLE_MINUTES`?"), "{output:?}");
}

#[test]
fn check_config_shows_what_would_be_used_and_no_secret() {
    let program = Program::fresh();
    let output =
        program.command(&["check-config"]).env("FASCICOLO_SESSIONS__IDLE_MINUTES", "5").output().unwrap();
    let shown = said(&output);
    assert!(shown.contains("idle_minutes = 5\n") && shown.contains("absolute_hours = 8\n"), "{shown}");
    assert!(shown.contains("# warning: no [spid]: nobody can get in"), "{shown}");
    let key = program.read("secrets/keyring");
    assert!(!shown.contains(key.split_whitespace().last().unwrap()), "{shown}");
    fs::set_permissions(program.path("secrets/keyring"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(program.succeed(&["check-config"]).contains("documents.keyring: others may read the file"));
}

#[test]
fn a_secret_that_is_missing_or_damaged_is_told_by_its_key() {
    let program = Program::fresh();
    program.write("secrets/keyring", "2026 not-a-key\n");
    assert!(
        program.fail(&["check-config"]).contains("`documents.keyring`: line 1: the key must be 32 bytes")
    );
    fs::remove_file(program.path("secrets/keyring")).unwrap();
    assert!(program.fail(&["check-config"]).contains("`documents.keyring`: cannot read"));
    program.write("secrets/keyring", program.read("secrets/site-key.pem"));
    assert!(program.fail(&["check-config"]).contains("`documents.keyring`: line 1"));
}

#[test]
fn init_never_overwrites() {
    let program = Program::fresh();
    let (settings, key) = (program.read("fascicolo.toml"), program.read("secrets/keyring"));
    let folder = program.path("");
    assert!(program.fail(&["init", folder.to_str().unwrap()]).contains("nothing was changed"));
    assert_eq!((program.read("fascicolo.toml"), program.read("secrets/keyring")), (settings, key));
}

#[test]
fn migrate_brings_the_database_to_this_version_once() {
    let program = Program::fresh();
    assert!(program.fail(&["audit", "verify"]).contains("run `fascicolo migrate`"));
    assert!(program.succeed(&["migrate"]).starts_with("applied 0001_people\n"));
    assert!(program.succeed(&["migrate"]).starts_with("nothing to do"));
}

#[test]
fn a_database_that_is_newer_than_the_program_is_refused_by_every_command() {
    let program = Program::ready();
    let database = Connection::open(program.path("fascicolo.db")).unwrap();
    database
        .execute(
            "INSERT INTO schema_migrations (number, name, sha256) VALUES (9999, 'later', zeroblob(32))",
            [],
        )
        .unwrap();
    drop(database);
    for command in [&["serve"][..], &["migrate"], &["audit", "verify"], &["keys", "rotate"]] {
        let refused = program.fail(command);
        assert!(
            refused.starts_with("fascicolo: opening the database") || refused.contains("newer"),
            "{refused}"
        );
    }
    assert!(program.fail(&["doctor"]).contains("BROKEN  database"));
}

#[test]
fn doctor_finds_everything_well_and_names_what_is_broken() {
    let program = Program::ready();
    let found = program.succeed(&["doctor"]);
    assert!(found.contains("ok      database") && found.ends_with("well\n"), "{found}");
    assert!(found.contains("ok      documents: written, read back and removed"), "{found}");
    fs::remove_dir_all(program.path("documents")).unwrap();
    program.write("documents", "a file");
    fs::remove_file(program.path("secrets/site-key.pem")).unwrap();
    let found = program.fail(&["doctor"]);
    assert!(found.contains("BROKEN  documents") && found.contains("BROKEN  site.key"), "{found}");
    assert!(!found.contains("well\n"), "{found}");
}

#[test]
fn audit_verify_finds_a_changed_row() {
    let program = Program::ready();
    let file =
        program.write("people.csv", "codice_fiscale,given_name,family_name\nRSSMRA80A01H501U,Mario,Rossi\n");
    program.succeed(&["import", "citizens", file.to_str().unwrap()]);
    assert!(program.succeed(&["audit", "checkpoint"]).starts_with("1 checkpoints"));
    let whole = program.succeed(&["audit", "verify"]);
    assert!(whole.starts_with("1 rows, 1 segments, 1 checkpoints") && whole.ends_with("whole\n"), "{whole}");
    let database = Connection::open(program.path("fascicolo.db")).unwrap();
    database.execute("UPDATE audit_events SET detail = 'citizens new=0 known=0'", []).unwrap();
    drop(database);
    let found = program.fail(&["audit", "verify"]);
    assert!(
        found.contains("row 1: does not fit the row before it") && found.contains("NOT whole"),
        "{found}"
    );
}

#[test]
fn audit_verify_needs_the_key_that_signed() {
    let program = Program::ready();
    let file =
        program.write("people.csv", "codice_fiscale,given_name,family_name\nRSSMRA80A01H501U,Mario,Rossi\n");
    program.succeed(&["import", "citizens", file.to_str().unwrap()]);
    program.succeed(&["audit", "checkpoint"]);
    let old = program.read("secrets/site-key.pem");
    let other = Program::fresh().read("secrets/site-key.pem");
    program.write("secrets/site-key.pem", &other);
    assert!(program.fail(&["audit", "verify"]).contains("not signed by the site"));
    let public = &old[old.find("-----BEGIN PUBLIC").unwrap()..];
    program.write("secrets/site-key.pem", format!("{other}{public}"));
    program.succeed(&["audit", "verify"]);
}
