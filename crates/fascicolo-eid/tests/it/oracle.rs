//! Every vector, held against an independent library: what we accept, it accepts; what it refuses, we refuse.
//! (It accepts more: a closed profile refuses what the standard allows.)

use bergshamra::{DsigContext, KeysManager};
use fascicolo_eid::spid::Verdict;

use crate::maker::{outcome, signed_twice, unsigned};
use crate::vectors::on_disk;

/// Whether the oracle finds signatures, and all of them good, of our provider.
pub(crate) fn oracle_accepts(xml: &str) -> bool {
    let mut keys = KeysManager::new();
    let certificate = include_bytes!("../fixtures/provider.test-only.crt.pem");
    keys.add_key(bergshamra::keys::loader::load_x509_cert_pem(certificate).unwrap());
    let context = DsigContext::new(keys)
        .with_trusted_keys_only(true)
        .with_skip_time_checks(true)
        .with_insecure(true);
    bergshamra::verify_all(&context, xml)
        .is_ok_and(|results| !results.is_empty() && results.iter().all(bergshamra::VerifyResult::is_valid))
}

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
