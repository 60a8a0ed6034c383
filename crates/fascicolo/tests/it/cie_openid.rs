//! `cie` by OpenID Connect: keys, what we publish, and what is seen of the federation, as an operator sees it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use fascicolo_eid::cie::jose::{Jwk, sign};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::cie_federation::{Federation, key, now};
use crate::federations::{change, with_sections};
use crate::program::{Program, said};
use crate::serving::{Running, get};

const US: &str = "https://fascicolo.regione.example/";

/// With the settings of CIE by OpenID Connect.
fn with_settings() -> Program {
    let program = Program::ready();
    with_sections(&program, &["cie", "cie_openid"]);
    change(&program, "protocol = \"saml\"", "protocol = \"openid\"");
    change(
        &program,
        "anchor = \"https://oidc.registry.servizicie.interno.gov.it\"",
        "anchor = \"https://anchor.invalid\"\nprovider = \"https://provider.invalid\"",
    );
    program
}

/// With keys too, and some keys for those of the anchor.
fn with_keys() -> Program {
    let program = with_settings();
    program.succeed(&["cie", "init", "--bits", "2048"]);
    let keys = program.succeed(&["cie", "keys", "--jwks"]);
    program.write("cie-anchor.json", keys);
    program
}

/// The key files of a purpose, oldest first.
fn files(program: &Program, purpose: &str) -> Vec<PathBuf> {
    let all = crate::program::files(&program.path("secrets/cie-keys"));
    let of = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(purpose);
    all.into_iter().filter(of).collect()
}

/// A name of a key file, so many hours from now.
fn name(purpose: &str, hours: i64) -> String {
    let since = now() + SignedDuration::from_hours(hours);
    format!("secrets/cie-keys/{purpose}-{}.pem", since.strftime("%Y%m%dT%H%M%SZ"))
}

fn command(program: &Program, name: &str) -> Command {
    let mut command = program.command(&[name]);
    command.env("SSL_CERT_FILE", program.path("ca.pem"));
    command
}

/// What doctor says, well or not: there is a federation in few of these tests.
fn doctor(program: &Program) -> String {
    said(&command(program, "doctor").output().unwrap())
}

/// CIE-4.
#[test]
fn cie_init_makes_a_key_for_each_purpose_once_and_for_the_owner_alone() {
    let program = with_settings();
    assert!(program.fail(&["cie", "metadata"]).contains("`cie_openid.keys`: there is no federation key"));
    assert!(program.fail(&["cie", "init", "--days", "10"]).contains("--days is for certificates"));
    let told = program.succeed(&["cie", "init"]);
    let address = "https://fascicolo.regione.example/.well-known/openid-federation\n";
    assert!(told.contains(address) && told.contains("cie keys --jwks"), "{told}");
    let made = crate::program::files(&program.path("secrets/cie-keys"));
    assert_eq!(made.len(), 3, "{made:?}");
    for path in &made {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(path).unwrap();
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        // 3072 bits
        assert_eq!(text.len().div_ceil(100), 25, "{}", text.len());
    }
    let folder = fs::metadata(program.path("secrets/cie-keys")).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    assert!(program.fail(&["cie", "init"]).contains("nothing was changed"));
    assert_eq!(crate::program::files(&program.path("secrets/cie-keys")), made);
    fs::set_permissions(&made[0], fs::Permissions::from_mode(0o640)).unwrap();
    program.write("cie-anchor.json", program.succeed(&["cie", "keys", "--jwks"]));
    let checked = program.succeed(&["check-config"]);
    assert!(checked.contains("# warning: cie_openid.keys: others may read the file"), "{checked}");
}

/// Every object of a value.
fn objects<'a>(value: &'a Value, found: &mut Vec<&'a serde_json::Map<String, Value>>) {
    match value {
        Value::Object(members) => {
            found.push(members);
            members.values().for_each(|value| objects(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| objects(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// CIE-1, CIE-2, CIE-4, CIE-5.
#[test]
fn cie_metadata_shows_what_is_published_and_nothing_private_is_in_it() {
    let program = with_keys();
    let shown: Value = serde_json::from_str(&program.succeed(&["cie", "metadata"])).unwrap();
    assert_eq!(shown["address"], "https://fascicolo.regione.example/.well-known/openid-federation");
    assert_eq!(shown["header"]["typ"], "entity-statement+jwt");
    let claims = &shown["claims"];
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!(US), &json!(US)));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 48 * 3600);
    assert_eq!(claims["authority_hints"], json!(["https://anchor.invalid"]));
    assert_eq!(claims["metadata"]["federation_entity"]["contacts"], json!(["cie@regione.example"]));
    let party = &claims["metadata"]["openid_relying_party"];
    assert_eq!(party["redirect_uris"], json!(["https://fascicolo.regione.example/cie/callback"]));
    let mut found = Vec::new();
    objects(&shown, &mut found);
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert!(found.iter().all(|members| !members.contains_key(private)), "{private}");
    }
    let keys: Vec<Jwk> =
        found.iter().filter(|o| o.contains_key("kty")).map(|o| Jwk::read(o).unwrap()).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| key.kid() == key.thumbprint()));
    assert!(program.fail(&["cie", "metadata", "--schemas", "/x"]).contains("for metadata of SAML"));
    let file = program.path("published.json");
    program.succeed(&["cie", "metadata", "--output", file.to_str().unwrap()]);
    assert!(program.read("published.json").contains("\"openid_relying_party\""));
    // the registrar gets the federation keys alone
    let set: Value = serde_json::from_str(&program.succeed(&["cie", "keys", "--jwks"])).unwrap();
    assert_eq!(set, claims["jwks"]);
}

/// CIE-6.
#[test]
fn a_key_that_is_added_takes_over_by_itself_and_every_phase_is_told() {
    let program = with_keys();
    let table = program.succeed(&["cie", "keys"]);
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(table.lines().all(|line| line.ends_with("  current")), "{table}");
    let told = program.succeed(&["cie", "keys", "--add", "signing", "--bits", "2048"]);
    assert!(told.contains("copy it to every node"), "{told}");
    let [old, new] = <[PathBuf; 2]>::try_from(files(&program, "signing")).unwrap();
    let since = |path: &PathBuf| -> Timestamp {
        let name = path.file_stem().unwrap().to_str().unwrap();
        name.strip_prefix("signing-").unwrap().parse().unwrap()
    };
    assert_eq!(since(&new).duration_since(since(&old)).as_hours(), 24);
    let after = |hours| since(&new) + SignedDuration::from_hours(hours);
    let lines: Vec<String> = program
        .succeed(&["cie", "keys"])
        .lines()
        .filter(|l| l.starts_with("signing"))
        .map(str::to_owned)
        .collect();
    let [first, second] = lines.as_slice() else { panic!("{lines:?}") };
    // 72 hours of overlap
    let ends = format!("  current; retiring from {}; gone from {}", after(72), after(144));
    assert!(first.ends_with(&ends), "{first}");
    let begins = format!("  planned; announced from {}; current from {}", since(&new), after(72));
    assert!(second.ends_with(&begins), "{second}");
    assert!(doctor(&program).contains("planned, and announced from"));
    // both are offered for decryption and verification as soon as the new one is published
    fs::rename(&new, program.path(&name("signing", -1))).unwrap();
    fs::rename(&old, program.path(&name("signing", -2))).unwrap();
    let shown: Value = serde_json::from_str(&program.succeed(&["cie", "metadata"])).unwrap();
    let party = &shown["claims"]["metadata"]["openid_relying_party"];
    assert_eq!(party["jwks"]["keys"].as_array().unwrap().len(), 3);
    assert!(program.succeed(&["cie", "keys"]).contains("  announced; current from "));
    let federation = program.succeed(&["cie", "keys", "--add", "federation", "--bits", "2048"]);
    assert!(federation.contains("give the registrar"), "{federation}");
    // long ago
    fs::rename(&files(&program, "signing")[0], program.path(&name("signing", -400))).unwrap();
    fs::rename(&files(&program, "signing")[1], program.path(&name("signing", -200))).unwrap();
    let table = program.succeed(&["cie", "keys"]);
    assert!(table.contains("  gone\n"), "{table}");
    assert!(doctor(&program).contains("of no use any more"));
}

/// CIE-6.
#[test]
fn a_key_is_added_after_the_others_and_not_in_the_past() {
    let program = with_keys();
    for (from, says) in [
        ("2026-01-01T00:00:00Z", "--from must be in the future"),
        ("2125-01-01T00:00:00Z", "there is a signing key since that instant or a later one"),
    ] {
        if from.starts_with("2125") {
            program.succeed(&["cie", "keys", "--add", "signing", "--bits", "2048", "--from", from]);
        }
        let refused = program.fail(&["cie", "keys", "--add", "signing", "--from", from]);
        assert!(refused.contains(says), "{refused}");
    }
    assert_eq!(files(&program, "signing").len(), 2);
    let output = program.command(&["cie", "keys", "--add", "verification"]).output().unwrap();
    assert!(said(&output).contains("must be federation, signing or encryption"), "{output:?}");
}

/// CIE-4.
#[test]
fn a_key_that_cannot_be_is_told_by_its_file() {
    let program = with_keys();
    program.succeed(&["check-config"]);
    let folder = program.path("secrets/cie-keys");
    let refused = |file: &str, text: &str, says: &str| {
        let path = folder.join(file);
        fs::write(&path, text).unwrap();
        let refused = program.fail(&["check-config"]);
        assert!(refused.contains("`cie_openid.keys`: ") && refused.contains(says), "{says}: {refused}");
        fs::remove_file(path).unwrap();
        program.succeed(&["check-config"]);
    };
    let signing = fs::read_to_string(&files(&program, "signing")[0]).unwrap();
    refused("signing.pem", &signing, "signing.pem is no name of a key");
    refused("encryption-21250101T000000Z.pem", &signing, "one key for two purposes");
    refused("signing-21250101T000000Z.pem", &signing, "one key for two purposes, or listed twice");
    refused("signing-21250101T000000Z.pem", "nothing", "signing-21250101T000000Z.pem: not the PEM text");
    let other = program.read("secrets/site-key.pem");
    refused("signing-21250101T000000Z.pem", &other, "signing-21250101T000000Z.pem: not");
    // what mounted secrets have
    fs::write(folder.join("..data"), "").unwrap();
    program.succeed(&["check-config"]);
    fs::remove_file(&files(&program, "encryption")[0]).unwrap();
    assert!(program.fail(&["check-config"]).contains("there is no encryption key"));
}

/// CIE-9.
#[test]
fn keys_of_the_anchor_that_are_none_are_told() {
    let program = with_keys();
    program.succeed(&["check-config"]);
    for bad in ["", "{}", "{\"keys\": []}", "{\"keys\": [{\"kty\": \"RSA\"}]}", "-----BEGIN CERTIFICATE-----"]
    {
        program.write("cie-anchor.json", bad);
        assert!(
            program.fail(&["check-config"]).contains("`cie_openid.anchor_keys`: must be a JWK set"),
            "{bad}"
        );
    }
    fs::remove_file(program.path("cie-anchor.json")).unwrap();
    assert!(program.fail(&["serve"]).contains("`cie_openid.anchor_keys`: cannot read"));
    assert!(doctor(&program).contains("BROKEN  CIE anchor"));
}

/// CIE-12.
#[test]
fn trust_marks_are_ours_and_doctor_warns_before_they_end() {
    let program = with_keys();
    let checked = program.succeed(&["check-config"]);
    assert!(checked.contains("# warning: no cie_openid.trust_marks"), "{checked}");
    assert!(checked.contains("# warning: no [spid]: nobody can get in by SPID\n"), "{checked}");
    change(&program, "policy_url = ", "trust_marks = \"marks.txt\"\npolicy_url = ");
    let (anchor, issued) = (key(), now().as_second());
    let mark = |holder: &str, days: Option<i64>| {
        let mut claims =
            json!({"iss": "https://a.example", "sub": holder, "iat": issued, "id": "https://a.example/m"});
        if let Some(days) = days {
            claims["exp"] = json!(issued + days * 86_400 + 60);
        }
        sign(&anchor, Some("trust-mark+jwt"), &claims).unwrap()
    };
    program.write("marks.txt", format!("{}\n\n", mark(US, Some(30))));
    let shown: Value = serde_json::from_str(&program.succeed(&["cie", "metadata"])).unwrap();
    assert_eq!(shown["claims"]["trust_marks"][0]["trust_mark"], json!(mark(US, Some(30))));
    for (days, says) in [
        (Some(31), "ok      CIE trust mark https://a.example/m: holds until"),
        (Some(29), "warning CIE trust mark https://a.example/m: ends on"),
        (Some(-1), "BROKEN  CIE trust mark https://a.example/m: ended on"),
        (None, "ok      CIE trust mark https://a.example/m: has no end"),
    ] {
        program.write("marks.txt", mark(US, days));
        let found = doctor(&program);
        assert!(found.contains(says), "{says}: {found}");
    }
    for (bad, says) in [
        (mark("https://elsewhere.example", None), "line 2: the trust mark of https://elsewhere.example"),
        ("no mark".to_owned(), "line 2: no signed text"),
        (sign(&anchor, None, &json!({"sub": US})).unwrap(), "line 2: no trust mark: it has no type"),
    ] {
        program.write("marks.txt", format!("{}\n{bad}\n", mark(US, None)));
        let refused = program.fail(&["cie", "metadata"]);
        assert!(refused.contains("`cie_openid.trust_marks`: ") && refused.contains(says), "{refused}");
    }
}

#[test]
fn the_commands_follow_the_protocol_of_the_settings() {
    let program = with_keys();
    with_sections(&program, &["cie_saml"]);
    program.succeed(&["cie", "metadata"]);
    change(&program, "protocol = \"openid\"", "protocol = \"saml\"");
    assert!(program.fail(&["cie", "keys"]).contains("`cie.protocol`: these keys are for \"openid\""));
    program.succeed(&["cie", "init", "--bits", "2048"]);
    assert!(program.succeed(&["cie", "metadata"]).starts_with("<?xml"));
    assert!(program.succeed(&["check-config"]).contains("[cie_openid] is checked and not used"));
    change(&program, "protocol = \"saml\"", "protocol = \"openid\"");
    assert!(program.succeed(&["check-config"]).contains("[cie_saml] is checked and not used"));
}

/// In a federation on this machine, which the settings allow or not.
fn in_federation(federation: &Federation, allowed: bool) -> Program {
    let program = with_keys();
    program.write("cie-anchor.json", &federation.keys);
    program.write("ca.pem", &federation.certificate);
    let provider = Federation::provider_of(&federation.anchor);
    change(&program, "https://anchor.invalid", &federation.anchor);
    change(&program, "https://provider.invalid", &provider);
    change(&program, "private_addresses = false", &format!("private_addresses = {allowed}"));
    program
}

/// CIE-9, CIE-14.
#[test]
fn doctor_tells_whether_the_federation_vouches_for_the_provider_and_if_not_why() {
    let federation = Federation::start();
    let program = in_federation(&federation, true);
    let found = doctor(&program);
    assert!(found.contains("ok      CIE provider: the federation vouches for it until"), "{found}");
    assert!(found.contains("warning settings: fetch.private_addresses is on"), "{found}");
    program.write("cie-anchor.json", program.succeed(&["cie", "keys", "--jwks"]));
    let found = doctor(&program);
    let why = "is refused: signed with a key that is not among those we believe (key_unknown)";
    assert!(
        found.contains("BROKEN  CIE provider: what the anchor says of itself") && found.contains(why),
        "{found}"
    );
    program.write("cie-anchor.json", &federation.keys);
    change(&program, "/op\"", "/other\"");
    let found = doctor(&program);
    assert!(
        found.contains("what the anchor says of the provider") && found.contains("about somebody else"),
        "{found}"
    );
    let refused = doctor(&in_federation(&federation, false));
    assert!(
        refused.contains("BROKEN  CIE provider: what the anchor says of itself cannot be fetched"),
        "{refused}"
    );
    assert!(refused.contains("the name leads to no public address"), "{refused}");
}

/// CIE-13.
#[test]
fn the_site_fetches_the_chain_at_its_start_and_metrics_tell_of_it() {
    let federation = Federation::start();
    let program = in_federation(&federation, true);
    let mut running = Running::begin(command(&program, "serve"), "http://");
    running.logs("the chain of CIE's provider was renewed");
    let counts = get(&running.operations, "/metrics", "x");
    let value = |name: &str| -> f64 {
        let line = counts.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name}: {counts}")).trim().parse().unwrap()
    };
    let left = value("fascicolo_cie_chain_remaining_seconds");
    assert!(left > 3000.0 && left <= 3600.0, "{left}");
    assert!(value("fascicolo_cie_chain_age_seconds") < 600.0);
    running.signal("TERM");
    running.ended();
    // what the site kept is enough, whether the federation answers or not
    change(&program, "private_addresses = true", "private_addresses = false");
    let found = doctor(&program);
    assert!(found.contains("ok      CIE provider: verified on"), "{found}");
    // the same chain, as it would be had nobody renewed it for nine tenths of its life
    let database = Connection::open(program.path("fascicolo.db")).unwrap();
    let then = (now() - SignedDuration::from_hours(9)).as_millisecond();
    database.execute("UPDATE kept_files SET fetched_at = ?1", [then]).unwrap();
    drop(database);
    let found = doctor(&program);
    assert!(found.contains("warning CIE provider: could not be verified again since"), "{found}");
}
