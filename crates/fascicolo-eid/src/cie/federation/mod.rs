//! The federation: what we say of ourselves, and how far we believe what others say (CIE-1 to CIE-15).

mod chain;
mod configuration;
mod discovery;
mod historical;
mod marks;
mod policy;
mod resolve;
mod statement;

pub use self::chain::{Anchor, Chain};
pub use self::configuration::{RelyingParty, entity_configuration, well_known};
pub use self::discovery::{Discovery, Next, list_url, read_list};
pub use self::historical::HistoricalKeys;
pub use self::marks::TrustMark;
pub use self::policy::Policy;
pub use self::resolve::{ResolveQuery, resolve_response};

/// `typ` of an entity statement.
const STATEMENT: &str = "entity-statement+jwt";
