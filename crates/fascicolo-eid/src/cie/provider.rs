//! What a login needs to know of a provider, from resolved metadata alone (CIE-11).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::address::is_address;
use super::jose::{Algorithm, JwkSet};
use super::{Chain, Refused};

/// A provider, as the chain resolved it.
#[derive(Clone, Debug)]
pub struct Provider {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub revocation_endpoint: Option<String>,
    pub keys: JwkSet,
    /// What it signs with, as far as we accept it (CIE-23).
    pub id_token_algorithms: Vec<Algorithm>,
    pub userinfo_algorithms: Vec<Algorithm>,
    pub organization_name: Option<String>,
    pub logo_uri: Option<String>,
    /// No login past this instant (CIE-13).
    pub expires: Timestamp,
}

impl Provider {
    /// Takes the provider out of a chain.
    ///
    /// # Errors
    /// [`Refused::ProviderMetadata`] and the other causes by that name.
    pub fn from_chain(chain: &Chain) -> Result<Self, Refused> {
        let metadata = chain.metadata("openid_provider").ok_or(Refused::ProviderMetadata)?;
        let text = |name| metadata.get(name).and_then(Value::as_str).map(str::to_owned);
        let endpoint = |name| text(name).filter(|a| is_address(a)).ok_or(Refused::ProviderEndpoint);
        if text("issuer").as_deref() != Some(chain.subject()) {
            return Err(Refused::ProviderIssuer);
        }
        let keys = metadata.get("jwks").ok_or(Refused::ProviderKeys)?;
        let id_token = algorithms(metadata, "id_token_signing_alg_values_supported")?;
        let id_token_algorithms = id_token.ok_or(Refused::ProviderAlgorithms)?;
        let userinfo = algorithms(metadata, "userinfo_signing_alg_values_supported")?;
        let revocation_endpoint = match metadata.get("revocation_endpoint") {
            None => None,
            Some(_) => Some(endpoint("revocation_endpoint")?),
        };
        Ok(Self {
            issuer: chain.subject().to_owned(),
            authorization_endpoint: endpoint("authorization_endpoint")?,
            token_endpoint: endpoint("token_endpoint")?,
            userinfo_endpoint: endpoint("userinfo_endpoint")?,
            revocation_endpoint,
            keys: JwkSet::read(keys).map_err(|_| Refused::ProviderKeys)?,
            userinfo_algorithms: userinfo.unwrap_or_else(|| id_token_algorithms.clone()),
            id_token_algorithms,
            organization_name: text("organization_name"),
            logo_uri: text("logo_uri").filter(|a| is_address(a)),
            expires: chain.expires(),
        })
    }
}

/// What the provider names, as far as we accept it; `None` when it names nothing.
fn algorithms(metadata: &Map<String, Value>, name: &str) -> Result<Option<Vec<Algorithm>>, Refused> {
    let Some(list) = metadata.get(name) else {
        return Ok(None);
    };
    let list = list.as_array().ok_or(Refused::ProviderAlgorithms)?;
    let known: Vec<Algorithm> = list.iter().filter_map(|a| Algorithm::parse(a.as_str()?)).collect();
    if known.is_empty() { Err(Refused::ProviderAlgorithms) } else { Ok(Some(known)) }
}
