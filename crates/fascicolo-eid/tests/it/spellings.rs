//! Answers that providers write differently, and that mean the same (SPID-R1, SPID-R7). Those changed after they were signed
//! prove that canonical form is what is signed.

use fascicolo_eid::xml::{EXC_C14N, SAML, SAMLP};

use crate::maker::{Odd, after, attribute, change, cut, signed, signed_twice, unsigned};
use crate::wrapping::Attack;

const RESPONSE: &str = "ID=\"_response\" Version=\"2.0\" IssueInstant=\"2026-11-25T11:01:00Z\"";
const ASSERTION: &str = "ID=\"_assertion\" Version=\"2.0\" IssueInstant=\"2026-11-25T11:01:00.001Z\"";

/// Written before it was signed.
#[rustfmt::skip]
pub(crate) fn written() -> Vec<Attack> {
    let plain = unsigned();
    let renamed = [("saml", "a"), ("samlp", "b")].into_iter().fold(plain.clone(), |text, (long, short)| {
        let text = text.replace(&format!("xmlns:{long}="), &format!("xmlns:{short}="));
        text.replace(&format!("<{long}:"), &format!("<{short}:")).replace(&format!("</{long}:"), &format!("</{short}:"))
    });
    // the Assertion's namespace as the default one, the protocol's with a prefix
    let bare = plain.replace("<saml:", "<").replace("</saml:", "</").replace("xmlns:saml=", "xmlns=");
    let assertion = cut(&plain, "saml:Assertion").to_owned();
    let declared = |name: &str, uri: &str| {
        let moved = change(&plain, &format!(" xmlns:{name}=\"{uri}\""), "");
        let moved = moved.replacen("<saml:Issuer ", &format!("<saml:Issuer xmlns:{name}=\"{uri}\" "), 1);
        change(&moved, "<saml:Assertion ", &format!("<saml:Assertion xmlns:{name}=\"{uri}\" "))
    };
    let dense: String = plain.lines().map(str::trim).collect::<Vec<_>>().join(" ").replace("> <", "><");
    let order = change(&plain, ASSERTION, "Version=\"2.0\" IssueInstant=\"2026-11-25T11:01:00.001Z\" ID=\"_assertion\"");
    let lines = plain.replace('\n', "\r\n");
    vec![
        ("prefixes-of-one-letter", "proved", signed(&renamed)),
        ("prefixes-none", "proved", signed(&bare)),
        ("prefix-declared-where-it-is-used", "proved", signed(&declared("saml", SAML))),
        ("prefix-of-the-protocol-declared-again", "proved", signed(&change(&plain, &assertion, &assertion.replacen("<saml:Assertion ", &format!("<saml:Assertion xmlns:samlp=\"{SAMLP}\" "), 1)))),
        ("white-space-none", "proved", signed(&dense)),
        ("attributes-in-another-order", "proved", signed(&order)),
        ("line-ends-of-windows", "proved", signed(&lines)),
        ("byte-order-mark", "proved", format!("\u{feff}{}", signed(&plain))),
        ("byte-order-mark-and-declaration", "proved", format!("\u{feff}<?xml version=\"1.0\"?>{}", signed(&plain))),
        ("declared-standalone", "proved", format!("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>{}", signed(&plain))),
    ]
}

/// Written differently after it was signed.
#[rustfmt::skip]
pub(crate) fn rewritten() -> Vec<Attack> {
    let good = signed(&unsigned());
    let twice = signed_twice(&unsigned());
    let name = attribute("name", "string", "Ada");
    let with_reference = change(&unsigned(), &name, &format!("{name}{}", attribute("email", "string", "ada&#64;\n&amp;\n\n&#13;\n")));
    let data = "NotOnOrAfter=\"2026-11-25T11:06:00Z\"/>";
    let open = "NotOnOrAfter=\"2026-11-25T11:06:00Z\"></saml:SubjectConfirmationData>";
    vec![
        ("rewritten-attribute-order", "proved", change(&good, ASSERTION, "IssueInstant=\"2026-11-25T11:01:00.001Z\" Version=\"2.0\" ID=\"_assertion\"")),
        ("rewritten-quotes", "proved", change(&good, ASSERTION, &ASSERTION.replace('"', "'"))),
        ("rewritten-blanks-in-tags", "proved", change(&change(&good, ASSERTION, &ASSERTION.replace(' ', "\n\t  ").replace("=\"", " = \"")), "</saml:Assertion>", "</saml:Assertion >")),
        ("rewritten-empty-element", "proved", change(&good, data, open)),
        ("rewritten-with-a-namespace-nobody-uses", "proved", change(&good, RESPONSE, &format!("xmlns:unused=\"urn:unused\" {RESPONSE}"))),
        ("rewritten-line-ends-of-windows", "proved", signed(&with_reference).replace('\n', "\r\n")),
        ("rewritten-character-references", "proved", change(&good, ">D'Alì &amp; Figli<", ">D&#39;Al&#xEC; &#38; Figli<")),
        ("rewritten-white-space-of-the-response", "proved", change(&good, "</samlp:Status>\n", "</samlp:Status>\n\n\t")),
        ("rewritten-response-attributes-when-both-are-signed", "proved", change(&twice, RESPONSE, "Version='2.0' IssueInstant='2026-11-25T11:01:00Z' ID='_response'")),
    ]
}

/// Signatures spelt differently.
#[rustfmt::skip]
pub(crate) fn signatures() -> Vec<Attack> {
    let odd = |name, odd: Odd<'_>| (name, "proved", odd.sign(&unsigned()));
    let good = signed(&unsigned());
    let info = cut(&good, "ds:KeyInfo").to_owned();
    let names = "<ds:KeyInfo Id=\"_key\"><ds:KeyName>the one of 2026</ds:KeyName></ds:KeyInfo>";
    let listed = format!(
        "<ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"><ec:InclusiveNamespaces xmlns:ec=\"{EXC_C14N}\" \
         PrefixList=\"xs\"></ec:InclusiveNamespaces></ds:CanonicalizationMethod>"
    );
    vec![
        odd("signature-without-prefix", Odd { ds: "", ..Odd::default() }),
        odd("signature-of-another-prefix", Odd { ds: "dsig", ..Odd::default() }),
        odd("signature-digest-of-512-bits", Odd { digest_method: "http://www.w3.org/2001/04/xmlenc#sha512", ..Odd::default() }),
        odd("signature-in-lines", Odd { between: "\n      ", ..Odd::default() }),
        odd("signed-info-with-a-list-of-prefixes-not-in-scope", Odd { canonicalization: listed.replace("\"xs\"", "\"nobody\""), ..Odd::default() }),
        ("key-info-of-another-kind", "proved", change(&good, &info, names)),
        ("key-info-empty", "proved", change(&good, &info, "<ds:KeyInfo/>")),
        ("signature-id", "proved", after(&good, "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"", " Id=\"_signature\"")),
    ]
}
