//! The four ways in (L14, L15).

/// How a person proved who they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    Spid,
    Cie,
    Cns,
    /// A credential issued at a desk: minors and wards only.
    Otp,
}

impl Method {
    pub const ALL: [Self; 4] = [Self::Spid, Self::Cie, Self::Cns, Self::Otp];

    /// Its name in the store and the audit trail.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Spid => "spid",
            Self::Cie => "cie",
            Self::Cns => "cns",
            Self::Otp => "otp",
        }
    }

    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.code() == code)
    }
}
