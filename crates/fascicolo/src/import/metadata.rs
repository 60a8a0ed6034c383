//! What the JSON beside a PDF may say of it. Everything is optional where the PDF carries a CDA that says it.

use bytes::Bytes;
use fascicolo_domain::documents::{Confidentiality, Kind, NationalId};
use fascicolo_domain::person::CodiceFiscale;
use fascicolo_web::documents::intake::Submission;
use jiff::Timestamp;
use serde::Deserialize;

use super::lines::json as json_object;

/// As written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Metadata {
    subject: Option<String>,
    national_id: Option<Id>,
    /// A LOINC code, or our key.
    kind: Option<String>,
    title: Option<String>,
    issuer: Option<String>,
    author: Option<String>,
    /// RFC 3339.
    issued_at: Option<String>,
    version: Option<u32>,
    replaces: Option<Id>,
    /// N, R or V.
    confidentiality: Option<String>,
    protected: bool,
    hidden: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Id {
    root: String,
    extension: String,
}

impl From<Id> for NationalId {
    fn from(Id { root, extension }: Id) -> Self {
        Self { root, extension }
    }
}

/// A PDF with what is said of it.
///
/// # Errors
/// Which value cannot be; without what it says.
pub fn submission(pdf: Bytes, json: Option<&[u8]>) -> Result<Submission, String> {
    let Some(json) = json else {
        return Ok(Submission::of(pdf));
    };
    let said: Metadata = json_object(json)?;
    let subject = said.subject.map(|text| CodiceFiscale::parse(&text)).transpose();
    Ok(Submission {
        subject: subject.map_err(|e| format!("subject: {e}"))?,
        national_id: said.national_id.map(NationalId::from),
        kind: parsed("kind", said.kind, |text| Kind::by_loinc(text).or_else(|| Kind::by_key(text)))?,
        title: said.title,
        issuer: said.issuer,
        author: said.author,
        issued_at: parsed("issued_at", said.issued_at, |text| text.parse::<Timestamp>().ok())?,
        version: said.version,
        replaces: said.replaces.map(NationalId::from),
        confidentiality: parsed("confidentiality", said.confidentiality, Confidentiality::parse)?,
        protected: said.protected,
        hidden: said.hidden,
        pdf,
    })
}

fn parsed<T>(
    name: &str,
    text: Option<String>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, String> {
    match text {
        None => Ok(None),
        Some(text) => parse(&text).map(Some).ok_or_else(|| format!("{name}: not a value there is")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Submission, String> {
        submission(Bytes::new(), Some(json.as_bytes()))
    }

    #[test]
    fn everything_is_read() {
        let json = r#"{"subject": "RSSMRA80A01H501U", "national_id": {"root": "2.16", "extension": "X"},
            "kind": "11502-2", "title": "Esami", "issuer": "Ospedale", "author": "Anna Bianchi",
            "issued_at": "2026-05-01T10:00:00+02:00", "version": 2, "replaces": {"root": "2.16", "extension": "W"},
            "confidentiality": "R", "protected": true, "hidden": true}"#;
        let said = read(json).unwrap();
        assert_eq!(said.kind, Kind::by_key("laboratory_report"));
        assert_eq!(said.issued_at, Some("2026-05-01T08:00:00Z".parse().unwrap()));
        assert_eq!(said.confidentiality, Some(Confidentiality::Restricted));
        assert!(said.protected && said.hidden && said.replaces.is_some() && said.subject.is_some());
        assert!(read("{}").unwrap().subject.is_none());
    }

    #[test]
    fn each_defect_is_told_without_its_content() {
        let cases = [
            ("[]", "not a JSON object"),
            ("{", "column 1: not JSON"),
            (r#"{"subjct": "x"}"#, "column"),
            (r#"{"subject": "RSSMRA80A01H501V"}"#, "subject: the check character"),
            (r#"{"kind": "0-0"}"#, "kind: not"),
            (r#"{"issued_at": "ieri"}"#, "issued_at: not"),
            (r#"{"confidentiality": "X"}"#, "confidentiality: not"),
            (r#"{"national_id": {"root": "RSSMRA80A01H501U"}}"#, "missing field"),
        ];
        for (json, says) in cases {
            let why = read(json).err().unwrap();
            assert!(why.starts_with(says) && !why.contains("RSSMRA"), "{why}");
        }
    }
}
