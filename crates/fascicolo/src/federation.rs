//! Ourselves as the federations know us: a service provider of SPID, and one of CIE over SAML (SPID-M, SPID-C).

use std::path::Path;

use fascicolo_adapters::tls;
use fascicolo_eid::spid::{
    Agent, AgentRole, AttributeSet, CertificateSubject, CieContacts, CiePartner, Contact, Contacts,
    Organization, Provider, Providers, ServiceProvider, SigningKey,
};

use crate::config::{self, Aggregator, Config, ConfigError, Role};
use crate::failure::Failure;
use crate::secrets;

/// We in SPID.
///
/// # Errors
/// SPID is switched off, a file cannot be read, or the entity id is not one of the role.
pub fn spid_service_provider(config: &Config) -> Result<ServiceProvider, Failure> {
    let settings = spid_settings(config)?;
    let mut attribute_sets = vec![AttributeSet::usual(&settings.service_name)];
    if settings.eidas.is_some() {
        attribute_sets.extend(AttributeSet::eidas());
    }
    let origin = &config.site.origin;
    Ok(ServiceProvider {
        entity_id: settings.entity_id.clone(),
        acs_url: format!("{origin}/spid/acs"),
        slo_url: format!("{origin}/spid/slo"),
        attribute_sets,
        organization: Organization {
            name: settings.organization.clone(),
            display_name: settings.display_name.clone(),
            url: settings.organization_url.clone(),
        },
        contacts: spid_contacts(config, settings)?,
        least_age: settings.age_limit.then(|| settings.minors_from.unwrap_or(18)),
        key: key(config, "spid.key", (&settings.key, &settings.certificate))?,
        next_certificate: certificate(config, "spid.next_certificate", settings.next_certificate.as_deref())?,
    })
}

/// We in CIE over SAML; the addresses for its answers are below `/cie`.
///
/// # Errors
/// There is no such section, or a file cannot be read.
pub fn cie_service_provider(config: &Config) -> Result<ServiceProvider, Failure> {
    let (common, settings) = cie_saml_settings(config)?;
    let origin = &config.site.origin;
    let next = settings.next_certificate.as_deref();
    Ok(ServiceProvider {
        entity_id: settings.entity_id.clone(),
        acs_url: format!("{origin}/cie/acs"),
        slo_url: format!("{origin}/cie/slo"),
        attribute_sets: vec![AttributeSet::cie(&settings.service_id)],
        organization: Organization {
            name: common.organization.clone(),
            display_name: common.display_name.clone(),
            url: common.organization_url.clone(),
        },
        contacts: Contacts::Cie(CieContacts {
            body: Contact {
                company: common.organization.clone(),
                email: settings.email.clone(),
                phone: Some(settings.phone.clone()),
                ipa_code: Some(settings.ipa_code.clone()),
                vat_number: None,
                fiscal_code: None,
            },
            municipality: settings.municipality.clone(),
            partner: config.cie_partner.as_ref().map(partner),
        }),
        least_age: None,
        key: key(config, "cie_saml.key", (&settings.key, &settings.certificate))?,
        next_certificate: certificate(config, "cie_saml.next_certificate", next)?,
    })
}

fn partner(partner: &config::CiePartner) -> CiePartner {
    CiePartner {
        contact: Contact {
            company: partner.name.clone(),
            email: partner.email.clone(),
            phone: partner.phone.clone(),
            ipa_code: None,
            vat_number: Some(partner.vat_number.clone()),
            fiscal_code: Some(partner.fiscal_code.clone()),
        },
        municipality: partner.municipality.clone(),
        nace: partner.nace.clone(),
    }
}

/// The one provider of CIE over SAML, of the operator's file; `None`: no file is named.
///
/// # Errors
/// The file cannot be read, or is not the metadata of one provider.
pub fn cie_provider(config: &Config) -> Result<Option<Provider>, Failure> {
    let path = config.cie_saml.as_ref().and_then(|saml| saml.provider.as_deref());
    path.map(|path| provider(config, "cie_saml.provider", path)).transpose()
}

/// The eIDAS node, which is a SPID provider like others (SPID-X1), of the operator's file; `None`: no file is named.
///
/// # Errors
/// The file cannot be read, or is not the metadata of one provider.
pub fn eidas_provider(config: &Config) -> Result<Option<Provider>, Failure> {
    let path = config.spid.as_ref().and_then(|spid| spid.eidas.as_deref());
    path.map(|path| provider(config, "spid.eidas", path)).transpose()
}

fn provider(config: &Config, key: &str, path: &Path) -> Result<Provider, Failure> {
    let metadata = secrets::read(config, key, path)?;
    let providers = Providers::from_metadata(metadata.as_bytes());
    let providers = providers.map_err(|refused| ConfigError::value(key, format!("refused: {refused}")))?;
    match <[Provider; 1]>::try_from(providers) {
        Ok([provider]) => Ok(provider),
        Err(_) => Err(ConfigError::value(key, "must be the metadata of one provider").into()),
    }
}

/// The section of SPID.
///
/// # Errors
/// There is none.
pub fn spid_settings(config: &Config) -> Result<&config::Spid, ConfigError> {
    config.spid.as_ref().ok_or_else(|| ConfigError::Missing("spid".to_owned()))
}

/// The section of CIE.
///
/// # Errors
/// There is none.
pub fn cie_settings(config: &Config) -> Result<&config::Cie, ConfigError> {
    config.cie.as_ref().ok_or_else(|| ConfigError::Missing("cie".to_owned()))
}

/// The sections of CIE over SAML.
///
/// # Errors
/// There is none.
pub fn cie_saml_settings(config: &Config) -> Result<(&config::Cie, &config::CieSaml), ConfigError> {
    let saml = config.cie_saml.as_ref().ok_or_else(|| ConfigError::Missing("cie_saml".to_owned()));
    Ok((cie_settings(config)?, saml?))
}

/// Whom the certificate of SPID is for (SPID-K2): the organization of the metadata.
///
/// # Errors
/// SPID is switched off.
pub fn spid_subject(config: &Config) -> Result<CertificateSubject, ConfigError> {
    let spid = spid_settings(config)?;
    // an operator is the organization itself
    let operator = config.aggregator.as_ref().filter(|aggregator| role(aggregator.role).is_operator());
    Ok(CertificateSubject {
        common_name: spid.display_name.clone(),
        organization: spid.organization.clone(),
        entity_id: spid.entity_id.clone(),
        ipa_code: operator.and_then(|o| o.ipa_code.clone()).unwrap_or_else(|| spid.ipa_code.clone()),
        country: "IT".to_owned(),
        locality: spid.locality.clone(),
    })
}

/// Whom the certificate of CIE is for.
///
/// # Errors
/// There is no section of CIE over SAML.
pub fn cie_subject(config: &Config) -> Result<CertificateSubject, ConfigError> {
    let (common, saml) = cie_saml_settings(config)?;
    Ok(CertificateSubject {
        common_name: common.display_name.clone(),
        organization: common.organization.clone(),
        entity_id: saml.entity_id.clone(),
        ipa_code: saml.ipa_code.clone(),
        country: "IT".to_owned(),
        locality: saml.locality.clone(),
    })
}

fn role(role: Role) -> AgentRole {
    match role {
        Role::AggregatorFull => AgentRole::FullAggregator,
        Role::AggregatorLight => AgentRole::LightAggregator,
        Role::OperatorFull => AgentRole::FullOperator,
        Role::OperatorLight => AgentRole::LightOperator,
    }
}

fn spid_contacts(config: &Config, spid: &config::Spid) -> Result<Contacts, Failure> {
    let wrong = |what: String| Err(ConfigError::value("spid.entity_id", what).into());
    let named = AgentRole::ALL.into_iter().find(|role| spid.entity_id.contains(role.code()));
    let body = |company: &str| Contact {
        company: company.to_owned(),
        email: spid.email.clone(),
        phone: Some(spid.phone.clone()),
        ipa_code: Some(spid.ipa_code.clone()),
        vat_number: None,
        fiscal_code: None,
    };
    let Some(aggregator) = &config.aggregator else {
        return match named {
            Some(role) => wrong(format!("has `{}` in it, and there is no `aggregator`", role.code())),
            None => Ok(Contacts::Body(body(&spid.organization))),
        };
    };
    let role = role(aggregator.role);
    if named != Some(role) {
        return wrong(format!("must have `{}` in it, the code of `aggregator.role`", role.code()));
    }
    let validation = aggregator.validation_certificate.as_deref();
    Ok(Contacts::Agent(Agent {
        role,
        contact: agent_contact(aggregator),
        body: match role {
            AgentRole::FullAggregator | AgentRole::LightAggregator => Some(body(&spid.organization)),
            AgentRole::LightOperator => Some(body(&config.site.region)),
            AgentRole::FullOperator => None,
        },
        validation: certificate(config, "aggregator.validation_certificate", validation)?,
    }))
}

fn agent_contact(aggregator: &Aggregator) -> Contact {
    Contact {
        company: aggregator.name.clone(),
        email: aggregator.email.clone(),
        phone: Some(aggregator.phone.clone()),
        ipa_code: aggregator.ipa_code.clone(),
        vat_number: aggregator.vat_number.clone(),
        fiscal_code: aggregator.fiscal_code.clone(),
    }
}

fn key(config: &Config, name: &str, (key, certificate): (&Path, &Path)) -> Result<SigningKey, Failure> {
    let certificate_name = name.replace("key", "certificate");
    let key = secrets::read(config, name, key)?;
    let certificate = secrets::read(config, &certificate_name, certificate)?;
    let key = SigningKey::from_pem(&key, &certificate);
    Ok(key.map_err(|e| ConfigError::value(name, e.to_string()))?)
}

/// One certificate, in DER.
fn certificate(config: &Config, name: &str, path: Option<&Path>) -> Result<Option<Vec<u8>>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let pem = secrets::read(config, name, path)?;
    match tls::certificates(pem.as_bytes())?.as_slice() {
        [one] => Ok(Some(one.to_vec())),
        _ => Err(ConfigError::value(name, "must be one certificate").into()),
    }
}
