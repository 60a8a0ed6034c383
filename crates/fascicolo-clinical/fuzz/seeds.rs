//! Makes the seeds that carry a signature, and the certificate they lead to.
#![allow(dead_code, reason = "a part of what is shared")]

use std::path::Path;

#[path = "claims.rs"]
mod claims;
#[path = "../tests/it/forge.rs"]
mod forge;
#[path = "../tests/it/keys.rs"]
mod keys;
#[path = "../tests/it/raw.rs"]
mod raw;

use forge::{Draft, Suite};
use keys::{Signer, authority};
use raw::{CADES, FORM, Raw, fill};

fn main() -> std::io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let keys = authority();
    std::fs::write(here.join("root.pem"), &keys.root_pem)?;
    let [rsa, .., pss, _, _] = forge::rsa();
    let cases: [(&str, &Signer, Suite); 4] = [
        ("p256", &keys.p256, forge::p256()),
        ("p384", &keys.p384, forge::p384()),
        ("rsa", &keys.rsa, rsa),
        ("pss", &keys.rsa, pss),
    ];
    for (name, signer, suite) in cases {
        let sign = |pieces: &[&[u8]]| Draft::new(signer, &suite, pieces).sign(signer, &suite);
        let mut cms = Vec::new();
        fill(claims::unsigned(), |pieces| {
            cms = sign(pieces);
            Vec::new()
        });
        std::fs::write(here.join("corpus/pades").join(name), &cms)?;
        let open = [&[0x30, 0x80], cms.get(4..).unwrap_or_default(), &[0, 0]].concat();
        std::fs::write(here.join("corpus/pades").join(format!("{name}-open")), open)?;
        let file = fill(Raw::with_catalog(FORM).signable(CADES, 1_536), sign);
        std::fs::write(here.join("corpus/pdf").join(format!("signed-{name}")), file)?;
    }
    Ok(())
}
