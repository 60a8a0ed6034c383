//! PDF files put together by hand, so that a test can break one thing.

/// Where the numbers of a byte range come, all of the same length.
const RANGE: &str = "[0 0000000000 0000000000 0000000000]";
/// A form whose only field is a signature, object 7.
pub(crate) const FORM: &str = "/AcroForm<</Fields[6 0 R]/SigFlags 3>>";
const FIELD: &str = "<</FT/Sig/T(Firma)/V 7 0 R>>";
pub(crate) const CADES: &str = "ETSI.CAdES.detached";

/// A file in the making.
pub(crate) struct Raw {
    pub(crate) out: Vec<u8>,
    offsets: Vec<(u32, usize)>,
    previous: Option<usize>,
}

impl Raw {
    pub(crate) fn new() -> Self {
        Self { out: b"%PDF-1.7\n".to_vec(), offsets: Vec::new(), previous: None }
    }

    /// Object 1, a catalog with `more` in it, and object 2, its empty tree of pages.
    pub(crate) fn with_catalog(more: &str) -> Self {
        Self::new()
            .object(1, &format!("<</Type/Catalog/Pages 2 0 R{more}>>"))
            .object(2, "<</Type/Pages/Kids[]/Count 0>>")
    }

    /// Goes on after the end of a finished file.
    pub(crate) fn after(file: &[u8]) -> Self {
        let at = file.windows(9).rposition(|w| w == b"startxref").unwrap() + 10;
        let digits: String =
            file[at..].iter().take_while(|b| b.is_ascii_digit()).map(|b| char::from(*b)).collect();
        Self { out: file.to_vec(), offsets: Vec::new(), previous: digits.parse().ok() }
    }

    pub(crate) fn object(mut self, number: u32, body: &str) -> Self {
        self.offsets.push((number, self.out.len()));
        self.out.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
        self
    }

    pub(crate) fn stream(self, number: u32, dictionary: &str, data: &[u8]) -> Self {
        let dictionary = format!("{dictionary}/Length {}", data.len());
        self.stream_without_length(number, &dictionary, data)
    }

    pub(crate) fn stream_without_length(mut self, number: u32, dictionary: &str, data: &[u8]) -> Self {
        self.offsets.push((number, self.out.len()));
        self.out.extend_from_slice(format!("{number} 0 obj\n<<{dictionary}>>\nstream\n").as_bytes());
        self.out.extend_from_slice(data);
        self.out.extend_from_slice(b"\nendstream\nendobj\n");
        self
    }

    /// Leaves the objects so far out of the table.
    pub(crate) fn unlisted(self) -> Self {
        Self { offsets: Vec::new(), ..self }
    }

    /// Bytes that are no object.
    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.out.extend_from_slice(bytes);
        self
    }

    /// The table of objects, and the trailer, whose root is object 1.
    pub(crate) fn finish(self, trailer: &str) -> Vec<u8> {
        let at = self.out.len();
        self.table(trailer, at)
    }

    /// The table and trailer with another place said to be that of the table.
    pub(crate) fn table(mut self, trailer: &str, at: usize) -> Vec<u8> {
        let mut table = "xref\n".to_owned();
        for (number, offset) in &self.offsets {
            table += &format!("{number} 1\n{offset:010} 00000 n \n");
        }
        let previous = self.previous.map(|at| format!("/Prev {at}")).unwrap_or_default();
        table += &format!("trailer\n<</Size 100/Root 1 0 R{previous}{trailer}>>\nstartxref\n{at}\n%%EOF\n");
        self.out.extend_from_slice(table.as_bytes());
        self.out
    }

    /// Objects 6 and 7, a signature of that kind with room for its CMS, and the table.
    pub(crate) fn signable(self, format: &str, room: usize) -> Vec<u8> {
        let hole = "0".repeat(room * 2);
        let made = "/M(D:20260521103000+02'00')";
        let value = format!("<</Type/Sig/SubFilter/{format}{made}/ByteRange{RANGE}/Contents<{hole}>>>");
        self.object(6, FIELD).object(7, &value).finish("")
    }
}

/// A range for a hole at `start..end` with `rest` bytes after it.
pub(crate) type Range = fn(i64, i64, i64) -> [i64; 4];

pub(crate) const WHOLE: Range = |start, end, rest| [0, start, end, rest];

/// Signs what [`Raw::signable`] left room for: the bytes around the hole become its CMS.
pub(crate) fn fill(file: Vec<u8>, cms: impl FnOnce(&[&[u8]]) -> Vec<u8>) -> Vec<u8> {
    fill_ranged(file, WHOLE, cms)
}

/// The same with another range; what does not exist is signed as nothing.
pub(crate) fn fill_ranged(mut file: Vec<u8>, range: Range, cms: impl FnOnce(&[&[u8]]) -> Vec<u8>) -> Vec<u8> {
    let find = |what: &[u8]| file.windows(what.len()).rposition(|w| w == what).unwrap();
    let (range_at, start) = (find(RANGE.as_bytes()), find(b"/Contents<") + "/Contents".len());
    let end = start + file[start..].iter().position(|b| *b == b'>').unwrap() + 1;
    let number = |n: usize| i64::try_from(n).unwrap();
    let range = range(number(start), number(end), number(file.len() - end));
    let text = format!("{range:?}").replace(',', "");
    assert!(text.len() <= RANGE.len());
    let text = format!("{text:<width$}", width = RANGE.len());
    file[range_at..range_at + text.len()].copy_from_slice(text.as_bytes());
    let [_, first, second, length] = range.map(|n| usize::try_from(n).unwrap_or_default());
    let before = file.get(..first).unwrap_or_default();
    let after = file.get(second..second.saturating_add(length)).unwrap_or_default();
    let hex: String = cms(&[before, after]).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(hex.len() <= end - start - 2, "room for {} digits", hex.len());
    file[start + 1..start + 1 + hex.len()].copy_from_slice(hex.as_bytes());
    file
}
