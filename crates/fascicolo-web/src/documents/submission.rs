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
    let national_id = agreed(Item::NationalId, said.national_id.clone(), cda.map(|c| c.national_id.clone()))?;
    let kind = agreed(Item::Kind, said.kind, cda.map(|c| c.kind))?;
    let version = match (said.version, cda.map(|c| c.version)) {
        (None, None) => 1,
        (said, written) => agreed(Item::Version, said, written)?,
    };
    let issued_at =
        said.issued_at.or_else(|| cda.map(|c| c.issued_at)).ok_or(Unfit::Missing(Item::IssuedAt))?;
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
        replaces: said.replaces.clone().or_else(|| cda.and_then(|c| c.replaces.clone())),
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
        return Ok(said.into_iter().filter(|said| *said != written).chain([written]).collect());
    }
    let said = said.ok_or(Unfit::Missing(Item::Subject))?;
    let body = |code: &str| code.trim().to_ascii_uppercase().chars().take(15).collect::<String>();
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
    said.map(str::trim).filter(|t| !t.is_empty()).or(written).unwrap_or_default().to_owned()
}

fn stricter(said: Option<Confidentiality>, written: Option<Confidentiality>) -> Confidentiality {
    let either = |level| said == Some(level) || written == Some(level);
    [Confidentiality::VeryRestricted, Confidentiality::Restricted]
        .into_iter()
        .find(|level| either(*level))
        .unwrap_or(Confidentiality::Normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CF: &str = "RSSMRA80A01H501U";

    fn national_id(extension: &str) -> NationalId {
        NationalId { root: "1.2.3".into(), extension: extension.into() }
    }

    fn written() -> Header {
        Header {
            kind: Kind::by_key("laboratory_report").unwrap(),
            national_id: national_id("X1"),
            title: "Esami".into(),
            issued_at: "2026-05-21T08:00:00Z".parse().unwrap(),
            version: 1,
            confidentiality: Confidentiality::Normal,
            subject_codice_fiscale: Some(CF.into()),
            subject_name: String::new(),
            author: "Anna Bianchi".into(),
            issuer: "Ospedale San Marco".into(),
            signer: String::new(),
            replaces: None,
            orders: Vec::new(),
        }
    }

    fn said() -> Submission {
        Submission::of(Bytes::new())
    }

    fn code(text: &str) -> CodiceFiscale {
        CodiceFiscale::parse(text).unwrap()
    }

    #[test]
    fn a_cda_says_everything_by_itself() {
        let facts = facts(&said(), Some(&written())).unwrap();
        assert_eq!(
            (facts.subjects.as_slice(), facts.issuer.as_str()),
            (&[code(CF)][..], "Ospedale San Marco")
        );
        assert_eq!((facts.version, facts.warnings.as_slice()), (1, &[][..]));
    }

    #[test]
    fn without_a_cda_each_thing_unsaid_is_named() {
        let whole = || Submission {
            subject: Some(code(CF)),
            national_id: Some(national_id("X1")),
            kind: Kind::by_key("exemption"),
            issuer: Some("ASL".into()),
            issued_at: Some("2026-05-21T08:00:00Z".parse().unwrap()),
            ..said()
        };
        let facts_of = |said| facts(&said, None).map(|f| f.warnings);
        assert_eq!(facts_of(whole()), Ok(vec![Warning::NoCda]));
        let cases = [
            (Submission { subject: None, ..whole() }, Item::Subject),
            (Submission { national_id: None, ..whole() }, Item::NationalId),
            (Submission { kind: None, ..whole() }, Item::Kind),
            (Submission { issuer: Some(" ".into()), ..whole() }, Item::Issuer),
            (Submission { issued_at: None, ..whole() }, Item::IssuedAt),
        ];
        for (said, item) in cases {
            assert_eq!(facts_of(said), Err(Unfit::Missing(item)));
        }
    }

    #[test]
    fn what_the_producer_says_must_agree_with_the_cda() {
        let facts_of = |said| facts(&said, Some(&written())).map(|_| ());
        let agreeing = Submission { national_id: Some(national_id("X1")), version: Some(1), ..said() };
        assert_eq!(facts_of(agreeing), Ok(()));
        let cases = [
            (Submission { national_id: Some(national_id("X2")), ..said() }, Item::NationalId),
            (Submission { kind: Kind::by_key("exemption"), ..said() }, Item::Kind),
            (Submission { version: Some(2), ..said() }, Item::Version),
        ];
        for (said, item) in cases {
            assert_eq!(facts_of(said), Err(Unfit::Disagrees(item)));
        }
    }

    #[test]
    fn two_codes_are_both_kept_for_the_register_to_compare() {
        let said = Submission { subject: Some(code("RSSMRA80A41H501Y")), ..said() };
        assert_eq!(facts(&said, Some(&written())).unwrap().subjects.len(), 2);
    }

    #[test]
    fn a_wrong_check_character_is_a_warning_when_the_rest_is_the_code_said() {
        let mut cda = written();
        cda.subject_codice_fiscale = Some("rssmra80a01h501z".into());
        let with = |subject: Option<&str>, cda: &Header| {
            let said = Submission { subject: subject.map(code), ..said() };
            facts(&said, Some(cda)).map(|f| f.warnings)
        };
        assert_eq!(with(Some(CF), &cda), Ok(vec![Warning::CheckCharacter]));
        assert_eq!(with(None, &cda), Err(Unfit::Missing(Item::Subject)));
        assert_eq!(with(Some("RSSMRA80A41H501Y"), &cda), Err(Unfit::Disagrees(Item::Subject)));
    }

    #[test]
    fn the_stricter_confidentiality_holds_and_v_is_protected() {
        let with = |said_level, written_level| {
            let cda = Header { confidentiality: written_level, ..written() };
            let said = Submission { confidentiality: said_level, ..said() };
            let facts = facts(&said, Some(&cda)).unwrap();
            (facts.confidentiality, facts.protected)
        };
        use Confidentiality::{Normal, Restricted, VeryRestricted};
        assert_eq!(with(None, Normal), (Normal, false));
        assert_eq!(with(Some(Restricted), Normal), (Restricted, false));
        assert_eq!(with(Some(Normal), VeryRestricted), (VeryRestricted, true));
    }
}
