//! Every cause for which an answer, a logout message or metadata is refused; the person sees one page for all.

use crate::xml::Defect;

macro_rules! causes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal,)*) => {
        /// Why something a provider sent is refused. For the log alone (SPID-R16).
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Refused {
            /// SPID-R1, R2, R7: the XML or a signature in it.
            Xml(Defect),
            $($(#[doc = $doc])* $name,)*
        }

        impl Refused {
            /// All but [`Refused::Xml`].
            pub const RULES: &'static [Self] = &[$(Self::$name),*];

            /// Its name in the log.
            #[must_use]
            pub fn code(&self) -> &'static str {
                match self {
                    Self::Xml(defect) => defect.code(),
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

causes! {
    /// SPID-R2: the root is not a `samlp:Response` (or the message expected).
    Root = "root",
    /// SPID-R2: an element where the profile has none, or out of order.
    Shape = "shape",
    /// SPID-R2: an Assertion, Response, EntityDescriptor or Signature hidden somewhere.
    Stray = "stray",
    /// SPID-R2: more than one Assertion.
    AssertionCount = "assertion_count",
    /// SPID-R3.
    ResponseId = "response_id",
    /// SPID-R3.
    ResponseVersion = "response_version",
    /// SPID-R3: no instant, or none that can be read.
    ResponseInstant = "response_instant",
    /// SPID-R3.
    ResponseBeforeRequest = "response_before_request",
    /// SPID-R3.
    ResponseInFuture = "response_in_future",
    /// SPID-R4.
    InResponseTo = "in_response_to",
    /// SPID-R5.
    Destination = "destination",
    /// SPID-R5.
    ResponseIssuer = "response_issuer",
    /// SPID-R5.
    ResponseIssuerFormat = "response_issuer_format",
    /// SPID-R6: absent, or no status of SAML 2.0.
    Status = "status",
    /// SPID-R6: success, but nothing asserted.
    AssertionMissing = "assertion_missing",
    /// SPID-R2: an element where an Assertion has none, or repeated.
    AssertionShape = "assertion_shape",
    /// SPID-R8.
    AssertionId = "assertion_id",
    /// SPID-R8.
    AssertionVersion = "assertion_version",
    /// SPID-R8.
    AssertionInstant = "assertion_instant",
    /// SPID-R8.
    AssertionBeforeRequest = "assertion_before_request",
    /// SPID-R8.
    AssertionInFuture = "assertion_in_future",
    /// SPID-R9.
    Subject = "subject",
    /// SPID-R9.
    NameId = "name_id",
    /// SPID-R9.
    NameIdFormat = "name_id_format",
    /// SPID-R9.
    NameQualifier = "name_qualifier",
    /// SPID-R10.
    Confirmation = "confirmation",
    /// SPID-R10.
    ConfirmationMethod = "confirmation_method",
    /// SPID-R10.
    ConfirmationData = "confirmation_data",
    /// SPID-R10.
    Recipient = "recipient",
    /// SPID-R10.
    ConfirmationInResponseTo = "confirmation_in_response_to",
    /// SPID-R10.
    ConfirmationInstant = "confirmation_instant",
    /// SPID-R10.
    ConfirmationExpired = "confirmation_expired",
    /// SPID-R11.
    AssertionIssuer = "assertion_issuer",
    /// SPID-R11.
    AssertionIssuerFormat = "assertion_issuer_format",
    /// SPID-R12: absent, or a condition that we do not understand.
    Conditions = "conditions",
    /// SPID-R12.
    ConditionsInstant = "conditions_instant",
    /// SPID-R12.
    NotYetValid = "not_yet_valid",
    /// SPID-R12.
    Expired = "expired",
    /// SPID-R12.
    Audience = "audience",
    /// SPID-R13.
    AuthnStatement = "authn_statement",
    /// SPID-R13.
    AuthnInstant = "authn_instant",
    /// SPID-A3: authenticated before we asked for it.
    AuthnTooOld = "authn_too_old",
    /// SPID-R13: no level of SPID.
    AuthnContext = "authn_context",
    /// SPID-R13: below what the service asks.
    LevelTooLow = "level_too_low",
    /// SPID-R14.
    AttributeStatement = "attribute_statement",
    /// SPID-R14.
    AttributeValue = "attribute_value",
    /// SPID-R14, S1: fiscalNumber, name, familyName or dateOfBirth is not there.
    AttributeMissing = "attribute_missing",
    /// SPID-R14: one of them said twice.
    AttributeRepeated = "attribute_repeated",
    /// SPID-S2.
    FiscalNumber = "fiscal_number",
    /// SPID-S.
    DateOfBirth = "date_of_birth",
    /// SPID-I: metadata without any provider in it.
    NoProvider = "no_provider",
    /// SPID-I: a provider without entity id, usable key or address.
    Provider = "provider",
    /// SPID-O: a query that is not one signed message.
    Query = "query",
    /// SPID-O4: a request to end a session that names nobody.
    LogoutSubject = "logout_subject",
}

impl From<Defect> for Refused {
    fn from(defect: Defect) -> Self {
        Self::Xml(defect)
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Refused {}
