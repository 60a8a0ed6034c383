//! The site on a fixed clock, with people registered by the test, and browsers that walk it. Sessions for pages behind
//! the door are put into the store; how one gets in is the business of the login journeys.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use bytes::Bytes;
use fascicolo_domain::Fault;
use fascicolo_domain::acts::Acts;
use fascicolo_domain::documents::NationalId;
use fascicolo_domain::ids::{CitizenId, DocumentId, SessionId};
use fascicolo_domain::login::{self, Level, Session};
use fascicolo_domain::person::{Citizen, CodiceFiscale, Standing};
use fascicolo_domain::secret::Token;
use fascicolo_sandbox::{CieProtocol, Contents, Options, Sandbox, sandbox};
use fascicolo_store::NewSession;
use fascicolo_web::App;
use fascicolo_web::documents::intake::{Submission, take_in};
use fascicolo_web::http::forms::encode;
use fascicolo_web::ports::EntropyExt as _;
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use tower::ServiceExt as _;

use crate::paper::{Paper, ROOT};

pub(crate) const NOW: &str = "2026-05-28T10:14:00Z";
pub(crate) const ORIGIN: &str = "https://localhost:8443";

/// Two people whom the register knows.
pub(crate) const MARIO: &str = "RSSMRA80A01H501U";
pub(crate) const ANNA: &str = "RSSMRA80A41H501Y";

pub(crate) struct Site {
    pub(crate) sandbox: Sandbox,
    router: Router,
}

impl Site {
    /// A site without documents, which knows Mario and Anna.
    pub(crate) async fn open() -> Self {
        Self::open_with(fascicolo_eid::spid::Binding::Redirect).await
    }

    /// The same, asking identity providers over this binding.
    pub(crate) async fn open_with(binding: fascicolo_eid::spid::Binding) -> Self {
        let options = Options::for_tests(NOW.parse().unwrap(), Contents::None);
        Self::with(Options { binding, ..options }).await
    }

    /// The same, where these acts need level 3.
    pub(crate) async fn open_where(level_three: Acts) -> Self {
        let options = Options::for_tests(NOW.parse().unwrap(), Contents::None);
        Self::with(Options { level_three, ..options }).await
    }

    /// The same, where CIE is reached by OpenID Connect.
    pub(crate) async fn open_by_openid() -> Self {
        let options = Options::for_tests(NOW.parse().unwrap(), Contents::None);
        Self::with(Options { cie: CieProtocol::OpenId, ..options }).await
    }

    async fn with(options: Options) -> Self {
        let sandbox = sandbox(options).await.unwrap();
        let router = sandbox.site();
        let site = Self { sandbox, router };
        site.register(MARIO, "Mario", true).await;
        site.register(ANNA, "Anna", true).await;
        site
    }

    /// Another node on the same data.
    pub(crate) async fn again(&self) -> Self {
        let options = Options::for_tests(self.app().clock.now(), Contents::None);
        let folder = Some(self.sandbox.kept.path(""));
        let sandbox = sandbox(Options { folder, ..options }).await.unwrap();
        let router = sandbox.site();
        Self { sandbox, router }
    }

    pub(crate) fn app(&self) -> &App {
        &self.sandbox.app
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.sandbox.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub(crate) async fn register(
        &self,
        codice_fiscale: &str,
        given_name: &str,
        registered: bool,
    ) -> CitizenId {
        let id = CitizenId::new(self.app().clock.now(), self.app().entropy.id().unwrap());
        let citizen = Citizen {
            id,
            codice_fiscale: CodiceFiscale::parse(codice_fiscale).unwrap(),
            given_name: given_name.into(),
            family_name: "Rossi".into(),
            birth_date: Some("1980-01-01".parse().unwrap()),
            registered,
            standing: Standing::Active,
            ward: false,
        };
        self.app()
            .store
            .write(async move |tx| {
                let _ = tx.put_citizen(&citizen).await?;
                Ok::<_, Fault>(())
            })
            .await
            .unwrap();
        id
    }

    pub(crate) async fn citizen(&self, codice_fiscale: &str) -> Citizen {
        let code = CodiceFiscale::parse(codice_fiscale).unwrap();
        self.app()
            .store
            .read(async move |tx| tx.citizen_by_codice_fiscale(&code).await)
            .await
            .unwrap()
            .unwrap()
    }

    /// Somebody of 12 years.
    pub(crate) async fn register_child<'c>(&self, codice_fiscale: &'c str) -> &'c str {
        self.register_as(codice_fiscale, "2014-01-01", false).await
    }

    /// Somebody under guardianship.
    pub(crate) async fn register_ward<'c>(&self, codice_fiscale: &'c str) -> &'c str {
        self.register_as(codice_fiscale, "1980-01-01", true).await
    }

    async fn register_as<'c>(&self, codice_fiscale: &'c str, born: &str, ward: bool) -> &'c str {
        self.register(codice_fiscale, "Ada", true).await;
        let mut citizen = self.citizen(codice_fiscale).await;
        (citizen.birth_date, citizen.ward) = (Some(born.parse().unwrap()), ward);
        let put = self.app().store.write(async move |tx| tx.put_citizen(&citizen).await).await.unwrap();
        assert_eq!(put, fascicolo_store::Put::Stored);
        codice_fiscale
    }

    /// A browser in which a person has just got in with SPID, level 2.
    pub(crate) async fn log_in(&self, codice_fiscale: &str) -> Browser {
        self.log_in_with(codice_fiscale, login::Method::Spid).await
    }

    /// The same, by another way in.
    pub(crate) async fn log_in_with(&self, codice_fiscale: &str, method: login::Method) -> Browser {
        let (citizen, app) = (self.citizen(codice_fiscale).await, self.app());
        let (now, token) = (app.clock.now(), app.entropy.token().unwrap());
        let session = Session {
            id: SessionId::new(now, app.entropy.id().unwrap()),
            citizen: citizen.id,
            method,
            level: Level::Two,
            opened_at: now,
            last_seen_at: now,
            ends_at: now + SignedDuration::from_hours(8),
        };
        let new = NewSession { session, token: token.digest(), at_provider: None };
        app.store.write(async move |tx| tx.insert_session(&new).await).await.unwrap();
        Browser { token: Some(token), session: Some(session.id), ..self.browser() }
    }

    /// A browser nobody is in with.
    pub(crate) fn browser(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            token: None,
            session: None,
            address: "192.0.2.1:50000".parse().unwrap(),
        }
    }

    pub(crate) async fn take_in(&self, paper: &Paper<'_>) -> DocumentId {
        take_in(self.app(), Submission::of(paper.pdf())).await.unwrap().document
    }
}

/// A blood test of Mario's, with the number given.
pub(crate) fn paper(number: &str) -> Paper<'_> {
    Paper {
        codice_fiscale: MARIO,
        loinc: "11502-2",
        number,
        title: "Esami del sangue",
        issuer: "Ospedale San Marco",
        issued: "20260521100000+0200",
        replaces: None,
        text: "Glicemia 91 mg/dL",
    }
}

pub(crate) fn national_id(number: &str) -> NationalId {
    NationalId { root: ROOT.into(), extension: number.into() }
}

/// Sends requests as a browser does on one of our pages.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    token: Option<Token>,
    pub(crate) session: Option<SessionId>,
    address: std::net::SocketAddr,
}

impl Browser {
    /// Nobody is in.
    pub(crate) fn is_out(&self) -> bool {
        self.token.is_none()
    }

    /// Of its session.
    pub(crate) fn token(&self) -> &Token {
        self.token.as_ref().unwrap()
    }

    /// The same browser in another network.
    pub(crate) fn from(&self, address: &str) -> Self {
        Self { address: address.parse().unwrap(), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let kind = "application/x-www-form-urlencoded";
        self.send(Method::POST, path, Some(kind), Body::from(fields.join("&"))).await
    }

    /// A form with a file, as browsers without a script send it.
    pub(crate) async fn post_file(&self, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Answer {
        let mut body = Vec::new();
        for (name, value) in fields {
            let part =
                format!("--limite\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let part = "--limite\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\
                    Content-Type: application/pdf\r\n\r\n";
        body.extend_from_slice(part.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--limite--\r\n");
        let kind = "multipart/form-data; boundary=limite";
        self.send(Method::POST, path, Some(kind), Body::from(body)).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, kind: Option<&str>, body: Body) -> Answer {
        let mut request = request(method.clone(), path, kind);
        if method != Method::GET {
            request = request.header(header::ORIGIN, ORIGIN).header("sec-fetch-site", "same-origin");
        }
        if let Some(token) = &self.token {
            request = request.header(header::COOKIE, format!("__Host-fascicolo={}", token.reveal()));
        }
        self.answer(request.body(body).unwrap()).await
    }

    /// The browser after an answer that opened a session.
    pub(crate) fn with_cookies_of(&self, answer: &Answer) -> Self {
        let cookies = answer.headers.get_all(header::SET_COOKIE).iter().map(|c| c.to_str().unwrap());
        let token = cookies
            .filter_map(|c| c.strip_prefix("__Host-fascicolo="))
            .find_map(|c| Token::parse(c.split(';').next().unwrap()));
        Self { token, ..self.clone() }
    }

    /// A form on a page of another site, in this browser.
    pub(crate) async fn foreign_post(&self, path: &str, origin: &str) -> Answer {
        let request = request(Method::POST, path, Some("application/x-www-form-urlencoded"));
        let request = request.header(header::ORIGIN, origin).header("sec-fetch-site", "cross-site");
        let token = self.token.as_ref().unwrap().reveal();
        let request = request.header(header::COOKIE, format!("__Host-fascicolo={token}"));
        self.answer(request.body(Body::empty()).unwrap()).await
    }

    /// A request that names another host.
    pub(crate) async fn to_host(&self, host: &str, path: &str) -> Answer {
        let token = self.token.as_ref().unwrap().reveal();
        let request = Request::builder().uri(path).header(header::HOST, host);
        let request = request.header(header::COOKIE, format!("__Host-fascicolo={token}"));
        self.answer(request.body(Body::empty()).unwrap()).await
    }

    /// A POST as a program sends it: without a page it comes from, and without cookies.
    pub(crate) async fn program(&self, path: &str, kind: &str, body: &str) -> Answer {
        let request = request(Method::POST, path, Some(kind));
        self.answer(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub(crate) async fn answer(&self, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(ConnectInfo(self.address));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        // a body that breaks off is a fact, too
        let body = body.collect().await.map(|b| b.to_bytes()).ok();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

fn request(method: Method, path: &str, kind: Option<&str>) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost:8443");
    match kind {
        Some(kind) => request.header(header::CONTENT_TYPE, kind),
        None => request,
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// `None`: it broke off.
    pub(crate) body: Option<Bytes>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(self.body.as_ref().unwrap()).unwrap()
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The page without what differs every time: the number of the report.
    pub(crate) fn without_report(&self) -> String {
        let text = self.text();
        match text.find("R-") {
            Some(at) => format!("{}{}", &text[..at], &text[at + 9..]),
            None => text.to_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Self {
        assert_eq!(
            self.status,
            status,
            "{}",
            self.body.as_ref().map_or("", |b| std::str::from_utf8(b).unwrap_or(""))
        );
        self
    }

    /// As [`Answer::expect`], where the body may have broken off.
    #[track_caller]
    pub(crate) fn expect_status(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.text().contains(words), "no «{words}» in {}", self.text());
        self
    }

    #[track_caller]
    pub(crate) fn hides(self, words: &str) -> Self {
        assert!(!self.text().contains(words), "«{words}» in {}", self.text());
        self
    }
}

/// Every day of the clock is this one, unless a test moves it.
pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}
