//! What must hold for any bytes at all. The fuzzer looks for bytes that break it; the tests replay those in `corpus`.

use bergshamra::{DsigContext, KeysManager};
use fascicolo_eid::spid::{LogoutMessage, Providers, Verdict};
use fascicolo_eid::xml::{Limits, Tree, canonical as canonical_form, encode_base64};

use crate::maker::{ARRIVES, PROVIDER, SLO, at, expected, provider, receive, registry_key};

/// Whoever is proved is the one person the provider ever signed for, and the oracle finds the signatures good.
pub(crate) fn answer(bytes: &[u8]) {
    if let Ok(Verdict::Proved(proved)) = receive(&encode_base64(bytes), &expected(), ARRIVES) {
        assert_eq!(proved.identity.codice_fiscale.as_str(), "GDASDV00A01H501J");
        assert!(oracle_accepts(std::str::from_utf8(bytes).unwrap_or_default()));
    }
}

/// Canonical form is read back, and is its own canonical form.
pub(crate) fn canonical(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(tree) = Tree::read(text, &Limits::MESSAGE) else {
        return;
    };
    let once = canonical_form(tree.root(), None, &[]).unwrap_or_default();
    let Ok(again) = Tree::read(&once, &Limits { bytes: usize::MAX, ..Limits::MESSAGE }) else {
        panic!("not read back: {once}");
    };
    assert_eq!(canonical_form(again.root(), None, &[]).as_deref(), Ok(once.as_str()));
}

/// No bytes are a registry but those that the registry signed.
pub(crate) fn providers(bytes: &[u8]) {
    let _ = Providers::from_metadata(bytes);
    if let Ok(providers) = Providers::from_signed_aggregate(bytes, registry_key().certificate_der()) {
        assert!(providers.get(PROVIDER).is_some());
    }
}

/// A query gets an answer.
pub(crate) fn query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(message) = LogoutMessage::from_redirect(text) {
        let _ = message.issuer();
        let _ = message.verify_request(&provider(), SLO, at(ARRIVES));
        let _ = message.verify_response(&provider(), SLO, "_logout", at(ARRIVES));
    }
}

/// Whether an independent library finds signatures, and all of them good, of our provider.
pub(crate) fn oracle_accepts(xml: &str) -> bool {
    let mut keys = KeysManager::new();
    let certificate = include_bytes!("../tests/fixtures/provider.test-only.crt.pem");
    let Ok(key) = bergshamra::keys::loader::load_x509_cert_pem(certificate) else {
        return false;
    };
    keys.add_key(key);
    let context =
        DsigContext::new(keys).with_trusted_keys_only(true).with_skip_time_checks(true).with_insecure(true);
    bergshamra::verify_all(&context, xml)
        .is_ok_and(|results| !results.is_empty() && results.iter().all(bergshamra::VerifyResult::is_valid))
}
