//! Where CIE over SAML and the eIDAS node differ from SPID, and where they do not (SPID-C, SPID-X).

use fascicolo_domain::login::{Federation, Level, Method};
use fascicolo_eid::spid::{Abroad, Expected, Refused, Verdict};
use fascicolo_eid::xml::encode_base64;

use crate::maker::{ARRIVES, attribute, expected, receive, signed, unsigned, word};

const FISCAL_NUMBER: &str = "TINIT-GDASDV00A01H501J";

/// An answer that arrives when it should, under the rules of a federation.
fn under(federation: Federation, answer: &str) -> Result<Verdict, Refused> {
    receive(&encode_base64(signed(answer).as_bytes()), &Expected { federation, ..expected() }, ARRIVES)
}

/// The good answer with the node's identifier instead of the fiscal number.
fn from_abroad() -> String {
    let code = attribute("spidCode", "string", "DE/IT/4711-ä");
    unsigned().replace(&attribute("fiscalNumber", "string", FISCAL_NUMBER), &code)
}

fn abroad(answer: &str) -> Abroad {
    match under(Federation::Eidas, answer) {
        Ok(Verdict::Abroad(abroad)) => *abroad,
        other => panic!("{}", word(&other)),
    }
}

/// SPID-C6: SPID's rule on the Assertion's issuer, which CIE does not share.
#[test]
fn cie_may_leave_out_the_format_of_the_assertions_issuer_and_spid_may_not() {
    let formatted = "<saml:Issuer Format='urn:oasis:names:tc:SAML:2.0:nameid-format:entity' >";
    let left_out = unsigned().replace(formatted, "<saml:Issuer>");
    assert_ne!(left_out, unsigned());
    let other = unsigned().replace(formatted, "<saml:Issuer Format='urn:oasis:names:tc:SAML:1.1:x' >");
    for (federation, without, with_another) in [
        (Federation::Cie, "proved", "assertion_issuer_format"),
        (Federation::Spid, "assertion_issuer_format", "assertion_issuer_format"),
        (Federation::Eidas, "assertion_issuer_format", "assertion_issuer_format"),
    ] {
        assert_eq!(word(&under(federation, &left_out)), without, "{federation:?}");
        assert_eq!(word(&under(federation, &other)), with_another, "{federation:?}");
        assert_eq!(word(&under(federation, &unsigned())), "proved", "{federation:?}");
    }
}

/// SPID-C3, SPID-C6, SPID-L4: no spidCode, a date of birth typed as text, a level above the one asked.
#[test]
fn a_person_with_a_cie_is_known_by_the_fiscal_number() {
    let born = attribute("dateOfBirth", "date", "2000-01-01");
    let answer = unsigned()
        .replace(&born, &attribute("dateOfBirth", "string", "2000-01-01"))
        .replace("SpidL2", "SpidL3");
    let Ok(Verdict::Proved(proved)) = under(Federation::Cie, &answer) else {
        panic!("not proved");
    };
    assert_eq!(proved.identity.method, Method::Cie);
    assert_eq!(proved.identity.level, Level::Three);
    assert_eq!(proved.identity.codice_fiscale.as_str(), "GDASDV00A01H501J");
}

/// SPID-X3.
#[test]
fn a_person_from_abroad_has_no_fiscal_number_and_is_nobody_yet() {
    let found = abroad(&from_abroad());
    assert_eq!((found.person.as_str(), found.given_name.as_str()), ("DE/IT/4711-ä", "Ada"));
    assert_eq!(found.family_name, "D'Alì & Figli");
    assert_eq!(found.birth_date, "2000-01-01".parse().unwrap());
    assert_eq!((found.level, found.assertion_id.as_str()), (Level::Two, "_assertion"));
    assert!(!format!("{found:?}").contains("4711"), "personal data in Debug");
}

/// SPID-X2: the node may send one all the same.
#[test]
fn a_person_from_abroad_with_a_fiscal_number_is_a_citizen() {
    let Ok(Verdict::Proved(proved)) = under(Federation::Eidas, &unsigned()) else {
        panic!("not proved");
    };
    assert_eq!(proved.identity.method, Method::Spid);
}

/// Nobody else may do without the fiscal number; and one that is wrong is not taken for a missing one.
#[test]
fn only_the_eidas_node_may_leave_the_fiscal_number_out() {
    assert_eq!(word(&under(Federation::Spid, &from_abroad())), "attribute_missing");
    assert_eq!(word(&under(Federation::Cie, &from_abroad())), "attribute_missing");
    let wrong = unsigned().replace(FISCAL_NUMBER, "TINIT-GDASDV00A01H501K");
    assert_eq!(word(&under(Federation::Eidas, &wrong)), "fiscal_number");
}

#[test]
fn a_person_from_abroad_is_refused_without_one_of_the_four_attributes_or_at_level_one() {
    for (name, kind, value) in [
        ("spidCode", "string", "DE/IT/4711-ä"),
        ("name", "string", "Ada"),
        ("familyName", "string", "D'Alì &amp; Figli"),
        ("dateOfBirth", "date", "2000-01-01"),
    ] {
        let answer = from_abroad().replace(&attribute(name, kind, value), "");
        assert_ne!(answer, from_abroad(), "{name}");
        assert_eq!(word(&under(Federation::Eidas, &answer)), "attribute_missing", "{name}");
    }
    let weak = from_abroad().replace("SpidL2", "SpidL1");
    assert_eq!(word(&under(Federation::Eidas, &weak)), "level_too_low");
    assert_eq!(word(&under(Federation::Eidas, &from_abroad())), "abroad");
}
