//! What a login proves.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Level, Method};
use crate::person::CodiceFiscale;

/// One identity, certified by whoever ran the login (ACC-A1).
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    pub codice_fiscale: CodiceFiscale,
    pub given_name: String,
    pub family_name: String,
    pub birth_date: Option<Date>,
    pub method: Method,
    pub level: Level,
    /// The identity provider's entity id, or the card's issuer.
    pub issuer: String,
    /// When the person proved who they are.
    pub at: Timestamp,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({:?}, {:?}, …)", self.method, self.level)
    }
}
