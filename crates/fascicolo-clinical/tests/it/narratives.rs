//! Narratives as HTML: each element of the national rules, and what must never come out.

use fascicolo_clinical::Refused;
use fascicolo_clinical::cda::narrative;
use proptest::prelude::*;

use crate::corpus::claims::{is_safe, shown};
use crate::headers::cda;

fn body(sections: &str) -> String {
    cda(&format!("<component><structuredBody>{sections}</structuredBody></component>"))
}

fn section(inner: &str) -> String {
    format!("<component><section>{inner}</section></component>")
}

/// The HTML of a document's only section, whose text is that.
fn html(text: &str) -> String {
    let xml = body(&section(&format!("<title>Esami</title><text>{text}</text>")));
    let mut read = narrative(xml.as_bytes()).unwrap();
    assert_eq!(read.sections.len(), 1);
    let section = read.sections.remove(0);
    assert_eq!(section.title, "Esami");
    assert!(is_safe(&section.html), "{}", section.html);
    section.html
}

fn refusal(xml: &str) -> Option<Refused> {
    narrative(xml.as_bytes()).err()
}

#[test]
fn words_and_marks_become_paragraphs_and_marks() {
    for (text, expected) in [
        ("", ""),
        ("parole", "<p>parole</p>"),
        ("<paragraph>uno</paragraph>due<paragraph>tre</paragraph>", "<p>uno</p><p>due</p><p>tre</p>"),
        (
            "<paragraph><caption>Titolo</caption>testo</paragraph>",
            "<p class=\"fw-semibold\">Titolo</p><p>testo</p>",
        ),
        ("a<br/>b<sub>2</sub><sup>3</sup>", "<p>a<br>b<sub>2</sub><sup>3</sup></p>"),
        ("<content styleCode=\"Bold Italics\">x</content>", "<p><strong><em>x</em></strong></p>"),
        (
            "<content styleCode=\"Underline xred\" revised=\"delete\">x</content>",
            "<p><u><del>x</del></u></p>",
        ),
        ("<content revised=\"insert\">x</content>", "<p><ins>x</ins></p>"),
        ("<content><paragraph>x</paragraph></content>", "<p>x</p>"),
        ("<!-- no --><?no no?>a", "<p>a</p>"),
        ("<![CDATA[<b>&]]>", "<p>&lt;b&gt;&amp;</p>"),
    ] {
        assert_eq!(html(text), expected, "{text}");
    }
}

#[test]
fn lists_keep_their_kind_and_their_nesting() {
    for (text, expected) in [
        ("<list><item>a</item><item>b</item></list>", "<ul><li>a</li><li>b</li></ul>"),
        ("<list listType=\"ordered\"><item>a</item></list>", "<ol><li>a</li></ol>"),
        (
            "<list listType=\"ordered\" styleCode=\"BigRoman\"><item>a</item></list>",
            "<ol type=\"I\"><li>a</li></ol>",
        ),
        (
            "<list listType=\"ordered\" styleCode=\"x&quot;onclick\"><item>a</item></list>",
            "<ol><li>a</li></ol>",
        ),
        (
            "<list><caption>c</caption><item>a</item></list>",
            "<p class=\"fw-semibold\">c</p><ul><li>a</li></ul>",
        ),
        (
            "<list><item>a<list><item>b</item></list></item></list>",
            "<ul><li><p>a</p><ul><li>b</li></ul></li></ul>",
        ),
        ("<list/>", ""),
    ] {
        assert_eq!(html(text), expected, "{text}");
    }
}

#[test]
fn tables_keep_headers_and_spans_and_can_be_scrolled() {
    let around = |label: &str, inner: &str| {
        format!(
            "<div class=\"table-responsive\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\">\
             <table class=\"table table-striped\">{inner}</table></div>"
        )
    };
    assert_eq!(
        html(
            "<table><thead><tr><th>A</th><th colspan=\"2\">B</th></tr></thead>\
              <tbody><tr><th rowspan=\"2\">x</th><td>1</td><td/></tr></tbody></table>"
        ),
        around(
            "Esami",
            "<thead><tr><th scope=\"col\">A</th><th scope=\"col\" colspan=\"2\">B</th></tr></thead>\
             <tbody><tr><th scope=\"row\" rowspan=\"2\">x</th><td>1</td><td></td></tr></tbody>"
        )
    );
    assert_eq!(
        html("<table><caption>C &amp; D</caption><tr><td>1</td></tr></table>"),
        around("C &amp; D", "<caption>C &amp; D</caption><tbody><tr><td>1</td></tr></tbody>")
    );
    assert_eq!(
        html("<table><tr><th>A</th><th>B</th></tr><tr><th>x</th><td>1</td></tr></table>"),
        around(
            "Esami",
            "<tbody><tr><th scope=\"col\">A</th><th scope=\"col\">B</th></tr>\
             <tr><th scope=\"row\">x</th><td>1</td></tr></tbody>"
        )
    );
    let two = html("<table><tr><td>1</td></tr></table><table><tr><td>2</td></tr></table>");
    assert!(two.contains("aria-label=\"Esami\"") && two.contains("aria-label=\"Esami (2)\""));
}

#[test]
fn spans_that_are_no_numbers_or_too_large_are_tamed() {
    let spanned = |span: &str| html(&format!("<table><tr><td colspan=\"{span}\">x</td></tr></table>"));
    assert!(spanned("100").contains("<td colspan=\"100\">"));
    assert!(spanned("65535").contains("<td colspan=\"100\">"));
    for wrong in ["0", "1", "-3", "65536", "x", "", "2&quot; onclick=&quot;x"] {
        assert!(spanned(wrong).contains("<td>x</td>"), "{wrong}");
    }
}

#[test]
fn footnotes_are_numbered_and_written_below() {
    assert_eq!(
        html("a<footnote>uno &lt;b&gt;</footnote>b<footnote>due</footnote><footnoteRef IDREF=\"x\"/>"),
        "<p>a<sup>[1]</sup>b<sup>[2]</sup></p><p class=\"small\">[1] uno &lt;b&gt;</p><p class=\"small\">[2] due</p>"
    );
    let many = html(&"<footnote>nota</footnote>".repeat(201));
    assert!(many.contains("<sup>[200]</sup>nota</p>"), "what has no number stands where it is");
}

#[test]
fn links_lead_nowhere_and_say_where_they_would() {
    for (text, expected) in [
        (
            "<linkHtml href=\"https://example.org/?a&amp;b\">qui</linkHtml>",
            "<p>qui (https://example.org/?a&amp;b)</p>",
        ),
        (
            "<linkHtml href=\"https://example.org/\">https://example.org/</linkHtml>",
            "<p>https://example.org/</p>",
        ),
        ("<linkHtml href=\"javascript:alert(1)\">qui</linkHtml>", "<p>qui</p>"),
        ("<linkHtml href=\" JaVaScRiPt:alert(1)\">qui</linkHtml>", "<p>qui</p>"),
        ("<linkHtml href=\"data:text/html,&lt;script>\">qui</linkHtml>", "<p>qui</p>"),
        ("<linkHtml href=\"http://example.org/\">qui</linkHtml>", "<p>qui</p>"),
        ("<linkHtml href=\"#r1\">qui</linkHtml>", "<p>qui</p>"),
    ] {
        assert_eq!(html(text), expected, "{text}");
    }
}

#[test]
fn unknown_elements_are_read_as_their_words() {
    for (text, expected) in [
        ("<script>alert(1)</script>", "<p>alert(1) </p>"),
        ("<a href=\"javascript:x\" onclick=\"x\">b</a>", "<p>b </p>"),
        ("<iframe src=\"https://example.org\"/>", "<p> </p>"),
        ("<x:b xmlns:x=\"http://www.w3.org/1999/xhtml\" onload=\"x\">c</x:b>", "<p>c </p>"),
        ("<list>perso<item>a</item></list>", "<ul><li>a</li></ul><p>perso</p>"),
        ("<list><paragraph>a</paragraph></list>", "<p>a</p>"),
        ("<table>perso</table>", "<p>perso</p>"),
        ("<table><caption>solo</caption></table>", "<p>solo</p>"),
        ("<x:list xmlns:x=\"y\"><x:item>a</x:item></x:list>", "<p>a</p>"),
    ] {
        assert_eq!(html(text), expected, "{text}");
    }
    let odd = html(
        "<table>uno<tr>due<td>tre</td><foo>quattro</foo></tr><caption>a</caption><caption>cinque</caption></table>",
    );
    assert!(odd.ends_with("</div><p>uno due quattro cinque</p>"), "{odd}");
}

/// A document whose text shows what `reference` says, of one image of that type and content.
fn pictured(media_type: &str, data: &str, reference: &str) -> String {
    let media = format!(
        "<entry><observationMedia ID=\"M1\"><value mediaType=\"{media_type}\" representation=\"B64\">{data}</value></observationMedia></entry>"
    );
    let xml = body(&section(&format!("<title>Esami</title><text>{reference}</text>{media}")));
    let html = narrative(xml.as_bytes()).unwrap().sections.remove(0).html;
    assert!(is_safe(&html), "{html}");
    html
}

#[test]
fn images_are_shown_from_the_page_itself_or_named() {
    const SHOW: &str = "<renderMultiMedia referencedObject=\"M1\"/>";
    let image = |format: &str, data: &str| {
        format!("<p><img class=\"img-fluid\" alt=\"Esami\" src=\"data:{format};base64,{data}\"></p>")
    };
    assert_eq!(pictured("image/png", "iVBORw0K\nGgo=", SHOW), image("image/png", "iVBORw0KGgo="));
    assert_eq!(pictured("IMAGE/JPEG", "/9j/", SHOW), image("image/jpeg", "/9j/"));
    let titled =
        "<renderMultiMedia referencedObject=\"M1\"><caption>Lesione \"A\"</caption></renderMultiMedia>";
    assert!(pictured("image/jpeg", "/9j/", titled).contains("alt=\"Lesione &quot;A&quot;\""));
    for (media_type, data) in [
        ("image/svg+xml", "PHN2Zz4="),
        ("image/png", "/9j/"),
        ("image/png", "iVBORw0KGgo"),
        ("image/jpeg", "/9j/===="),
        ("image/jpeg", "/9j/\"onerror=x"),
        ("text/html", "PGI+"),
        ("image/gif", "R0lGODlh"),
    ] {
        assert_eq!(pictured(media_type, data, SHOW), format!("<p>[{media_type}]</p>"), "{data}");
    }
    assert_eq!(pictured("a&lt;script&gt;", "", SHOW), "<p>[a&lt;script&gt;]</p>");
    assert_eq!(pictured("image/png", "", "<renderMultiMedia referencedObject=\"M9\"/>"), "<p>[?]</p>");
    assert_eq!(pictured("image/png", "", "<renderMultiMedia/>"), "<p></p>");
    let named = pictured("image/gif", "R0lGODlh", titled);
    assert_eq!(named, "<p>[image/gif: Lesione &quot;A&quot;]</p>");
}

#[test]
fn an_image_has_a_largest_size_and_is_judged_once() {
    const SHOW: &str = "<renderMultiMedia referencedObject=\"M1\"/>";
    let sized = |digits: usize| format!("/9j/{}", "A".repeat(digits - 4));
    let most = (512 * 1024_usize).div_ceil(3) * 4;
    assert!(pictured("image/jpeg", &sized(most), SHOW).contains("<img"));
    assert_eq!(pictured("image/jpeg", &sized(most + 4), SHOW), "<p>[image/jpeg]</p>");
    // not an image for its last character: thousands of references do not read it thousands of times
    let unsound = format!("{}!AA", &sized(most - 3));
    let many = pictured("image/jpeg", &unsound, &SHOW.repeat(20_000));
    assert_eq!(many.matches("[image/jpeg]").count(), 20_000);
}

#[test]
fn a_document_without_structured_text_is_refused_for_that() {
    assert_eq!(refusal(&body(&section("<text>a</text>"))), None);
    assert_eq!(refusal(&body(&section("<title>a</title>"))), None);
    assert_eq!(refusal(&body(&section("<code displayName=\"a\"/>"))), None);
    for (name, xml) in [
        ("nothing", cda("")),
        ("no section", body("")),
        ("an empty section", body(&section(""))),
        ("empty text", body(&section("<text>  </text>"))),
        ("another body", cda("<component><nonXMLBody><text>a</text></nonXMLBody></component>")),
        ("another namespace", body(&section("<x:text xmlns:x='y'>a</x:text>"))),
    ] {
        assert_eq!(refusal(&xml), Some(Refused::NoNarrative), "{name}");
    }
}

#[test]
fn sections_below_have_headings_down_to_the_sixth_level() {
    let mut inner = "<title>T9</title><text>fondo</text>".to_owned();
    for level in (3..9).rev() {
        inner = format!("<title>T{level}</title>{}", section(&inner));
    }
    let read = narrative(body(&section(&inner)).as_bytes()).unwrap();
    let html = &read.sections[0].html;
    assert_eq!(read.sections[0].title, "T3");
    assert_eq!(html, "<h3>T4</h3><h4>T5</h4><h5>T6</h5><h6>T7</h6><h6>T8</h6><h6>T9</h6><p>fondo</p>");
}

#[test]
fn sections_and_what_they_come_to_have_limits() {
    let broad = |n: usize| refusal(&body(&section("<title>a</title>").repeat(n)));
    assert_eq!(broad(500), None);
    assert_eq!(broad(501), Some(Refused::TooComplex));
    let below = |n: usize| refusal(&body(&section(&section("<title>a</title>").repeat(n))));
    assert_eq!(below(499), None);
    assert_eq!(below(500), Some(Refused::TooComplex));
    // each quotation mark becomes six characters, and the paragraph seven more
    let most = (8 * 1024 * 1024 - 7) / 6;
    let quoted = |n: usize| refusal(&body(&section(&format!("<text>{}</text>", "\"".repeat(n)))));
    assert_eq!(quoted(most), None);
    assert_eq!(quoted(most + 1), Some(Refused::TooLarge));
}

/// Markup of the narrative, sound and unsound, with words that are themselves markup.
fn markup() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[ -~èµ\u{202E}]{0,20}".prop_map(|text| escaped(&text)),
        Just("&lt;script&gt;alert(1)&lt;/script&gt;".to_owned()),
        Just("&quot; onerror=&quot;x".to_owned()),
        Just("<br/>".to_owned()),
        Just("<renderMultiMedia referencedObject=\"M1\"/>".to_owned()),
    ];
    let names = [
        "paragraph",
        "content",
        "list",
        "item",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "caption",
        "linkHtml",
        "footnote",
        "sub",
        "sup",
        "script",
        "text",
        "section",
        "title",
        "renderMultiMedia",
    ];
    word.prop_recursive(6, 60, 5, move |inner| {
        (prop::sample::select(names.to_vec()), attributes(), prop::collection::vec(inner, 0..5))
            .prop_map(|(name, attributes, inner)| format!("<{name}{attributes}>{}</{name}>", inner.concat()))
    })
}

fn attributes() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("javascript:alert(1)".to_owned()),
        Just("https://example.org/&quot;onclick=&quot;x".to_owned()),
        Just("Bold".to_owned()),
        "[ -~]{0,12}".prop_map(|text| escaped(&text)),
    ];
    let name =
        prop::sample::select(vec!["href", "styleCode", "onclick", "style", "colspan", "listType", "id"]);
    prop::option::of((name, value))
        .prop_map(|pair| pair.map(|(name, value)| format!(" {name}=\"{value}\"")).unwrap_or_default())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_text_is_the_html_is_safe(text in markup()) {
        let title = escaped("<script>");
        let xml = body(&section(&format!("<title>{title}</title><text>{text}</text>")));
        for section in narrative(xml.as_bytes()).unwrap().sections {
            prop_assert!(is_safe(&section.html), "{}", section.html);
        }
    }

    #[test]
    fn every_letter_that_is_written_is_shown(words in prop::collection::vec(markup(), 1..4)) {
        let xml = body(&section(&format!("<text>a{}</text>", words.concat())));
        let html = narrative(xml.as_bytes()).unwrap().sections.remove(0).html;
        let written = shown(&xml.replace("<br/>", ""));
        let letters = shown(&html);
        for (letter, count) in &written {
            prop_assert!(letters.get(letter) >= Some(count), "{letter} of {xml} in {html}");
        }
    }

    #[test]
    fn any_text_comes_out_escaped(text in "\\PC{0,60}") {
        let html = html(&format!("<paragraph>{}</paragraph>", escaped(&text)));
        let visible = text.chars().filter(|c| !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'));
        let expected = escaped(&visible.collect::<String>()).replace('\'', "&#39;");
        prop_assert_eq!(html, format!("<p>{expected}</p>"));
    }
}
