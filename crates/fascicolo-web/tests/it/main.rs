//! Journeys on the real router with the sandbox's stand-ins.

mod harness;
mod journeys;
mod paper;
