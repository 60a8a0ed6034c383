use std::sync::Mutex;

use bytes::Bytes;
use fascicolo_domain::secret::Digest;
use futures_util::stream;
use futures_util::{FutureExt as _, StreamExt as _};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::ports::ByteStream;

const CHUNK: usize = 64 * 1024;
const HEADER: usize = 12;

/// Repeatable chance: digests of a counter.
#[derive(Default)]
struct Counted(Mutex<u64>);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Fault> {
        let mut count = self.0.lock().unwrap();
        for slot in bytes.chunks_mut(32) {
            *count += 1;
            slot.copy_from_slice(&Digest::of(&count.to_be_bytes()).as_bytes()[..slot.len()]);
        }
        Ok(())
    }
}

fn ring(ids: &[&str]) -> Keyring {
    let line = |id: &&str| format!("{id} {}\n", STANDARD.encode(Digest::of(id.as_bytes()).as_bytes()));
    Keyring::parse(&ids.iter().map(line).collect::<String>()).unwrap()
}

fn object(n: u8) -> ObjectId {
    ObjectId::new(Timestamp::UNIX_EPOCH, [n; 10])
}

fn pieces(bytes: &[u8], size: usize) -> ByteStream {
    let pieces: Vec<_> = bytes.chunks(size.max(1)).map(|p| Ok(Bytes::copy_from_slice(p))).collect();
    stream::iter(pieces).boxed()
}

/// Everything that came out, and whether the stream ended well.
fn drain(stream: ByteStream) -> (Vec<u8>, bool) {
    let items: Vec<_> = stream.collect().now_or_never().unwrap();
    let whole = items.iter().all(Result::is_ok);
    assert!(items.iter().rev().skip(1).all(Result::is_ok), "nothing follows an error");
    (items.into_iter().flatten().flatten().collect(), whole)
}

struct Stored {
    key: StoredKey,
    bytes: Vec<u8>,
}

fn store(ring: &Keyring, entropy: &Counted, id: ObjectId, plain: &[u8]) -> Stored {
    let (key, stored) = ring.new_document_key(entropy, id).unwrap();
    let (bytes, whole) = drain(seal_stream(pieces(plain, 10_000), key));
    assert!(whole);
    Stored { key: stored, bytes }
}

fn read(ring: &Keyring, id: ObjectId, key: &StoredKey, bytes: &[u8], piece: usize) -> (Vec<u8>, bool) {
    let key = ring.open_key(id, &key.kek, &key.wrapped).unwrap();
    drain(open_stream(pieces(bytes, piece), key))
}

fn sample(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from(i * 7 % 251).unwrap()).collect()
}

#[test]
fn what_is_sealed_opens_at_every_length_near_a_chunk_and_in_pieces_of_any_size() {
    let (ring, entropy) = (ring(&["a"]), Counted::default());
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK - 5] {
        let plain = sample(length);
        let stored = store(&ring, &entropy, object(1), &plain);
        assert_eq!(stored.bytes.len() as u64, sealed_size(length as u64));
        for piece in [17, CHUNK, CHUNK + 16, usize::MAX] {
            let opened = read(&ring, object(1), &stored.key, &stored.bytes, piece);
            assert!(opened == (plain.clone(), true), "{length} in pieces of {piece}");
        }
    }
}

#[test]
fn a_changed_stored_file_ends_with_a_fault_and_gives_only_what_was_sealed() {
    let (ring, entropy) = (ring(&["a"]), Counted::default());
    let plain = sample(3 * CHUNK + 100);
    let stored = store(&ring, &entropy, object(1), &plain);
    let other = store(&ring, &entropy, object(2), &plain);
    let full = CHUNK + TAG;
    let (header, body) = stored.bytes.split_at(HEADER);
    let chunks: Vec<&[u8]> = body.chunks(full).collect();
    let joined = |parts: &[&[u8]]| [&[header], parts].concat().concat();
    let mut flipped = stored.bytes.clone();
    flipped[HEADER + full + 5] ^= 1;
    let mut prefix = stored.bytes.clone();
    prefix[7] ^= 1;
    let mut version = stored.bytes.clone();
    version[4] ^= 1;
    let cases = [
        ("nothing", Vec::new()),
        ("cut in the header", header[..5].to_vec()),
        ("header alone", header.to_vec()),
        ("cut in a chunk", stored.bytes[..HEADER + full + 9].to_vec()),
        ("cut between chunks", joined(&chunks[..2])),
        ("cut before the last chunk", joined(&chunks[..3])),
        ("reordered", joined(&[chunks[1], chunks[0], chunks[2], chunks[3]])),
        ("doubled", joined(&[chunks[0], chunks[0], chunks[1], chunks[2], chunks[3]])),
        ("left out", joined(&[chunks[0], chunks[2], chunks[3]])),
        ("a byte appended", joined(&[&[body], &[&[0_u8][..]][..]].concat())),
        ("appended twice", joined(&[body, body])),
        ("a bit flipped", flipped),
        ("another prefix", prefix),
        ("another version", version),
        ("another object's bytes", other.bytes.clone()),
        (
            "another object's chunk",
            joined(&[&other.bytes[HEADER..HEADER + full], chunks[1], chunks[2], chunks[3]]),
        ),
    ];
    for (name, bytes) in cases {
        for piece in [1000, usize::MAX] {
            let (out, whole) = read(&ring, object(1), &stored.key, &bytes, piece);
            assert!(!whole, "{name}");
            assert!(plain.starts_with(&out), "{name}: bytes that were never sealed came out");
        }
    }
    assert!(read(&ring, object(1), &stored.key, &stored.bytes, 1000).1);
}

#[test]
fn a_fault_of_the_source_passes_through_and_ends_the_stream() {
    let (ring, entropy) = (ring(&["a"]), Counted::default());
    let (key, _) = ring.new_document_key(&entropy, object(1)).unwrap();
    let broken = stream::iter([Ok(Bytes::from_static(b"x")), Err(Fault::bare("reading"))]).boxed();
    let items: Vec<_> = seal_stream(broken, key).collect().now_or_never().unwrap();
    assert_eq!(items.last().unwrap().as_ref().unwrap_err().doing(), "reading");
    assert_eq!(items.len(), 2, "the header, then the fault: no last chunk that would make it whole");
}

#[test]
fn a_key_opens_only_for_its_own_object_and_under_its_own_kek() {
    let (ring, entropy) = (ring(&["b", "a"]), Counted::default());
    let (_, stored) = ring.new_document_key(&entropy, object(1)).unwrap();
    assert!(ring.open_key(object(1), "b", &stored.wrapped).is_ok());
    assert!(ring.open_key(object(2), "b", &stored.wrapped).is_err(), "another object");
    assert!(ring.open_key(object(1), "a", &stored.wrapped).is_err(), "another key");
    assert!(ring.open_key(object(1), "c", &stored.wrapped).is_err(), "a key that is not there");
    for at in 0..stored.wrapped.len() {
        let mut wrapped = stored.wrapped.clone();
        wrapped[at] ^= 0x80;
        assert!(ring.open_key(object(1), "b", &wrapped).is_err(), "byte {at}");
        assert!(ring.open_key(object(1), "b", &stored.wrapped[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn rotation_rewraps_without_rewriting_and_then_the_old_key_can_go() {
    let entropy = Counted::default();
    let plain = sample(CHUNK + 1);
    let stored = store(&ring(&["old"]), &entropy, object(1), &plain);
    let both = ring(&["new", "old"]);
    assert!(read(&both, object(1), &stored.key, &stored.bytes, 1000) == (plain.clone(), true));
    let rewrapped = both.rewrap(&entropy, object(1), &stored.key).unwrap().unwrap();
    assert_eq!(rewrapped.kek, "new");
    assert!(both.rewrap(&entropy, object(1), &rewrapped).unwrap().is_none(), "once is enough");
    assert!(both.rewrap(&entropy, object(2), &stored.key).is_err(), "another object's key");
    assert!(read(&ring(&["new"]), object(1), &rewrapped, &stored.bytes, 1000) == (plain, true));
}

#[test]
fn a_blob_opens_only_in_its_own_context_and_unchanged() {
    let entropy = Counted::default();
    let old = ring(&["old"]);
    let sealed = old.seal_bytes(&entropy, "login 1", b"<Response/>").unwrap();
    let both = ring(&["new", "old"]);
    assert_eq!(both.open_bytes("login 1", &sealed).unwrap(), b"<Response/>");
    assert!(both.open_bytes("login 2", &sealed).is_err());
    assert!(ring(&["new"]).open_bytes("login 1", &sealed).is_err());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(both.open_bytes("login 1", &changed).is_err(), "byte {at}");
        assert!(both.open_bytes("login 1", &sealed[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn a_key_file_is_read_and_each_defect_is_named_with_its_line() {
    let key = |n: u8| STANDARD.encode([n; 32]);
    let text = format!("# keys\n\n  2026-11 {}\n2025-01\t{}\n", key(1), key(2));
    let ring = Keyring::parse(&text).unwrap();
    assert_eq!((ring.active(), ring.older().collect::<Vec<_>>()), ("2026-11", vec!["2025-01"]));
    let defects = [
        (String::new(), "no key"),
        ("# only a comment\n".into(), "no key"),
        (format!("\n{}", key(1)), "line 2: not of the form"),
        (format!("a {} b", key(1)), "line 1: not of the form"),
        (format!("A {}", key(1)), "line 1: the id"),
        (format!("{} {}", "a".repeat(33), key(1)), "line 1: the id"),
        (format!("a {}", STANDARD.encode([1; 31])), "line 1: the key"),
        ("a !!".into(), "line 1: the key"),
        (format!("a {}\na {}", key(1), key(2)), "line 2: this id or key"),
        (format!("a {}\nb {}", key(1), key(1)), "line 2: this id or key"),
    ];
    for (text, says) in defects {
        let defect = Keyring::parse(&text).unwrap_err().to_string();
        assert!(defect.starts_with(says), "{defect}");
    }
}

#[test]
fn a_new_line_is_a_key_file_and_debug_output_tells_no_key() {
    let entropy = Counted::default();
    let line = Keyring::new_line(&entropy, "2026").unwrap();
    let ring = Keyring::parse(&line).unwrap();
    let (key, stored) = ring.new_document_key(&entropy, object(1)).unwrap();
    let text = format!("{ring:?} {key:?} {stored:?}");
    assert_eq!(text, "Keyring(2026, 0 older) SealingKey(…) StoredKey(under 2026)");
}

#[test]
fn two_documents_with_the_same_content_share_no_stored_bytes() {
    let (ring, entropy) = (ring(&["a"]), Counted::default());
    let plain = sample(1000);
    let (one, two) = (store(&ring, &entropy, object(1), &plain), store(&ring, &entropy, object(2), &plain));
    assert_ne!(one.bytes[5..], two.bytes[5..]);
    assert_ne!(one.bytes[HEADER..], two.bytes[HEADER..]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_content_comes_back(plain in prop::collection::vec(any::<u8>(), 0..3000), piece in 1_usize..4000) {
        let (ring, entropy) = (ring(&["a"]), Counted::default());
        let stored = store(&ring, &entropy, object(1), &plain);
        prop_assert_eq!(read(&ring, object(1), &stored.key, &stored.bytes, piece), (plain, true));
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_noticed(length in 0_usize..(CHUNK + 2000), place: u64, bit in 0_u32..8) {
        let (ring, entropy) = (ring(&["a"]), Counted::default());
        let mut stored = store(&ring, &entropy, object(1), &sample(length));
        let at = usize::try_from(place % stored.bytes.len() as u64).unwrap();
        prop_assert!(!read(&ring, object(1), &stored.key, &stored.bytes[..at], 5000).1);
        stored.bytes[at] ^= 1 << bit;
        prop_assert!(!read(&ring, object(1), &stored.key, &stored.bytes, 5000).1);
    }

    #[test]
    fn any_text_as_a_key_file_and_any_bytes_as_a_stored_file_get_an_answer(text in ".{0,80}", bytes: Vec<u8>) {
        let _ = Keyring::parse(&text);
        let (ring, entropy) = (ring(&["a"]), Counted::default());
        let (_, stored) = ring.new_document_key(&entropy, object(1)).unwrap();
        prop_assert!(!read(&ring, object(1), &stored, &bytes, 7).1);
        prop_assert!(ring.open_bytes("x", &bytes).is_err());
    }
}
