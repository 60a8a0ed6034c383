//! A site that is nothing but its entity configuration, the federation beside it, and a browser that follows links.

use axum::body::{Body, to_bytes};
use axum::http::{Request as HttpRequest, StatusCode, header};
use axum::routing::get;
use fascicolo_domain::login::Level;
use fascicolo_eid::cie::jose::{Jws, LONGEST, decode_base64url};
use fascicolo_eid::cie::{
    Chain, Client, Discovery, Keys, LoginRequest, Moment, Next, Outgoing, Provider, Refused, RelyingParty,
    Started, entity_configuration,
};
use fascicolo_web::http::forms::encode;
use fascicolo_web::ports::Reply;
use serde_json::Value;
use tower::ServiceExt as _;

use super::super::*;
use crate::kept::Kept;
use crate::loopback::{Loopback, Routes};
use crate::ports::SeededEntropy;
use crate::{keys, people, region};

pub(super) const SITE: &str = "https://localhost:8443";
pub(super) const STANDINS: &str = "http://127.0.0.1:8081";

pub(super) fn start() -> Timestamp {
    "2026-11-25T11:00:00Z".parse().unwrap()
}

pub(super) struct World {
    pub(super) cie: CieFederation,
    pub(super) us: RelyingParty,
    pub(super) keys: Arc<Keys>,
    /// The site's keys for statements and for requests, free to sign anything.
    pub(super) statements: Signer,
    pub(super) signing: Signer,
    pub(super) foreign: Signer,
    pub(super) people: Arc<[Person]>,
    pub(super) clock: Arc<SandboxClock>,
    pub(super) loopback: Arc<Loopback>,
    pub(super) entropy: SeededEntropy,
    /// Whether the site answers.
    pub(super) standing: Arc<AtomicBool>,
    standins: axum::Router,
    _routes: Arc<Routes>,
}

impl World {
    pub(super) fn open() -> Self {
        let kept = Kept::open(None).unwrap();
        let people: Arc<[Person]> = people::people(start()).unwrap().into();
        let clock = Arc::new(SandboxClock::standing_at(start()));
        let loopback = Arc::new(Loopback::default());
        let site_keys = keys::bare_keys(&kept, &region::openid_wanted_keys(SITE), start()).unwrap();
        let keys = Arc::new(region::openid_keys(&site_keys).unwrap());
        let pems = keys::bare_keys(&kept, &wanted_keys(STANDINS), start()).unwrap();
        let foreign = Signer::from_pem(pems.last().unwrap()).unwrap();
        let cie = CieFederation::new(Parts {
            origin: STANDINS.to_owned(),
            keys: pems,
            site: (SITE.to_owned(), keys.federation_jwks(start())),
            people: Arc::clone(&people),
            clock: Arc::clone(&clock),
            entropy: Arc::new(SeededEntropy::new(7)),
            fetch: loopback.clone(),
        })
        .unwrap();
        let mark = cie.trust_mark(start()).unwrap();
        let us = region::relying_party(SITE, &cie.anchor().entity_id, mark);
        let standins = routes(cie.clone());
        let standing = Arc::new(AtomicBool::new(true));
        let site = site(us.clone(), Arc::clone(&keys), Arc::clone(&clock), Arc::clone(&standing));
        let routes = Routes::new(vec![(SITE.to_owned(), site), (STANDINS.to_owned(), standins.clone())]);
        loopback.lead_to(&routes);
        Self {
            cie,
            us,
            keys,
            statements: Signer::from_pem(&site_keys[0]).unwrap(),
            signing: Signer::from_pem(&site_keys[1]).unwrap(),
            foreign,
            people,
            clock,
            loopback,
            entropy: SeededEntropy::new(1),
            standing,
            standins,
            _routes: routes,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn client<'a>(&'a self, provider: &'a Provider) -> Client<'a> {
        Client { us: &self.us, keys: &self.keys, provider }
    }

    pub(super) fn moment(&self) -> Moment {
        let mut random = [0; 16];
        self.entropy.fill(&mut random).unwrap();
        Moment { now: self.now(), random }
    }

    pub(super) async fn send(&self, request: Request) -> Result<Reply, Fault> {
        self.loopback.send(request).await
    }

    /// From the pinned anchor to the provider, as the site goes.
    pub(super) async fn chain(&self) -> Result<Chain, Refused> {
        let anchor = self.cie.anchor();
        let mut step = Discovery::begin(&anchor, self.cie.provider())?;
        loop {
            let reply = self.send(Request::get(step.url(), FETCH_BYTES)).await.unwrap();
            match step.take(&reply.body, self.now())? {
                Next::Fetch(next) => step = *next,
                Next::Done(chain) => return Ok(*chain),
            }
        }
    }

    pub(super) async fn provider(&self) -> Provider {
        Provider::from_chain(&self.chain().await.unwrap()).unwrap()
    }

    pub(super) fn begin(&self, provider: &Provider, level: Level) -> Started {
        let mut random = [0; 112];
        self.entropy.fill(&mut random).unwrap();
        let request = LoginRequest { now: self.now(), level, random: &random };
        self.client(provider).begin_login(&request).unwrap()
    }

    /// The claims of a request of the site, to be changed.
    pub(super) async fn claims(&self) -> Value {
        payload(&self.begin(&self.provider().await, Level::Two).request_object)
    }

    /// Whether the provider takes a request.
    pub(super) async fn asked(&self, query: &str) -> Result<Arc<request::Asked>, Flaw> {
        self.cie.ask(query).await
    }

    /// What the site's own pages would be told by the browser: status, location, text.
    pub(super) async fn browse(&self, url: &str, form: Option<String>) -> (u16, String, String) {
        let path = url.strip_prefix(STANDINS).unwrap();
        let request = match form {
            None => HttpRequest::get(path).body(Body::empty()).unwrap(),
            Some(form) => HttpRequest::post(path).body(Body::from(form)).unwrap(),
        };
        let answer = self.standins.clone().oneshot(request).await.unwrap();
        let location = answer.headers().get(header::LOCATION).map(|v| v.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, location.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
    }

    /// To the provider's page, and back with its answer: the query of the address.
    pub(super) async fn answered(&self, started: &Started, fields: &str) -> String {
        let Outgoing::Redirect { url } = &started.outgoing else { panic!("the address is too long") };
        let (status, _, page) = self.browse(url, None).await;
        assert_eq!(status, 200, "{page}");
        let handle = page.split("name=\"richiesta\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let form = format!("richiesta={handle}&{fields}");
        let (status, location, _) = self.browse(&format!("{STANDINS}/cie-oidc/accesso"), Some(form)).await;
        assert_eq!(status, 302);
        location.strip_prefix(&format!("{SITE}/cie/callback?")).unwrap().to_owned()
    }
}

fn site(
    us: RelyingParty,
    keys: Arc<Keys>,
    clock: Arc<SandboxClock>,
    standing: Arc<AtomicBool>,
) -> axum::Router {
    let configuration = async move || {
        let text = entity_configuration(&us, &keys, clock.now()).unwrap();
        standing.load(Ordering::SeqCst).then_some(text).ok_or(StatusCode::BAD_GATEWAY)
    };
    axum::Router::new().route("/.well-known/openid-federation", get(configuration))
}

pub(super) fn payload(jws: &str) -> Value {
    assert!(Jws::read(jws, LONGEST).is_ok());
    let part = jws.split('.').nth(1).unwrap();
    serde_json::from_slice(&decode_base64url(part).unwrap()).unwrap()
}

/// Claims with another value; `null` takes the member away.
pub(super) fn with(mut claims: Value, member: &str, value: Value) -> Value {
    let members = claims.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(member).unwrap();
    } else {
        members.insert(member.to_owned(), value);
    }
    claims
}

/// The parameters of a request: those that are said outside too, and the request itself.
pub(super) fn query(claims: &Value, request: &str) -> String {
    let outside = ["client_id", "response_type", "scope", "code_challenge", "code_challenge_method"];
    let said = outside.iter().filter_map(|name| Some((*name, claims.get(*name)?.as_str()?)));
    form(&said.chain([("request", request)]).collect::<Vec<_>>())
}

pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(n, v)| format!("{n}={}", encode(v))).collect();
    pairs.join("&")
}
