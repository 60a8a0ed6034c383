//! New RSA keys.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use fascicolo_domain::Fault;
use x509_cert::der::pem::{LineEnding, encode_string};

/// A new private key of so many bits, PKCS#8 in PEM.
///
/// # Errors
/// Not a size of ours (2048, 3072, 4096), or there is no chance to make it of.
pub fn new_pem(bits: u32) -> Result<String, Fault> {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        _ => return Err(Fault::bare("making an RSA key of a size that is not ours")),
    };
    let broken = |_| Fault::bare("making an RSA key");
    let pair = KeyPair::generate(size).map_err(broken)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(broken)?;
    encode_string("PRIVATE KEY", LineEnding::LF, der.as_ref()).map_err(|_| Fault::bare("writing an RSA key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_size_asked_for_and_no_other_size_is_made() {
        let pem = new_pem(2048).unwrap();
        assert!(
            pem.starts_with("-----BEGIN PRIVATE KEY-----\n") && pem.ends_with("-----END PRIVATE KEY-----\n")
        );
        let (_, der) = x509_cert::der::pem::decode_vec(pem.as_bytes()).unwrap();
        assert_eq!(KeyPair::from_pkcs8(&der).unwrap().public_modulus_len(), 256);
        assert_ne!(new_pem(2048).unwrap(), pem);
        assert!(new_pem(1024).is_err());
    }
}
