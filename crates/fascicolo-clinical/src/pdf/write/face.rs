//! The two faces of Titillium Web that the pages are set in: which glyph a character has, how wide it is.

use std::collections::HashMap;
use std::sync::OnceLock;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::MetadataProvider as _;
use skrifa::instance::{LocationRef, Size};

use super::WriteError;

static REGULAR: &[u8] = include_bytes!("../../../fonts/TitilliumWeb-Regular.ttf");
static STRONG: &[u8] = include_bytes!("../../../fonts/TitilliumWeb-SemiBold.ttf");

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Weight {
    Regular,
    Strong,
}

pub(super) struct Faces {
    regular: Face,
    strong: Face,
}

pub(super) struct Face {
    pub(super) font: Font,
    /// Glyph and advance, the latter in parts of the size.
    glyphs: HashMap<char, (u32, f32)>,
}

/// The faces, read once.
pub(super) fn faces() -> Result<&'static Faces, WriteError> {
    static FACES: OnceLock<Option<Faces>> = OnceLock::new();
    let read = || Some(Faces { regular: Face::read(REGULAR)?, strong: Face::read(STRONG)? });
    FACES.get_or_init(read).as_ref().ok_or(WriteError::Font)
}

impl Faces {
    pub(super) fn get(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Strong => &self.strong,
        }
    }
}

impl Face {
    fn read(bytes: &'static [u8]) -> Option<Self> {
        let font = Font::new(bytes.to_vec().into(), 0)?;
        let tables = skrifa::FontRef::new(bytes).ok()?;
        let metrics = tables.glyph_metrics(Size::unscaled(), LocationRef::default());
        let mut glyphs = HashMap::new();
        for (code, glyph) in tables.charmap().mappings() {
            let width = metrics.advance_width(glyph)? / font.units_per_em();
            glyphs.insert(char::from_u32(code)?, (glyph.to_u32(), width));
        }
        Some(Self { font, glyphs })
    }

    /// The text in characters that the face has.
    pub(super) fn printable(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\u{A0}' | '\u{202F}' => out.push('\u{A0}'),
                c if self.glyphs.contains_key(&c) && c != '\u{AD}' => out.push(c),
                c if c.is_whitespace() => out.push(' '),
                c if c.is_control() || c == '\u{AD}' => {}
                other => out.push_str(spelled(other)),
            }
        }
        out
    }

    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        let advance = |c| self.glyphs.get(&c).map_or(0.0, |(_, width)| *width);
        text.chars().map(advance).sum::<f32>() * size
    }

    pub(super) fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        text.char_indices()
            .filter_map(|(at, c)| {
                let (glyph, width) = *self.glyphs.get(&c)?;
                let range = at..at + c.len_utf8();
                Some(KrillaGlyph::new(GlyphId::new(glyph), width, 0.0, 0.0, 0.0, range, None))
            })
            .collect()
    }
}

/// What stands for a character that the faces lack.
fn spelled(c: char) -> &'static str {
    match c {
        'α' => "alfa",
        'β' => "beta",
        'γ' => "gamma",
        'μ' => "µ",
        '→' => "->",
        '←' => "<-",
        _ => "?",
    }
}
