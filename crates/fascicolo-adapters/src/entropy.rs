//! The system's generator of random bytes, through the library that does all our cryptography.

use fascicolo_domain::Fault;
use fascicolo_web::ports::Entropy;

/// Cryptographically secure random bytes.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Fault> {
        #[expect(clippy::disallowed_methods, reason = "this is the port through which everybody else asks")]
        let filled = aws_lc_rs::rand::fill(bytes);
        filled.map_err(|_| Fault::bare("drawing random bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        let (mut one, mut two) = ([0; 32], [0; 32]);
        SystemEntropy.fill(&mut one).unwrap();
        SystemEntropy.fill(&mut two).unwrap();
        assert_ne!(one, two);
        assert_ne!(one, [0; 32]);
    }
}
