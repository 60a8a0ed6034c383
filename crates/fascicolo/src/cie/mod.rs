//! CIE by OpenID Connect, of the operator's settings and files: our keys, what we publish, whom we believe (CIE-1 to
//! CIE-15). The rules are those of `fascicolo-eid`; here files become its values, and its values become lines for people.

pub mod commands;
pub mod doctor;
pub mod keys;
mod published;
pub mod watch;

use std::sync::Arc;

use fascicolo_eid::cie::jose::{JwkSet, Jws, LONGEST};
use fascicolo_eid::cie::{Anchor, RelyingParty, TrustMark};
use fascicolo_web::login::openid::OpenId;
use fascicolo_web::ports::Fetch;
use jiff::Timestamp;

use crate::config::{Cie, CieOpenid, Config, ConfigError};
use crate::failure::Failure;
use crate::{federation, secrets};

/// The sections of CIE by OpenID Connect.
///
/// # Errors
/// There is none.
pub fn settings(config: &Config) -> Result<(&Cie, &CieOpenid), ConfigError> {
    let openid = config.cie_openid.as_ref().ok_or_else(|| ConfigError::Missing("cie_openid".to_owned()));
    Ok((federation::cie_settings(config)?, openid?))
}

/// All that a login needs.
///
/// # Errors
/// There is no such section, or a file is not what it should be.
pub fn openid(config: &Config, fetch: Arc<dyn Fetch>) -> Result<OpenId, Failure> {
    let (_, settings) = settings(config)?;
    let keys = keys::read(config)?.keys;
    Ok(OpenId::new(relying_party(config)?, keys, anchor(config)?, settings.provider.clone(), fetch))
}

/// We, as the federation is to know us (CIE-2, CIE-3).
///
/// # Errors
/// There is no such section, or the file of trust marks is not what it should be.
pub fn relying_party(config: &Config) -> Result<RelyingParty, Failure> {
    let (common, settings) = settings(config)?;
    let origin = &config.site.origin;
    Ok(RelyingParty {
        entity_id: entity_id(config, settings),
        organization_name: common.organization.clone(),
        client_name: common.display_name.clone(),
        homepage_uri: common.organization_url.clone(),
        policy_uri: settings.policy_url.clone(),
        logo_uri: settings.logo_url.clone(),
        contacts: settings.contacts.clone(),
        resolve_endpoint: format!("{origin}/cie/resolve"),
        redirect_uris: vec![format!("{origin}/cie/callback")],
        authority_hints: vec![settings.superior.clone().unwrap_or_else(|| settings.anchor.clone())],
        trust_marks: trust_marks(config)?.into_iter().map(|held| held.mark).collect(),
        lifetime_seconds: settings.lifetime_hours.saturating_mul(3600),
    })
}

fn entity_id(config: &Config, settings: &CieOpenid) -> String {
    settings.entity_id.clone().unwrap_or_else(|| config.site.origin.clone())
}

/// The anchor, by the keys of the operator's file alone (CIE-9).
///
/// # Errors
/// There is no such section, or the file is no JWK set.
pub fn anchor(config: &Config) -> Result<Anchor, Failure> {
    const KEY: &str = "cie_openid.anchor_keys";
    let (_, settings) = settings(config)?;
    let text = secrets::read(config, KEY, &settings.anchor_keys)?;
    let set = serde_json::from_str(&text).ok().and_then(|set| JwkSet::read(&set).ok());
    let what = "must be a JWK set, {\"keys\": […]}, with public RSA or EC keys that have a `kid`";
    let keys = set.ok_or_else(|| ConfigError::value(KEY, what))?;
    Ok(Anchor { entity_id: settings.anchor.clone(), keys, intermediates: 0 })
}

/// A trust mark of ours, and when it ends, if it does (CIE-12).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldMark {
    pub mark: TrustMark,
    pub expires: Option<Timestamp>,
}

/// The trust marks of the operator's file. Whether they still hold is for others to judge: we show them.
///
/// # Errors
/// A line is no trust mark, or is about somebody else.
pub fn trust_marks(config: &Config) -> Result<Vec<HeldMark>, Failure> {
    const KEY: &str = "cie_openid.trust_marks";
    let (_, settings) = settings(config)?;
    let Some(path) = &settings.trust_marks else { return Ok(Vec::new()) };
    let text = secrets::read(config, KEY, path)?;
    let us = entity_id(config, settings);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let marks = lines.map(|(at, line)| {
        held_mark(line.trim(), &us)
            .map_err(|what| ConfigError::value(KEY, format!("line {}: {what}", at + 1)).into())
    });
    marks.collect()
}

fn held_mark(text: &str, us: &str) -> Result<HeldMark, String> {
    let none = |_| "no signed text (JWT)".to_owned();
    let claims = Jws::read(text, LONGEST).map_err(none)?.unverified().map_err(none)?;
    // the names under which the type of a mark has been written
    let kind = ["trust_mark_type", "trust_mark_id", "id"].into_iter().find_map(|name| claims.text(name));
    let kind = kind.ok_or("no trust mark: it has no type")?.to_owned();
    match claims.text("sub") {
        Some(holder) if holder == us => {}
        Some(holder) => return Err(format!("the trust mark of {holder}, and we are {us}")),
        None => return Err("no trust mark: it says not whose".to_owned()),
    }
    Ok(HeldMark { mark: TrustMark { kind, text: text.to_owned() }, expires: claims.instant("exp") })
}
