//! Files from the web: over TLS, from the address asked for and no other, within a size and a time.

use std::time::Duration;

use fascicolo_domain::Fault;
use fascicolo_web::ports::Fetch;
use futures_util::future::BoxFuture;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(30);

/// Fetches over HTTPS; over plain HTTP from this machine alone (the sandbox).
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
            .timeout(WHOLE)
            .no_proxy()
            .user_agent(concat!("fascicolo/", env!("CARGO_PKG_VERSION")))
            .build();
        client.map(Self).map_err(|e| Fault::new("opening the web", e))
    }
}

impl Fetch for WebFetch {
    fn get<'a>(&'a self, url: &'a str, largest: usize) -> BoxFuture<'a, Result<Vec<u8>, Fault>> {
        Box::pin(async move {
            let url: Url = url.parse().map_err(|e| Fault::new("reading an address", format!("{e}")))?;
            let here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
            if url.scheme() != "https" && !(url.scheme() == "http" && here) {
                return Err(Fault::bare("fetching over something else than https"));
            }
            let failed = |e: reqwest::Error| Fault::new("fetching a file", e.without_url());
            let mut answer = self.0.get(url).send().await.map_err(failed)?;
            if answer.status() != reqwest::StatusCode::OK {
                return Err(Fault::new("fetching a file", format!("the answer was {}", answer.status())));
            }
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(failed)? {
                if body.len() + chunk.len() > largest {
                    return Err(Fault::bare("fetching a file: it is too large"));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(body)
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
        WebFetch::new().unwrap().get(url, 10).await.map_err(|fault| format!("{fault:?}"))
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
