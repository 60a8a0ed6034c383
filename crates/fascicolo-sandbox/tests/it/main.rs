//! The sandbox from outside: the program on free ports, and a person's whole way in over plain HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the lints spare what stands in a test function, and the helpers of these tests stand beside them"
)]

mod browser;
mod in_process;
mod journey;
mod program;
