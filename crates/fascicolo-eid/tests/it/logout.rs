//! Single logout (SPID-O2 to O4).

use fascicolo_eid::spid::{
    Binding, KeyError, LogoutMessage, LogoutReply, LogoutSpec, Outgoing, Refused, logout_request,
    logout_response,
};
use fascicolo_eid::xml::{self, Place, SAML, SAMLP, sign_query};

use crate::maker::{MADE, PROVIDER, SLO, at, change, provider, provider_key, service, stranger_key};
use crate::request::{inflated, key, query};

pub(crate) const NOW: &str = "2026-11-25T11:01:02Z";

fn spec(binding: Binding, relay_state: Option<&str>) -> LogoutSpec<'_> {
    LogoutSpec { id: "_logout", now: at(NOW), binding, relay_state }
}

/// A logout message of the provider's, not signed yet.
fn message(element: &str, attributes: &str, body: &str) -> String {
    format!(
        "<samlp:{element} xmlns:samlp=\"{SAMLP}\" xmlns:saml=\"{SAML}\" ID=\"_theirs\" Version=\"2.0\" \
         IssueInstant=\"{MADE}\" Destination=\"{SLO}\"{attributes}>\
         <saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">{PROVIDER}</saml:Issuer>{body}\
         </samlp:{element}>"
    )
}

pub(crate) fn request() -> String {
    message(
        "LogoutRequest",
        "",
        "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\"> _transient </saml:NameID>\
         <samlp:SessionIndex>_session</samlp:SessionIndex>",
    )
}

pub(crate) fn reply(code: &str, inner: &str) -> String {
    let code = format!("urn:oasis:names:tc:SAML:2.0:status:{code}");
    message(
        "LogoutResponse",
        " InResponseTo=\"_logout\"",
        &format!(
            "<samlp:Status><samlp:StatusCode Value=\"{code}\">{inner}</samlp:StatusCode></samlp:Status>"
        ),
    )
}

pub(crate) fn posted(text: &str) -> LogoutMessage {
    let signed = xml::sign_enveloped(text, "_theirs", Place::AfterIssuer, &provider_key()).unwrap();
    LogoutMessage::from_post(&xml::encode_base64(signed.as_bytes())).unwrap()
}

pub(crate) fn redirected(text: &str, field: &str) -> String {
    use std::io::Write as _;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let value = xml::encode_base64(&encoder.finish().unwrap())
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    sign_query(&format!("{field}={value}&RelayState=theirs"), &provider_key()).unwrap()
}

pub(crate) fn requested(message: &LogoutMessage, now: &str) -> Result<String, &'static str> {
    match message.verify_request(&provider(), SLO, at(now)) {
        Ok(request) => Ok(format!("{} {} {:?}", request.id, request.name_id, request.session_index)),
        Err(refused) => Err(refused.code()),
    }
}

pub(crate) fn replied(message: &LogoutMessage) -> Result<LogoutReply, &'static str> {
    message.verify_response(&provider(), SLO, "_logout", at(NOW)).map_err(|refused| refused.code())
}

/// SPID-O2.
#[test]
fn our_request_names_the_person_as_the_provider_did() {
    let made = logout_request(
        &service(),
        &provider(),
        &spec(Binding::Post, Some("state")),
        "_transient",
        Some("_session"),
    );
    let Outgoing::Post { action, xml: text, .. } = made.unwrap() else { panic!("posted") };
    assert_eq!(action, "https://idp.example/SingleLogoutService/POST");
    assert!(text.contains(
        "NameQualifier=\"https://idp.example\">_transient</saml:NameID><samlp:SessionIndex>_session<"
    ));
    let tree = xml::Tree::read(&text, &xml::Limits::MESSAGE).unwrap();
    assert!(xml::verify(tree.root(), &[key()]).is_ok());
}

/// SPID-O2, SPID-A10.
#[test]
fn our_request_travels_in_a_query_too() {
    let made =
        logout_request(&service(), &provider(), &spec(Binding::Redirect, Some("state")), "_transient", None);
    let Outgoing::Redirect { url, xml: text } = made.unwrap() else { panic!("redirected") };
    assert!(!text.contains("SessionIndex"));
    let parts = query(&url);
    assert_eq!(inflated(&parts[0].1), text);
    assert_eq!(parts[1], ("RelayState".to_owned(), "state".to_owned()));
    let none = logout_request(&service(), &provider(), &spec(Binding::Redirect, None), "_transient", None);
    assert_eq!(none.err(), Some(KeyError::RelayState));
}

/// SPID-O4.
#[test]
fn our_reply_answers_their_request_with_their_relay_state() {
    let made =
        logout_response(&service(), &provider(), &spec(Binding::Redirect, Some("http://theirs")), "_theirs");
    let Outgoing::Redirect { url, xml: text } = made.unwrap() else { panic!("redirected") };
    assert!(text.contains("InResponseTo=\"_theirs\""));
    assert!(text.contains("status:Success"));
    assert_eq!(query(&url)[1].1, "http://theirs");
    let bare = logout_response(&service(), &provider(), &spec(Binding::Redirect, None), "_theirs");
    let Outgoing::Redirect { url, .. } = bare.unwrap() else { panic!("redirected") };
    assert!(!url.contains("RelayState"));
}

/// SPID-O4.
#[test]
fn their_request_is_believed_over_both_bindings() {
    let good = Ok("_theirs _transient Some(\"_session\")".to_owned());
    assert_eq!(requested(&posted(&request()), NOW), good);
    let message = LogoutMessage::from_redirect(&redirected(&request(), "SAMLRequest")).unwrap();
    assert_eq!(requested(&message, NOW), good);
    assert_eq!(message.issuer().unwrap(), PROVIDER);
}

/// SPID-O4.
#[test]
fn their_request_with_one_defect_is_refused_for_it() {
    let cases = [
        (change(&request(), SLO, "https://other.example"), "destination"),
        (change(&request(), PROVIDER, "https://other.example"), "response_issuer"),
        (change(&request(), "Version=\"2.0\"", "Version=\"1.1\""), "response_version"),
        (change(&request(), MADE, "2026-11-25T11:02:02.001Z"), "response_in_future"),
        (change(&request(), MADE, "2026-11-25T10:55:01.999Z"), "expired"),
        (change(&request(), MADE, "now"), "response_instant"),
        (change(&request(), "Destination=", "NotOnOrAfter=\"2026-11-25T11:01:02Z\" Destination="), "expired"),
        (change(&request(), " _transient ", "  "), "logout_subject"),
        (reply("Success", ""), "root"),
    ];
    for (text, code) in cases {
        assert_eq!(requested(&posted(&text), NOW), Err(code), "{text}");
    }
    let young = change(&request(), MADE, "2026-11-25T10:55:02Z");
    assert!(requested(&posted(&young), NOW).is_ok(), "five minutes and the skew of the clocks");
}

/// SPID-O3, SPID-O4, SPID-K1.
#[test]
fn their_message_must_be_signed_by_them() {
    let unsigned = LogoutMessage::from_post(&xml::encode_base64(request().as_bytes())).unwrap();
    assert_eq!(requested(&unsigned, NOW), Err("signature_missing"));
    let forged = xml::sign_enveloped(&request(), "_theirs", Place::AfterIssuer, &stranger_key()).unwrap();
    let forged = LogoutMessage::from_post(&xml::encode_base64(forged.as_bytes())).unwrap();
    assert_eq!(requested(&forged, NOW), Err("signature_mismatch"));
    let good = redirected(&request(), "SAMLRequest");
    let tampered = LogoutMessage::from_redirect(&good.replace("=theirs", "=others")).unwrap();
    assert_eq!(requested(&tampered, NOW), Err("signature_mismatch"));
    let weak = LogoutMessage::from_redirect(&good.replace("rsa-sha256", "rsa-sha1")).unwrap();
    assert_eq!(requested(&weak, NOW), Err("signature_method"));
    let inside = xml::sign_enveloped(&request(), "_theirs", Place::AfterIssuer, &provider_key()).unwrap();
    let both = LogoutMessage::from_redirect(&redirected(&inside, "SAMLRequest")).unwrap();
    assert_eq!(requested(&both, NOW), Err("stray"));
}

/// SPID-O3, SPID-O4.
#[test]
fn a_query_is_exactly_one_signed_message() {
    let good = redirected(&request(), "SAMLRequest");
    let code = |query: &str| LogoutMessage::from_redirect(query).err().map(|r: Refused| r.code());
    assert_eq!(code(&good), None);
    let (head, signature) = good.rsplit_once("&Signature=").unwrap();
    for bad in [
        "",
        head,
        &format!("{good}&Signature={signature}"),
        &format!("{good}&more=1"),
        &format!("Signature={signature}&{head}"),
        &good.replace("SAMLRequest", "SAMLThing"),
        &good.replace("RelayState", "relaystate"),
        &good.replacen("SAMLRequest=", "SAMLRequest=%zz", 1),
    ] {
        assert_eq!(code(bad), Some("query"), "{bad}");
    }
    assert_eq!(code(&good.replacen("SAMLRequest=", "SAMLRequest=*", 1)), Some("not_base64"));
    assert_eq!(code(&"a".repeat(256 * 1024 + 1)), Some("too_long"));
    let bomb = redirected(&" ".repeat(300 * 1024), "SAMLRequest");
    assert!(bomb.len() < 4096);
    assert_eq!(code(&bomb), Some("too_long"));
}

/// SPID-O3.
#[test]
fn their_reply_says_how_the_logout_went() {
    let partial = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"/>";
    assert_eq!(replied(&posted(&reply("Success", ""))), Ok(LogoutReply::Ended));
    assert_eq!(replied(&posted(&reply("Success", partial))), Ok(LogoutReply::Partial));
    assert_eq!(replied(&posted(&reply("Requester", partial))), Ok(LogoutReply::Partial));
    assert_eq!(replied(&posted(&reply("Responder", ""))), Ok(LogoutReply::Failed));
    let message = LogoutMessage::from_redirect(&redirected(&reply("Success", ""), "SAMLResponse")).unwrap();
    assert_eq!(replied(&message), Ok(LogoutReply::Ended));
}

/// SPID-O3.
#[test]
fn their_reply_with_one_defect_is_refused_for_it() {
    let good = reply("Success", "");
    let status = crate::maker::cut(&good, "samlp:Status").to_owned();
    let cases = [
        (change(&good, "InResponseTo=\"_logout\"", "InResponseTo=\"_other\""), "in_response_to"),
        (change(&good, "InResponseTo=\"_logout\"", ""), "in_response_to"),
        (change(&good, &status, ""), "status"),
        (reply("Perhaps", ""), "status"),
        (change(&good, SLO, ""), "destination"),
        (request(), "root"),
    ];
    for (text, code) in cases {
        assert_eq!(replied(&posted(&text)), Err(code), "{text}");
    }
}
