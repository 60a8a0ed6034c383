//! The technical log, on standard error: a line an event, text or JSON (`docs/LOGGING.md`).

use std::io::stderr;

use tracing_subscriber::EnvFilter;

use crate::config::{ConfigError, Format, Logging};
use crate::failure::Failure;

/// Starts it; from here on a panic is a line of it, by its place alone: its text could tell more than it should.
///
/// # Errors
/// The level is none.
pub fn start(logging: &Logging) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&logging.level).map_err(|_| {
        ConfigError::value("logging.level", "must be error, warn, info, debug or a list by part")
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).with_ansi(false);
    match logging.format {
        Format::Text => lines.init(),
        Format::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).init()
        }
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
    Ok(())
}
