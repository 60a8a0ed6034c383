//! Hostile answers to `/spid/acs`: how fast they are turned away, what the worst of them costs, what stays in memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Runtime;

use crate::client::{Manner, Run, send};
use crate::hostile::Sort;
use crate::meter::{Bar, memory, micros, milliseconds, note, row};
use crate::site::{Login, Site};
use crate::{PERSONS, answered, begin};

const WARM_UP: usize = 2_000;
const MANY: usize = 10_000;
const PACED: usize = 3_000;
/// From one to the next, at the rate that must be borne.
const PACE: Duration = Duration::from_millis(2);
/// Of each sort, one at a time.
const SINGLE: usize = 5;

/// Threads and tasks that panicked.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics from now on.
pub(crate) fn count_panics() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        tell(panic);
    }));
}

pub(crate) fn refusals(site: &Site, load: &Runtime) {
    let mut makers = Sort::ALL.map(|(_, sort)| Maker::new(site, load, sort));
    let [warm_up, many, paced] = [WARM_UP, MANY, PACED].map(|count| mixed(&mut makers, count));
    refused(&send(load, site.address, warm_up, Manner::FULL));
    let before = memory();
    let run = send(load, site.address, many, Manner::FULL);
    let grown = memory() - before;
    refused(&run);
    let paced = send(load, site.address, paced, Manner { pace: Some(PACE), ..Manner::FULL });
    refused(&paced);
    row("hostile answers refused, 32 connections", run.per_second(), "/s", &Bar::AtLeast(500.0));
    for (pace, run) in [("as fast as they go", &run), ("500 a second", &paced)] {
        let [p50, p99] = [50, 99].map(|percent| milliseconds(run.latency(percent)));
        let cpu = micros(run.cpu_each());
        note(&format!("{pace}: p50 {p50:.2} ms, p99 {p99:.2} ms, {cpu:.0} µs of the site's CPU each"));
    }
    // what waits in the queue of a site that is asked for all it has is no measure of the site
    row("hostile answers, 500 a second: p99", milliseconds(paced.latency(99)), "ms", &Bar::AtMost(20.0));
    row("memory after 10,000 hostile answers, more by", grown, "MB", &Bar::AtMost(32.0));
    worst(&mut makers, site, load);
}

/// The site's processor time for one message, with nothing else under way.
fn worst(makers: &mut [Maker<'_>], site: &Site, load: &Runtime) {
    let mut worst = Duration::ZERO;
    for (maker, (name, _)) in makers.iter_mut().zip(Sort::ALL) {
        let costs = (0..SINGLE).map(|_| {
            let run = send(load, site.address, vec![maker.next()], Manner::ALONE);
            refused(&run);
            run.cpu
        });
        let cost = costs.max().unwrap();
        note(&format!("{:>6.2} ms of CPU at worst: {name}", milliseconds(cost)));
        worst = worst.max(cost);
    }
    row("the dearest hostile answer, CPU of the site", milliseconds(worst), "ms", &Bar::AtMost(100.0));
}

/// What must still be true at the end.
pub(crate) fn unharmed(site: Site, load: &Runtime, server: &Runtime) {
    let (requests, _) = answered(&site, load, 1);
    let run = send(load, site.address, requests, Manner::ALONE);
    let good =
        run.replies.iter().all(|reply| reply.status == 302 && reply.header("location") == "/fascicolo");
    row("a good login afterwards", f64::from(good), "", &Bar::AtLeast(1.0));
    row("the accept loop alive to the end", f64::from(site.close(server)), "", &Bar::AtLeast(1.0));
    row("panics", PANICS.load(Ordering::Relaxed) as f64, "", &Bar::AtMost(0.0));
}

fn refused(run: &Run) {
    let other = run.replies.iter().find(|reply| reply.status != 403);
    assert!(other.is_none(), "a hostile answer was not refused as such: {:?}", other.map(|r| r.status));
}

/// Each sort in its turn.
fn mixed(makers: &mut [Maker<'_>], count: usize) -> Vec<Bytes> {
    let sorts = makers.len();
    (0..count).map(|at| makers[at % sorts].next()).collect()
}

/// Makes hostile answers of one sort, from logins begun beforehand.
struct Maker<'a> {
    site: &'a Site,
    load: &'a Runtime,
    sort: Sort,
    logins: Vec<Login>,
    /// Those that use nothing up are all the same.
    same: Option<Bytes>,
}

impl<'a> Maker<'a> {
    fn new(site: &'a Site, load: &'a Runtime, sort: Sort) -> Self {
        // a mixture may hold one more than its share
        let most = (WARM_UP + MANY + PACED) / Sort::ALL.len() + 3 + SINGLE;
        let count = if sort.uses_up() { most } else { 1 };
        Self { site, load, sort, logins: begin(site, load, count).0, same: None }
    }

    fn next(&mut self) -> Bytes {
        if let Some(same) = &self.same {
            return same.clone();
        }
        let login = self.logins.pop().unwrap();
        let handed = self.site.at_provider(self.load, &login, PERSONS[0], self.sort.mistake());
        let made = self.sort.of(&login, &handed);
        if !self.sort.uses_up() {
            self.same = Some(made.clone());
        }
        made
    }
}
