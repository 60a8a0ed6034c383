//! The sets of attributes that a request chooses from (SPID-M8, SPID-S1, SPID-X2, SPID-C3).

use crate::xml::escape;

/// Index of the set that eIDAS calls the minimum (SPID-X2).
pub const EIDAS_MINIMUM: u16 = 99;
/// Index of the set that eIDAS calls full.
pub const EIDAS_FULL: u16 = 100;

/// What SPID knows of a person or a company (SPID-M8).
pub(super) const SPID_NAMES: [&str; 23] = [
    "spidCode",
    "name",
    "familyName",
    "placeOfBirth",
    "countyOfBirth",
    "dateOfBirth",
    "gender",
    "companyName",
    "registeredOffice",
    "fiscalNumber",
    "ivaCode",
    "idCard",
    "mobilePhone",
    "email",
    "domicileStreetAddress",
    "domicilePostalCode",
    "domicileMunicipality",
    "domicileProvince",
    "domicileNation",
    "address",
    "expirationDate",
    "digitalAddress",
    "companyFiscalNumber",
];
/// Who it is: what we need, and all that CIE knows (SPID-S1, SPID-C3).
pub(super) const USUAL_NAMES: [&str; 4] = ["fiscalNumber", "name", "familyName", "dateOfBirth"];
/// What makes a person known to eIDAS (SPID-X2).
pub(super) const EIDAS_NAMES: [&str; 4] = ["spidCode", "name", "familyName", "dateOfBirth"];
/// What eIDAS may add.
pub(super) const EIDAS_MORE: [&str; 3] = ["placeOfBirth", "address", "gender"];

/// One `AttributeConsumingService`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttributeSet {
    pub index: u16,
    /// Its name, a language each: what providers show with the consent.
    pub names: Vec<(String, String)>,
    /// Attributes without which the service is none.
    pub required: &'static [&'static str],
    /// Attributes that are welcome.
    pub optional: &'static [&'static str],
}

impl AttributeSet {
    /// Set 0, for everybody with a fiscal code (SPID-S1).
    #[must_use]
    pub fn usual(service_name: &str) -> Self {
        Self {
            index: 0,
            names: vec![("it".to_owned(), service_name.to_owned())],
            required: &USUAL_NAMES,
            optional: &[],
        }
    }

    /// Set 0 for CIE, whose name is an identifier in no language (SPID-C3).
    #[must_use]
    pub fn cie(uuid: &str) -> Self {
        Self { names: vec![(String::new(), format!("urn:uuid:{uuid}"))], ..Self::usual("") }
    }

    /// Sets 99 and 100, for people of other countries who come by the eIDAS node: their names and indexes are given
    /// (SPID-X2). A node has no Italian fiscal code to give.
    #[must_use]
    pub fn eidas() -> [Self; 2] {
        let set = |index, name: &str, optional| Self {
            index,
            names: vec![("en".to_owned(), name.to_owned())],
            required: &EIDAS_NAMES,
            optional,
        };
        [
            set(EIDAS_MINIMUM, "eIDAS Natural Person Minimum Attribute Set", &[]),
            set(EIDAS_FULL, "eIDAS Natural Person Full Attribute Set", &EIDAS_MORE),
        ]
    }
}

pub(super) fn attribute_sets(sets: &[AttributeSet]) -> String {
    sets.iter().map(attribute_set).collect()
}

fn attribute_set(set: &AttributeSet) -> String {
    let names = set.names.iter().map(|(language, name)| {
        format!("<md:ServiceName xml:lang=\"{}\">{}</md:ServiceName>", escape(language), escape(name))
    });
    let attributes = |names: &[&str], required: bool| -> String {
        names
            .iter()
            .map(|name| format!("<md:RequestedAttribute Name=\"{name}\" isRequired=\"{required}\"/>"))
            .collect()
    };
    format!(
        "<md:AttributeConsumingService index=\"{}\">{}{}{}</md:AttributeConsumingService>",
        set.index,
        names.collect::<String>(),
        attributes(set.required, true),
        attributes(set.optional, false),
    )
}
