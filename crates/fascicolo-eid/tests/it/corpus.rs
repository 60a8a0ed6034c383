//! The fuzzer's findings and seeds, replayed: `fuzz/corpus`, and the vectors too.

use std::path::Path;

#[path = "../../fuzz/claims.rs"]
pub(crate) mod claims;

use claims::{answer, canonical, certificate, field, logout, providers};

/// The contents of the files in a folder of this crate.
fn files(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let list: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    assert!(!list.is_empty());
    list
}

#[test]
fn what_must_hold_for_any_bytes_holds_for_the_vectors() {
    for folder in ["tests/vectors/spid/accept", "tests/vectors/spid/reject"] {
        for bytes in files(folder) {
            answer(&bytes);
            canonical(&bytes);
            providers(&bytes);
        }
    }
}

#[test]
fn what_must_hold_for_any_bytes_holds_for_the_corpus() {
    type Claim = fn(&[u8]);
    let targets: [(&str, Claim); 6] = [
        ("answer", answer),
        ("canonical", canonical),
        ("certificate", certificate),
        ("field", field),
        ("logout", logout),
        ("providers", providers),
    ];
    for (name, claim) in targets {
        files(&format!("fuzz/corpus/{name}")).iter().for_each(|bytes| claim(bytes));
    }
}
