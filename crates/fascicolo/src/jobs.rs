//! The periodic work of a node: what the site has due, the audit trail's checkpoints, the registry file when it
//! changed. A failed round is a line of the log; the next one comes in a minute.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fascicolo_domain::Fault;
use fascicolo_web::App;
use fascicolo_web::vault::SiteKey;
use jiff::Timestamp;

use crate::assemble;
use crate::config::Config;

const ROUND: Duration = Duration::from_secs(60);

/// One node's work.
pub struct Jobs {
    app: App,
    config: Config,
    key: Arc<SiteKey>,
    registry: Option<SystemTime>,
}

impl Jobs {
    pub fn new(app: App, config: Config, key: SiteKey) -> Self {
        let registry = changed_at(&config);
        Self { app, config, key: Arc::new(key), registry }
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
        if !self.config.jobs.run {
            return Ok(());
        }
        fascicolo_web::jobs::run_due(&self.app, &self.key, now).await
    }

    /// A registry that is not good never replaces one that is (SPID-I2, F9).
    fn read_registry(&mut self) {
        let changed = changed_at(&self.config);
        if changed.is_none() || changed == self.registry {
            return;
        }
        self.registry = changed;
        match assemble::providers(&self.config) {
            Ok(providers) => {
                tracing::info!(providers = providers.iter().count(), "the SPID registry was read again");
                let mut current = match self.app.providers.write() {
                    Ok(current) => current,
                    Err(poisoned) => poisoned.into_inner(),
                };
                *current = Arc::new(providers);
            }
            Err(failure) => tracing::error!("the SPID registry stays as it was: {}", failure.0),
        }
    }
}

fn changed_at(config: &Config) -> Option<SystemTime> {
    let registry = config.spid.as_ref()?.registry.as_ref()?;
    fs::metadata(config.path(registry)).ok()?.modified().ok()
}
