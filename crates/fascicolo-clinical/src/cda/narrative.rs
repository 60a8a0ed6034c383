//! The narrative of a CDA as our own safe HTML (REC-R2): a fixed set of elements, no link out, no script, no style.
//! It shows all that is written, also where the markup is not valid CDA: what is unknown is read as its text.

use std::fmt;

use roxmltree::Node;

use super::html::Html;
use super::media::Media;
use super::source::{children, decode, find, is, parse, words};
use crate::Refused;

const MAX_TITLE: usize = 200;
const MAX_SECTIONS: usize = 500;
const MAX_NOTES: usize = 200;
/// The longest HTML of a document, in bytes.
const MAX_HTML: usize = 8 * 1024 * 1024;

/// The readable text of a document.
pub struct Narrative {
    pub sections: Vec<Section>,
}

pub struct Section {
    /// Plain text, possibly empty: to be escaped by who shows it, as a heading of level 2.
    pub title: String,
    /// Safe HTML; headings start at `h3`, there are no ids.
    pub html: String,
}

/// Renders the narrative of a CDA (UTF-8 or UTF-16).
///
/// # Errors
/// Not a CDA within the limits, or one without structured text.
pub fn narrative(xml: &[u8]) -> Result<Narrative, Refused> {
    let text = decode(xml)?;
    let document = parse(&text)?;
    let root = document.root_element();
    let body = find(root, &["component", "structuredBody"]).ok_or(Refused::NoNarrative)?;
    let media = Media::of(body);
    let (mut sections, mut length, mut count) = (Vec::new(), 0, 0);
    for section in subsections(body) {
        let mut renderer = Renderer::new(&media, title(section), MAX_HTML.saturating_sub(length));
        count += renderer.section(section, 3, MAX_SECTIONS.saturating_sub(count))?;
        length += renderer.html.len();
        sections.push(Section { title: renderer.label, html: renderer.html.into_string() });
    }
    let empty = sections.iter().all(|s| s.html.is_empty() && s.title.is_empty());
    if empty { Err(Refused::NoNarrative) } else { Ok(Narrative { sections }) }
}

fn subsections<'a, 'i>(parent: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    children(parent, "component").flat_map(|component| children(component, "section"))
}

/// The written title, else what the section's code is called.
fn title(section: Node) -> String {
    let written = find(section, &["title"]).map(|n| words(n, MAX_TITLE)).filter(|text| !text.is_empty());
    let coded = || find(section, &["code"]).and_then(|code| code.attribute("displayName"));
    written.or_else(|| coded().map(|name| name.chars().take(MAX_TITLE).collect())).unwrap_or_default()
}

/// Writes one top section.
pub(super) struct Renderer<'m, 'a> {
    pub(super) html: Html,
    media: &'m Media<'a>,
    label: String,
    tables: usize,
    notes: Vec<String>,
    room: usize,
}

impl<'m, 'a> Renderer<'m, 'a> {
    fn new(media: &'m Media<'a>, label: String, room: usize) -> Self {
        Self { html: Html::default(), media, label, tables: 0, notes: Vec::new(), room }
    }

    /// Writes a section and those below; returns how many.
    fn section(&mut self, section: Node, level: u8, room: usize) -> Result<usize, Refused> {
        if room == 0 {
            return Err(Refused::TooComplex);
        }
        let mut count = 1;
        for text in children(section, "text") {
            self.flow(text)?;
        }
        self.write_notes()?;
        for below in subsections(section) {
            let heading = heading(level);
            let title = title(below);
            if !title.is_empty() {
                self.html.open(heading);
                self.html.text(&title);
                self.html.close(heading);
            }
            count += self.section(below, level.saturating_add(1), room.saturating_sub(count))?;
        }
        Ok(count)
    }

    /// Blocks, and runs of words between them as paragraphs.
    fn flow(&mut self, parent: Node) -> Result<(), Refused> {
        let mut in_paragraph = false;
        for child in parent.children() {
            if is_block(child) {
                self.end_paragraph(&mut in_paragraph);
                self.block(child)?;
                continue;
            }
            let shows = child.is_element() || child.text().is_some_and(|text| !text.trim().is_empty());
            if (child.is_element() || child.is_text()) && (shows || in_paragraph) {
                if !in_paragraph {
                    self.html.open("p");
                    in_paragraph = true;
                }
                self.inline(child)?;
            }
        }
        self.end_paragraph(&mut in_paragraph);
        self.check_size()
    }

    fn end_paragraph(&mut self, open: &mut bool) {
        if std::mem::take(open) {
            self.html.close("p");
        }
    }

    /// The inside of a cell or item: words as they are, paragraphs only when there are blocks.
    pub(super) fn flow_or_phrasing(&mut self, parent: Node) -> Result<(), Refused> {
        if parent.children().any(is_block) { self.flow(parent) } else { self.phrasing(parent) }
    }

    pub(super) fn phrasing(&mut self, parent: Node) -> Result<(), Refused> {
        for child in parent.children() {
            self.inline(child)?;
        }
        Ok(())
    }

    fn block(&mut self, node: Node) -> Result<(), Refused> {
        match node.tag_name().name() {
            "paragraph" if !node.descendants().skip(1).any(is_plain_block) => {
                for caption in children(node, "caption") {
                    self.caption(caption)?;
                }
                self.html.open("p");
                for child in node.children().filter(|child| !is(*child, "caption")) {
                    self.inline(child)?;
                }
                self.html.close("p");
                Ok(())
            }
            "list" => self.list(node),
            "table" => self.table(node),
            _ => self.flow(node),
        }
    }

    fn caption(&mut self, caption: Node) -> Result<(), Refused> {
        self.html.open("p class=\"fw-semibold\"");
        self.phrasing(caption)?;
        self.html.close("p");
        Ok(())
    }

    fn list(&mut self, list: Node) -> Result<(), Refused> {
        for caption in children(list, "caption") {
            self.caption(caption)?;
        }
        if children(list, "item").next().is_some() {
            let (start, name) = list_style(list);
            self.html.open(start);
            for item in children(list, "item") {
                self.html.open("li");
                self.flow_or_phrasing(item)?;
                self.html.close("li");
            }
            self.html.close(name);
        }
        let strays = list.children().filter(|n| !is(*n, "caption") && !is(*n, "item"));
        self.strays(strays)
    }

    /// The words of what has no place in a list or table, after it.
    pub(super) fn strays<'x>(&mut self, nodes: impl Iterator<Item = Node<'x, 'x>>) -> Result<(), Refused> {
        let words: Vec<String> = nodes.map(|n| words(n, usize::MAX)).filter(|w| !w.is_empty()).collect();
        if !words.is_empty() {
            self.html.open("p");
            self.html.text(&words.join(" "));
            self.html.close("p");
        }
        self.check_size()
    }

    /// Words and what marks them. A block that stands here is read as its words.
    fn inline(&mut self, node: Node) -> Result<(), Refused> {
        if let (true, Some(text)) = (node.is_text(), node.text()) {
            self.html.text(text);
            return self.check_size();
        }
        if !node.is_element() {
            return Ok(());
        }
        match node.tag_name().name() {
            "br" => self.html.open("br"),
            "sub" => self.wrapped(node, "sub")?,
            "sup" => self.wrapped(node, "sup")?,
            "content" => self.content(node)?,
            "renderMultiMedia" => self.picture(node),
            "linkHtml" => self.link(node)?,
            "footnote" => self.note(words(node, usize::MAX)),
            "footnoteRef" => self.phrasing(node)?,
            _ => {
                self.phrasing(node)?;
                self.html.text(" ");
            }
        }
        self.check_size()
    }

    fn wrapped(&mut self, node: Node, name: &'static str) -> Result<(), Refused> {
        self.html.open(name);
        self.phrasing(node)?;
        self.html.close(name);
        Ok(())
    }

    fn content(&mut self, node: Node) -> Result<(), Refused> {
        let style = node.attribute("styleCode").unwrap_or_default();
        let mut marks: Vec<&'static str> = Vec::new();
        for code in style.split_whitespace() {
            let mark = match code.to_ascii_lowercase().as_str() {
                "bold" => "strong",
                "italics" | "emphasis" => "em",
                "underline" => "u",
                _ => continue,
            };
            if !marks.contains(&mark) {
                marks.push(mark);
            }
        }
        match node.attribute("revised") {
            Some("delete") => marks.push("del"),
            Some("insert") => marks.push("ins"),
            _ => {}
        }
        marks.iter().for_each(|mark| self.html.open(mark));
        self.phrasing(node)?;
        marks.iter().rev().for_each(|mark| self.html.close(mark));
        Ok(())
    }

    fn picture(&mut self, node: Node) {
        self.media.render(node, &words(node, usize::MAX), &self.label, &mut self.html);
    }

    /// The words of a link, and where it leads as words too: nobody is sent out of the record by a click.
    fn link(&mut self, node: Node) -> Result<(), Refused> {
        self.phrasing(node)?;
        let href = node.attribute("href").unwrap_or_default().trim();
        if href.starts_with("https://") && words(node, 2_000) != href {
            self.html.text(" (");
            self.html.text(href);
            self.html.text(")");
        }
        Ok(())
    }

    fn note(&mut self, text: String) {
        if self.notes.len() >= MAX_NOTES {
            self.html.text(&text);
            return;
        }
        self.notes.push(text);
        self.html.open("sup");
        self.html.text(&format!("[{}]", self.notes.len()));
        self.html.close("sup");
    }

    fn write_notes(&mut self) -> Result<(), Refused> {
        let notes = std::mem::take(&mut self.notes);
        for (i, note) in notes.iter().enumerate() {
            self.html.open("p class=\"small\"");
            self.html.text(&format!("[{}] {note}", i + 1));
            self.html.close("p");
            self.check_size()?;
        }
        Ok(())
    }

    /// What a table is called: its caption, else the section; numbered from the second of that name.
    pub(super) fn table_label(&mut self, caption: String) -> String {
        self.tables += 1;
        if !caption.is_empty() || self.label.is_empty() || self.tables == 1 {
            return if caption.is_empty() { self.label.clone() } else { caption };
        }
        format!("{} ({})", self.label, self.tables)
    }

    pub(super) fn check_size(&self) -> Result<(), Refused> {
        if self.html.len() > self.room { Err(Refused::TooLarge) } else { Ok(()) }
    }
}

fn is_block(node: Node) -> bool {
    // not valid there, but seen: a marked passage around paragraphs
    is_plain_block(node) || (node.tag_name().name() == "content" && node.children().any(is_block))
}

fn is_plain_block(node: Node) -> bool {
    matches!(node.tag_name().name(), "paragraph" | "list" | "table")
}

fn heading(level: u8) -> &'static str {
    match level {
        0..=3 => "h3",
        4 => "h4",
        5 => "h5",
        _ => "h6",
    }
}

fn list_style(list: Node) -> (&'static str, &'static str) {
    if list.attribute("listType") != Some("ordered") {
        return ("ul", "ul");
    }
    let start = match list.attribute("styleCode").unwrap_or_default() {
        "LittleRoman" => "ol type=\"i\"",
        "BigRoman" => "ol type=\"I\"",
        "LittleAlpha" => "ol type=\"a\"",
        "BigAlpha" => "ol type=\"A\"",
        _ => "ol",
    };
    (start, "ol")
}

impl fmt::Debug for Narrative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Narrative({} sections)", self.sections.len())
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Section(…)")
    }
}
