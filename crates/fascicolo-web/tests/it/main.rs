//! Journeys on the real router with the sandbox's stand-ins.

#[cfg(test)]
mod harness;
#[cfg(test)]
mod journeys;
#[cfg(test)]
mod paper;
