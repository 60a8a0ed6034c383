//! When operations should hear of it: a chain that is not renewed, a key about to change its phase, a mark about to end.

use fascicolo_web::login::openid::FederationState;
use jiff::{SignedDuration, Timestamp};

/// A trust mark that ends within this time is worth a warning: the federation issues the next one.
pub const MARK_SOON: SignedDuration = SignedDuration::from_hours(24 * 30);
/// A key that changes its phase within this time is worth a warning: every node must have the files by then.
pub const PHASE_SOON: SignedDuration = SignedDuration::from_hours(24);

/// Whether a chain should have been renewed by now: that is tried from half of its life to three quarters of it at the
/// latest (CIE-13), each minute until it succeeds.
#[must_use]
pub fn is_overdue(state: FederationState, now: Timestamp) -> bool {
    let life = state.expires.duration_since(state.verified_at);
    let left = state.expires.duration_since(now);
    left < life / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CIE-13.
    #[test]
    fn a_chain_is_overdue_after_three_quarters_of_its_life() {
        let verified_at: Timestamp = "2026-11-25T10:00:00Z".parse().unwrap();
        let at = |seconds| verified_at.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        let state = FederationState { verified_at, expires: at(400) };
        assert!(!is_overdue(state, at(0)) && !is_overdue(state, at(300)));
        assert!(is_overdue(state, at(301)) && is_overdue(state, at(401)));
    }
}
