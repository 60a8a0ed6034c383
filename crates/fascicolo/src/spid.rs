//! `spid`, and `cie` over SAML, each with `init` and `metadata`: the key and the certificate (SPID-K), what the federation is sent
//! and how it differs from what it was sent last (SPID-M).

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use fascicolo_adapters::SystemClock;
use fascicolo_eid::spid::{ServiceProvider, judge, make_certificate, metadata as signed_metadata};
use fascicolo_eid::xml::{DS, Limits, Tree, is};
use fascicolo_web::ports::Clock as _;
use jiff::ToSpan as _;

use crate::config::Config;
use crate::failure::Failure;
use crate::secrets::write_new;
use crate::{federation, schemas};

/// Where we publish ourselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Federation {
    Spid,
    Cie,
}

#[derive(Args)]
pub struct Making {
    /// Size of the RSA key
    #[arg(long, default_value_t = 3072, value_parser = size)]
    pub(crate) bits: u32,
    /// Days the certificate is valid [default: 1095]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=7300))]
    pub(crate) days: Option<u16>,
}

#[derive(Args)]
pub struct Publishing {
    /// Write it there instead
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Say instead what differs from this file, which was published last
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    pub(crate) compare: Option<PathBuf>,
    /// Check it by the national XML schemas in this folder too (needs xmllint)
    #[arg(long, value_name = "FOLDER")]
    pub(crate) schemas: Option<PathBuf>,
}

pub(crate) fn size(text: &str) -> Result<u32, String> {
    match text {
        "2048" => Ok(2048),
        "3072" => Ok(3072),
        "4096" => Ok(4096),
        _ => Err("must be 2048, 3072 or 4096".to_owned()),
    }
}

/// Makes the key and the certificate that the settings name. Never overwrites: the federation knows the old certificate.
///
/// # Errors
/// One of them is there already, or cannot be written.
pub fn init(
    config: &Config,
    federation: Federation,
    making: &Making,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (subject, key, certificate) = match federation {
        Federation::Spid => {
            let spid = federation::spid_settings(config)?;
            (federation::spid_subject(config)?, &spid.key, &spid.certificate)
        }
        Federation::Cie => {
            let (_, saml) = federation::cie_saml_settings(config)?;
            (federation::cie_subject(config)?, &saml.key, &saml.certificate)
        }
    };
    let (key_path, certificate_path) = (config.path(key), config.path(certificate));
    for path in [&key_path, &certificate_path] {
        if path.exists() {
            return Err(Failure(format!("{} is there already: nothing was changed", path.display())));
        }
    }
    let now = SystemClock.now();
    let days = i64::from(making.days.unwrap_or(1095));
    let until = now.checked_add((days * 24).hours()).map_err(|e| Failure::new(e.to_string()))?;
    let (key, certificate) = make_certificate(&subject, making.bits, now, until)?;
    write_new(&key_path, &key)?;
    write_new(&certificate_path, &certificate)?;
    let (name, send) = match federation {
        Federation::Spid => ("spid", "check them with AgID's tools and send them to AgID"),
        Federation::Cie => ("cie", "send them through the Ministry's federation portal"),
    };
    writeln!(
        out,
        "made {} and {}, valid until {}\n\n\
         next:\n  \
         1. fascicolo {name} metadata --output metadata.xml\n  \
         2. start the site: the same metadata are at {}/{name}/metadata\n  \
         3. {send} (docs/operations/{name}-onboarding.md)",
        key_path.display(),
        certificate_path.display(),
        until.strftime("%Y-%m-%d"),
        config.site.origin,
    )?;
    Ok(())
}

/// Prints the signed metadata, writes them to a file, or says how they differ from those published last. What breaks a
/// rule of the federation is not written.
///
/// # Errors
/// The federation is switched off, a file cannot be read or written, a rule is broken.
pub fn metadata(
    config: &Config,
    federation: Federation,
    publishing: &Publishing,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let service = match federation {
        Federation::Spid => federation::spid_service_provider(config)?,
        Federation::Cie => federation::cie_service_provider(config)?,
    };
    let xml = checked(&service)?;
    if let Some(folder) = &publishing.schemas {
        schemas::validate(&xml, folder, federation)?;
    }
    match (&publishing.compare, &publishing.output) {
        (Some(published), _) => compare(&xml, published, federation, out),
        (None, Some(path)) => Ok(std::fs::write(path, xml)?),
        (None, None) => Ok(out.write_all(&xml)?),
    }
}

/// The metadata, if they keep every rule (SPID-M1 to M12, SPID-C2 to C4).
fn checked(service: &ServiceProvider) -> Result<Vec<u8>, Failure> {
    let xml = signed_metadata(service)?;
    let broken = judge(&xml, service.contacts.profile());
    if broken.is_empty() {
        return Ok(xml);
    }
    let mut text = "the federation would refuse these metadata; nothing was written. Wanted:".to_owned();
    for broken in broken {
        write!(text, "\n  {}: {}", broken.rule, broken.wanted).map_err(|e| Failure::new(e.to_string()))?;
    }
    Err(Failure(text))
}

/// Says what differs. Nothing of a change holds before the federation has published it (SPID-M13).
fn compare(
    ours: &[u8],
    published: &Path,
    federation: Federation,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let ours = facts(&String::from_utf8_lossy(ours))?;
    let text = std::fs::read_to_string(published)
        .map_err(|e| Failure(format!("cannot read {}: {e}", published.display())))?;
    let theirs = facts(&text)?;
    let without = |list: &[String], others: &[String]| -> Vec<String> {
        let mut left = others.to_vec();
        let mut alone = Vec::new();
        for fact in list {
            match left.iter().position(|other| other == fact) {
                Some(at) => drop(left.swap_remove(at)),
                None => alone.push(fact.clone()),
            }
        }
        alone
    };
    let (removed, added) = (without(&theirs, &ours), without(&ours, &theirs));
    for fact in &removed {
        writeln!(out, "- {fact}")?;
    }
    for fact in &added {
        writeln!(out, "+ {fact}")?;
    }
    if removed.is_empty() && added.is_empty() {
        writeln!(out, "they say the same")?;
    } else {
        let when = match federation {
            Federation::Spid => {
                "providers see a change only when AgID has published the metadata again: send it to AgID"
            }
            Federation::Cie => {
                "CIE sees a change only when its federation portal has taken the metadata: send them there"
            }
        };
        writeln!(out, "\n{when}")?;
    }
    Ok(())
}

/// What a metadata document says, a line a value, without its signature and the ID that goes with it.
fn facts(xml: &str) -> Result<Vec<String>, Failure> {
    let tree = Tree::read(xml, &Limits::METADATA)
        .map_err(|defect| Failure(format!("metadata that cannot be read: {}", defect.code())))?;
    let root = tree.root();
    let mut facts = Vec::new();
    for node in root.descendants().filter(|n| n.is_element()) {
        let ancestors: Vec<_> = node.ancestors().filter(|n| n.is_element() && *n != root).collect();
        if ancestors.iter().any(|n| is(*n, DS, "Signature")) {
            continue;
        }
        let names = ancestors.iter().rev().map(|n| match n.attribute("index") {
            Some(index) => format!("{}[{index}]", n.tag_name().name()),
            None => n.tag_name().name().to_owned(),
        });
        let path = names.collect::<Vec<_>>().join("/");
        for attribute in node.attributes() {
            if !(node == root && attribute.name() == "ID") && attribute.name() != "index" {
                facts.push(format!("{path} {}: {}", attribute.name(), attribute.value()));
            }
        }
        match node.text().map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => facts.push(format!("{path}: {text}")),
            None if node.attributes().len() == 0 && !node.has_children() => facts.push(path),
            None => {}
        }
    }
    Ok(facts)
}
