//! Processor time by thread, memory, and how a figure is printed next to its bar.

use std::fs;
use std::time::Duration;

/// Names that the site's threads begin with: its runtime's, and its store's. All others belong to the load.
pub(crate) const SITE: &str = "site";
const STORE: &str = "store-";

pub(crate) enum Bar {
    AtMost(f64),
    AtLeast(f64),
}

/// The line of `tools/bench/server.py`.
pub(crate) fn row(what: &str, figure: f64, unit: &str, bar: &Bar) {
    let (good, sign, bar) = match bar {
        Bar::AtMost(bar) => (figure <= *bar, '≤', bar),
        Bar::AtLeast(bar) => (figure >= *bar, '≥', bar),
    };
    let verdict = if good { "ok  " } else { "OVER" };
    println!("{verdict}  {what:<68} {figure:>9.2} {unit:<4} bar {sign} {bar}");
}

pub(crate) fn note(text: &str) {
    println!("      {text}");
}

/// Processor time of the site so far.
pub(crate) fn site_cpu() -> Duration {
    settle();
    let mut spent = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap().path();
        // a thread may end between the two lines
        let name = fs::read_to_string(task.join("comm")).unwrap_or_default();
        if name.starts_with(SITE) || name.starts_with(STORE) {
            spent += scheduled(&task.join("schedstat").display().to_string());
        }
    }
    spent
}

/// Processor time of the calling thread so far.
pub(crate) fn own_cpu() -> Duration {
    settle();
    scheduled("/proc/thread-self/schedstat")
}

/// The scheduler's account, in nanoseconds.
fn scheduled(path: &str) -> Duration {
    let text = fs::read_to_string(path).unwrap_or_default();
    let spent = text.split_whitespace().next().and_then(|first| first.parse().ok());
    Duration::from_nanos(spent.unwrap_or(0))
}

/// A thread's time is on the account once it has left the processor.
fn settle() {
    std::thread::sleep(Duration::from_millis(3));
}

/// Resident megabytes.
pub(crate) fn memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// The value below which a share of the values lies, in percent.
pub(crate) fn percentile<T: Copy + Ord>(values: &[T], share: usize) -> T {
    let mut sorted = values.to_vec();
    sorted.sort();
    sorted[((sorted.len() - 1) * share).div_ceil(100)]
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
