//! Levels as they are written in `acr`: those of SPID, for CIE as well (CIE-18).

use fascicolo_domain::login::Level;

const LEVEL: &str = "https://www.spid.gov.it/SpidL";

pub(crate) fn uri(level: Level) -> String {
    format!("{LEVEL}{}", level.number())
}

pub(crate) fn parse(acr: &str) -> Option<Level> {
    Level::ALL.into_iter().find(|level| uri(*level) == acr)
}
