//! The header of a CDA: the facts that lists show and rules ask (REC-R2, REC-I3).

use std::fmt;

use fascicolo_domain::documents::{Confidentiality, Kind, NationalId};
use jiff::Timestamp;
use roxmltree::Node;

use super::source::{children, decode, find, parse, words};
use super::time::timestamp;
use crate::Refused;

const LOINC: &str = "2.16.840.1.113883.6.1";
const CODICE_FISCALE: &str = "2.16.840.1.113883.2.9.4.3.2";
/// Numero di ricetta elettronica: the prescription a report answers (L39).
const NRE: &str = "2.16.840.1.113883.2.9.4.3.9";

const MAX_TITLE: usize = 200;
const MAX_NAME: usize = 160;
const MAX_ROOT: usize = 128;
const MAX_EXTENSION: usize = 128;
const MAX_ORDERS: usize = 64;

/// Header facts. Names and titles are as written, blanks collapsed; empty when the document does not say.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    pub kind: Kind,
    pub national_id: NationalId,
    pub title: String,
    pub issued_at: Timestamp,
    /// From 1.
    pub version: u32,
    pub confidentiality: Confidentiality,
    /// As written: at intake a wrong check character is a warning, not a refusal (L8).
    pub subject_codice_fiscale: Option<String>,
    pub subject_name: String,
    pub author: String,
    /// The custodian.
    pub issuer: String,
    /// The legal authenticator.
    pub signer: String,
    pub replaces: Option<NationalId>,
    /// Numbers of the prescriptions it answers, each once.
    pub orders: Vec<String>,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({:?})", self.kind)
    }
}

/// Reads the header of a CDA (UTF-8 or UTF-16).
///
/// # Errors
/// Not a CDA within the limits, or without kind, identifier, date or confidentiality.
pub fn header(xml: &[u8]) -> Result<Header, Refused> {
    let text = decode(xml)?;
    let document = parse(&text)?;
    let root = document.root_element();
    let issuer = find(root, &["custodian", "assignedCustodian", "representedCustodianOrganization", "name"]);
    let patient = find(root, &["recordTarget", "patientRole"]);
    Ok(Header {
        kind: kind(root)?,
        national_id: children(root, "id").find_map(national_id).ok_or(Refused::NationalId)?,
        title: find(root, &["title"]).map(|n| words(n, MAX_TITLE)).unwrap_or_default(),
        issued_at: issued_at(root)?,
        version: version(root)?,
        confidentiality: confidentiality(root)?,
        subject_codice_fiscale: patient.and_then(codice_fiscale),
        subject_name: patient.and_then(|n| find(n, &["patient", "name"])).map(name).unwrap_or_default(),
        author: author(root),
        issuer: issuer.map(|n| words(n, MAX_NAME)).unwrap_or_default(),
        signer: find(root, &["legalAuthenticator", "assignedEntity", "assignedPerson", "name"])
            .map(name)
            .unwrap_or_default(),
        replaces: replaces(root),
        orders: orders(root),
    })
}

fn kind(root: Node) -> Result<Kind, Refused> {
    children(root, "code")
        .filter(|code| code.attribute("codeSystem") == Some(LOINC))
        .find_map(|code| Kind::by_loinc(code.attribute("code")?.trim()))
        .ok_or(Refused::Kind)
}

/// Both parts must be there: the extension is what people type as document number.
fn national_id(id: Node) -> Option<NationalId> {
    let root = id.attribute("root")?.trim();
    let extension = id.attribute("extension")?.trim();
    let fits = (1..=MAX_ROOT).contains(&root.len())
        && root.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && (1..=MAX_EXTENSION).contains(&extension.len())
        && extension.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| NationalId { root: root.to_owned(), extension: extension.to_owned() })
}

fn issued_at(root: Node) -> Result<Timestamp, Refused> {
    find(root, &["effectiveTime"]).and_then(|n| timestamp(n.attribute("value")?)).ok_or(Refused::IssuedAt)
}

fn version(root: Node) -> Result<u32, Refused> {
    match find(root, &["versionNumber"]).and_then(|n| n.attribute("value")) {
        None => Ok(1),
        Some(text) => text.trim().parse().ok().filter(|v| (1..=999_999).contains(v)).ok_or(Refused::Version),
    }
}

fn confidentiality(root: Node) -> Result<Confidentiality, Refused> {
    find(root, &["confidentialityCode"])
        .and_then(|n| Confidentiality::parse(n.attribute("code")?))
        .ok_or(Refused::Confidentiality)
}

fn codice_fiscale(patient_role: Node) -> Option<String> {
    children(patient_role, "id")
        .filter(|id| id.attribute("root") == Some(CODICE_FISCALE))
        .find_map(|id| id.attribute("extension"))
        .filter(|text| text.len() <= MAX_EXTENSION)
        .map(str::to_owned)
}

/// The first author's name; else the organisation or device it stands for.
fn author(root: Node) -> String {
    let Some(assigned) = find(root, &["author", "assignedAuthor"]) else {
        return String::new();
    };
    let person = find(assigned, &["assignedPerson", "name"]).map(name);
    let other = || {
        find(assigned, &["representedOrganization", "name"])
            .or_else(|| find(assigned, &["assignedAuthoringDevice", "softwareName"]))
            .map(|n| words(n, MAX_NAME))
    };
    person.filter(|text| !text.is_empty()).or_else(other).unwrap_or_default()
}

/// Prefix, given, family, suffix; a name without parts is its text.
fn name(name: Node) -> String {
    let parts: Vec<String> = ["prefix", "given", "family", "suffix"]
        .into_iter()
        .flat_map(|part| children(name, part))
        .map(|part| words(part, MAX_NAME))
        .filter(|text| !text.is_empty())
        .collect();
    if parts.is_empty() {
        return words(name, MAX_NAME);
    }
    parts.join(" ").chars().take(MAX_NAME).collect()
}

fn replaces(root: Node) -> Option<NationalId> {
    children(root, "relatedDocument")
        .filter(|related| related.attribute("typeCode") == Some("RPLC"))
        .filter_map(|related| find(related, &["parentDocument", "id"]))
        .find_map(national_id)
}

fn orders(root: Node) -> Vec<String> {
    let mut orders: Vec<String> = Vec::new();
    let ids = children(root, "inFulfillmentOf")
        .filter_map(|n| find(n, &["order"]))
        .flat_map(|order| children(order, "id"))
        .filter(|id| id.attribute("root") == Some(NRE))
        .filter_map(|id| id.attribute("extension"))
        .map(str::trim);
    for id in ids {
        let new = !orders.iter().any(|known| known == id);
        if new && (1..=MAX_EXTENSION).contains(&id.len()) && orders.len() < MAX_ORDERS {
            orders.push(id.to_owned());
        }
    }
    orders
}
