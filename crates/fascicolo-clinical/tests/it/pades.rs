//! Signatures of others: what is accepted, and each way to break one, told for its cause beside a twin that holds.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, digest};
use cms::signed_data::SignerIdentifier;
use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5911, rfc5912};
use der::asn1::{GeneralizedTime, OctetString};
use der::{Any, Encode as _};
use fascicolo_clinical::pdf::{Flaw, PdfFacts, read};
use fascicolo_domain::documents::{Chain, Signature};
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use crate::forge::{
    Draft, SIGNING_CERTIFICATE_V2, Suite, binding, named, one, p256, p384, p521, pss, rsa, wrapped,
};
use crate::keys::{Signer, authority};
use crate::raw::{CADES, FORM, Raw, fill, fill_ranged};

const ROOM: usize = 4_000;
const PLAIN: &str = "adbe.pkcs7.detached";
const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const MD5: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.5");
const ECDSA_SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");

fn facts(pdf: &[u8]) -> PdfFacts {
    read(pdf, &authority().anchors()).unwrap()
}

/// Why the signature of a file is broken; `None` when it is intact.
fn flaw(pdf: &[u8]) -> Option<Flaw> {
    let facts = facts(pdf);
    assert_eq!(facts.flaw.is_some(), matches!(facts.signature, Signature::Broken), "{facts:?}");
    assert!(!matches!(facts.signature, Signature::NotSigned));
    facts.flaw
}

fn to_sign(format: &str) -> Vec<u8> {
    Raw::with_catalog(FORM).signable(format, ROOM)
}

fn signed_as(format: &str, signer: &Signer, suite: &Suite, change: impl FnOnce(&mut Draft)) -> Vec<u8> {
    fill(to_sign(format), |pieces| {
        let mut draft = Draft::new(signer, suite, pieces);
        change(&mut draft);
        draft.sign(signer, suite)
    })
}

/// A file signed on P-256, with one change before it is signed.
fn signed(change: impl FnOnce(&mut Draft)) -> Vec<u8> {
    signed_as(CADES, &authority().p256, &p256(), change)
}

/// A file whose CMS is changed after it was made.
fn remade(change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    fill(to_sign(CADES), |pieces| change(good(pieces)))
}

fn good(pieces: &[&[u8]]) -> Vec<u8> {
    let signer = &authority().p256;
    Draft::new(signer, &p256(), pieces).sign(signer, &p256())
}

#[test]
fn every_accepted_algorithm_holds() {
    let keys = authority();
    let mut cases = vec![(&keys.p256, p256()), (&keys.p384, p384())];
    cases.extend(p521().map(|suite| (&keys.p521, suite)));
    cases.extend(rsa().map(|suite| (&keys.rsa, suite)));
    for (signer, suite) in cases {
        for format in [CADES, PLAIN] {
            let facts = facts(&signed_as(format, signer, &suite, |_| {}));
            assert_eq!(facts.flaw, None, "{}", suite.name);
            let expected = Signature::Intact {
                signer: "Dott.ssa Anna Prova".to_owned(),
                chain: Chain::Known,
                at: Some("2026-05-21T08:30:00Z".parse().unwrap()),
            };
            assert!(facts.signature == expected, "{}", suite.name);
        }
    }
}

#[test]
fn an_algorithm_that_is_weak_unknown_or_at_odds_is_refused() {
    let bare = |oid| move |draft: &mut Draft| draft.algorithm = named(oid);
    assert_eq!(flaw(&signed(|_| {})), None);
    assert_eq!(flaw(&signed(|draft| draft.hash = named(SHA_1))), Some(Flaw::Algorithm));
    assert_eq!(flaw(&signed(|draft| draft.hash = named(MD5))), Some(Flaw::Algorithm));
    assert_eq!(flaw(&signed(bare(ECDSA_SHA_1))), Some(Flaw::Algorithm));
    assert_eq!(flaw(&signed(bare(rfc5912::ECDSA_WITH_SHA_384))), Some(Flaw::Algorithm));
    assert_eq!(flaw(&signed(bare(rfc5912::SHA_256_WITH_RSA_ENCRYPTION))), Some(Flaw::Algorithm));

    let [sha256, .., pss256, _, _] = rsa();
    let rsa = |suite: &Suite, algorithm| {
        flaw(&signed_as(CADES, &authority().rsa, suite, |draft| draft.algorithm = algorithm))
    };
    assert_eq!(rsa(&sha256, named(rfc5912::RSA_ENCRYPTION)), None);
    assert_eq!(rsa(&sha256, named(rfc5912::SHA_1_WITH_RSA_ENCRYPTION)), Some(Flaw::Algorithm));
    assert_eq!(rsa(&sha256, named(rfc5912::SHA_512_WITH_RSA_ENCRYPTION)), Some(Flaw::Algorithm));
    assert_eq!(rsa(&sha256, named(rfc5912::ECDSA_WITH_SHA_256)), Some(Flaw::Algorithm));
    let (sha_256, sha_384) = (rfc5912::ID_SHA_256, rfc5912::ID_SHA_384);
    assert_eq!(rsa(&pss256, pss(sha_256, sha_256, 32)), None);
    // without parameters PSS means SHA-1
    assert_eq!(rsa(&pss256, named(rfc5912::ID_RSASSA_PSS)), Some(Flaw::Algorithm));
    for wrong in [pss(sha_384, sha_384, 48), pss(sha_256, SHA_1, 32), pss(sha_256, sha_256, 20)] {
        assert_eq!(rsa(&pss256, wrong), Some(Flaw::Algorithm));
    }
}

#[test]
fn an_rsa_key_below_2048_bits_is_refused_for_what_it_is() {
    let with_modulus = |bytes: usize| {
        let [suite, ..] = rsa();
        fill(to_sign(CADES), |pieces| {
            let signer = &authority().rsa;
            let mut certificate = signer.certificate.clone();
            let key = [0x30, 0x82, 0, 0, 2, 0x82, 0, 0].map(|b: u8| b);
            let length = |n: usize| u16::try_from(n).unwrap().to_be_bytes();
            let mut key = [&key[..], &vec![0xC1; bytes], &[2, 3, 1, 0, 1]].concat();
            key[2..4].copy_from_slice(&length(bytes + 4 + 5));
            key[6..8].copy_from_slice(&length(bytes));
            // positive numbers start with a clear bit
            key[8] = 0x41;
            let info = &mut certificate.tbs_certificate.subject_public_key_info;
            info.subject_public_key = der::asn1::BitString::from_bytes(&key).unwrap();
            let mut draft = Draft::new(signer, &suite, pieces);
            draft.replace(binding(&[], digest(&SHA256, &certificate.to_der().unwrap()).as_ref()));
            draft.certificates = vec![certificate];
            draft.sign(signer, &suite)
        })
    };
    // of 2047 bits and of more; neither is the key that signed
    assert_eq!(flaw(&with_modulus(256)), Some(Flaw::Algorithm));
    assert_eq!(flaw(&with_modulus(257)), Some(Flaw::Signature));
}

#[test]
fn a_changed_byte_is_told_and_so_is_a_wrong_digest() {
    let pdf = signed(|_| {});
    let hole = pdf.windows(10).position(|w| w == b"/Contents<").unwrap();
    let change = |at: usize| {
        let mut pdf = pdf.clone();
        pdf[at] ^= 0x20;
        flaw(&pdf)
    };
    assert_eq!(flaw(&pdf), None);
    let page = pdf.windows(5).position(|w| w == b"Count").unwrap();
    assert!(page < hole);
    assert_eq!(change(page), Some(Flaw::Digest));
    assert_eq!(change(pdf.len() - 2), Some(Flaw::Digest));

    let digest_of = |bytes: &'static [u8]| {
        let value = OctetString::new(digest(&SHA256, bytes).as_ref()).unwrap();
        one(rfc5911::ID_MESSAGE_DIGEST, Any::encode_from(&value).unwrap())
    };
    let wrong = signed(|draft| draft.replace(digest_of(b"another file")));
    assert_eq!(flaw(&wrong), Some(Flaw::Digest));
}

#[test]
fn a_range_must_make_sense_and_reach_the_end() {
    let ranged = |range| flaw(&fill_ranged(to_sign(CADES), range, good));
    assert_eq!(ranged(|start, end, rest| [0, start, end, rest]), None);
    assert_eq!(ranged(|start, end, rest| [0, start, end, rest - 1]), Some(Flaw::Added), "does not reach");
    assert_eq!(ranged(|start, end, rest| [0, start, end, rest + 1]), Some(Flaw::Range), "too far");
    assert_eq!(ranged(|start, end, rest| [1, start, end, rest]), Some(Flaw::Range), "starts late");
    assert_eq!(ranged(|_, end, rest| [0, end, end, rest]), Some(Flaw::Range), "no hole");
    assert_eq!(ranged(|start, end, rest| [0, end, start, rest]), Some(Flaw::Range), "overlapping");
    assert_eq!(ranged(|start, end, rest| [0, -start, end, rest]), Some(Flaw::Range), "negative");
    assert_eq!(ranged(|start, end, _| [0, start, end, -1]), Some(Flaw::Range), "negative");
    assert_eq!(ranged(|_, end, rest| [0, 0, end, rest]), Some(Flaw::Range), "nothing before");
    assert_eq!(ranged(|start, end, _| [0, start, end, 0]), Some(Flaw::Range), "nothing after");
    assert_eq!(ranged(|start, end, _| [0, start, end, 9_999_999_999]), Some(Flaw::Range), "huge");
    assert_eq!(ranged(|start, _, rest| [0, start, 9_999_999_999, rest]), Some(Flaw::Range), "huge");
    // all 64 bits, where sums could run over
    let huge = b"/ByteRange[0 1 9223372036854775807 9223372036854775807]/Contents<00>";
    let value = format!("<</Type/Sig/SubFilter/{CADES}{}>>", std::str::from_utf8(huge).unwrap());
    let pdf = Raw::with_catalog(FORM).object(6, "<</FT/Sig/V 7 0 R>>").object(7, &value).finish("");
    assert_eq!(flaw(&pdf), Some(Flaw::Range));
}

#[test]
fn the_hole_must_be_the_contents_and_nothing_else() {
    let ranged = |range| flaw(&fill_ranged(to_sign(CADES), range, good));
    assert_eq!(ranged(|start, end, rest| [0, start, end, rest]), None);
    assert_eq!(ranged(|start, end, rest| [0, start + 1, end, rest]), Some(Flaw::Contents));
    assert_eq!(ranged(|start, end, rest| [0, start, end + 1, rest - 1]), Some(Flaw::Contents));
    assert_eq!(ranged(|start, end, rest| [0, start - 9, end, rest]), Some(Flaw::Contents));

    // a dictionary with the sound range of another, and contents of its own
    let pdf = signed(|_| {});
    let at = pdf.windows(10).position(|w| w == b"/ByteRange").unwrap();
    let range = std::str::from_utf8(&pdf[at..at + 80]).unwrap().split("/Contents").next().unwrap();
    let value = format!("<</Type/Sig/SubFilter/{CADES}{range}/Contents<00>>>");
    assert_eq!(flaw(&Raw::after(&pdf).object(7, &value).finish("")), Some(Flaw::Contents));
}

#[test]
fn only_the_two_detached_forms_are_accepted() {
    for (format, expected) in [
        (CADES, None),
        (PLAIN, None),
        ("adbe.pkcs7.sha1", Some(Flaw::Format)),
        ("adbe.x509.rsa_sha1", Some(Flaw::Format)),
        ("ETSI.RFC3161", Some(Flaw::Format)),
    ] {
        assert_eq!(flaw(&signed_as(format, &authority().p256, &p256(), |_| {})), expected, "{format}");
    }
}

#[test]
fn a_cms_that_cannot_be_read_is_told() {
    // by RSA, whose signatures are all of one length
    let (signer, [suite, ..]) = (&authority().rsa, rsa());
    let made = |pieces: &[&[u8]]| Draft::new(signer, &suite, pieces).sign(signer, &suite);
    let size = made(&[]).len();
    let cut = |cut: usize| {
        let room = Raw::with_catalog(FORM).signable(CADES, size - cut);
        flaw(&fill(room, |pieces| made(pieces)[..size - cut].to_vec()))
    };
    assert_eq!(cut(0), None);
    for bytes in [1, 2, size / 2, size - 3, size] {
        assert_eq!(cut(bytes), Some(Flaw::Cms), "{bytes}");
    }
    let kind =
        remade(|cms| wrapped(rfc5911::ID_DATA, Any::encode_from(&OctetString::new(cms).unwrap()).unwrap()));
    assert_eq!(flaw(&kind), Some(Flaw::Cms));
    let attached = Any::encode_from(&OctetString::new(&b"another text"[..]).unwrap()).unwrap();
    assert_eq!(flaw(&signed(|draft| draft.content = Some(attached))), Some(Flaw::Cms));
}

#[test]
fn a_cms_may_be_followed_by_padding_and_be_large_within_a_limit() {
    let padded = |room: usize| flaw(&fill(Raw::with_catalog(FORM).signable(CADES, room), good));
    assert_eq!(padded(512 * 1024), None);
    assert_eq!(padded(512 * 1024 + 1), Some(Flaw::Cms));
    assert_eq!(flaw(&remade(|cms| [cms, b"padding that is not nought".to_vec()].concat())), None);
}

#[test]
fn a_cms_with_lengths_left_open_holds() {
    let pdf = remade(|cms| {
        assert_eq!(cms[..2], [0x30, 0x82]);
        [&[0x30, 0x80], &cms[4..], &[0, 0]].concat()
    });
    assert_eq!(flaw(&pdf), None);
}

#[test]
fn there_must_be_one_signer() {
    assert_eq!(flaw(&signed(|draft| draft.signers = 1)), None);
    assert_eq!(flaw(&signed(|draft| draft.signers = 0)), Some(Flaw::Signers));
    assert_eq!(flaw(&signed(|draft| draft.signers = 2)), Some(Flaw::Signers));
}

#[test]
fn the_signed_attributes_must_be_there_each_once() {
    assert_eq!(flaw(&signed(|draft| draft.attributes.clear())), Some(Flaw::Attributes));
    assert_eq!(flaw(&signed(|draft| draft.without(rfc5911::ID_CONTENT_TYPE))), Some(Flaw::Attributes));
    assert_eq!(flaw(&signed(|draft| draft.without(rfc5911::ID_MESSAGE_DIGEST))), Some(Flaw::Attributes));
    let kind = |oid| one(rfc5911::ID_CONTENT_TYPE, Any::encode_from(&oid).unwrap());
    assert_eq!(flaw(&signed(|draft| draft.replace(kind(rfc5911::ID_DATA)))), None);
    assert_eq!(flaw(&signed(|draft| draft.replace(kind(rfc5911::ID_SIGNED_DATA)))), Some(Flaw::Attributes));
    assert_eq!(flaw(&signed(|draft| draft.kind = rfc5911::ID_SIGNED_DATA)), Some(Flaw::Attributes));
    let twice = signed(|draft| draft.attributes.push(kind(rfc5911::ID_SIGNED_DATA)));
    assert_eq!(flaw(&twice), Some(Flaw::Attributes));
    let two_values = signed(|draft| {
        let mut attribute = kind(rfc5911::ID_DATA);
        attribute.values.insert(Any::encode_from(&rfc5911::ID_SIGNED_DATA).unwrap()).unwrap();
        draft.replace(attribute);
    });
    assert_eq!(flaw(&two_values), Some(Flaw::Attributes));
}

#[test]
fn the_signers_certificate_must_be_there() {
    let keys = authority();
    assert_eq!(flaw(&signed(|draft| draft.certificates.clear())), Some(Flaw::Certificate));
    let other = signed(|draft| draft.certificates = vec![keys.other.certificate.clone()]);
    assert_eq!(flaw(&other), Some(Flaw::Certificate));
    let both = signed(|draft| draft.certificates.push(keys.other.certificate.clone()));
    assert_eq!(flaw(&both), None);
}

#[test]
fn a_certificate_may_be_named_by_its_key_identifier() {
    let named_by = |signer: &Signer| {
        let (_, id) = signer.certificate.tbs_certificate.get::<SubjectKeyIdentifier>().unwrap().unwrap();
        SignerIdentifier::SubjectKeyIdentifier(id)
    };
    let keys = authority();
    // only those of issuers carry one here
    let issuer = || x509_cert::Certificate::load_pem_chain(keys.far.chain_pem.as_bytes()).unwrap().remove(1);
    let signer = Signer {
        key_pem: String::new(),
        chain_pem: String::new(),
        pkcs8: keys.p256.pkcs8.clone(),
        certificate: issuer(),
    };
    let own = signed(|draft| {
        draft.signer = named_by(&signer);
        draft.certificates = vec![signer.certificate.clone()];
        draft.replace(binding(&[], digest(&SHA256, &signer.der()).as_ref()));
    });
    // found, and found not to have signed
    assert_eq!(flaw(&own), Some(Flaw::Signature));
    let missing = signed(|draft| draft.signer = named_by(&signer));
    assert_eq!(flaw(&missing), Some(Flaw::Certificate));
}

#[test]
fn the_certificate_is_bound_by_its_digest() {
    let keys = authority();
    let by = |hash: ObjectIdentifier, digest: &[u8]| binding(&named(hash).to_der().unwrap(), digest);
    let own = keys.p256.der();
    let other = digest(&SHA256, &keys.other.der());
    let sha_1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, &own);
    let cases = [
        ("by default", binding(&[], digest(&SHA256, &own).as_ref()), None),
        ("by a named hash", by(rfc5912::ID_SHA_384, digest(&SHA384, &own).as_ref()), None),
        ("another's", binding(&[], other.as_ref()), Some(Flaw::Binding)),
        ("by SHA-1", by(SHA_1, sha_1.as_ref()), Some(Flaw::Algorithm)),
        ("unreadable", one(SIGNING_CERTIFICATE_V2, Any::null()), Some(Flaw::Binding)),
    ];
    for (name, attribute, expected) in cases {
        for format in [CADES, PLAIN] {
            let pdf = signed_as(format, &keys.p256, &p256(), |draft| draft.replace(attribute.clone()));
            assert_eq!(flaw(&pdf), expected, "{name}");
        }
    }
    let unbound =
        |format| flaw(&signed_as(format, &keys.p256, &p256(), |draft| draft.without(SIGNING_CERTIFICATE_V2)));
    assert_eq!(unbound(PLAIN), None);
    assert_eq!(unbound(CADES), Some(Flaw::Binding));
}

#[test]
fn a_signature_by_another_key_is_told() {
    let keys = authority();
    let by = |signer: &Signer| {
        fill(to_sign(CADES), |pieces| Draft::new(&keys.p256, &p256(), pieces).sign(signer, &p256()))
    };
    assert_eq!(flaw(&by(&keys.p256)), None);
    assert_eq!(flaw(&by(&keys.other)), Some(Flaw::Signature));
}

#[test]
fn the_signed_time_counts_before_the_written_one() {
    let at = |pdf: &[u8]| match facts(pdf).signature {
        Signature::Intact { at, .. } => at.unwrap().to_string(),
        other @ (Signature::Broken | Signature::NotSigned) => panic!("{other:?}"),
    };
    let seconds = std::time::Duration::from_secs(1_700_000_000);
    let time = GeneralizedTime::from_unix_duration(seconds).unwrap();
    let timed = one(rfc5911::ID_SIGNING_TIME, Any::encode_from(&time).unwrap());
    assert_eq!(at(&signed(|_| {})), "2026-05-21T08:30:00Z");
    assert_eq!(at(&signed(|draft| draft.attributes.push(timed))), "2023-11-14T22:13:20Z");
}

#[test]
fn what_is_added_after_signing_is_told_apart_from_what_was_signed() {
    let pdf = signed(|_| {});
    assert_eq!(flaw(&pdf), None);
    let page = Raw::after(&pdf).object(2, "<</Type/Pages/Kids[]/Count 9>>").finish("");
    assert_eq!(flaw(&page), Some(Flaw::Added));
    assert_eq!(flaw(&[pdf.as_slice(), b"\n"].concat()), Some(Flaw::Added));
    assert_eq!(flaw(&[pdf.as_slice(), &pdf].concat()), Some(Flaw::Added));
    assert_eq!(flaw(&page[..pdf.len()]), None, "the signed state is still inside");
}

#[test]
fn a_signature_taken_away_leaves_a_trace() {
    let catalog = "<</Type/Catalog/Pages 2 0 R>>";
    let unsigned = Raw::with_catalog("").finish("");
    assert!(matches!(facts(&unsigned).signature, Signature::NotSigned));
    let pdf = signed(|_| {});
    assert_eq!(flaw(&Raw::after(&pdf).object(1, catalog).finish("")), Some(Flaw::Added));
    assert_eq!(flaw(&Raw::after(&pdf).object(6, "<</FT/Sig>>").finish("")), Some(Flaw::Added));
    assert_eq!(flaw(&Raw::after(&pdf).object(7, "null").finish("")), Some(Flaw::Added));
    let prepared = Raw::with_catalog("").bytes(b"% /ByteRange [0 1 5 5]\n").finish("");
    assert!(matches!(facts(&prepared).signature, Signature::NotSigned), "no signature in that hole");
}

/// A second signature in an update of a signed file.
fn second(first: &[u8]) -> Vec<u8> {
    let hole = "0".repeat(ROOM * 2);
    let range = "[0 0000000000 0000000000 0000000000]";
    let value = format!("<</Type/Sig/SubFilter/{CADES}/ByteRange{range}/Contents<{hole}>>>");
    let fields = "/AcroForm<</Fields[6 0 R 8 0 R]/SigFlags 3>>";
    let update = Raw::after(first)
        .object(1, &format!("<</Type/Catalog/Pages 2 0 R{fields}>>"))
        .object(8, "<</FT/Sig/T(Direttore)/V 9 0 R>>")
        .object(9, &value)
        .finish("");
    fill(update, |pieces| {
        let signer = &authority().rsa;
        let [suite, ..] = rsa();
        Draft::new(signer, &suite, pieces).sign(signer, &suite)
    })
}

#[test]
fn of_two_signatures_both_must_hold_and_the_last_must_cover_all() {
    let both = second(&signed(|_| {}));
    assert_eq!(flaw(&both), None);
    let broken_first = signed(|draft| draft.replace(binding(&[], &[0; 32])));
    assert_eq!(flaw(&second(&broken_first)), Some(Flaw::Binding));
    let more = Raw::after(&both).object(2, "<</Type/Pages/Kids[]/Count 1>>").finish("");
    assert_eq!(flaw(&more), Some(Flaw::Added));
    let mut changed = both;
    let last = changed.len() - 2;
    changed[last] ^= 0x20;
    assert_eq!(flaw(&changed), Some(Flaw::Digest));
}
