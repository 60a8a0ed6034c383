//! Our own metadata, as a public body (SPID-M): signed, and the same bytes until the configuration changes.

use aws_lc_rs::digest;

use super::{KeyError, SigningKey};
use crate::xml::{DS, MD, Place, encode_base64, escape, sign_enveloped};

/// The service, as the federation knows it.
#[derive(Debug)]
pub struct ServiceProvider {
    /// An https address without port and query, for ever the same (SPID-M1).
    pub entity_id: String,
    /// Where answers are posted: AssertionConsumerService 0.
    pub acs_url: String,
    /// Where logout messages arrive, over POST and Redirect.
    pub slo_url: String,
    /// The name of attribute set 0, in Italian.
    pub service_name: String,
    pub organization: Organization,
    pub contact: Contact,
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

/// The `other` contact of a public body (SPID-M10).
#[derive(Clone, Debug)]
pub struct Contact {
    pub ipa_code: String,
    /// Not of a person.
    pub email: String,
    /// `+39…`, without spaces.
    pub phone: String,
    /// Equal to the organization's name, when given.
    pub company: Option<String>,
}

/// The attributes we ask for (SPID-S1).
pub(super) const ATTRIBUTES: [&str; 4] = ["fiscalNumber", "name", "familyName", "dateOfBirth"];

/// Makes the signed metadata: XML in UTF-8, the same bytes for the same configuration.
///
/// # Errors
/// [`KeyError::Sign`].
pub fn metadata(sp: &ServiceProvider) -> Result<Vec<u8>, KeyError> {
    let content = [age_limit(sp), role(sp), organization(&sp.organization), contact(&sp.contact)].concat();
    let entity_id = escape(&sp.entity_id);
    let hash = digest::digest(&digest::SHA256, format!("{entity_id}{content}").as_bytes());
    let mut random = [0; 20];
    for (slot, byte) in random.iter_mut().zip(hash.as_ref()) {
        *slot = *byte;
    }
    let id = super::new_request_id(random);
    let xml = format!(
        "<md:EntityDescriptor xmlns:md=\"{MD}\" xmlns:ds=\"{DS}\" \
         xmlns:spid=\"https://spid.gov.it/saml-extensions\" entityID=\"{entity_id}\" ID=\"{id}\">\
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
    let attributes: String = ATTRIBUTES
        .map(|name| format!("<md:RequestedAttribute Name=\"{name}\" isRequired=\"true\"/>"))
        .concat();
    format!(
        "<md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"true\">{keys}{logout}\
         <md:NameIDFormat>{}</md:NameIDFormat>\
         <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
         Location=\"{}\" index=\"0\" isDefault=\"true\"/>\
         <md:AttributeConsumingService index=\"0\">\
         <md:ServiceName xml:lang=\"it\">{}</md:ServiceName>{attributes}</md:AttributeConsumingService>\
         </md:SPSSODescriptor>",
        super::TRANSIENT,
        escape(&sp.acs_url),
        escape(&sp.service_name),
    )
}

fn key_descriptor(certificate: &[u8]) -> String {
    format!(
        "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
        encode_base64(certificate)
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

fn contact(contact: &Contact) -> String {
    let company = contact
        .company
        .as_deref()
        .map_or_else(String::new, |company| format!("<md:Company>{}</md:Company>", escape(company)));
    format!(
        "<md:ContactPerson contactType=\"other\"><md:Extensions><spid:IPACode>{}</spid:IPACode>\
         <spid:Public></spid:Public></md:Extensions>{company}<md:EmailAddress>{}</md:EmailAddress>\
         <md:TelephoneNumber>{}</md:TelephoneNumber></md:ContactPerson>",
        escape(&contact.ipa_code),
        escape(&contact.email),
        escape(&contact.phone),
    )
}
