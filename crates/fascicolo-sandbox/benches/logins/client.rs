//! A small HTTP/1.1 client: some connections that stay open, each sending the next request of a list.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::meter::{percentile, site_cpu};

pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Of a redirect; nobody asks the others anything, and what the load keeps would count as the site's memory.
    head: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        value(&self.head, name)
    }
}

fn value<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
}

/// What became of a list of requests.
pub(crate) struct Run {
    pub(crate) wall: Duration,
    /// Of the site, for all of them.
    pub(crate) cpu: Duration,
    /// Of each request, in order; from when it was due if there was a pace.
    pub(crate) times: Vec<Duration>,
    /// In the order of the requests.
    pub(crate) replies: Vec<Reply>,
}

impl Run {
    pub(crate) fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.wall.as_secs_f64()
    }

    pub(crate) fn cpu_each(&self) -> Duration {
        self.cpu / u32::try_from(self.times.len()).unwrap()
    }

    pub(crate) fn latency(&self, share: usize) -> Duration {
        percentile(&self.times, share)
    }
}

/// How to send.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) connections: usize,
    /// The time from one request to the next, over all connections; `None`: as fast as replies come.
    pub(crate) pace: Option<Duration>,
}

impl Manner {
    pub(crate) const FULL: Self = Self { connections: 32, pace: None };
    pub(crate) const ALONE: Self = Self { connections: 1, pace: None };
}

/// Sends a list of requests; a connection that breaks ends the program.
pub(crate) fn send(load: &Runtime, to: SocketAddr, requests: Vec<Bytes>, manner: Manner) -> Run {
    let before = site_cpu();
    let (wall, mut answered) = load.block_on(exchange(to, requests.into(), manner));
    let cpu = site_cpu().saturating_sub(before);
    answered.sort_by_key(|answered| answered.at);
    let (times, replies) = answered.into_iter().map(|answered| (answered.time, answered.reply)).unzip();
    Run { wall, cpu, times, replies }
}

struct Answered {
    at: usize,
    time: Duration,
    reply: Reply,
}

async fn exchange(to: SocketAddr, requests: Arc<[Bytes]>, manner: Manner) -> (Duration, Vec<Answered>) {
    let mut streams = Vec::new();
    for _ in 0..manner.connections {
        let stream = TcpStream::connect(to).await.unwrap();
        stream.set_nodelay(true).unwrap();
        streams.push(stream);
    }
    let (next, begun) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let lanes: Vec<_> = streams
        .into_iter()
        .map(|stream| {
            let lane = Lane { stream, buffer: Vec::new(), begun, pace: manner.pace };
            tokio::spawn(lane.run(Arc::clone(&requests), Arc::clone(&next)))
        })
        .collect();
    let mut answered = Vec::new();
    for lane in lanes {
        answered.extend(lane.await.unwrap());
    }
    (begun.elapsed(), answered)
}

struct Lane {
    stream: TcpStream,
    buffer: Vec<u8>,
    begun: Instant,
    pace: Option<Duration>,
}

impl Lane {
    async fn run(mut self, requests: Arc<[Bytes]>, next: Arc<AtomicUsize>) -> Vec<Answered> {
        let mut answered = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = requests.get(at) else { return answered };
            let mut due = Instant::now();
            if let Some(pace) = self.pace {
                due = self.begun + pace * u32::try_from(at).unwrap();
                tokio::time::sleep_until(due.into()).await;
            }
            self.stream.write_all(request).await.unwrap();
            let reply = self.reply().await;
            answered.push(Answered { at, time: due.elapsed(), reply });
        }
    }

    async fn reply(&mut self) -> Reply {
        let length = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await;
        };
        let mut head = String::from_utf8(self.buffer[..length].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body: usize = value(&head, "content-length").parse().unwrap();
        while self.buffer.len() < length + body {
            self.more().await;
        }
        self.buffer.drain(..length + body);
        if status != 302 {
            head = String::new();
        }
        Reply { status, head }
    }

    async fn more(&mut self) {
        let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
        assert_ne!(read, 0, "the site closed a connection");
    }
}
