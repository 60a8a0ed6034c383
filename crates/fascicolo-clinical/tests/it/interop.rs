//! The Ministry's samples, when they are there: `FASCICOLO_SHARED`, else `../shared` beside the checkout.

use std::fs;
use std::path::{Path, PathBuf};

use fascicolo_clinical::cda::{header, narrative};
use fascicolo_clinical::pdf::{self, TrustAnchors};
use fascicolo_domain::documents::{Chain, Signature};

/// The folder of samples, or a plain word that the test was skipped.
fn samples(folder: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").join("shared");
    let root = std::env::vars_os()
        .find(|(name, _)| name == "FASCICOLO_SHARED")
        .map_or(root, |(_, value)| PathBuf::from(value));
    let path = root.join("data/fse").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no samples at {}", path.display());
    None
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn interop_every_valid_sample_gives_header_and_narrative() {
    for folder in ["cda/ok", "cda/accreditation", "cda/encoding"] {
        let Some(path) = samples(folder) else { return };
        for (name, xml) in files(&path) {
            let header = header(&xml).unwrap_or_else(|e| panic!("{name}: {e}"));
            let narrative = narrative(&xml).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert!(!narrative.sections.is_empty(), "{folder}/{name}");
            assert!(!header.issuer.is_empty() && !header.author.is_empty(), "{folder}/{name}");
        }
    }
}

#[test]
fn interop_every_valid_pdf_gives_its_report_and_its_signature_state() {
    let Some(path) = samples("pdf/ok") else { return };
    for (name, bytes) in files(&path) {
        let facts = pdf::read(&bytes, &TrustAnchors::none()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(header(&facts.cda.unwrap()).is_ok(), "{name}");
        if name.contains("unsigned") {
            assert!(matches!(facts.signature, Signature::NotSigned), "{name}");
        } else {
            let intact = matches!(facts.signature, Signature::Intact { chain: Chain::Unknown, .. });
            assert!(intact, "{name}: {:?}", facts.signature);
        }
    }
}

#[test]
fn interop_each_broken_pdf_is_told_apart() {
    let Some(path) = samples("pdf/ko") else { return };
    for (name, bytes) in files(&path) {
        let read = pdf::read(&bytes, &TrustAnchors::none());
        if name == "not-a-pdf.pdf" {
            assert!(read.is_err(), "{name}");
            continue;
        }
        let facts = read.unwrap_or_else(|e| panic!("{name}: {e}"));
        if name.contains("tampered") {
            assert!(matches!(facts.signature, Signature::Broken), "{name}: {:?}", facts.signature);
        }
        if name.contains("cda1") || name.contains("no-cda") || name.contains("legacy-name") {
            assert!(facts.cda.is_none(), "{name}");
        }
    }
}
