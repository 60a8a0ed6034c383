//! What a failed login means to whoever sees it (CIE-28).

use super::Refused;

/// Which page, and whom to call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The person cancelled, or the level was too low: try again, or another way in.
    Declined,
    /// The provider is out of order, or does not answer: later, or another way in.
    Provider,
    /// The provider finds our request wrong: whoever runs the site must know.
    Ours,
    /// We do not believe the answer: a reference number, the details in the log alone.
    Unverified,
}

/// An error that the provider told, by a name of ours: its own words never reach a log or a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProviderError {
    pub trouble: Trouble,
    pub code: &'static str,
}

const ERRORS: [(&str, Trouble); 16] = [
    ("access_denied", Trouble::Declined),
    ("login_required", Trouble::Declined),
    ("consent_required", Trouble::Declined),
    ("interaction_required", Trouble::Declined),
    ("temporarily_unavailable", Trouble::Provider),
    ("server_error", Trouble::Provider),
    ("unauthorized_client", Trouble::Ours),
    ("invalid_client", Trouble::Ours),
    ("invalid_request", Trouble::Ours),
    ("invalid_request_object", Trouble::Ours),
    ("invalid_scope", Trouble::Ours),
    ("unsupported_response_type", Trouble::Ours),
    ("unsupported_grant_type", Trouble::Ours),
    ("invalid_grant", Trouble::Unverified),
    ("invalid_token", Trouble::Unverified),
    ("insufficient_scope", Trouble::Unverified),
];

impl ProviderError {
    /// What an `error` says.
    #[must_use]
    pub fn of(error: &str) -> Self {
        let known = ERRORS.into_iter().find(|(name, _)| *name == error);
        let (code, trouble) = known.unwrap_or(("unknown", Trouble::Unverified));
        Self { trouble, code }
    }

    /// What a status says that comes without an `error`.
    pub(super) fn of_status(status: u16) -> Self {
        if status >= 500 {
            Self { trouble: Trouble::Provider, code: "status_of_server" }
        } else {
            Self { trouble: Trouble::Unverified, code: "status" }
        }
    }
}

impl From<Refused> for Trouble {
    fn from(_: Refused) -> Self {
        Self::Unverified
    }
}
