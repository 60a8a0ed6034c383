//! The closed subset of XML and of XML signatures that SAML needs: strict reading, exclusive canonical form,
//! verification with keys we already hold, signing of text we wrote. No DTD, comment or instruction gets in.

mod base64;
mod canonical;
mod key;
mod reader;
mod sign;
mod signature;
mod signed;

pub use self::base64::{decode as decode_base64, encode as encode_base64};
pub use self::canonical::canonical;
pub use self::key::{KeyError, Signer, SigningKey, VerifyingKey};
pub use self::reader::{Limits, Tree, attribute, is, only_text};
pub use self::sign::{Place, escape, sign_enveloped, sign_query};
pub(crate) use self::sign::{percent, unpercent};
pub use self::signature::{SignedQuery, verify, verify_query};
pub use self::signed::{Element, Outline, Signed};

/// Namespace of signatures.
pub const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Namespace of SAML assertions.
pub const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Namespace of the SAML protocol.
pub const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Namespace of SAML metadata.
pub const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// Exclusive canonical XML without comments; also the namespace of its parameters.
pub const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The transform that leaves the signature itself out.
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// The signature method we make.
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
/// The digest method we make.
pub const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// What is wrong with a piece of XML or with a signature in it (SPID-R1, R2, R7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Defect {
    #[error("longer than the limit")]
    TooLong,
    #[error("not strict base64")]
    NotBase64,
    #[error("not UTF-8, or says it is not")]
    NotUtf8,
    #[error("a document type")]
    Doctype,
    #[error("a comment")]
    Comment,
    #[error("a processing instruction")]
    ProcessingInstruction,
    #[error("not well-formed")]
    Malformed,
    #[error("nested too deeply")]
    TooDeep,
    #[error("too many nodes")]
    TooManyNodes,
    #[error("too many attributes on one element")]
    TooManyAttributes,
    #[error("a namespace that cannot be written in canonical form")]
    NamespaceName,
    #[error("an identifier used twice")]
    DuplicateId,
    #[error("no signature")]
    SignatureMissing,
    #[error("a signature with missing, repeated or foreign parts")]
    SignatureShape,
    #[error("a reference to something else than the signature's parent")]
    Reference,
    #[error("transforms other than enveloped and exclusive canonical form")]
    Transforms,
    #[error("a canonical form other than the exclusive one")]
    Canonicalization,
    #[error("a signature method that is not accepted")]
    SignatureMethod,
    #[error("a digest method that is not accepted")]
    DigestMethod,
    #[error("the content is not what was signed")]
    DigestMismatch,
    #[error("no known key made this signature")]
    SignatureMismatch,
}

impl Defect {
    pub const ALL: [Self; 21] = [
        Self::TooLong,
        Self::NotBase64,
        Self::NotUtf8,
        Self::Doctype,
        Self::Comment,
        Self::ProcessingInstruction,
        Self::Malformed,
        Self::TooDeep,
        Self::TooManyNodes,
        Self::TooManyAttributes,
        Self::NamespaceName,
        Self::DuplicateId,
        Self::SignatureMissing,
        Self::SignatureShape,
        Self::Reference,
        Self::Transforms,
        Self::Canonicalization,
        Self::SignatureMethod,
        Self::DigestMethod,
        Self::DigestMismatch,
        Self::SignatureMismatch,
    ];

    /// Its name in the log.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotBase64 => "not_base64",
            Self::NotUtf8 => "not_utf8",
            Self::Doctype => "doctype",
            Self::Comment => "comment",
            Self::ProcessingInstruction => "processing_instruction",
            Self::Malformed => "malformed",
            Self::TooDeep => "too_deep",
            Self::TooManyNodes => "too_many_nodes",
            Self::TooManyAttributes => "too_many_attributes",
            Self::NamespaceName => "namespace_name",
            Self::DuplicateId => "duplicate_id",
            Self::SignatureMissing => "signature_missing",
            Self::SignatureShape => "signature_shape",
            Self::Reference => "reference",
            Self::Transforms => "transforms",
            Self::Canonicalization => "canonicalization",
            Self::SignatureMethod => "signature_method",
            Self::DigestMethod => "digest_method",
            Self::DigestMismatch => "digest_mismatch",
            Self::SignatureMismatch => "signature_mismatch",
        }
    }
}
