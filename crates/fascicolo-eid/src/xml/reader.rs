//! One strict reading of foreign XML (SPID-R1): size, then forbidden markup, then crowds, then the tree with limits,
//! then what the tree's parser lets through and a signature cannot live with.

use memchr::memmem;
use roxmltree::{Document, Namespace, Node, NodeId, ParsingOptions};

use super::Defect;

/// How large a document may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub bytes: usize,
    /// Elements and runs of text; and equals signs, which are no fewer than attributes.
    pub nodes: u32,
    pub depth: usize,
    /// On one element.
    pub attributes: usize,
    /// Declarations of namespaces, in all.
    pub namespaces: usize,
    /// Different prefixes declared, and different namespaces.
    pub prefixes: usize,
}

impl Limits {
    /// A SAML message.
    pub const MESSAGE: Self =
        Self { bytes: 256 * 1024, nodes: 3_000, depth: 40, attributes: 64, namespaces: 512, prefixes: 64 };
    /// A federation's metadata.
    pub const METADATA: Self = Self {
        bytes: 8 * 1024 * 1024,
        nodes: 200_000,
        depth: 40,
        attributes: 64,
        namespaces: 4_096,
        prefixes: 256,
    };
}

const XMLNS: &[u8] = b"xmlns";
/// The longest name of a namespace, as written.
const NAMESPACE_NAME: usize = 256;
/// The longest name of an attribute: from 64 KiB on, the tree's parser loses its end.
const ATTRIBUTE_NAME: usize = 1_024;

/// A document that passed the strict reading.
pub struct Tree<'a> {
    document: Document<'a>,
}

impl<'a> Tree<'a> {
    /// Reads a document.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn read(text: &'a str, limits: &Limits) -> Result<Self, Defect> {
        if text.len() > limits.bytes {
            return Err(Defect::TooLong);
        }
        refuse_markup(text)?;
        refuse_lone_returns(text.as_bytes())?;
        refuse_declarations(text.as_bytes(), limits)?;
        refuse_crowds(text, limits)?;
        let options =
            ParsingOptions { allow_dtd: false, nodes_limit: limits.nodes, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, options).map_err(|error| {
            if error == roxmltree::Error::NodesLimitReached {
                Defect::TooManyNodes
            } else {
                Defect::Malformed
            }
        })?;
        inspect(&document, limits)?;
        Ok(Self { document })
    }

    #[must_use]
    pub fn root(&self) -> Node<'_, 'a> {
        self.document.root_element()
    }

    #[must_use]
    pub fn node(&self, id: NodeId) -> Option<Node<'_, 'a>> {
        self.document.get_node(id)
    }
}

/// Whether a node is the element with this name.
#[must_use]
pub fn is(node: Node<'_, '_>, namespace: &str, local: &str) -> bool {
    let name = node.tag_name();
    node.is_element() && name.name() == local && name.namespace() == Some(namespace)
}

/// The value of an attribute without prefix. (The tree's own look-up takes one of any namespace: `x:ID` for `ID`.)
#[must_use]
pub fn attribute<'t>(node: Node<'t, '_>, name: &str) -> Option<&'t str> {
    node.attributes().find(|a| a.name() == name && a.namespace().is_none()).map(|a| a.value())
}

/// The text of an element that holds nothing else; empty when it holds nothing.
#[must_use]
pub fn only_text<'t>(node: Node<'t, '_>) -> Option<&'t str> {
    match node.first_child() {
        None => Some(""),
        Some(child) if child.is_text() && child.next_sibling().is_none() => child.text(),
        Some(_) => None,
    }
}

/// Refuses document types, comments and instructions by their first bytes: after this, `<` opens or closes an element
/// or begins a CDATA section, which is text like any other (the canonical form has none).
fn refuse_markup(text: &str) -> Result<(), Defect> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let body = match text.strip_prefix("<?xml ") {
        None => text,
        Some(declared) => {
            let (declaration, body) = declared.split_once("?>").ok_or(Defect::Malformed)?;
            refuse_declared(declaration)?;
            body
        }
    };
    // one pass without a branch per byte; what was found matters only when something was
    let bytes = body.as_bytes();
    let next = bytes.get(1..).unwrap_or_default();
    let marked =
        bytes.iter().zip(next).fold(false, |any, (&a, &b)| any | ((a == b'<') & ((b == b'!') | (b == b'?'))));
    if marked { refuse_all_but_cdata(body) } else { Ok(()) }
}

fn refuse_all_but_cdata(mut rest: &str) -> Result<(), Defect> {
    while let Some((_, markup)) = rest.split_once('<') {
        rest = if let Some(section) = markup.strip_prefix("![CDATA[") {
            section.split_once("]]>").ok_or(Defect::Malformed)?.1
        } else if markup.starts_with("!--") {
            return Err(Defect::Comment);
        } else if markup.starts_with('!') {
            return Err(Defect::Doctype);
        } else if markup.starts_with('?') {
            return Err(Defect::ProcessingInstruction);
        } else {
            markup
        };
    }
    Ok(())
}

/// A carriage return alone is a line end as good as any, but after a reference the tree's parser keeps it.
fn refuse_lone_returns(text: &[u8]) -> Result<(), Defect> {
    let reference = |at: usize| at.checked_sub(1).and_then(|before| text.get(before)) == Some(&b';');
    let lone = |at: usize| reference(at) && text.get(at + 1) != Some(&b'\n');
    if memchr::memchr_iter(b'\r', text).any(lone) { Err(Defect::Malformed) } else { Ok(()) }
}

/// The tree's parser compares every attribute of an element, and every namespace in scope, with every other, before
/// anything can be counted in the tree. Crowds that would take it long are refused beforehand, by their equals signs:
/// on one element, and in all.
fn refuse_crowds(text: &str, limits: &Limits) -> Result<(), Defect> {
    let equals = |text: &str| memchr::memchr_iter(b'=', text.as_bytes()).count();
    let all = equals(text);
    if all <= 8 * limits.attributes {
        return Ok(());
    }
    if all > limits.nodes as usize {
        return Err(Defect::TooManyAttributes);
    }
    let crowded = text.split('<').any(|tag| equals(tag) > 2 * limits.attributes);
    if crowded { Err(Defect::TooManyAttributes) } else { Ok(()) }
}

/// Nor are declarations of namespaces cheap there: every prefix in scope is compared with every other at each element
/// that declares one, and the whole name of the namespace for every two attributes. So they are counted and measured
/// as they are written.
fn refuse_declarations(text: &[u8], limits: &Limits) -> Result<(), Defect> {
    let mut prefixes: Vec<&[u8]> = Vec::with_capacity(8);
    let mut count = 0;
    let mut rest = text;
    let finder = memmem::Finder::new(XMLNS);
    while let Some((before, found)) = finder.find(rest).and_then(|at| rest.split_at_checked(at)) {
        let found = found.get(XMLNS.len()..).unwrap_or_default();
        let end =
            found.iter().position(|b| matches!(b, b' ' | b'\t'..=b'\r' | b'=' | b'<' | b'>' | b'"' | b'\''));
        let (prefix, value) = found.split_at_checked(end.unwrap_or(found.len())).unwrap_or_default();
        rest = value;
        let declares = prefix.is_empty() || prefix.starts_with(b":");
        let Some(name) = declares.then(|| namespace_name(value)).flatten() else {
            continue;
        };
        // the parser takes `x:xmlns` for `xmlns`
        if before.ends_with(b":") {
            return Err(Defect::Malformed);
        }
        if name.len() > NAMESPACE_NAME {
            return Err(Defect::TooLong);
        }
        count += 1;
        if !prefixes.contains(&prefix) {
            prefixes.push(prefix);
        }
        if count > limits.namespaces || prefixes.len() > limits.prefixes {
            return Err(Defect::TooManyAttributes);
        }
    }
    Ok(())
}

/// The quoted text after an equals sign; as much of it as is too long, when it is.
fn namespace_name(value: &[u8]) -> Option<&[u8]> {
    let value = value.trim_ascii_start().strip_prefix(b"=")?;
    let (quote, value) = value.trim_ascii_start().split_first()?;
    let window = value.get(..=NAMESPACE_NAME).unwrap_or(value);
    let end = memchr::memchr(*quote, window).unwrap_or(window.len());
    if matches!(quote, b'"' | b'\'') { window.get(..end) } else { None }
}

/// XML 1.0 in UTF-8 and nothing else: another version has other line ends.
fn refuse_declared(declaration: &str) -> Result<(), Defect> {
    let said = |name: &str| {
        let (_, after) = declaration.split_once(name)?;
        let value = after.trim_ascii_start().strip_prefix('=')?.trim_ascii_start();
        let (value, _) = value.get(1..)?.split_once(value.chars().next()?)?;
        Some(value)
    };
    if said("version") != Some("1.0") {
        return Err(Defect::Malformed);
    }
    let utf8 = said("encoding").is_some_and(|name| name.eq_ignore_ascii_case("utf-8"));
    if utf8 || !declaration.contains("encoding") { Ok(()) } else { Err(Defect::NotUtf8) }
}

/// Depth, attributes, namespaces and identifiers, in one walk.
fn inspect(document: &Document<'_>, limits: &Limits) -> Result<(), Defect> {
    let mut open: Vec<usize> = Vec::with_capacity(limits.depth);
    let mut ids: Vec<&str> = Vec::new();
    let mut known: Vec<*const Namespace<'_>> = Vec::with_capacity(8);
    for node in document.root_element().descendants().filter(Node::is_element) {
        let range = node.range();
        while open.last().is_some_and(|end| *end <= range.start) {
            open.pop();
        }
        open.push(range.end);
        if open.len() > limits.depth {
            return Err(Defect::TooDeep);
        }
        let attributes = node.attributes();
        if attributes.len() > limits.attributes {
            return Err(Defect::TooManyAttributes);
        }
        inspect_names(node)?;
        ids.extend(attributes.filter(|a| a.name().eq_ignore_ascii_case("id")).map(|a| a.value()));
        inspect_namespaces(node, &mut known, limits)?;
    }
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Defect::DuplicateId);
    }
    Ok(())
}

/// The tree's parser takes a name that begins with a colon for one without; the second reader does not.
fn inspect_names(node: Node<'_, '_>) -> Result<(), Defect> {
    let text = node.document().input_text().as_bytes();
    let colon = |at: usize| text.get(at) == Some(&b':');
    let mut odd = colon(node.range().start + 1);
    for attribute in node.attributes() {
        if attribute.range_qname().len() > ATTRIBUTE_NAME {
            return Err(Defect::TooLong);
        }
        odd |= colon(attribute.range_qname().start);
    }
    if odd { Err(Defect::Malformed) } else { Ok(()) }
}

/// The tree's parser takes a repeated default namespace and an undeclared prefix; the standard does not. A name with markup in it has no agreed canonical form. `known` are the ones already looked at, in order.
fn inspect_namespaces<'t>(
    node: Node<'t, '_>,
    known: &mut Vec<*const Namespace<'t>>,
    limits: &Limits,
) -> Result<(), Defect> {
    let mut defaults = 0;
    for namespace in node.namespaces() {
        defaults += usize::from(namespace.name().is_none());
        let Err(place) = known.binary_search(&std::ptr::from_ref(namespace)) else {
            continue;
        };
        let uri = namespace.uri();
        let odd = uri.bytes().any(|b| b < b' ' || matches!(b, b'&' | b'<' | b'"'));
        let undeclared = namespace.name().is_some() && uri.is_empty();
        if odd || undeclared {
            return Err(Defect::NamespaceName);
        }
        // many declarations are of few namespaces, in a federation's metadata too
        if known.len() >= limits.prefixes {
            return Err(Defect::TooManyAttributes);
        }
        known.insert(place, namespace);
    }
    if defaults > 1 {
        return Err(Defect::Malformed);
    }
    Ok(())
}
