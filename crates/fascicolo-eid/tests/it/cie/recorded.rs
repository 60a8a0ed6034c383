//! A login recorded with software that is not ours: the reference implementation of the federation (`spid-cie-oidc`
//! 1.6.3) as anchor and provider, both on the machine that recorded it.

use fascicolo_domain::login::{Level, Method};
use fascicolo_eid::cie::jose::JwkSet;
use fascicolo_eid::cie::{
    Anchor, Answered, Callback, Chain, Client, Discovery, Next, Pending, Proved, Provider, Refused,
    RelyingParty, TokenAnswer, UserinfoAnswer,
};
use jiff::Timestamp;
use serde_json::Value;

use super::maker::{at, keys, moment, relying_party};

struct Recorded(Value);

impl Recorded {
    fn new() -> Self {
        Self(serde_json::from_str(include_str!("../../vectors/cie/recorded.json")).unwrap())
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap()
    }

    fn now(&self) -> Timestamp {
        at(self.text("now"))
    }

    fn anchor(&self) -> Anchor {
        let keys = JwkSet::read(&self.0["keys"]).unwrap();
        Anchor { entity_id: self.text("anchor").to_owned(), keys, intermediates: 0 }
    }

    fn statements(&self) -> Vec<&str> {
        self.0["statements"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect()
    }

    fn pending(&self) -> Pending {
        let text = |name| self.0["pending"][name].as_str().unwrap().to_owned();
        Pending {
            issuer: self.text("provider").to_owned(),
            state: text("state"),
            nonce: text("nonce"),
            verifier: text("verifier"),
            level: Level::Two,
            at: at(&text("at")),
        }
    }

    fn us(&self) -> RelyingParty {
        RelyingParty { entity_id: self.text("us").to_owned(), ..relying_party() }
    }
}

fn replay(recorded: &Recorded, pending: &Pending) -> Result<Proved, Refused> {
    let now = recorded.now();
    let chain = Chain::verify(&recorded.statements(), recorded.text("provider"), &recorded.anchor(), now)?;
    let provider = Provider::from_chain(&chain)?;
    let (us, keys) = (recorded.us(), keys());
    let client = Client { us: &us, keys: &keys, provider: &provider };
    let Answered::Code(code) =
        client.check_callback(&Callback::parse(recorded.text("query"))?, pending, now)?
    else {
        panic!("a code");
    };
    assert!(client.redeem_code(&code, pending, moment()).is_ok());
    let TokenAnswer::Tokens(tokens) = TokenAnswer::read(200, recorded.text("token").as_bytes())? else {
        panic!("tokens");
    };
    let authenticated = client.check_id_token(&tokens, pending, now)?;
    let body = recorded.text("userinfo").as_bytes();
    let answer = UserinfoAnswer { status: 200, content_type: recorded.text("content_type"), body };
    client.check_userinfo(&answer, &authenticated, now)
}

/// CIE-9, CIE-12, CIE-13, CIE-21, CIE-23, CIE-24.
#[test]
fn a_login_at_another_provider_is_taken() {
    let recorded = Recorded::new();
    let identity = replay(&recorded, &recorded.pending()).unwrap().identity;
    assert_eq!(identity.codice_fiscale.as_str(), "RSSMRA80A01H501U");
    assert_eq!((identity.method, identity.level), (Method::Cie, Level::Two));
    assert_eq!(identity.issuer, recorded.text("provider"));
}

/// CIE-18, CIE-20, CIE-23: the same answers to another request.
#[test]
fn a_login_at_another_provider_answers_its_own_request_alone() {
    let recorded = Recorded::new();
    for (change, cause) in [
        ((|p| p.state.push('x')) as fn(&mut Pending), Refused::State),
        (|p| p.nonce.push('x'), Refused::Nonce),
        (|p| p.level = Level::Three, Refused::LevelTooLow),
        (|p| p.issuer.push('x'), Refused::CallbackIssuer),
        (|p| p.at = at("2026-12-01T00:00:00Z"), Refused::IdTokenBeforeRequest),
    ] {
        let mut pending = recorded.pending();
        change(&mut pending);
        assert_eq!(replay(&recorded, &pending).err(), Some(cause));
    }
}

/// CIE-9, CIE-12.
#[test]
fn the_statements_of_another_anchor_are_discovered_one_by_one() {
    let recorded = Recorded::new();
    let [leaf, statement, top] = recorded.statements()[..] else {
        panic!("three");
    };
    let mut discovery = Discovery::begin(&recorded.anchor(), recorded.text("provider")).unwrap();
    for body in [top, statement] {
        let Next::Fetch(next) = discovery.take(body.as_bytes(), recorded.now()).unwrap() else {
            panic!("more to fetch");
        };
        discovery = *next;
    }
    let Next::Done(chain) = discovery.take(leaf.as_bytes(), recorded.now()).unwrap() else {
        panic!("done");
    };
    assert_eq!(chain.trust_marks().len(), 1);
}
