//! `Fault`: something broke. A refusal is an answer we planned for and is never a fault.

use std::error::Error;
use std::fmt;

/// What broke while doing what. It reaches the log and never a response (GEN-G5).
pub struct Fault {
    doing: &'static str,
    passing: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// Something is broken and trying again will not help.
    pub fn new(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing, passing: false, source: Some(source.into()) }
    }

    /// Something is busy, full or out of reach: answered with 503, worth trying again.
    pub fn passing(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing, passing: true, source: Some(source.into()) }
    }

    /// A broken expectation that has no underlying error.
    #[must_use]
    pub fn bare(doing: &'static str) -> Self {
        Self { doing, passing: false, source: None }
    }

    #[must_use]
    pub fn doing(&self) -> &'static str {
        self.doing
    }

    /// Whether the same request may succeed a little later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.passing
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.doing)
    }
}

/// The chain of causes, in their `Display` form: a cause's `Debug` may hold personal data (GEN-G8).
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.doing)?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|s| -> &(dyn Error + 'static) { s.as_ref() })
    }
}
