//! Every vector, held against an independent library: what we accept, it accepts; what it refuses, we refuse.
//! (It accepts more: a closed profile refuses what the standard allows.)

use fascicolo_eid::spid::{Binding, Outgoing, Verdict, authn_request, metadata};

use crate::corpus::claims::oracle_accepts;
use crate::maker::{outcome, signed, signed_twice, unsigned};
use crate::request::spec;
use crate::vectors::on_disk;

/// SPID-R7.
#[test]
fn the_oracle_accepts_every_answer_that_proves_somebody() {
    let mut proved = 0;
    for (name, answer) in on_disk("accept") {
        if matches!(outcome(&answer), Ok(Verdict::Proved(_))) {
            assert!(oracle_accepts(&answer), "{name}");
            proved += 1;
        }
    }
    assert!(proved > 20, "{proved}");
}

/// SPID-R7.
#[test]
fn whatever_the_oracle_refuses_is_refused() {
    let mut refused = 0;
    for (name, answer) in on_disk("reject") {
        if !oracle_accepts(&answer) {
            assert!(outcome(&answer).is_err(), "{name}");
            refused += 1;
        }
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn the_oracle_can_tell() {
    assert!(oracle_accepts(&signed_twice(&unsigned())));
    assert!(!oracle_accepts(&signed_twice(&unsigned()).replace("Ada", "Eva")));
    assert!(!oracle_accepts(&unsigned()));
}

/// Whether `xmlsec1` finds the first signature good; `None` without the program.
fn xmlsec1_accepts(xml: &str, element: &str, certificate: &str) -> Option<bool> {
    let folder = std::env::temp_dir().join(format!("fascicolo-xmlsec-{}-{element}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (file, key) = (folder.join("signed.xml"), folder.join("certificate.pem"));
    std::fs::write(&file, xml).unwrap();
    std::fs::write(&key, certificate).unwrap();
    let output = std::process::Command::new("xmlsec1")
        .args(["--verify", "--insecure", "--pubkey-cert-pem"])
        .arg(&key)
        .args(["--id-attr:ID", element])
        .arg(&file)
        .output();
    std::fs::remove_dir_all(&folder).unwrap();
    output.ok().map(|output| output.status.success())
}

/// SPID-M2, SPID-A9.
#[test]
fn xmlsec1_accepts_what_we_sign() {
    let service = include_str!("../fixtures/service.test-only.crt.pem");
    let provider = include_str!("../fixtures/provider.test-only.crt.pem");
    let metadata = String::from_utf8(metadata(&crate::maker::service()).unwrap()).unwrap();
    let request =
        authn_request(&crate::maker::service(), &crate::maker::provider(), &spec(Binding::Post)).unwrap();
    let Outgoing::Post { xml: request, .. } = request else { panic!("posted") };
    for (xml, element, certificate) in [
        (metadata, "EntityDescriptor", service),
        (request, "AuthnRequest", service),
        (signed(&unsigned()), "Assertion", provider),
    ] {
        match xmlsec1_accepts(&xml, element, certificate) {
            Some(accepted) => assert!(accepted, "{element}"),
            None => println!("skipped: there is no xmlsec1 here (Debian: xmlsec1)"),
        }
    }
}
