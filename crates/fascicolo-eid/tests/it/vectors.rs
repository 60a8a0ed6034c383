//! The answers in `vectors/spid`, each named after the one thing wrong with it (or right, though unusual).
//! They are made by `rules` and `wrapping`, and are the same bytes every time. To write them anew after a change:
//! `FASCICOLO_BLESS=1 cargo test -p fascicolo-eid vectors`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use fascicolo_domain::login::{Level, Method};
use fascicolo_eid::spid::{Incoming, Refused, Verdict};
use fascicolo_eid::xml::Defect;

use crate::maker::{PROVIDER, at, expected, outcome, provider, signed, unsigned, word};
use crate::{rules, spellings, variants, wrapping};

/// Name → word for the outcome, answer.
type Vectors = BTreeMap<String, (String, String)>;

/// Made once: each has a signature.
fn made() -> &'static Vectors {
    static MADE: OnceLock<Vectors> = OnceLock::new();
    MADE.get_or_init(make)
}

fn make() -> Vectors {
    let rules =
        [rules::response(), rules::subject(), rules::conditions(), rules::attributes(), rules::harmless()];
    let attacks = [
        wrapping::markup(),
        wrapping::forms(),
        wrapping::identifiers(),
        wrapping::places(),
        wrapping::xsw(),
        wrapping::signatures(),
        wrapping::profile(),
        wrapping::methods(),
        wrapping::accepted(),
        variants::hidden(),
        variants::xsw(),
        variants::shadows(),
        variants::methods(),
        variants::transforms(),
        variants::parts(),
        spellings::written(),
        spellings::rewritten(),
        spellings::signatures(),
    ];
    let mut all = BTreeMap::new();
    let mut add = |name: &str, word: &str, answer: String| {
        let before = all.insert(name.to_owned(), (word.to_owned(), answer));
        assert!(before.is_none(), "{name} twice");
    };
    for rule in rules.iter().flatten() {
        add(rule.0, rule.1, signed(&rule.make()));
    }
    for (name, word, answer) in attacks.into_iter().flatten() {
        add(name, word, answer);
    }
    for (name, word, answer) in rules::anomalies() {
        add(&name, &word, answer);
    }
    all
}

fn folder(word: &str) -> PathBuf {
    let refused = !word.chars().next().is_some_and(char::is_uppercase) && word != "proved";
    let verdict = if refused { "reject" } else { "accept" };
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/spid").join(verdict)
}

/// Every vector on disk: name and answer.
pub(crate) fn on_disk(verdict: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/spid").join(verdict);
    let mut list: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    list.sort();
    list
}

/// SPID-R1 to R14, SPID-E.
#[test]
fn every_vector_has_the_outcome_it_is_named_for() {
    let mut wrong = Vec::new();
    for (name, (expected, answer)) in made() {
        let got = word(&outcome(answer));
        if got != *expected {
            wrong.push(format!("{name}: {got} instead of {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_vectors_on_disk_are_the_ones_made_here() {
    let made = made();
    if std::env::var_os("FASCICOLO_BLESS").is_some() {
        for verdict in ["accept", "reject"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/spid").join(verdict);
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
        }
        for (name, (word, answer)) in made {
            std::fs::write(folder(word).join(format!("{name}.xml")), answer).unwrap();
        }
    }
    let mut disk = BTreeMap::new();
    disk.extend(on_disk("accept"));
    disk.extend(on_disk("reject"));
    let names = |keys: Vec<&String>| keys.into_iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(disk.keys().collect()), names(made.keys().collect()));
    for (name, (word, answer)) in made {
        assert!(disk.get(name) == Some(answer), "{name} differs");
        assert!(folder(word).join(format!("{name}.xml")).exists(), "{name} lies in the wrong folder");
    }
}

#[test]
fn every_cause_that_an_answer_can_have_has_a_vector() {
    let elsewhere = [
        // not of XML text, or of other messages: their own tests
        "too_long",
        "no_provider",
        "provider",
        "query",
        "logout_subject",
    ];
    let words: BTreeSet<&str> = made().values().map(|(word, _)| word.as_str()).collect();
    let codes = Defect::ALL.iter().map(|d| d.code()).chain(Refused::RULES.iter().map(Refused::code));
    let missing: Vec<_> = codes.filter(|code| !words.contains(*code) && !elsewhere.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// SPID-R7, SPID-R14, SPID-S1, SPID-S2, SPID-S5; what the caller needs against replay (SPID-R15).
#[test]
fn a_good_answer_says_who_the_person_is() {
    let Verdict::Proved(proved) = outcome(&signed(&unsigned())).unwrap() else {
        panic!("not proved");
    };
    assert_eq!(proved.identity.codice_fiscale.as_str(), "GDASDV00A01H501J");
    assert_eq!(proved.identity.given_name, "Ada");
    assert_eq!(proved.identity.family_name, "D'Alì & Figli");
    assert_eq!(proved.identity.birth_date, Some("2000-01-01".parse().unwrap()));
    assert_eq!(proved.identity.method, Method::Spid);
    assert_eq!(proved.identity.level, Level::Two);
    assert_eq!(proved.identity.issuer, PROVIDER);
    assert_eq!(proved.identity.at, at("2026-11-25T11:00:59Z"));
    assert_eq!(proved.assertion_id, "_assertion");
    assert_eq!(proved.not_on_or_after, at("2026-11-25T11:06:00Z"));
    assert_eq!((&proved.session_index, proved.session_until), (&None, None));
    assert_eq!(proved.name_id, "_transient");
    assert!(!format!("{proved:?}").contains("GDASDV"), "personal data in Debug");
}

/// SPID-R13, SPID-L4.
#[test]
fn the_level_is_the_one_of_the_service() {
    let answer = fascicolo_eid::xml::encode_base64(signed(&unsigned()).as_bytes());
    let at_level = |level| {
        let expected = fascicolo_eid::spid::Expected { level, ..expected() };
        word(&crate::maker::receive(&answer, &expected, crate::maker::ARRIVES))
    };
    assert_eq!(at_level(Level::One), "proved");
    assert_eq!(at_level(Level::Two), "proved");
    assert_eq!(at_level(Level::Three), "level_too_low");
}

/// SAML core 2.7.2: a provider may limit the session.
#[test]
fn a_session_lasts_no_longer_than_the_provider_says() {
    let limited = |until: &str| {
        let mark = "AuthnInstant=\"2026-11-25T11:00:59Z\"";
        let answer = crate::maker::after(&unsigned(), mark, &format!(" SessionNotOnOrAfter=\"{until}\""));
        outcome(&signed(&answer))
    };
    let Ok(Verdict::Proved(proved)) = limited("2026-11-25T11:01:02.001Z") else {
        panic!("not proved");
    };
    assert_eq!(proved.session_until, Some(at("2026-11-25T11:01:02.001Z")));
    assert_eq!(word(&limited("2026-11-25T11:01:02Z")), "expired");
    assert_eq!(word(&limited("domani")), "authn_statement");
}

/// SPID-G2.
#[test]
fn what_an_answer_says_of_itself_can_be_logged_without_believing_it() {
    let answer = signed(&unsigned());
    let incoming = Incoming::decode(&fascicolo_eid::xml::encode_base64(answer.as_bytes())).unwrap();
    assert_eq!(incoming.xml(), answer);
    let parsed = incoming.parse().unwrap();
    let facts = parsed.facts();
    assert_eq!(facts.response_id, Some("_response"));
    assert_eq!(facts.issue_instant, Some("2026-11-25T11:01:00Z"));
    assert_eq!(facts.issuer, Some(PROVIDER));
    assert_eq!(facts.in_response_to, Some(crate::maker::REQUEST));
    assert_eq!(facts.assertion_id, Some("_assertion"));
    assert_eq!(facts.subject, Some("_transient"));
    assert_eq!(facts.name_qualifier, Some(PROVIDER));
    assert_eq!((parsed.in_response_to(), parsed.issuer()), (crate::maker::REQUEST, PROVIDER));
}

/// SPID-R1.
#[test]
fn the_field_is_short_strict_base64_of_utf_8() {
    let refused = |field: &str| Incoming::decode(field).err().map(|r| r.code());
    assert_eq!(refused(&"A".repeat(256 * 1024)), None);
    assert_eq!(refused(&"A".repeat(256 * 1024 + 4)), Some("too_long"));
    assert_eq!(refused("PHg-"), Some("not_base64"));
    assert_eq!(refused("PHg+*"), Some("not_base64"));
    assert_eq!(refused("PHgv"), None);
    assert_eq!(refused("PHg"), Some("not_base64"));
    assert_eq!(refused("/v8="), Some("not_utf8"));
    assert_eq!(refused("PHg\r\nvPg=="), None);
}

/// SPID-R7, SPID-I4.
#[test]
fn a_provider_may_have_several_keys_and_any_of_them_signs() {
    let stranger = crate::maker::stranger_key();
    let metadata = crate::maker::entity(
        PROVIDER,
        &[stranger.certificate_der(), crate::maker::provider_key().certificate_der()],
    );
    let rotating = fascicolo_eid::spid::Providers::from_metadata(metadata.as_bytes()).unwrap().remove(0);
    assert_eq!((provider().keys.len(), rotating.keys.len()), (1, 2));
    for key in [stranger, crate::maker::provider_key()] {
        let answer = crate::maker::Odd::default().sign_with(&unsigned(), &key);
        let incoming = Incoming::decode(&fascicolo_eid::xml::encode_base64(answer.as_bytes())).unwrap();
        let verdict = incoming.parse().unwrap().verify(&expected(), &rotating, at(crate::maker::ARRIVES));
        assert_eq!(word(&verdict), "proved");
    }
}
