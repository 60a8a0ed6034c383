//! PDF files that are read, and twins with one thing wrong that are refused for it.

use std::io::Write as _;

use fascicolo_clinical::Refused;
use fascicolo_clinical::pdf::{self, MAX_BYTES, TrustAnchors};
use fascicolo_domain::documents::Signature;
use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::keys::authority;
use crate::raw::Raw;
use crate::sealing::{plain, sealed};

const NAMED: &str = "/Names<</EmbeddedFiles<</Names[(cda.xml) 3 0 R]>>>>";
const SPEC: &str = "<</Type/Filespec/F(cda.xml)/EF<</F 4 0 R>>>>";
const XML: &[u8] = b"<ClinicalDocument/>";
const MEBIBYTE: usize = 1024 * 1024;

fn read(pdf: &[u8]) -> Result<Option<Vec<u8>>, Refused> {
    pdf::read(pdf, &TrustAnchors::none()).map(|facts| facts.cda)
}

fn found(pdf: &[u8]) -> bool {
    read(pdf) == Ok(Some(XML.to_vec()))
}

fn refusal(pdf: &[u8]) -> Option<Refused> {
    read(pdf).err()
}

fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A file whose attachment is object 4.
fn attached() -> Raw {
    Raw::with_catalog(NAMED).object(3, SPEC)
}

fn good() -> Vec<u8> {
    attached().stream(4, "", XML).finish("")
}

#[test]
fn a_pdf_with_its_attachment_is_read() {
    assert!(found(&good()));
    let facts = pdf::read(&good(), &TrustAnchors::none()).unwrap();
    assert!(matches!(facts.signature, Signature::NotSigned) && facts.flaw.is_none());
}

#[test]
fn a_pdf_starts_within_its_first_kibibyte_and_offsets_count_from_there() {
    let after = |garbage: usize| [vec![b'x'; garbage], good()].concat();
    assert!(found(&after(1_019)));
    assert_eq!(refusal(&after(1_020)), Some(Refused::NotPdf));
    for bytes in [&b""[..], b"%PDF", b"<html>", b"PK\x03\x04", &good()[1..]] {
        assert_eq!(refusal(bytes), Some(Refused::NotPdf));
    }
}

#[test]
fn a_pdf_has_a_largest_size() {
    let sized = |size: usize| {
        let bare = attached().stream(4, "", XML).finish("").len();
        attached().bytes(&vec![b'\n'; size - bare]).stream(4, "", XML).finish("")
    };
    // the numbers grow no longer: offsets have ten digits, `startxref` is filled up
    let largest = sized(MAX_BYTES - 8);
    let fill = MAX_BYTES - largest.len();
    assert!(found(&[largest.clone(), vec![b'\n'; fill]].concat()));
    assert_eq!(refusal(&[largest, vec![b'\n'; fill + 1]].concat()), Some(Refused::TooLarge));
}

#[test]
fn an_encrypted_pdf_is_refused_for_that() {
    let pdf = |trailer: &str| attached().stream(4, "", XML).object(8, "<</Filter/Standard>>").finish(trailer);
    assert!(found(&pdf("")));
    assert_eq!(refusal(&pdf("/Encrypt 8 0 R")), Some(Refused::PdfEncrypted));
    let crypt = |filter: &str| attached().stream(4, filter, XML).finish("");
    assert!(found(&crypt("/Filter[]")));
    assert_eq!(refusal(&crypt("/Filter/Crypt")), Some(Refused::PdfEncrypted));
}

#[test]
fn a_pdf_needs_a_catalog_with_pages() {
    let with = |catalog: &str| refusal(&Raw::new().object(1, catalog).finish(""));
    assert_eq!(with("<</Type/Catalog/Pages 2 0 R>>"), None);
    for catalog in ["<</Type/Catalog>>", "null", "[]", "2 0 R", "1 0 R", "<</Pages"] {
        assert_eq!(with(catalog), Some(Refused::PdfStructure), "{catalog}");
    }
    assert_eq!(refusal(b"%PDF-1.7\n"), Some(Refused::PdfStructure));
    assert_eq!(refusal(b"%PDF-1.7\nstartxref\n0\n%%EOF"), Some(Refused::PdfStructure));
}

#[test]
fn damaged_cross_references_are_made_up_for_by_a_search() {
    let good = good();
    let text = |pdf: &[u8], from: &str, to: &str| {
        let at = pdf.windows(from.len()).rposition(|w| w == from.as_bytes()).unwrap();
        [&pdf[..at], to.as_bytes(), &pdf[at + from.len()..]].concat()
    };
    for damaged in [
        text(&good, "startxref", "startyref"),
        text(&good, "xref\n1 1", "yref\n1 1"),
        text(&good, "00000 n", "00000 x"),
        text(&good, "0000000009", "0000000019"),
        attached().stream(4, "", XML).table("", 99_999_999_999),
        attached().stream(4, "", XML).table("", 3),
    ] {
        assert!(found(&damaged));
    }
    // the last one of each number counts
    let twice = attached().stream(4, "", b"old").stream(4, "", XML);
    assert!(found(&text(&twice.finish(""), "startxref", "startyref")));
    assert_eq!(refusal(&text(&text(&good, "startxref", "x"), "trailer", "x")), Some(Refused::PdfStructure));
}

/// A file and updates that change nothing; the oldest says to follow what `oldest` makes of the newest's place.
fn revisions(count: usize, oldest: impl Fn(usize) -> Option<usize>) -> Vec<u8> {
    let made = |previous: &str| {
        let mut pdf = attached().stream(4, "", XML).finish(previous);
        for _ in 1..count {
            pdf = Raw::after(&pdf).object(9, "null").finish("");
        }
        pdf
    };
    let pdf = made("/Prev 0000000000");
    let newest = pdf.windows(5).rposition(|w| w == b"\nxref").unwrap() + 1;
    made(&oldest(newest).map(|at| format!("/Prev {at:010}")).unwrap_or_else(|| "         ".to_owned()))
}

#[test]
fn revisions_are_followed_within_a_limit_and_never_in_circles() {
    assert!(found(&revisions(1, |_| None)));
    assert!(found(&revisions(256, |_| None)));
    assert_eq!(refusal(&revisions(257, |_| None)), Some(Refused::TooComplex));
    assert_eq!(refusal(&revisions(1, Some)), Some(Refused::TooComplex), "itself");
    assert_eq!(refusal(&revisions(2, Some)), Some(Refused::TooComplex), "each other");
    assert_eq!(refusal(&revisions(5, Some)), Some(Refused::TooComplex), "in a ring");
}

#[test]
fn the_newest_revision_of_an_object_counts() {
    let old = attached().stream(4, "", b"old").finish("");
    assert!(found(&Raw::after(&old).stream(4, "", XML).finish("")));
    let none = Raw::after(&good()).object(1, "<</Type/Catalog/Pages 2 0 R>>").finish("");
    assert_eq!(read(&none), Ok(None));
}

/// A cross-reference stream as object `number`: rows of kind, four bytes and one byte.
fn with_xref_stream(raw: Raw, number: u32, rows: &[(u32, u8, u32)], more: &str) -> Vec<u8> {
    let at = raw.out.len();
    let mut data = Vec::new();
    let mut index = String::new();
    for (object, kind, place) in rows {
        index += &format!("{object} 1 ");
        data.push(*kind);
        data.extend_from_slice(&place.to_be_bytes());
        data.push(0);
    }
    let dictionary = format!("/Type/XRef/W[1 4 1]/Index[{index}]/Size 100/Root 1 0 R{more}");
    raw.stream(number, &dictionary, &data).bytes(format!("startxref\n{at}\n%%EOF\n").as_bytes()).out
}

/// A file whose catalog and attachment's specification stand in the object stream 10, which `container` writes.
fn compressed(container: impl FnOnce(Raw, &str, &str) -> Raw, entry: (u8, u32)) -> Vec<u8> {
    let catalog = format!("<</Type/Catalog/Pages 2 0 R{NAMED}>> ");
    let index = format!("1 0 3 {} ", catalog.len());
    let raw = Raw::new().object(2, "<</Type/Pages/Kids[]/Count 0>>");
    let attachment = raw.out.len();
    let raw = raw.stream(4, "", XML);
    let own = raw.out.len();
    let raw = container(raw, &index, &format!("{index}{catalog}{SPEC}"));
    let place = |at: usize| u32::try_from(at).unwrap();
    let (kind, at) = if entry.0 == 1 { (1, place(own)) } else { entry };
    let rows = [(1, 2, 10), (3, 2, 10), (4, 1, place(attachment)), (10, kind, at)];
    with_xref_stream(raw, 11, &rows, "")
}

#[test]
fn object_streams_are_read_but_not_from_within_each_other() {
    let container = |filter: &'static str, pack: fn(&[u8]) -> Vec<u8>| {
        move |raw: Raw, index: &str, content: &str| {
            let dictionary = format!("/Type/ObjStm/N 2/First {}{filter}", index.len());
            raw.stream(10, &dictionary, &pack(content.as_bytes()))
        }
    };
    assert!(found(&compressed(container("", <[u8]>::to_vec), (1, 0))));
    assert!(found(&compressed(container("/Filter/FlateDecode", deflated), (1, 0))));
    for inside in [10, 11] {
        let nested = compressed(container("", <[u8]>::to_vec), (2, inside));
        assert_eq!(refusal(&nested), Some(Refused::PdfStructure));
    }
}

#[test]
fn the_index_of_an_object_stream_has_limits() {
    let counted = |count: usize, first: &'static str| {
        move |raw: Raw, index: &str, content: &str| {
            let first = if first.is_empty() { index.len().to_string() } else { first.to_owned() };
            raw.stream(10, &format!("/Type/ObjStm/N {count}/First {first}"), content.as_bytes())
        }
    };
    assert!(found(&compressed(counted(100_000, ""), (1, 0))));
    assert_eq!(refusal(&compressed(counted(100_001, ""), (1, 0))), Some(Refused::TooComplex));
    for first in ["9223372036854775807", "-1", "/A"] {
        assert_eq!(refusal(&compressed(counted(2, first), (1, 0))), Some(Refused::PdfStructure), "{first}");
    }
    let far = |raw: Raw, _: &str, content: &str| {
        let index = "1 18446744073709551615 3 0 ";
        raw.stream(
            10,
            &format!("/Type/ObjStm/N 2/First {}", index.len()),
            format!("{index}{content}").as_bytes(),
        )
    };
    assert_eq!(refusal(&compressed(far, (1, 0))), Some(Refused::PdfStructure));
}

#[test]
fn what_an_attachment_expands_to_is_limited() {
    let sized =
        |size: usize| attached().stream(4, "/Filter/FlateDecode", &deflated(&vec![b' '; size])).finish("");
    assert!(read(&sized(12 * MEBIBYTE)).is_ok());
    assert_eq!(refusal(&sized(12 * MEBIBYTE + 1)), Some(Refused::Bomb));
    let twice = deflated(&deflated(&vec![b' '; 12 * MEBIBYTE + 1]));
    let chain = attached().stream(4, "/Filter[/FlateDecode/FlateDecode]", &twice).finish("");
    assert_eq!(refusal(&chain), Some(Refused::Bomb));
}

#[test]
fn rows_of_a_predictor_may_be_as_wide_as_they_say_without_cost() {
    let predicted = |parameters: &str| {
        let dictionary = format!("/Filter/FlateDecode/DecodeParms<</Predictor 12/{parameters}>>");
        read(&attached().stream(4, &dictionary, &deflated(&[b"\0", XML].concat())).finish(""))
    };
    assert_eq!(predicted("Columns 19"), Ok(Some(XML.to_vec())));
    // one unfinished row, 32 TiB wide
    let wide = predicted("Columns 65536/Colors 65536/BitsPerComponent 65536");
    assert_eq!(wide, Ok(Some(XML.to_vec())));
    for wrong in ["Columns 65537", "Columns 0", "Columns -1", "Columns/A"] {
        assert_eq!(predicted(wrong), Err(Refused::PdfStructure), "{wrong}");
    }
}

#[test]
fn filters_we_do_not_know_are_refused() {
    let filtered = |filter: &str, data: &[u8]| read(&attached().stream(4, filter, data).finish(""));
    assert_eq!(filtered("/Filter/ASCIIHexDecode", b"3c 61 2F3e>"), Ok(Some(b"<a/>".to_vec())));
    assert_eq!(filtered("/Filter/ASCIIHexDecode", b"3c 6x>"), Err(Refused::PdfStructure));
    assert_eq!(filtered("/Filter/FlateDecode", b"not deflated"), Err(Refused::PdfStructure));
    assert_eq!(filtered("/Filter/LZWDecode", XML), Err(Refused::PdfStructure));
    assert_eq!(filtered("/Filter 9", XML), Err(Refused::PdfStructure));
    let hex = |times: usize| format!("/Filter[{}]", "/AHx".repeat(times));
    assert_eq!(filtered(&hex(4), b""), Ok(Some(Vec::new())));
    assert_eq!(filtered(&hex(5), b""), Err(Refused::TooComplex));
}

#[test]
fn a_wrong_length_is_made_up_for_by_looking_for_the_end() {
    let lengthy = |length: &str| {
        attached()
            .stream_without_length(4, &format!("/Length {length}"), XML)
            .object(5, "19")
            .object(8, "8 0 R")
            .finish("")
    };
    for length in ["19", "5 0 R", "8 0 R", "4 0 R", "77 0 R", "0", "18", "-1", "21", "1.5", "null"] {
        assert!(found(&lengthy(length)), "{length}");
    }
    for length in ["9223372036854775807", "18446744073709551616", "4294967295"] {
        assert!(found(&lengthy(length)), "{length}");
    }
    let endless = attached().bytes(b"4 0 obj <</Length 5>> stream\nabc").out;
    assert!(!found(&endless));
}

#[test]
fn an_attachment_is_found_by_its_name_wherever_names_stand() {
    let with = |catalog: &str, more: &str| {
        let raw = Raw::with_catalog(catalog).object(3, SPEC).stream(4, "", XML).object(5, more);
        read(&raw.stream(8, "", b"other").object(9, "<</F(other.xml)/EF<</F 8 0 R>>>>").finish(""))
    };
    let cda = Ok(Some(XML.to_vec()));
    assert_eq!(with("", "null"), Ok(None));
    assert_eq!(with(NAMED, "null"), cda);
    assert_eq!(with("/AF[3 0 R]", "null"), cda);
    assert_eq!(with("/AF 5 0 R", "[9 0 R 3 0 R]"), cda);
    assert_eq!(with("/AF[9 0 R]", "null"), Ok(None));
    assert_eq!(with("/Names<</EmbeddedFiles 5 0 R>>", "<</Kids[<</Names[(x) 3 0 R]>>]>>"), cda);
    assert_eq!(with("/Names<</EmbeddedFiles 5 0 R>>", "<</Names[(a) 9 0 R(b) 3 0 R]>>"), cda);
    assert_eq!(with("/Names<</EmbeddedFiles 5 0 R>>", "<</Names[(a) 9 0 R(b)]>>"), Ok(None));
    assert_eq!(with("/Names<</EmbeddedFiles<</Names[(other.xml) 9 0 R]>>>>", "null"), Ok(None));
    // of two by that name the first counts, and the tree before the list
    assert_eq!(with("/Names<</EmbeddedFiles 5 0 R>>", "<</Names[(cda.xml) 3 0 R(CDA.XML) 9 0 R]>>"), cda);
    let other = Ok(Some(b"other".to_vec()));
    assert_eq!(with("/Names<</EmbeddedFiles 5 0 R>>/AF[3 0 R]", "<</Names[(cda.xml) 9 0 R]>>"), other);
}

#[test]
fn an_attachment_that_is_named_and_not_there_is_refused() {
    let with = |spec: &str| read(&Raw::with_catalog(NAMED).object(3, spec).stream(4, "", XML).finish(""));
    assert_eq!(with("<</EF<</F 4 0 R>>>>"), Ok(Some(XML.to_vec())));
    assert_eq!(with("<</EF<</UF 4 0 R>>>>"), Ok(Some(XML.to_vec())));
    assert_eq!(with("null"), Ok(None));
    for spec in [
        "<<>>",
        "<</EF 4>>",
        "<</EF<<>>>>",
        "<</EF<</F 77 0 R>>>>",
        "<</EF<</F 2 0 R>>>>",
        "<</EF<</F(x)>>>>",
    ] {
        assert_eq!(with(spec), Err(Refused::PdfStructure), "{spec}");
    }
}

#[test]
fn the_tree_of_names_has_limits() {
    let tree = |names: &str| {
        let catalog = "/Names<</EmbeddedFiles 5 0 R>>";
        read(&Raw::with_catalog(catalog).object(3, SPEC).stream(4, "", XML).object(5, names).finish(""))
    };
    let deep = |depth: usize| {
        tree(&format!("{}<</Names[(x) 3 0 R]>>{}", "<</Kids[".repeat(depth), "]>>".repeat(depth)))
    };
    assert_eq!(deep(16), Ok(Some(XML.to_vec())));
    assert_eq!(deep(17), Err(Refused::TooComplex));
    assert_eq!(tree("<</Kids[5 0 R]>>"), Err(Refused::TooComplex), "in a circle");
    let broad = |count: usize| tree(&format!("<</Names[{}(x) 3 0 R]>>", "(x) null ".repeat(count)));
    assert_eq!(broad(1_999), Ok(Some(XML.to_vec())));
    assert_eq!(broad(2_000), Err(Refused::TooComplex));
}

#[test]
fn the_tree_of_fields_has_limits() {
    let form = |fields: &str, five: &str| {
        let catalog = format!("/AcroForm<</Fields[{fields}]>>");
        refusal(&Raw::with_catalog(&catalog).object(5, five).finish(""))
    };
    assert_eq!(form(&"null ".repeat(2_000), "null"), None);
    assert_eq!(form(&"null ".repeat(2_001), "null"), Some(Refused::TooComplex));
    assert_eq!(form("5 0 R", "<</Kids[5 0 R]>>"), Some(Refused::TooComplex), "in a circle");
    let deep =
        |depth: usize| form(&format!("{}null{}", "<</Kids[".repeat(depth), "]>>".repeat(depth)), "null");
    assert_eq!(deep(16), None);
    assert_eq!(deep(17), Some(Refused::TooComplex));
    let signatures = |count: usize| {
        let fields: String = (0..count).map(|i| format!("<</V<</Type/Sig/K {i}>>>>")).collect();
        form(&fields, "null")
    };
    assert_eq!(signatures(16), None);
    assert_eq!(signatures(17), Some(Refused::TooComplex));
}

#[test]
fn depth_and_parts_of_an_object_have_limits() {
    let with = |more: &str| refusal(&Raw::with_catalog(more).finish(""));
    // the catalog itself is one level
    let deep = |n: usize| with(&format!("/X{}{}", "[".repeat(n), "]".repeat(n)));
    assert_eq!(deep(48), None);
    assert_eq!(deep(49), Some(Refused::TooComplex));
    let dictionaries = |n: usize| with(&format!("{}/X 1{}", "/X<<".repeat(n), ">>".repeat(n)));
    assert_eq!(dictionaries(47), None);
    assert_eq!(dictionaries(48), Some(Refused::TooComplex));
    let parts = |n: usize| with(&format!("/X[{}]", "1 ".repeat(n)));
    // besides the catalog, its type, its pages and the list
    assert_eq!(parts(200_000 - 4), None);
    assert_eq!(parts(200_000 - 3), Some(Refused::TooComplex));
}

#[test]
fn the_cross_reference_table_has_a_largest_size() {
    let rows = |count: usize| {
        let raw = Raw::with_catalog("");
        let at = raw.out.len();
        let table = format!(
            "xref\n1 2\n0000000009 00000 n \n0000000053 00000 n \n50 {count}\n{}trailer<</Root 1 0 R>>\nstartxref\n{at}\n",
            "0 0 n ".repeat(count)
        );
        refusal(&raw.bytes(table.as_bytes()).out)
    };
    assert_eq!(rows(400_000 - 2), None);
    assert_eq!(rows(400_000 - 1), Some(Refused::TooComplex));
}

#[test]
fn a_hybrid_file_takes_from_both_kinds_of_cross_references() {
    let catalog = format!("<</Type/Catalog/Pages 2 0 R{NAMED}>>");
    let raw = Raw::new().object(1, &catalog).object(3, SPEC);
    let attachment = u32::try_from(raw.out.len()).unwrap();
    let hidden = raw.unlisted().stream(4, "", XML);
    let at = hidden.out.len();
    let file = with_xref_stream(hidden, 11, &[(4, 1, attachment)], "");
    let first = file.windows(7).position(|w| w == b"1 0 obj").unwrap();
    let spec = file.windows(7).position(|w| w == b"3 0 obj").unwrap();
    let hybrid = |more: &str| {
        let table = format!(
            "xref\n1 1\n{first:010} 00000 n \n3 2\n{spec:010} 00000 n \n0000000000 00000 f \ntrailer<</Root 1 0 R{more}>>\n"
        );
        let place = file.len();
        [&file[..], table.as_bytes(), format!("startxref\n{place}\n%%EOF").as_bytes()].concat()
    };
    assert!(found(&hybrid(&format!("/XRefStm {at}"))));
    assert_eq!(refusal(&hybrid("")), Some(Refused::PdfStructure));
}

#[test]
fn a_cross_reference_stream_must_have_sound_widths() {
    let with = |widths: &str| {
        let raw = Raw::with_catalog("");
        let at = raw.out.len();
        // the rows say that object 1 stands where it does, in widths of one byte each
        let dictionary = format!("/Type/XRef/W {widths}/Index[1 1]/Root 1 0 R");
        let xref = raw.stream(11, &dictionary, &[1, 9, 0]);
        refusal(&xref.bytes(format!("startxref\n{at}\n%%EOF\n").as_bytes()).out)
    };
    // none is refused: a search finds the objects, but must come to an end for each
    for widths in ["[1 1 1]", "[1 1]", "[1 0 1]", "[1 9 1]", "[1 -1 1]", "[8 8 8]", "[0 1 0]", "null"] {
        assert_eq!(with(widths), None, "{widths}");
    }
}

#[test]
fn a_file_cut_off_anywhere_is_never_intact() {
    let keys = authority();
    let whole = sealed(&keys.p256.seal_key());
    let intact = |pdf: &[u8]| {
        pdf::read(pdf, &keys.anchors()).is_ok_and(|f| matches!(f.signature, Signature::Intact { .. }))
    };
    assert!(intact(&whole));
    for end in (0..whole.len()).step_by(1_024).chain([whole.len() - 1]) {
        assert!(!intact(&whole[..end]), "{end}");
    }
}

#[test]
fn only_pem_certificates_are_trust_anchors() {
    let keys = authority();
    let pem = &keys.root_pem;
    assert!(TrustAnchors::from_pem(pem).is_ok());
    assert!(TrustAnchors::from_pem(&format!("{pem}{}", keys.p256.chain_pem)).is_ok());
    for wrong in ["", "text", &pem[..pem.len() / 2], &keys.p256.key_pem, &pem.replace("MII", "MIJ")] {
        assert_eq!(TrustAnchors::from_pem(wrong).err(), Some(Refused::TrustAnchors), "{wrong}");
    }
}

#[test]
fn the_attachment_alone_is_what_the_facts_hold() {
    let pdf = plain();
    assert_eq!(pdf::cda(&pdf), read(&pdf));
    assert_eq!(pdf::cda(&good()), Ok(Some(XML.to_vec())));
    assert_eq!(pdf::cda(b"text"), Err(Refused::NotPdf));
}
