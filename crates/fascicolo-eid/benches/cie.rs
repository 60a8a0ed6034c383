//! What a CIE login costs us, next to what it cannot cost less than: its own RSA operations (two signatures, one
//! decryption, two verifications). The provider's time does not count.
//! `cargo bench -p fascicolo-eid --bench cie` prints the ratio against its bar. Nothing is asserted: a loaded machine
//! is no bug.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::panic,
    reason = "a measurement that cannot be made should stop, and what it measures is printed"
)]

#[path = "../tests/it/cie/maker.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod maker;

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeyPair, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use fascicolo_eid::cie::jose::{ContentEncryption, KeyEncryption, encrypt};
use fascicolo_eid::cie::{Answered, Callback, TokenAnswer, UserinfoAnswer};
use serde_json::json;

use maker::{ACCESS_TOKEN, NOW, World, at, decryption_key, der, id_token_claims, moment, request, signed};

const ROUNDS: usize = 15;
const CALLS: u32 = 100;
/// How many times its own RSA operations a login may cost.
const BAR: f64 = 1.5;

/// A name and something to be measured.
type Job<'a> = (&'static str, Box<dyn Fn() + 'a>);

fn main() {
    let raw = Raw::new();
    let login = Login::new();
    let jobs: [Job<'_>; 6] = [
        ("limit: 2 signatures, 1 decryption, 2 verifications", Box::new(|| raw.login())),
        ("whole login", Box::new(|| login.whole())),
        ("part: start", Box::new(|| login.start())),
        ("part: code to token request", Box::new(|| login.redeem())),
        ("part: id token", Box::new(|| login.id_token())),
        ("part: userinfo", Box::new(|| login.userinfo())),
    ];
    let times = measure(&jobs);
    for ((name, _), time) in jobs.iter().zip(&times) {
        println!("{:>9.1} µs  {name}", time.as_secs_f64() * 1e6);
    }
    let ratio = times[1].as_secs_f64() / times[0].as_secs_f64();
    let verdict = if ratio <= BAR { "within" } else { "ABOVE" };
    println!("\n{ratio:>7.2} ×  whole login  {verdict} {BAR} ×");
}

/// Lower quartiles of rounds in which every job takes its turn, so that a busy moment falls on all of them.
fn measure(jobs: &[Job<'_>]) -> Vec<Duration> {
    let mut samples = vec![Vec::new(); jobs.len()];
    for _ in 0..ROUNDS {
        for ((_, job), samples) in jobs.iter().zip(&mut samples) {
            let start = Instant::now();
            for _ in 0..CALLS {
                job();
            }
            samples.push(start.elapsed() / CALLS);
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

/// One login, with the provider's answers made beforehand.
struct Login {
    world: World,
    query: String,
    token_answer: String,
    userinfo: String,
}

impl Login {
    fn new() -> Self {
        let world = World::new();
        let pending = world.pending();
        let query = format!("state={}&iss=https%3A%2F%2Fprovider.example%2Foidc&code=a-code", pending.state);
        let id_token = signed("provider", "JWT", &id_token_claims(&pending));
        let token_answer =
            json!({"access_token": ACCESS_TOKEN, "id_token": id_token, "token_type": "Bearer"}).to_string();
        let inner = signed("provider", "JWT", &maker::userinfo_claims());
        let key = decryption_key("sealer");
        let userinfo =
            encrypt(&inner, key.jwk(), KeyEncryption::RsaOaep256, ContentEncryption::A256CbcHs512, &[5; 80]);
        Self { world, query, token_answer, userinfo: userinfo.unwrap() }
    }

    fn start(&self) {
        black_box(self.world.client().begin_login(&request()).unwrap());
    }

    fn redeem(&self) {
        let pending = self.pending();
        let callback = Callback::parse(&self.query).unwrap();
        let client = self.world.client();
        let Ok(Answered::Code(code)) = client.check_callback(&callback, &pending, at(NOW)) else {
            panic!("a code");
        };
        black_box(client.redeem_code(&code, &pending, moment()).unwrap());
    }

    fn id_token(&self) {
        let client = self.world.client();
        let Ok(TokenAnswer::Tokens(tokens)) = TokenAnswer::read(200, self.token_answer.as_bytes()) else {
            panic!("tokens");
        };
        black_box(client.check_id_token(&tokens, &self.pending(), at(NOW)).unwrap());
    }

    fn userinfo(&self) {
        let authenticated = fascicolo_eid::cie::Authenticated {
            subject: "a-pairwise-subject".to_owned(),
            level: fascicolo_domain::login::Level::Two,
            at: at(NOW),
            jti: "one-id-token".to_owned(),
            expires: at(NOW),
        };
        let answer =
            UserinfoAnswer { status: 200, content_type: "application/jwt", body: self.userinfo.as_bytes() };
        black_box(self.world.client().check_userinfo(&answer, &authenticated, at(NOW)).unwrap());
    }

    fn whole(&self) {
        self.start();
        self.redeem();
        self.id_token();
        self.userinfo();
    }

    /// What the store would hand back.
    fn pending(&self) -> fascicolo_eid::cie::Pending {
        static PENDING: std::sync::OnceLock<fascicolo_eid::cie::Pending> = std::sync::OnceLock::new();
        PENDING.get_or_init(|| self.world.pending()).clone()
    }
}

/// The operations that nobody can do without.
struct Raw {
    pair: KeyPair,
    key: ParsedPublicKey,
    signature: Vec<u8>,
    decrypting: OaepPrivateDecryptingKey,
    wrapped: Vec<u8>,
}

const MESSAGE: [u8; 800] = [7; 800];

impl Raw {
    fn new() -> Self {
        let pair = KeyPair::from_pkcs8(&der("provider")).unwrap();
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()).unwrap();
        let decrypting = PrivateDecryptingKey::from_pkcs8(&der("sealer")).unwrap();
        let public = OaepPublicEncryptingKey::new(decrypting.public_key()).unwrap();
        let mut wrapped = vec![0; public.ciphertext_size()];
        public.encrypt(&OAEP_SHA256_MGF1SHA256, &[3; 64], &mut wrapped, None).unwrap();
        let decrypting = OaepPrivateDecryptingKey::new(decrypting).unwrap();
        let mut raw = Self { pair, key, signature: Vec::new(), decrypting, wrapped };
        raw.signature = raw.sign();
        raw
    }

    fn sign(&self) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &MESSAGE, &mut signature).unwrap();
        signature
    }

    fn login(&self) {
        for _ in 0..2 {
            black_box(self.sign());
            self.key.verify_sig(&MESSAGE, &self.signature).unwrap();
        }
        let mut out = vec![0; self.decrypting.min_output_size()];
        black_box(self.decrypting.decrypt(&OAEP_SHA256_MGF1SHA256, &self.wrapped, &mut out, None).unwrap());
    }
}
