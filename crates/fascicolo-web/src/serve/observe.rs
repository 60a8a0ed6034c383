//! One log line and one count a request, by route: no address, no path, no person (GEN-G8). The last resort for panics.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use fascicolo_domain::Fault;
use futures_util::FutureExt as _;

use crate::http::PageError;

pub(super) async fn observe(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = name_of(request.method());
    let start = Instant::now();
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), start.elapsed());
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    tracing::info!(target: "fascicolo::request", method, route, status, ms = took.as_secs_f64() * 1000.0);
    let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
    metrics::counter!("fascicolo_requests_total", &labels).increment(1);
    metrics::histogram!("fascicolo_request_seconds", "route" => route.to_owned()).record(took);
    response
}

/// A handler that panics is answered like any other fault. The router puts it where the fault still becomes a page;
/// [`super::serve`] puts it around everything.
pub async fn catch_panics(request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            // the place is in the log by the program's panic hook; the message could tell more than it should
            tracing::error!("a handler panicked");
            metrics::counter!("fascicolo_panics_total").increment(1);
            PageError::Fault(Fault::bare("answering a request: the handler panicked")).into_response()
        }
    }
}

/// Methods that anybody may invent share one name.
fn name_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
