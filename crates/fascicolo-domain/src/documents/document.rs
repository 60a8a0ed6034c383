//! A document's metadata: what lists show and rules ask. The bytes live elsewhere, under `object`.

use std::fmt;

use jiff::Timestamp;

use super::Kind;
use crate::ids::{CitizenId, DocumentId, ObjectId};
use crate::secret::Digest;
use crate::verification::CheckNumber;

#[derive(Clone)]
pub struct Document {
    pub id: DocumentId,
    pub subject: CitizenId,
    pub kind: Kind,
    pub title: String,
    pub national_id: NationalId,
    pub check_number: CheckNumber,
    /// When its author made it.
    pub issued_at: Timestamp,
    /// When we took it in.
    pub taken_at: Timestamp,
    /// The organisation that holds the original (custodian).
    pub issuer: String,
    pub author: String,
    /// Counted from 1 by the producer.
    pub version: u32,
    pub status: Status,
    pub confidentiality: Confidentiality,
    /// Specially protected by law (L43): hidden from others by default.
    pub protected: bool,
    /// Hidden by the citizen: oscurato.
    pub hidden: bool,
    pub signature: Signature,
    /// Whether a readable CDA stands inside the file.
    pub readable: bool,
    pub object: ObjectId,
    /// Bytes of the file.
    pub size: u64,
    pub sha256: Digest,
}

/// `root^extension` of the national identifier; the extension is what people call the document number.
#[derive(Clone, PartialEq, Eq)]
pub struct NationalId {
    pub root: String,
    pub extension: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    Current,
    Replaced { by: DocumentId },
    Annulled,
}

/// HL7 confidentiality as the national rules allow it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Confidentiality {
    Normal,
    Restricted,
    VeryRestricted,
}

impl Confidentiality {
    pub const ALL: [Self; 3] = [Self::Normal, Self::Restricted, Self::VeryRestricted];

    /// N, R or V.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Normal => "N",
            Self::Restricted => "R",
            Self::VeryRestricted => "V",
        }
    }

    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.code() == code)
    }
}

/// What the signature in the file says (REC-R6). It never blocks reading, and is always told.
#[derive(Clone, PartialEq, Eq)]
pub enum Signature {
    /// The bytes are those that were signed.
    Intact {
        signer: String,
        chain: Chain,
        at: Option<Timestamp>,
    },
    /// The bytes are not those that were signed, or something was added afterwards.
    Broken,
    NotSigned,
}

/// Whether the signer's certificate leads to a trust anchor of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chain {
    Known,
    Unknown,
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Intact { chain: Chain::Known, .. } => "Intact, chain known",
            Self::Intact { chain: Chain::Unknown, .. } => "Intact, chain unknown",
            Self::Broken => "Broken",
            Self::NotSigned => "NotSigned",
        })
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({})", self.id)
    }
}

/// It may contain a codice fiscale.
impl fmt::Debug for NationalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NationalId(…)")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample() -> Document {
        let now: Timestamp = "2026-05-21T08:00:00Z".parse().unwrap();
        Document {
            id: DocumentId::new(now, [1; 10]),
            subject: CitizenId::new(now, [2; 10]),
            kind: Kind::by_key("laboratory_report").unwrap(),
            title: "Esami del sangue".into(),
            national_id: NationalId { root: "2.16.840.1.113883.2.9.2.30.4.4".into(), extension: "X1".into() },
            check_number: CheckNumber::new([3; 10]),
            issued_at: now,
            taken_at: now,
            issuer: "Ospedale San Marco".into(),
            author: "Anna Bianchi".into(),
            version: 1,
            status: Status::Current,
            confidentiality: Confidentiality::Normal,
            protected: false,
            hidden: false,
            signature: Signature::NotSigned,
            readable: true,
            object: ObjectId::new(now, [4; 10]),
            size: 10,
            sha256: Digest::of(b"the bytes"),
        }
    }

    #[test]
    fn debug_output_holds_nothing_personal() {
        let mut document = sample();
        document.signature =
            Signature::Intact { signer: "Anna Bianchi".into(), chain: Chain::Known, at: None };
        let text = format!("{document:?} {:?} {:?}", document.national_id, document.signature);
        assert!(!text.contains("Bianchi") && !text.contains("X1") && !text.contains("sangue"), "{text}");
    }
}
