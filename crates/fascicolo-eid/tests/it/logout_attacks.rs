//! Logout messages with one thing wrong, over both bindings, each beside the message that is right (SPID-O3, O4).

use std::io::Write as _;

use fascicolo_eid::spid::{LogoutMessage, LogoutReply, Refused};
use fascicolo_eid::xml::{self, Place};

use crate::logout::{NOW, posted, redirected, replied, reply, request, requested};
use crate::maker::{
    MADE, Odd, PROVIDER, SLO, after, before, change, cut, provider_key, sign_bytes, stranger_key,
};

/// The name of the defect, the cause it is refused for, the message before it is signed.
type Flaw = (&'static str, &'static str, String);

const ISSUER: &str = "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">https://idp.example</saml:Issuer>";

/// What is wrong with the head of either message.
#[rustfmt::skip]
fn heads(good: &str) -> Vec<Flaw> {
    let destination = format!("Destination=\"{SLO}\"");
    let instant = format!("IssueInstant=\"{MADE}\"");
    let instant = instant.as_str();
    let issuer = |text: &str| change(good, ISSUER, &ISSUER.replace(PROVIDER, text));
    vec![
        ("version-absent", "response_version", change(good, "Version=\"2.0\"", "")),
        ("version-1", "response_version", change(good, "Version=\"2.0\"", "Version=\"1.1\"")),
        ("instant-absent", "response_instant", change(good, instant, "")),
        ("instant-with-offset", "response_instant", change(good, instant, "IssueInstant=\"2026-11-25T12:01:00+01:00\"")),
        ("instant-one-millisecond-too-new", "response_in_future", change(good, instant, "IssueInstant=\"2026-11-25T11:02:02.001Z\"")),
        ("destination-absent", "destination", change(good, &destination, "")),
        ("destination-empty", "destination", change(good, SLO, "")),
        ("destination-another", "destination", change(good, SLO, "https://other.example/spid/slo")),
        ("destination-of-answers", "destination", change(good, SLO, "https://fascicolo.example/spid/acs")),
        ("destination-with-slash", "destination", change(good, SLO, "https://fascicolo.example/spid/slo/")),
        ("destination-by-prefix", "destination", change(good, "Destination=", "saml:Destination=")),
        ("issuer-empty", "response_issuer", issuer("")),
        ("issuer-another", "response_issuer", issuer("https://other.example")),
        ("issuer-with-blanks", "response_issuer", issuer(" https://idp.example ")),
        ("issuer-of-another-namespace", "response_issuer", change(good, ISSUER, &ISSUER.replace("saml:", "samlp:"))),
        ("issuer-format-persistent", "response_issuer_format", change(good, ISSUER, &ISSUER.replace(":entity", ":persistent"))),
        ("root-of-another-namespace", "root", good.replace("SAML:2.0:protocol", "SAML:1.0:protocol")),
        ("root-of-a-login", "root", good.replace("samlp:Logout", "samlp:Authn")),
    ]
}

#[rustfmt::skip]
fn requests() -> Vec<Flaw> {
    let good = request();
    let name_id = cut(&good, "saml:NameID").to_owned();
    let until = |value: &str| change(&good, "Destination=", &format!("NotOnOrAfter=\"{value}\" Destination="));
    vec![
        ("too-old", "expired", change(&good, MADE, "2026-11-25T10:55:01.999Z")),
        ("ends-as-it-arrives", "expired", until(NOW)),
        ("end-malformed", "conditions_instant", until("soon")),
        ("name-absent", "logout_subject", change(&good, &name_id, "")),
        ("name-blank", "logout_subject", change(&good, " _transient ", " \n ")),
        ("name-of-two-lines", "logout_subject", change(&good, " _transient ", " _trans\nient ")),
        ("name-huge", "logout_subject", change(&good, "_transient", &"x".repeat(513))),
        ("name-twice", "logout_subject", change(&good, &name_id, &name_id.repeat(2))),
        ("name-with-markup", "malformed", change(&good, " _transient ", " _trans<b/>ient ")),
        ("name-with-an-element", "logout_subject", change(&good, " _transient ", "<b/>")),
        ("name-of-another-namespace", "logout_subject", change(&good, &name_id, &name_id.replace("saml:NameID", "samlp:NameID"))),
        ("name-encrypted", "logout_subject", change(&good, &name_id, "<saml:EncryptedID/>")),
        ("name-below", "logout_subject", change(&good, &name_id, &format!("<saml:Subject>{name_id}</saml:Subject>"))),
        ("a-reply", "root", reply("Success", "")),
    ]
}

#[rustfmt::skip]
fn replies() -> Vec<Flaw> {
    let good = reply("Success", "");
    let status = cut(&good, "samlp:Status").to_owned();
    let answers = " InResponseTo=\"_logout\"";
    let partial = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"/>";
    vec![
        ("to-nothing", "in_response_to", change(&good, answers, "")),
        ("to-another-request", "in_response_to", change(&good, answers, " InResponseTo=\"_other\"")),
        ("to-a-request-by-prefix", "in_response_to", change(&good, answers, " saml:InResponseTo=\"_logout\"")),
        ("status-absent", "status", change(&good, &status, "")),
        ("status-empty", "status", change(&good, &status, "<samlp:Status/>")),
        ("status-unknown", "status", reply("Perhaps", "")),
        ("status-unknown-and-partial", "status", reply("Perhaps", partial)),
        ("status-without-value", "status", good.replace(" Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"", "")),
        ("status-of-another-namespace", "status", good.replace("samlp:Status", "saml:Status")),
        ("a-request", "root", request()),
    ]
}

/// SPID-O4.
#[test]
fn each_flaw_in_a_request_is_refused_for_it_over_both_bindings() {
    assert!(requested(&posted(&request()), NOW).is_ok());
    for (name, code, text) in heads(&request()).into_iter().chain(requests()) {
        assert_eq!(requested(&posted(&text), NOW), Err(code), "{name}, posted");
        let message = LogoutMessage::from_redirect(&redirected(&text, "SAMLRequest")).unwrap();
        assert_eq!(requested(&message, NOW), Err(code), "{name}, redirected");
    }
    // an ID that is absent or empty cannot be referred to, so these only arrive in a query
    for id in ["", "ID=\"\"", &format!("ID=\"{}\"", "x".repeat(513)), "ID=\"_a&#10;b\""] {
        let text = change(&request(), "ID=\"_theirs\"", id);
        let message = LogoutMessage::from_redirect(&redirected(&text, "SAMLRequest")).unwrap();
        assert_eq!(requested(&message, NOW), Err("response_id"));
    }
}

/// SPID-O3.
#[test]
fn each_flaw_in_a_reply_is_refused_for_it_over_both_bindings() {
    let good = reply("Success", "");
    assert_eq!(replied(&posted(&good)), Ok(LogoutReply::Ended));
    for (name, code, text) in heads(&good).into_iter().chain(replies()) {
        assert_eq!(replied(&posted(&text)), Err(code), "{name}, posted");
        let message = LogoutMessage::from_redirect(&redirected(&text, "SAMLResponse")).unwrap();
        assert_eq!(replied(&message), Err(code), "{name}, redirected");
    }
    let odd =
        reply("Success", "<saml:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"/>");
    assert_eq!(replied(&posted(&odd)), Ok(LogoutReply::Ended), "partial is a code, not any element");
}

/// SPID-O4, SPID-R1.
#[test]
fn a_message_with_forbidden_markup_is_refused_over_both_bindings() {
    let signed = xml::sign_enveloped(&request(), "_theirs", Place::AfterIssuer, &provider_key()).unwrap();
    let spoilt = |text: &str| {
        [
            ("doctype", format!("<!DOCTYPE a>{text}")),
            ("comment", change(text, " _transient ", " _trans<!-- -->ient ")),
            ("processing_instruction", change(text, " _transient ", " _trans<?a?>ient ")),
            ("malformed", change(text, " _transient ", " &who; ")),
            ("duplicate_id", change(text, "<saml:NameID ", "<saml:NameID Id=\"_theirs\" ")),
            ("not_utf8", format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{text}")),
            (
                "too_deep",
                change(
                    text,
                    "<samlp:SessionIndex>",
                    &format!("{}{}<samlp:SessionIndex>", "<a>".repeat(41), "</a>".repeat(41)),
                ),
            ),
        ]
    };
    for (code, text) in spoilt(&signed) {
        let message = LogoutMessage::from_post(&xml::encode_base64(text.as_bytes())).unwrap();
        assert_eq!(requested(&message, NOW), Err(code), "posted");
        assert!(message.issuer().is_err(), "{code}");
    }
    for (code, text) in spoilt(&request()) {
        let message = LogoutMessage::from_redirect(&redirected(&text, "SAMLRequest")).unwrap();
        assert_eq!(requested(&message, NOW), Err(code), "redirected");
    }
}

/// The attacker's request: the same, about somebody else, and not signed.
fn attackers() -> String {
    request().replace("_theirs", "_evil").replace("_transient", "_victim")
}

/// SPID-O4, SPID-R7.
#[test]
fn a_wrapped_or_moved_signature_ends_no_session() {
    let good = xml::sign_enveloped(&request(), "_theirs", Place::AfterIssuer, &provider_key()).unwrap();
    let signature = cut(&good, "ds:Signature").to_owned();
    let bare = change(&good, &signature, "");
    let evil = attackers();
    let end = "</samlp:LogoutRequest>";
    let with = |what: &str| after(&evil, ISSUER, what);
    let around =
        change(&signature, "</ds:Signature>", &format!("<ds:Object>{bare}</ds:Object></ds:Signature>"));
    let stranger = xml::sign_enveloped(&request(), "_theirs", Place::AfterIssuer, &stranger_key()).unwrap();
    let cases = [
        ("unsigned", "signature_missing", request()),
        ("by-a-stranger", "signature_mismatch", stranger),
        ("tampered", "digest_mismatch", change(&good, " _transient ", " _victim ")),
        ("signature-of-the-signed-one", "reference", with(&signature)),
        ("signed-one-in-extensions", "stray", with(&format!("<samlp:Extensions>{good}</samlp:Extensions>"))),
        ("signed-one-at-the-end", "stray", before(&evil, end, &good)),
        ("signed-one-in-the-name", "stray", change(&evil, " _victim ", &good)),
        ("signed-one-in-the-signature", "signature_shape", with(&around)),
        ("signed-one-beside-the-signature", "reference", with(&format!("{signature}{bare}"))),
        (
            "same-id",
            "duplicate_id",
            with(&format!("<samlp:Extensions>{good}</samlp:Extensions>")).replace("_evil", "_theirs"),
        ),
        ("signature-twice", "stray", change(&good, &signature, &signature.repeat(2))),
        ("signature-before-the-issuer", "stray", before(&bare, ISSUER, &signature)),
        ("signature-last", "stray", before(&bare, end, &signature)),
        (
            "signature-below",
            "stray",
            before(&bare, end, &format!("<samlp:Extensions>{signature}</samlp:Extensions>")),
        ),
    ];
    for (name, code, text) in cases {
        let message = LogoutMessage::from_post(&xml::encode_base64(text.as_bytes())).unwrap();
        assert_eq!(requested(&message, NOW), Err(code), "{name}");
    }
}

/// SPID-O4, SPID-R7, SPID-K1.
#[test]
fn only_the_one_form_of_signature_ends_a_session() {
    let odd = |odd: Odd<'_>| {
        let odd = Odd { id: "_theirs", reference: " URI=\"#_theirs\"".to_owned(), ..odd };
        let text = xml::encode_base64(odd.sign(&request()).as_bytes());
        requested(&LogoutMessage::from_post(&text).unwrap(), NOW).err()
    };
    let sha512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
    assert_eq!(odd(Odd::default()), None);
    assert_eq!(odd(Odd { method: sha512, ..Odd::default() }), None);
    for method in [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        "",
    ] {
        assert_eq!(odd(Odd { method, ..Odd::default() }), Some("signature_method"), "{method}");
    }
    let sha1 = "http://www.w3.org/2000/09/xmldsig#sha1";
    assert_eq!(odd(Odd { digest_method: sha1, ..Odd::default() }), Some("digest_method"));
    assert_eq!(odd(Odd { transforms: String::new(), ..Odd::default() }), Some("transforms"));
    assert_eq!(odd(Odd { canonicalization: String::new(), ..Odd::default() }), Some("signature_shape"));
}

/// The query of a good request: message, relay state, algorithm, signature.
fn pieces() -> [String; 4] {
    let query = redirected(&request(), "SAMLRequest");
    let list: Vec<String> = query.split('&').map(str::to_owned).collect();
    list.try_into().unwrap()
}

fn outcome(query: &str) -> Result<String, &'static str> {
    let message = LogoutMessage::from_redirect(query).map_err(|refused: Refused| refused.code())?;
    requested(&message, NOW)
}

/// SPID-O3, SPID-O4.
#[test]
fn a_query_with_its_parts_changed_is_refused() {
    let [message, state, algorithm, signature] = &pieces();
    let joined = |list: &[&str]| list.join("&");
    assert!(outcome(&joined(&[message, state, algorithm, signature])).is_ok());
    let shapes = [
        joined(&[message, message, state, algorithm, signature]),
        joined(&[message, message, algorithm, signature]),
        joined(&[message, state, state, algorithm, signature]),
        joined(&[message, state, algorithm, algorithm, signature]),
        joined(&[message, state, algorithm, signature, signature]),
        joined(&[state, message, algorithm, signature]),
        joined(&[message, algorithm, state, signature]),
        joined(&[message, state, signature, algorithm]),
        joined(&[signature, message, state, algorithm]),
        joined(&[message, state, algorithm]),
        joined(&[message, state, signature]),
        joined(&[state, algorithm, signature]),
        joined(&[message, state, algorithm, signature, "more"]),
        joined(&[message, state, algorithm, signature, ""]),
        joined(&["", message, state, algorithm, signature]),
        joined(&[message, "", state, algorithm, signature]),
        joined(&[message, state, algorithm, signature, "SAMLEncoding=deflate"]),
        joined(&[message, "SAMLEncoding=deflate", algorithm, signature]),
        joined(&[&message.replacen("SAML", "%53AML", 1), state, algorithm, signature]),
        joined(&[&message.replacen("SAML", "saml", 1), state, algorithm, signature]),
    ];
    for query in shapes {
        assert_eq!(outcome(&query), Err("query"), "{query}");
    }
    let moved = [
        joined(&[message, algorithm, signature]),
        joined(&[message, "RelayState=", algorithm, signature]),
        joined(&[message, "RelayState=other", algorithm, signature]),
        joined(&[message, &state.replace("=t", "=%74"), algorithm, signature]),
        joined(&[message, state, algorithm, "Signature="]),
        joined(&[message, state, &algorithm.replace("sha256", "sha512"), signature]),
        joined(&[
            redirected(&attackers(), "SAMLRequest").split('&').next().unwrap(),
            state,
            algorithm,
            signature,
        ]),
    ];
    for query in moved {
        assert_eq!(outcome(&query), Err("signature_mismatch"), "{query}");
    }
    // a request in the field of replies, though signed so
    let field = LogoutMessage::from_redirect(&redirected(&request(), "SAMLResponse")).unwrap();
    assert_eq!(requested(&field, NOW), Err("query"));
    let field = LogoutMessage::from_redirect(&redirected(&reply("Success", ""), "SAMLRequest")).unwrap();
    assert_eq!(replied(&field), Err("query"));
}

/// SPID-O4, SPID-A9.
#[test]
fn a_query_is_verified_as_it_was_encoded() {
    let [message, state, ..] = &pieces();
    let lower = |text: &str| text.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d");
    let signed = |query: &str| xml::sign_query(query, &provider_key()).unwrap();
    assert_ne!(&lower(message), message, "something to encode otherwise");
    assert!(
        outcome(&signed(&format!("{}&{state}", lower(message)))).is_ok(),
        "the provider's way of encoding"
    );
    let good = signed(&format!("{message}&{state}"));
    assert_eq!(outcome(&good.replacen(message, &lower(message), 1)), Err("signature_mismatch"));
    // what is a blank to some is never taken, not even when it was signed
    let plus = message.replace("%2B", "+");
    assert_ne!(&plus, message);
    assert_eq!(outcome(&signed(&format!("{plus}&{state}"))), Err("query"));
    let (head, signature) = good.rsplit_once("&Signature=").unwrap();
    assert_eq!(outcome(&format!("{head}&Signature={}+", signature)), Err("query"));
    assert_eq!(outcome(&good.replace("SigAlg=http", "SigAlg=+http")), Err("query"));
}

/// SPID-O4, SPID-K1.
#[test]
fn only_three_algorithms_sign_a_query() {
    let [message, state, ..] = &pieces();
    let signed = |algorithm: &str| {
        let query = format!("{message}&{state}&SigAlg={}", algorithm.replace(':', "%3A").replace('#', "%23"));
        let signature = xml::encode_base64(&sign_bytes(algorithm, query.as_bytes(), &provider_key()));
        outcome(&format!("{query}&Signature={}", signature.replace('+', "%2B")))
    };
    let more = "http://www.w3.org/2001/04/xmldsig-more#";
    for good in ["rsa-sha256", "rsa-sha384", "rsa-sha512"] {
        assert!(signed(&format!("{more}{good}")).is_ok(), "{good}");
    }
    for bad in ["hmac-sha256", "ecdsa-sha256", "rsa-md5", "rsa-sha224"] {
        assert_eq!(signed(&format!("{more}{bad}")), Err("signature_method"), "{bad}");
    }
    for bad in [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "none",
        "",
    ] {
        assert_eq!(signed(bad), Err("signature_method"), "{bad}");
    }
    let stranger = xml::sign_query(&format!("{message}&{state}"), &stranger_key()).unwrap();
    assert_eq!(outcome(&stranger), Err("signature_mismatch"));
}

/// SPID-O4.
#[test]
fn a_query_holds_one_whole_deflated_text() {
    let deflated = |bytes: &[u8]| {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let outcome = |bytes: &[u8]| {
        let value = xml::encode_base64(bytes).replace('+', "%2B");
        outcome(&xml::sign_query(&format!("SAMLRequest={value}"), &provider_key()).unwrap())
    };
    let text = request();
    let good = deflated(text.as_bytes());
    assert!(outcome(&good).is_ok());
    // as long as may be, and a byte longer
    let padded = |length: usize| format!("{text}{}", " ".repeat(length - text.len()));
    assert!(outcome(&deflated(padded(256 * 1024).as_bytes())).is_ok());
    assert_eq!(outcome(&deflated(padded(256 * 1024 + 1).as_bytes())), Err("too_long"));
    assert_eq!(outcome(&deflated(&vec![b' '; 64 * 1024 * 1024])), Err("too_long"), "a bomb");
    for cut in [0, 1, good.len() / 2, good.len() - 1] {
        assert_eq!(outcome(&good[..cut]), Err("query"), "cut to {cut}");
    }
    assert_eq!(outcome(&[&good[..], b"more"].concat()), Err("query"));
    assert_eq!(outcome(&good.repeat(2)), Err("query"));
    assert_eq!(outcome(text.as_bytes()), Err("query"), "not deflated");
    assert_eq!(
        outcome(&[&[0x78, 0x9c][..], &good].concat()),
        Err("query"),
        "with the head of another format"
    );
    assert_eq!(outcome(&deflated(b"\xff\xfe")), Err("not_utf8"));
    assert_eq!(outcome(&deflated(b"")), Err("malformed"));
}

/// SPID-O4, SPID-R1.
#[test]
fn a_posted_message_is_not_deflated() {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(request().as_bytes()).unwrap();
    let field = xml::encode_base64(&encoder.finish().unwrap());
    assert_eq!(LogoutMessage::from_post(&field).err().map(|r| r.code()), Some("not_utf8"));
}
