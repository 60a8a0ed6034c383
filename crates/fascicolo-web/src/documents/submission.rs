//! What a producer hands in, and the facts it amounts to together with the CDA inside (REC-I3). No I/O.

use bytes::Bytes;
use fascicolo_clinical::cda::Header;
use fascicolo_domain::documents::{Confidentiality, Kind, NationalId};
use fascicolo_domain::person::CodiceFiscale;
use jiff::Timestamp;

/// A file with what its producer says of it. What is `None` is taken from the CDA.
#[derive(Clone)]
pub struct Submission {
    pub pdf: Bytes,
    pub subject: Option<CodiceFiscale>,
    pub national_id: Option<NationalId>,
    pub kind: Option<Kind>,
    pub title: Option<String>,
    pub issuer: Option<String>,
    pub author: Option<String>,
    pub issued_at: Option<Timestamp>,
    pub version: Option<u32>,
    pub replaces: Option<NationalId>,
    pub confidentiality: Option<Confidentiality>,
    /// Specially protected by law.
    pub protected: bool,
    /// Hidden by the citizen before it came here.
    pub hidden: bool,
}

impl Submission {
    /// A file by itself: everything else stands in its CDA.
    #[must_use]
    pub fn of(pdf: Bytes) -> Self {
        Self {
            pdf,
            subject: None,
            national_id: None,
            kind: None,
            title: None,
            issuer: None,
            author: None,
            issued_at: None,
            version: None,
            replaces: None,
            confidentiality: None,
            protected: false,
            hidden: false,
        }
    }
}

/// A metadatum, by name, in a refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item {
    Subject,
    NationalId,
    Kind,
    Issuer,
    IssuedAt,
    Version,
}

impl Item {
    /// Its name in reports.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::NationalId => "national_id",
            Self::Kind => "kind",
            Self::Issuer => "issuer",
            Self::IssuedAt => "issued_at",
            Self::Version => "version",
        }
    }
}

/// Why what was said does not make a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// Said neither by the producer nor by a CDA.
    Missing(Item),
    /// The producer says one thing and the CDA another.
    Disagrees(Item),
}

/// What is odd, and no reason to refuse.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Warning {
    /// No CDA inside: the document opens as a file only.
    NoCda,
    /// The check character of the codice fiscale in the CDA is wrong (L8).
    CheckCharacter,
    /// The document it says it replaces is not here.
    ReplacedUnknown,
}

impl Warning {
    /// Its name in reports.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoCda => "no_cda",
            Self::CheckCharacter => "check_character",
            Self::ReplacedUnknown => "replaced_unknown",
        }
    }
}

/// What the row of the document will say.
#[derive(Debug)]
pub(super) struct Facts {
    /// One or two codes, which must lead to the same person: after a correction the CDA may carry the old one (ACC-A8).
    pub(super) subjects: Vec<CodiceFiscale>,
    pub(super) national_id: NationalId,
    pub(super) kind: Kind,
    pub(super) title: String,
    pub(super) issuer: String,
    pub(super) author: String,
    pub(super) issued_at: Timestamp,
    pub(super) version: u32,
    pub(super) replaces: Option<NationalId>,
    pub(super) confidentiality: Confidentiality,
    pub(super) protected: bool,
    pub(super) warnings: Vec<Warning>,
}

/// Puts together what the producer and the CDA say.
pub(super) fn facts(said: &Submission, cda: Option<&Header>) -> Result<Facts, Unfit> {
    let mut warnings = Vec::new();
    if cda.is_none() {
        warnings.push(Warning::NoCda);
    }
    let subjects = subjects(said.subject, cda, &mut warnings)?;
    let national_id = agreed(
        Item::NationalId,
        said.national_id.clone(),
        cda.map(|c| c.national_id.clone()),
    )?;
    let kind = agreed(Item::Kind, said.kind, cda.map(|c| c.kind))?;
    let version = match (said.version, cda.map(|c| c.version)) {
        (None, None) => 1,
        (said, written) => agreed(Item::Version, said, written)?,
    };
    let issued_at = said
        .issued_at
        .or_else(|| cda.map(|c| c.issued_at))
        .ok_or(Unfit::Missing(Item::IssuedAt))?;
    let issuer = text(said.issuer.as_deref(), cda.map(|c| c.issuer.as_str()));
    if issuer.is_empty() {
        return Err(Unfit::Missing(Item::Issuer));
    }
    let confidentiality = stricter(said.confidentiality, cda.map(|c| c.confidentiality));
    Ok(Facts {
        subjects,
        national_id,
        kind,
        title: text(said.title.as_deref(), cda.map(|c| c.title.as_str())),
        issuer,
        author: text(said.author.as_deref(), cda.map(|c| c.author.as_str())),
        issued_at,
        version,
        replaces: said
            .replaces
            .clone()
            .or_else(|| cda.and_then(|c| c.replaces.clone())),
        confidentiality,
        protected: said.protected || confidentiality == Confidentiality::VeryRestricted,
        warnings,
    })
}

/// A wrong check character in the CDA is a warning when the rest is the code the producer names; otherwise nobody
/// can say whose document it is.
fn subjects(
    said: Option<CodiceFiscale>,
    cda: Option<&Header>,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<CodiceFiscale>, Unfit> {
    let Some(written) = cda.and_then(|c| c.subject_codice_fiscale.as_deref()) else {
        return Ok(vec![said.ok_or(Unfit::Missing(Item::Subject))?]);
    };
    if let Ok(written) = CodiceFiscale::parse(written) {
        return Ok(said
            .into_iter()
            .filter(|said| *said != written)
            .chain([written])
            .collect());
    }
    let said = said.ok_or(Unfit::Missing(Item::Subject))?;
    let body = |code: &str| {
        code.trim()
            .to_ascii_uppercase()
            .chars()
            .take(15)
            .collect::<String>()
    };
    if body(written) != body(said.as_str()) {
        return Err(Unfit::Disagrees(Item::Subject));
    }
    warnings.push(Warning::CheckCharacter);
    Ok(vec![said])
}

fn agreed<T: PartialEq>(item: Item, said: Option<T>, written: Option<T>) -> Result<T, Unfit> {
    match (said, written) {
        (Some(said), Some(written)) if said != written => Err(Unfit::Disagrees(item)),
        (Some(one), _) | (None, Some(one)) => Ok(one),
        (None, None) => Err(Unfit::Missing(item)),
    }
}

fn text(said: Option<&str>, written: Option<&str>) -> String {
    said.map(str::trim)
        .filter(|t| !t.is_empty())
        .or(written)
        .unwrap_or_default()
        .to_owned()
}

fn stricter(said: Option<Confidentiality>, written: Option<Confidentiality>) -> Confidentiality {
    let either = |level| said == Some(level) || written == Some(level);
    [Confidentiality::VeryRestricted, Confidentiality::Restricted]
        .into_iter()
        .find(|level| either(*level))
        .unwrap_or(Confidentiality::Normal)
}
