//! The accept loop: plain or TLS 1.2/1.3, HTTP/1.1 or HTTP/2 by ALPN, with limits on size and time at the socket
//! (SEC-1.12) and a graceful stop. A handler that panics is one failed request, never a dead process.

mod observe;
mod pace;

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::middleware::from_fn;
use axum::response::Response;
use futures_util::FutureExt as _;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

pub use observe::catch_panics;
use pace::{Pace, Paced, Verdict};

/// The whole head of a request.
const HEAD: usize = 16 * 1024;
/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 64;
/// What is kept in memory for a slow reader of one HTTP/2 stream.
const SEND_BUFFER: usize = 64 * 1024;

/// How long a connection may take, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From a request's first byte to the end of its head, and for the TLS handshake.
    pub head: Duration,
    /// How long a body or an answer may stand still; each such span must carry `least` bytes.
    pub body: Duration,
    pub least: u64,
    /// Between requests.
    pub idle: Duration,
    /// Connections at once; more wait unaccepted.
    pub connections: usize,
    /// What requests in flight get to finish after a stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            least: 30 * 500,
            idle: Duration::from_secs(75),
            connections: 16_384,
            drain: Duration::from_secs(10),
        }
    }
}

/// Serves until `stop` is ready, then stops accepting, lets the requests in flight finish for at most
/// `limits.drain`, and returns.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<rustls::ServerConfig>>,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let (stopping, stopped) = watch::channel(false);
    let door = Arc::new(Door {
        router: router.layer(from_fn(catch_panics)).layer(from_fn(observe::observe)),
        tls: tls.map(TlsAcceptor::from),
        limits,
        stopped,
    });
    let seats = Arc::new(Semaphore::new(limits.connections));
    let mut stop = pin!(stop);
    loop {
        let (accepted, seat) = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &seats) => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // out of descriptors, or a client that was gone before it was accepted
                tracing::warn!("accepting a connection: {error}");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        door.let_in(stream, peer, seat);
    }
    // whoever is in the queue already is served; the next ones find the door closed
    while let Some((Ok((stream, peer)), seat)) = accept(&listener, &seats).now_or_never() {
        door.let_in(stream, peer, seat);
    }
    drop((listener, door));
    stopping.send_replace(true);
    if timeout(limits.drain, stopping.closed()).await.is_err() {
        tracing::warn!(connections = stopping.receiver_count(), "stopped with requests in flight");
    }
}

type Seat = Option<tokio::sync::OwnedSemaphorePermit>;

async fn accept(
    listener: &TcpListener,
    seats: &Arc<Semaphore>,
) -> (io::Result<(TcpStream, SocketAddr)>, Seat) {
    let seat = Arc::clone(seats).acquire_owned().await.ok();
    (listener.accept().await, seat)
}

/// What every connection needs.
struct Door {
    router: Router,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    stopped: watch::Receiver<bool>,
}

impl Door {
    fn let_in(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, seat: Seat) {
        let door = Arc::clone(self);
        tokio::spawn(async move {
            door.welcome(stream, peer).await;
            drop(seat);
        });
    }

    async fn welcome(&self, stream: TcpStream, peer: SocketAddr) {
        // a silent connection costs its descriptor and this small task, nothing more
        let mut stopped = self.stopped.clone();
        tokio::select! {
            biased;
            readable = stream.readable() => if readable.is_err() { return },
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = sleep(self.limits.idle) => return,
        }
        drop(stopped);
        // without it small answers wait for an acknowledgement; a socket that refuses works all the same
        let _ = stream.set_nodelay(true);
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        let Some(acceptor) = &self.tls else {
            return Box::pin(self.http1(stream, peer)).await;
        };
        let Ok(Ok(stream)) = timeout(self.limits.head, Box::pin(acceptor.accept(stream))).await else {
            metrics::counter!("fascicolo_tls_handshakes_failed_total").increment(1);
            return;
        };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            Box::pin(self.http2(stream, peer)).await;
        } else {
            Box::pin(self.http1(stream, peer)).await;
        }
    }

    async fn http1(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: SocketAddr) {
        let pace = Pace::new(self.limits, true);
        let service = Answering { router: self.router.clone(), peer, pace: Arc::clone(&pace) };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(None) // `Pace` tells a slow head from an idle connection
            .max_buf_size(HEAD)
            .serve_connection(TokioIo::new(Paced::new(stream, Arc::clone(&pace))), service);
        drive(connection, &pace, self.stopped.clone()).await;
    }

    async fn http2(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: SocketAddr) {
        let pace = Pace::new(self.limits, false);
        let service = Answering { router: self.router.clone(), peer, pace: Arc::clone(&pace) };
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(HEAD).unwrap_or(u32::MAX))
            .max_concurrent_streams(STREAMS)
            .max_send_buf_size(SEND_BUFFER)
            .serve_connection(TokioIo::new(Paced::new(stream, Arc::clone(&pace))), service);
        drive(connection, &pace, self.stopped.clone()).await;
    }
}

/// Runs a connection to its end, to its limits, or to the stop of the server.
async fn drive<C: GracefulConnection>(connection: C, pace: &Pace, mut stopped: watch::Receiver<bool>) {
    let mut connection = pin!(connection);
    let mut stop = pin!(stopped.wait_for(|stopped| *stopped));
    let mut alarm = pin!(sleep_until(Instant::now()));
    let (mut stopping, mut last_words) = (false, None);
    std::future::poll_fn(|context: &mut Context<'_>| {
        if connection.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        // after the first look at the connection, so that a request that had arrived is answered
        if !stopping && stop.as_mut().poll(context).is_ready() {
            stopping = true;
            connection.as_mut().graceful_shutdown();
            if connection.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
        }
        loop {
            let now = Instant::now();
            let deadline = match (pace.verdict(now), last_words) {
                (Verdict::Slow, _) => return Poll::Ready(()),
                (Verdict::Fine { until }, _) => until,
                (Verdict::Idle, None) => {
                    // a goodbye where the protocol has one, and a moment to take it
                    connection.as_mut().graceful_shutdown();
                    if connection.as_mut().poll(context).is_ready() {
                        return Poll::Ready(());
                    }
                    *last_words.insert(now + pace.limits().head)
                }
                (Verdict::Idle, Some(end)) if now >= end => return Poll::Ready(()),
                (Verdict::Idle, Some(end)) => end,
            };
            alarm.as_mut().reset(deadline);
            if alarm.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await;
}

/// One connection's requests, each with the caller's address.
#[derive(Clone)]
struct Answering {
    router: Router,
    peer: SocketAddr,
    pace: Arc<Pace>,
}

impl hyper::service::Service<Request<Incoming>> for Answering {
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Self::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut request = pace::receiving(&self.pace, request);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let (pace, mut router) = (Arc::clone(&self.pace), self.router.clone());
        let served = pace.begin();
        Box::pin(async move {
            let Ok(response) = tower::Service::call(&mut router, request).await;
            Ok(pace::sending(&pace, response, served))
        })
    }
}

#[cfg(test)]
mod tests;
