//! The contents of the sample documents, from `fixtures/documents`: a file a kind, with several variants each.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use fascicolo_domain::Fault;
use fascicolo_domain::documents::Kind;
use serde::Deserialize;

static FILES: [&str; 9] = [
    include_str!("../../fixtures/documents/laboratory_report.toml"),
    include_str!("../../fixtures/documents/radiology_report.toml"),
    include_str!("../../fixtures/documents/specialist_report.toml"),
    include_str!("../../fixtures/documents/pathology_report.toml"),
    include_str!("../../fixtures/documents/discharge_letter.toml"),
    include_str!("../../fixtures/documents/emergency_report.toml"),
    include_str!("../../fixtures/documents/patient_summary.toml"),
    include_str!("../../fixtures/documents/vaccination_record.toml"),
    include_str!("../../fixtures/documents/vaccination_certificate.toml"),
];
static PEOPLE: &str = include_str!("../../fixtures/documents/people.toml");

/// What all documents of a kind share.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sort {
    /// The key of the kind in the national table.
    pub(super) kind: String,
    /// The kind's display name in the code.
    pub(super) display: String,
    /// National template: root and version.
    pub(super) template: (String, String),
    /// Whether it answers a prescription.
    #[serde(default)]
    pub(super) order: bool,
    /// Whether the header tells when and where the service was given.
    #[serde(default)]
    pub(super) encounter: bool,
    /// Code and name of the service that the document tells of.
    #[serde(default)]
    pub(super) service: Option<(String, String)>,
    pub(super) issuers: Vec<String>,
    pub(super) section: Vec<SectionShape>,
    pub(super) variant: Vec<Variant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SectionShape {
    /// LOINC.
    pub(super) code: String,
    pub(super) display: String,
    pub(super) title: String,
    #[serde(default)]
    pub(super) template: Option<String>,
    /// The code of the section it stands in.
    #[serde(default)]
    pub(super) within: Option<String>,
    /// Titles and cells of the table made of a variant's rows.
    #[serde(default)]
    pub(super) columns: Vec<(String, String)>,
    /// Coded entries: once, or once a row.
    #[serde(default)]
    pub(super) entry: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variant {
    pub(super) title: String,
    /// F or M; both without it.
    #[serde(default)]
    pub(super) sex: Option<String>,
    /// Youngest and oldest age.
    #[serde(default)]
    pub(super) ages: Option<(i16, i16)>,
    #[serde(default)]
    pub(super) fields: BTreeMap<String, String>,
    /// By section: a paragraph, or a list.
    #[serde(default)]
    pub(super) text: BTreeMap<String, Vec<Passage>>,
    /// By section: the rows of its table.
    #[serde(default)]
    pub(super) rows: BTreeMap<String, Vec<BTreeMap<String, String>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Passage {
    Paragraph(String),
    List(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct People {
    pub(super) doctor: Vec<Doctor>,
    pub(super) home: Vec<Home>,
    pub(super) place: Vec<Place>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Doctor {
    pub(super) given: String,
    pub(super) family: String,
    /// F or M.
    pub(super) sex: String,
    pub(super) born: String,
    pub(super) place: String,
}

/// Where invented people live.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Home {
    pub(super) street: String,
    pub(super) postal_code: String,
    /// Belfiore code of a place.
    pub(super) place: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// Belfiore code.
    pub(super) code: String,
    pub(super) name: String,
    pub(super) province: String,
    /// Of the statistical office, six digits.
    pub(super) istat: String,
}

pub(super) struct Fixtures {
    sorts: Vec<(Kind, Sort)>,
    pub(super) people: People,
}

impl Fixtures {
    pub(super) fn sort(&self, kind: Kind) -> Option<&Sort> {
        self.sorts.iter().find(|(k, _)| *k == kind).map(|(_, sort)| sort)
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.sorts.iter().map(|(kind, _)| *kind)
    }

    pub(super) fn place(&self, code: &str) -> Option<&Place> {
        self.people.place.iter().find(|p| p.code == code)
    }
}

/// The fixtures, read once.
pub(super) fn fixtures() -> Result<&'static Fixtures, Fault> {
    static READ: OnceLock<Result<Fixtures, String>> = OnceLock::new();
    READ.get_or_init(read)
        .as_ref()
        .map_err(|error| Fault::new("reading the sample documents", std::io::Error::other(error.clone())))
}

fn read() -> Result<Fixtures, String> {
    let mut sorts = Vec::new();
    for file in FILES {
        let sort: Sort = toml::from_str(file).map_err(|e| e.to_string())?;
        let kind = Kind::by_key(&sort.kind).ok_or_else(|| sort.kind.clone())?;
        sorts.push((kind, sort));
    }
    let people = toml::from_str(PEOPLE).map_err(|e| e.to_string())?;
    Ok(Fixtures { sorts, people })
}
