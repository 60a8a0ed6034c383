//! From bytes to an XML tree within limits: UTF-8 or UTF-16, no document type, bounded size, depth and breadth
//! (REC-I5). The text is weighed before it is parsed, so that a parser's worst case is never reached.

use std::borrow::Cow;

use roxmltree::{Document, Node, ParsingOptions};

use crate::Refused;

/// HL7 version 3: the namespace of a CDA.
pub(crate) const HL7: &str = "urn:hl7-org:v3";

/// The largest CDA, in bytes as it stands in the file.
pub(crate) const MAX_BYTES: usize = 12 * 1024 * 1024;
const MAX_NODES: u32 = 500_000;
const MAX_DEPTH: usize = 96;
const MAX_ATTRIBUTES_OF_AN_ELEMENT: usize = 64;
const MAX_NAMESPACE_DECLARATIONS: usize = 1_000;
/// The parser looks through these for each prefix.
const MAX_NAMESPACES_IN_SCOPE: usize = 96;

/// Decodes UTF-8 (with or without mark) and UTF-16 of either order (with mark, or told by its first character).
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Refused> {
    if bytes.len() > MAX_BYTES {
        return Err(Refused::TooLarge);
    }
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [b'<', 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, b'<', ..] => utf16(bytes, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, Refused> {
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| Refused::Encoding)
}

fn utf16(bytes: &[u8], order: fn([u8; 2]) -> u16) -> Result<Cow<'static, str>, Refused> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Refused::Encoding);
    }
    char::decode_utf16(pairs.iter().map(|pair| order(*pair)))
        .collect::<Result<String, _>>()
        .map(Cow::Owned)
        .map_err(|_| Refused::Encoding)
}

/// Parses a CDA; the root is proved to be one.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, Refused> {
    weigh(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| refusal(&error))?;
    if is(document.root_element(), "ClinicalDocument") { Ok(document) } else { Err(Refused::NotCda) }
}

fn refusal(error: &roxmltree::Error) -> Refused {
    if matches!(error, roxmltree::Error::DtdDetected) {
        Refused::Doctype
    } else if matches!(error, roxmltree::Error::NodesLimitReached) {
        Refused::TooComplex
    } else {
        Refused::Xml
    }
}

/// One pass over the markup, before any tree is built.
fn weigh(text: &str) -> Result<(), Refused> {
    let mut rest = text;
    // of each open element: how many namespaces hold inside it
    let (mut scopes, mut namespaces) = (Vec::<usize>::new(), 0);
    while let Some(at) = rest.find('<') {
        rest = rest.get(at..).unwrap_or_default();
        let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("</", ">")]
            .into_iter()
            .find(|(start, _)| rest.starts_with(start));
        if let Some((start, end)) = skipped {
            if start == "</" {
                scopes.pop();
            }
            let body = rest.get(start.len()..).unwrap_or_default();
            let past = body.find(end).map_or(body.len(), |i| i + end.len());
            rest = body.get(past..).unwrap_or_default();
            continue;
        }
        let tag = Tag::read(rest);
        namespaces += tag.namespaces;
        let scope = scopes.last().copied().unwrap_or_default() + tag.namespaces;
        if !tag.empty {
            scopes.push(scope);
        }
        if tag.attributes > MAX_ATTRIBUTES_OF_AN_ELEMENT
            || namespaces > MAX_NAMESPACE_DECLARATIONS
            || scope > MAX_NAMESPACES_IN_SCOPE
            || scopes.len() > MAX_DEPTH
        {
            return Err(Refused::TooComplex);
        }
        rest = rest.get(tag.length..).unwrap_or_default();
    }
    Ok(())
}

/// What a start tag weighs; quotes are honoured, nothing else is checked.
struct Tag {
    length: usize,
    attributes: usize,
    namespaces: usize,
    empty: bool,
}

impl Tag {
    fn read(text: &str) -> Self {
        let (mut quote, mut last, mut attributes) = (None, b'<', 0);
        let mut length = text.len();
        for (i, byte) in text.bytes().enumerate() {
            match (quote, byte) {
                (Some(q), b) if q == b => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'=') => attributes += 1,
                (None, b'>') => {
                    length = i + 1;
                    break;
                }
                (None, _) => {}
            }
            last = byte;
        }
        let tag = text.get(..length).unwrap_or_default();
        Self { length, attributes, namespaces: tag.matches("xmlns").count(), empty: last == b'/' }
    }
}

/// Whether a node is the HL7 element of that name.
pub(crate) fn is(node: Node, name: &str) -> bool {
    node.is_element() && node.tag_name().namespace() == Some(HL7) && node.tag_name().name() == name
}

/// HL7 children of that name.
pub(crate) fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| is(*child, name))
}

/// The first node down a path of HL7 names.
pub(crate) fn find<'a, 'i>(node: Node<'a, 'i>, path: &[&'static str]) -> Option<Node<'a, 'i>> {
    path.iter().try_fold(node, |node, name| children(node, name).next())
}

/// All text below a node, blanks collapsed, invisible controls dropped, at most `limit` characters.
pub(crate) fn words(node: Node, limit: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for piece in node.descendants().filter(Node::is_text).filter_map(|n| n.text()) {
        for word in piece.split_whitespace() {
            if !out.is_empty() {
                out.push(' ');
            }
            for c in word.chars().filter(|c| is_visible(*c)) {
                length += 1;
                if length > limit {
                    return out;
                }
                out.push(c);
            }
        }
    }
    out
}

/// Not a control, nor one of the marks that reorder text on screen.
pub(crate) fn is_visible(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(text: &str) -> Option<Refused> {
        parse(text).err()
    }

    fn cda(inner: &str) -> String {
        format!(r#"<ClinicalDocument xmlns="{HL7}">{inner}</ClinicalDocument>"#)
    }

    #[test]
    fn utf_8_and_both_utf_16_read_alike() {
        let text = "<a>è – €</a>";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], body: &[u8]| [mark, body].concat();
        for bytes in [
            text.as_bytes().to_vec(),
            marked(&[0xEF, 0xBB, 0xBF], text.as_bytes()),
            le.clone(),
            be.clone(),
            marked(&[0xFF, 0xFE], &le),
            marked(&[0xFE, 0xFF], &be),
        ] {
            assert_eq!(decode(&bytes).unwrap(), text);
        }
    }

    #[test]
    fn other_encodings_are_refused() {
        assert_eq!(decode(b"<a>caff\xE8</a>"), Err(Refused::Encoding));
        assert_eq!(decode(&[0xFF, 0xFE, b'<']), Err(Refused::Encoding)); // half a character
        assert_eq!(decode(&[0xFF, 0xFE, 0, 0xD8]), Err(Refused::Encoding)); // half a pair
        assert_eq!(decode(&vec![b' '; MAX_BYTES + 1]), Err(Refused::TooLarge));
    }

    #[test]
    fn each_defect_is_named() {
        assert_eq!(refused(&cda("")), None);
        assert_eq!(refused(&format!("<!DOCTYPE x>{}", cda(""))), Some(Refused::Doctype));
        assert_eq!(refused("<ClinicalDocument/>"), Some(Refused::NotCda));
        assert_eq!(refused(&cda("<a>")), Some(Refused::Xml));
        assert_eq!(refused(""), Some(Refused::Xml));
    }

    #[test]
    fn depth_breadth_and_namespaces_have_limits() {
        let nested = |n: usize| cda(&format!("{}{}", "<a>".repeat(n), "</a>".repeat(n)));
        assert_eq!(refused(&nested(MAX_DEPTH - 1)), None);
        assert_eq!(refused(&nested(MAX_DEPTH)), Some(Refused::TooComplex));
        assert_eq!(refused(&nested(1_000_000)), Some(Refused::TooComplex));

        let attributes = |n: usize| (0..n).map(|i| format!(" a{i}='>'")).collect::<String>();
        let broad = |n: usize| cda(&format!("<a{}/>", attributes(n)));
        assert_eq!(refused(&broad(MAX_ATTRIBUTES_OF_AN_ELEMENT)), None);
        assert_eq!(refused(&broad(MAX_ATTRIBUTES_OF_AN_ELEMENT + 1)), Some(Refused::TooComplex));

        let named = |n: usize| cda(&"<a xmlns:x='y'/>".repeat(n));
        assert_eq!(refused(&named(MAX_NAMESPACE_DECLARATIONS - 1)), None);
        assert_eq!(refused(&named(MAX_NAMESPACE_DECLARATIONS)), Some(Refused::TooComplex));

        // those of the root and of the first element hold in the second
        let declared =
            |from: usize, to: usize| (from..to).map(|i| format!(" xmlns:n{i}='y'")).collect::<String>();
        let inside = |n: usize| cda(&format!("<a{}><b{}/></a>", declared(0, 40), declared(40, n)));
        assert_eq!(refused(&inside(MAX_NAMESPACES_IN_SCOPE - 1)), None);
        assert_eq!(refused(&inside(MAX_NAMESPACES_IN_SCOPE)), Some(Refused::TooComplex));
    }

    #[test]
    fn too_many_nodes_are_refused() {
        let many = cda(&"<a/>".repeat(MAX_NODES as usize + 1));
        assert_eq!(refused(&many), Some(Refused::TooComplex));
    }

    #[test]
    fn comments_and_sections_of_plain_text_weigh_nothing() {
        let text = cda(&"<!-- <a> --><![CDATA[<a><a>]]><?x <a>?>".repeat(200));
        assert_eq!(refused(&text), None);
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes: Vec<u8>) {
            if let Ok(text) = decode(&bytes) {
                let _ = parse(&text);
            }
        }

        #[test]
        fn any_markup_gets_an_answer(text in "[<>/a=\"'!\\-\\[\\]?& ]{0,60}") {
            let _ = parse(&cda(&text));
        }
    }
}
