//! What a signature vouches for, and the only way to read it: the canonical bytes that were hashed are read again
//! by a reader that knows canonical form and nothing else (no declaration, comment, CDATA or entity to be found).

use std::borrow::Cow;

use super::Defect;

/// Canonical bytes whose signature was verified. Nobody else can make one.
pub struct Signed {
    text: String,
}

impl Signed {
    pub(super) fn verified(text: String) -> Self {
        Self { text }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// [`Defect::Malformed`] for anything that canonical form does not hold.
    pub fn outline(&self) -> Result<Outline<'_>, Defect> {
        Outline::read(&self.text)
    }
}

struct Entry<'s> {
    namespace: &'s str,
    local: &'s str,
    /// Its attributes, as positions in the outline's list.
    attributes: (usize, usize),
    /// The text before its first child, still escaped.
    text: &'s str,
    /// The position after its last descendant.
    end: usize,
}

/// The elements of canonical bytes, in document order.
pub struct Outline<'s> {
    entries: Vec<Entry<'s>>,
    attributes: Vec<(&'s str, &'s str)>,
}

/// One element.
#[derive(Clone, Copy)]
pub struct Element<'o, 's> {
    outline: &'o Outline<'s>,
    at: usize,
}

impl<'s> Outline<'s> {
    fn read(text: &'s str) -> Result<Self, Defect> {
        let mut reader = Reader {
            outline: Self { entries: Vec::with_capacity(96), attributes: Vec::with_capacity(96) },
            namespaces: Vec::with_capacity(8),
            open: Vec::with_capacity(16),
        };
        reader.read(text)?;
        Ok(reader.outline)
    }

    /// The outermost element.
    #[must_use]
    pub fn root(&self) -> Element<'_, 's> {
        Element { outline: self, at: 0 }
    }
}

impl<'o, 's> Element<'o, 's> {
    fn entry(&self) -> Option<&'o Entry<'s>> {
        self.outline.entries.get(self.at)
    }

    #[must_use]
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.entry().is_some_and(|e| e.local == local && e.namespace == namespace)
    }

    /// The value of an attribute without prefix.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Cow<'s, str>> {
        let (from, to) = self.entry()?.attributes;
        let mut list = self.outline.attributes.get(from..to)?.iter();
        list.find(|(n, _)| *n == name).map(|(_, value)| unescape(value))
    }

    pub fn children(&self) -> impl Iterator<Item = Element<'o, 's>> + use<'o, 's> {
        let outline = self.outline;
        let end = self.entry().map_or(0, |e| e.end);
        let mut next = self.at + 1;
        std::iter::from_fn(move || {
            let at = next;
            next = outline.entries.get(at).filter(|_| at < end)?.end;
            Some(Element { outline, at })
        })
    }

    /// The text of an element that holds nothing else; `None` when it has children.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'s, str>> {
        let entry = self.entry()?;
        (entry.end == self.at + 1).then(|| unescape(entry.text))
    }
}

/// An element whose end has not been seen.
struct Open<'s> {
    at: usize,
    name: &'s str,
    namespaces: usize,
}

struct Reader<'s> {
    outline: Outline<'s>,
    namespaces: Vec<(&'s str, &'s str)>,
    open: Vec<Open<'s>>,
}

impl<'s> Reader<'s> {
    fn read(&mut self, text: &'s str) -> Result<(), Defect> {
        let mut rest = text.strip_prefix('<').ok_or(Defect::Malformed)?;
        loop {
            rest = match rest.strip_prefix('/') {
                Some(closing) => self.close(closing)?,
                None => self.open(rest)?,
            };
            if self.open.is_empty() {
                let whole = rest.is_empty();
                return if whole { Ok(()) } else { Err(Defect::Malformed) };
            }
            let (text, markup) = split(rest, b'<').ok_or(Defect::Malformed)?;
            self.text(text)?;
            rest = markup;
        }
    }

    /// Text directly after a start tag is kept; between elements only white space may stand.
    fn text(&mut self, text: &'s str) -> Result<(), Defect> {
        if text.is_empty() {
            return Ok(());
        }
        let open = self.open.last().map(|o| o.at);
        let last = self.outline.entries.len().checked_sub(1);
        match self.outline.entries.last_mut() {
            Some(entry) if open == last => entry.text = text,
            _ if text.bytes().all(|b| matches!(b, b' ' | b'\n' | b'\t')) => {}
            _ => return Err(Defect::Malformed),
        }
        Ok(())
    }

    fn close(&mut self, tag: &'s str) -> Result<&'s str, Defect> {
        let open = self.open.pop().ok_or(Defect::Malformed)?;
        let rest = tag.strip_prefix(open.name).and_then(|rest| rest.strip_prefix('>'));
        self.namespaces.truncate(open.namespaces);
        let end = self.outline.entries.len();
        if let Some(entry) = self.outline.entries.get_mut(open.at) {
            // text before child elements may only be white space
            if end > open.at + 1 && !entry.text.trim_ascii().is_empty() {
                return Err(Defect::Malformed);
            }
            entry.end = end;
        }
        rest.ok_or(Defect::Malformed)
    }

    fn open(&mut self, tag: &'s str) -> Result<&'s str, Defect> {
        let end = tag.bytes().position(|b| matches!(b, b' ' | b'>'));
        let (name, mut rest) = end.and_then(|end| tag.split_at_checked(end)).ok_or(Defect::Malformed)?;
        let (namespaces, from) = (self.namespaces.len(), self.outline.attributes.len());
        while let Some(attribute) = rest.strip_prefix(' ') {
            let end = attribute.bytes().position(|b| b == b'=').ok_or(Defect::Malformed)?;
            let name = attribute.get(..end).unwrap_or_default();
            let value = attribute.get(end..).and_then(|rest| rest.strip_prefix("=\""));
            let value = value.ok_or(Defect::Malformed)?;
            let (value, after) = split(value, b'"').ok_or(Defect::Malformed)?;
            match name.strip_prefix("xmlns") {
                Some("") => self.namespaces.push(("", value)),
                Some(declared) if declared.starts_with(':') => {
                    self.namespaces.push((declared.get(1..).unwrap_or_default(), value));
                }
                _ => self.outline.attributes.push((name, value)),
            }
            rest = after;
        }
        let rest = rest.strip_prefix('>').ok_or(Defect::Malformed)?;
        let colon = name.bytes().position(|b| b == b':');
        let prefix = colon.and_then(|at| name.get(..at)).unwrap_or_default();
        let local = colon.and_then(|at| name.get(at + 1..)).unwrap_or(name);
        let namespace = self.namespaces.iter().rev().find(|(p, _)| *p == prefix);
        let at = self.outline.entries.len();
        self.outline.entries.push(Entry {
            namespace: namespace.map_or("", |(_, uri)| uri),
            local,
            attributes: (from, self.outline.attributes.len()),
            text: "",
            end: at + 1,
        });
        self.open.push(Open { at, name, namespaces });
        Ok(rest)
    }
}

/// Splits at the first of an ASCII byte.
fn split(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(mark, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Undoes the escapes of canonical form.
fn unescape(text: &str) -> Cow<'_, str> {
    let Some((plain, mut rest)) = split(text, b'&') else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(plain);
    loop {
        let (entity, after) = rest.split_once(';').unwrap_or((rest, ""));
        out.push_str(match entity {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            "#x9" => "\t",
            "#xA" => "\n",
            "#xD" => "\r",
            _ => "\u{fffd}",
        });
        let Some((plain, next)) = after.split_once('&') else {
            out.push_str(after);
            return Cow::Owned(out);
        };
        out.push_str(plain);
        rest = next;
    }
}
