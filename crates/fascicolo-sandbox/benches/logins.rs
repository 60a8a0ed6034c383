//! Logins under load, from the socket to the disk: the sandbox's site behind the real accept loop (without TLS), SQLite
//! in a folder, the system's clock and chance, on the same processors as the load. Figures are times a yardstick of the
//! same run where one exists. `cargo bench -p fascicolo-sandbox --bench logins`; nothing fails: a loaded machine is no
//! bug.
//!
//! No login calls out: `App` has no way to fetch anything, `Fetch` is given to the periodic work alone, and that does
//! not run here. The identity provider is asked in this process, without a socket, and outside the timed parts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that cannot be made should stop, and what it measures is printed"
)]

#[path = "logins/client.rs"]
mod client;
#[path = "logins/hostile.rs"]
mod hostile;
#[path = "logins/meter.rs"]
mod meter;
#[path = "logins/refusals.rs"]
mod refusals;
#[path = "logins/site.rs"]
mod site;

use std::path::Path;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use bytes::Bytes;
use metrics_exporter_prometheus::PrometheusBuilder;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::runtime::{Builder, Runtime};

use client::{Manner, Reply, Run, send};
use meter::{Bar, SITE, micros, milliseconds, note, own_cpu, percentile, row};
use site::{Login, Site, start};

/// Providers of the registry beside the sandbox's three.
const MORE: usize = 50;
const ROUNDS: usize = 60;
/// Starts, or signatures, in a round.
const EACH: u32 = 96;
const LOGINS: usize = 4_000;
/// Who logs in, by turns.
const PERSONS: [&str; 4] = ["giulia", "marco", "anna", "mario"];

fn main() {
    // as in production, the log is written at its usual level, and everything is counted
    tracing_subscriber::fmt().json().with_writer(std::io::sink).init();
    PrometheusBuilder::new().install_recorder().unwrap();
    refusals::count_panics();
    let [server, load] = [(SITE, 2), ("load", 1)].map(|(name, threads)| {
        Builder::new_multi_thread().worker_threads(threads).thread_name(name).enable_all().build().unwrap()
    });
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let open = |name: &str, providers| Site::open(&server, &folder.path().join(name), providers);
    let site = open("few", Vec::new());
    let crowded = open("many", invented(&site));
    starts(&site, &crowded, &load, &folder.path().join("few"));
    crowded.close(&server);
    complete(&site, &load);
    refusals::refusals(&site, &load);
    refusals::unharmed(site, &load, &server);
}

/// Metadata of more providers, all with the key of one.
fn invented(site: &Site) -> Vec<String> {
    let model = String::from_utf8(site.sandbox.idps.providers()[0].metadata().unwrap()).unwrap();
    let other =
        |n| model.replace("/idp/ponte", &format!("/idp/altro{n}")).replace("_ponte", &format!("_altro{n}"));
    (0..MORE).map(other).collect()
}

/// What a login costs until the browser leaves for the provider: against a bare signature, and with a long registry.
fn starts(site: &Site, crowded: &Site, load: &Runtime, keys: &Path) {
    let signer = Signer::of(keys);
    let [mut raw, mut few, mut many] = [const { Vec::new() }; 3];
    // by turns, so that a busy moment falls on all of them
    for _ in 0..ROUNDS {
        raw.push(signer.round());
        for (site, costs) in [(site, &mut few), (crowded, &mut many)] {
            let providers = site.sandbox.app.spid_providers();
            let last = start(&providers.iter().last().unwrap().entity_id);
            let run = send(load, site.address, vec![last; EACH as usize], Manner::FULL);
            assert!(run.replies.iter().all(|reply| reply.status == 302), "a login did not start");
            costs.push(run.cpu_each());
        }
    }
    let [signature, start] = [&raw, &few].map(|costs| micros(percentile(costs, 50)));
    note(&format!("a bare RSA-3072 signature {signature:.0} µs of CPU, the start of a login {start:.0} µs"));
    let rate = median_ratio(&raw, &few);
    row("starts of a login on one core, times bare RSA-3072 signatures", rate, "×", &Bar::AtLeast(0.8));
    row("start with 53 providers, CPU times that with 3", median_ratio(&many, &few), "×", &Bar::AtMost(1.05));
}

/// Of the ratios of each round.
fn median_ratio(ours: &[Duration], theirs: &[Duration]) -> f64 {
    let mut ratios: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a.div_duration_f64(*b)).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

/// The site's own key, with nothing around it.
struct Signer(KeyPair);

impl Signer {
    fn of(keys: &Path) -> Self {
        let key = PrivateKeyDer::from_pem_file(keys.join("spid.pem")).unwrap();
        Self(KeyPair::from_pkcs8(key.secret_der()).unwrap())
    }

    /// The CPU time of one of many, made on two cores at once: alone, one core is faster than beside a busy one.
    fn round(&self) -> Duration {
        let [one, other] = std::thread::scope(|scope| {
            [(); 2].map(|()| scope.spawn(|| self.sign(EACH / 2))).map(|thread| thread.join().unwrap())
        });
        (one + other) / EACH
    }

    fn sign(&self, times: u32) -> Duration {
        let (random, query) = (SystemRandom::new(), [b'q'; 1_000]);
        let mut signature = vec![0; self.0.public_modulus_len()];
        assert_eq!(signature.len() * 8, 3072);
        let before = own_cpu();
        for _ in 0..times {
            self.0.sign(&RSA_PKCS1_SHA256, &random, &query, &mut signature).unwrap();
        }
        own_cpu() - before
    }
}

/// Logins from their start to the session, the audit row and the login log on the disk.
fn complete(site: &Site, load: &Runtime) {
    let (requests, starts) = answered(site, load, LOGINS);
    let answers = send(load, site.address, requests, Manner::FULL);
    let opened = |reply: &Reply| {
        reply.header("location") == "/fascicolo"
            && reply.header("set-cookie").starts_with("__Host-fascicolo=")
    };
    assert!(answers.replies.iter().all(opened), "a good login was refused");
    for (name, run) in [("starts", &starts), ("answers", &answers)] {
        note(&format!(
            "{name}: {:.0}/s, {:.0} µs of the site's CPU each, p50 {:.2} ms, p99 {:.2} ms",
            run.per_second(),
            micros(run.cpu_each()),
            milliseconds(run.latency(50)),
            milliseconds(run.latency(99))
        ));
    }
    let both = LOGINS as f64 / (starts.wall + answers.wall).as_secs_f64();
    row("answers that open a session, 32 connections", answers.per_second(), "/s", &Bar::AtLeast(400.0));
    row("complete logins, start and answer, 32 connections", both, "/s", &Bar::AtLeast(400.0));
}

/// Starts so many logins.
fn begin(site: &Site, load: &Runtime, count: usize) -> (Vec<Login>, Run) {
    let request = start(&site.sandbox.idps.providers()[0].entity_id);
    let run = send(load, site.address, vec![request; count], Manner::FULL);
    (run.replies.iter().map(Login::of).collect(), run)
}

/// Starts so many logins and has them answered well: what the browsers send then, and how the starts went.
fn answered(site: &Site, load: &Runtime, count: usize) -> (Vec<Bytes>, Run) {
    let (logins, run) = begin(site, load, count);
    let post =
        |(login, person): (&Login, &&str)| site.at_provider(load, login, person, None).post(&login.cookie);
    (logins.iter().zip(PERSONS.iter().cycle()).map(post).collect(), run)
}
