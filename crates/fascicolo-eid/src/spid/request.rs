//! The authentication request, over both bindings (SPID-A).

use std::cell::RefCell;

use fascicolo_domain::login::Level;
use flate2::{Compress, Compression, FlushCompress, Status};
use jiff::Timestamp;

use super::{Contacts, ENTITY, Provider, ServiceProvider, TRANSIENT, instant};
use crate::xml::{
    KeyError, Place, SAML, SAMLP, SigningKey, encode_base64, escape, percent, sign_enveloped, sign_query,
};

/// How a message travels through the browser.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binding {
    Redirect,
    Post,
}

impl Binding {
    pub(super) fn from_uri(uri: &str) -> Option<Self> {
        match uri {
            "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" => Some(Self::Redirect),
            "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" => Some(Self::Post),
            _ => None,
        }
    }
}

/// What differs from one request to the next.
#[derive(Clone, Copy, Debug)]
pub struct RequestSpec<'a> {
    /// Made by [`new_request_id`].
    pub id: &'a str,
    pub now: Timestamp,
    /// The least level that the service takes.
    pub level: Level,
    /// The index of one of the service's attribute sets (SPID-A5).
    pub attribute_set: u16,
    /// Opaque, at most 80 bytes, never an address (SPID-A10).
    pub relay_state: &'a str,
    pub binding: Binding,
}

/// A signed message, ready for the browser; `xml` is what is kept for 24 months (SPID-G1).
#[derive(Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// Answer 302 with this address (SPID-A11).
    Redirect { url: String, xml: String },
    /// Answer 200 with a form that posts these fields.
    Post {
        action: String,
        /// The value of `SAMLRequest`, or of `SAMLResponse` in a reply.
        saml_request: String,
        relay_state: String,
        xml: String,
    },
}

/// An ID from 160 random bits: an NCName (SPID-A1).
#[must_use]
pub fn new_request_id(random: [u8; 20]) -> String {
    let digits = random.iter().flat_map(|b| [b >> 4, b & 15]);
    std::iter::once('_').chain(digits.filter_map(|d| char::from_digit(u32::from(d), 16))).collect()
}

/// Makes the signed request.
///
/// # Errors
/// [`KeyError::RelayState`], [`KeyError::NoAddress`], [`KeyError::NoAttributeSet`], [`KeyError::Sign`].
pub fn authn_request(
    sp: &ServiceProvider,
    provider: &Provider,
    spec: &RequestSpec<'_>,
) -> Result<Outgoing, KeyError> {
    let destination = provider.sign_on_address(spec.binding).ok_or(KeyError::NoAddress)?;
    refuse_relay_state(spec.relay_state)?;
    if !sp.attribute_sets.iter().any(|set| set.index == spec.attribute_set) {
        return Err(KeyError::NoAttributeSet);
    }
    let xml = text(sp, destination, spec);
    Message { id: spec.id, destination, relay_state: Some(spec.relay_state), field: "SAMLRequest", xml }
        .send(spec.binding, &sp.key)
}

fn text(sp: &ServiceProvider, destination: &str, spec: &RequestSpec<'_>) -> String {
    let entity_id = escape(&sp.entity_id);
    // a fresh authentication at level 2 and 3 (SPID-A3), for CIE always (SPID-C5)
    let force = if spec.level >= Level::Two || matches!(sp.contacts, Contacts::Cie(_)) {
        " ForceAuthn=\"true\""
    } else {
        ""
    };
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"{SAMLP}\" xmlns:saml=\"{SAML}\" ID=\"{}\" Version=\"2.0\" \
         IssueInstant=\"{}\" Destination=\"{}\"{force} AssertionConsumerServiceIndex=\"0\" \
         AttributeConsumingServiceIndex=\"{}\">\
         <saml:Issuer Format=\"{ENTITY}\" NameQualifier=\"{entity_id}\">{entity_id}</saml:Issuer>\
         <samlp:NameIDPolicy Format=\"{TRANSIENT}\"></samlp:NameIDPolicy>\
         <samlp:RequestedAuthnContext Comparison=\"minimum\"><saml:AuthnContextClassRef>\
         https://www.spid.gov.it/SpidL{}</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>\
         </samlp:AuthnRequest>",
        escape(spec.id),
        instant::format(spec.now),
        escape(destination),
        spec.attribute_set,
        spec.level.number(),
    )
}

/// SPID-A10.
pub(super) fn refuse_relay_state(state: &str) -> Result<(), KeyError> {
    if state.is_empty() || state.len() > 80 || state.to_ascii_lowercase().contains("http") {
        return Err(KeyError::RelayState);
    }
    Ok(())
}

/// A message of ours before its signature.
pub(super) struct Message<'a> {
    pub(super) id: &'a str,
    pub(super) destination: &'a str,
    pub(super) relay_state: Option<&'a str>,
    pub(super) field: &'a str,
    pub(super) xml: String,
}

impl Message<'_> {
    /// Signs it the way the binding wants (SPID-A9) and addresses it.
    pub(super) fn send(self, binding: Binding, key: &SigningKey) -> Result<Outgoing, KeyError> {
        match binding {
            Binding::Post => {
                let xml = sign_enveloped(&self.xml, self.id, Place::AfterIssuer, key)?;
                Ok(Outgoing::Post {
                    action: self.destination.to_owned(),
                    saml_request: encode_base64(xml.as_bytes()),
                    relay_state: self.relay_state.unwrap_or_default().to_owned(),
                    xml,
                })
            }
            Binding::Redirect => {
                let message = percent(&encode_base64(&deflate(&self.xml)?));
                let mut query = format!("{}={message}", self.field);
                if let Some(state) = self.relay_state {
                    query = format!("{query}&RelayState={}", percent(state));
                }
                let query = sign_query(&query, key)?;
                let separator = if self.destination.contains('?') { '&' } else { '?' };
                Ok(Outgoing::Redirect {
                    url: format!("{}{separator}{query}", self.destination),
                    xml: self.xml,
                })
            }
        }
    }
}

thread_local! {
    /// Making one costs more than using it: its tables are large.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new(Compression::default(), false));
}

fn deflate(xml: &str) -> Result<Vec<u8>, KeyError> {
    // what cannot be compressed grows by a few bytes a block
    let mut out = Vec::with_capacity(xml.len() + xml.len() / 100 + 64);
    let status = COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        compressor.compress_vec(xml.as_bytes(), &mut out, FlushCompress::Finish)
    });
    match status {
        Ok(Status::StreamEnd) => Ok(out),
        Ok(Status::Ok | Status::BufError) | Err(_) => Err(KeyError::NothingToSign),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_is_deflated_comes_back_whatever_it_is() {
        let mut noise = String::new();
        let mut state = 1_u64;
        for length in [0, 1, 100, 5_000, 100_000] {
            while noise.len() < length {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                noise.extend(char::from_u32(u32::try_from(state >> 43).unwrap()));
            }
            let mut back = String::new();
            flate2::read::DeflateDecoder::new(deflate(&noise).unwrap().as_slice())
                .read_to_string(&mut back)
                .unwrap();
            assert_eq!(back, noise);
        }
    }
}
