//! A login with SPID as a browser carries it: to the provider's page, a choice there, and the answer back to the site.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use fascicolo_eid::xml::{decode_base64, encode_base64};
use fascicolo_web::http::forms::encode;
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
        let provider = &site.sandbox.idps.providers()[0].entity_id;
        let answer = browser.get(&format!("{start}{}", encode(provider))).await;
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
        let body =
            format!("SAMLResponse={}&RelayState={}", encode(&self.saml_response), encode(&self.relay_state));
        login.send(site, "/spid/acs", FORM, body.into_bytes()).await
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

async fn standins(site: &Site, mut request: Request<Body>) -> String {
    let host = header::HeaderValue::from_static("127.0.0.1:8081");
    request.headers_mut().insert(header::HOST, host);
    let response = site.sandbox.standins.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert_eq!(status, StatusCode::OK, "{text}");
    text
}

/// The value of a hidden field.
fn field(page: &str, name: &str) -> String {
    let (_, rest) =
        page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name}: {page}"));
    let value = rest.split('"').next().unwrap();
    value.replace("&#43;", "+").replace("&#x2B;", "+").replace("&amp;", "&")
}
