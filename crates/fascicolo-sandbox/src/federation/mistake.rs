//! The wrong answers that the provider can give on purpose, each wrong in one thing.

/// What is wrong with an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// An error instead of a code, by its name in OpenID Connect.
    Error(&'static str),
    /// The answer to another login.
    State,
    /// The answer says it is from another provider.
    CallbackIssuer,
    /// The token endpoint breaks.
    TokenBroken,
    /// The token endpoint answers when nobody waits any more.
    TokenLate,
    /// A lower level than was asked.
    Lowered,
    LevelOne,
    /// A level that does not exist.
    LevelUnknown,
    NoNonce,
    Nonce,
    Expired,
    /// `nbf` in the future.
    Early,
    Issuer,
    Audience,
    AtHash,
    /// Signed by a key that nobody publishes, in the name of the one that is.
    ForeignKey,
    /// Signed by a key that nobody publishes, under its own name.
    UnknownKey,
    AlgNone,
    /// Authenticated with the public key as if it were a secret.
    Hs256,
    UserinfoSubject,
    UserinfoPlain,
    UserinfoUnsigned,
    UserinfoForeignKey,
    UserinfoAudience,
    UserinfoExpired,
    NoFiscalNumber,
    /// From another country.
    ForeignPrefix,
    CheckCharacter,
}

impl Mistake {
    /// Every mistake with its name in the provider's form and in tests.
    pub const ALL: [(&'static str, Self); 31] = [
        ("rifiutato", Self::Error("access_denied")),
        ("fuori-servizio", Self::Error("server_error")),
        ("sito-non-autorizzato", Self::Error("unauthorized_client")),
        ("errore-ignoto", Self::Error("errore_di_prova")),
        ("altro-stato", Self::State),
        ("altro-iss", Self::CallbackIssuer),
        ("token-rotto", Self::TokenBroken),
        ("token-lento", Self::TokenLate),
        ("livello-inferiore", Self::Lowered),
        ("livello-1", Self::LevelOne),
        ("livello-ignoto", Self::LevelUnknown),
        ("senza-nonce", Self::NoNonce),
        ("altro-nonce", Self::Nonce),
        ("scaduta", Self::Expired),
        ("futura", Self::Early),
        ("altro-gestore", Self::Issuer),
        ("altro-sito", Self::Audience),
        ("at-hash", Self::AtHash),
        ("chiave-estranea", Self::ForeignKey),
        ("chiave-ignota", Self::UnknownKey),
        ("alg-none", Self::AlgNone),
        ("hs256", Self::Hs256),
        ("dati-altra-persona", Self::UserinfoSubject),
        ("dati-in-chiaro", Self::UserinfoPlain),
        ("dati-non-firmati", Self::UserinfoUnsigned),
        ("dati-chiave-estranea", Self::UserinfoForeignKey),
        ("dati-altro-sito", Self::UserinfoAudience),
        ("dati-scaduti", Self::UserinfoExpired),
        ("senza-codice-fiscale", Self::NoFiscalNumber),
        ("prefisso-estero", Self::ForeignPrefix),
        ("codice-fiscale-errato", Self::CheckCharacter),
    ];

    /// The mistake with a name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(n, _)| *n == name).map(|(_, mistake)| mistake)
    }
}
