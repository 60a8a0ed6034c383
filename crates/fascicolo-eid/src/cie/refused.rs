//! Every cause for which something that another sent is refused; the person sees one page for all.

use super::jose::Defect;

macro_rules! causes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal,)*) => {
        /// Why something that another sent is refused. For the log alone (CIE-28).
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Refused {
            /// CIE-9, CIE-23, CIE-24: the form of a message, its signature or its encryption.
            Jose(Defect),
            $($(#[doc = $doc])* $name,)*
        }

        impl Refused {
            /// All but [`Refused::Jose`].
            pub const RULES: &'static [Self] = &[$(Self::$name),*];

            /// Its name in the log.
            #[must_use]
            pub fn code(&self) -> &'static str {
                match self {
                    Self::Jose(defect) => defect.code(),
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

causes! {
    /// CIE-9: who a statement is by is not who it must be by.
    StatementIssuer = "statement_issuer",
    /// CIE-9: who a statement is about is not who it must be about.
    StatementSubject = "statement_subject",
    /// CIE-9: no instants, or none that can be read.
    StatementInstants = "statement_instants",
    /// CIE-9.
    StatementInFuture = "statement_in_future",
    /// CIE-9.
    StatementExpired = "statement_expired",
    /// CIE-9: no keys, or a configuration signed with a key that it does not list.
    StatementKeys = "statement_keys",
    /// CIE-9: too many, malformed, or without the superior in the chain.
    AuthorityHints = "authority_hints",
    /// CIE-8, CIE-9: too few statements or too many.
    ChainLength = "chain_length",
    /// CIE-9: an entity that is its own superior.
    ChainLoop = "chain_loop",
    /// CIE-9: more intermediates than a superior allows.
    PathLength = "path_length",
    /// CIE-14: an address that we would not use.
    Address = "address",
    /// CIE-9: a superior that says nowhere where to ask for its statements.
    FetchEndpoint = "fetch_endpoint",
    /// CIE-8: not a list of entity ids.
    ProviderList = "provider_list",
    /// CIE-11: not the shape of a policy.
    PolicyShape = "policy_shape",
    /// CIE-11: an operator that must be understood, and is not.
    PolicyCritical = "policy_critical",
    /// CIE-11: operators that may not stand together.
    PolicyCombination = "policy_combination",
    /// CIE-11: two policies that cannot both hold.
    PolicyConflict = "policy_conflict",
    /// CIE-11: a value that the policy does not allow.
    PolicyValue = "policy_value",
    /// CIE-11: nothing where there must be something.
    PolicyEssential = "policy_essential",
    /// CIE-8: metadata of no provider.
    ProviderMetadata = "provider_metadata",
    /// CIE-9: a provider that calls itself otherwise than the chain does.
    ProviderIssuer = "provider_issuer",
    /// CIE-9: no usable key in the resolved metadata.
    ProviderKeys = "provider_keys",
    /// CIE-9: an endpoint is missing or no address.
    ProviderEndpoint = "provider_endpoint",
    /// CIE-23: no signature algorithm that we accept.
    ProviderAlgorithms = "provider_algorithms",
    /// CIE-12: not the shape of a trust mark.
    MarkShape = "mark_shape",
    /// CIE-12: issued by who may not.
    MarkIssuer = "mark_issuer",
    /// CIE-12: about someone else.
    MarkSubject = "mark_subject",
    /// CIE-12: of another type than it is said to be.
    MarkType = "mark_type",
    /// CIE-12.
    MarkInFuture = "mark_in_future",
    /// CIE-12.
    MarkExpired = "mark_expired",
    /// CIE-15: not the anchor's historical keys.
    HistoricalKeys = "historical_keys",
    /// CIE-7: not a question that can be answered.
    ResolveQuery = "resolve_query",
    /// CIE-7: about an anchor that is not ours.
    ResolveAnchor = "resolve_anchor",
    /// CIE-21: not the query of an answer, or a parameter said twice.
    CallbackShape = "callback_shape",
    /// CIE-21.
    State = "state",
    /// CIE-21.
    CallbackIssuer = "callback_issuer",
    /// CIE-21: neither a code nor an error, or both.
    Code = "code",
    /// CIE-13: the chain has come to its end.
    ChainExpired = "chain_expired",
    /// CIE-22: not the answer of a token endpoint.
    TokenShape = "token_shape",
    /// CIE-22.
    TokenType = "token_type",
    /// CIE-23.
    IdTokenIssuer = "id_token_issuer",
    /// CIE-23.
    IdTokenAudience = "id_token_audience",
    /// CIE-23.
    IdTokenSubject = "id_token_subject",
    /// CIE-23: no instants, or none that can be read.
    IdTokenInstants = "id_token_instants",
    /// CIE-23.
    IdTokenInFuture = "id_token_in_future",
    /// CIE-23: older than the request.
    IdTokenBeforeRequest = "id_token_before_request",
    /// CIE-23.
    IdTokenExpired = "id_token_expired",
    /// CIE-23: `nbf` is there and is not `iat`.
    IdTokenNotBefore = "id_token_not_before",
    /// CIE-23.
    Nonce = "nonce",
    /// CIE-18: no level of ours.
    Level = "level",
    /// CIE-18.
    LevelTooLow = "level_too_low",
    /// CIE-23.
    AtHash = "at_hash",
    /// CIE-23.
    Jti = "jti",
    /// CIE-25: an access token of someone else.
    AccessToken = "access_token",
    /// CIE-24: not answered with success.
    UserinfoStatus = "userinfo_status",
    /// CIE-24.
    UserinfoContentType = "userinfo_content_type",
    /// CIE-24.
    UserinfoIssuer = "userinfo_issuer",
    /// CIE-24.
    UserinfoAudience = "userinfo_audience",
    /// CIE-24: another person than in the id token.
    UserinfoSubject = "userinfo_subject",
    /// CIE-24: no end, or none that can be read.
    UserinfoInstants = "userinfo_instants",
    /// CIE-24.
    UserinfoExpired = "userinfo_expired",
    /// CIE-24.
    UserinfoInFuture = "userinfo_in_future",
    /// CIE-19.
    FiscalNumberMissing = "fiscal_number_missing",
    /// CIE-19.
    FiscalNumber = "fiscal_number",
    /// CIE-19: no name.
    NameMissing = "name_missing",
    /// CIE-19: a name that is no plain text.
    Name = "name",
    /// CIE-19.
    BirthDate = "birth_date",
}

impl From<Defect> for Refused {
    fn from(defect: Defect) -> Self {
        Self::Jose(defect)
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Refused {}
