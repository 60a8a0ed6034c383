//! What foreign bytes may and may not do.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the lints spare what stands in a test function, and the helpers of these tests stand beside them"
)]

mod canonical;
mod corpus;
mod keys;
mod logout;
mod maker;
mod metadata;
mod mutation;
mod oracle;
mod providers;
mod request;
mod rules;
mod vectors;
mod wrapping;
