//! The objects of a PDF file (ISO 32000-1, 7.3), parsed within a depth and a number of parts.

use std::collections::BTreeMap;

use crate::Refused;

const MAX_DEPTH: usize = 48;
/// Of a number without sign; a longer run is none, and is not read to its end.
const MAX_DIGITS: usize = 20;
/// Parts of one indirect object.
const MAX_PARTS: usize = 200_000;

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Object {
    Null,
    Bool(bool),
    Integer(i64),
    Real(f64),
    /// A text string, as its bytes.
    Text(Vec<u8>),
    Name(Vec<u8>),
    Array(Vec<Self>),
    Dictionary(Dictionary),
    Reference(u32),
}

/// Keys in order, so that what we write is the same each time.
#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct Dictionary(pub(super) BTreeMap<Vec<u8>, Object>);

impl Dictionary {
    pub(super) fn get(&self, key: &str) -> &Object {
        self.0.get(key.as_bytes()).unwrap_or(&Object::Null)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key.as_bytes())
    }

    pub(super) fn is_type(&self, name: &str) -> bool {
        matches!(self.get("Type"), Object::Name(n) if n == name.as_bytes())
    }
}

impl Object {
    pub(super) fn integer(&self) -> Option<usize> {
        match self {
            Self::Integer(value) => usize::try_from(*value).ok(),
            _ => None,
        }
    }

    pub(super) fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }
}

/// Reads one thing after the other from `bytes`, from `at` on.
pub(super) struct Parser<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    start: usize,
    /// Bytes looked at beyond `at`, in vain.
    ahead: usize,
    parts: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, start: at, ahead: 0, parts: 0 }
    }

    /// How many bytes were looked at: what reading is to be paid for.
    pub(super) fn cost(&self) -> usize {
        self.at.saturating_sub(self.start).saturating_add(self.ahead)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// White space and comments.
    pub(super) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if is_space(byte) {
                self.at += 1;
            } else if byte == b'%' {
                let line = self.rest().iter().position(|b| matches!(b, b'\r' | b'\n'));
                self.at += line.unwrap_or_else(|| self.rest().len());
            } else {
                break;
            }
        }
    }

    /// Takes a keyword when it stands next.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        self.skip_space();
        let rest = self.rest();
        let found = rest.starts_with(word.as_bytes()) && rest.get(word.len()).is_none_or(|b| !is_regular(*b));
        if found {
            self.at += word.len();
        }
        found
    }

    /// An unsigned number, when one stands next.
    pub(super) fn unsigned(&mut self) -> Option<usize> {
        self.skip_space();
        let digits = self.rest().iter().take(MAX_DIGITS + 1).take_while(|b| b.is_ascii_digit()).count();
        if digits > MAX_DIGITS {
            return None;
        }
        let text = std::str::from_utf8(self.rest().get(..digits)?).ok()?;
        let number = text.parse().ok()?;
        self.at += digits;
        Some(number)
    }

    /// The next object; [`Refused::PdfStructure`] where none stands.
    pub(super) fn object(&mut self) -> Result<Object, Refused> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Result<Object, Refused> {
        self.parts += 1;
        if depth > MAX_DEPTH || self.parts > MAX_PARTS {
            return Err(Refused::TooComplex);
        }
        self.skip_space();
        let second = self.rest().get(1).copied();
        match (self.peek(), second) {
            (Some(b'<'), Some(b'<')) => self.dictionary(depth),
            (Some(b'<'), _) => self.hexadecimal(),
            (Some(b'('), _) => self.literal(),
            (Some(b'['), _) => self.array(depth),
            (Some(b'/'), _) => Ok(Object::Name(self.name())),
            (Some(b'0'..=b'9' | b'+' | b'-' | b'.'), _) => self.number(),
            _ if self.keyword("true") => Ok(Object::Bool(true)),
            _ if self.keyword("false") => Ok(Object::Bool(false)),
            _ if self.keyword("null") => Ok(Object::Null),
            _ => Err(Refused::PdfStructure),
        }
    }

    fn dictionary(&mut self, depth: usize) -> Result<Object, Refused> {
        self.at += 2;
        let mut entries = BTreeMap::new();
        loop {
            self.skip_space();
            match self.peek() {
                Some(b'/') => {
                    let key = self.name();
                    let value = self.nested(depth + 1)?;
                    entries.entry(key).or_insert(value);
                }
                Some(b'>') if self.rest().starts_with(b">>") => {
                    self.at += 2;
                    return Ok(Object::Dictionary(Dictionary(entries)));
                }
                _ => return Err(Refused::PdfStructure),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Object, Refused> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(Object::Array(items));
            }
            items.push(self.nested(depth + 1)?);
        }
    }

    fn name(&mut self) -> Vec<u8> {
        self.at += 1;
        let length = self.rest().iter().take_while(|b| is_regular(**b)).count();
        let raw = self.rest().get(..length).unwrap_or_default();
        self.at += length;
        let mut name = Vec::with_capacity(raw.len());
        let mut left = raw;
        while let [byte, ahead @ ..] = left {
            left = ahead;
            match (byte, ahead) {
                (b'#', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    name.push(hex(*high) * 16 + hex(*low));
                    left = after;
                }
                _ => name.push(*byte),
            }
        }
        name
    }

    /// A number, or a reference when `N G R` stands there.
    fn number(&mut self) -> Result<Object, Refused> {
        let length = self.rest().iter().take_while(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.')).count();
        let text = std::str::from_utf8(self.rest().get(..length).unwrap_or_default()).unwrap_or_default();
        self.at += length;
        if let Ok(number) = text.parse::<i64>() {
            let referred = u32::try_from(number).ok().filter(|_| self.takes_reference());
            return Ok(referred.map_or(Object::Integer(number), Object::Reference));
        }
        text.parse().map(Object::Real).map_err(|_| Refused::PdfStructure)
    }

    /// After a number: whether a generation and `R` follow, which are then taken.
    fn takes_reference(&mut self) -> bool {
        let before = self.at;
        let follows = self.peek().is_some_and(is_space)
            && self.unsigned().is_some_and(|generation| generation <= 65_535)
            && self.keyword("R");
        if !follows {
            self.ahead += self.at - before;
            self.at = before;
        }
        follows
    }

    fn hexadecimal(&mut self) -> Result<Object, Refused> {
        self.at += 1;
        let Some(end) = self.rest().iter().position(|b| *b == b'>') else {
            self.ahead += self.rest().len();
            return Err(Refused::PdfStructure);
        };
        let digits = self.rest().get(..end).unwrap_or_default();
        self.at += end + 1;
        Ok(Object::Text(from_hex(digits).ok_or(Refused::PdfStructure)?))
    }

    fn literal(&mut self) -> Result<Object, Refused> {
        self.at += 1;
        let (mut text, mut open) = (Vec::new(), 1_usize);
        loop {
            let byte = self.peek().ok_or(Refused::PdfStructure)?;
            self.at += 1;
            match byte {
                b'\\' => self.escaped(&mut text)?,
                b'(' => {
                    open += 1;
                    text.push(byte);
                }
                b')' => {
                    open -= 1;
                    if open == 0 {
                        return Ok(Object::Text(text));
                    }
                    text.push(byte);
                }
                _ => text.push(byte),
            }
        }
    }

    fn escaped(&mut self, text: &mut Vec<u8>) -> Result<(), Refused> {
        let byte = self.peek().ok_or(Refused::PdfStructure)?;
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\n' => {}
            b'\r' => self.at += usize::from(self.peek() == Some(b'\n')),
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    if let Some(digit @ b'0'..=b'7') = self.peek() {
                        value = value * 8 + u32::from(digit - b'0');
                        self.at += 1;
                    }
                }
                text.push(u8::try_from(value & 0xFF).unwrap_or_default());
            }
            other => text.push(other),
        }
        Ok(())
    }
}

/// Hexadecimal digits with blanks between; an odd last digit is followed by 0.
pub(super) fn from_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    let mut high = None;
    for &digit in digits.iter().filter(|b| !is_space(**b)) {
        if !digit.is_ascii_hexdigit() {
            return None;
        }
        match high.take() {
            None => high = Some(hex(digit)),
            Some(high) => bytes.push(high * 16 + hex(digit)),
        }
    }
    bytes.extend(high.map(|high| high * 16));
    Some(bytes)
}

fn hex(digit: u8) -> u8 {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok()).unwrap_or_default()
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Object, Refused> {
        Parser::new(text.as_bytes(), 0).object()
    }

    #[test]
    fn each_kind_of_object_is_read() {
        let text = |bytes: &[u8]| Object::Text(bytes.to_vec());
        let cases = [
            (" null", Object::Null),
            ("true", Object::Bool(true)),
            ("-12", Object::Integer(-12)),
            ("+.5", Object::Real(0.5)),
            ("12 0 R", Object::Reference(12)),
            ("12 0 Rx", Object::Integer(12)),
            ("12 99999 R", Object::Integer(12)),
            ("/A#42 ", Object::Name(b"AB".to_vec())),
            ("<4 1 4>", text(b"A@")),
            (
                r"(a\(b(c)\)\101\
\n)",
                text(b"a(b(c))A\n"),
            ),
            (
                "% comment\n[1 2 0 R(x)]",
                Object::Array(vec![Object::Integer(1), Object::Reference(2), text(b"x")]),
            ),
        ];
        for (input, object) in cases {
            assert_eq!(parse(input), Ok(object), "{input}");
        }
        let Ok(Object::Dictionary(dictionary)) = parse("<</Type/Sig/N<</K 3>>/N 5>>") else {
            panic!("no dictionary");
        };
        assert!(dictionary.is_type("Sig") && matches!(dictionary.get("N"), Object::Dictionary(_)));
    }

    #[test]
    fn what_is_cut_off_or_foreign_is_refused() {
        for text in ["", "[1", "<</A", "<</A 1", "<4g>", "<41", "(a", "(a\\", "x", "--1", "<<1 2>>", ">>"] {
            assert_eq!(parse(text), Err(Refused::PdfStructure), "{text}");
        }
    }

    #[test]
    fn depth_and_parts_have_limits() {
        assert!(parse(&format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH))).is_ok());
        assert_eq!(parse(&"[".repeat(1_000_000)), Err(Refused::TooComplex));
        assert_eq!(parse(&"<</A".repeat(1_000_000)), Err(Refused::TooComplex));
        assert_eq!(parse(&format!("[{}]", "1 ".repeat(MAX_PARTS))), Err(Refused::TooComplex));
        assert!(parse(&"(".repeat(1_000_000)).is_err());
    }

    #[test]
    fn all_that_is_looked_at_has_its_cost() {
        let blanks = " ".repeat(1_000);
        for text in [
            format!("({blanks}"),
            format!("<{blanks}"),
            format!("%{blanks}"),
            format!("1 %{blanks}"),
            format!("1 0 {blanks}"),
            format!("[1 {blanks}"),
            format!("<</A 1 {blanks}"),
            format!("{blanks}x"),
        ] {
            let mut parser = Parser::new(text.as_bytes(), 0);
            let _ = parser.object();
            assert!((1_000..3_000).contains(&parser.cost()), "{}", parser.cost());
        }
        // a number has few digits: a longer run is not read
        let digits = "1".repeat(1_000);
        let mut parser = Parser::new(digits.as_bytes(), 0);
        assert_eq!((parser.unsigned(), parser.cost()), (None, 0));
    }

    #[test]
    fn numbers_without_sign_have_at_most_twenty_digits() {
        let read = |text: &str| Parser::new(text.as_bytes(), 0).unsigned();
        assert_eq!(read("00000000000000000012"), Some(12));
        assert_eq!(read("18446744073709551615 "), Some(usize::MAX));
        assert_eq!(read("18446744073709551616"), None);
        assert_eq!(read("000000000000000000012"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes: Vec<u8>) {
            let _ = Parser::new(&bytes, 0).object();
        }

        #[test]
        fn any_syntax_gets_an_answer(text in "[<>\\[\\]()/\\\\%#0-9R .+\\-a-f]{0,60}") {
            let _ = parse(&text);
        }
    }
}
