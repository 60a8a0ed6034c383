//! Why foreign bytes are not taken in: one variant per cause.

/// The first thing wrong with a file. Holds nothing of its content, so it may be logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    #[error("the file is larger than the limit")]
    TooLarge,
    #[error("not a PDF file")]
    NotPdf,
    #[error("the structure of the PDF cannot be read")]
    PdfStructure,
    #[error("the PDF is encrypted")]
    PdfEncrypted,
    #[error("the content expands beyond the limit")]
    Bomb,
    #[error("too many parts, or nested too deep")]
    TooComplex,
    #[error("not a list of PEM certificates")]
    TrustAnchors,
    #[error("the text is neither UTF-8 nor UTF-16")]
    Encoding,
    #[error("not well-formed XML")]
    Xml,
    #[error("the XML declares a document type")]
    Doctype,
    #[error("the root is not an HL7 ClinicalDocument")]
    NotCda,
    #[error("the kind of document is not in the national table")]
    Kind,
    #[error("no national identifier")]
    NationalId,
    #[error("no readable date of issue")]
    IssuedAt,
    #[error("the version is not a number from 1")]
    Version,
    #[error("the confidentiality is none of N, R, V")]
    Confidentiality,
    #[error("no readable text")]
    NoNarrative,
}

impl Refused {
    /// Stable name for logs and reports.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::NotPdf => "not_pdf",
            Self::PdfStructure => "pdf_structure",
            Self::PdfEncrypted => "pdf_encrypted",
            Self::Bomb => "bomb",
            Self::TooComplex => "too_complex",
            Self::TrustAnchors => "trust_anchors",
            Self::Encoding => "encoding",
            Self::Xml => "xml",
            Self::Doctype => "doctype",
            Self::NotCda => "not_cda",
            Self::Kind => "kind",
            Self::NationalId => "national_id",
            Self::IssuedAt => "issued_at",
            Self::Version => "version",
            Self::Confidentiality => "confidentiality",
            Self::NoNarrative => "no_narrative",
        }
    }
}
