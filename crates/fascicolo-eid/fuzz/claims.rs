//! What must hold for any bytes at all. The fuzzer looks for bytes that break it; the tests replay those in `corpus`.

use std::sync::OnceLock;

use bergshamra::{DsigContext, KeysManager};
use fascicolo_eid::spid::{Incoming, LogoutMessage, Provider, Providers, Refused, Verdict};
use fascicolo_eid::xml::{
    self, Element, Limits, SignedQuery, Tree, VerifyingKey, canonical as canonical_form, encode_base64,
    only_text,
};
use roxmltree::Node;

use crate::maker::{ARRIVES, SLO, at, expected, provider, provider_key, receive, registry_key};

/// Whoever is proved is the one person the provider ever signed for (in the vectors), and the oracle finds the signatures good.
pub(crate) fn answer(bytes: &[u8]) {
    let outcome = receive(&encode_base64(bytes), &expected(), ARRIVES);
    let Ok(Verdict::Proved(proved)) = outcome else {
        return;
    };
    let identity = &proved.identity;
    assert_eq!(identity.codice_fiscale.as_str(), "GDASDV00A01H501J");
    assert_eq!(identity.given_name, "Ada");
    assert!(["D'Alì & Figli", "D'ALÌ-ŽUŽEK DE’ RÈ"].contains(&identity.family_name.as_str()));
    assert_eq!(identity.birth_date, Some("2000-01-01".parse().unwrap()));
    assert!((2..=3).contains(&identity.level.number()));
    assert_eq!(proved.assertion_id, "_assertion");
    assert!(proved.name_id == "_transient" || proved.name_id == "x".repeat(512));
    assert!(proved.not_on_or_after > at(ARRIVES));
    assert!(oracle_accepts(std::str::from_utf8(bytes).unwrap()));
}

/// Canonical form is read back, is its own canonical form, and says what the tree says.
pub(crate) fn canonical(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(tree) = Tree::read(text, &Limits::MESSAGE) else {
        return;
    };
    assert!(within(tree.root(), &Limits::MESSAGE));
    let once = canonical_form(tree.root(), None, &[]).unwrap();
    let read = |text| {
        // canonical form is longer, and declares a namespace wherever it is used
        let limits = Limits { bytes: usize::MAX, namespaces: usize::MAX, ..Limits::MESSAGE };
        Tree::read(text, &limits).unwrap_or_else(|defect| panic!("{defect}: {text}"))
    };
    assert_eq!(canonical_form(read(&once).root(), None, &[]).as_deref(), Ok(once.as_str()));
    let list = ["p", "#default", "saml", "xs"];
    let listed = canonical_form(tree.root(), None, &list).unwrap();
    let again = read(&listed);
    assert_eq!(canonical_form(again.root(), None, &list).as_deref(), Ok(listed.as_str()));
    assert_eq!(canonical_form(again.root(), None, &[]).as_deref(), Ok(once.as_str()));
    let signed = xml::verify_query(tree.root(), &anything(), &[key().clone()]).unwrap();
    assert_eq!(signed.as_str(), once);
    if let Ok(outline) = signed.outline() {
        same(outline.root(), tree.root());
    }
}

/// Nothing was let in that the strict reading refuses.
fn within(root: Node<'_, '_>, limits: &Limits) -> bool {
    let nodes = root.descendants().count();
    let shallow = |n: Node<'_, '_>| n.ancestors().filter(Node::is_element).count() <= limits.depth;
    nodes <= limits.nodes as usize
        && root.descendants().all(|n| {
            (n.is_element() && n.attributes().len() <= limits.attributes && shallow(n)) || n.is_text()
        })
}

/// The two readers agree on an element and on what is below it.
fn same(read: Element<'_, '_>, node: Node<'_, '_>) {
    let name = node.tag_name();
    let namespace = name.namespace().unwrap_or_default();
    // the prefix `xml` is never declared, and the second reader knows no name by it
    assert!(read.is(namespace, name.name()) || namespace == roxmltree::NS_XML_URI);
    for attribute in node.attributes().filter(|a| a.namespace().is_none()) {
        assert_eq!(read.attribute(attribute.name()).as_deref(), Some(attribute.value()));
    }
    let below: Vec<_> = node.children().filter(Node::is_element).collect();
    assert_eq!(read.children().count(), below.len());
    if below.is_empty() {
        assert_eq!(read.text().as_deref(), only_text(node));
    }
    for (read, node) in read.children().zip(below) {
        same(read, node);
    }
}

/// A query that the provider signed; which document it carried, whoever verifies it has to know.
fn anything() -> SignedQuery<'static> {
    static SIGNATURE: OnceLock<String> = OnceLock::new();
    let signature = SIGNATURE.get_or_init(|| encode_base64(&provider_key().sign(b"anything").unwrap()));
    SignedQuery { signed: "anything", algorithm: xml::RSA_SHA256, signature }
}

fn key() -> &'static VerifyingKey {
    static KEY: OnceLock<VerifyingKey> = OnceLock::new();
    KEY.get_or_init(|| VerifyingKey::from_certificate(provider_key().certificate_der()).unwrap())
}

/// No bytes are a registry but those that the registry signed, and no provider lacks what a login needs.
pub(crate) fn providers(bytes: &[u8]) {
    if let Ok(list) = Providers::from_metadata(bytes) {
        assert!(list.iter().all(usable));
    }
    if let Ok(providers) =
        Providers::from_signed_aggregate(bytes, registry_key().certificate_der(), jiff::Timestamp::UNIX_EPOCH)
    {
        let ids: Vec<_> = providers.iter().map(|p| p.entity_id.as_str()).collect();
        assert_eq!(ids, ["https://idp.example", "https://another.example"]);
    }
}

fn usable(provider: &Provider) -> bool {
    let lists = [&provider.single_sign_on, &provider.single_logout, &provider.single_logout_replies];
    let mut addresses = lists.into_iter().flatten();
    !provider.entity_id.is_empty()
        && !provider.keys.is_empty()
        && !provider.single_sign_on.is_empty()
        && addresses.all(|(_, place)| place.starts_with("http") && !place.contains(['\n', '\r', ' ', '#']))
}

/// A posted message (XML) or a query is believed only when the provider signed it.
pub(crate) fn logout(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if text.starts_with('<') {
        believed(LogoutMessage::from_post(&encode_base64(bytes)));
        // its content is held against the rules as if it had been signed in a query
        believed(LogoutMessage::from_redirect(&query(text)));
    } else {
        believed(LogoutMessage::from_redirect(text));
    }
}

/// An unsigned query with this message in it, not compressed.
fn query(xml: &str) -> String {
    let stored: Vec<u8> = xml
        .as_bytes()
        .chunks(0xffff)
        .flat_map(|block| {
            let length = u16::try_from(block.len()).unwrap_or_default();
            [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), block].concat()
        })
        .chain([1, 0, 0, 0xff, 0xff])
        .collect();
    let value = encode_base64(&stored).replace('+', "%2B");
    format!("SAMLRequest={value}&SigAlg={}&Signature=AA==", xml::RSA_SHA256)
}

fn believed(message: Result<LogoutMessage, Refused>) {
    static PROVIDER: OnceLock<Provider> = OnceLock::new();
    let provider = PROVIDER.get_or_init(provider);
    let Ok(message) = message else {
        return;
    };
    assert!(message.xml().len() <= Limits::MESSAGE.bytes);
    let issuer = message.issuer();
    let _ = message.in_response_to();
    if let Ok(request) = message.verify_request(provider, SLO, at(ARRIVES)) {
        assert_eq!((request.id.as_str(), request.name_id.as_str()), ("_theirs", "_transient"));
        assert_eq!(issuer.as_deref(), Ok(provider.entity_id.as_str()));
    }
    if message.verify_response(provider, SLO, "_logout", at(ARRIVES)).is_ok() {
        assert_eq!(message.in_response_to().as_deref(), Some("_logout"));
    }
}

/// A field is decoded or refused; what comes out is what went in, and never more than fits.
pub(crate) fn field(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let posted = LogoutMessage::from_post(text);
    let Ok(incoming) = Incoming::decode(text) else {
        assert!(posted.is_err());
        return;
    };
    assert!(text.len() <= Limits::MESSAGE.bytes && incoming.xml().len() <= text.len());
    let dense: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    assert_eq!(encode_base64(incoming.xml().as_bytes()), dense);
    assert_eq!(posted.unwrap().xml(), incoming.xml());
    if let Ok(answer) = incoming.parse() {
        let facts = answer.facts();
        assert_eq!(facts.in_response_to.unwrap_or_default(), answer.in_response_to());
    }
}

/// A certificate is a key of the sizes we take, or none; and it verifies nothing that its key did not sign.
pub(crate) fn certificate(bytes: &[u8]) {
    let Ok(found) = VerifyingKey::from_certificate(bytes) else {
        return;
    };
    assert_eq!(found.certificate_der(), bytes);
    let answer = "<a ID='_a'><b/></a>";
    let signed = xml::sign_enveloped(answer, "_a", xml::Place::First, &provider_key()).unwrap();
    let tree = Tree::read(&signed, &Limits::MESSAGE).unwrap();
    assert!(xml::verify(tree.root(), &[found]).is_err() || holds_the_key(bytes));
}

/// Whether the modulus and the exponent of the provider's key are in there.
fn holds_the_key(bytes: &[u8]) -> bool {
    let certificate = provider_key().certificate_der().to_vec();
    let start = certificate.windows(4).position(|w| w == [0x02, 0x82, 0x01, 0x01]).unwrap() + 4;
    let key = &certificate[start..start + 262];
    bytes.windows(key.len()).any(|w| w == key)
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
