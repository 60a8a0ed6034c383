//! The Ministry's samples, when they are there: `FASCICOLO_SHARED`, else `../shared` beside the checkout.

use std::fs;
use std::path::{Path, PathBuf};

use fascicolo_clinical::cda::{header, narrative};
use fascicolo_clinical::pdf::{self, TrustAnchors};
use fascicolo_domain::documents::{Chain, Signature};

/// The folder of samples, or a plain word that the test was skipped.
fn samples(folder: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../..")
        .join("shared");
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
            println!(
                "{folder}/{name}: {header:?} {} {} {} {} {}",
                header.title,
                header.author,
                header.issuer,
                header.subject_name,
                header.orders.len()
            );
            println!("{narrative:?}");
        }
    }
}

#[test]
fn interop_pdf() {
    for folder in ["pdf/ok", "pdf/ko"] {
        let Some(path) = samples(folder) else { return };
        for (name, bytes) in files(&path) {
            match pdf::read(&bytes, &TrustAnchors::none()) {
                Ok(f) => {
                    println!("{folder}/{name}: {f:?} {:?}", f.flaw);
                    println!("{:?}", f.cda.map(|c| header(&c).map(|h| h.kind)));
                }
                Err(e) => println!("{folder}/{name}: {e}"),
            }
        }
    }
}
