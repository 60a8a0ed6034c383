//! The program around the sandbox: listeners, the lines it prints, a graceful stop.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use fascicolo_adapters::{Reach, SystemClock, SystemEntropy, WebFetch};
use fascicolo_domain::Fault;
use fascicolo_domain::acts::{Act, Acts};
use fascicolo_eid::spid::Binding;
use fascicolo_web::login::{openid, registry};
use fascicolo_web::operations::operations;
use fascicolo_web::ports::Clock as _;
use fascicolo_web::serve::{Limits, serve};
use fascicolo_web::vault::SiteKey;
use fascicolo_web::{App, jobs};
use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::kept::Kept;
use crate::ports::SandboxClock;
use crate::{Addresses, CieProtocol, Contents, Options, sandbox, tls};

/// What the command line asked for.
pub struct Wanted {
    pub any_port: bool,
    pub data: Option<PathBuf>,
    pub database: Option<String>,
    pub now: Option<Timestamp>,
    pub spid_providers: Vec<PathBuf>,
    pub binding: Binding,
    pub cie: CieProtocol,
    pub cie_provider: Option<PathBuf>,
    /// What needs level 3.
    pub level_three: Acts,
    pub entity_id: Option<String>,
    /// How many documents the person with many has.
    pub many: u32,
}

/// A binding by its name on the command line.
///
/// # Errors
/// It is neither of the two.
pub fn binding(name: &str) -> Result<Binding, &'static str> {
    match name {
        "redirect" => Ok(Binding::Redirect),
        "post" => Ok(Binding::Post),
        _ => Err("neither redirect nor post"),
    }
}

/// A protocol of CIE by its name on the command line.
///
/// # Errors
/// It is neither of the two.
pub fn cie(name: &str) -> Result<CieProtocol, &'static str> {
    match name {
        "openid" => Ok(CieProtocol::OpenId),
        "saml" => Ok(CieProtocol::Saml),
        _ => Err("neither openid nor saml"),
    }
}

/// An act by its name on the command line.
///
/// # Errors
/// There is no such act.
pub fn act(name: &str) -> Result<Act, &'static str> {
    Act::parse(name).ok_or("none of list, read, download, access-log, profile")
}

/// Runs until it is told to stop.
///
/// # Errors
/// A port is taken, a file cannot be read, or the sandbox cannot be opened.
pub fn run(wanted: Wanted) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Fault::new("starting the runtime", e))?;
    runtime.block_on(Box::pin(start(wanted)))
}

async fn start(wanted: Wanted) -> Result<(), Fault> {
    // signals first: a stop during the start is a stop
    let (mut terminate, mut interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
    // then the ports, so that a taken one is told at once
    let listeners = Listeners::bind(wanted.any_port).await?;
    let counts = PrometheusBuilder::new().install_recorder().map_err(|e| Fault::new("counting", e))?;
    let addresses = listeners.addresses()?;
    let sandbox = sandbox(Options {
        addresses: addresses.clone(),
        folder: wanted.data,
        database: wanted.database,
        clock: SandboxClock::running(wanted.now),
        entropy: Arc::new(SystemEntropy),
        entity_id: wanted.entity_id,
        spid_providers: read_all(&wanted.spid_providers)?,
        binding: wanted.binding,
        cie: wanted.cie,
        cie_provider: read_all(wanted.cie_provider.as_slice())?.pop(),
        federation: None,
        level_three: wanted.level_three,
        contents: Contents::Everything { many: wanted.many },
    })
    .await?;
    let tls = tls::certificates(&sandbox.kept, SystemClock.now())?;
    let operations = operations(sandbox.app.clone(), Arc::new(move || counts.render()));

    let (stop, stopped) = watch::channel(false);
    let mut serving = JoinSet::new();
    let lines = listeners.lines(&addresses, &tls.authority)?;
    for (listener, router, tls) in [
        (listeners.site, sandbox.site(), None),
        (listeners.secure, sandbox.site(), Some(tls.server)),
        (listeners.standins, sandbox.standins.clone(), None),
        (listeners.operations, operations, None),
    ] {
        serving.spawn(listen(listener, router, tls, stopped.clone()));
    }
    say(&lines)?;
    let work = tokio::spawn(periodic_work(
        sandbox.app.clone(),
        site_key(&sandbox.kept)?,
        WebFetch::new(Reach::Local)?,
    ));
    let finishing = async {
        if let Err(fault) = sandbox.finish().await {
            tracing::error!("filling the record: {fault:?}");
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = finishing => {}
    }
    work.abort();
    tracing::info!("stopping");
    stop.send_replace(true);
    while serving.join_next().await.is_some() {}
    Ok(())
}

async fn listen(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<rustls::ServerConfig>>,
    mut stopped: watch::Receiver<bool>,
) {
    let stop = async move {
        // the sender lives as long as the program
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    serve(listener, router, tls, Limits::default(), stop).await;
}

/// One socket each, all on this machine alone.
struct Listeners {
    site: TcpListener,
    secure: TcpListener,
    standins: TcpListener,
    operations: TcpListener,
}

impl Listeners {
    async fn bind(any_port: bool) -> Result<Self, Fault> {
        let bind = async |port: u16| {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, if any_port { 0 } else { port }));
            let listener = TcpListener::bind(address).await;
            listener.inspect_err(|e| tracing::error!("port {port}: {e} (--any-port takes free ones)"))
        };
        let bind = async |port| bind(port).await.map_err(|e| Fault::new("opening a port", e));
        Ok(Self {
            site: bind(8080).await?,
            secure: bind(8443).await?,
            standins: bind(8081).await?,
            operations: bind(9090).await?,
        })
    }

    fn addresses(&self) -> Result<Addresses, Fault> {
        Ok(Addresses {
            site: format!("http://localhost:{}", port(&self.site)?),
            secure: format!("https://localhost:{}", port(&self.secure)?),
            standins: format!("http://127.0.0.1:{}", port(&self.standins)?),
        })
    }

    /// What the program prints.
    fn lines(&self, addresses: &Addresses, authority: &Path) -> Result<String, Fault> {
        Ok(format!(
            "site={}\nsecure={}\nstandins={}\noperations=http://127.0.0.1:{}\nca={}\nready\n",
            addresses.site,
            addresses.secure,
            addresses.standins,
            port(&self.operations)?,
            authority.display()
        ))
    }
}

fn port(listener: &TcpListener) -> Result<u16, Fault> {
    listener.local_addr().map(|address| address.port()).map_err(|e| Fault::new("asking for a port", e))
}

fn say(lines: &str) -> Result<(), Fault> {
    let mut out = std::io::stdout().lock();
    out.write_all(lines.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| Fault::new("printing the addresses", e))
}

fn read_all(files: &[PathBuf]) -> Result<Vec<String>, Fault> {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).map_err(|e| Fault::new("reading a SPID provider's metadata", e))
    };
    files.iter().map(read).collect()
}

fn on(kind: SignalKind) -> Result<Signal, Fault> {
    signal(kind).map_err(|e| Fault::new("waiting for signals", e))
}

/// The key that signs the audit trail's checkpoints.
fn site_key(kept: &Kept) -> Result<Arc<SiteKey>, Fault> {
    let text = kept.keep("site-key.pem", || Ok(SiteKey::new_pem(&SystemEntropy)?.to_string()))?;
    let key = SiteKey::from_pem(&text).map_err(|e| Fault::new("reading the site's key", e.to_string()))?;
    Ok(Arc::new(key))
}

/// Takes over what the folder knows of the provider of CIE, and renews it when it is due: what is kept there may be
/// about other addresses, from a run on other ports.
async fn follow_cie(app: &App) {
    let now = app.clock.now();
    if let Err(fault) = openid::follow(app, now).await {
        tracing::warn!("what is kept of the provider of CIE is of no use: {fault:?}");
    }
    if let Err(fault) = openid::renew_due(app, now).await {
        tracing::error!("what is known of the provider of CIE stays as it was: {fault:?}");
    }
}

/// What the site has due, every minute.
async fn periodic_work(app: App, key: Arc<SiteKey>, fetch: WebFetch) {
    let mut rounds = tokio::time::interval(Duration::from_secs(60));
    loop {
        rounds.tick().await;
        if let Err(fault) = registry::fetch_due(&app, &fetch, app.clock.now()).await {
            tracing::error!("the SPID registry stays as it was: {fault:?}");
        }
        follow_cie(&app).await;
        if let Err(fault) = jobs::run_due(&app, &key, app.clock.now()).await {
            tracing::error!("periodic work: {fault:?}");
        }
    }
}
