//! The operations listener: is the process alive, is it of use, what does it count (GEN-P7). Never on a public address.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use fascicolo_domain::Fault;
use tokio::time::timeout;

use crate::App;

/// How long a part may take to say that it works.
const PATIENCE: Duration = Duration::from_secs(2);

/// What has been counted, in Prometheus' text format.
pub type Counts = Arc<dyn Fn() -> String + Send + Sync>;

/// `/livez`, `/readyz`, `/metrics`.
pub fn operations(app: App, counts: Counts) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready).with_state(app))
        .route("/metrics", get(metrics).with_state(counts))
}

/// 200 when the database and the documents answer, else 503; a line for each.
async fn ready(State(app): State<App>) -> Response {
    let (database, documents) =
        tokio::join!(timeout(PATIENCE, app.store.ping()), timeout(PATIENCE, app.objects.probe()));
    let mut status = StatusCode::OK;
    let mut text = String::new();
    for (part, answer) in [("database", database), ("documents", documents)] {
        let word = match answer.unwrap_or_else(|_| Err(Fault::bare("waiting for an answer"))) {
            Ok(()) => "ok",
            Err(fault) => {
                tracing::warn!(part, "not ready: {fault:?}");
                status = StatusCode::SERVICE_UNAVAILABLE;
                "unavailable"
            }
        };
        text.push_str(&format!("{part} {word}\n"));
    }
    (status, text).into_response()
}

async fn metrics(State(counts): State<Counts>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], counts()).into_response()
}
