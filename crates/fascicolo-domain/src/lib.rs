//! The rules of the health record. No I/O, no async, no clock, no chance: callers bring `now`, bytes and facts,
//! and get answers. Everything here can be tested with a table.

pub mod acts;
pub mod audit;
pub mod documents;
pub mod fault;
pub mod ids;
pub mod login;
pub mod person;
pub mod retention;
pub mod secret;
pub mod throttle;
pub mod time;
pub mod verification;

pub use fault::Fault;
