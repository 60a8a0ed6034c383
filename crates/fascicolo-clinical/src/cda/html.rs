//! A writer that can only make safe HTML: element names and attributes are ours, text is escaped.

use super::source::is_visible;

#[derive(Default)]
pub(crate) struct Html(String);

impl Html {
    /// Opens an element; `start` is a literal of this crate, without the angle brackets.
    pub(crate) fn open(&mut self, start: &'static str) {
        self.0.push('<');
        self.0.push_str(start);
        self.0.push('>');
    }

    pub(crate) fn close(&mut self, name: &'static str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// Opens an element with one more attribute, its value escaped.
    pub(crate) fn open_with(&mut self, start: &'static str, attribute: &'static str, value: &str) {
        self.0.push('<');
        self.0.push_str(start);
        self.attribute(attribute, value);
        self.0.push('>');
    }

    /// Opens a cell.
    pub(crate) fn open_cell(&mut self, start: &'static str, columns: u16, rows: u16) {
        self.0.push('<');
        self.0.push_str(start);
        for (name, span) in [("colspan", columns), ("rowspan", rows)] {
            if span > 1 {
                self.attribute(name, &span.to_string());
            }
        }
        self.0.push('>');
    }

    /// An image whose bytes stand in the page itself.
    pub(crate) fn image(&mut self, data: &str, label: &str) {
        self.0.push_str("<img class=\"img-fluid\"");
        self.attribute("alt", label);
        self.attribute("src", data);
        self.0.push('>');
    }

    fn attribute(&mut self, name: &'static str, value: &str) {
        self.0.push(' ');
        self.0.push_str(name);
        self.0.push_str("=\"");
        self.text(value);
        self.0.push('"');
    }

    /// Text, escaped; controls and marks that reorder text are dropped.
    pub(crate) fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\r' | '\t' => self.0.push(' '),
                c if is_visible(c) => self.0.push(c),
                _ => {}
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}
