//! Files we take in, files we refuse, and files that others made.

mod interop;
mod keys;
mod sealing;
mod writing;
