//! What must hold for any bytes at all. The fuzzer looks for bytes that break it; the tests replay those in `corpus`.

use std::collections::BTreeMap;

use fascicolo_clinical::cda;
use fascicolo_clinical::pdf::{self, TrustAnchors};
use fascicolo_domain::documents::{Chain, Signature};

use crate::raw::{CADES, FORM, Raw, fill};

/// The issuer of who signed the seeds. Its key, and theirs, are thrown away.
const ROOT: &str = include_str!("root.pem");
const SIGNER: &str = "Dott.ssa Anna Prova";
const ROOM: usize = 4_096;

/// A file is read or refused, alike each time; who vouches for one is nobody but the signer of the seeds.
pub(crate) fn pdf(bytes: &[u8]) {
    let attached = pdf::cda(bytes);
    let Ok(facts) = pdf::read(bytes, &anchors()) else {
        return;
    };
    assert_eq!(facts.flaw.is_some(), matches!(facts.signature, Signature::Broken));
    assert_eq!(attached, Ok(facts.cda));
    if let Signature::Intact { chain: Chain::Known, signer, .. } = facts.signature {
        assert_eq!(signer, SIGNER);
    }
}

/// The bytes as the CMS of a file that is always the same.
pub(crate) fn pades(bytes: &[u8]) {
    let _ = vouched(bytes);
}

/// Whether a CMS makes the file intact, by somebody we know.
pub(crate) fn vouched(cms: &[u8]) -> bool {
    let cms = cms.get(..cms.len().min(ROOM)).unwrap_or_default();
    let file = fill(unsigned(), |_| cms.to_vec());
    match pdf::read(&file, &anchors()).map(|facts| facts.signature) {
        Ok(Signature::Intact { chain: Chain::Known, signer, .. }) => {
            assert_eq!(signer, SIGNER);
            true
        }
        Ok(Signature::Intact { chain: Chain::Unknown, .. } | Signature::Broken | Signature::NotSigned) => {
            false
        }
        Err(refused) => panic!("{refused}"),
    }
}

/// What the CMS of a seed has signed.
pub(crate) fn unsigned() -> Vec<u8> {
    Raw::with_catalog(FORM).signable(CADES, ROOM)
}

fn anchors() -> TrustAnchors {
    TrustAnchors::from_pem(ROOT).unwrap()
}

/// A document is read or refused; its HTML is of our making only.
pub(crate) fn cda(bytes: &[u8]) {
    let _ = cda::header(bytes);
    if let Ok(narrative) = cda::narrative(bytes) {
        for section in narrative.sections {
            assert!(is_safe(&section.html), "{}", section.html);
        }
    }
}

/// Whether HTML is well-formed, of the elements and attributes we write, and nothing in it is active.
pub(crate) fn is_safe(html: &str) -> bool {
    let mut open = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        let Some((tag, after)) = tag[1..].split_once('>') else {
            return false;
        };
        let closed = tag.strip_prefix('/');
        let sound = match closed {
            Some(name) => open.pop() == Some(name),
            None => is_safe_start(tag),
        };
        if !sound || !is_escaped(text) {
            return false;
        }
        let name = tag.split(' ').next().unwrap_or_default();
        if closed.is_none() && !matches!(name, "br" | "img") {
            open.push(name);
        }
        rest = after;
    }
    is_escaped(rest) && open.is_empty()
}

fn is_escaped(text: &str) -> bool {
    let entities = ["amp;", "lt;", "gt;", "quot;", "#39;"];
    !text.contains(['>', '"', '\''])
        && text.split('&').skip(1).all(|after| entities.iter().any(|entity| after.starts_with(entity)))
}

fn is_safe_start(tag: &str) -> bool {
    const NAMES: &str = " p br sub sup strong em u ins del ul ol li h3 h4 h5 h6 div table thead tbody tfoot tr th td caption img ";
    const ATTRIBUTES: &str = " class tabindex role aria-label scope colspan rowspan type alt src ";
    let known = |list: &str, name: &str| !name.is_empty() && list.contains(&format!(" {name} "));
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    while !rest.is_empty() {
        let Some((attribute, after)) = rest.split_once("=\"") else {
            return false;
        };
        let Some((value, after)) = after.split_once('"') else {
            return false;
        };
        let image = ["data:image/png;base64,iVBORw0KGgo", "data:image/jpeg;base64,/9j/"];
        let fits = attribute != "src" || image.iter().any(|start| value.starts_with(start));
        if !known(ATTRIBUTES, attribute) || !fits || !is_escaped(value) || value.contains('<') {
            return false;
        }
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    known(NAMES, name)
}

/// How often each letter stands in the text of some markup.
pub(crate) fn shown(markup: &str) -> BTreeMap<char, usize> {
    let mut letters = BTreeMap::new();
    for piece in markup.split('<') {
        let text = piece.split_once('>').map_or("", |(_, text)| text);
        for letter in text.chars().filter(char::is_ascii_alphanumeric) {
            *letters.entry(letter).or_insert(0) += 1;
        }
    }
    letters
}
