use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::*;

/// A server on a free port; dropping `stop` stops it.
struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn start(router: Router, limits: Limits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let stopped = async {
        let _ = stopped.await;
    };
    let task = tokio::spawn(serve(listener, router, None, limits, stopped));
    Server { address, stop, task }
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads to the end of the connection.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        to_end(&mut stream).await
    }
}

async fn to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // a connection that is cut may end in a reset
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn short() -> Limits {
    let moment = Duration::from_millis(40);
    Limits { head: moment, body: moment, idle: moment, ..Limits::default() }
}

fn site() -> Router {
    Router::new()
        .route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| format!("hello {}", peer.ip())))
        .route("/panic", get(async || -> StatusCode { panic!("as ordered") }))
        .route("/echo", post(async |body: Bytes| body))
}

const LAST: &str = "connection: close\r\n\r\n";

#[tokio::test]
async fn a_request_is_answered_and_the_handler_knows_the_callers_address() {
    let server = start(site(), Limits::default()).await;
    let answer = server.exchange(format!("GET / HTTP/1.1\r\nhost: x\r\n{LAST}").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello 127.0.0.1"), "{answer}");
}

#[tokio::test]
async fn a_panic_is_one_failed_request_and_the_connection_goes_on() {
    let server = start(site(), Limits::default()).await;
    let two = format!("GET /panic HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n{LAST}");
    let answer = server.exchange(two.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 500") && answer.ends_with("hello 127.0.0.1"), "{answer}");
    assert!(!answer.contains("as ordered"));
}

#[tokio::test]
async fn a_head_of_more_than_16_kb_is_refused_and_a_smaller_one_is_not() {
    let server = start(site(), Limits::default()).await;
    let with =
        |length: usize| format!("GET / HTTP/1.1\r\nhost: x\r\nx-filler: {}\r\n{LAST}", "a".repeat(length));
    assert!(server.exchange(with(15_000).as_bytes()).await.starts_with("HTTP/1.1 200"));
    assert!(server.exchange(with(17_000).as_bytes()).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn a_client_that_stops_in_the_head_the_body_or_between_requests_is_let_go() {
    let server = start(site(), short()).await;
    for bytes in [
        "",
        "GET / HT",
        "GET / HTTP/1.1\r\nhost: x\r\n",
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc",
    ] {
        assert_eq!(server.exchange(bytes.as_bytes()).await, "", "{bytes:?}");
    }
    let answer = server.exchange(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.ends_with("hello 127.0.0.1"), "answered, then let go: {answer}");
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_let_go() {
    let (dropped, mut heard) = mpsc::channel::<()>(1);
    let router = Router::new().route(
        "/",
        get(async move || {
            let dropped = dropped.clone();
            let endless = futures_util::stream::repeat_with(move || {
                let _alive = &dropped;
                Ok::<_, std::convert::Infallible>(Bytes::from_static(&[7; 65_536]))
            });
            Body::from_stream(endless)
        }),
    );
    let server = start(router, Limits { least: u64::MAX, ..short() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    drop(server.stop);
    server.task.await.unwrap();
    assert!(heard.recv().await.is_none(), "the answer's body was dropped");
}

#[tokio::test]
async fn a_stop_lets_the_request_in_flight_finish_and_takes_no_other() {
    let (entered, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, outside) = ((Arc::clone(&entered), Arc::clone(&go_on)), (entered, go_on));
    let router = Router::new().route(
        "/",
        get(async move || {
            inside.0.notify_one();
            inside.1.notified().await;
            "finished"
        }),
    );
    let server = start(router, Limits::default()).await;
    let idle = server.connect().await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    outside.0.notified().await;
    drop(server.stop);
    let mut idle = idle;
    assert_eq!(to_end(&mut idle).await, "", "nothing was asked there");
    assert!(TcpStream::connect(server.address).await.is_err(), "the door is closed");
    outside.1.notify_one();
    let answer = to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("finished"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    server.task.await.unwrap();
}

#[tokio::test]
async fn a_request_that_does_not_finish_holds_the_stop_only_so_long() {
    let router = Router::new().route("/", get(std::future::pending::<StatusCode>));
    let server = start(router, Limits { drain: Duration::from_millis(20), ..Limits::default() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    drop(server.stop);
    server.task.await.unwrap();
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_seat() {
    let served = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&served);
    let router =
        Router::new().route("/", get(async move || count.fetch_add(1, Ordering::SeqCst).to_string()));
    let server = start(router, Limits { connections: 1, ..Limits::default() }).await;
    let mut first = server.connect().await;
    let mut second = server.connect().await;
    second.write_all(format!("GET / HTTP/1.1\r\nhost: x\r\n{LAST}").as_bytes()).await.unwrap();
    first.write_all(format!("GET / HTTP/1.1\r\nhost: x\r\n{LAST}").as_bytes()).await.unwrap();
    assert!(to_end(&mut second).await.ends_with("\r\n\r\n1"), "after the first");
    assert!(to_end(&mut first).await.ends_with("\r\n\r\n0"));
}
