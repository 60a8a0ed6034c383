//! One store, two engines. A unit of work is an async closure over [`Tx`]; its methods are grouped by topic.
//! SQL is written once; only `engine/` knows which database answers. Refuses a schema it does not know.

mod audit;
mod cards;
mod documents;
mod engine;
mod kept_files;
mod leases;
mod login_exchanges;
mod login_requests;
mod logout_requests;
mod matching_requests;
mod migrate;
mod objects;
mod openid_logins;
mod openid_tokens;
mod people;
mod row;
mod sessions;
mod store;

pub use audit::{AuditReport, Checkpoint, CheckpointKind, Finding, FindingKind, LogCursor, LoggedEvent};
pub use documents::{Cursor, Filter, Inserted, Listed, Page};
pub use engine::Tx;
pub use kept_files::KeptFile;
pub use login_exchanges::{ExchangeFilter, LoginCount, LoginExchange};
pub use login_requests::LoginRequest;
pub use logout_requests::LogoutRequest;
pub use matching_requests::MatchingRequest;
pub use migrate::{Migrated, Schema};
pub use objects::StoredObject;
pub use openid_logins::OpenIdLogin;
pub use openid_tokens::OpenIdToken;
pub use people::Put;
pub use sessions::{AtProvider, NewSession};
pub use store::{Options, Store};
