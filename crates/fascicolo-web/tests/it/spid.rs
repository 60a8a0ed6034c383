//! A login with SPID as a browser carries it: to the provider's page, a choice there, and the answer back to the site.

use std::io::Read as _;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use fascicolo_eid::xml::{decode_base64, encode_base64};
use fascicolo_web::http::forms::{Fields, encode};
use flate2::read::DeflateDecoder;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::harness::{Answer, Browser, Site};

const FORM: &str = "application/x-www-form-urlencoded";

/// A login on its way: where the site sent the browser, and the cookies it set.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) url: String,
    pub(crate) cookies: Vec<String>,
}

impl Login {
    /// Starts at the site; `start` ends where the provider's entity id belongs.
    pub(crate) async fn begin(site: &Site, start: &str) -> Self {
        Self::begin_from(site, &site.browser(), start).await
    }

    pub(crate) async fn begin_from(site: &Site, browser: &Browser, start: &str) -> Self {
        Self::begin_at(site, browser, start, 0).await
    }

    /// With another of the sandbox's providers.
    pub(crate) async fn begin_at(site: &Site, browser: &Browser, start: &str, provider: usize) -> Self {
        let provider = &site.sandbox.idps.providers()[provider].entity_id;
        Self::start(browser, &format!("{start}{}", encode(provider))).await
    }

    /// By a whole address.
    pub(crate) async fn start(browser: &Browser, path: &str) -> Self {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{answer:?}");
        let set = answer.headers.get_all(header::SET_COOKIE).iter();
        Self {
            url: answer.header(header::LOCATION).to_owned(),
            cookies: set.map(|c| c.to_str().unwrap().to_owned()).collect(),
        }
    }

    /// A cross-site POST to the site: the session cookie does not travel with it, the login's own does.
    pub(crate) async fn send(&self, site: &Site, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        let cookies: Vec<&str> = self.cookies.iter().map(|c| c.split(';').next().unwrap()).collect();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, "localhost:8443")
            .header(header::ORIGIN, "http://127.0.0.1:8081")
            .header("sec-fetch-site", "cross-site")
            .header(header::CONTENT_TYPE, kind);
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        site.browser().answer(request.body(Body::from(body)).unwrap()).await
    }
}

/// The request that a redirect carries.
pub(crate) fn request_of(login: &Login) -> String {
    let fields = Fields::parse(login.url.split_once('?').unwrap().1.as_bytes()).unwrap();
    let mut xml = String::new();
    let deflated = decode_base64(fields.text("SAMLRequest")).unwrap();
    DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut xml).unwrap();
    xml
}

/// The provider's answer, in the browser's hands.
pub(crate) struct Handed {
    pub(crate) saml_response: String,
    relay_state: String,
}

impl Handed {
    /// The same answer with other words in it: no longer what was signed.
    pub(crate) fn altered(&self, from: &str, to: &str) -> Self {
        let xml = String::from_utf8(decode_base64(&self.saml_response).unwrap()).unwrap();
        assert!(xml.contains(from));
        let saml_response = encode_base64(xml.replace(from, to).as_bytes());
        Self { saml_response, relay_state: self.relay_state.clone() }
    }

    pub(crate) async fn post(&self, site: &Site, login: &Login) -> Answer {
        self.post_to(site, login, "/spid/acs").await
    }

    /// To an address of the site's.
    pub(crate) async fn post_to(&self, site: &Site, login: &Login, path: &str) -> Answer {
        let body =
            format!("SAMLResponse={}&RelayState={}", encode(&self.saml_response), encode(&self.relay_state));
        login.send(site, path, FORM, body.into_bytes()).await
    }
}

/// A browser on the provider's page.
pub(crate) struct Waiting {
    slug: String,
    handle: String,
}

impl Waiting {
    pub(crate) async fn at(site: &Site, login: &Login) -> Self {
        let path = login.url.strip_prefix("http://127.0.0.1:8081").unwrap();
        let page = standins(site, Request::get(path).body(Body::empty()).unwrap()).await;
        Self { slug: path.split('/').nth(2).unwrap().to_owned(), handle: field(&page, "richiesta") }
    }

    /// On the page that a form led to.
    pub(crate) fn of(page: &Answer, slug: &str) -> Self {
        Self { slug: slug.to_owned(), handle: field(page.text(), "richiesta") }
    }

    /// Chooses somebody, or a wrong answer about them.
    pub(crate) async fn choose(&self, site: &Site, person: &str, mistake: Option<&str>) -> Handed {
        let mut form = format!("richiesta={}&persona={person}", encode(&self.handle));
        if let Some(mistake) = mistake {
            form.push_str(&format!("&errore={mistake}"));
        }
        let post = Request::post(format!("/idp/{}/accesso", self.slug)).header(header::CONTENT_TYPE, FORM);
        let page = standins(site, post.body(Body::from(form)).unwrap()).await;
        Handed { saml_response: field(&page, "SAMLResponse"), relay_state: field(&page, "RelayState") }
    }
}

/// Goes to the provider's page and chooses at once.
pub(crate) async fn at_provider(site: &Site, login: &Login, person: &str, mistake: Option<&str>) -> Handed {
    Waiting::at(site, login).await.choose(site, person, mistake).await
}

/// The whole way in; the site's answer, and the browser afterwards.
pub(crate) async fn log_in_as(site: &Site, person: &str) -> (Answer, Browser) {
    let login = Login::begin(site, "/accesso/spid?idp=").await;
    let answer = at_provider(site, &login, person, None).await.post(site, &login).await;
    let browser = site.browser().with_cookies_of(&answer);
    (answer, browser)
}

/// A message in the browser's hands: an address to go to, or a form to send.
#[derive(Clone)]
pub(crate) enum Message {
    Go(String),
    Send { action: String, fields: Vec<(&'static str, String)> },
}

impl Message {
    /// What a site or a provider gave the browser to carry.
    pub(crate) fn of(answer: &Answer) -> Self {
        if answer.status.is_redirection() {
            return Self::Go(answer.header(header::LOCATION).to_owned());
        }
        let page = answer.text();
        let action = page.split("action=\"http").nth(1).unwrap_or_else(|| panic!("no form: {page}"));
        let names = ["SAMLRequest", "SAMLResponse", "RelayState"];
        let sent = names.into_iter().filter(|name| page.contains(&format!("name=\"{name}\"")));
        Self::Send {
            action: format!("http{}", action.split('"').next().unwrap()),
            fields: sent.map(|name| (name, field(page, name))).collect(),
        }
    }

    pub(crate) fn address(&self) -> &str {
        match self {
            Self::Go(url) => url,
            Self::Send { action, .. } => action,
        }
    }

    /// The same with other words in its fields or its query.
    pub(crate) fn altered(&self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Go(url) => Self::Go(change(url)),
            Self::Send { action, fields } => Self::Send {
                action: action.clone(),
                fields: fields.iter().map(|(name, value)| (*name, change(value))).collect(),
            },
        }
    }

    /// To another address of the site's.
    pub(crate) async fn carry_to(&self, site: &Site, path: &str) -> Answer {
        let place = format!("https://localhost:8443{path}");
        match self {
            Self::Go(url) => {
                let query = url.split_once('?').unwrap().1;
                Self::Go(format!("{place}?{query}")).carry(site).await
            }
            Self::Send { fields, .. } => {
                Self::Send { action: place, fields: fields.clone() }.carry(site).await
            }
        }
    }

    /// To where it is addressed; without cookies, as a form of another site.
    pub(crate) async fn carry(&self, site: &Site) -> Answer {
        let path = |url: &str| format!("/{}", url.splitn(4, '/').nth(3).unwrap());
        let request = match self {
            Self::Go(url) => Request::get(path(url)).body(Body::empty()).unwrap(),
            Self::Send { action, fields } => {
                let body: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
                let post = Request::post(path(action)).header(header::CONTENT_TYPE, FORM);
                let post = post.header("sec-fetch-site", "cross-site");
                post.body(Body::from(body.join("&"))).unwrap()
            }
        };
        if self.address().starts_with("http://127.0.0.1:8081") {
            return at_standins(site, request).await;
        }
        let mut request = request;
        request.headers_mut().insert(header::HOST, header::HeaderValue::from_static("localhost:8443"));
        site.browser().answer(request).await
    }
}

/// A request to the world outside the site.
pub(crate) async fn at_standins(site: &Site, mut request: Request<Body>) -> Answer {
    let host = header::HeaderValue::from_static("127.0.0.1:8081");
    request.headers_mut().insert(header::HOST, host);
    let (parts, body) = site.sandbox.standins.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body: Some(body) }
}

async fn standins(site: &Site, request: Request<Body>) -> String {
    at_standins(site, request).await.expect(StatusCode::OK).text().to_owned()
}

/// The value of a hidden field.
pub(crate) fn field(page: &str, name: &str) -> String {
    let (_, rest) =
        page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name}: {page}"));
    let value = rest.split('"').next().unwrap();
    value.replace("&#43;", "+").replace("&#x2B;", "+").replace("&amp;", "&")
}
