//! What a SPID login costs, next to what it cannot cost less than: one RSA operation and one SHA-256 of the bytes.
//! `cargo bench -p fascicolo-eid` prints the ratios against their bars. Nothing is asserted: a loaded machine is no bug.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that cannot be made should stop, and what it measures is printed"
)]

#[path = "../tests/it/maker.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod maker;

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use aws_lc_rs::{digest, rsa};
use bergshamra::{DsigContext, KeysManager};
use fascicolo_domain::login::Level;
use fascicolo_eid::spid::{Binding, Incoming, Provider, RequestSpec, ServiceProvider, authn_request};
use fascicolo_eid::xml;

const ROUNDS: usize = 15;

/// A name and something to be measured.
type Job<'a> = (&'static str, Box<dyn Fn() + 'a>);

fn job<'a>(name: &'static str, run: impl Fn() + 'a) -> Job<'a> {
    (name, Box::new(run))
}

fn main() {
    let once = maker::signed(&large());
    let twice = maker::signed_twice(&large());
    println!("answers of {} bytes (Assertion signed) and {} bytes (both signed)", once.len(), twice.len());
    let raw = Raw::new();
    let field = &xml::encode_base64(once.as_bytes());
    let field_twice = &xml::encode_base64(twice.as_bytes());
    let oracle = &oracle();
    let incoming = Incoming::decode(field).unwrap();
    let provider = &maker::provider();
    let service = &maker::service();
    let jobs = [
        job("limit of verifying: RSA-2048 + SHA-256", || {
            raw.verify(once.as_bytes());
        }),
        job("limit of signing: RSA-2048", || raw.sign()),
        job("whole validation, Assertion signed", || validate(field, provider)),
        job("whole validation, both signed", || {
            validate(field_twice, provider);
        }),
        job("bergshamra, signature alone, Assertion signed", || {
            oracle_verify(oracle, field);
        }),
        job("bergshamra, signatures alone, both signed", || {
            oracle_verify(oracle, field_twice);
        }),
        job("signed request, POST", || request(service, provider, Binding::Post)),
        job("signed request, Redirect", || {
            request(service, provider, Binding::Redirect);
        }),
        job("part: base64 and UTF-8", || {
            black_box(Incoming::decode(field).unwrap());
        }),
        job("part: tree and profile", || {
            black_box(incoming.parse().unwrap().in_response_to().len());
        }),
    ];
    let times = measure(&jobs);
    report(&jobs, &times);
}

fn validate(field: &str, provider: &Provider) {
    let incoming = Incoming::decode(field).unwrap();
    let answer = incoming.parse().unwrap();
    let verdict = answer.verify(&maker::expected(), provider, maker::at(maker::ARRIVES));
    black_box(verdict.unwrap());
}

fn oracle_verify(oracle: &DsigContext, field: &str) {
    let text = String::from_utf8(xml::decode_base64(field).unwrap()).unwrap();
    let results = bergshamra::verify_all(oracle, &text).unwrap();
    assert!(results.iter().all(bergshamra::VerifyResult::is_valid));
}

fn request(service: &ServiceProvider, provider: &Provider, binding: Binding) {
    let spec = RequestSpec {
        id: maker::REQUEST,
        now: maker::at(maker::ARRIVES),
        level: Level::Two,
        attribute_set: 0,
        relay_state: "opaque",
        binding,
    };
    black_box(authn_request(service, provider, &spec).unwrap());
}

/// Lower quartiles of rounds in which every job takes its turn, so that a busy moment falls on all of them.
fn measure(jobs: &[Job<'_>]) -> Vec<Duration> {
    let mut samples = vec![Vec::new(); jobs.len()];
    for _ in 0..ROUNDS {
        for ((_, job), samples) in jobs.iter().zip(&mut samples) {
            let calls = 200;
            let start = Instant::now();
            for _ in 0..calls {
                job();
            }
            samples.push(start.elapsed() / calls);
        }
    }
    samples
        .into_iter()
        .map(|mut s| {
            s.sort();
            s[s.len() / 4]
        })
        .collect()
}

/// Name, measured job, what it is held against, how many times that is allowed.
const BARS: [(usize, usize, f64); 6] =
    [(2, 0, 3.0), (3, 0, 5.0), (4, 0, f64::INFINITY), (5, 0, f64::INFINITY), (6, 1, 1.2), (7, 1, 1.2)];

fn report(jobs: &[Job<'_>], times: &[Duration]) {
    for ((name, _), time) in jobs.iter().zip(times) {
        println!("{:>9.1} µs  {name}", micros(*time));
    }
    println!();
    for (job, limit, bar) in BARS {
        let ratio = micros(times[job]) / micros(times[limit]);
        let verdict = match (bar.is_finite(), ratio <= bar) {
            (false, _) => String::new(),
            (true, true) => format!("within {bar} ×"),
            (true, false) => format!("ABOVE {bar} ×"),
        };
        println!("{ratio:>7.2} ×  {}  {verdict}", jobs[job].0);
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// An answer of about 9.6 KB once signed: all the attributes of the table.
fn large() -> String {
    let more: String = [
        "spidCode",
        "placeOfBirth",
        "countyOfBirth",
        "gender",
        "companyName",
        "registeredOffice",
        "ivaCode",
        "idCard",
        "mobilePhone",
        "email",
        "domicileStreetAddress",
        "domicilePostalCode",
        "domicileMunicipality",
        "domicileProvince",
        "expirationDate",
    ]
    .map(|name| {
        maker::attribute(
            name,
            "string",
            &format!("a value of some length for {name}, as long as the longest that providers ever send: a whole address, or two"),
        )
    })
    .concat();
    maker::before(&maker::unsigned(), "\n    </saml:AttributeStatement>", &more)
}

/// The two operations that nobody can do without.
struct Raw {
    pair: rsa::KeyPair,
    key: ParsedPublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Raw {
    fn new() -> Self {
        let text = include_str!("../tests/fixtures/provider.test-only.key.pem");
        let (_, der) = der::pem::decode_vec(text.as_bytes()).unwrap();
        let pair = rsa::KeyPair::from_pkcs8(&der).unwrap();
        let message = vec![7; 800];
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature).unwrap();
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()).unwrap();
        Self { pair, key, message, signature }
    }

    fn verify(&self, bytes: &[u8]) {
        black_box(digest::digest(&digest::SHA256, bytes));
        self.key.verify_sig(&self.message, &self.signature).unwrap();
    }

    fn sign(&self) {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &self.message, &mut signature).unwrap();
        black_box(signature);
    }
}

fn oracle() -> DsigContext {
    let mut keys = KeysManager::new();
    let text = include_bytes!("../tests/fixtures/provider.test-only.crt.pem");
    keys.add_key(bergshamra::keys::loader::load_x509_cert_pem(text).unwrap());
    DsigContext::new(keys).with_trusted_keys_only(true).with_skip_time_checks(true).with_insecure(true)
}
