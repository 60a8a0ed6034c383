//! SPID-R3 to R14, a change to the good answer for each cause, made before it is signed.

use crate::maker::{MADE, PROVIDER, REQUEST, UNTIL, after, attribute, change, cut, unsigned};

/// One changed answer: its name, the word for its outcome, and what is replaced by what.
pub(crate) struct Rule(pub(crate) &'static str, pub(crate) &'static str, String, String);

impl Rule {
    /// The answer, not signed yet.
    pub(crate) fn make(&self) -> String {
        change(&unsigned(), &self.2, &self.3)
    }
}

fn rule(name: &'static str, word: &'static str, from: &str, to: &str) -> Rule {
    Rule(name, word, from.to_owned(), to.to_owned())
}

/// The element of that name, whole or emptied.
fn whole(name: &str) -> String {
    cut(&unsigned(), name).to_owned()
}

const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

#[rustfmt::skip]
pub(crate) fn response() -> Vec<Rule> {
    let id = "ID=\"_response\"";
    let made = format!("IssueInstant=\"{MADE}\" In");
    let instant = |value: &str| format!("IssueInstant=\"{value}\" In");
    let issuer = format!("<saml:Issuer Format=\"{ENTITY}\">{PROVIDER}</saml:Issuer>");
    let answers = format!("InResponseTo=\"{REQUEST}\" Destination");
    let destination = "Destination=\"https://fascicolo.example/spid/acs\"";
    let status = "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>";
    let success = "urn:oasis:names:tc:SAML:2.0:status:Success";
    vec![
        rule("response-without-id", "response_id", id, ""),
        rule("response-id-empty", "response_id", id, "ID=\"\""),
        rule("response-version-1", "response_version", "Version=\"2.0\" IssueInstant=\"2026-11-25T11:01:00Z\"", "Version=\"1.1\" IssueInstant=\"2026-11-25T11:01:00Z\""),
        rule("response-without-version", "response_version", "Version=\"2.0\" IssueInstant=\"2026-11-25T11:01:00Z\"", "IssueInstant=\"2026-11-25T11:01:00Z\""),
        rule("response-without-instant", "response_instant", &made, "In"),
        rule("response-instant-empty", "response_instant", &made, &instant("")),
        rule("response-instant-a-day", "response_instant", &made, &instant("2026-11-25")),
        rule("response-instant-with-offset", "response_instant", &made, &instant("2026-11-25T12:01:00+01:00")),
        rule("response-one-millisecond-too-old", "response_before_request", &made, &instant("2026-11-25T10:59:00.499Z")),
        rule("response-one-millisecond-too-new", "response_in_future", &made, &instant("2026-11-25T11:02:02.001Z")),
        rule("response-without-inresponseto", "in_response_to", &answers, "Destination"),
        rule("response-to-another-request", "in_response_to", &answers, "InResponseTo=\"_other\" Destination"),
        rule("response-without-destination", "destination", destination, ""),
        rule("response-destination-empty", "destination", destination, "Destination=\"\""),
        rule("response-destination-with-slash", "destination", destination, "Destination=\"https://fascicolo.example/spid/acs/\""),
        rule("response-without-issuer", "response_issuer", &issuer, ""),
        rule("response-issuer-empty", "response_issuer", &issuer, &issuer.replace(PROVIDER, "")),
        rule("response-issuer-another", "response_issuer", &issuer, &issuer.replace(PROVIDER, "https://other.example")),
        rule("response-issuer-format", "response_issuer_format", &issuer, &issuer.replace(":entity", ":persistent")),
        rule("response-without-status", "status", status, ""),
        rule("response-status-empty", "status", status, "<samlp:Status></samlp:Status>"),
        rule("response-status-unknown", "status", success, "urn:oasis:names:tc:SAML:2.0:status:Perhaps"),
        rule("response-version-2", "response_version", "Version=\"2.0\" IssueInstant=\"2026-11-25T11:01:00Z\"", "Version=\"2\" IssueInstant=\"2026-11-25T11:01:00Z\""),
        rule("response-instant-without-zone", "response_instant", &made, &instant("2026-11-25T11:01:00")),
        rule("response-instant-of-another-century", "response_instant", &made, &instant("1926-11-25T11:01:00Z")),
        rule("response-to-a-request-with-blanks", "in_response_to", &answers, &format!("InResponseTo=\" {REQUEST} \" Destination")),
        rule("response-to-a-request-in-upper-case", "in_response_to", &answers, &format!("InResponseTo=\"{}\" Destination", REQUEST.to_uppercase())),
        rule("response-destination-without-tls", "destination", destination, "Destination=\"http://fascicolo.example/spid/acs\""),
        rule("response-destination-in-upper-case", "destination", destination, "Destination=\"https://FASCICOLO.example/spid/acs\""),
        rule("response-destination-with-query", "destination", destination, "Destination=\"https://fascicolo.example/spid/acs?a=b\""),
        rule("response-destination-at-a-longer-host", "destination", destination, "Destination=\"https://fascicolo.example.org/spid/acs\""),
        rule("response-issuer-with-slash", "response_issuer", &issuer, &issuer.replace(PROVIDER, "https://idp.example/")),
        rule("response-issuer-with-blanks", "response_issuer", &issuer, &issuer.replace(PROVIDER, " https://idp.example ")),
        rule("response-issuer-with-markup", "response_issuer", &issuer, &issuer.replace(PROVIDER, "https://idp.example<saml:X/>")),
        rule("response-status-without-value", "status", "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>", "<samlp:StatusCode/>"),
        rule("response-status-code-of-another-namespace", "status", "<samlp:StatusCode ", "<saml:StatusCode "),
        rule("response-status-code-second", "status", "<samlp:StatusCode ", "<samlp:StatusDetail/><samlp:StatusCode "),
        rule("response-status-another-namespace", "status", success, "Success"),
    ]
}

#[rustfmt::skip]
pub(crate) fn subject() -> Vec<Rule> {
    let head = "ID=\"_assertion\" Version=\"2.0\" IssueInstant=\"2026-11-25T11:01:00.001Z\"";
    let instant = |value: &str| head.replace("2026-11-25T11:01:00.001Z", value);
    let name_id = whole("saml:NameID");
    let format = "Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\"";
    let qualifier = format!("NameQualifier=\"{PROVIDER}\"");
    let bearer = "Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"";
    let data = format!(
        "<saml:SubjectConfirmationData InResponseTo=\"{REQUEST}\" Recipient=\"https://fascicolo.example/spid/acs\" NotOnOrAfter=\"{UNTIL}\"/>"
    );
    let recipient = " Recipient=\"https://fascicolo.example/spid/acs\"";
    let confirmation = whole("saml:SubjectConfirmation");
    vec![
        rule("assertion-version-1", "assertion_version", head, &head.replace("2.0", "1.1")),
        rule("assertion-without-instant", "assertion_instant", head, "ID=\"_assertion\" Version=\"2.0\""),
        rule("assertion-instant-malformed", "assertion_instant", head, &instant("2026-11-25T11:01Z")),
        rule("assertion-one-millisecond-too-old", "assertion_before_request", head, &instant("2026-11-25T10:59:00.499Z")),
        rule("assertion-one-millisecond-too-new", "assertion_in_future", head, &instant("2026-11-25T11:02:02.001Z")),
        rule("assertion-without-subject", "subject", &whole("saml:Subject"), ""),
        rule("subject-without-name-id", "name_id", &name_id, ""),
        rule("name-id-blank", "name_id", "_transient\n    ", "\n    "),
        rule("name-id-twice", "name_id", &name_id, &format!("{name_id}{name_id}")),
        rule("name-id-encrypted", "name_id", &name_id, "<saml:EncryptedID></saml:EncryptedID>"),
        rule("name-id-without-format", "name_id_format", format, ""),
        rule("name-id-format-persistent", "name_id_format", format, &format.replace("transient", "persistent")),
        rule("name-id-without-qualifier", "name_qualifier", &qualifier, ""),
        rule("name-id-qualifier-empty", "name_qualifier", &qualifier, "NameQualifier=\"\""),
        rule("subject-without-confirmation", "confirmation", &confirmation, ""),
        rule("subject-confirmed-twice", "confirmation", &confirmation, &format!("{confirmation}{confirmation}")),
        rule("confirmation-without-method", "confirmation_method", bearer, ""),
        rule("confirmation-holder-of-key", "confirmation_method", bearer, &bearer.replace("bearer", "holder-of-key")),
        rule("confirmation-without-data", "confirmation_data", &data, ""),
        rule("confirmation-data-twice", "confirmation_data", &data, &format!("{data}{data}")),
        rule("confirmation-without-recipient", "recipient", recipient, ""),
        rule("confirmation-recipient-another", "recipient", recipient, " Recipient=\"https://other.example/spid/acs\""),
        rule("confirmation-without-inresponseto", "confirmation_in_response_to", &format!("Data InResponseTo=\"{REQUEST}\""), "Data"),
        rule("confirmation-to-another-request", "confirmation_in_response_to", &format!("Data InResponseTo=\"{REQUEST}\""), "Data InResponseTo=\"_other\""),
        rule("confirmation-without-end", "confirmation_instant", &format!("\"{UNTIL}\"/>"), "\"\"/>"),
        rule("confirmation-with-beginning", "confirmation_instant", &format!("\"{UNTIL}\"/>"), &format!("\"{UNTIL}\" NotBefore=\"{MADE}\"/>")),
        rule("assertion-version-absent", "assertion_version", head, &head.replace("Version=\"2.0\" ", "")),
        rule("assertion-instant-with-offset", "assertion_instant", head, &instant("2026-11-25T12:01:00+01:00")),
        rule("subject-twice", "assertion_shape", &whole("saml:Subject"), &whole("saml:Subject").repeat(2)),
        rule("subject-by-base-id", "name_id", &name_id, "<saml:BaseID/>"),
        rule("name-id-of-another-namespace", "name_id", &name_id, &name_id.replace("saml:NameID", "samlp:NameID")),
        rule("name-id-with-markup", "malformed", "_transient\n", "_trans<b/>ient\n"),
        rule("name-id-of-two-lines", "name_id", "_transient\n", "_trans\nient\n"),
        rule("name-id-huge", "name_id", "_transient\n", &format!("{}\n", "x".repeat(513))),
        rule("name-id-format-unspecified", "name_id_format", format, "Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\""),
        rule("name-id-format-in-upper-case", "name_id_format", format, &format.replace("transient", "TRANSIENT")),
        rule("name-id-qualifier-blank", "name_qualifier", &qualifier, "NameQualifier=\" \""),
        rule("confirmation-sender-vouches", "confirmation_method", bearer, &bearer.replace("bearer", "sender-vouches")),
        rule("confirmation-of-saml-1", "confirmation_method", bearer, &bearer.replace("2.0", "1.0")),
        rule("confirmation-second-by-another-method", "confirmation", &confirmation, &format!("{}{confirmation}", confirmation.replace("bearer", "sender-vouches"))),
        rule("confirmation-with-another-name", "confirmation_data", &data, &format!("<saml:NameID>_other</saml:NameID>{data}")),
        rule("confirmation-data-of-another-namespace", "confirmation_data", &data, &data.replace("saml:Sub", "samlp:Sub")),
        rule("confirmation-recipient-with-slash", "recipient", recipient, " Recipient=\"https://fascicolo.example/spid/acs/\""),
        rule("confirmation-recipient-empty", "recipient", recipient, " Recipient=\"\""),
        rule("confirmation-recipient-by-prefix", "recipient", recipient, &recipient.replace("Recipient", "xsi:Recipient")),
        rule("confirmation-end-with-offset", "confirmation_instant", &format!("\"{UNTIL}\"/>"), "\"2026-11-25T12:06:00+01:00\"/>"),
        rule("confirmation-ends-as-it-arrives", "confirmation_expired", &format!("\"{UNTIL}\"/>"), "\"2026-11-25T11:01:02Z\"/>"),
    ]
}

#[rustfmt::skip]
pub(crate) fn conditions() -> Vec<Rule> {
    let issuer = format!("<saml:Issuer Format='{ENTITY}' >{PROVIDER}</saml:Issuer>");
    let from = format!("NotBefore=\"{MADE}\"");
    let until = "NotOnOrAfter=\"2026-11-25T11:06:00.000Z\"";
    let restriction = whole("saml:AudienceRestriction");
    let audience = whole("saml:Audience");
    let context = whole("saml:AuthnContext");
    let class = "https://www.spid.gov.it/SpidL2";
    let authn = "AuthnInstant=\"2026-11-25T11:00:59Z\"";
    let statement = whole("saml:AuthnStatement");
    vec![
        rule("assertion-without-issuer", "assertion_issuer", &issuer, "<saml:Issuer></saml:Issuer>"),
        rule("assertion-issuer-another", "assertion_issuer", &issuer, &issuer.replace(PROVIDER, "https://other.example")),
        rule("assertion-issuer-without-format", "assertion_issuer_format", &issuer, &format!("<saml:Issuer>{PROVIDER}</saml:Issuer>")),
        rule("assertion-issuer-format-persistent", "assertion_issuer_format", &issuer, &issuer.replace(":entity", ":persistent")),
        rule("assertion-without-conditions", "conditions", &whole("saml:Conditions"), ""),
        rule("conditions-one-unknown", "conditions", &restriction, &format!("{restriction}<saml:Condition xsi:type=\"xs:string\"/>")),
        rule("conditions-without-beginning", "conditions_instant", &from, ""),
        rule("conditions-without-end", "conditions_instant", until, ""),
        rule("conditions-end-malformed", "conditions_instant", until, "NotOnOrAfter=\"tomorrow\""),
        rule("conditions-begin-a-millisecond-too-late", "not_yet_valid", &from, "NotBefore=\"2026-11-25T11:02:02.001Z\""),
        rule("conditions-end-as-it-arrives", "expired", until, "NotOnOrAfter=\"2026-11-25T11:01:02Z\""),
        rule("conditions-without-audience-restriction", "audience", &restriction, ""),
        rule("audience-restriction-empty", "audience", &audience, ""),
        rule("audience-empty", "audience", &audience, "<saml:Audience></saml:Audience>"),
        rule("audience-another", "audience", &audience, "<saml:Audience>https://other.example</saml:Audience>"),
        rule("audience-another-restriction-too", "audience", &restriction, &format!("{restriction}{}", restriction.replace("fascicolo", "other"))),
        rule("assertion-without-authn-statement", "authn_statement", &statement, ""),
        rule("authn-without-instant", "authn_instant", authn, ""),
        rule("authn-instant-malformed", "authn_instant", authn, "AuthnInstant=\"now\""),
        rule("authn-one-millisecond-too-old", "authn_too_old", authn, "AuthnInstant=\"2026-11-25T10:59:00.499Z\""),
        rule("authn-in-the-future", "authn_instant", authn, "AuthnInstant=\"2026-11-25T11:02:02.001Z\""),
        rule("authn-without-context", "authn_context", &context, ""),
        rule("authn-context-empty", "authn_context", &context, "<saml:AuthnContext></saml:AuthnContext>"),
        rule("authn-context-of-old", "authn_context", class, "urn:oasis:names:tc:SAML:2.0:ac:classes:SpidL2"),
        rule("authn-context-twice", "authn_context", &whole("saml:AuthnContextClassRef"), &[whole("saml:AuthnContextClassRef"), whole("saml:AuthnContextClassRef").replace("L2", "L1")].concat()),
        rule("authn-level-too-low", "level_too_low", class, "https://www.spid.gov.it/SpidL1"),
        rule("assertion-issuer-with-slash", "assertion_issuer", &issuer, &issuer.replace(PROVIDER, "https://idp.example/")),
        rule("assertion-issuer-with-blanks", "assertion_issuer", &issuer, &issuer.replace(PROVIDER, " https://idp.example ")),
        rule("conditions-twice", "assertion_shape", &whole("saml:Conditions"), &whole("saml:Conditions").repeat(2)),
        rule("conditions-end-before-they-begin", "not_yet_valid", &from, "NotBefore=\"2026-11-25T11:07:00Z\""),
        rule("conditions-end-with-offset", "conditions_instant", until, "NotOnOrAfter=\"2026-11-25T12:06:00+01:00\""),
        rule("conditions-of-another-namespace", "assertion_shape", &whole("saml:Conditions"), &whole("saml:Conditions").replace("saml:Conditions", "samlp:Conditions")),
        rule("audience-with-slash", "audience", &audience, "<saml:Audience>https://fascicolo.example/</saml:Audience>"),
        rule("audience-in-upper-case", "audience", &audience, "<saml:Audience>HTTPS://FASCICOLO.EXAMPLE</saml:Audience>"),
        rule("audience-that-begins-like-ours", "audience", &audience, "<saml:Audience>https://fascicolo.example.org</saml:Audience>"),
        rule("audience-with-markup", "malformed", &audience, "<saml:Audience>https://fascicolo<b/>.example</saml:Audience>"),
        rule("audience-of-another-namespace", "audience", &audience, &audience.replace("saml:", "samlp:")),
        rule("authn-instant-with-offset", "authn_instant", authn, "AuthnInstant=\"2026-11-25T12:00:59+01:00\""),
        rule("authn-context-two", "authn_context", &context, &context.repeat(2)),
        rule("authn-context-by-declaration", "authn_context", &whole("saml:AuthnContextClassRef"), "<saml:AuthnContextDeclRef>https://www.spid.gov.it/SpidL2</saml:AuthnContextDeclRef>"),
        rule("authn-level-4", "authn_context", class, "https://www.spid.gov.it/SpidL4"),
        rule("authn-level-without-tls", "authn_context", class, "http://www.spid.gov.it/SpidL2"),
        rule("authn-level-in-lower-case", "authn_context", class, "https://www.spid.gov.it/spidl2"),
        rule("authn-session-index-huge", "authn_statement", "<saml:AuthnStatement ", &format!("<saml:AuthnStatement SessionIndex=\"{}\" ", "x".repeat(513))),
        rule("authn-session-index-of-two-lines", "authn_statement", "<saml:AuthnStatement ", "<saml:AuthnStatement SessionIndex=\"_a&#10;_b\" "),
        rule("decision-instead-of-authn", "assertion_shape", &statement, "<saml:AuthzDecisionStatement/>"),
        rule("authn-statement-twice", "assertion_shape", &statement, &format!("{statement}{statement}")),
        rule("assertion-with-unknown-child", "assertion_shape", &statement, &format!("{statement}<saml:Advice/>")),
    ]
}

#[rustfmt::skip]
pub(crate) fn attributes() -> Vec<Rule> {
    let fiscal = "TINIT-GDASDV00A01H501J";
    let attribute_of = |name: &str, kind: &str, value: &str| attribute(name, kind, value);
    let name = attribute_of("name", "string", "Ada");
    let born = attribute_of("dateOfBirth", "date", "2000-01-01");
    let number = attribute_of("fiscalNumber", "string", fiscal);
    let family = attribute_of("familyName", "string", "D'Alì &amp; Figli");
    vec![
        rule("assertion-without-attributes", "attribute_statement", &whole("saml:AttributeStatement"), ""),
        rule("attribute-statement-empty", "attribute_statement", &whole("saml:AttributeStatement"), "<saml:AttributeStatement/>"),
        rule("attribute-without-name", "attribute_statement", "Name=\"name\"", ""),
        rule("attribute-encrypted", "attribute_statement", &name, &format!("{name}<saml:EncryptedAttribute/>")),
        rule("attribute-without-value", "attribute_value", &name, "<saml:Attribute Name=\"name\"/>"),
        rule("attribute-value-empty", "attribute_value", &name, &attribute_of("name", "string", " \n ")),
        rule("attribute-with-two-values", "attribute_value", ">Ada</saml:AttributeValue>", ">Ada</saml:AttributeValue><saml:AttributeValue>Eva</saml:AttributeValue>"),
        rule("attribute-value-with-markup", "attribute_value", ">Ada<", "><b>Ada</b><"),
        rule("attribute-fiscal-number-missing", "attribute_missing", &number, ""),
        rule("attribute-name-missing", "attribute_missing", &name, ""),
        rule("attribute-family-name-missing", "attribute_missing", &family, ""),
        rule("attribute-birth-missing", "attribute_missing", &born, ""),
        rule("attribute-fiscal-number-twice", "attribute_repeated", &number, &format!("{number}{}", number.replace("GDASDV00A01H501J", "RSSMRA80A01H501U"))),
        rule("fiscal-number-without-prefix", "fiscal_number", fiscal, "GDASDV00A01H501J"),
        rule("fiscal-number-of-another-country", "fiscal_number", fiscal, "TINDE-GDASDV00A01H501J"),
        rule("fiscal-number-check-character", "fiscal_number", fiscal, "TINIT-GDASDV00A01H501K"),
        rule("fiscal-number-of-a-company", "fiscal_number", fiscal, "TINIT-12345678901"),
        rule("attribute-statement-twice", "assertion_shape", &whole("saml:AttributeStatement"), &whole("saml:AttributeStatement").repeat(2)),
        rule("attribute-value-of-two-lines", "attribute_value", ">Ada<", ">Ada&#10;Eva<"),
        rule("attribute-value-huge", "attribute_value", ">Ada<", &format!(">{}<", "A".repeat(513))),
        rule("attribute-value-of-another-namespace", "attribute_value", ">Ada</saml:AttributeValue>", ">Ada</saml:AttributeValue><samlp:AttributeValue/>"),
        rule("attribute-by-friendly-name", "attribute_statement", "Name=\"name\"", "FriendlyName=\"name\""),
        rule("attribute-name-in-upper-case", "attribute_missing", "Name=\"name\"", "Name=\"NAME\""),
        rule("attribute-name-twice", "attribute_repeated", &name, &format!("{name}{}", name.replace("Ada", "Eva"))),
        rule("attribute-name-in-disguise", "attribute_repeated", &name, &format!("{name}{}", name.replace("Name=\"name\"", "Name=\"n&#97;me\""))),
        rule("fiscal-number-empty", "fiscal_number", fiscal, "TINIT-"),
        rule("fiscal-number-with-more-behind", "fiscal_number", fiscal, "TINIT-GDASDV00A01H501JX"),
        rule("fiscal-number-with-prefix-in-lower-case", "fiscal_number", fiscal, "tinit-GDASDV00A01H501J"),
        rule("birth-as-italians-write-it", "date_of_birth", "2000-01-01", "01/01/2000"),
        rule("birth-without-hyphens", "date_of_birth", "2000-01-01", "20000101"),
        rule("birth-by-week", "date_of_birth", "2000-01-01", "2000-W01-1"),
        rule("birth-by-day-of-year", "date_of_birth", "2000-01-01", "2000-001Z1"),
        rule("birth-on-no-day", "date_of_birth", "2000-01-01", "2000-02-30"),
        rule("birth-with-time", "date_of_birth", "2000-01-01", "2000-01-01T00:00:00Z"),
    ]
}

/// Changes that are no defects.
#[rustfmt::skip]
pub(crate) fn harmless() -> Vec<Rule> {
    let issuer = format!("<saml:Issuer Format=\"{ENTITY}\">{PROVIDER}</saml:Issuer>");
    let made = format!("IssueInstant=\"{MADE}\" In");
    let head = "IssueInstant=\"2026-11-25T11:01:00.001Z\"";
    let restriction = whole("saml:AudienceRestriction");
    let class = "https://www.spid.gov.it/SpidL2";
    let name = attribute("name", "string", "Ada");
    vec![
        rule("response-issuer-without-format", "proved", &issuer, &format!("<saml:Issuer>{PROVIDER}</saml:Issuer>")),
        rule("response-as-old-as-allowed", "proved", &made, "IssueInstant=\"2026-11-25T10:59:00.5Z\" In"),
        rule("response-as-new-as-allowed", "proved", &made, "IssueInstant=\"2026-11-25T11:02:02Z\" In"),
        rule("assertion-as-old-as-allowed", "proved", head, "IssueInstant=\"2026-11-25T10:59:00.5Z\""),
        rule("assertion-as-new-as-allowed", "proved", head, "IssueInstant=\"2026-11-25T11:02:02Z\""),
        rule("confirmation-ends-just-after", "proved", &format!("\"{UNTIL}\"/>"), "\"2026-11-25T11:01:02.001Z\"/>"),
        rule("conditions-begin-as-late-as-allowed", "proved", &format!("NotBefore=\"{MADE}\""), "NotBefore=\"2026-11-25T11:02:02Z\""),
        rule("conditions-end-just-after", "proved", "NotOnOrAfter=\"2026-11-25T11:06:00.000Z\"", "NotOnOrAfter=\"2026-11-25T11:01:02.001Z\""),
        rule("conditions-one-time-use", "proved", &restriction, &format!("<saml:OneTimeUse/>{restriction}")),
        rule("audience-among-others", "proved", "<saml:Audience>", "<saml:Audience>https://other.example</saml:Audience><saml:Audience>"),
        rule("authn-level-3", "proved", class, "https://www.spid.gov.it/SpidL3"),
        rule("authn-as-old-as-allowed", "proved", "AuthnInstant=\"2026-11-25T11:00:59Z\"", "AuthnInstant=\"2026-11-25T10:59:00.500Z\""),
        rule("authn-with-session-index", "proved", "<saml:AuthnStatement ", "<saml:AuthnStatement SessionIndex=\"_session\" "),
        rule("attributes-more-than-asked", "proved", &name, &format!("{name}{}", attribute("spidCode", "string", "AGID-001"))),
        rule("attribute-bare", "proved", &name, "<saml:Attribute Name=\"name\"><saml:AttributeValue>\n Ada </saml:AttributeValue></saml:Attribute>"),
        rule("authn-level-3-with-blanks", "proved", class, "\n https://www.spid.gov.it/SpidL3 "),
        rule("audience-with-blanks", "proved", "<saml:Audience>https://fascicolo.example<", "<saml:Audience>\n https://fascicolo.example\n<"),
        rule("conditions-proxy-restriction", "proved", &restriction, &format!("{restriction}<saml:ProxyRestriction Count=\"0\"/>")),
        rule("response-issuer-qualified", "proved", &issuer, &issuer.replace("<saml:Issuer ", "<saml:Issuer NameQualifier=\"https://idp.example\" ")),
        rule("name-id-as-long-as-allowed", "proved", "_transient\n", &format!("{}\n", "x".repeat(512))),
        rule("status-with-message", "proved", "</samlp:Status>", "<samlp:StatusMessage>nr1</samlp:StatusMessage></samlp:Status>"),
        rule("authn-with-locality-and-authority", "proved", "</saml:AuthnContextClassRef></saml:AuthnContext>", "</saml:AuthnContextClassRef><saml:AuthenticatingAuthority>https://eidas.example</saml:AuthenticatingAuthority></saml:AuthnContext><saml:SubjectLocality Address=\"192.0.2.1\"/>"),
        rule("attribute-in-upper-case-with-accents", "proved", ">D'Alì &amp; Figli<", ">D'ALÌ-ŽUŽEK DE’ RÈ<"),
        rule("value-with-character-references", "proved", ">Ada<", ">&#65;d&#x61;<"),
    ]
}

/// Statuses that are not success, with the anomaly each is (SPID-E).
#[rustfmt::skip]
pub(crate) fn anomalies() -> Vec<(String, String, String)> {
    let table = [
        ("ErrorCode nr08", "OurFault(8)"),
        ("ErrorCode nr11", "OurFault(11)"),
        ("ErrorCode nr19", "WrongCredentials"),
        ("ErrorCode nr20", "WeakCredentials"),
        ("ErrorCode nr21", "TimedOut"),
        ("ErrorCode nr22", "ConsentDenied"),
        ("ErrorCode nr23", "Suspended"),
        ("ErrorCode nr25", "Cancelled"),
        ("ErrorCode nr30", "WrongKind"),
        ("ErrorCode nr24", "Unknown"),
        ("no code at all", "Unknown"),
    ];
    table
        .map(|(message, word)| {
            let name = format!("anomaly-{}", message.replace(' ', "-").to_lowercase());
            (name, word.to_owned(), anomaly(message))
        })
        .to_vec()
}

/// An unsigned answer without Assertion.
pub(crate) fn anomaly(message: &str) -> String {
    let good = unsigned();
    let text = change(&good, &format!("\n  {}", cut(&good, "saml:Assertion")), "");
    let success = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>";
    let failed = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\">\
                  <samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:statuss:AuthnFailed\"/></samlp:StatusCode>";
    let text = change(&text, success, failed);
    after(&text, failed, &format!("<samlp:StatusMessage>{message}</samlp:StatusMessage>"))
}
