//! Each rule of the token endpoint refuses for its own cause; so do userinfo and revocation (CIE-21, CIE-22, CIE-27).

use fascicolo_domain::login::Level;
use fascicolo_eid::cie::Pending;
use fascicolo_web::http::forms::Fields;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::token::redeem;
use super::super::*;
use super::world::{SITE, World, form, payload, start, with};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A login that has got its code.
struct Coded {
    code: String,
    pending: Pending,
}

impl World {
    async fn coded(&self) -> Coded {
        let started = self.begin(&self.provider().await, Level::Two);
        let answer = self.answered(&started, "persona=giulia").await;
        let code = answer.strip_prefix("code=").unwrap().split('&').next().unwrap().to_owned();
        Coded { code, pending: started.pending }
    }

    fn assertion(&self, endpoint: &str) -> Value {
        json!({
            "iss": SITE,
            "sub": SITE,
            "aud": [format!("{}/{endpoint}", self.cie.provider())],
            "iat": self.now().as_second(),
            "exp": self.now().as_second() + 120,
            "jti": format!("{:?}", self.moment().random),
        })
    }

    /// The form that redeems a code, with other values for some of its fields; an empty one takes the field away.
    fn form(&self, coded: &Coded, assertion: &str, changes: &[(&str, &str)]) -> String {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", coded.code.as_str()),
            ("code_verifier", coded.pending.verifier.as_str()),
            ("redirect_uri", "https://localhost:8443/cie/callback"),
            ("client_id", SITE),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
        ];
        let kept = fields.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let changed = changes.iter().filter(|(_, value)| !value.is_empty());
        form(&kept.chain(changed).copied().collect::<Vec<_>>())
    }

    /// A code, redeemed with some fields changed.
    async fn redeemed(&self, changes: &[(&str, &str)]) -> Option<Denied> {
        let coded = self.coded().await;
        let assertion = self.signing.sign("", &self.assertion("token")).unwrap();
        self.cie.redeemed(&self.form(&coded, &assertion, changes)).await.err()
    }

    /// A code, redeemed with an assertion.
    async fn proved(&self, assertion: &str) -> Option<Denied> {
        let coded = self.coded().await;
        self.cie.redeemed(&self.form(&coded, assertion, &[])).await.err()
    }

    async fn post(&self, endpoint: &str, form: String) -> (u16, Value) {
        let url = format!("{}/{endpoint}", self.cie.provider());
        let reply = self.send(Request { form: Some(form), ..Request::get(&url, FETCH_BYTES) }).await.unwrap();
        (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
    }

    /// An access token for somebody.
    async fn token(&self) -> String {
        let assertion = self.signing.sign("", &self.assertion("token")).unwrap();
        let (status, body) = self.post("token", self.form(&self.coded().await, &assertion, &[])).await;
        assert_eq!(status, 200);
        body["access_token"].as_str().unwrap().to_owned()
    }

    async fn revoke(&self, fields: &[(&str, &str)], assertion: &str) -> u16 {
        let proof = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)];
        self.post("revoke", form(&[fields, &proof].concat())).await.0
    }

    async fn userinfo(&self, token: &str) -> u16 {
        let url = format!("{}/userinfo", self.cie.provider());
        let authorization = Some(format!("Bearer {token}"));
        self.send(Request { authorization, ..Request::get(&url, FETCH_BYTES) }).await.unwrap().status
    }
}

/// CIE-17, CIE-22, CIE-26.
#[tokio::test]
async fn each_rule_on_the_form_refuses_for_its_own_cause() {
    let world = World::open();
    let (short, long) = ("v".repeat(42), "v".repeat(129));
    assert_eq!(world.redeemed(&[]).await, None);
    assert_eq!(world.redeemed(&[("client_id", "")]).await, None, "client_id may be left out");
    for (field, value, denied) in [
        ("grant_type", "refresh_token", Denied::GrantType),
        ("grant_type", "", Denied::GrantType),
        ("code", "nessuno", Denied::Code),
        ("code_verifier", "", Denied::Verifier),
        ("code_verifier", &short, Denied::Verifier),
        ("code_verifier", &long, Denied::Verifier),
        ("code_verifier", "an-other-verifier-of-the-right-length-0123456", Denied::Verifier),
        ("redirect_uri", "https://localhost:8443/cie", Denied::RedirectUri),
        ("redirect_uri", "", Denied::RedirectUri),
        ("client_id", "https://altro.example", Denied::Issuer),
        ("client_assertion_type", "", Denied::AssertionType),
        ("client_assertion", "", Denied::Assertion),
        ("client_secret", "segreto", Denied::Secret),
    ] {
        assert_eq!(world.redeemed(&[(field, value)]).await, Some(denied), "{field}={value}");
    }
    assert_eq!(world.cie.redeemed("a=1&a=2").await.err(), Some(Denied::Form));
}

/// CIE-22.
#[tokio::test]
async fn each_rule_on_the_client_assertion_refuses_for_its_own_cause() {
    let world = World::open();
    let at = |seconds: i64| json!(start().as_second() + seconds);
    for (member, value, denied) in [
        ("iss", json!("https://altro.example"), Denied::Client),
        ("iss", Value::Null, Denied::Issuer),
        ("sub", json!("https://altro.example"), Denied::Issuer),
        ("sub", Value::Null, Denied::Issuer),
        ("aud", json!(world.cie.provider()), Denied::Audience),
        ("aud", Value::Null, Denied::Audience),
        ("iat", at(61), Denied::Instants),
        ("iat", Value::Null, Denied::Instants),
        ("exp", at(0), Denied::Instants),
        ("exp", at(301), Denied::Instants),
        ("exp", Value::Null, Denied::Instants),
        ("jti", Value::Null, Denied::Jti),
    ] {
        let claims = with(world.assertion("token"), member, value);
        let assertion = world.signing.sign("", &claims).unwrap();
        assert_eq!(world.proved(&assertion).await, Some(denied), "{member}");
    }
    for (member, value) in [("iat", at(60)), ("exp", at(1)), ("exp", at(300))] {
        let assertion = world.signing.sign("", &with(world.assertion("token"), member, value)).unwrap();
        assert_eq!(world.proved(&assertion).await, None, "{member}");
    }
}

/// CIE-22.
#[tokio::test]
async fn an_assertion_is_signed_by_the_sites_protocol_key_and_is_good_once() {
    let world = World::open();
    let claims = world.assertion("token");
    let forged = world.foreign.sign_as(world.signing.kid(), "", &claims).unwrap();
    for assertion in
        [forged, world.foreign.sign("", &claims).unwrap(), world.statements.sign("", &claims).unwrap()]
    {
        assert_eq!(world.proved(&assertion).await, Some(Denied::Signature));
    }
    assert_eq!(world.proved(&world.signing.unsigned(&claims)).await, Some(Denied::Assertion));
    let good = world.signing.sign("", &claims).unwrap();
    assert_eq!(world.proved(&good).await, None);
    assert_eq!(world.proved(&good).await, Some(Denied::Jti));
}

/// CIE-21.
#[tokio::test]
async fn a_code_is_good_once_and_for_a_minute() {
    let world = World::open();
    let sign = || world.signing.sign("", &world.assertion("token")).unwrap();
    let coded = world.coded().await;
    let wrong = world.form(&coded, &sign(), &[("code_verifier", "w")]);
    assert_eq!(world.cie.redeemed(&wrong).await.err(), Some(Denied::Verifier));
    let second = world.form(&coded, &sign(), &[]);
    assert_eq!(world.cie.redeemed(&second).await.err(), Some(Denied::Code), "a wrong try uses it up");

    for (seconds, denied) in [(59, None), (60, Some(Denied::CodeExpired))] {
        let coded = world.coded().await;
        world.clock.advance(SignedDuration::from_secs(seconds));
        let redeemed = world.cie.redeemed(&world.form(&coded, &sign(), &[])).await;
        assert_eq!(redeemed.err(), denied, "{seconds}");
    }
}

/// CIE-21.
#[tokio::test]
async fn a_code_and_a_token_are_of_use_to_their_own_client_alone() {
    let world = World::open();
    let ours = world.cie.client(SITE).await.unwrap_or_else(|unknown| panic!("{unknown}"));
    let another = Client {
        id: "https://altro.example".to_owned(),
        name: ours.name.clone(),
        redirect_uris: ours.redirect_uris.clone(),
        keys: ours.keys.clone(),
        encryption: ours.encryption.clone(),
        ..*ours
    };
    for (client, denied) in [(&another, Some(Denied::CodeClient)), (&*ours, None)] {
        let form = world.form(&world.coded().await, "", &[]);
        let fields = Fields::parse(form.as_bytes()).unwrap_or_else(|_| panic!("no form"));
        let redeemed = redeem(&mut world.cie.desk(), &fields, client, world.now());
        assert_eq!(redeemed.err(), denied);
    }
    // whoever asks in another's name needs the other's key
    world.cie.desk().clients.insert(another.id.clone(), Arc::new(another));
    let token = world.token().await;
    let by = |id: &str| with(with(world.assertion("revoke"), "iss", json!(id)), "sub", json!(id));
    let revoke = async |claims: &Value| {
        let assertion = world.signing.sign("", claims).unwrap();
        world.revoke(&[("token", &token)], &assertion).await
    };
    assert_eq!(revoke(&by("https://altro.example")).await, 200);
    assert!(!world.cie.is_revoked(&token));
    assert_eq!(revoke(&by(SITE)).await, 200);
    assert!(world.cie.is_revoked(&token));
}

#[tokio::test]
async fn a_refusal_has_its_status_and_its_name() {
    let world = World::open();
    let coded = world.coded().await;
    let sign = || world.signing.sign("", &world.assertion("token")).unwrap();
    for (changes, status, error) in [
        (&[("client_secret", "x")][..], 400, "invalid_request"),
        (&[("grant_type", "x")], 400, "unsupported_grant_type"),
        (&[("client_id", "x")], 401, "invalid_client"),
        (&[("code", "x")], 400, "invalid_grant"),
    ] {
        let (answered, body) = world.post("token", world.form(&coded, &sign(), changes)).await;
        assert_eq!((answered, body["error"].as_str()), (status, Some(error)));
    }
    assert_eq!(world.cie.counts().denied, 4);
}

/// CIE-24, CIE-27.
#[tokio::test]
async fn a_token_opens_userinfo_until_it_ends_or_is_revoked() {
    let world = World::open();
    let revoke = async |token: &str, endpoint: &str| {
        let assertion = world.signing.sign("", &world.assertion(endpoint)).unwrap();
        world.revoke(&[("token", token)], &assertion).await
    };

    let first = world.token().await;
    assert_eq!(payload(&first)["client_id"], SITE);
    assert_eq!(world.userinfo(&first).await, 200);
    assert_eq!(world.userinfo("un-altro").await, 401);
    assert_eq!(revoke(&first, "token").await, 401, "an assertion for another endpoint");
    assert!(!world.cie.is_revoked(&first));
    assert_eq!(revoke(&first, "revoke").await, 200);
    assert!(world.cie.is_revoked(&first));
    assert_eq!(world.userinfo(&first).await, 401);
    assert_eq!(revoke(&first, "revoke").await, 200, "what is revoked may be revoked again");
    assert_eq!(revoke("un-altro", "revoke").await, 200, "and what nobody knows");
    assert_eq!(world.cie.counts().revoked, 1);

    let nothing = world.signing.sign("", &world.assertion("revoke")).unwrap();
    assert_eq!(world.revoke(&[], &nothing).await, 400, "no token is named");
    let second = world.token().await;
    world.clock.advance(SignedDuration::from_secs(299));
    assert_eq!(world.userinfo(&second).await, 200);
    world.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(world.userinfo(&second).await, 401);
}
