//! The body of a CDA from a variant: sections with narrative and coded entries; and the same words for the pages.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fascicolo_clinical::pdf::write::{Block, SheetSection};
use fascicolo_domain::Fault;
use fascicolo_domain::time::day_in_rome;

use super::Scene;
use super::fill::{Filler, escaped};
use super::fixture::{Passage, SectionShape};

pub(super) struct Body {
    pub(super) xml: String,
    pub(super) sections: Vec<SheetSection>,
}

pub(super) fn body(scene: &Scene, filler: &mut Filler) -> Result<Body, Fault> {
    let mut made = Body { xml: "<component>\n<structuredBody>\n".to_owned(), sections: Vec::new() };
    for shape in scene.sort.section.iter().filter(|s| s.within.is_none()) {
        section(scene, filler, shape, &mut made)?;
    }
    made.xml.push_str("</structuredBody>\n</component>\n");
    Ok(made)
}

/// Writes a section, when the variant says something in it or below.
fn section(scene: &Scene, filler: &mut Filler, shape: &SectionShape, made: &mut Body) -> Result<(), Fault> {
    let below: Vec<&SectionShape> =
        scene.sort.section.iter().filter(|s| s.within.as_ref() == Some(&shape.code)).collect();
    let has_words = says(scene, shape);
    if !has_words && !below.iter().any(|s| says(scene, s)) {
        return Ok(());
    }
    let (blocks, rows) = blocks(scene, filler, shape)?;
    made.xml.push_str("<component>\n<section>\n");
    if let Some(template) = &shape.template {
        let _ = writeln!(made.xml, "<templateId root=\"{template}\"/>");
    }
    let _ = writeln!(
        made.xml,
        "<code code=\"{}\" codeSystem=\"2.16.840.1.113883.6.1\" codeSystemName=\"LOINC\" displayName=\"{}\"/>\n<title>{}</title>",
        shape.code,
        escaped(&shape.display),
        escaped(&shape.title)
    );
    if has_words {
        let _ = writeln!(made.xml, "<text ID=\"t{}\">", shape.code);
        for block in &blocks {
            narrative(block, &shape.code, &mut made.xml);
        }
        made.xml.push_str("</text>\n");
    }
    made.sections.push(SheetSection { title: shape.title.clone(), blocks });
    entries(filler, shape, &rows, &mut made.xml)?;
    for shape in below {
        section(scene, filler, shape, made)?;
    }
    made.xml.push_str("</section>\n</component>\n");
    Ok(())
}

type Row = BTreeMap<String, String>;

fn says(scene: &Scene, shape: &SectionShape) -> bool {
    scene.variant.text.contains_key(&shape.code) || !rows(scene, shape).is_empty()
}

/// The rows of a section's table that have happened by the date of the document.
fn rows(scene: &Scene, shape: &SectionShape) -> Vec<Row> {
    let today = day_in_rome(scene.facts.issued_at);
    let all = scene.variant.rows.get(&shape.code).into_iter().flatten();
    all.filter_map(|row| {
        let mut row = row.clone();
        if let Some(days) = row.get("da_nascita").and_then(|n| n.parse::<i32>().ok()) {
            let day = scene.patient.born.checked_add(jiff::Span::new().days(days)).ok()?;
            if day > today {
                return None;
            }
            row.insert("quando".to_owned(), day.strftime("%d/%m/%Y").to_string());
            row.insert("quando_ts".to_owned(), day.strftime("%Y%m%d").to_string());
        }
        Some(row)
    })
    .collect()
}

/// What a section says, and the variables of each row of its table for the entries.
fn blocks(scene: &Scene, filler: &mut Filler, shape: &SectionShape) -> Result<(Vec<Block>, Vec<Row>), Fault> {
    let (mut blocks, mut table, mut known) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows(scene, shape) {
        let outer = filler.variables.clone();
        for (name, value) in row {
            let value = filler.text(&value)?;
            filler.set(&name, value);
        }
        let cells = shape.columns.iter().map(|(_, cell)| filler.text(cell));
        table.push(cells.collect::<Result<Vec<_>, _>>()?);
        known.push(std::mem::replace(&mut filler.variables, outer));
    }
    if !table.is_empty() {
        let head = shape.columns.iter().map(|(title, _)| title.clone()).collect();
        blocks.push(Block::Table { head, rows: table });
    }
    for passage in scene.variant.text.get(&shape.code).into_iter().flatten() {
        blocks.push(match passage {
            Passage::Paragraph(text) => Block::Paragraph(filler.text(text)?),
            Passage::List(items) => {
                Block::List(items.iter().map(|item| filler.text(item)).collect::<Result<_, _>>()?)
            }
        });
    }
    Ok((blocks, known))
}

/// Coded entries: one a row, or one.
fn entries(filler: &mut Filler, shape: &SectionShape, rows: &[Row], xml: &mut String) -> Result<(), Fault> {
    let Some(entry) = &shape.entry else {
        return Ok(());
    };
    if rows.is_empty() {
        xml.push_str(&filler.markup(entry)?);
        xml.push('\n');
    }
    for (i, row) in rows.iter().enumerate() {
        let outer = std::mem::replace(&mut filler.variables, row.clone());
        filler.set("riga", format!("{}-{}", shape.code, i + 1));
        xml.push_str(&filler.markup(entry)?);
        xml.push('\n');
        filler.variables = outer;
    }
    Ok(())
}

fn narrative(block: &Block, section: &str, xml: &mut String) {
    let cell = |xml: &mut String, name: &str, text: &str| {
        let _ = write!(xml, "<{name}>{}</{name}>", escaped(text));
    };
    match block {
        Block::Paragraph(text) => cell(xml, "paragraph", text),
        Block::List(items) => {
            xml.push_str("<list>");
            items.iter().for_each(|item| cell(xml, "item", item));
            xml.push_str("</list>");
        }
        Block::Table { head, rows } => {
            xml.push_str("<table>\n<thead><tr>");
            head.iter().for_each(|title| cell(xml, "th", title));
            xml.push_str("</tr></thead>\n<tbody>");
            for (i, row) in rows.iter().enumerate() {
                let _ = write!(xml, "\n<tr ID=\"r{section}-{}\">", i + 1);
                row.iter().for_each(|text| cell(xml, "td", text));
                xml.push_str("</tr>");
            }
            xml.push_str("\n</tbody></table>");
        }
    }
    xml.push('\n');
}
