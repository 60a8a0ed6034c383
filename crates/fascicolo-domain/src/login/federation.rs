//! The federations through which people come by SAML.

use super::Method;

/// Whose rules a login by SAML follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Federation {
    Spid,
    /// The Italian node, which vouches for the means of other countries as one more SPID provider (SPID-X1).
    Eidas,
    /// CIE id, for regions that joined by SAML (SPID-C).
    Cie,
}

impl Federation {
    pub const ALL: [Self; 3] = [Self::Spid, Self::Eidas, Self::Cie];

    /// Its name in the store and in text keys.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Spid => "spid",
            Self::Eidas => "eidas",
            Self::Cie => "cie",
        }
    }

    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.code() == code)
    }

    /// The way in that it is (L14).
    #[must_use]
    pub fn method(self) -> Method {
        match self {
            Self::Spid | Self::Eidas => Method::Spid,
            Self::Cie => Method::Cie,
        }
    }
}
