//! The site's authentication request as the provider checks it: the signature, then every rule of CIE-16 to CIE-19.
//! Written from the rules, not from the code that makes requests.

use std::sync::Arc;

use fascicolo_domain::login::Level;
use fascicolo_domain::time::after_seconds;
use fascicolo_eid::cie::jose::{Algorithm, Claims, Jws, LONGEST, decode_base64url};
use fascicolo_web::http::forms::Fields;
use jiff::Timestamp;
use serde_json::Value;

use super::client::{Client, SKEW_SECONDS, Unknown};

/// The longest that a request or an assertion may hold, in seconds.
pub(super) const LONGEST_SECONDS: i64 = 300;
/// The fewest characters of `state` and `nonce`.
const LEAST_CHANCE: usize = 32;
const LEVEL: &str = "https://www.spid.gov.it/SpidL";
/// The claim with the codice fiscale.
pub(super) const FISCAL_NUMBER: &str = "https://attributes.eid.gov.it/fiscal_number";
/// What may be asked of a person.
const ATTRIBUTES: [&str; 6] = ["given_name", "family_name", "birthdate", "gender", "email", FISCAL_NUMBER];

/// A request that passed.
pub(super) struct Asked {
    pub(super) client: Arc<Client>,
    pub(super) redirect_uri: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) code_challenge: String,
    pub(super) level: Level,
    /// The claims asked for in userinfo.
    pub(super) attributes: Vec<String>,
    pub(super) jti: String,
}

/// What is wrong with a request, as the provider's page says it to whoever runs the site.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Flaw {
    #[error("i parametri non si possono leggere, o uno è ripetuto")]
    Parameters,
    #[error("request_uri non va usato: la richiesta viaggia in request (CIE-16)")]
    ByReference,
    #[error("il sito non è conosciuto: {0}")]
    Client(#[from] Unknown),
    #[error("request non è un JWS in forma compatta con alg e kid (CIE-16)")]
    Unreadable,
    #[error("la firma non è di una chiave del sito pubblicata nei suoi metadati (CIE-16)")]
    Signature,
    #[error("un parametro ripetuto fuori da request manca, o non è uguale a quello dentro (CIE-16)")]
    Repeated,
    #[error("sub non va inviato (CIE-16)")]
    Subject,
    #[error("iss o client_id non è il client_id del sito (CIE-17)")]
    Issuer,
    #[error("aud non è questo gestore (CIE-17)")]
    Audience,
    #[error("iat o exp manca, è fuori tempo, o dista più di cinque minuti dall'altro (CIE-17)")]
    Instants,
    #[error("jti manca o è già stato usato (CIE-17)")]
    Jti,
    #[error("response_type non è code (CIE-17)")]
    ResponseType,
    #[error("redirect_uri non è uno di quelli registrati (CIE-17)")]
    RedirectUri,
    #[error("scope non contiene openid, o contiene altro che profile ed email (CIE-17, CIE-19)")]
    Scope,
    #[error("state manca o ha meno di 32 caratteri (CIE-17)")]
    State,
    #[error("nonce manca o ha meno di 32 caratteri (CIE-17)")]
    Nonce,
    #[error("code_challenge non è di PKCE con S256 (CIE-17)")]
    Pkce,
    #[error("acr_values non è un solo livello SPID (CIE-18)")]
    Level,
    #[error("prompt non è consent o consent login (CIE-17)")]
    Prompt,
    #[error("claims chiede qualcosa che non esiste, o non nel modo giusto (CIE-19)")]
    Claims,
}

/// The provider that was asked, by whom, and when.
pub(super) struct Desk<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a Arc<Client>,
    pub(super) now: Timestamp,
}

/// The parameters, each once; nothing by reference.
pub(super) fn parameters(raw: &str) -> Result<Fields, Flaw> {
    let fields = Fields::parse(raw.as_bytes()).map_err(|_| Flaw::Parameters)?;
    if fields.find("request_uri").is_some() { Err(Flaw::ByReference) } else { Ok(fields) }
}

/// Reads a request and checks it; that its `jti` is new, the caller knows.
pub(super) fn read(fields: &Fields, desk: &Desk<'_>) -> Result<Asked, Flaw> {
    let jws = Jws::read(fields.text("request"), LONGEST).map_err(|_| Flaw::Unreadable)?;
    let claims = jws.verify(&desk.client.keys, &Algorithm::ALL).map_err(|_| Flaw::Signature)?;
    if claims.member("sub").is_some() {
        return Err(Flaw::Subject);
    }
    let us = Some(desk.client.id.as_str());
    if claims.text("iss") != us || claims.text("client_id") != us {
        return Err(Flaw::Issuer);
    }
    repeated(fields, &claims)?;
    if !names_audience(&claims, desk.issuer) {
        return Err(Flaw::Audience);
    }
    if !is_fresh(&claims, desk.now) {
        return Err(Flaw::Instants);
    }
    if claims.text("response_type") != Some("code") {
        return Err(Flaw::ResponseType);
    }
    let text = |name| claims.text(name).map(str::to_owned);
    let redirect_uri = text("redirect_uri").filter(|uri| desk.client.redirect_uris.contains(uri));
    let random = |name, flaw| text(name).filter(|t| t.len() >= LEAST_CHANCE).ok_or(flaw);
    scope(&claims)?;
    let prompt = claims.text("prompt");
    if !matches!(prompt, Some("consent" | "consent login")) {
        return Err(Flaw::Prompt);
    }
    Ok(Asked {
        client: Arc::clone(desk.client),
        redirect_uri: redirect_uri.ok_or(Flaw::RedirectUri)?,
        state: random("state", Flaw::State)?,
        nonce: random("nonce", Flaw::Nonce)?,
        code_challenge: challenge(&claims)?,
        level: claims.text("acr_values").and_then(level).ok_or(Flaw::Level)?,
        attributes: attributes(&claims)?,
        jti: text("jti").ok_or(Flaw::Jti)?,
    })
}

/// What must be said outside too, and whatever else is, is the same as inside.
fn repeated(fields: &Fields, claims: &Claims) -> Result<(), Flaw> {
    let must = ["client_id", "response_type", "scope", "code_challenge", "code_challenge_method"];
    let may = ["redirect_uri", "state", "nonce", "acr_values", "prompt"];
    let same = |name: &str, outside: Option<&str>| outside == claims.text(name);
    let good = must.iter().all(|name| same(name, fields.find(name)))
        && may.iter().all(|name| fields.find(name).is_none_or(|outside| same(name, Some(outside))));
    if good { Ok(()) } else { Err(Flaw::Repeated) }
}

/// Whether `aud` is, or holds, an audience.
pub(super) fn names_audience(claims: &Claims, audience: &str) -> bool {
    match claims.member("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(list)) => list.iter().any(|one| one.as_str() == Some(audience)),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => false,
    }
}

/// Made now, for five minutes at most.
pub(super) fn is_fresh(claims: &Claims, now: Timestamp) -> bool {
    let (Some(made), Some(ends)) = (claims.instant("iat"), claims.instant("exp")) else {
        return false;
    };
    made <= after_seconds(now, SKEW_SECONDS) && now < ends && ends <= after_seconds(made, LONGEST_SECONDS)
}

fn scope(claims: &Claims) -> Result<(), Flaw> {
    let words: Vec<&str> = claims.text("scope").unwrap_or_default().split(' ').collect();
    let known = words.iter().all(|word| matches!(*word, "openid" | "profile" | "email"));
    if known && words.contains(&"openid") { Ok(()) } else { Err(Flaw::Scope) }
}

fn challenge(claims: &Claims) -> Result<String, Flaw> {
    let challenge = claims.text("code_challenge").ok_or(Flaw::Pkce)?;
    let hash = decode_base64url(challenge).is_ok_and(|bytes| bytes.len() == 32);
    let method = claims.text("code_challenge_method") == Some("S256");
    if hash && method { Ok(challenge.to_owned()) } else { Err(Flaw::Pkce) }
}

/// A level as it is written in `acr`.
pub(super) fn acr(level: Level) -> String {
    format!("{LEVEL}{}", level.number())
}

fn level(text: &str) -> Option<Level> {
    Level::ALL.into_iter().find(|level| acr(*level) == text)
}

/// The members of `claims.userinfo`; nothing may be asked of the id token.
fn attributes(claims: &Claims) -> Result<Vec<String>, Flaw> {
    let asked = claims.object("claims").ok_or(Flaw::Claims)?;
    let userinfo = asked.get("userinfo").and_then(Value::as_object).ok_or(Flaw::Claims)?;
    let how = |value: &Value| value.is_null() || value.get("essential").is_some_and(Value::is_boolean);
    let good = asked.len() == 1
        && userinfo.iter().all(|(name, value)| ATTRIBUTES.contains(&name.as_str()) && how(value));
    if good { Ok(userinfo.keys().cloned().collect()) } else { Err(Flaw::Claims) }
}
