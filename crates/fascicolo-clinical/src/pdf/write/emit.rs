//! Draws laid pages and hangs their leaves into the tree of tags.

use std::num::NonZeroU16;

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, Node, SpanTag, TableHeaderScope, Tag,
    TagGroup, TagKind, TagTree,
};

use super::WriteError;
use super::face::Faces;
use super::layout::{Branch, Ink, Laid, Op, PAGE};

pub(super) fn emit(laid: Laid, faces: &Faces, document: &mut Document) -> Result<(), WriteError> {
    let mut leaves: Vec<Vec<Identifier>> = Vec::new();
    leaves.resize_with(laid.leaves, Vec::new);
    for ops in &laid.pages {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or(WriteError::Rules)?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for run in ops.chunk_by(|a, b| leaf(a).is_some() && leaf(a) == leaf(b)) {
            let number = run.first().and_then(leaf);
            let tag = match number {
                Some(_) => ContentTag::Span(SpanTag::empty()),
                None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
            };
            let identifier = surface.start_tagged(tag);
            run.iter().for_each(|op| draw(op, faces, &mut surface));
            surface.end_tagged();
            if let Some(leaf) = number.and_then(|n| leaves.get_mut(n)) {
                leaf.push(identifier);
            }
        }
        surface.finish();
        page.finish();
    }
    let mut tree = TagTree::new().with_lang(Some("it-IT".to_owned()));
    for branch in laid.tree {
        tree.push(group(branch, &mut leaves));
    }
    document.set_tag_tree(tree);
    Ok(())
}

fn leaf(op: &Op) -> Option<usize> {
    match op {
        Op::Text { leaf, .. } => *leaf,
        Op::Box { .. } => None,
    }
}

fn draw(op: &Op, faces: &Faces, surface: &mut Surface) {
    match op {
        Op::Text { x, y, size, weight, ink, text, .. } => {
            let face = faces.get(*weight);
            surface.set_fill(Some(fill(*ink)));
            surface.draw_glyphs(
                Point::from_xy(*x, *y),
                &face.glyphs(text),
                face.font.clone(),
                text,
                *size,
                false,
            );
        }
        Op::Box { x, y, width, height, ink } => {
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) {
                path.push_rect(rect);
            }
            if let Some(path) = path.finish() {
                surface.set_fill(Some(fill(*ink)));
                surface.draw_path(&path);
            }
        }
    }
}

fn fill(ink: Ink) -> Fill {
    let (r, g, b) = match ink {
        Ink::Text => (0x1A, 0x1A, 0x1A),
        Ink::Muted => (0x45, 0x52, 0x5E),
        Ink::White => (0xFF, 0xFF, 0xFF),
        Ink::Primary | Ink::Band => (0x00, 0x4D, 0x99),
        Ink::Stripe => (0xE6, 0xEC, 0xF2),
        Ink::Line => (0xB1, 0xBC, 0xC9),
    };
    Fill { paint: rgb::Color::new(r, g, b).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}

/// Takes the pieces of a leaf; each has one parent.
fn pieces(leaves: &mut [Vec<Identifier>], leaf: usize) -> Vec<Node> {
    let taken = leaves.get_mut(leaf).map(std::mem::take).unwrap_or_default();
    taken.into_iter().map(Node::Leaf).collect()
}

fn group(branch: Branch, leaves: &mut [Vec<Identifier>]) -> TagGroup {
    let mut one = |kind: TagKind, leaf| TagGroup::with_children(kind, pieces(leaves, leaf));
    match branch {
        Branch::Heading(level, title, leaf) => {
            let level = NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
            one(Tag::Hn(level, Some(title)).into(), leaf)
        }
        Branch::Paragraph(leaf) => one(Tag::P.into(), leaf),
        Branch::List(items) => {
            let mut list = TagGroup::new(Tag::L(ListNumbering::Disc));
            for (label, body) in items {
                let mut item = TagGroup::new(Tag::LI);
                item.push(one(Tag::Lbl.into(), label));
                item.push(one(Tag::LBody.into(), body));
                list.push(item);
            }
            list
        }
        Branch::Table { head, rows } => {
            let mut table = TagGroup::new(Tag::Table);
            let mut titles = TagGroup::new(Tag::TR);
            for leaf in head {
                titles.push(one(Tag::TH(TableHeaderScope::Column).into(), leaf));
            }
            table.push(TagGroup::with_children(Tag::THead, vec![titles.into()]));
            let mut body = TagGroup::new(Tag::TBody);
            for row in rows {
                let mut line = TagGroup::new(Tag::TR);
                for leaf in row {
                    line.push(one(Tag::TD.into(), leaf));
                }
                body.push(line);
            }
            if !body.children.is_empty() {
                table.push(body);
            }
            table
        }
    }
}
