//! Breaks a sheet into lines and pages. What belongs to the reading order carries the number of its leaf in the
//! tree of tags; what is decoration, or repeated, carries none.

use super::face::{Face, Faces, Weight};
use super::{Block, Sheet, WriteError};

/// A4, in points.
pub(super) const PAGE: (f32, f32) = (595.276, 841.89);
const MARGIN: f32 = 51.0;
const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
const BOTTOM: f32 = PAGE.1 - 62.0;
const BODY: f32 = 10.0;
const SMALL: f32 = 8.5;
const PAD: f32 = 4.0;
const MAX_PAGES: usize = 500;
const MAX_COLUMNS: usize = 12;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ink {
    Text,
    Muted,
    White,
    Primary,
    Band,
    Stripe,
    Line,
}

pub(super) enum Op {
    Text { x: f32, y: f32, size: f32, weight: Weight, ink: Ink, text: String, leaf: Option<usize> },
    Box { x: f32, y: f32, width: f32, height: f32, ink: Ink },
}

/// The tree of tags, by meaning.
pub(super) enum Branch {
    Heading(u16, String, usize),
    Paragraph(usize),
    /// Label and body of each item.
    List(Vec<(usize, usize)>),
    Table {
        head: Vec<usize>,
        rows: Vec<Vec<usize>>,
    },
}

pub(super) struct Laid {
    pub(super) pages: Vec<Vec<Op>>,
    pub(super) tree: Vec<Branch>,
    pub(super) leaves: usize,
}

/// How a run of text is set.
#[derive(Clone, Copy)]
struct Style {
    size: f32,
    weight: Weight,
    ink: Ink,
}

impl Style {
    const BODY: Self = Self { size: BODY, weight: Weight::Regular, ink: Ink::Text };
    const SMALL: Self = Self { size: SMALL, weight: Weight::Regular, ink: Ink::Muted };
    const STRONG: Self = Self { weight: Weight::Strong, ..Self::BODY };

    fn leading(self) -> f32 {
        self.size * 1.36
    }
}

pub(super) fn lay(sheet: &Sheet, faces: &Faces) -> Result<Laid, WriteError> {
    let mut setter =
        Setter { faces, laid: Laid { pages: vec![Vec::new()], tree: Vec::new(), leaves: 0 }, y: 0.0 };
    setter.band(sheet)?;
    setter.facts(&sheet.facts)?;
    for section in &sheet.sections {
        setter.section_title(&section.title)?;
        for block in &section.blocks {
            match block {
                Block::Paragraph(text) => setter.paragraph(text)?,
                Block::List(items) => setter.list(items)?,
                Block::Table { head, rows } => setter.table(head, rows)?,
            }
        }
    }
    setter.feet(&sheet.footer);
    Ok(setter.laid)
}

struct Setter<'a> {
    faces: &'a Faces,
    laid: Laid,
    /// The top of what comes next.
    y: f32,
}

impl Setter<'_> {
    fn face(&self, weight: Weight) -> &Face {
        self.faces.get(weight)
    }

    fn put(&mut self, op: Op) {
        if let Some(page) = self.laid.pages.last_mut() {
            page.push(op);
        }
    }

    fn leaf(&mut self) -> usize {
        self.laid.leaves += 1;
        self.laid.leaves - 1
    }

    /// A line of text whose top is at `y`.
    fn line(&mut self, (x, y): (f32, f32), style: Style, text: String, leaf: Option<usize>) {
        self.put(Op::Text {
            x,
            y: y + style.size,
            size: style.size,
            weight: style.weight,
            ink: style.ink,
            text,
            leaf,
        });
    }

    /// Starts a page when less than `height` is left. A new page has a fresh top.
    fn make_room(&mut self, height: f32) -> Result<bool, WriteError> {
        if self.y + height <= BOTTOM {
            return Ok(false);
        }
        if self.laid.pages.len() >= MAX_PAGES {
            return Err(WriteError::TooLong);
        }
        self.laid.pages.push(Vec::new());
        self.y = MARGIN;
        Ok(true)
    }

    fn broken(&self, text: &str, style: Style, width: f32) -> Vec<String> {
        let face = self.face(style.weight);
        broken(face, &face.printable(text), style.size, width)
    }

    /// The band at the top: who issued it, and what it is.
    fn band(&mut self, sheet: &Sheet) -> Result<(), WriteError> {
        let issuer = Style { size: 11.0, ink: Ink::White, ..Style::STRONG };
        let title = Style { size: 19.0, ..issuer };
        let issuers = self.broken(&sheet.issuer, issuer, WIDTH);
        let titles = self.broken(&sheet.title, title, WIDTH);
        let text = |lines: &[String], style: Style| style.leading() * count(lines.len());
        let height = 30.0 + text(&issuers, issuer) + text(&titles, title) + 16.0;
        if height > PAGE.1 / 2.0 {
            return Err(WriteError::TooLong);
        }
        self.put(Op::Box { x: 0.0, y: 0.0, width: PAGE.0, height, ink: Ink::Band });
        self.y = 30.0;
        for (lines, style, heading) in [(issuers, issuer, false), (titles, title, true)] {
            let leaf = self.leaf();
            for line in lines {
                self.line((MARGIN, self.y), style, line, Some(leaf));
                self.y += style.leading();
            }
            self.laid.tree.push(if heading {
                Branch::Heading(1, sheet.title.clone(), leaf)
            } else {
                Branch::Paragraph(leaf)
            });
        }
        self.y = height + 14.0;
        Ok(())
    }

    /// Facts in two columns, each a small label over its value.
    fn facts(&mut self, facts: &[(String, String)]) -> Result<(), WriteError> {
        let width = (WIDTH - 20.0) / 2.0;
        for pair in facts.chunks(2) {
            let cells: Vec<_> = pair
                .iter()
                .map(|(label, value)| {
                    let label = self.broken(label, Style::SMALL, width);
                    (label, self.broken(value, Style::STRONG, width))
                })
                .collect();
            let height = |(label, value): &(Vec<String>, Vec<String>)| {
                Style::SMALL.leading() * count(label.len())
                    + Style::STRONG.leading() * count(value.len())
                    + 6.0
            };
            let row = cells.iter().map(height).fold(0.0, f32::max);
            self.make_room(row)?;
            let top = self.y;
            for ((label, value), x) in cells.into_iter().zip([MARGIN, MARGIN + width + 20.0]) {
                let leaf = self.leaf();
                let mut y = top;
                for (lines, style) in [(label, Style::SMALL), (value, Style::STRONG)] {
                    for mut line in lines {
                        if style.ink == Style::SMALL.ink {
                            line.push(' ');
                        }
                        self.line((x, y), style, line, Some(leaf));
                        y += style.leading();
                    }
                }
                self.laid.tree.push(Branch::Paragraph(leaf));
            }
            self.y = top + row;
        }
        Ok(())
    }

    fn section_title(&mut self, title: &str) -> Result<(), WriteError> {
        let style = Style { size: 13.0, weight: Weight::Strong, ink: Ink::Primary };
        let lines = self.broken(title, style, WIDTH);
        self.y += 10.0;
        self.make_room(style.leading() * count(lines.len()) + 40.0)?;
        self.put(Op::Box { x: MARGIN, y: self.y, width: WIDTH, height: 0.8, ink: Ink::Line });
        self.y += 7.0;
        let leaf = self.leaf();
        for line in lines {
            self.line((MARGIN, self.y), style, line, Some(leaf));
            self.y += style.leading();
        }
        self.y += 2.0;
        self.laid.tree.push(Branch::Heading(2, title.to_owned(), leaf));
        Ok(())
    }

    fn paragraph(&mut self, text: &str) -> Result<(), WriteError> {
        let leaf = self.leaf();
        self.lines(text, MARGIN, leaf)?;
        self.y += 4.0;
        self.laid.tree.push(Branch::Paragraph(leaf));
        Ok(())
    }

    fn lines(&mut self, text: &str, x: f32, leaf: usize) -> Result<(), WriteError> {
        for line in self.broken(text, Style::BODY, WIDTH - (x - MARGIN)) {
            self.make_room(Style::BODY.leading())?;
            self.line((x, self.y), Style::BODY, line, Some(leaf));
            self.y += Style::BODY.leading();
        }
        Ok(())
    }

    fn list(&mut self, items: &[String]) -> Result<(), WriteError> {
        let mut entries = Vec::new();
        for item in items {
            self.make_room(Style::BODY.leading())?;
            let (label, body) = (self.leaf(), self.leaf());
            self.line((MARGIN + 4.0, self.y), Style::BODY, "•".to_owned(), Some(label));
            self.lines(item, MARGIN + 16.0, body)?;
            self.y += 1.5;
            entries.push((label, body));
        }
        self.y += 3.0;
        if !entries.is_empty() {
            self.laid.tree.push(Branch::List(entries));
        }
        Ok(())
    }

    fn table(&mut self, head: &[String], rows: &[Vec<String>]) -> Result<(), WriteError> {
        let head = head.get(..head.len().min(MAX_COLUMNS)).unwrap_or_default();
        if head.is_empty() {
            return Ok(());
        }
        let widths = self.columns(head, rows);
        let head_leaves: Vec<usize> = head.iter().map(|_| self.leaf()).collect();
        self.row(head, &widths, Some(&head_leaves), Some(head))?;
        let mut body = Vec::new();
        for row in rows {
            let leaves: Vec<usize> = head.iter().map(|_| self.leaf()).collect();
            if self.make_room(self.row_height(row, &widths, Style::BODY))? {
                self.row(head, &widths, None, Some(head))?; // repeated for the eye only
            }
            self.row(row, &widths, Some(&leaves), None)?;
            body.push(leaves);
        }
        self.y += 8.0;
        self.laid.tree.push(Branch::Table { head: head_leaves, rows: body });
        Ok(())
    }

    /// Widths that follow the longest cell of each column, within bounds.
    fn columns(&self, head: &[String], rows: &[Vec<String>]) -> Vec<f32> {
        let strong = self.face(Weight::Strong);
        let regular = self.face(Weight::Regular);
        let wish = |(i, title): (usize, &String)| {
            let cells = rows.iter().filter_map(|row| row.get(i));
            let widest = cells.map(|cell| regular.width(cell, BODY)).fold(0.0, f32::max);
            (strong.width(title, BODY).max(widest) + 2.0 * PAD).clamp(46.0, 190.0)
        };
        let wishes: Vec<f32> = head.iter().enumerate().map(wish).collect();
        let total: f32 = wishes.iter().sum();
        wishes.into_iter().map(|wish| wish * WIDTH / total).collect()
    }

    fn row_height(&self, cells: &[String], widths: &[f32], style: Style) -> f32 {
        let lines = |(cell, width): (&String, &f32)| self.broken(cell, style, width - 2.0 * PAD).len();
        let most = cells.iter().zip(widths).map(lines).max().unwrap_or(1);
        style.leading() * count(most) + 2.0 * PAD - 2.0
    }

    /// Sets a row; `head` when it heads the columns. A row taller than a page is cut at its foot.
    fn row(
        &mut self,
        cells: &[String],
        widths: &[f32],
        leaves: Option<&[usize]>,
        head: Option<&[String]>,
    ) -> Result<(), WriteError> {
        let style = if head.is_some() { Style::STRONG } else { Style::BODY };
        let height = self.row_height(cells, widths, style);
        if height > BOTTOM - MARGIN {
            return Err(WriteError::TooLong);
        }
        self.make_room(if head.is_some() { height + 30.0 } else { height })?;
        let (top, ink) = (self.y, if head.is_some() { Ink::Stripe } else { Ink::Line });
        let (y, thick) = if head.is_some() { (top, height) } else { (top + height - 0.5, 0.5) };
        self.put(Op::Box { x: MARGIN, y, width: WIDTH, height: thick, ink });
        let mut x = MARGIN;
        for (i, width) in widths.iter().enumerate() {
            let leaf = leaves.and_then(|leaves| leaves.get(i)).copied();
            let text = cells.get(i).map_or("", String::as_str);
            let mut y = top + PAD - 1.0;
            for line in self.broken(text, style, width - 2.0 * PAD) {
                self.line((x + PAD, y), style, line, leaf);
                y += style.leading();
            }
            x += width;
        }
        self.y = top + height;
        Ok(())
    }

    /// The foot of every page: the given words, and which page of how many.
    fn feet(&mut self, footer: &str) {
        let style = Style { size: 8.0, ..Style::SMALL };
        let lines = self.broken(footer, style, WIDTH - 60.0);
        let total = self.laid.pages.len();
        for (i, page) in self.laid.pages.iter_mut().enumerate() {
            page.push(Op::Box { x: MARGIN, y: BOTTOM + 12.0, width: WIDTH, height: 0.5, ink: Ink::Line });
            let number = format!("{} / {total}", i + 1);
            let right = MARGIN + WIDTH - self.faces.get(style.weight).width(&number, style.size);
            let mut foot = |x, y, text| {
                page.push(Op::Text {
                    x,
                    y,
                    size: style.size,
                    weight: style.weight,
                    ink: style.ink,
                    text,
                    leaf: None,
                });
            };
            let top = BOTTOM + 16.0 + style.size;
            foot(right, top, number);
            for (n, line) in lines.iter().take(3).enumerate() {
                foot(MARGIN, top + style.leading() * count(n), line.clone());
            }
        }
    }
}

fn count(n: usize) -> f32 {
    f32::from(u16::try_from(n).unwrap_or(u16::MAX))
}

/// Breaks text at blanks so that no line is wider than `width`; a word wider than that is cut. At least one line.
fn broken(face: &Face, text: &str, size: f32, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0.0);
    let space = face.width(" ", size);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = face.width(word, size);
        if !line.is_empty() && used + space + length <= width {
            line.push(' ');
            line.push_str(word);
            used += space + length;
            continue;
        }
        if !line.is_empty() {
            line.push(' '); // unseen, but it keeps words apart for who listens or copies
            lines.push(std::mem::take(&mut line));
        }
        used = 0.0;
        for c in word.chars() {
            let advance = face.width(c.encode_utf8(&mut [0; 4]), size);
            if used + advance > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            line.push(c);
            used += advance;
        }
    }
    lines.push(line);
    lines
}
