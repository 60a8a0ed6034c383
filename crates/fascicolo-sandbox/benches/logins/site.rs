//! The sandbox's site behind the real accept loop, with its data on disk, and its identity providers beside it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use bytes::Bytes;
use fascicolo_adapters::{SystemClock, SystemEntropy};
use fascicolo_sandbox::ports::SandboxClock;
use fascicolo_sandbox::{Contents, Options, Sandbox, sandbox};
use fascicolo_web::http::forms::encode;
use fascicolo_web::ports::Clock as _;
use fascicolo_web::serve::{Limits, serve};
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use crate::client::Reply;

const HOST: &str = "localhost:8443";
const STANDINS: &str = "http://127.0.0.1:8081";
const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) struct Site {
    pub(crate) sandbox: Sandbox,
    pub(crate) address: SocketAddr,
    /// Ends the accept loop.
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Site {
    /// Opens one in `folder`, with these providers' metadata beside the sandbox's own.
    pub(crate) fn open(runtime: &Runtime, folder: &Path, providers: Vec<String>) -> Self {
        let options = Options {
            folder: Some(folder.to_owned()),
            clock: SandboxClock::running(None),
            entropy: Arc::new(SystemEntropy),
            spid_providers: providers,
            ..Options::for_tests(SystemClock.now(), Contents::None)
        };
        let sandbox = runtime.block_on(Box::pin(sandbox(options))).unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            // a sender that is gone says the same
            let _ = stopped.await;
        };
        let serving = runtime.spawn(serve(listener, sandbox.site(), None, Limits::default(), stopped));
        Self { sandbox, address, stop, serving }
    }

    /// Stops; whether the accept loop was alive until now and ended well.
    pub(crate) fn close(self, runtime: &Runtime) -> bool {
        let alive = !self.serving.is_finished();
        self.stop.send(()).is_ok() && runtime.block_on(self.serving).is_ok() && alive
    }

    /// The provider's answer about a person, in the browser's hands; `mistake`: wrong on purpose.
    pub(crate) fn at_provider(
        &self,
        load: &Runtime,
        login: &Login,
        person: &str,
        mistake: Option<&str>,
    ) -> Handed {
        let path = login.url.strip_prefix(STANDINS).unwrap();
        let page = self.standins(load, Request::get(path).body(Body::empty()).unwrap());
        let mut form = format!("richiesta={}&persona={person}", encode(&field(&page, "richiesta")));
        if let Some(mistake) = mistake {
            form.push_str(&format!("&errore={mistake}"));
        }
        let address = format!("/idp/{}/accesso", path.split('/').nth(2).unwrap());
        let post = Request::post(address).header(header::CONTENT_TYPE, FORM);
        let page = self.standins(load, post.body(Body::from(form)).unwrap());
        Handed { saml_response: field(&page, "SAMLResponse"), relay_state: field(&page, "RelayState") }
    }

    /// A request to the world outside the site, which is asked without a socket.
    fn standins(&self, load: &Runtime, mut request: Request<Body>) -> String {
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("127.0.0.1:8081"));
        let body = load.block_on(async {
            let response = self.sandbox.standins.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "the provider refused");
            response.into_body().collect().await.unwrap().to_bytes()
        });
        String::from_utf8(body.to_vec()).unwrap()
    }
}

/// `GET /accesso/spid` for a provider.
pub(crate) fn start(entity_id: &str) -> Bytes {
    format!("GET /accesso/spid?idp={} HTTP/1.1\r\nhost: {HOST}\r\n\r\n", encode(entity_id)).into()
}

/// A login on its way: where the site sent the browser, and the cookie it set.
pub(crate) struct Login {
    url: String,
    pub(crate) cookie: String,
}

impl Login {
    pub(crate) fn of(reply: &Reply) -> Self {
        assert_eq!(reply.status, 302, "a login did not start");
        let cookie = reply.header("set-cookie").split(';').next().unwrap().to_owned();
        Self { url: reply.header("location").to_owned(), cookie }
    }
}

/// An answer as the browser carries it.
pub(crate) struct Handed {
    /// In base64.
    pub(crate) saml_response: String,
    pub(crate) relay_state: String,
}

impl Handed {
    /// The cross-site `POST /spid/acs` of a browser with this cookie.
    pub(crate) fn post(&self, cookie: &str) -> Bytes {
        let (answer, state) = (encode(&self.saml_response), encode(&self.relay_state));
        let body = format!("SAMLResponse={answer}&RelayState={state}");
        format!(
            "POST /spid/acs HTTP/1.1\r\nhost: {HOST}\r\norigin: {STANDINS}\r\nsec-fetch-site: cross-site\r\n\
             content-type: {FORM}\r\ncookie: {cookie}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into()
    }
}

/// The value of a hidden field.
fn field(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap().replace("&#43;", "+").replace("&#x2B;", "+").replace("&amp;", "&")
}
