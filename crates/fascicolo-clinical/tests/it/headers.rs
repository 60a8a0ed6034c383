//! Headers of CDA documents: what they say, and twins with one thing wrong that are refused for it.

use fascicolo_clinical::Refused;
use fascicolo_clinical::cda::{Header, header, narrative};
use fascicolo_domain::documents::Confidentiality;
use proptest::prelude::*;

pub(crate) const CODE: &str = r#"<code code="11502-2" codeSystem="2.16.840.1.113883.6.1"/>"#;
pub(crate) const ID: &str = r#"<id root="2.16.840.1.113883.2.9.2.30" extension="030.TEST.1"/>"#;
pub(crate) const TIME: &str = r#"<effectiveTime value="20220330112426+0100"/>"#;
pub(crate) const LEVEL: &str = r#"<confidentialityCode code="N"/>"#;
const MEBIBYTE: usize = 1024 * 1024;

/// A document of those parts.
pub(crate) fn cda(parts: &str) -> String {
    format!(r#"<ClinicalDocument xmlns="urn:hl7-org:v3">{parts}</ClinicalDocument>"#)
}

/// A document with what a header must have, and more.
pub(crate) fn with(more: &str) -> String {
    cda(&format!("{CODE}{ID}{TIME}{LEVEL}{more}"))
}

fn of(parts: [&str; 4]) -> Option<Refused> {
    header(cda(&parts.concat()).as_bytes()).err()
}

fn refusal(xml: impl AsRef<[u8]>) -> Option<Refused> {
    let (header, narrative) = (header(xml.as_ref()).err(), narrative(xml.as_ref()).err());
    // the text is missing in all documents here; what is wrong with the bytes both say
    assert!(narrative == header || narrative == Some(Refused::NoNarrative), "{header:?} {narrative:?}");
    header
}

fn read(more: &str) -> Header {
    header(with(more).as_bytes()).unwrap()
}

#[test]
fn each_part_of_the_header_that_must_be_there_is_missed() {
    assert_eq!(of([CODE, ID, TIME, LEVEL]), None);
    assert_eq!(of([LEVEL, TIME, ID, CODE]), None, "in any order");
    assert_eq!(of(["", ID, TIME, LEVEL]), Some(Refused::Kind));
    assert_eq!(of([CODE, "", TIME, LEVEL]), Some(Refused::NationalId));
    assert_eq!(of([CODE, ID, "", LEVEL]), Some(Refused::IssuedAt));
    assert_eq!(of([CODE, ID, TIME, ""]), Some(Refused::Confidentiality));
    for wrong in
        [r#"<code code="0-0" codeSystem="2.16.840.1.113883.6.1"/>"#, r#"<code code="11502-2"/>"#, "<code/>"]
    {
        assert_eq!(of([wrong, ID, TIME, LEVEL]), Some(Refused::Kind), "{wrong}");
    }
    assert_eq!(of([&format!("<code/>{CODE}"), ID, TIME, LEVEL]), None, "the first that is known");
    for code in ["", "X", "n", "N "] {
        let level = format!(r#"<confidentialityCode code="{code}"/>"#);
        assert_eq!(of([CODE, ID, TIME, &level]), Some(Refused::Confidentiality), "{code}");
    }
    for value in ["", "2022", "yesterday", "20221301", "20220330112426+9900"] {
        let time = format!(r#"<effectiveTime value="{value}"/>"#);
        assert_eq!(of([CODE, ID, &time, LEVEL]), Some(Refused::IssuedAt), "{value}");
    }
    assert_eq!(of([CODE, ID, "<effectiveTime/>", LEVEL]), Some(Refused::IssuedAt));
}

#[test]
fn a_national_identifier_has_two_sound_parts() {
    let id = |root: &str, extension: &str| {
        of([CODE, &format!(r#"<id root="{root}" extension="{extension}"/>"#), TIME, LEVEL])
    };
    let long = "1".repeat(129);
    assert_eq!(id("1.2", "a-B_9^/"), None);
    assert_eq!(id(&long[1..], &long[1..]), None);
    for (root, extension) in [
        ("", "a"),
        ("1.2", ""),
        ("1.a", "a"),
        ("1.2", "a b"),
        ("1.2", "è"),
        ("1.2", "a&#160;b"),
        (&long, "a"),
        ("1", &long),
    ] {
        assert_eq!(id(root, extension), Some(Refused::NationalId), "{root} {extension}");
    }
    assert_eq!(of([CODE, r#"<id root="1.2"/>"#, TIME, LEVEL]), Some(Refused::NationalId));
    assert_eq!(of([CODE, r#"<id nullFlavor="NI"/><id root="1.2" extension="a"/>"#, TIME, LEVEL]), None);
}

#[test]
fn a_version_is_a_number_from_one() {
    let version = |value: &str| header(with(&format!(r#"<versionNumber value="{value}"/>"#)).as_bytes());
    assert_eq!(read("").version, 1);
    assert_eq!(read("<versionNumber/>").version, 1);
    assert_eq!(version(" 7 ").unwrap().version, 7);
    assert_eq!(version("999999").unwrap().version, 999_999);
    for wrong in ["0", "-1", "1000000", "1.0", "", "one", "99999999999999999999"] {
        assert_eq!(version(wrong), Err(Refused::Version), "{wrong}");
    }
}

#[test]
fn what_the_header_says_is_read() {
    let header = read(
        r#"<title> Referto   di
        laboratorio </title>
        <recordTarget><patientRole><id root="9" extension="x"/>
          <id root="2.16.840.1.113883.2.9.4.3.2" extension="PROVAX00X00X000Y"/>
          <patient><name><family>Verdi</family><given>Anna</given><given>Maria</given></name></patient>
        </patientRole></recordTarget>
        <author><assignedAuthor><assignedPerson><name><prefix>Dott.</prefix><given>Guido</given>
          <family>Rossi</family><suffix>jr</suffix></name></assignedPerson></assignedAuthor></author>
        <custodian><assignedCustodian><representedCustodianOrganization><name>Casa &amp; Cura</name>
          </representedCustodianOrganization></assignedCustodian></custodian>
        <legalAuthenticator><assignedEntity><assignedPerson><name>Senza Parti</name></assignedPerson>
          </assignedEntity></legalAuthenticator>
        <inFulfillmentOf><order><id root="2.16.840.1.113883.2.9.4.3.9" extension="NRE1"/>
          <id root="2.16.840.1.113883.2.9.4.3.9" extension=" NRE2 "/><id root="1" extension="no"/></order></inFulfillmentOf>
        <inFulfillmentOf><order><id root="2.16.840.1.113883.2.9.4.3.9" extension="NRE1"/></order></inFulfillmentOf>
        <relatedDocument typeCode="APND"><parentDocument><id root="1" extension="a"/></parentDocument></relatedDocument>
        <relatedDocument typeCode="RPLC"><parentDocument><id root="1" extension="b"/></parentDocument></relatedDocument>"#,
    );
    assert_eq!(header.kind.loinc(), "11502-2");
    assert_eq!(
        (header.national_id.root.as_str(), header.national_id.extension.as_str()),
        ("2.16.840.1.113883.2.9.2.30", "030.TEST.1")
    );
    assert_eq!(header.title, "Referto di laboratorio");
    assert_eq!(header.issued_at, "2022-03-30T10:24:26Z".parse().unwrap());
    assert!(header.confidentiality == Confidentiality::parse("N").unwrap());
    assert_eq!(header.subject_codice_fiscale.as_deref(), Some("PROVAX00X00X000Y"));
    assert_eq!(header.subject_name, "Anna Maria Verdi");
    assert_eq!(header.author, "Dott. Guido Rossi jr");
    assert_eq!(header.issuer, "Casa & Cura");
    assert_eq!(header.signer, "Senza Parti");
    assert_eq!(header.orders, ["NRE1", "NRE2"]);
    assert_eq!(header.replaces.unwrap().extension, "b");
}

#[test]
fn what_the_header_does_not_say_is_empty() {
    let header = read("");
    let texts = [&header.title, &header.subject_name, &header.author, &header.issuer, &header.signer];
    assert!(texts.iter().all(|text| text.is_empty()));
    assert!(header.subject_codice_fiscale.is_none() && header.replaces.is_none() && header.orders.is_empty());
}

#[test]
fn an_author_may_be_an_organisation_or_a_device() {
    let by = |inner: &str| read(&format!("<author><assignedAuthor>{inner}</assignedAuthor></author>")).author;
    assert_eq!(by("<representedOrganization><name>ASL 1</name></representedOrganization>"), "ASL 1");
    assert_eq!(
        by("<assignedAuthoringDevice><softwareName>LIS</softwareName></assignedAuthoringDevice>"),
        "LIS"
    );
    assert_eq!(
        by(
            "<assignedPerson><name/></assignedPerson><representedOrganization><name>ASL 1</name></representedOrganization>"
        ),
        "ASL 1"
    );
}

#[test]
fn long_texts_are_cut_and_marks_that_reorder_text_are_dropped() {
    assert_eq!(read(&format!("<title>{}</title>", "è".repeat(500))).title, "è".repeat(200));
    assert_eq!(read("<title>a\u{202E}b\u{2066}c\u{FEFF}d</title>").title, "abcd");
    assert_eq!(read("<title>&lt;b&gt;</title>").title, "<b>", "plain text");
    let orders: String = (0..100)
        .map(|i| format!(r#"<inFulfillmentOf><order><id root="2.16.840.1.113883.2.9.4.3.9" extension="{i}"/></order></inFulfillmentOf>"#))
        .collect();
    assert_eq!(read(&orders).orders.len(), 64);
    let long = format!(
        r#"<recordTarget><patientRole><id root="2.16.840.1.113883.2.9.4.3.2" extension="{}"/></patientRole></recordTarget>"#,
        "X".repeat(129)
    );
    assert_eq!(read(&long).subject_codice_fiscale, None);
}

#[test]
fn utf_8_and_utf_16_read_alike() {
    let text = with("<title>Perché – €</title>");
    let expected = header(text.as_bytes()).unwrap();
    let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [
        [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat(),
        [&[0xFF, 0xFE], le.as_slice()].concat(),
        [&[0xFE, 0xFF], be.as_slice()].concat(),
        le.clone(),
        be,
    ] {
        assert!(header(&bytes).unwrap() == expected);
    }
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    assert_eq!(refusal(latin), Some(Refused::Encoding));
    assert_eq!(refusal(&le[..le.len() - 1]), Some(Refused::Encoding));
}

#[test]
fn document_types_and_entities_are_refused() {
    let document = with("<title>a&amp;b&#232;</title>");
    assert_eq!(refusal(&document), None);
    for doctype in [
        "<!DOCTYPE ClinicalDocument>",
        r#"<!DOCTYPE ClinicalDocument SYSTEM "file:///etc/passwd">"#,
        r#"<!DOCTYPE a [<!ENTITY b "c">]>"#,
        r#"<!DOCTYPE a [<!ENTITY b "&c;&c;"><!ENTITY c "&b;">]>"#,
        r#"<!DOCTYPE a [<!ENTITY % p SYSTEM "https://example.org/"> %p;]>"#,
    ] {
        assert_eq!(refusal(format!("{doctype}{document}")), Some(Refused::Doctype), "{doctype}");
    }
    for entity in ["&b;", "&nbsp;", "&#0;", "&"] {
        assert_eq!(refusal(with(&format!("<title>{entity}</title>"))), Some(Refused::Xml), "{entity}");
    }
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for wrong in
        ["<a>", "</a>", "<a b=c/>", "<a b='1' b='2'/>", "<x:a/>", "<!-- -- -->", "]]>", "<a\u{0}/>", "<1/>"]
    {
        assert_eq!(refusal(with(wrong)), Some(Refused::Xml), "{wrong}");
    }
    for whole in [String::new(), "text".to_owned(), with("") + "<a/>", format!("x{}", with(""))] {
        assert_eq!(refusal(whole), Some(Refused::Xml));
    }
    let document = with("");
    for end in (0..document.len()).step_by(7) {
        assert_eq!(refusal(&document[..end]), Some(Refused::Xml), "{end}");
    }
}

#[test]
fn the_root_must_be_a_clinical_document_of_hl7() {
    let root = |start: &str, name: &str| refusal(format!("<{start}>{CODE}{ID}{TIME}{LEVEL}</{name}>"));
    assert_eq!(root(r#"ClinicalDocument xmlns="urn:hl7-org:v3""#, "ClinicalDocument"), None);
    for (start, name) in [
        ("ClinicalDocument", "ClinicalDocument"),
        (r#"ClinicalDocument xmlns="urn:hl7-org:v2""#, "ClinicalDocument"),
        (r#"ClinicalDocument xmlns="urn:hl7-org:v3 ""#, "ClinicalDocument"),
        (r#"clinicalDocument xmlns="urn:hl7-org:v3""#, "clinicalDocument"),
        (r#"h:ClinicalDocument xmlns:h="urn:hl7-org:v2""#, "h:ClinicalDocument"),
        (r#"Bundle xmlns="http://hl7.org/fhir""#, "Bundle"),
    ] {
        assert_eq!(root(start, name), Some(Refused::NotCda), "{start}");
    }
    let prefixed = with("").replace("xmlns=", "xmlns:h=").replace('<', "<h:").replace("<h:/", "</h:");
    assert_eq!(refusal(prefixed), None);
    let foreign = ID.replace("<id", r#"<id xmlns="urn:other""#);
    assert_eq!(of([CODE, &foreign, TIME, LEVEL]), Some(Refused::NationalId), "parts of another namespace");
}

#[test]
fn depth_breadth_and_size_have_limits() {
    let nested = |n: usize| refusal(with(&format!("{}{}", "<a>".repeat(n), "</a>".repeat(n))));
    assert_eq!(nested(95), None);
    assert_eq!(nested(96), Some(Refused::TooComplex));
    let attributes = |n: usize| (0..n).map(|i| format!(" a{i}='>'")).collect::<String>();
    assert_eq!(refusal(with(&format!("<a{}/>", attributes(64)))), None);
    assert_eq!(refusal(with(&format!("<a{}/>", attributes(65)))), Some(Refused::TooComplex));
    let namespaces = |n: usize| refusal(with(&"<a xmlns:x='y'/>".repeat(n)));
    assert_eq!(namespaces(999), None);
    assert_eq!(namespaces(1_000), Some(Refused::TooComplex));
    let sized = |n: usize| refusal(format!("{}{}", with(""), " ".repeat(n - with("").len())));
    assert_eq!(sized(12 * MEBIBYTE), None);
    assert_eq!(sized(12 * MEBIBYTE + 1), Some(Refused::TooLarge));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_a_header_is_read_as_it_is(text in "[ -~è€]{0,80}") {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let header = read(&format!("<title>{escaped}</title>"));
        prop_assert_eq!(header.title, text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
}
