//! Why a signature is called broken: one variant per cause, for the log and for operations.

/// The first thing wrong with the signature of a file (REC-R6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// The signed ranges do not make sense, or run past the end of the file.
    Range,
    /// Something was added to the file after it was signed.
    Added,
    /// The signature's place in the file does not hold the signature.
    Contents,
    /// A form of signature that is not accepted.
    Format,
    /// The signature cannot be read.
    Cms,
    /// Not exactly one signer.
    Signers,
    /// SHA-1, MD5, a weak key or an unknown algorithm.
    Algorithm,
    /// A signed attribute is missing.
    Attributes,
    /// The bytes are not those that were signed.
    Digest,
    /// The signer's certificate is missing.
    Certificate,
    /// The signature does not name the certificate it came with.
    Binding,
    /// The signature is not the signer's.
    Signature,
}

impl Flaw {
    /// Stable name for logs and reports.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Added => "added",
            Self::Contents => "contents",
            Self::Format => "format",
            Self::Cms => "cms",
            Self::Signers => "signers",
            Self::Algorithm => "algorithm",
            Self::Attributes => "attributes",
            Self::Digest => "digest",
            Self::Certificate => "certificate",
            Self::Binding => "binding",
            Self::Signature => "signature",
        }
    }
}
