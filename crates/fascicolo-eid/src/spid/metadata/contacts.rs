//! Who answers for the service, and in which role: the contacts of our metadata (SPID-M10, SPID-M11, SPID-C2).

use super::{certificate_of, escape};

/// An office, never a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// Its full registered name.
    pub company: String,
    pub email: String,
    /// `+39…`, without spaces.
    pub phone: Option<String>,
    /// Its code in the index of public bodies (IPA).
    pub ipa_code: Option<String>,
    /// `IT` and the digits.
    pub vat_number: Option<String>,
    pub fiscal_code: Option<String>,
}

/// The contacts, by what the service is to the federation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Contacts {
    /// A public body for itself (SPID-M10).
    Body(Contact),
    /// Somebody for a public body (SPID-M11).
    Agent(Agent),
    /// A public body, to the Ministry that runs CIE (SPID-C2).
    Cie(CieContacts),
}

/// CIE knows no aggregators: a company that runs the service is the technical contact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CieContacts {
    pub body: Contact,
    /// Where the body has its seat: the municipality's Belfiore code.
    pub municipality: String,
    pub partner: Option<CiePartner>,
}

/// A private company.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CiePartner {
    pub contact: Contact,
    pub municipality: String,
    /// What it does, by the national code (ATECO).
    pub nace: String,
}

/// Whoever brings a public body's services into the federation: Avviso 19.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Agent {
    pub role: AgentRole,
    pub contact: Contact,
    /// The body acted for; a full operator acts under its own name alone.
    pub body: Option<Contact>,
    /// The certificate, in DER, by which a light agent's validations are known.
    pub validation: Option<Vec<u8>>,
}

/// Aggregators serve others; operators of public services serve on behalf of a body. Full ones run the whole login,
/// light ones leave the service with the body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AgentRole {
    FullAggregator,
    LightAggregator,
    FullOperator,
    LightOperator,
}

impl AgentRole {
    pub const ALL: [Self; 4] =
        [Self::FullAggregator, Self::LightAggregator, Self::FullOperator, Self::LightOperator];

    /// What the entity id must contain.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::FullAggregator => "pub-ag-full",
            Self::LightAggregator => "pub-ag-lite",
            Self::FullOperator => "pub-op-full",
            Self::LightOperator => "pub-op-lite",
        }
    }

    #[must_use]
    pub fn is_light(self) -> bool {
        matches!(self, Self::LightAggregator | Self::LightOperator)
    }

    /// Operators sign as themselves: they are the organization of the metadata.
    #[must_use]
    pub fn is_operator(self) -> bool {
        matches!(self, Self::FullOperator | Self::LightOperator)
    }

    /// The empty element that says it.
    pub(super) fn element(self) -> &'static str {
        match self {
            Self::FullAggregator => "PublicServicesFullAggregator",
            Self::LightAggregator => "PublicServicesLightAggregator",
            Self::FullOperator => "PublicServicesFullOperator",
            Self::LightOperator => "PublicServicesLightOperator",
        }
    }
}

pub(super) fn contact_persons(contacts: &Contacts) -> String {
    match contacts {
        Contacts::Body(body) => person("contactType=\"other\"", &spid_extensions(body, "Public", ""), body),
        Contacts::Agent(agent) => {
            let validation = agent.validation.as_ref().map_or_else(String::new, |der| {
                format!(
                    "<spid:KeyDescriptor use=\"spid:validation\">{}</spid:KeyDescriptor>",
                    certificate_of(der)
                )
            });
            let extensions = spid_extensions(&agent.contact, agent.role.element(), &validation);
            let mut persons = person(
                "contactType=\"other\" spid:entityType=\"spid:aggregator\"",
                &extensions,
                &agent.contact,
            );
            if let Some(body) = &agent.body {
                persons.push_str(&person(
                    "contactType=\"other\" spid:entityType=\"spid:aggregated\"",
                    &spid_extensions(body, "Public", ""),
                    body,
                ));
            }
            persons
        }
        Contacts::Cie(contacts) => {
            let extensions = cie_extensions(&contacts.body, "Public", None, &contacts.municipality);
            let mut persons = person("contactType=\"administrative\"", &extensions, &contacts.body);
            if let Some(CiePartner { contact, municipality, nace }) = &contacts.partner {
                let extensions = cie_extensions(contact, "Private", Some(nace), municipality);
                persons.push_str(&person("contactType=\"technical\"", &extensions, contact));
            }
            persons
        }
    }
}

fn spid_extensions(contact: &Contact, kind: &str, more: &str) -> String {
    format!(
        "{}{}{}<spid:{kind}></spid:{kind}>{more}",
        optional("spid:IPACode", contact.ipa_code.as_ref()),
        optional("spid:VATNumber", contact.vat_number.as_ref()),
        optional("spid:FiscalCode", contact.fiscal_code.as_ref()),
    )
}

fn cie_extensions(contact: &Contact, kind: &str, nace: Option<&String>, municipality: &str) -> String {
    format!(
        "<cie:{kind}></cie:{kind}>{}{}{}{}<cie:Municipality>{}</cie:Municipality>",
        optional("cie:IPACode", contact.ipa_code.as_ref()),
        optional("cie:VATNumber", contact.vat_number.as_ref()),
        optional("cie:FiscalCode", contact.fiscal_code.as_ref()),
        optional("cie:NACE2Code", nace),
        escape(municipality),
    )
}

fn optional(name: &str, value: Option<&String>) -> String {
    value.map_or_else(String::new, |value| format!("<{name}>{}</{name}>", escape(value)))
}

fn person(attributes: &str, extensions: &str, contact: &Contact) -> String {
    format!(
        "<md:ContactPerson {attributes}><md:Extensions>{extensions}</md:Extensions><md:Company>{}</md:Company>\
         <md:EmailAddress>{}</md:EmailAddress>{}</md:ContactPerson>",
        escape(&contact.company),
        escape(&contact.email),
        optional("md:TelephoneNumber", contact.phone.as_ref()),
    )
}
