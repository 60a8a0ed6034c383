//! A small federation: an anchor, a provider, us, and a stranger; what each of them signs.

use std::sync::OnceLock;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use fascicolo_domain::login::Level;
use fascicolo_eid::cie::jose::{DecryptionKey, JwkSet, SigningKey, encode_base64url};
use fascicolo_eid::cie::{
    Anchor, Chain, Client, Held, Keys, LoginRequest, Moment, Pending, Provider, Refused, RelyingParty, Tokens,
};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) const ANCHOR: &str = "https://anchor.example";
pub(crate) const PROVIDER: &str = "https://provider.example/oidc";
pub(crate) const US: &str = "https://fascicolo.example";
pub(crate) const MARK: &str = "https://anchor.example/openid_provider/public";
pub(crate) const STARTS: &str = "2026-11-25T11:00:00Z";
/// When the answers come.
pub(crate) const NOW: &str = "2026-11-25T11:01:00Z";
pub(crate) const ACCESS_TOKEN: &str = "an-opaque-access-token";

pub(crate) fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

pub(crate) fn seconds(instant: &str) -> i64 {
    at(instant).as_second()
}

pub(crate) fn pem(name: &str) -> String {
    let keys = [
        ("anchor", include_str!("../../fixtures/anchor.test-only.key.pem")),
        ("member", include_str!("../../fixtures/member.test-only.key.pem")),
        ("p256", include_str!("../../fixtures/p256.test-only.key.pem")),
        ("p521", include_str!("../../fixtures/p521.test-only.key.pem")),
        ("provider", include_str!("../../fixtures/provider.test-only.key.pem")),
        ("registry", include_str!("../../fixtures/registry.test-only.key.pem")),
        ("sealer", include_str!("../../fixtures/sealer.test-only.key.pem")),
        ("service", include_str!("../../fixtures/service.test-only.key.pem")),
        ("short", include_str!("../../fixtures/short.test-only.key.pem")),
        ("stranger", include_str!("../../fixtures/stranger.test-only.key.pem")),
    ];
    keys.into_iter().find(|(known, _)| *known == name).unwrap().1.to_owned()
}

pub(crate) fn der(name: &str) -> Vec<u8> {
    der::pem::decode_vec(pem(name).as_bytes()).unwrap().1
}

pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_pem(&pem(name)).unwrap()
}

pub(crate) fn set(names: &[&str]) -> JwkSet {
    JwkSet::new(names.iter().map(|name| key(name).jwk().clone()).collect())
}

/// A signed message with any header and payload.
pub(crate) fn raw(name: &str, header: &Value, payload: &[u8]) -> String {
    let text = format!("{}.{}", encode_base64url(header.to_string().as_bytes()), encode_base64url(payload));
    let pair = rsa::KeyPair::from_pkcs8(&der(name)).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    format!("{text}.{}", encode_base64url(&signature))
}

/// A signed message as it should be.
pub(crate) fn signed(name: &str, typ: &str, claims: &Value) -> String {
    let header = json!({"alg": "RS256", "kid": key(name).kid(), "typ": typ});
    raw(name, &header, claims.to_string().as_bytes())
}

/// Puts a value somewhere in claims; `null` takes it away.
pub(crate) fn with(mut claims: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/");
    let members = claims.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        members.remove(&name).unwrap();
    } else {
        members.insert(name, value);
    }
    claims
}

pub(crate) fn anchor() -> Anchor {
    static ONCE: OnceLock<Anchor> = OnceLock::new();
    ONCE.get_or_init(|| Anchor { entity_id: ANCHOR.to_owned(), keys: set(&["anchor"]), intermediates: 0 })
        .clone()
}

fn statement(issuer: &str, subject: &str, keys: &[&str], end: &str) -> Value {
    json!({
        "iss": issuer,
        "sub": subject,
        "iat": seconds("2026-11-25T10:00:00Z"),
        "exp": seconds(end),
        "jwks": set(keys).to_json(),
    })
}

pub(crate) fn anchor_claims() -> Value {
    let mut claims = statement(ANCHOR, ANCHOR, &["anchor"], "2026-11-27T10:00:00Z");
    claims["metadata"] = json!({"federation_entity": {
        "federation_fetch_endpoint": "https://anchor.example/fetch",
        "federation_list_endpoint": "https://anchor.example/list",
    }});
    claims["constraints"] = json!({"max_path_length": 1});
    claims["trust_mark_issuers"] = json!({MARK: [ANCHOR]});
    claims
}

pub(crate) fn subordinate_claims() -> Value {
    let mut claims = statement(ANCHOR, PROVIDER, &["member"], "2026-11-26T10:00:00Z");
    claims["metadata_policy"] = json!({"openid_provider": {
        "id_token_signing_alg_values_supported": {"subset_of": ["RS256", "ES256"], "essential": true},
        "organization_name": {"value": "Named by the anchor"},
    }});
    claims
}

pub(crate) fn provider_claims() -> Value {
    let mut claims = statement(PROVIDER, PROVIDER, &["member"], "2026-11-26T22:00:00Z");
    claims["authority_hints"] = json!([ANCHOR]);
    claims["metadata"] = json!({"openid_provider": {
        "issuer": PROVIDER,
        "organization_name": "Named by itself",
        "logo_uri": "https://provider.example/logo.svg",
        "authorization_endpoint": "https://provider.example/authorization",
        "token_endpoint": "https://provider.example/token",
        "userinfo_endpoint": "https://provider.example/userinfo",
        "revocation_endpoint": "https://provider.example/revocation",
        "id_token_signing_alg_values_supported": ["RS256", "RS512", "ES256"],
        "userinfo_signing_alg_values_supported": ["RS256"],
        "jwks": set(&["provider"]).to_json(),
    }});
    claims["trust_marks"] = json!([{"id": MARK, "trust_mark": mark(&mark_claims())}]);
    claims
}

pub(crate) fn mark_claims() -> Value {
    json!({"iss": ANCHOR, "sub": PROVIDER, "id": MARK, "iat": seconds("2026-11-01T00:00:00Z")})
}

pub(crate) fn mark(claims: &Value) -> String {
    signed("anchor", "trust-mark+jwt", claims)
}

pub(crate) fn entity(name: &str, claims: &Value) -> String {
    signed(name, "entity-statement+jwt", claims)
}

/// The three statements of the provider's chain.
pub(crate) fn statements() -> [String; 3] {
    [
        entity("member", &provider_claims()),
        entity("anchor", &subordinate_claims()),
        entity("anchor", &anchor_claims()),
    ]
}

pub(crate) fn verified(statements: &[String]) -> Result<Chain, Refused> {
    let list: Vec<&str> = statements.iter().map(String::as_str).collect();
    Chain::verify(&list, PROVIDER, &anchor(), at(NOW))
}

pub(crate) fn chain() -> Chain {
    verified(&statements()).unwrap()
}

pub(crate) fn provider() -> Provider {
    Provider::from_chain(&chain()).unwrap()
}

pub(crate) fn relying_party() -> RelyingParty {
    RelyingParty {
        entity_id: US.to_owned(),
        organization_name: "Regione Prova".to_owned(),
        client_name: "Fascicolo di prova".to_owned(),
        homepage_uri: US.to_owned(),
        policy_uri: format!("{US}/privacy"),
        logo_uri: format!("{US}/logo.svg"),
        contacts: vec!["fascicolo@regione.example".to_owned()],
        resolve_endpoint: format!("{US}/accesso/cie/resolve"),
        redirect_uris: vec![format!("{US}/accesso/cie/ritorno")],
        authority_hints: vec![ANCHOR.to_owned()],
        trust_marks: Vec::new(),
        lifetime_seconds: 48 * 3600,
    }
}

pub(crate) fn held<K>(key: K, since: &str) -> Held<K> {
    Held { key, since: at(since) }
}

pub(crate) fn decryption_key(name: &str) -> DecryptionKey {
    DecryptionKey::from_pem(&pem(name)).unwrap()
}

/// Our keys: one of each.
pub(crate) fn keys() -> Keys {
    let since = "2026-01-01T00:00:00Z";
    Keys::new(
        vec![held(key("service"), since)],
        vec![held(key("registry"), since)],
        vec![held(decryption_key("sealer"), since)],
        24 * 3600,
    )
    .unwrap()
}

/// Everything a login needs.
pub(crate) struct World {
    pub(crate) us: RelyingParty,
    pub(crate) keys: Keys,
    pub(crate) provider: Provider,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { us: relying_party(), keys: keys(), provider: provider() }
    }

    pub(crate) fn client(&self) -> Client<'_> {
        Client { us: &self.us, keys: &self.keys, provider: &self.provider }
    }

    pub(crate) fn pending(&self) -> Pending {
        self.client().begin_login(&request()).unwrap().pending
    }
}

pub(crate) fn random() -> [u8; 112] {
    std::array::from_fn(|at| u8::try_from(at * 7 % 251).unwrap())
}

pub(crate) fn request() -> LoginRequest<'static> {
    static RANDOM: OnceLock<[u8; 112]> = OnceLock::new();
    LoginRequest { now: at(STARTS), level: Level::Two, random: RANDOM.get_or_init(random) }
}

pub(crate) fn moment() -> Moment {
    Moment { now: at(NOW), random: [9; 16] }
}

pub(crate) fn half_hash(token: &str) -> String {
    encode_base64url(&digest(&SHA256, token.as_bytes()).as_ref()[..16])
}

pub(crate) fn id_token_claims(pending: &Pending) -> Value {
    json!({
        "iss": PROVIDER,
        "aud": US,
        "sub": "a-pairwise-subject",
        "iat": seconds("2026-11-25T11:00:50Z"),
        "nbf": seconds("2026-11-25T11:00:50Z"),
        "exp": seconds("2026-11-25T11:05:50Z"),
        "nonce": pending.nonce,
        "acr": "https://www.spid.gov.it/SpidL2",
        "at_hash": half_hash(ACCESS_TOKEN),
        "jti": "one-id-token",
    })
}

pub(crate) fn tokens(claims: &Value) -> Tokens {
    Tokens { access_token: ACCESS_TOKEN.to_owned(), id_token: signed("provider", "JWT", claims) }
}

pub(crate) fn userinfo_claims() -> Value {
    json!({
        "iss": PROVIDER,
        "aud": US,
        "sub": "a-pairwise-subject",
        "iat": seconds("2026-11-25T11:00:55Z"),
        "exp": seconds("2026-11-25T11:05:55Z"),
        "given_name": "Ada",
        "family_name": "D'Alì & Figli",
        "birthdate": "2000-01-01",
        "https://attributes.eid.gov.it/fiscal_number": "TINIT-GDASDV00A01H501J",
    })
}
