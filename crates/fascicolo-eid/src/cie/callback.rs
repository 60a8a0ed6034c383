//! The provider's answer through the browser: state, then issuer, then error or code (CIE-21).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::Timestamp;

use super::{Client, Pending, ProviderError, Refused, form};

/// The longest code that is taken.
const LONGEST_CODE: usize = 2048;

/// The query of an answer, not yet believed.
#[derive(Clone)]
pub struct Callback {
    state: String,
    issuer: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

/// What an answer that is ours says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answered {
    Code(Code),
    Error(ProviderError),
}

/// A code, good once.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(pub(super) String);

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

impl Callback {
    /// Reads the query; each parameter at most once, others do not matter.
    ///
    /// # Errors
    /// [`Refused::CallbackShape`], [`Refused::State`] when there is none.
    pub fn parse(query: &str) -> Result<Self, Refused> {
        let fields = form::parse(query).ok_or(Refused::CallbackShape)?;
        let one = |name| -> Result<Option<String>, Refused> {
            let found = form::one(&fields, name).map_err(|_| Refused::CallbackShape)?;
            Ok(found.map(str::to_owned))
        };
        let state = one("state")?.filter(|state| !state.is_empty()).ok_or(Refused::State)?;
        Ok(Self { state, issuer: one("iss")?, code: one("code")?, error: one("error")? })
    }

    /// By which the caller finds the pending login of this browser.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }

    /// The error it tells, by a name of ours, believed or not: for the log alone.
    #[must_use]
    pub fn told(&self) -> Option<&'static str> {
        self.error.as_deref().map(|error| ProviderError::of(error).code)
    }
}

impl Client<'_> {
    /// Holds the answer against the login that it must answer.
    ///
    /// # Errors
    /// [`Refused::State`], [`Refused::CallbackIssuer`], [`Refused::ChainExpired`], [`Refused::Code`].
    pub fn check_callback(
        &self,
        callback: &Callback,
        pending: &Pending,
        now: Timestamp,
    ) -> Result<Answered, Refused> {
        verify_slices_are_equal(callback.state.as_bytes(), pending.state.as_bytes())
            .map_err(|_| Refused::State)?;
        let asked = self.provider.issuer == pending.issuer;
        if !asked || callback.issuer.as_ref() != Some(&pending.issuer) {
            return Err(Refused::CallbackIssuer);
        }
        if self.provider.expires <= now {
            return Err(Refused::ChainExpired);
        }
        let whole = |code: &&String| {
            (1..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic())
        };
        match (&callback.error, &callback.code) {
            (Some(error), None) => Ok(Answered::Error(ProviderError::of(error))),
            (None, Some(code)) => {
                Some(code).filter(whole).map(|code| Answered::Code(Code(code.clone()))).ok_or(Refused::Code)
            }
            (Some(_), Some(_)) | (None, None) => Err(Refused::Code),
        }
    }
}
