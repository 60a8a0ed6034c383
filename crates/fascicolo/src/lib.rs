//! The production program: settings, wiring, operators' commands. It holds no demo code (GEN-G1).

pub mod assemble;
pub mod audit;
pub mod certificates;
pub mod check;
pub mod cie;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod failure;
pub mod federation;
pub mod import;
pub mod init;
pub mod jobs;
pub mod keys;
pub mod logging;
pub mod register;
pub mod schemas;
pub mod secrets;
pub mod serve;
pub mod spid;

pub use cli::main;
