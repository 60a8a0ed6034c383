//! Other servers of the web: over TLS, at the address asked for and no other, within a size and a time.

use std::time::Duration;

use fascicolo_domain::Fault;
use fascicolo_web::ports::{Fetch, Reply, Request};
use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

const CONNECT: Duration = Duration::from_secs(5);
const FORM: &str = "application/x-www-form-urlencoded";

/// Asks over HTTPS; over plain HTTP on this machine alone (the sandbox).
pub struct WebFetch(Client);

impl WebFetch {
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn new() -> Result<Self, Fault> {
        // another part of the program may have chosen the same already
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .no_proxy()
            .user_agent(concat!("fascicolo/", env!("CARGO_PKG_VERSION")))
            .build();
        client.map(Self).map_err(|e| Fault::new("opening the web", e))
    }
}

impl Fetch for WebFetch {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Fault>> {
        Box::pin(async move {
            let url: Url =
                request.url.parse().map_err(|e| Fault::new("reading an address", format!("{e}")))?;
            let here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
            if url.scheme() != "https" && !(url.scheme() == "http" && here) {
                return Err(Fault::bare("fetching over something else than https"));
            }
            let failed = |e: reqwest::Error| Fault::new("fetching a file", e.without_url());
            let mut going = match request.form {
                None => self.0.get(url),
                Some(form) => self.0.post(url).header(CONTENT_TYPE, FORM).body(form),
            };
            if let Some(authorization) = request.authorization {
                going = going.header(AUTHORIZATION, authorization);
            }
            let mut answer = going.timeout(request.within).send().await.map_err(failed)?;
            let status = answer.status().as_u16();
            let content_type = answer.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
            let content_type = content_type.unwrap_or_default().to_owned();
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(failed)? {
                if body.len() + chunk.len() > request.largest {
                    return Err(Fault::bare("fetching a file: it is too large"));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Reply { status, content_type, body })
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A server of one answer; the address of a file on it.
    async fn serving(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        format!("http://127.0.0.1:{port}/file")
    }

    async fn got(url: &str) -> Result<Vec<u8>, String> {
        let fetch: Box<dyn Fetch> = Box::new(WebFetch::new().unwrap());
        fetch.file(Request::get(url, 10)).await.map_err(|fault| format!("{fault:?}"))
    }

    #[tokio::test]
    async fn a_good_answer_is_its_body_and_any_other_is_a_fault() {
        let whole = serving("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789").await;
        assert_eq!(got(&whole).await.as_deref(), Ok(&b"0123456789"[..]));
        for (answer, why) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789a", "too large"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234", "fetching a file"),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", "404"),
            (
                "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n",
                "302",
            ),
            ("no HTTP at all", "fetching a file"),
        ] {
            let fault = got(&serving(answer).await).await.unwrap_err();
            assert!(fault.contains(why), "{why}: {fault}");
        }
    }

    #[tokio::test]
    async fn nothing_is_fetched_in_the_clear_from_another_machine() {
        for url in [
            "http://registry.example/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
            "http://127.0.0.1.example/",
        ] {
            let fault = got(url).await.unwrap_err();
            assert!(fault.contains("https"), "{url}: {fault}");
        }
        assert!(got("nothing").await.unwrap_err().contains("reading an address"));
    }
}
