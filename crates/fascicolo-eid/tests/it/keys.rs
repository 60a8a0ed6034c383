//! Keys and certificates (SPID-K1 to K5): what is taken, what is made.

use std::sync::{Mutex, mpsc};
use std::thread;

use der::Decode as _;
use fascicolo_eid::spid::{
    Binding, CertificateSubject, KeyError, Outgoing, Signer, SigningKey, authn_request, make_certificate,
    metadata,
};
use fascicolo_eid::xml::{Limits, Tree, VerifyingKey, verify};
use x509_cert::Certificate;

use crate::maker::{at, provider, provider_key, service, service_key, stranger_key};
use crate::request::{key, spec};

const KEY: &str = include_str!("../fixtures/provider.test-only.key.pem");
const CERTIFICATE: &str = include_str!("../fixtures/provider.test-only.crt.pem");

fn subject() -> CertificateSubject {
    CertificateSubject {
        common_name: "Fascicolo di prova".to_owned(),
        organization: "Regione Prova".to_owned(),
        entity_id: "https://fascicolo.example".to_owned(),
        ipa_code: "r_prova".to_owned(),
        country: "IT".to_owned(),
        locality: "Prova".to_owned(),
    }
}

fn make(bits: u32) -> Result<(String, String), KeyError> {
    make_certificate(&subject(), bits, at("2026-01-01T00:00:00Z"), at("2028-12-31T23:59:59Z"))
}

/// SPID-K1.
#[test]
fn a_key_is_taken_in_both_wrappings_with_its_certificate() {
    assert!(SigningKey::from_pem(KEY, CERTIFICATE).is_ok());
    let pkcs1 = include_str!("../fixtures/provider.test-only.pkcs1.pem");
    assert!(SigningKey::from_pem(pkcs1, CERTIFICATE).is_ok());
}

/// SPID-K1.
#[test]
fn each_wrong_key_is_refused_for_its_own_cause() {
    let refused = |key: &str, certificate: &str| SigningKey::from_pem(key, certificate).err();
    let other = include_str!("../fixtures/stranger.test-only.crt.pem");
    let short_key = include_str!("../fixtures/short.test-only.key.pem");
    let short = include_str!("../fixtures/short.test-only.crt.pem");
    let curve = include_str!("../fixtures/curve.test-only.crt.pem");
    assert_eq!(refused("", CERTIFICATE), Some(KeyError::Pem));
    assert_eq!(refused(KEY, ""), Some(KeyError::Pem));
    assert_eq!(refused(CERTIFICATE, CERTIFICATE), Some(KeyError::Pem));
    assert_eq!(refused(KEY, KEY), Some(KeyError::Pem));
    assert_eq!(refused(KEY, other), Some(KeyError::Mismatch));
    assert_eq!(refused(KEY, curve), Some(KeyError::NotRsa));
    assert_eq!(refused(short_key, short), Some(KeyError::NotRsa));
}

/// A key in another place than this process: it can be asked, never read.
struct Elsewhere {
    asked: mpsc::Sender<Vec<u8>>,
    signed: Mutex<mpsc::Receiver<Result<Vec<u8>, KeyError>>>,
    certificate: Vec<u8>,
}

impl Elsewhere {
    fn new(key: SigningKey, certificate: &[u8]) -> Box<Self> {
        let (asked, requests) = mpsc::channel::<Vec<u8>>();
        let (answers, signed) = mpsc::channel();
        thread::spawn(move || requests.iter().try_for_each(|message| answers.send(key.sign(&message))));
        Box::new(Self { asked, signed: Mutex::new(signed), certificate: certificate.to_vec() })
    }
}

impl Signer for Elsewhere {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signed = self.signed.lock().map_err(|_| KeyError::Sign)?;
        self.asked.send(message.to_vec()).map_err(|_| KeyError::Sign)?;
        signed.recv().map_err(|_| KeyError::Sign)?
    }

    fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }
}

/// SPID-K5.
#[test]
fn a_key_that_is_held_elsewhere_signs_as_one_from_a_file() {
    let certificate = service_key().certificate_der().to_vec();
    let mut remote = service();
    remote.key = SigningKey::held_by(Elsewhere::new(service_key(), &certificate)).unwrap();
    assert_eq!(metadata(&remote).unwrap(), metadata(&service()).unwrap());
    let made = authn_request(&remote, &provider(), &spec(Binding::Post)).unwrap();
    let Outgoing::Post { xml, .. } = made else { panic!("posted") };
    assert!(verify(Tree::read(&xml, &Limits::METADATA).unwrap().root(), &[key()]).is_ok());
}

/// SPID-K5.
#[test]
fn a_key_held_elsewhere_is_refused_when_it_is_another_or_does_not_answer() {
    let certificate = service_key().certificate_der().to_vec();
    let other = SigningKey::held_by(Elsewhere::new(stranger_key(), &certificate));
    assert_eq!(other.err(), Some(KeyError::Mismatch));
    let no_certificate = SigningKey::held_by(Elsewhere::new(service_key(), b"none"));
    assert_eq!(no_certificate.err(), Some(KeyError::Certificate));
    let mut silent = Elsewhere::new(service_key(), &certificate);
    silent.asked = mpsc::channel().0;
    assert_eq!(SigningKey::held_by(silent).err(), Some(KeyError::Sign));
}

/// SPID-K5.
#[test]
fn no_key_shows_in_debug() {
    assert_eq!(format!("{:?}", provider_key()), "SigningKey(…)");
    let key = VerifyingKey::from_certificate(provider_key().certificate_der()).unwrap();
    assert_eq!(format!("{key:?}"), "VerifyingKey(…)");
}

/// SPID-K1, SPID-R7.
#[test]
fn a_short_or_foreign_public_key_verifies_nothing() {
    let der = |pem: &str| der::pem::decode_vec(pem.as_bytes()).unwrap().1;
    let key = |pem: &str| VerifyingKey::from_certificate(&der(pem)).err();
    assert_eq!(key(CERTIFICATE), None);
    assert_eq!(key(include_str!("../fixtures/short.test-only.crt.pem")), Some(KeyError::NotRsa));
    assert_eq!(key(include_str!("../fixtures/curve.test-only.crt.pem")), Some(KeyError::NotRsa));
    assert_eq!(VerifyingKey::from_certificate(b"no certificate").err(), Some(KeyError::Certificate));
}

/// SPID-K1 to K4.
#[test]
fn a_certificate_made_here_is_what_agid_asks_for() {
    let (key, pem) = make(2048).unwrap();
    assert!(SigningKey::from_pem(&key, &pem).is_ok());
    let (_, der) = der::pem::decode_vec(pem.as_bytes()).unwrap();
    let certificate = Certificate::from_der(&der).unwrap();
    let body = &certificate.tbs_certificate;
    assert_eq!(body.issuer, body.subject, "self-signed");
    assert_eq!(certificate.signature_algorithm.oid, const_oid::db::rfc5912::SHA_256_WITH_RSA_ENCRYPTION);
    assert_eq!(body.validity.not_before.to_unix_duration().as_secs(), 1_767_225_600);
    assert_eq!(body.validity.not_after.to_unix_duration().as_secs(), 1_861_919_999);
    let names: Vec<(String, String)> = body
        .subject
        .0
        .iter()
        .flat_map(|rdn| rdn.0.iter())
        .map(|a| (a.oid.to_string(), String::from_utf8_lossy(a.value.value()).into_owned()))
        .collect();
    let expected = [
        ("2.5.4.6", "IT"),
        ("2.5.4.7", "Prova"),
        ("2.5.4.10", "Regione Prova"),
        ("2.5.4.3", "Fascicolo di prova"),
        ("2.5.4.83", "https://fascicolo.example"),
        ("2.5.4.97", "PA:IT-r_prova"),
    ];
    assert_eq!(names, expected.map(|(o, v)| (o.to_owned(), v.to_owned())));
    let extensions: Vec<(String, bool, Vec<u8>)> = body
        .extensions
        .iter()
        .flatten()
        .map(|e| (e.extn_id.to_string(), e.critical, e.extn_value.as_bytes().to_vec()))
        .collect();
    let policies = [
        0x30, 0x12, 0x30, 0x06, 0x06, 0x04, 0x2b, 0x4c, 0x10, 0x06, 0x30, 0x08, 0x06, 0x06, 0x2b, 0x4c, 0x10,
        0x04, 0x02, 0x01,
    ];
    // digitalSignature and nonRepudiation: the first two bits
    assert!(extensions.contains(&("2.5.29.15".to_owned(), true, vec![3, 2, 6, 0xc0])));
    assert!(extensions.contains(&("2.5.29.19".to_owned(), false, vec![0x30, 0])));
    assert!(extensions.contains(&("2.5.29.32".to_owned(), false, policies.to_vec())));
    assert_eq!(extensions.len(), 3);
}

/// SPID-K1.
#[test]
fn only_three_sizes_are_made() {
    for bits in [0, 512, 1024, 2047, 8192] {
        assert_eq!(make(bits).err(), Some(KeyError::NotRsa), "{bits}");
    }
    let mut foreign = subject();
    foreign.country = "Italia è".to_owned();
    let made = make_certificate(&foreign, 2048, at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    assert_eq!(made.err(), Some(KeyError::Certificate));
}
