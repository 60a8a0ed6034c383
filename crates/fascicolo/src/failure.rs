//! Why a command stops, in words for the operator.

use std::io;

use fascicolo_domain::Fault;
use fascicolo_eid::spid::KeyError;

use crate::config::ConfigError;

/// A text; the log is not the place for what a person at a terminal is to read.
#[derive(Debug)]
pub struct Failure(pub String);

impl Failure {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self(format!("{fault:?}"))
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self(format!("settings: {error}"))
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self(format!("SPID: {error}"))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}
