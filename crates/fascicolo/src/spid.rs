//! `spid init` and `spid metadata`: the key and the certificate (SPID-K), what AgID is sent and how it differs from what
//! it was sent last (SPID-M).

use std::io::Write;
use std::path::Path;

use clap::Args;
use fascicolo_adapters::SystemClock;
use fascicolo_eid::spid::{CertificateSubject, make_certificate, metadata as signed_metadata};
use fascicolo_eid::xml::{DS, Limits, Tree, is};
use fascicolo_web::ports::Clock as _;
use jiff::ToSpan as _;

use crate::assemble;
use crate::config::{Config, ConfigError};
use crate::failure::Failure;
use crate::secrets::write_new;

#[derive(Args)]
pub struct Making {
    /// Size of the RSA key
    #[arg(long, default_value_t = 3072, value_parser = size)]
    bits: u32,
    /// Days the certificate is valid
    #[arg(long, default_value_t = 1095, value_parser = clap::value_parser!(u16).range(1..=7300))]
    days: u16,
}

fn size(text: &str) -> Result<u32, String> {
    match text {
        "2048" => Ok(2048),
        "3072" => Ok(3072),
        "4096" => Ok(4096),
        _ => Err("must be 2048, 3072 or 4096".to_owned()),
    }
}

/// Makes what `spid.key` and `spid.certificate` name. Never overwrites: AgID knows the old certificate.
///
/// # Errors
/// One of them is there already, or cannot be written.
pub fn init(config: &Config, making: &Making, out: &mut dyn Write) -> Result<(), Failure> {
    let spid = config.spid.as_ref().ok_or_else(|| ConfigError::Missing("spid".to_owned()))?;
    let (key_path, certificate_path) = (config.path(&spid.key), config.path(&spid.certificate));
    for path in [&key_path, &certificate_path] {
        if path.exists() {
            return Err(Failure(format!("{} is there already: nothing was changed", path.display())));
        }
    }
    let subject = CertificateSubject {
        common_name: spid.display_name.clone(),
        organization: spid.organization.clone(),
        entity_id: spid.entity_id.clone(),
        ipa_code: spid.ipa_code.clone(),
        country: "IT".to_owned(),
        locality: spid.locality.clone(),
    };
    let now = SystemClock.now();
    let until =
        now.checked_add((i64::from(making.days) * 24).hours()).map_err(|e| Failure::new(e.to_string()))?;
    let (key, certificate) = make_certificate(&subject, making.bits, now, until)?;
    write_new(&key_path, &key)?;
    write_new(&certificate_path, &certificate)?;
    writeln!(
        out,
        "made {} and {}, valid until {}\n\n\
         next:\n  \
         1. fascicolo spid metadata --output metadata.xml\n  \
         2. start the site: the same metadata are at {}/spid/metadata\n  \
         3. check them with AgID's tools and send them to AgID (docs/operations/spid-onboarding.md)",
        key_path.display(),
        certificate_path.display(),
        until.strftime("%Y-%m-%d"),
        config.site.origin,
    )?;
    Ok(())
}

/// Prints the signed metadata, or writes them to a file.
///
/// # Errors
/// SPID is switched off, or a file cannot be read or written.
pub fn metadata(config: &Config, output: Option<&Path>, out: &mut dyn Write) -> Result<(), Failure> {
    let xml = signed_metadata(&assemble::service_provider(config)?)?;
    match output {
        Some(path) => std::fs::write(path, xml)?,
        None => out.write_all(&xml)?,
    }
    Ok(())
}

/// Says what differs between our metadata and those published last. Nothing of a change holds before AgID has published
/// it (SPID-M13).
///
/// # Errors
/// SPID is switched off, or a file cannot be read.
pub fn compare(config: &Config, published: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let ours = String::from_utf8(signed_metadata(&assemble::service_provider(config)?)?);
    let ours = facts(&ours.map_err(|e| Failure::new(e.to_string()))?)?;
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
        writeln!(
            out,
            "\nproviders see a change only when AgID has published the metadata again: send it to AgID"
        )?;
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
