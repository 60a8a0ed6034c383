//! CIE by OpenID Connect under the national federation, seen from the relying party (`CIE-*`).
//!
//! Bytes, keys, random bytes and `now` in; facts, or the name of the rule that failed, out. The caller fetches, stores
//! and draws chance; it keeps nothing here but plain values:
//!
//! - **what we publish**: [`entity_configuration`] from a [`RelyingParty`] and its [`Keys`]; [`resolve_response`]
//!   about a [`Chain`] that the caller has at hand (never fetched for a stranger);
//! - **whom we trust**: [`Discovery`] says what to fetch next and takes the bytes, until there is a [`Chain`];
//!   [`Provider::from_chain`] is what a login needs; the caller renews at [`Chain::renew_at`], and stops using a chain
//!   at [`Chain::expires`];
//! - **a login**: a [`Client`] (us at one provider) makes [`Client::begin_login`] → the browser → [`Callback`] →
//!   [`Client::redeem_code`] → [`TokenAnswer`] → [`Client::check_id_token`] → [`Client::userinfo_request`] →
//!   [`Client::check_userinfo`] → [`Proved`]. That the `state` belongs to this browser, that it is used once and that
//!   `jti` was not seen before, only the caller can tell;
//! - **leaving**: [`Client::revocation`], after our own session is gone (CIE-27).

mod address;
mod callback;
mod client;
pub mod federation;
mod form;
mod id_token;
pub mod jose;
mod keys;
mod level;
mod outcome;
mod provider;
mod refused;
mod request;
mod token;
mod userinfo;

pub use self::callback::{Answered, Callback, Code};
pub use self::client::{Client, Moment};
pub use self::federation::{
    Anchor, Chain, Discovery, HistoricalKeys, Next, RelyingParty, ResolveQuery, TrustMark,
    entity_configuration, list_url, read_list, resolve_response, well_known,
};
pub use self::id_token::Authenticated;
pub use self::keys::{Held, KeyError, Keys, Phase, Purpose};
pub use self::outcome::{ProviderError, Trouble};
pub use self::provider::Provider;
pub use self::refused::Refused;
pub use self::request::{LoginRequest, Outgoing, Pending, Started};
pub use self::token::{ClientRequest, TokenAnswer, Tokens};
pub use self::userinfo::{Proved, UserinfoAnswer, UserinfoRequest};

/// How long a fetch may take, in seconds (CIE-14, CIE-22).
pub const FETCH_SECONDS: u64 = 5;
/// How long the body of a fetch may be (CIE-14).
pub const FETCH_BYTES: usize = jose::LONGEST;
/// How far another's clock may be from ours, in seconds (CIE-9).
pub(crate) const SKEW_SECONDS: i64 = 60;
/// How long what we sign for one request holds, in seconds (CIE-17, CIE-22).
pub(crate) const REQUEST_SECONDS: i64 = 120;
