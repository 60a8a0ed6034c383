//! The periodic work of a node: what the site has due, the audit trail's checkpoints, the SPID registry and the chain
//! of CIE's provider when they are due or changed. A failed round is a line of the log; the next one comes in a minute.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fascicolo_adapters::WebFetch;
use fascicolo_domain::Fault;
use fascicolo_web::App;
use fascicolo_web::login::openid::{self, OpenId};
use fascicolo_web::login::registry;
use fascicolo_web::vault::SiteKey;
use jiff::Timestamp;

use crate::cie::watch;
use crate::config::Config;
use crate::{assemble, certificates};

const ROUND: Duration = Duration::from_secs(60);

/// One node's work.
pub struct Jobs {
    app: App,
    config: Config,
    key: Arc<SiteKey>,
    fetch: WebFetch,
    /// When the operator's registry file changed.
    file: Option<SystemTime>,
    /// When the certificates end that were there at the start: those in use (SPID-K5).
    ends: Vec<(&'static str, Timestamp)>,
}

impl Jobs {
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn new(app: App, config: Config, key: SiteKey) -> Result<Self, Fault> {
        let file = changed_at(&config);
        let (now, ends) = (app.clock.now(), certificates::ends(&config));
        for (key, end) in &ends {
            if end.duration_since(now) < certificates::SOON {
                tracing::warn!("{key} ends on {end}: publish the next one");
            }
        }
        let fetch = assemble::web(&config)?;
        let jobs = Self { app, config, key: Arc::new(key), fetch, file, ends };
        jobs.measure_certificates(now);
        Ok(jobs)
    }

    /// Works until dropped.
    pub async fn run(mut self) {
        let mut rounds = tokio::time::interval(ROUND);
        rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            let now = self.app.clock.now();
            if let Err(fault) = self.round(now).await {
                tracing::error!("periodic work: {fault:?}");
            }
        }
    }

    async fn round(&mut self, now: Timestamp) -> Result<(), Fault> {
        self.read_registry();
        self.measure_certificates(now);
        if let Err(fault) = registry::follow(&self.app, now).await {
            tracing::error!("the SPID registry stays as it was: {fault:?}");
        }
        if let Err(fault) = openid::follow(&self.app, now).await {
            tracing::error!("the chain of CIE's provider stays as it was: {fault:?}");
        }
        self.measure_chain(now);
        if !self.config.jobs.run {
            return Ok(());
        }
        match registry::fetch_due(&self.app, &self.fetch, now).await {
            Ok(true) => tracing::info!("the SPID registry was fetched"),
            Ok(false) => {}
            Err(fault) => tracing::error!("the SPID registry stays as it was: {fault:?}"),
        }
        self.renew_chain(now).await;
        self.measure(now);
        fascicolo_web::jobs::run_due(&self.app, &self.key, now).await
    }

    /// CIE-13.
    async fn renew_chain(&self, now: Timestamp) {
        match openid::renew_due(&self.app, now).await {
            Ok(true) => {
                self.measure_chain(now);
                tracing::info!("the chain of CIE's provider was renewed");
            }
            Ok(false) => {}
            Err(fault) => {
                tracing::error!("the chain of CIE's provider stays as it was: {fault:?}");
                let state = self.app.openid.as_ref().and_then(OpenId::state);
                if let Some(state) = state.filter(|state| watch::is_overdue(*state, now)) {
                    let (since, until) = (state.verified_at, state.expires);
                    tracing::warn!("not renewed since {since}: from {until} nobody gets in by CIE");
                }
            }
        }
    }

    /// What operations watch (CIE-13): below 0 remaining nobody gets in by CIE.
    fn measure_chain(&self, now: Timestamp) {
        if let Some(state) = self.app.openid.as_ref().and_then(OpenId::state) {
            metrics::gauge!("fascicolo_cie_chain_remaining_seconds")
                .set(state.expires.duration_since(now).as_secs_f64());
            metrics::gauge!("fascicolo_cie_chain_age_seconds")
                .set(now.duration_since(state.verified_at).as_secs_f64());
        }
    }

    /// What operations watch (SPID-K5): below 0 it has ended.
    fn measure_certificates(&self, now: Timestamp) {
        for (key, end) in &self.ends {
            metrics::gauge!("fascicolo_certificate_remaining_seconds", "certificate" => *key)
                .set(end.duration_since(now).as_secs_f64());
        }
    }

    /// What operations watch (SPID-I2).
    fn measure(&self, now: Timestamp) {
        let state = self.app.registry.state();
        let providers = u32::try_from(state.providers).unwrap_or(u32::MAX);
        metrics::gauge!("fascicolo_spid_providers").set(f64::from(providers));
        if let Some(at) = state.at {
            metrics::gauge!("fascicolo_spid_registry_age_seconds").set(now.duration_since(at).as_secs_f64());
        }
    }

    /// A registry that is not good never replaces one that is (SPID-I2, F9).
    fn read_registry(&mut self) {
        let changed = changed_at(&self.config);
        if changed.is_none() || changed == self.file {
            return;
        }
        self.file = changed;
        match assemble::load_registry(&self.config, &self.app.registry) {
            Ok(()) => {
                let providers = self.app.registry.state().providers;
                tracing::info!(providers, "the SPID registry was read again");
            }
            Err(failure) => tracing::error!("the SPID registry stays as it was: {}", failure.0),
        }
    }
}

fn changed_at(config: &Config) -> Option<SystemTime> {
    let registry = config.spid.as_ref()?.registry.as_ref()?;
    fs::metadata(config.path(registry)).ok()?.modified().ok()
}
