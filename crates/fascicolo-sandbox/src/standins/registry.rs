//! The SPID registry of the sandbox: the providers' metadata in one list, signed by a key of its own (SPID-I).

use axum::Router;
use axum::http::header;
use axum::routing::get;
use bytes::Bytes;
use fascicolo_domain::Fault;
use fascicolo_domain::login::Federation;
use fascicolo_eid::spid::{CertificateSubject, SigningKey};
use fascicolo_eid::xml::{Limits, MD, Place, Tree, sign_enveloped};
use fascicolo_web::login::registry::{Registry, Source};
use jiff::Timestamp;

use crate::idp::Idps;
use crate::keys::Wanted;

const PATH: &str = "/registro/entities-idp";
const ID: &str = "_registro";

/// The key that signs the registry.
#[must_use]
pub fn wanted_key(origin: &str) -> Wanted {
    Wanted {
        file: "registro-spid".to_owned(),
        bits: 2048,
        subject: CertificateSubject {
            common_name: "Registro SPID di prova".to_owned(),
            organization: "Registro SPID di prova".to_owned(),
            entity_id: format!("{origin}/registro"),
            ipa_code: "prova".to_owned(),
            country: "IT".to_owned(),
            locality: "Roma".to_owned(),
        },
    }
}

/// The signed list, and what the site has to know of it.
pub struct SignedRegistry {
    aggregate: Bytes,
    source: Source,
}

impl SignedRegistry {
    /// Signs the metadata of our own providers and of those added.
    ///
    /// # Errors
    /// Metadata that are no XML, or signing failed.
    pub fn new(key: &SigningKey, origin: &str, idps: &Idps, added: &[String]) -> Result<Self, Fault> {
        let mut list = String::new();
        for idp in idps.of(Federation::Spid) {
            list.push_str(element(&String::from_utf8_lossy(&idp.metadata()?))?);
        }
        for metadata in added {
            list.push_str(element(metadata)?);
        }
        let signed = signed(key, "", &list)?;
        let url = Some(format!("{origin}{PATH}"));
        let source = Source { certificate: key.certificate_der().to_vec(), url };
        Ok(Self { aggregate: signed.into(), source })
    }

    /// The registry as the site starts with it.
    ///
    /// # Errors
    /// It is not good.
    pub fn opened(&self, now: Timestamp) -> Result<Registry, Fault> {
        let registry = Registry::new(Some(self.source.clone()));
        registry.load(&self.aggregate, now, now)?;
        Ok(registry)
    }

    /// Where the site fetches it.
    pub fn routes(self) -> Router {
        let aggregate = self.aggregate;
        let kind = [(header::CONTENT_TYPE, "application/samlmetadata+xml")];
        Router::new().route(PATH, get(async move || (kind, aggregate.clone())))
    }
}

/// A signed list of providers; `attributes` are more of its root's.
///
/// # Errors
/// Signing failed.
pub fn signed(key: &SigningKey, attributes: &str, list: &str) -> Result<String, Fault> {
    let xml = format!(
        "<md:EntitiesDescriptor xmlns:md=\"{MD}\" ID=\"{ID}\"{attributes}>{list}</md:EntitiesDescriptor>"
    );
    sign_enveloped(&xml, ID, Place::First, key).map_err(|e| Fault::new("signing the SPID registry", e))
}

/// A document's root element, without what stands before and after it.
fn element(xml: &str) -> Result<&str, Fault> {
    let tree = Tree::read(xml, &Limits::METADATA);
    let range = tree.map_err(|e| Fault::new("reading a SPID provider's metadata", e))?.root().range();
    xml.get(range).ok_or_else(|| Fault::bare("reading a SPID provider's metadata"))
}
