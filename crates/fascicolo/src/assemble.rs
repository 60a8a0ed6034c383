//! Settings made into the site's parts. Whatever cannot be read is told with the key that names it.

use std::sync::Arc;
use std::time::Duration;

use fascicolo_adapters::{Reach, SystemClock, SystemEntropy, WebFetch, objects, tls};
use fascicolo_clinical::pdf::TrustAnchors;
use fascicolo_domain::Fault;
use fascicolo_domain::login::{Level, Limits, Policy};
use fascicolo_domain::throttle::Rate;
use fascicolo_eid::spid;
use fascicolo_store::{Options, Schema, Store};
use fascicolo_web::App;
use fascicolo_web::app::Parts;
use fascicolo_web::http::throttle::Throttles;
use fascicolo_web::login::openid::OpenId;
use fascicolo_web::login::registry::{Registry, Source};
use fascicolo_web::ports::{Clock as _, DocumentObjects};
use fascicolo_web::settings::{Saml, Settings, Site, Verification};
use fascicolo_web::text::Texts;
use fascicolo_web::vault::{Keyring, SiteKey};
use jiff::{SignedDuration, Timestamp};

use crate::config::{self, Config, ConfigError, Protocol};
use crate::failure::Failure;
use crate::{cie, federation, secrets};

/// The whole site.
///
/// # Errors
/// What cannot be read or opened.
pub async fn app(config: &Config) -> Result<App, Failure> {
    let settings = settings(config)?;
    let parts = Parts {
        settings,
        texts: Texts::load()?,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        objects: documents(config)?,
        keyring: keyring(config)?,
        registry: registry(config)?,
        openid: openid(config)?,
        signers: signers(config)?,
        throttles: Throttles::default(),
        store: store(config).await?,
    };
    Ok(App::new(parts))
}

/// The database, at the schema of this program.
///
/// # Errors
/// Out of reach, newer than the program, or not migrated yet.
pub async fn store(config: &Config) -> Result<Store, Failure> {
    let store = open(config).await?;
    match store.schema().await? {
        Schema::Current => Ok(store),
        Schema::Behind(missing) => Err(Failure(format!(
            "the database lacks {missing} migrations of this version: run `fascicolo migrate`"
        ))),
    }
}

/// The database as it is.
///
/// # Errors
/// Out of reach, or newer than the program.
pub async fn open(config: &Config) -> Result<Store, Failure> {
    let database = &config.database;
    let mut url = database.url.clone();
    if let Some(path) = &database.password {
        let password = secrets::read(config, "database.password", path)?;
        url = with_password(&url, password.trim_end_matches(['\r', '\n'])).ok_or_else(|| {
            ConfigError::value("database.password", "`database.url` must be postgres://user@host/name")
        })?;
    }
    let ca = database.ca.as_ref().map(|path| secrets::read(config, "database.ca", path)).transpose()?;
    let options = Options {
        node: database.node.clone(),
        readers: database.readers,
        writers: database.writers,
        wait: Duration::from_secs(database.wait_seconds),
        postgres_ca: ca,
    };
    Ok(Store::open(&url, options).await?)
}

/// `postgres://user@…` with the password in its place.
fn with_password(url: &str, password: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (user, host) = rest.split_once('@')?;
    (scheme.starts_with("postgres") && !user.is_empty())
        .then(|| format!("{scheme}://{user}:{}@{host}", fascicolo_web::http::forms::encode(password)))
}

/// The place of the documents.
///
/// # Errors
/// It cannot be opened.
pub fn documents(config: &Config) -> Result<Arc<dyn DocumentObjects>, Failure> {
    Ok(objects::open(&config.documents.url, SystemClock.now())?)
}

/// The keys of the documents.
///
/// # Errors
/// The file cannot be read, or is no keyring.
pub fn keyring(config: &Config) -> Result<Keyring, Failure> {
    let text = secrets::read(config, "documents.keyring", &config.documents.keyring)?;
    Ok(Keyring::parse(&text).map_err(|e| ConfigError::value("documents.keyring", e.to_string()))?)
}

/// The key the site signs with.
///
/// # Errors
/// The file cannot be read, or is no such key.
pub fn site_key(config: &Config) -> Result<SiteKey, Failure> {
    let text = secrets::read(config, "site.key", &config.site.key)?;
    Ok(SiteKey::from_pem(&text).map_err(|e| ConfigError::value("site.key", e.to_string()))?)
}

/// CIE by OpenID Connect, when logins use it.
fn openid(config: &Config) -> Result<Option<OpenId>, Failure> {
    if config.cie.as_ref().is_none_or(|cie| cie.protocol != Protocol::Openid) {
        return Ok(None);
    }
    cie::openid(config, Arc::new(web(config)?)).map(Some)
}

/// Other servers, as far as the settings let us go (CIE-14).
///
/// # Errors
/// The system's certificates cannot be read.
pub fn web(config: &Config) -> Result<WebFetch, Fault> {
    WebFetch::new(if config.fetch.private_addresses { Reach::Private } else { Reach::Public })
}

fn signers(config: &Config) -> Result<TrustAnchors, Failure> {
    let Some(path) = &config.documents.signers else {
        return Ok(TrustAnchors::none());
    };
    let text = secrets::read(config, "documents.signers", path)?;
    Ok(TrustAnchors::from_pem(&text).map_err(|e| ConfigError::value("documents.signers", e.code()))?)
}

/// TLS, when the site speaks it itself.
///
/// # Errors
/// A file cannot be read, or the two do not belong together.
pub fn tls(config: &Config) -> Result<Option<Arc<rustls::ServerConfig>>, Failure> {
    let Some(files) = &config.tls else { return Ok(None) };
    let chain = secrets::read(config, "tls.certificate", &files.certificate)?;
    let key = secrets::read(config, "tls.key", &files.key)?;
    Ok(Some(tls::server_config(chain.as_bytes(), key.as_bytes())?))
}

/// The SPID registry: the operator's file in force, when there is one; the store's copy comes later. Without the
/// certificate that signs it there is no provider (SPID-I2, decision 21).
///
/// # Errors
/// A file cannot be read, or the registry is not what the certificate signed.
pub fn registry(config: &Config) -> Result<Registry, Failure> {
    let Some(spid) = &config.spid else { return Ok(Registry::new(None)) };
    let Some(certificate) = &spid.registry_certificate else { return Ok(Registry::new(None)) };
    let pinned = secrets::read(config, "spid.registry_certificate", certificate)?;
    let pinned = tls::certificates(pinned.as_bytes())?;
    let [pinned] = pinned.as_slice() else {
        return Err(ConfigError::value("spid.registry_certificate", "must be one certificate").into());
    };
    let source = Source { certificate: pinned.to_vec(), url: spid.registry_url.clone() };
    let registry = Registry::new(Some(source));
    load_registry(config, &registry)?;
    Ok(registry)
}

/// Reads the operator's file again.
///
/// # Errors
/// It cannot be read, or is not what the certificate signed: what is in force stays.
pub fn load_registry(config: &Config, registry: &Registry) -> Result<(), Failure> {
    let Some(path) = config.spid.as_ref().and_then(|spid| spid.registry.as_ref()) else { return Ok(()) };
    let aggregate = secrets::read(config, "spid.registry", path)?;
    let now = SystemClock.now();
    let changed = std::fs::metadata(config.path(path)).and_then(|about| about.modified());
    let at = changed.ok().and_then(|at| Timestamp::try_from(at).ok()).unwrap_or(now);
    registry.load(aggregate.as_bytes(), at, now).map_err(|fault| {
        let why = std::error::Error::source(&fault).map_or_else(|| fault.to_string(), ToString::to_string);
        ConfigError::value("spid.registry", format!("refused: {why}")).into()
    })
}

/// What a region decides, finished.
///
/// # Errors
/// A file cannot be read.
pub fn settings(config: &Config) -> Result<Settings, Failure> {
    let spid = config.spid.as_ref().map(|settings| spid_of(config, settings)).transpose()?;
    let own = config.spid.as_ref();
    let minute = |checks| Rate::per_minute(checks);
    Ok(Settings {
        site: site(config),
        policy: Policy {
            level_three: config.sessions.level_three()?,
            minimum: if own.is_some_and(|s| s.level == 3) { Level::Three } else { Level::Two },
            spid_minors_from: own.and_then(|s| s.minors_from),
            spid_wards: own.is_some_and(|s| s.wards),
            limits: Limits {
                idle: SignedDuration::from_mins(i64::from(config.sessions.idle_minutes)),
                absolute: SignedDuration::from_hours(i64::from(config.sessions.absolute_hours)),
            },
        },
        spid,
        cie: cie_of(config)?,
        verification: Verification {
            per_network: minute(config.verification.per_network),
            overall: minute(config.verification.overall),
        },
        trusted_proxies: config.listen.trusted_proxies.clone(),
        largest_file: config.documents.largest_mib.saturating_mul(1024 * 1024),
    })
}

fn spid_of(config: &Config, settings: &config::Spid) -> Result<Saml, Failure> {
    let service_provider = federation::spid_service_provider(config)?;
    Ok(Saml {
        provider: federation::eidas_provider(config)?.map(Arc::new),
        metadata: spid::metadata(&service_provider)?,
        service_provider,
        binding: binding(settings.binding),
    })
}

fn binding(setting: config::Binding) -> spid::Binding {
    match setting {
        config::Binding::Redirect => spid::Binding::Redirect,
        config::Binding::Post => spid::Binding::Post,
    }
}

/// CIE over SAML, when logins use it and there is a provider (SPID-C).
fn cie_of(config: &Config) -> Result<Option<Saml>, Failure> {
    if config.cie.as_ref().is_none_or(|cie| cie.protocol != Protocol::Saml) {
        return Ok(None);
    }
    let (Some(settings), Some(provider)) = (&config.cie_saml, federation::cie_provider(config)?) else {
        return Ok(None);
    };
    let service_provider = federation::cie_service_provider(config)?;
    Ok(Some(Saml {
        provider: Some(Arc::new(provider)),
        metadata: spid::metadata(&service_provider)?,
        service_provider,
        binding: binding(settings.binding),
    }))
}

fn site(config: &Config) -> Site {
    let site = config.site.clone();
    Site {
        origin: site.origin,
        plain_origin: None,
        region: site.region,
        region_url: site.region_url,
        phone: site.phone,
        hours: site.hours,
        address: site.address,
        pec: site.pec,
        dpo_mail: site.dpo_mail,
        security_mail: site.security_mail,
        accessibility_statement: site.accessibility_statement,
        demo_notice: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_behind_the_user_and_is_escaped() {
        let with = |url| with_password(url, "a@b:c/d e");
        assert_eq!(
            with("postgres://f@db:5432/f?sslmode=require").as_deref(),
            Some("postgres://f:a%40b%3Ac%2Fd%20e@db:5432/f?sslmode=require")
        );
        for bad in ["sqlite:///a@b", "postgres://db/f", "postgres://@db/f"] {
            assert_eq!(with(bad), None, "{bad}");
        }
    }
}
