//! Runs one thing many times at once: rate, latency, and the CPU this process spent.

use std::future::Future;
use std::io::Write as _;
use std::time::{Duration, Instant};

use fascicolo_domain::Fault;

/// How many tasks, and how often each acts.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    tasks: u64,
    each: u64,
}

impl Work {
    pub(crate) fn of(tasks: u64, each: u64) -> Self {
        Self { tasks, each }
    }
}

pub(crate) fn say(line: &str) {
    // Nobody listening is no reason to stop.
    drop(writeln!(std::io::stdout(), "{line}"));
}

pub(crate) fn heading() {
    say(&format!("{:<36}{:>10}{:>12}{:>10}{:>10}", "", "per s", "CPU us each", "p50 us", "p99 us"));
}

/// Calls `act` with a number that differs each time.
pub(crate) async fn measure<A, F>(name: &str, work: Work, act: A) -> Result<(), Fault>
where
    A: Fn(u64) -> F + Clone + Send + 'static,
    F: Future<Output = Result<(), Fault>> + Send + 'static,
{
    for n in 0..work.each.min(200) {
        act(n).await?;
    }
    let (begun, spent) = (Instant::now(), cpu());
    let lanes: Vec<_> = (0..work.tasks)
        .map(|task| tokio::spawn(lane(act.clone(), 1000 + task * work.each, work.each)))
        .collect();
    let mut times = Vec::new();
    for lane in lanes {
        times.extend(lane.await.map_err(|e| Fault::new("measuring", e))??);
    }
    let (wall, spent) = (begun.elapsed(), cpu().saturating_sub(spent));
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).map_or(0, Duration::as_micros);
    let count = times.len() as f64;
    say(&format!(
        "{name:<36}{:>10.0}{:>12.1}{:>10}{:>10}",
        count / wall.as_secs_f64(),
        spent.as_secs_f64() * 1e6 / count,
        at(50),
        at(99)
    ));
    Ok(())
}

async fn lane<A, F>(act: A, first: u64, each: u64) -> Result<Vec<Duration>, Fault>
where
    A: Fn(u64) -> F,
    F: Future<Output = Result<(), Fault>>,
{
    let mut times = Vec::new();
    for n in first..first + each {
        let begun = Instant::now();
        act(n).await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// User and system time of this process so far; Linux counts it in hundredths of a second.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields = after.split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.filter_map(|n| n.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
