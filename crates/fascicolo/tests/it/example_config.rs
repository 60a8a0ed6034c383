//! `config/example.toml` has every setting, and tells the truth about what is required and what the defaults are.

use std::path::Path;

use fascicolo::config::{Config, ConfigError, keys};
use serde_json::{Map, Value};
use toml::Table;

const EXAMPLE: &str = include_str!("../../../../config/example.toml");

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("/etc/fascicolo"), [])
}

/// What the comments promise of a key.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Promise {
    Required,
    Optional,
    Default,
}

/// Section, key, promise; and the sections that may be left out.
fn promises() -> (Vec<(String, String, Promise)>, Vec<String>) {
    let (mut keys, mut optional_sections) = (Vec::new(), Vec::new());
    let (mut section, mut above) = (String::new(), Promise::Default);
    let promise = |line: &str| match line {
        line if line.contains("(required)") => Some(Promise::Required),
        line if line.contains("(optional)") => Some(Promise::Optional),
        _ => None,
    };
    // the text before the first section is an introduction
    for line in EXAMPLE[EXAMPLE.find("\n[site]").unwrap()..].lines() {
        if line.starts_with('#') {
            above = promise(line).unwrap_or(above);
        } else if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.to_owned();
            if above == Promise::Optional {
                optional_sections.push(section.clone());
            }
            above = Promise::Default;
        } else if let Some((key, rest)) = line.split_once(" = ") {
            keys.push((section.clone(), key.to_owned(), promise(rest).unwrap_or(above)));
            above = Promise::Default;
        } else {
            above = Promise::Default;
        }
    }
    (keys, optional_sections)
}

fn without(section: &str, key: Option<&str>) -> String {
    let mut table: Table = EXAMPLE.parse().unwrap();
    match key {
        Some(key) => drop(table[section].as_table_mut().unwrap().remove(key).unwrap()),
        None => drop(table.remove(section).unwrap()),
    }
    table.to_string()
}

fn json(config: &Config) -> Map<String, Value> {
    let Value::Object(map) = serde_json::to_value(config).unwrap() else { panic!("a table") };
    map
}

#[test]
fn the_example_loads_and_every_setting_is_in_it() {
    let config = parse(EXAMPLE).unwrap();
    let example = keys::example().unwrap();
    let there = json(&config);
    assert_eq!(there.len(), example.len(), "sections");
    for (section, settings) in there {
        // an optional setting shows only when it is given: nothing may be left out of the example
        for (key, value) in settings.as_object().unwrap() {
            assert!(!value.is_null(), "{section}.{key} is not in the example");
            assert!(example[&section].get(key).is_some(), "{section}.{key}");
        }
        assert_eq!(
            settings.as_object().unwrap().len(),
            example[&section].as_table().unwrap().len(),
            "{section}"
        );
    }
}

#[test]
fn what_the_example_says_of_each_key_is_true() {
    let whole = parse(EXAMPLE).unwrap();
    let (keys, _) = promises();
    assert!(keys.len() > 50, "the comments were read");
    for (section, key, promise) in keys {
        // these go with others
        if key.starts_with("registry") || key == "validation_certificate" {
            continue;
        }
        let path = format!("{section}.{key}");
        match (parse(&without(&section, Some(&key))), promise) {
            (Err(ConfigError::Missing(missing)), Promise::Required) => assert_eq!(missing, path),
            (Ok(config), Promise::Default) => assert_eq!(config, whole, "{path}"),
            (Ok(config), Promise::Optional) => {
                assert!(json(&config)[&section][&key].is_null(), "{path}");
            }
            (other, promise) => panic!("{path}: {promise:?}, but {:?}", other.map(|_| "it loads")),
        }
    }
}

#[test]
fn what_the_example_says_of_each_section_is_true() {
    let (_, optional) = promises();
    assert_eq!(optional, ["tls", "spid", "aggregator", "cie", "cie_openid", "cie_saml", "cie_partner"]);
    for section in optional {
        let mut table: Table = EXAMPLE.parse().unwrap();
        // these stand on another
        match section.as_str() {
            "spid" => drop(table.remove("aggregator")),
            "cie" => {
                for section in ["cie_openid", "cie_saml", "cie_partner"] {
                    table.remove(section).unwrap();
                }
            }
            "cie_saml" => {
                table["cie"].as_table_mut().unwrap()["protocol"] = "openid".into();
                table.remove("cie_partner").unwrap();
            }
            _ => {}
        }
        table.remove(&section).unwrap();
        let config = parse(&table.to_string()).unwrap();
        assert!(json(&config)[&section].is_null(), "{section}");
    }
    for (section, missing) in [("spid", "`spid` is missing"), ("cie", "`cie` is missing")] {
        assert_eq!(parse(&without(section, None)).unwrap_err().to_string(), missing);
    }
    for section in ["site", "database", "documents"] {
        let missing = parse(&without(section, None)).unwrap_err().to_string();
        assert!(missing.starts_with(&format!("`{section}.")) && missing.ends_with("is missing"), "{missing}");
    }
    for section in ["listen", "verification", "sessions", "fetch", "jobs", "logging"] {
        assert_eq!(parse(&without(section, None)).unwrap(), parse(EXAMPLE).unwrap(), "{section}");
    }
}

#[test]
fn the_program_shows_what_it_would_use() {
    let shown = toml::to_string(&parse(EXAMPLE).unwrap()).unwrap();
    assert_eq!(parse(&shown).unwrap(), parse(EXAMPLE).unwrap());
}
