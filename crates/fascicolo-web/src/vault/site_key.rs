//! The site's key: Ed25519, signs the checkpoints of the audit trail (decision 5) and whatever else the site vouches
//! for. Old keys stay in the file, to verify what they signed.

use std::fmt;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fascicolo_domain::Fault;
use zeroize::Zeroizing;

use crate::ports::Entropy;

/// Every public key of Ed25519 in SPKI form is these bytes and 32 more (RFC 8410).
const SPKI: &[u8; 12] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// The key that signs, and those that signed before.
pub struct SiteKey {
    pair: Ed25519KeyPair,
    /// Ours first.
    known: Vec<Vec<u8>>,
}

/// Why a file is no site key. The texts are for operators.
#[derive(Debug, thiserror::Error)]
pub enum BadSiteKey {
    #[error("no block `PRIVATE KEY` in it")]
    Empty,
    #[error("a second `PRIVATE KEY`: keep the `PUBLIC KEY` of an old one")]
    Twice,
    #[error("a block `{0}`: only PRIVATE KEY and PUBLIC KEY belong here")]
    Foreign(String),
    #[error("a block that is not whole, or not base64")]
    Damaged,
    #[error("not an Ed25519 key")]
    Kind,
}

impl SiteKey {
    /// Reads a PEM file: one `PRIVATE KEY` (PKCS#8) and the `PUBLIC KEY`s of former ones.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn from_pem(text: &str) -> Result<Self, BadSiteKey> {
        let mut pair = None;
        let mut former = Vec::new();
        for block in blocks(text) {
            let (label, der) = block?;
            match label {
                "PRIVATE KEY" if pair.is_some() => return Err(BadSiteKey::Twice),
                "PRIVATE KEY" => {
                    pair =
                        Some(Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| BadSiteKey::Kind)?);
                }
                "PUBLIC KEY" => {
                    let key = der.strip_prefix(SPKI).filter(|key| key.len() == 32);
                    former.push(key.ok_or(BadSiteKey::Kind)?.to_vec());
                }
                other => return Err(BadSiteKey::Foreign(other.to_owned())),
            }
        }
        let pair = pair.ok_or(BadSiteKey::Empty)?;
        let mut known = vec![pair.public_key().as_ref().to_vec()];
        known.append(&mut former);
        Ok(Self { pair, known })
    }

    /// The text of a key file with a new key: both blocks, the public one to be kept when the key is replaced.
    ///
    /// # Errors
    /// No random bytes, or the library refuses.
    pub fn new_pem(entropy: &dyn Entropy) -> Result<Zeroizing<String>, Fault> {
        let mut seed = Zeroizing::new([0; 32]);
        entropy.fill(&mut seed[..])?;
        let broken = || Fault::bare("making the site's key");
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed[..]).map_err(|_| broken())?;
        let private = pair.to_pkcs8v1().map_err(|_| broken())?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| broken())?;
        let text = [block("PRIVATE KEY", private.as_ref()), block("PUBLIC KEY", public.as_ref())];
        Ok(Zeroizing::new(text.concat()))
    }

    /// Signs.
    #[must_use]
    pub fn sign(&self, statement: &[u8]) -> Vec<u8> {
        self.pair.sign(statement).as_ref().to_vec()
    }

    /// Whether the site signed this, with its key or a former one.
    #[must_use]
    pub fn signed(&self, statement: &[u8], signature: &[u8]) -> bool {
        self.known
            .iter()
            .any(|key| UnparsedPublicKey::new(&ED25519, key).verify(statement, signature).is_ok())
    }
}

impl fmt::Debug for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SiteKey(…)")
    }
}

fn block(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// The blocks of a PEM text; what stands between them is comment.
fn blocks(text: &str) -> impl Iterator<Item = Result<(&str, Zeroizing<Vec<u8>>), BadSiteKey>> {
    let mut lines = text.lines().map(str::trim);
    std::iter::from_fn(move || {
        let label = lines.find_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----"))?;
        let mut body = Zeroizing::new(String::new());
        for line in lines.by_ref() {
            if line.strip_prefix("-----END ").and_then(|l| l.strip_suffix("-----")) == Some(label) {
                let der = STANDARD.decode(body.as_bytes()).map_err(|_| BadSiteKey::Damaged);
                return Some(der.map(|der| (label, Zeroizing::new(der))));
            }
            body.push_str(line);
        }
        Some(Err(BadSiteKey::Damaged))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Constant(u8);

    impl Entropy for Constant {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), Fault> {
            bytes.fill(self.0);
            Ok(())
        }
    }

    fn public(pem: &str) -> &str {
        &pem[pem.find("-----BEGIN PUBLIC").unwrap()..]
    }

    #[test]
    fn what_the_site_signed_verifies_also_after_the_key_was_replaced() {
        let old_pem = SiteKey::new_pem(&Constant(1)).unwrap();
        let old = SiteKey::from_pem(&old_pem).unwrap();
        let signature = old.sign(b"statement");
        assert!(old.signed(b"statement", &signature));
        assert!(!old.signed(b"another statement", &signature));
        let new_pem = SiteKey::new_pem(&Constant(2)).unwrap();
        assert!(
            !SiteKey::from_pem(&new_pem).unwrap().signed(b"statement", &signature),
            "nobody knows the old one"
        );
        let both = SiteKey::from_pem(&format!("{}{}", *new_pem, public(&old_pem))).unwrap();
        assert!(both.signed(b"statement", &signature));
        assert!(!old.signed(b"statement", &both.sign(b"statement")));
    }

    #[test]
    fn a_key_of_openssl_is_read() {
        // RFC 8410 §10.3
        let pem = "-----BEGIN PRIVATE KEY-----\n\
                   MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                   -----END PRIVATE KEY-----\n";
        let key = SiteKey::from_pem(pem).unwrap();
        assert!(key.signed(b"x", &key.sign(b"x")));
        assert_eq!(format!("{key:?}"), "SiteKey(…)");
    }

    #[test]
    fn each_defect_of_the_file_is_named() {
        let pem = SiteKey::new_pem(&Constant(1)).unwrap();
        let defects = [
            (String::new(), "no block"),
            (public(&pem).to_owned(), "no block"),
            (format!("{0}{0}", *pem), "a second"),
            (pem.replace("PUBLIC KEY", "CERTIFICATE"), "a block `CERTIFICATE`"),
            (pem.replace("MC4C", "MC4!"), "a block that is not whole"),
            (
                pem.trim_end().trim_end_matches("-----END PUBLIC KEY-----").to_owned(),
                "a block that is not whole",
            ),
            (block("PRIVATE KEY", &[0x30, 0]), "not an Ed25519 key"),
            (format!("{}{}", *pem, block("PUBLIC KEY", &[0x30, 0])), "not an Ed25519 key"),
        ];
        for (text, says) in defects {
            let defect = SiteKey::from_pem(&text).unwrap_err().to_string();
            assert!(defect.starts_with(says), "{defect} / {says}");
        }
    }
}
