//! The site, the stand-ins and each other's addresses inside one process: requests reach the other's router without a
//! socket. No other address can be reached from here.

use std::sync::{Arc, OnceLock, Weak};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request as HttpRequest, header};
use fascicolo_domain::Fault;
use fascicolo_web::ports::{Fetch, Reply, Request};
use futures_util::future::BoxFuture;
use tower::ServiceExt as _;

use crate::standins::page::origin_of;

const FORM: &str = "application/x-www-form-urlencoded";

/// Routers by their origin.
pub struct Routes(Vec<(String, Router)>);

impl Routes {
    #[must_use]
    pub fn new(routes: Vec<(String, Router)>) -> Arc<Self> {
        Arc::new(Self(routes))
    }
}

/// Fetches from routers. They hold whoever fetches, so it does not hold them: when whoever opened them is gone, nothing
/// answers any more.
#[derive(Default)]
pub struct Loopback(OnceLock<Weak<Routes>>);

impl Loopback {
    /// Leads to these routers from now on; the first call counts.
    pub fn lead_to(&self, routes: &Arc<Routes>) {
        let _ = self.0.set(Arc::downgrade(routes));
    }

    fn router(&self, origin: &str) -> Option<Router> {
        let routes = self.0.get()?.upgrade()?;
        let found = routes.0.iter().find(|(of, _)| of == origin)?;
        Some(found.1.clone())
    }
}

impl Fetch for Loopback {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Fault>> {
        Box::pin(async move {
            let origin = origin_of(&request.url);
            let router =
                self.router(origin).ok_or_else(|| Fault::bare("fetching: nobody is at this address"))?;
            let answering = answer(router, origin, &request);
            tokio::time::timeout(request.within, answering)
                .await
                .map_err(|e| Fault::new("fetching: no answer in time", e))?
        })
    }
}

async fn answer(router: Router, origin: &str, request: &Request) -> Result<Reply, Fault> {
    let path = request.url.strip_prefix(origin).unwrap_or_default();
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let method = if request.form.is_some() { Method::POST } else { Method::GET };
    let mut made = HttpRequest::builder().method(method).uri(path).header(header::HOST, host);
    if let Some(authorization) = &request.authorization {
        made = made.header(header::AUTHORIZATION, authorization);
    }
    let body = match &request.form {
        None => Body::empty(),
        Some(form) => {
            made = made.header(header::CONTENT_TYPE, FORM);
            Body::from(form.clone())
        }
    };
    let made = made.body(body).map_err(|e| Fault::new("making a request", e))?;
    let answer = router.oneshot(made).await.unwrap_or_else(|never| match never {});
    let content_type = answer.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), request.largest).await;
    let body = body.map_err(|e| Fault::new("fetching: the answer breaks off or is too large", e))?;
    Ok(Reply { status, content_type, body: body.into() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::routing::{get, post};

    use super::*;

    fn open() -> (Loopback, Arc<Routes>) {
        let router = Router::new()
            .route("/a", get(async || "one").post(async |body: String| format!("got {body}")))
            .route("/never", post(async || std::future::pending::<()>().await));
        let (loopback, routes) =
            (Loopback::default(), Routes::new(vec![("https://localhost:8443".into(), router)]));
        loopback.lead_to(&routes);
        (loopback, routes)
    }

    async fn body(loopback: &Loopback, request: Request) -> Result<String, Fault> {
        let reply = loopback.send(request).await?;
        Ok(format!("{} {}", reply.status, String::from_utf8(reply.body).unwrap()))
    }

    #[tokio::test]
    async fn an_address_inside_answers_and_any_other_is_a_fault() {
        let (loopback, _routes) = open();
        let get = |url: &str| Request::get(url, 10);
        assert_eq!(body(&loopback, get("https://localhost:8443/a")).await.unwrap(), "200 one");
        assert_eq!(body(&loopback, get("https://localhost:8443/b")).await.unwrap(), "404 ");
        for other in ["http://localhost:8443/a", "https://localhost:84/a", "https://x.example/a", "", "/a"] {
            assert!(body(&loopback, get(other)).await.is_err(), "{other}");
        }
        let form = Request { form: Some("x=1".into()), ..get("https://localhost:8443/a") };
        assert_eq!(body(&loopback, form).await.unwrap(), "200 got x=1");
    }

    #[tokio::test]
    async fn a_late_or_large_answer_is_a_fault_and_so_is_one_after_the_end() {
        let (loopback, routes) = open();
        let short = Request { largest: 2, ..Request::get("https://localhost:8443/a", 3) };
        assert!(body(&loopback, short).await.is_err());
        let late = Request {
            form: Some(String::new()),
            within: Duration::ZERO,
            ..Request::get("https://localhost:8443/never", 10)
        };
        assert!(body(&loopback, late).await.is_err());
        assert!(body(&loopback, Request::get("https://localhost:8443/a", 3)).await.is_ok());
        drop(routes);
        assert!(body(&loopback, Request::get("https://localhost:8443/a", 3)).await.is_err());
    }
}
