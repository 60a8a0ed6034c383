//! Tables of the narrative: every header cell says what it heads, and wide tables scroll by keyboard.

use roxmltree::Node;

use super::narrative::Renderer;
use super::source::{children, is, words};
use crate::Refused;

const MAX_SPAN: u16 = 100;
const MAX_LABEL: usize = 120;

/// Where a row stands decides what its header cells head.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Head,
    Body,
}

impl Renderer<'_, '_> {
    pub(super) fn table(&mut self, table: Node) -> Result<(), Refused> {
        let rows = |part: Node| children(part, "tr").any(|row| row.children().any(is_cell));
        let parts: Vec<Node> = ["thead", "tbody", "tfoot"]
            .into_iter()
            .flat_map(|name| children(table, name))
            .filter(|part| rows(*part))
            .collect();
        let loose = rows(table);
        if parts.is_empty() && !loose {
            return self.strays(table.children());
        }
        let caption = children(table, "caption").next();
        let label = self.table_label(caption.map(|n| words(n, MAX_LABEL)).unwrap_or_default());
        if label.is_empty() {
            self.html.open("div class=\"table-responsive\" tabindex=\"0\"");
        } else {
            let start = "div class=\"table-responsive\" tabindex=\"0\" role=\"region\"";
            self.html.open_with(start, "aria-label", &label);
        }
        self.html.open("table class=\"table table-striped\"");
        if let Some(caption) = caption {
            self.html.open("caption");
            self.phrasing(caption)?;
            self.html.close("caption");
        }
        let headed = parts.iter().any(|part| is(*part, "thead"));
        for part in parts {
            self.part(part, headed)?;
        }
        if loose {
            self.html.open("tbody");
            self.rows(table, Part::Body, headed)?;
            self.html.close("tbody");
        }
        self.html.close("table");
        self.html.close("div");
        self.strays(strays(table, caption).into_iter())
    }

    fn part(&mut self, part: Node, headed: bool) -> Result<(), Refused> {
        let (start, rows) = match part.tag_name().name() {
            "thead" => ("thead", Part::Head),
            "tfoot" => ("tfoot", Part::Body),
            _ => ("tbody", Part::Body),
        };
        self.html.open(start);
        self.rows(part, rows, headed)?;
        self.html.close(start);
        Ok(())
    }

    fn rows(&mut self, parent: Node, part: Part, headed: bool) -> Result<(), Refused> {
        for row in children(parent, "tr") {
            let cells: Vec<Node> = row.children().filter(|n| is_cell(*n)).collect();
            // a row of nothing but headers heads the columns when no other row does
            let heads =
                part == Part::Head || (!headed && cells.len() > 1 && cells.iter().all(|c| is(*c, "th")));
            self.html.open("tr");
            for cell in cells {
                self.cell(cell, heads, part)?;
            }
            self.html.close("tr");
        }
        Ok(())
    }

    fn cell(&mut self, cell: Node, heads: bool, part: Part) -> Result<(), Refused> {
        let header = (is(cell, "th") || part == Part::Head) && !words(cell, 1).is_empty();
        let (start, name) = match (header, heads) {
            (true, true) => ("th scope=\"col\"", "th"),
            (true, false) => ("th scope=\"row\"", "th"),
            (false, _) => ("td", "td"),
        };
        self.html.open_cell(start, span(cell, "colspan"), span(cell, "rowspan"));
        self.flow_or_phrasing(cell)?;
        self.html.close(name);
        self.check_size()
    }
}

/// What stands in a table outside of its caption and cells.
fn strays<'x>(table: Node<'x, 'x>, caption: Option<Node<'x, 'x>>) -> Vec<Node<'x, 'x>> {
    let is_part = |n: Node| ["thead", "tbody", "tfoot"].iter().any(|name| is(n, name));
    let (mut waiting, mut strays) = (vec![(table, 0)], Vec::new());
    while let Some((parent, depth)) = waiting.pop() {
        for child in parent.children() {
            match depth {
                0 if is_part(child) => waiting.push((child, 1)),
                0 | 1 if is(child, "tr") => waiting.push((child, 2)),
                2 if is_cell(child) => {}
                _ if Some(child) == caption => {}
                _ => strays.push(child),
            }
        }
    }
    strays.sort();
    strays
}

fn is_cell(node: Node) -> bool {
    is(node, "th") || is(node, "td")
}

fn span(cell: Node, name: &str) -> u16 {
    let value = cell.attribute(name).and_then(|text| text.trim().parse().ok());
    value.unwrap_or(1).clamp(1, MAX_SPAN)
}
