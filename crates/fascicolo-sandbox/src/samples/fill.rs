//! Fills the holes of a fixture's texts: dates that follow the document's, and numbers that follow its seed.
//!
//! `{{name}}` a variable · `{{name,}}` the same with a comma instead of a point · `{{=1.2:3.4}}` a number between
//! two, with as many decimals · `{{name=1.2:3.4}}` the same, remembered and shown with a comma · `{{data-30}}` a day as
//! 21/05/2026, `{{ts-30}}` an HL7 timestamp, both counted in days from the document · `{{fuori name low high}}` an
//! asterisk when the number is outside two others.

use std::collections::BTreeMap;

use fascicolo_domain::Fault;
use fascicolo_domain::time::rome;
use jiff::civil::DateTime;
use jiff::{Timestamp, ToSpan as _};

/// Numbers that repeat: SplitMix64.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// One of several; `None` of none.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(from.len()).ok().filter(|n| *n > 0)?;
        from.get(usize::try_from(self.next() % count).ok()?)
    }
}

pub(super) struct Filler {
    pub(super) chance: Chance,
    pub(super) variables: BTreeMap<String, String>,
    issued: DateTime,
    offset: String,
}

impl Filler {
    pub(super) fn new(seed: u64, issued_at: Timestamp) -> Self {
        let zoned = issued_at.to_zoned(rome());
        Self {
            chance: Chance::new(seed),
            variables: BTreeMap::new(),
            issued: zoned.datetime(),
            offset: zoned.strftime("%z").to_string(),
        }
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.insert(name.to_owned(), value.into());
    }

    /// The text with its holes filled.
    pub(super) fn text(&mut self, text: &str) -> Result<String, Fault> {
        self.filled(text, str::to_owned)
    }

    /// The markup with its holes filled, what fills them escaped.
    pub(super) fn markup(&mut self, markup: &str) -> Result<String, Fault> {
        self.filled(markup, escaped)
    }

    /// An HL7 timestamp, so many days from the document's.
    pub(super) fn timestamp(&self, days: i64) -> String {
        format!("{}{}", self.at(days).strftime("%Y%m%d%H%M%S"), self.offset)
    }

    /// A day as people write it.
    pub(super) fn day(&self, days: i64) -> String {
        self.at(days).strftime("%d/%m/%Y").to_string()
    }

    fn at(&self, days: i64) -> DateTime {
        self.issued.saturating_add(days.days())
    }

    fn filled(&mut self, text: &str, write: fn(&str) -> String) -> Result<String, Fault> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (hole, after) =
                after.split_once("}}").ok_or_else(|| Fault::bare("an open hole in a fixture"))?;
            let value = self.value(hole.trim()).ok_or_else(|| unknown(hole))?;
            out.push_str(before);
            out.push_str(&write(&value));
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn value(&mut self, hole: &str) -> Option<String> {
        if let Some((name, range)) = hole.split_once('=') {
            let value = self.number(range)?;
            if name.is_empty() {
                return Some(value);
            }
            self.set(name, value.clone());
            return Some(value.replace('.', ","));
        }
        if let Some(rest) = hole.strip_prefix("fuori ") {
            return self.mark(rest);
        }
        if let Some(value) = self.variables.get(hole) {
            return Some(value.clone());
        }
        if let Some(value) = hole.strip_suffix(',').and_then(|name| self.variables.get(name)) {
            return Some(value.replace('.', ","));
        }
        let days = |prefix: &str| {
            let rest = hole.strip_prefix(prefix)?;
            if rest.is_empty() { Some(0) } else { rest.parse::<i64>().ok() }
        };
        days("data").map(|n| self.day(n)).or_else(|| days("ts").map(|n| self.timestamp(n)))
    }

    /// A number from a range, as text with a point.
    fn number(&mut self, range: &str) -> Option<String> {
        let (low, high) = range.split_once(':')?;
        let decimals = low.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let scale = 10_u64.checked_pow(u32::try_from(decimals).ok()?)?;
        let whole = |text: &str| text.replace('.', "").parse::<u64>().ok();
        let (low, high) = (whole(low)?, whole(high)?);
        let value = low + self.chance.next() % (high.checked_sub(low)? + 1);
        Some(match decimals {
            0 => value.to_string(),
            _ => format!("{}.{:0decimals$}", value / scale, value % scale),
        })
    }

    fn mark(&self, rest: &str) -> Option<String> {
        let mut parts = rest.split_whitespace().map(|name| self.variables.get(name)?.parse::<f64>().ok());
        let (value, low, high) = (parts.next()??, parts.next()??, parts.next()??);
        Some(if (low..=high).contains(&value) { "" } else { "*" }.to_owned())
    }
}

fn unknown(hole: &str) -> Fault {
    Fault::new("filling a fixture", std::io::Error::other(hole.to_owned()))
}

/// Text as XML writes it, in elements and in attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filler() -> Filler {
        Filler::new(7, "2026-05-21T08:00:00Z".parse().unwrap())
    }

    #[test]
    fn dates_numbers_and_marks_are_filled() {
        let mut filler = filler();
        assert_eq!(filler.text("il {{data-30}}").unwrap(), "il 21/04/2026");
        assert_eq!(filler.text("{{ts+1}}").unwrap(), "20260522100000+0200");
        let shown = filler.text("{{hb=11.5:17.9}}").unwrap();
        assert!(shown.contains(',') && shown == filler.text("{{hb,}}").unwrap(), "{shown}");
        assert_eq!(filler.text("{{hb}}").unwrap(), shown.replace(',', "."));
        for (name, value) in [("nought", "0"), ("one", "1"), ("hundred", "100")] {
            filler.set(name, value);
        }
        assert_eq!(filler.text("{{fuori hb nought one}}{{fuori hb nought hundred}}").unwrap(), "*");
        filler.set("nome", "Anna & C.");
        assert_eq!(filler.markup("<a b=\"{{nome}}\"/>").unwrap(), "<a b=\"Anna &amp; C.\"/>");
    }

    #[test]
    fn a_hole_that_nothing_fills_is_a_fault() {
        for text in ["{{chi}}", "{{data", "{{x=3}}", "{{x=5:3}}", "{{fuori x y z}}"] {
            assert!(filler().text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let text = "{{a=0:999999}} {{b=0.00:9.99}}";
        assert_eq!(filler().text(text).unwrap(), filler().text(text).unwrap());
    }
}
