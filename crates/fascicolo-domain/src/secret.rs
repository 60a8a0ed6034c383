//! Secrets and digests: compared in constant time, silent in `Debug`, wiped when dropped.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize;

/// 256 random bits handed to one browser (ACC-S1). The store keeps only its [`Digest`].
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// Reads the 64 lower-case hexadecimal digits of a cookie; anything else is no token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }

    /// The cookie's value. Never log it.
    #[must_use]
    pub fn reveal(&self) -> String {
        to_hex(&self.0)
    }

    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A SHA-256 digest.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits, either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        from_hex(&text.to_ascii_lowercase()).map(Self)
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    #[must_use]
    pub fn to_hex(&self) -> String {
        to_hex(&self.0)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

/// A digest can stand for a token or a document: it stays out of logs too.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

fn to_hex(bytes: &[u8; 32]) -> String {
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).filter_map(|n| char::from_digit(u32::from(n), 16)).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || text.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    for (slot, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *slot = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    text.bytes().all(|b| b.is_ascii_hexdigit()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_cookie_and_tells_nothing_in_debug() {
        let token = Token::new([0xa7; 32]);
        let back = Token::parse(&token.reveal()).unwrap();
        assert_eq!(token.digest(), back.digest());
        assert_eq!(format!("{token:?} {:?}", token.digest()), "Token(…) Digest(…)");
    }

    #[test]
    fn only_64_lower_case_hexadecimal_digits_are_a_token() {
        let good = "0f".repeat(32);
        assert!(Token::parse(&good).is_some());
        for bad in ["", &good[1..], &good.to_uppercase(), &good.replace("0f", "+f"), &format!("{good}0")] {
            assert!(Token::parse(bad).is_none(), "{bad}");
        }
    }
}
