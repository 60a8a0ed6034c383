//! How long each kind of row is kept (GEN-G7): one table.

use jiff::SignedDuration;

/// Logins with their request and answer, and audit segments: 24 months.
pub const LOGIN_EXCHANGE: SignedDuration = SignedDuration::from_hours(24 * 731);
/// A person from abroad waits for a desk to find their record (SPID-X3): 90 days.
pub const MATCHING_REQUEST: SignedDuration = SignedDuration::from_hours(24 * 90);
/// A login that waits for its answer: 10 minutes.
pub const PENDING_LOGIN: SignedDuration = SignedDuration::from_mins(10);
