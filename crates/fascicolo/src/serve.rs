//! `serve`: the site and the operations listener, until told to stop (GEN-P7, F10).

use std::sync::Arc;
use std::time::Duration;

use fascicolo_web::operations::operations;
use fascicolo_web::serve::{Limits, serve as listen};
use fascicolo_web::site;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::assemble;
use crate::config::{Config, ConfigError};
use crate::failure::Failure;
use crate::jobs::Jobs;

/// Seconds, from a static page to what nobody waits for.
const BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];
/// Descriptors that are not connections: the database, the documents, the listeners.
const OTHER_FILES: usize = 200;

/// Runs the site.
///
/// # Errors
/// An address is taken, a file cannot be read, the database cannot be opened.
pub async fn serve(config: Config) -> Result<(), Failure> {
    // signals first: a stop during the start is a stop
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let site_listener = bind("listen.site", config.listen.site).await?;
    let operations_listener = bind("listen.operations", config.listen.operations).await?;
    let counts = count()?;
    let tls = assemble::tls(&config)?;
    let key = assemble::site_key(&config)?;
    let app = assemble::app(&config).await?;
    let limits = Limits { connections: seats(config.listen.connections), ..Limits::default() };
    let (scheme, at) = (if tls.is_some() { "https" } else { "http" }, site_listener.local_addr()?);
    let operations_at = operations_listener.local_addr()?;

    let (stop_operations, operations_stopped) = oneshot::channel::<()>();
    let render = counts.clone();
    let operations = operations(app.clone(), Arc::new(move || render.render()));
    let operations = tokio::spawn(listen(operations_listener, operations, None, limits, async {
        // the sender is dropped when the site has stopped
        let _ = operations_stopped.await;
    }));
    let upkeep = tokio::spawn(upkeep(counts));
    let jobs = tokio::spawn(Jobs::new(app.clone(), config, key)?.run());
    tracing::info!(site = %format!("{scheme}://{at}"), operations = %format!("http://{operations_at}"), "ready");

    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    };
    listen(site_listener, site(app), tls, limits, stop).await;
    jobs.abort();
    upkeep.abort();
    drop(stop_operations);
    // a task of ours that panicked is in the log already
    let _ = operations.await;
    tracing::info!("stopped");
    Ok(())
}

async fn bind(key: &str, address: std::net::SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    Ok(bound.map_err(|e| ConfigError::value(key, format!("cannot listen on {address}: {e}")))?)
}

fn count() -> Result<PrometheusHandle, Failure> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|e| Failure(format!("counting: {e}")))
}

/// Keeps counts small when nobody reads them.
async fn upkeep(counts: PrometheusHandle) {
    let mut rounds = tokio::time::interval(Duration::from_secs(5));
    loop {
        rounds.tick().await;
        counts.run_upkeep();
    }
}

/// How many connections the limit of open files allows.
fn seats(wanted: usize) -> usize {
    let Some(limit) = open_files() else { return wanted };
    let allowed = limit.saturating_sub(OTHER_FILES).max(1);
    if allowed < wanted {
        tracing::warn!(
            limit,
            wanted,
            allowed,
            "the limit of open files (ulimit -n) allows fewer connections"
        );
    }
    wanted.min(allowed)
}

/// The soft limit of open files.
pub fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
