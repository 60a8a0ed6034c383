//! The CDA attached to a PDF.

use super::file::File;
use super::syntax::{Dictionary, Object};
use crate::Refused;
use crate::cda::MAX_BYTES as MAX_CDA;

/// The name the national gateway looks for, in any case.
const NAME: &str = "cda.xml";
const MAX_TREE_DEPTH: usize = 16;
const MAX_TREE_NODES: usize = 2_000;

/// The attachment `cda.xml` of the name tree, else of the associated files; `None` when there is none by that name.
///
/// # Errors
/// A limit, or an attachment whose bytes cannot be read.
pub(super) fn cda(file: &mut File) -> Result<Option<Vec<u8>>, Refused> {
    let catalog = file.catalog()?;
    let names = file.dictionary(catalog.get("Names"))?.unwrap_or_default();
    let mut room = MAX_TREE_NODES;
    let mut found = match file.dictionary(names.get("EmbeddedFiles"))? {
        Some(tree) => in_tree(file, &tree, MAX_TREE_DEPTH, &mut room)?,
        None => None,
    };
    if found.is_none() {
        for item in file.array(catalog.get("AF"))?.iter().take(MAX_TREE_NODES) {
            if let Some(spec) = file.dictionary(item)?
                && is_named(file, &spec)?
            {
                found = Some(spec);
                break;
            }
        }
    }
    found.map(|spec| content(file, &spec)).transpose()
}

fn content(file: &mut File, spec: &Dictionary) -> Result<Vec<u8>, Refused> {
    let files = file.dictionary(spec.get("EF"))?.ok_or(Refused::PdfStructure)?;
    let object = if files.has("F") { files.get("F") } else { files.get("UF") };
    let stream = file.stream(object)?.ok_or(Refused::PdfStructure)?;
    file.content(&stream, MAX_CDA)
}

fn in_tree(
    file: &mut File,
    node: &Dictionary,
    depth: usize,
    room: &mut usize,
) -> Result<Option<Dictionary>, Refused> {
    let names = file.array(node.get("Names"))?;
    for pair in names.chunks_exact(2) {
        let [name, value] = pair else { continue };
        spend(room)?;
        let Some(spec) = file.dictionary(value)? else {
            continue;
        };
        if is_name(&file.resolve(name)?) || is_named(file, &spec)? {
            return Ok(Some(spec));
        }
    }
    for kid in file.array(node.get("Kids"))? {
        spend(room)?;
        let below = depth.checked_sub(1).ok_or(Refused::TooComplex)?;
        if let Some(kid) = file.dictionary(&kid)?
            && let Some(found) = in_tree(file, &kid, below, room)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn spend(room: &mut usize) -> Result<(), Refused> {
    *room = room.checked_sub(1).ok_or(Refused::TooComplex)?;
    Ok(())
}

fn is_named(file: &mut File, spec: &Dictionary) -> Result<bool, Refused> {
    Ok(is_name(&file.resolve(spec.get("F"))?) || is_name(&file.resolve(spec.get("UF"))?))
}

/// A file name as PDF writes it: bytes, or UTF-16 with its mark; the folder before it does not matter.
fn is_name(object: &Object) -> bool {
    let Object::Text(bytes) = object else {
        return false;
    };
    let name: String = match bytes.as_slice() {
        [0xFE, 0xFF, wide @ ..] => {
            let units = wide.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
            char::decode_utf16(units).map(Result::unwrap_or_default).collect()
        }
        [0xEF, 0xBB, 0xBF, narrow @ ..] | narrow => narrow.iter().copied().map(char::from).collect(),
    };
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.eq_ignore_ascii_case(NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_read_in_any_case_encoding_and_folder() {
        let is = |bytes: &[u8]| is_name(&Object::Text(bytes.to_vec()));
        assert!(is(b"cda.xml") && is(b"CDA.XML") && is(b"a/b\\Cda.xml") && is(b"\xEF\xBB\xBFcda.xml"));
        assert!(is(b"\xFE\xFF\0c\0d\0a\0.\0x\0m\0l"));
        assert!(!is(b"cda1.xml") && !is(b"cda.xml.exe") && !is(b"") && !is_name(&Object::Null));
    }
}
