#![no_main]
#![allow(dead_code, reason = "each target uses a part of what they share")]

#[path = "../cie.rs"]
mod claims;
#[path = "../../tests/it/cie/maker.rs"]
mod maker;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| claims::policy(bytes));
