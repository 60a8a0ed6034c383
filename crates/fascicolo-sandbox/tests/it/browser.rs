//! A browser of a few lines: HTTP/1.1 over TCP or TLS, cookies by host, links and forms found by their text.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

#[derive(Clone)]
pub(crate) struct Browser {
    tls: TlsConnector,
    /// By host and name.
    cookies: BTreeMap<(String, String), String>,
}

pub(crate) struct Page {
    pub(crate) url: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Browser {
    /// One that trusts this authority alone.
    pub(crate) fn trusting(ca: &Path) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
        let config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
        Self { tls: TlsConnector::from(Arc::new(config)), cookies: BTreeMap::new() }
    }

    /// One request, no redirect followed.
    pub(crate) async fn get_once(&mut self, url: &str) -> Page {
        self.send("GET", url, "", None).await
    }

    /// Follows redirects.
    pub(crate) async fn get(&mut self, url: &str) -> Page {
        let page = self.get_once(url).await;
        self.follow(page).await
    }

    /// Posts a form from a page of `origin`, and follows redirects.
    pub(crate) async fn post(&mut self, url: &str, fields: &[(&str, &str)], origin: &str) -> Page {
        let page = self.post_once(url, fields, origin).await;
        self.follow(page).await
    }

    pub(crate) async fn post_once(&mut self, url: &str, fields: &[(&str, &str)], origin: &str) -> Page {
        let encoded: Vec<String> =
            fields.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
        self.send("POST", url, &encoded.join("&"), Some(origin)).await
    }

    async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..10 {
            let Some(location) = page.header("location").filter(|_| (300..400).contains(&page.status)) else {
                break;
            };
            let target = absolute(&page.url, location);
            page = self.get_once(&target).await;
        }
        page
    }

    async fn send(&mut self, method: &str, url: &str, body: &str, origin: Option<&str>) -> Page {
        let (scheme, rest) = url.split_once("://").unwrap();
        let rest = rest.split('#').next().unwrap();
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut request = format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        request += "Accept: text/html\r\nAccept-Language: it\r\n";
        // cookies know no ports
        let name = host.split(':').next().unwrap();
        let cookies = self.cookies.iter().filter(|((h, _), _)| h == name);
        let cookies: Vec<String> = cookies.map(|((_, name), value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request += &format!("Cookie: {}\r\n", cookies.join("; "));
        }
        if let Some(origin) = origin {
            request += &format!("Origin: {origin}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        request += &format!("\r\n{body}");
        let stream = TcpStream::connect(host.replace("localhost", "127.0.0.1")).await.unwrap();
        let answer = if scheme == "https" {
            let certified = ServerName::try_from(name.to_owned()).unwrap();
            exchange(self.tls.connect(certified, stream).await.unwrap(), &request).await
        } else {
            exchange(stream, &request).await
        };
        let page = Page::read(url, &answer);
        for (_, line) in page.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (cookie, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            let key = (name.to_owned(), cookie.to_owned());
            if line.contains("Max-Age=0") {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, value.to_owned());
            }
        }
        page
    }

    pub(crate) fn has_cookie(&self, name: &str) -> bool {
        self.cookies.keys().any(|(_, n)| n == name)
    }
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> Vec<u8> {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}

impl Page {
    fn read(url: &str, answer: &[u8]) -> Self {
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a whole head");
        let head = std::str::from_utf8(&answer[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let chunked = headers.iter().any(|(n, v)| n == "transfer-encoding" && v == "chunked");
        let body = &answer[end + 4..];
        let body = if chunked { dechunk(body) } else { body.to_vec() };
        Self { url: url.to_owned(), status, headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first link whose address contains a text.
    pub(crate) fn link(&self, containing: &str) -> String {
        let text = self.text();
        let found = text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let found = found.map(unescape).find(|href| href.contains(containing));
        absolute(&self.url, &found.unwrap_or_else(|| panic!("no link with {containing} in {text}")))
    }

    /// Where the first form that contains a text goes.
    pub(crate) fn form_action(&self, containing: &str) -> String {
        let text = self.text();
        let mut forms = text.split("<form").skip(1).filter(|form| form.contains(containing));
        let form = forms.next().unwrap_or_else(|| panic!("no form with {containing} in {text}"));
        let action = form.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        absolute(&self.url, &unescape(action))
    }

    /// The value of a hidden field.
    pub(crate) fn field(&self, name: &str) -> String {
        let text = self.text();
        let rest = text.split(&format!("name=\"{name}\" value=\"")).nth(1);
        unescape(
            rest.and_then(|rest| rest.split('"').next())
                .unwrap_or_else(|| panic!("no field {name} in {text}")),
        )
    }
}

fn dechunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|w| w == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 2 + size + 2..];
    }
}

fn absolute(from: &str, to: &str) -> String {
    if to.contains("://") {
        return to.to_owned();
    }
    let origin: Vec<&str> = from.splitn(4, '/').take(3).collect();
    format!("{}{to}", origin.join("/"))
}

fn unescape(text: &str) -> String {
    let text = text.replace("&#38;", "&").replace("&amp;", "&").replace("&#61;", "=").replace("&#x2F;", "/");
    text.replace("&#34;", "\"").replace("&quot;", "\"")
}

fn encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
