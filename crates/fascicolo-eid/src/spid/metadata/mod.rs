//! Our own metadata (SPID-M): signed, and the same bytes until the configuration changes.

use aws_lc_rs::digest;

mod contact_rules;
mod contacts;
mod rules;
mod sets;

use self::contacts::contact_persons;
pub use self::contacts::{Agent, AgentRole, CieContacts, CiePartner, Contact, Contacts};
pub use self::rules::{Broken, Profile, judge};
use self::sets::attribute_sets;
pub use self::sets::{AttributeSet, EIDAS_FULL, EIDAS_MINIMUM};
use super::{KeyError, SigningKey};
use crate::xml::{DS, MD, Place, encode_base64, escape, sign_enveloped};

/// Namespace of SPID's extensions.
const SPID: &str = "https://spid.gov.it/saml-extensions";
/// Namespace of CIE's.
const CIE: &str = "https://www.cartaidentita.interno.gov.it/saml-extensions";

/// The service, as a federation knows it: SPID, or CIE over SAML (SPID-C2), each with metadata of its own (SPID-M12).
#[derive(Debug)]
pub struct ServiceProvider {
    /// An https address without port and query, for ever the same (SPID-M1).
    pub entity_id: String,
    /// Where answers are posted: AssertionConsumerService 0.
    pub acs_url: String,
    /// Where logout messages arrive, over POST and Redirect.
    pub slo_url: String,
    /// What requests ask for, by the index of a set (SPID-M8, SPID-A5).
    pub attribute_sets: Vec<AttributeSet>,
    pub organization: Organization,
    pub contacts: Contacts,
    /// The least age that providers let in, published for them to enforce (SPID-N1); `None`: nothing is published.
    pub least_age: Option<u8>,
    pub key: SigningKey,
    /// The certificate, in DER, of the key that will replace `key`: published, not used (SPID-K5).
    pub next_certificate: Option<Vec<u8>>,
}

/// The body that answers for the service (SPID-M9).
#[derive(Clone, Debug)]
pub struct Organization {
    pub name: String,
    /// What providers show in the consent page.
    pub display_name: String,
    pub url: String,
}

/// Makes the signed metadata: XML in UTF-8, the same bytes for the same configuration.
///
/// # Errors
/// [`KeyError::Sign`].
pub fn metadata(sp: &ServiceProvider) -> Result<Vec<u8>, KeyError> {
    let content =
        [age_limit(sp), role(sp), organization(&sp.organization), contact_persons(&sp.contacts)].concat();
    let entity_id = escape(&sp.entity_id);
    let hash = digest::digest(&digest::SHA256, format!("{entity_id}{content}").as_bytes());
    let mut random = [0; 20];
    for (slot, byte) in random.iter_mut().zip(hash.as_ref()) {
        *slot = *byte;
    }
    let id = super::new_request_id(random);
    let (prefix, namespace) = match sp.contacts {
        Contacts::Body(_) | Contacts::Agent(_) => ("spid", SPID),
        Contacts::Cie(_) => ("cie", CIE),
    };
    let xml = format!(
        "<md:EntityDescriptor xmlns:md=\"{MD}\" xmlns:ds=\"{DS}\" \
         xmlns:{prefix}=\"{namespace}\" entityID=\"{entity_id}\" ID=\"{id}\">\
         {content}</md:EntityDescriptor>"
    );
    let signed = sign_enveloped(&xml, &id, Place::First, &sp.key)?;
    Ok(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{signed}").into_bytes())
}

/// Without an upper limit: 99 (SPID-N1).
fn age_limit(sp: &ServiceProvider) -> String {
    sp.least_age.map_or_else(String::new, |age| {
        format!(
            "<md:Extensions><spid:AgeLimit>\
             <spid:AssertionConsumerServiceIndex>0</spid:AssertionConsumerServiceIndex>\
             <spid:MinAge>{age}</spid:MinAge><spid:MaxAge>99</spid:MaxAge></spid:AgeLimit></md:Extensions>"
        )
    })
}

fn role(sp: &ServiceProvider) -> String {
    let mut keys = key_descriptor(sp.key.certificate_der());
    if let Some(next) = &sp.next_certificate {
        keys.push_str(&key_descriptor(next));
    }
    let logout: String = ["POST", "Redirect"]
        .map(|binding| {
            format!(
                "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{binding}\" \
                 Location=\"{}\"/>",
                escape(&sp.slo_url)
            )
        })
        .concat();
    format!(
        "<md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"true\">{keys}{logout}\
         <md:NameIDFormat>{}</md:NameIDFormat>\
         <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
         Location=\"{}\" index=\"0\" isDefault=\"true\"/>\
         {}</md:SPSSODescriptor>",
        super::TRANSIENT,
        escape(&sp.acs_url),
        attribute_sets(&sp.attribute_sets),
    )
}

fn key_descriptor(certificate: &[u8]) -> String {
    format!("<md:KeyDescriptor use=\"signing\">{}</md:KeyDescriptor>", certificate_of(certificate))
}

fn certificate_of(der: &[u8]) -> String {
    format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        encode_base64(der)
    )
}

fn organization(organization: &Organization) -> String {
    format!(
        "<md:Organization><md:OrganizationName xml:lang=\"it\">{}</md:OrganizationName>\
         <md:OrganizationDisplayName xml:lang=\"it\">{}</md:OrganizationDisplayName>\
         <md:OrganizationURL xml:lang=\"it\">{}</md:OrganizationURL></md:Organization>",
        escape(&organization.name),
        escape(&organization.display_name),
        escape(&organization.url),
    )
}
