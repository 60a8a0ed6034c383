//! Other servers of the web: over TLS, at the address asked for and no other, within a size and a time, and not inside
//! our own network unless that was allowed (CIE-14).

mod addresses;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use fascicolo_domain::Fault;
use fascicolo_web::ports::{Fetch, Reply, Request};
use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use self::addresses::{PublicOnly, is_public};

const CONNECT: Duration = Duration::from_secs(5);
const FORM: &str = "application/x-www-form-urlencoded";

/// How far a fetch may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// HTTPS, to public addresses.
    Public,
    /// HTTPS, to any address: a federation on trial inside the network.
    Private,
    /// HTTPS to any address, and plain HTTP on this machine (the sandbox).
    Local,
}

/// Asks other servers, over connections that are kept for the next question.
pub struct WebFetch {
    client: Client,
    private: bool,
    plain: bool,
}

impl WebFetch {
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn new(reach: Reach) -> Result<Self, Fault> {
        Self::build(reach != Reach::Public, reach == Reach::Local)
    }

    fn build(private: bool, plain: bool) -> Result<Self, Fault> {
        // another part of the program may have chosen the same already
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let builder = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .no_proxy()
            .user_agent(concat!("fascicolo/", env!("CARGO_PKG_VERSION")));
        let builder = if private { builder } else { builder.dns_resolver(Arc::new(PublicOnly)) };
        let client = builder.build().map_err(|e| Fault::new("opening the web", e))?;
        Ok(Self { client, private, plain })
    }

    /// Refuses what may not be asked. A name is judged when it has been looked up, an address here.
    fn admit(&self, url: &Url) -> Result<(), Fault> {
        let host = url.host_str().unwrap_or_default();
        let here = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
        if url.scheme() != "https" && !(self.plain && url.scheme() == "http" && here) {
            return Err(Fault::bare("fetching over something else than https"));
        }
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>();
        if !self.private && literal.is_ok_and(|address| !is_public(address)) {
            return Err(Fault::bare("fetching from an address that is not public"));
        }
        Ok(())
    }
}

impl Fetch for WebFetch {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Fault>> {
        Box::pin(async move {
            let url: Url =
                request.url.parse().map_err(|e| Fault::new("reading an address", format!("{e}")))?;
            self.admit(&url)?;
            let failed = |e: reqwest::Error| Fault::new("fetching a file", e.without_url());
            let mut going = match request.form {
                None => self.client.get(url),
                Some(form) => self.client.post(url).header(CONTENT_TYPE, FORM).body(form),
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

    async fn got_by(fetch: WebFetch, url: &str) -> Result<Vec<u8>, String> {
        let fetch: Box<dyn Fetch> = Box::new(fetch);
        fetch.file(Request::get(url, 10)).await.map_err(|fault| format!("{fault:?}"))
    }

    async fn got(url: &str) -> Result<Vec<u8>, String> {
        got_by(WebFetch::new(Reach::Local).unwrap(), url).await
    }

    const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /// CIE-14: `localhost` is a name, and what it leads to is known only by looking it up.
    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_unless_that_is_allowed() {
        let url = serving(GOOD).await.replace("127.0.0.1", "localhost");
        let refused = got_by(WebFetch::build(false, true).unwrap(), &url).await.unwrap_err();
        assert!(refused.contains("the name leads to no public address"), "{refused}");
        let got = got_by(WebFetch::build(true, true).unwrap(), &url).await;
        assert_eq!(got.as_deref(), Ok(&b"ok"[..]));
    }

    /// CIE-14.
    #[tokio::test]
    async fn an_address_inside_is_refused_however_it_is_written() {
        for host in
            ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "10.0.0.1", "[fd00::1]"]
        {
            let url = format!("https://{host}:1/");
            let refused = got_by(WebFetch::new(Reach::Public).unwrap(), &url).await.unwrap_err();
            assert!(refused.contains("an address that is not public"), "{host}: {refused}");
        }
        let url = serving(GOOD).await;
        let refused = got_by(WebFetch::build(false, true).unwrap(), &url).await.unwrap_err();
        assert!(refused.contains("an address that is not public"), "{refused}");
        assert!(got_by(WebFetch::build(true, true).unwrap(), &url).await.is_ok());
    }

    /// CIE-14.
    #[tokio::test]
    async fn plain_http_is_for_the_sandbox_alone() {
        let url = serving(GOOD).await;
        for reach in [Reach::Public, Reach::Private] {
            let refused = got_by(WebFetch::new(reach).unwrap(), &url).await.unwrap_err();
            assert!(refused.contains("https"), "{refused}");
        }
        assert!(got(&url).await.is_ok());
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
