//! The structure of a PDF within limits, and the CDA attached to it.

use lopdf::{Dictionary, Document, LoadOptions, Object};

use super::MAX_BYTES;
use crate::Refused;
use crate::cda::MAX_BYTES as MAX_CDA;

/// The name the national gateway looks for, in any case.
const NAME: &[u8] = b"cda.xml";
/// What one compressed part of the structure may expand to.
const MAX_EXPANDED: usize = 16 * 1024 * 1024;
const MAX_OBJECTS: usize = 200_000;
const MAX_TREE_DEPTH: usize = 16;
const MAX_TREE_NODES: usize = 2_000;

/// Reads the structure; streams stay as they are.
pub(super) fn load(bytes: &[u8]) -> Result<Document, Refused> {
    if bytes.len() > MAX_BYTES {
        return Err(Refused::TooLarge);
    }
    if !bytes
        .get(..bytes.len().min(1024))
        .unwrap_or_default()
        .windows(5)
        .any(|w| w == b"%PDF-")
    {
        return Err(Refused::NotPdf);
    }
    let options = LoadOptions {
        max_decompressed_size: Some(MAX_EXPANDED),
        ..LoadOptions::default()
    };
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| refusal(&error))?;
    if document.is_encrypted() {
        return Err(Refused::PdfEncrypted);
    }
    if document.objects.len() > MAX_OBJECTS {
        return Err(Refused::TooComplex);
    }
    Ok(document)
}

fn refusal(error: &lopdf::Error) -> Refused {
    match error {
        lopdf::Error::Decompress(_) => Refused::Bomb,
        lopdf::Error::Decryption(_) => Refused::PdfEncrypted,
        _ => Refused::PdfStructure,
    }
}

/// The attachment `cda.xml`; `None` when there is none by that name.
pub(super) fn cda(document: &Document) -> Result<Option<Vec<u8>>, Refused> {
    let Some(spec) = specification(document) else {
        return Ok(None);
    };
    let stream = dictionary(document, spec.get(b"EF").ok())
        .and_then(|files| files.get(b"F").or_else(|_| files.get(b"UF")).ok())
        .and_then(|object| resolve(document, object))
        .and_then(|object| object.as_stream().ok())
        .ok_or(Refused::PdfStructure)?;
    let bytes = if stream.dict.has(b"Filter") {
        stream
            .decompressed_content_with_limit(MAX_CDA)
            .map_err(|error| refusal(&error))?
    } else {
        stream.content.clone()
    };
    Ok(Some(bytes))
}

/// Looks in the catalog's name tree, then among its associated files.
fn specification(document: &Document) -> Option<&Dictionary> {
    let catalog = document.catalog().ok()?;
    let tree = dictionary(document, catalog.get(b"Names").ok())
        .and_then(|names| dictionary(document, names.get(b"EmbeddedFiles").ok()));
    let mut room = MAX_TREE_NODES;
    tree.and_then(|tree| in_tree(document, tree, MAX_TREE_DEPTH, &mut room))
        .or_else(|| {
            array(document, catalog.get(b"AF").ok())
                .iter()
                .take(MAX_TREE_NODES)
                .filter_map(|object| dictionary(document, Some(object)))
                .find(|spec| is_named(document, spec))
        })
}

fn in_tree<'a>(
    document: &'a Document,
    node: &'a Dictionary,
    depth: usize,
    room: &mut usize,
) -> Option<&'a Dictionary> {
    let names = array(document, node.get(b"Names").ok()).chunks_exact(2);
    for pair in names.take(MAX_TREE_NODES) {
        let [name, value] = pair else { continue };
        let Some(spec) = dictionary(document, Some(value)) else {
            continue;
        };
        let listed = resolve(document, name)
            .and_then(|n| n.as_str().ok())
            .is_some_and(is_name);
        if listed || is_named(document, spec) {
            return Some(spec);
        }
    }
    for kid in array(document, node.get(b"Kids").ok()) {
        *room = room.checked_sub(1)?;
        let below = dictionary(document, Some(kid)).filter(|_| depth > 0);
        if let Some(found) = below.and_then(|kid| in_tree(document, kid, depth - 1, room)) {
            return Some(found);
        }
    }
    None
}

fn is_named(document: &Document, spec: &Dictionary) -> bool {
    [b"F".as_slice(), b"UF"].into_iter().any(|key| {
        let name = spec.get(key).ok().and_then(|object| resolve(document, object));
        name.and_then(|n| n.as_str().ok()).is_some_and(is_name)
    })
}

/// A file name as PDF writes it: bytes, or UTF-16 with its mark; the folder before it does not matter.
fn is_name(name: &[u8]) -> bool {
    let plain: Vec<u8> = match name {
        [0xFE, 0xFF, wide @ ..] => wide.iter().copied().filter(|b| *b != 0).collect(),
        [0xEF, 0xBB, 0xBF, narrow @ ..] => narrow.to_vec(),
        narrow => narrow.to_vec(),
    };
    let last = plain
        .rsplit(|b| matches!(b, b'/' | b'\\'))
        .next()
        .unwrap_or_default();
    last.eq_ignore_ascii_case(NAME)
}

pub(super) fn resolve<'a>(document: &'a Document, object: &'a Object) -> Option<&'a Object> {
    document.dereference(object).ok().map(|(_, object)| object)
}

pub(super) fn dictionary<'a>(document: &'a Document, object: Option<&'a Object>) -> Option<&'a Dictionary> {
    resolve(document, object?)?.as_dict().ok()
}

pub(super) fn array<'a>(document: &'a Document, object: Option<&'a Object>) -> &'a [Object] {
    let array = object
        .and_then(|o| resolve(document, o))
        .and_then(|o| o.as_array().ok());
    array.map_or(&[], Vec::as_slice)
}
