//! What the provider knows of a relying party: what it says of itself, as far as the anchor vouches for it (CIE-9,
//! CIE-11, CIE-12).

use fascicolo_domain::time::after_seconds;
use fascicolo_eid::cie::federation::Policy;
use fascicolo_eid::cie::jose::{
    Algorithm, Claims, ContentEncryption, Jwk, JwkSet, Jws, KeyEncryption, LONGEST, Usage,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::anchor::STATEMENT;

/// How far another's clock may be from ours, in seconds.
pub(super) const SKEW_SECONDS: i64 = 60;

/// Why a relying party is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unknown {
    #[error("l'ancora della federazione non conosce questo sito (CIE-9)")]
    Anchor,
    #[error("la sua entity configuration non si può leggere o verificare (CIE-1, CIE-9)")]
    Configuration,
    #[error("la sua entity configuration è scaduta o viene dal futuro (CIE-5)")]
    Instants,
    #[error("non nomina l'ancora in authority_hints (CIE-1)")]
    Hints,
    #[error("i suoi metadati non rispettano la policy dell'ancora (CIE-11)")]
    Policy,
    #[error("nei suoi metadati manca qualcosa, o qualcosa non va (CIE-3)")]
    Metadata,
    #[error("non ha un trust mark valido dell'ancora (CIE-12)")]
    Mark,
}

/// A relying party.
pub(super) struct Client {
    pub(super) id: String,
    /// The name shown to the person.
    pub(super) name: String,
    pub(super) redirect_uris: Vec<String>,
    /// Verify its requests and assertions.
    pub(super) keys: JwkSet,
    /// What its userinfo is encrypted with.
    pub(super) encryption: Encryption,
    /// From when to when this holds.
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

#[derive(Clone)]
pub(super) struct Encryption {
    pub(super) key: Jwk,
    pub(super) of_key: KeyEncryption,
    pub(super) of_content: ContentEncryption,
}

/// What a relying party is held to.
pub(super) struct Vouched<'a> {
    pub(super) id: &'a str,
    /// The anchor, its keys and the mark it gives.
    pub(super) anchor: &'a str,
    pub(super) anchor_keys: &'a JwkSet,
    pub(super) mark: &'a str,
    /// The anchor's statement about it.
    pub(super) statement: &'a str,
}

impl Client {
    /// Reads its entity configuration.
    pub(super) fn read(configuration: &str, by: &Vouched<'_>, now: Timestamp) -> Result<Self, Unknown> {
        let statement = statement(by.statement, by.anchor_keys).ok_or(Unknown::Anchor)?;
        if statement.text("iss") != Some(by.anchor) || statement.text("sub") != Some(by.id) {
            return Err(Unknown::Anchor);
        }
        let keys = keys(statement.member("jwks")).ok_or(Unknown::Anchor)?;
        let said = self::statement(configuration, &keys).ok_or(Unknown::Configuration)?;
        if said.text("iss") != Some(by.id) || said.text("sub") != Some(by.id) {
            return Err(Unknown::Configuration);
        }
        let instant = |claims: &Claims, name| claims.instant(name).ok_or(Unknown::Instants);
        let from = instant(&said, "iat")?.max(instant(&statement, "iat")?);
        let until = instant(&said, "exp")?.min(instant(&statement, "exp")?);
        let from = after_seconds(from, -SKEW_SECONDS);
        if now < from || until <= now {
            return Err(Unknown::Instants);
        }
        if !said.texts("authority_hints").unwrap_or_default().contains(&by.anchor) {
            return Err(Unknown::Hints);
        }
        if !has_mark(&said, by) {
            return Err(Unknown::Mark);
        }
        let metadata = resolved(&said, &statement)?;
        Self::described(&metadata, by.id, (from, until)).ok_or(Unknown::Metadata)
    }

    fn described(
        metadata: &Map<String, Value>,
        id: &str,
        (from, until): (Timestamp, Timestamp),
    ) -> Option<Self> {
        let text = |name| metadata.get(name).and_then(Value::as_str);
        let list = metadata.get("redirect_uris")?.as_array()?;
        let redirect_uris: Option<Vec<String>> = list.iter().map(|u| u.as_str().map(str::to_owned)).collect();
        let keys = keys(metadata.get("jwks"))?;
        let of = |usage| keys.keys().iter().filter(move |key| key.usage() == Some(usage)).cloned();
        let named = text("userinfo_encrypted_response_alg")?;
        let of_key = KeyEncryption::ALL.into_iter().find(|alg| alg.name() == named)?;
        let named = text("userinfo_encrypted_response_enc")?;
        let of_content = ContentEncryption::ALL.into_iter().find(|enc| enc.name() == named)?;
        let client = Self {
            id: text("client_id").filter(|said| *said == id)?.to_owned(),
            name: text("client_name")?.to_owned(),
            redirect_uris: redirect_uris.filter(|uris| !uris.is_empty())?,
            keys: JwkSet::new(of(Usage::Signature).collect()),
            // the newest stands last
            encryption: Encryption { key: of(Usage::Encryption).next_back()?, of_key, of_content },
            from,
            until,
        };
        (!client.keys.keys().is_empty()).then_some(client)
    }
}

/// A statement signed with one of these keys.
fn statement(text: &str, keys: &JwkSet) -> Option<Claims> {
    let jws = Jws::read(text.trim_ascii(), LONGEST).ok()?;
    jws.must_be(STATEMENT).ok()?;
    jws.verify(keys, &Algorithm::ALL).ok()
}

fn keys(set: Option<&Value>) -> Option<JwkSet> {
    JwkSet::read(set?).ok()
}

fn resolved(said: &Claims, statement: &Claims) -> Result<Map<String, Value>, Unknown> {
    let metadata = said.object("metadata").and_then(|m| m.get("openid_relying_party"));
    let metadata = metadata.and_then(Value::as_object).ok_or(Unknown::Metadata)?;
    let policy = statement.member("metadata_policy").ok_or(Unknown::Anchor)?;
    let policy = Policy::read(policy, &[]).map_err(|_| Unknown::Anchor)?;
    policy.apply("openid_relying_party", metadata).map_err(|_| Unknown::Policy)
}

/// Whether one of its marks is the anchor's, and about it.
fn has_mark(said: &Claims, by: &Vouched<'_>) -> bool {
    let list = said.member("trust_marks").and_then(Value::as_array);
    list.into_iter().flatten().any(|entry| {
        let text = entry.get("trust_mark").and_then(Value::as_str).unwrap_or_default();
        let mark = Jws::read(text, LONGEST).and_then(|jws| jws.verify(by.anchor_keys, &Algorithm::ALL));
        let kind = ["trust_mark_type", "trust_mark_id", "id"];
        mark.is_ok_and(|mark| {
            mark.text("iss") == Some(by.anchor)
                && mark.text("sub") == Some(by.id)
                && kind.iter().find_map(|name| mark.text(name)) == Some(by.mark)
        })
    })
}
