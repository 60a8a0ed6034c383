//! What people and programs can do, organised by what they do: `login`, `documents`, `verification` …
//! A request passes handler → action → rule and store. The outside world comes in through [`ports`].

pub mod app;
pub mod documents;
pub mod history;
pub mod http;
pub mod jobs;
pub mod login;
pub mod operations;
pub mod ports;
pub mod profile;
pub mod public;
mod router;
pub mod serve;
pub mod settings;
pub mod text;
pub mod vault;
pub mod verification;

pub use app::App;
pub use router::site;
