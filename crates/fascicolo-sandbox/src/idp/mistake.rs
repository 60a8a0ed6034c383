//! The wrong answers that an identity provider of the sandbox can give on purpose, each wrong in one thing.

/// What is wrong with an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// `ErrorCode nrNN`: the person or the site did something wrong (SPID-E).
    Anomaly(u16),
    /// An error without a number.
    UnknownStatus,
    /// The Assertion is not signed.
    Unsigned,
    /// Signed with a key that the metadata do not publish, carried along in `KeyInfo`.
    ForeignKey,
    /// An attribute was changed after signing.
    Tampered,
    /// Its time is over.
    Expired,
    /// Made in the future.
    Early,
    /// For another site.
    Audience,
    /// Sent to another address.
    Destination,
    /// The confirmation names another recipient.
    Recipient,
    /// The answer to a request nobody made.
    Unasked,
    /// From another provider.
    Issuer,
    /// The last good answer, again.
    Replay,
    /// A lower level than was asked.
    LevelOne,
    /// No codice fiscale among the attributes.
    NoFiscalNumber,
    /// A codice fiscale with a wrong check character.
    CheckCharacter,
    /// A forged, unsigned Assertion beside the signed one.
    Wrapped,
    /// The signed Assertion hidden in `Extensions`, a forged one in its place.
    Hidden,
    /// A comment inside the codice fiscale.
    Comment,
    /// A document type declaration.
    Doctype,
}

impl Mistake {
    /// Every mistake with its name in the provider's form and in tests.
    pub const ALL: [(&'static str, Self); 28] = [
        ("nr19", Self::Anomaly(19)),
        ("nr20", Self::Anomaly(20)),
        ("nr21", Self::Anomaly(21)),
        ("nr22", Self::Anomaly(22)),
        ("nr23", Self::Anomaly(23)),
        ("nr25", Self::Anomaly(25)),
        ("nr30", Self::Anomaly(30)),
        ("nr08", Self::Anomaly(8)),
        ("nr16", Self::Anomaly(16)),
        ("sconosciuto", Self::UnknownStatus),
        ("non-firmata", Self::Unsigned),
        ("chiave-estranea", Self::ForeignKey),
        ("manomessa", Self::Tampered),
        ("scaduta", Self::Expired),
        ("futura", Self::Early),
        ("altro-sito", Self::Audience),
        ("altra-destinazione", Self::Destination),
        ("altro-destinatario", Self::Recipient),
        ("non-richiesta", Self::Unasked),
        ("altro-gestore", Self::Issuer),
        ("ripetuta", Self::Replay),
        ("livello-1", Self::LevelOne),
        ("senza-codice-fiscale", Self::NoFiscalNumber),
        ("codice-fiscale-errato", Self::CheckCharacter),
        ("affiancata", Self::Wrapped),
        ("nascosta", Self::Hidden),
        ("commento", Self::Comment),
        ("doctype", Self::Doctype),
    ];

    /// The mistake with a name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(n, _)| *n == name).map(|(_, mistake)| mistake)
    }
}
