//! How fast a client must be: a head within 10 s of its first byte, bodies and answers that move, 75 s of idleness.
//! Counted where the bytes pass, judged in one place.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::Limits;

/// One connection's pace.
pub(super) struct Pace {
    limits: Limits,
    state: Mutex<State>,
}

struct State {
    /// When the last request ended.
    idle_since: Instant,
    /// When the first byte of a request came that is not whole yet; HTTP/1 only: HTTP/2 talks between requests.
    head_since: Option<Instant>,
    heads: bool,
    requests: u32,
    incoming: Flow,
    outgoing: Flow,
}

/// Bytes that must move while anything waits for them.
struct Flow {
    waiting: u32,
    since: Instant,
    bytes: u64,
}

/// What becomes of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Look again at that instant.
    Fine { until: Instant },
    /// Nothing asked for too long: say goodbye.
    Idle,
    /// Too slow: cut.
    Slow,
}

impl Pace {
    pub(super) fn new(limits: Limits, heads: bool) -> Arc<Self> {
        let now = Instant::now();
        let flow = || Flow { waiting: 0, since: now, bytes: 0 };
        let (incoming, outgoing) = (flow(), flow());
        let state = State { idle_since: now, head_since: None, heads, requests: 0, incoming, outgoing };
        Arc::new(Self { limits, state: Mutex::new(state) })
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn verdict(&self, now: Instant) -> Verdict {
        let limits = &self.limits;
        let state = &mut *self.lock();
        // while a request is in work, look often enough to see what changes meanwhile
        let mut until = now + limits.head / 2;
        if state.requests == 0 {
            match state.head_since.map(|since| since + limits.head) {
                Some(end) if now >= end => return Verdict::Slow,
                Some(end) => until = end,
                None => until = state.idle_since + limits.idle,
            }
        }
        for flow in [&mut state.incoming, &mut state.outgoing].into_iter().filter(|flow| flow.waiting > 0) {
            if now >= flow.since + limits.body {
                if flow.bytes < limits.least {
                    return Verdict::Slow;
                }
                flow.restart(now);
            }
            until = until.min(flow.since + limits.body);
        }
        if until > now { Verdict::Fine { until } } else { Verdict::Idle }
    }

    /// A request's head is whole.
    pub(super) fn begin(self: &Arc<Self>) -> Served {
        let mut state = self.lock();
        state.requests += 1;
        state.head_since = None;
        Served(Arc::clone(self))
    }

    fn wait(self: &Arc<Self>, way: Way) -> Waiting {
        let mut state = self.lock();
        let flow = state.flow(way);
        flow.waiting += 1;
        if flow.waiting == 1 {
            flow.restart(Instant::now());
        }
        Waiting { pace: Arc::clone(self), way }
    }

    fn moved(&self, way: Way, bytes: usize) {
        let mut state = self.lock();
        let flow = state.flow(way);
        flow.bytes = flow.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if way == Way::In && state.heads && state.requests == 0 && state.head_since.is_none() && bytes > 0 {
            state.head_since = Some(Instant::now());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn flow(&mut self, way: Way) -> &mut Flow {
        match way {
            Way::In => &mut self.incoming,
            Way::Out => &mut self.outgoing,
        }
    }
}

impl Flow {
    fn restart(&mut self, now: Instant) {
        self.since = now;
        self.bytes = 0;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

/// A request in work, until its answer has been handed over.
pub(super) struct Served(Arc<Pace>);

impl Drop for Served {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.requests = state.requests.saturating_sub(1);
        state.idle_since = Instant::now();
    }
}

/// Somebody waits for bytes to move.
struct Waiting {
    pace: Arc<Pace>,
    way: Way,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.pace.lock();
        let flow = state.flow(self.way);
        flow.waiting = flow.waiting.saturating_sub(1);
    }
}

/// A request whose body must move.
pub(super) fn receiving(pace: &Arc<Pace>, request: hyper::Request<Incoming>) -> Request {
    request.map(|body| {
        if body.is_end_stream() {
            return Body::empty();
        }
        Body::new(Kept { body, kept: Some(pace.wait(Way::In)) })
    })
}

/// An answer whose body must move; the request ends with it.
pub(super) fn sending(pace: &Arc<Pace>, response: Response, served: Served) -> Response {
    response.map(|body| Body::new(Kept { body, kept: Some((served, pace.wait(Way::Out))) }))
}

/// A body, and what is to be dropped at its end.
struct Kept<B, K> {
    body: B,
    kept: Option<K>,
}

impl<B, K> HttpBody for Kept<B, K>
where
    B: HttpBody<Data = Bytes> + Unpin,
    K: Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) || self.body.is_end_stream() {
            self.kept = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream that counts what passes.
pub(super) struct Paced<S> {
    stream: S,
    pace: Arc<Pace>,
    /// The client does not take what is written.
    blocked: Option<Waiting>,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S, pace: Arc<Pace>) -> Self {
        Self { stream, pace, blocked: None }
    }

    fn wrote(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(bytes)) => {
                self.pace.moved(Way::Out, *bytes);
                self.blocked = None;
            }
            Poll::Ready(Err(_)) => self.blocked = None,
            Poll::Pending => {
                self.blocked.get_or_insert_with(|| self.pace.wait(Way::Out));
            }
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.pace.moved(Way::In, buffer.filled().len().saturating_sub(before));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        let written = self.wrote(flushed.map_ok(|()| 0));
        written.map_ok(|_| ())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn pace(heads: bool) -> Arc<Pace> {
        Pace::new(Limits::default(), heads)
    }

    fn after(pace: &Pace, seconds: u64) -> Verdict {
        let start = pace.lock().idle_since;
        pace.verdict(start + Duration::from_secs(seconds))
    }

    #[test]
    fn an_idle_connection_is_told_goodbye_after_75_seconds() {
        let pace = pace(true);
        assert!(matches!(after(&pace, 74), Verdict::Fine { .. }));
        assert_eq!(after(&pace, 75), Verdict::Idle);
    }

    #[test]
    fn a_head_that_is_not_whole_after_10_seconds_is_cut_and_a_whole_one_is_not() {
        let slow = pace(true);
        slow.moved(Way::In, 1);
        let came = slow.lock().head_since.unwrap();
        slow.moved(Way::In, 1);
        assert_eq!(slow.lock().head_since, Some(came), "a byte now and then wins no time");
        assert!(matches!(slow.verdict(came + Duration::from_millis(9_999)), Verdict::Fine { .. }));
        assert_eq!(slow.verdict(came + Duration::from_secs(10)), Verdict::Slow);
        let _served = slow.begin();
        assert!(matches!(slow.verdict(came + Duration::from_secs(10)), Verdict::Fine { .. }));
    }

    #[test]
    fn http2_talk_between_requests_is_no_head() {
        let pace = pace(false);
        pace.moved(Way::In, 9);
        assert!(matches!(after(&pace, 60), Verdict::Fine { .. }));
        assert_eq!(after(&pace, 75), Verdict::Idle);
    }

    #[test]
    fn a_flow_must_carry_its_bytes_in_each_span_both_ways() {
        for way in [Way::In, Way::Out] {
            let pace = pace(true);
            let _served = pace.begin();
            let _waiting = pace.wait(way);
            let start = pace.lock().flow(way).since;
            let at = |seconds| start + Duration::from_secs(seconds);
            pace.moved(way, 15_000);
            assert!(matches!(pace.verdict(at(30)), Verdict::Fine { .. }), "500 bytes a second");
            pace.moved(way, 14_999);
            assert!(matches!(pace.verdict(at(59)), Verdict::Fine { .. }));
            assert_eq!(pace.verdict(at(60)), Verdict::Slow);
        }
    }

    #[test]
    fn a_request_may_be_in_work_for_long_while_nobody_waits_for_the_client() {
        let pace = pace(true);
        let served = pace.begin();
        assert!(matches!(after(&pace, 500), Verdict::Fine { .. }));
        drop(served);
        assert!(matches!(after(&pace, 74), Verdict::Fine { .. }));
        assert_eq!(after(&pace, 75), Verdict::Idle);
    }
}
