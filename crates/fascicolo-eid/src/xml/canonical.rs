//! Exclusive canonical XML 1.0 without comments, of one element. Checked against libxml2 on random documents.

use memchr::memmem;
use roxmltree::{Node, NodeId};

use super::Defect;

/// Writes the canonical form of `apex`, leaving out the child element `skip` (the enveloped signature).
/// `inclusive` are the prefixes of an `InclusiveNamespaces` list, `#default` for the default namespace.
///
/// # Errors
/// [`Defect::Malformed`] for a node that the strict reader does not let in.
pub fn canonical<'t>(
    apex: Node<'t, '_>,
    skip: Option<NodeId>,
    inclusive: &'t [&'t str],
) -> Result<String, Defect> {
    let range = apex.range();
    let mut writer = Writer {
        source: apex.document().input_text(),
        apex: apex.id(),
        skip,
        inclusive,
        rendered: Vec::with_capacity(8),
        needed: Vec::with_capacity(4),
        attributes: Vec::with_capacity(8),
        out: String::with_capacity(range.len() + 512),
    };
    writer.element(apex)?;
    Ok(writer.out)
}

struct Attribute<'t> {
    namespace: &'t str,
    local: &'t str,
    name: &'t str,
    value: &'t str,
}

struct Writer<'t> {
    source: &'t str,
    apex: NodeId,
    skip: Option<NodeId>,
    inclusive: &'t [&'t str],
    /// Prefix and name of the namespaces written on the open elements, innermost last.
    rendered: Vec<(&'t str, &'t str)>,
    needed: Vec<(&'t str, &'t str)>,
    attributes: Vec<Attribute<'t>>,
    out: String,
}

impl<'t> Writer<'t> {
    fn element(&mut self, node: Node<'t, '_>) -> Result<(), Defect> {
        let name = self.name(node)?;
        let outside = self.rendered.len();
        self.out.push('<');
        self.out.push_str(name);
        self.gather(node, name)?;
        self.write_namespaces();
        self.write_attributes();
        self.out.push('>');
        for child in node.children() {
            if child.is_text() {
                self.write_text(child.text().unwrap_or_default());
            } else if !child.is_element() {
                return Err(Defect::Malformed);
            } else if Some(child.id()) != self.skip {
                self.element(child)?;
            }
        }
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        self.rendered.truncate(outside);
        Ok(())
    }

    /// The name with its prefix, as written: the tree keeps only the local name, a slice of the source.
    fn name(&self, node: Node<'t, '_>) -> Result<&'t str, Defect> {
        let local = node.tag_name().name();
        let offset = (local.as_ptr() as usize).wrapping_sub(self.source.as_ptr() as usize);
        let name = self.source.get(node.range().start + 1..offset.wrapping_add(local.len()));
        name.ok_or(Defect::Malformed)
    }

    /// Collects the attributes and the namespaces that are visibly used here and not yet written.
    fn gather(&mut self, node: Node<'t, '_>, name: &'t str) -> Result<(), Defect> {
        let tag = node.tag_name();
        self.need(prefix(name, tag.name()), tag.namespace().unwrap_or_default());
        for attribute in node.attributes() {
            let name = self.source.get(attribute.range_qname()).ok_or(Defect::Malformed)?;
            let local = attribute.name();
            let namespace = attribute.namespace().unwrap_or_default();
            if !namespace.is_empty() {
                self.need(prefix(name, local), namespace);
            }
            self.attributes.push(Attribute { namespace, local, name, value: attribute.value() });
        }
        let skipped = self.inclusive.is_empty() || !self.may_declare(node);
        for listed in if skipped { &[] } else { self.inclusive } {
            if *listed == "#default" {
                self.need("", node.lookup_namespace_uri(None).unwrap_or_default());
            } else if let Some(uri) = node.lookup_namespace_uri(Some(listed)) {
                self.need(listed, uri);
            }
        }
        Ok(())
    }

    /// Whether a listed prefix may mean something here that it did not mean further out.
    fn may_declare(&self, node: Node<'t, '_>) -> bool {
        let whole = node.range();
        let end = node.first_child().map_or(whole.end, |child| child.range().start);
        let tag = self.source.get(whole.start..end).unwrap_or_default();
        node.id() == self.apex || memmem::find(tag.as_bytes(), b"xmlns").is_some()
    }

    fn need(&mut self, prefix: &'t str, uri: &'t str) {
        let written = self.rendered.iter().rev().find(|(p, _)| *p == prefix);
        let known = written.map_or_else(|| prefix.is_empty() && uri.is_empty(), |(_, u)| *u == uri);
        if !known && prefix != "xml" && !self.needed.contains(&(prefix, uri)) {
            self.needed.push((prefix, uri));
        }
    }

    fn write_namespaces(&mut self) {
        self.needed.sort_unstable();
        for (prefix, uri) in self.needed.drain(..) {
            self.out.push_str(" xmlns");
            if !prefix.is_empty() {
                self.out.push(':');
                self.out.push_str(prefix);
            }
            self.out.push_str("=\"");
            self.out.push_str(uri);
            self.out.push('"');
            self.rendered.push((prefix, uri));
        }
    }

    fn write_attributes(&mut self) {
        if self.attributes.len() > 1 {
            self.attributes.sort_unstable_by_key(|a| (a.namespace, a.local));
        }
        for attribute in self.attributes.drain(..) {
            self.out.push(' ');
            self.out.push_str(attribute.name);
            self.out.push_str("=\"");
            escape(&mut self.out, attribute.value, plain_attribute, in_attribute);
            self.out.push('"');
        }
    }

    fn write_text(&mut self, text: &str) {
        escape(&mut self.out, text, plain_text, in_text);
    }
}

/// What stands before the colon and the local name; nothing when there is no colon.
fn prefix<'t>(name: &'t str, local: &str) -> &'t str {
    let end = name.len().saturating_sub(local.len() + 1);
    name.get(..end).unwrap_or_default()
}

fn in_attribute(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    }
}

fn in_text(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    }
}

fn plain_attribute(b: u8) -> bool {
    (b >= b' ') & (b != b'&') & (b != b'<') & (b != b'"')
}

fn plain_text(b: u8) -> bool {
    (b != b'&') & (b != b'<') & (b != b'>') & (b != b'\r')
}

/// Appends `text` with some bytes replaced. Most text has none: that is found out without a branch per byte.
fn escape(
    out: &mut String,
    text: &str,
    plain: impl Fn(u8) -> bool,
    replacement: impl Fn(u8) -> Option<&'static str>,
) {
    if text.bytes().fold(true, |all, b| all & plain(b)) {
        out.push_str(text);
        return;
    }
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(replacement) = replacement(byte) {
            out.push_str(text.get(from..at).unwrap_or_default());
            out.push_str(replacement);
            from = at + 1;
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
}
