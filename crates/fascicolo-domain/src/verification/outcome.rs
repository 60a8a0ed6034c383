//! What a stranger may be told (REC-V2): never whose, never content, never a digest.

use jiff::Timestamp;

use crate::documents::{Document, Kind, Signature, Status};
use crate::secret::Digest;

/// The answer to "is this document genuine?".
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Unknown person, wrong number and somebody else's document are this one answer (REC-V3).
    NotFound,
    /// It exists; no file was compared.
    Exists { issued_at: Timestamp, standing: Standing },
    /// The file is, byte for byte, the document we hold: *integro*.
    Intact { issued_at: Timestamp, standing: Standing, kind: Kind, issuer: String, signature: Signature },
    /// The file is not the document we hold under that number.
    Different,
}

/// Whether a newer version or an annulment came after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    Current,
    Replaced,
    Annulled,
}

/// Compares what was typed with what we hold. Hiding a document does not change the answer.
#[must_use]
pub fn compare(held: Option<&Document>, file: Option<&Digest>) -> Outcome {
    let Some(document) = held else {
        return Outcome::NotFound;
    };
    let issued_at = document.issued_at;
    let standing = match document.status {
        Status::Current => Standing::Current,
        Status::Replaced { .. } => Standing::Replaced,
        Status::Annulled => Standing::Annulled,
    };
    match file {
        None => Outcome::Exists { issued_at, standing },
        Some(digest) if *digest == document.sha256 => Outcome::Intact {
            issued_at,
            standing,
            kind: document.kind,
            issuer: document.issuer.clone(),
            signature: document.signature.clone(),
        },
        Some(_) => Outcome::Different,
    }
}

impl Outcome {
    /// Its name in the audit trail.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Exists { .. } => "exists",
            Self::Intact { .. } => "intact",
            Self::Different => "different",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::document::tests::sample;
    use crate::ids::DocumentId;

    #[test]
    fn only_a_matching_file_is_called_intact() {
        let held = sample();
        let other = Digest::of(b"another file");
        assert!(matches!(compare(Some(&held), None), Outcome::Exists { standing: Standing::Current, .. }));
        assert!(matches!(compare(Some(&held), Some(&held.sha256)), Outcome::Intact { .. }));
        assert_eq!(compare(Some(&held), Some(&other)), Outcome::Different);
        assert_eq!(compare(None, Some(&held.sha256)), Outcome::NotFound);
        assert_eq!(compare(None, None), Outcome::NotFound);
    }

    #[test]
    fn a_replaced_or_annulled_document_says_so_and_a_hidden_one_does_not() {
        let mut held = sample();
        let plain = compare(Some(&held), None);
        held.hidden = true;
        assert_eq!(compare(Some(&held), None), plain);
        held.status = Status::Annulled;
        assert!(matches!(compare(Some(&held), None), Outcome::Exists { standing: Standing::Annulled, .. }));
        held.status = Status::Replaced { by: DocumentId::new(Timestamp::UNIX_EPOCH, [9; 10]) };
        assert!(matches!(compare(Some(&held), None), Outcome::Exists { standing: Standing::Replaced, .. }));
    }
}
