//! Each rule of metadata is broken by one change to a document that keeps them all (SPID-M1 to M12, SPID-C2 to C4,
//! SPID-X2).

use fascicolo_eid::spid::{
    Agent, AgentRole, AttributeSet, CieContacts, CiePartner, Contact, Contacts, Profile, ServiceProvider,
    judge, metadata,
};
use fascicolo_eid::xml::{Place, encode_base64, sign_enveloped};

use crate::maker::{body, service, service_key, stranger_key};
use crate::vectors::on_disk;

fn company() -> Contact {
    Contact {
        company: "Informatica Prova S.p.A.".to_owned(),
        email: "spid@informatica.example".to_owned(),
        phone: None,
        ipa_code: Some("inf_prova".to_owned()),
        vat_number: Some("IT00000000000".to_owned()),
        fiscal_code: Some("00000000000".to_owned()),
    }
}

/// A service in a role for another.
fn acting(role: AgentRole) -> ServiceProvider {
    let mut sp = service();
    sp.entity_id = format!("https://fascicolo.example/{}/r_prova", role.code());
    let contact = if role.is_operator() {
        Contact { company: sp.organization.name.clone(), ..company() }
    } else {
        company()
    };
    sp.contacts = Contacts::Agent(Agent {
        role,
        contact,
        body: (role != AgentRole::FullOperator).then(body),
        validation: role.is_light().then(|| stranger_key().certificate_der().to_vec()),
    });
    sp
}

fn european() -> ServiceProvider {
    let mut sp = service();
    sp.attribute_sets.extend(AttributeSet::eidas());
    sp
}

/// A public body to CIE, with a company beside it or without.
pub(crate) fn cie(partner: bool) -> ServiceProvider {
    let mut sp = service();
    sp.attribute_sets = vec![AttributeSet::cie("b7f4e9c2-5d1a-4c3e-9f60-2a8d7b1e0c54")];
    sp.contacts = Contacts::Cie(CieContacts {
        body: body(),
        municipality: "H501".to_owned(),
        partner: partner.then(|| CiePartner {
            contact: Contact { ipa_code: None, ..company() },
            municipality: "F205".to_owned(),
            nace: "62.02.00".to_owned(),
        }),
    });
    sp
}

fn text(sp: &ServiceProvider) -> String {
    String::from_utf8(metadata(sp).unwrap()).unwrap()
}

/// The document with its signature made anew, by the key that it publishes.
fn signed_again(text: &str) -> String {
    let (start, end) = (text.find("<ds:Signature ").unwrap(), text.find("</ds:Signature>").unwrap());
    let bare = format!("{}{}", &text[..start], &text[end + "</ds:Signature>".len()..]);
    let id = bare.split(" ID=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    sign_enveloped(&bare, id, Place::First, &service_key()).unwrap()
}

fn broken(text: &str, profile: Profile) -> Vec<&'static str> {
    let mut rules: Vec<_> = judge(text.as_bytes(), profile).iter().map(|broken| broken.rule).collect();
    rules.dedup();
    rules
}

/// Each change breaks its rule, and no other.
fn each_breaks_its_rule(sp: &ServiceProvider, changes: &[(&str, &str, &str)]) {
    let good = text(sp);
    let profile = sp.contacts.profile();
    assert_eq!(judge(signed_again(&good).as_bytes(), profile), [], "signed again");
    for (from, to, rule) in changes {
        assert!(good.contains(from), "{from}");
        let changed = signed_again(&good.replacen(from, to, 1));
        assert_eq!(broken(&changed, profile), [*rule], "{from} -> {to}");
    }
}

#[test]
fn what_we_make_keeps_every_rule_in_every_variant() {
    let mut rotating = service();
    rotating.next_certificate = Some(stranger_key().certificate_der().to_vec());
    rotating.least_age = Some(14);
    let mut all = vec![service(), rotating, european(), cie(false), cie(true)];
    all.extend(AgentRole::ALL.map(acting));
    for sp in all {
        assert_eq!(judge(text(&sp).as_bytes(), sp.contacts.profile()), [], "{:?}", sp.contacts);
    }
}

/// SPID-M11, SPID-C2: one document is one thing.
#[test]
fn no_variant_passes_for_another() {
    let mut all = vec![service(), cie(true)];
    all.extend(AgentRole::ALL.map(acting));
    for one in &all {
        for other in &all {
            let profile = other.contacts.profile();
            let same = one.contacts.profile() == profile;
            assert_eq!(judge(text(one).as_bytes(), profile).is_empty(), same, "{:?}", profile);
        }
    }
}

/// SPID-M1 to M7, SPID-M9.
#[test]
fn each_rule_of_the_document_has_its_own_cause() {
    let key = format!("<ds:X509Certificate>{}<", service_key().certificate_base64());
    let short = include_str!("../fixtures/short.test-only.crt.pem");
    let short = encode_base64(&der::pem::decode_vec(short.as_bytes()).unwrap().1);
    let second_key = format!(
        "</md:KeyDescriptor><md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{short}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    );
    assert!(text(&service()).contains(&key));
    each_breaks_its_rule(
        &service(),
        &[
            ("entityID=\"https:", "entityID=\"http:", "SPID-M1"),
            ("entityID=\"https://fascicolo.example", "entityID=\"https://fascicolo.example:8443", "SPID-M1"),
            ("entityID=\"https://fascicolo.example", "entityID=\"https://fascicolo.example?x", "SPID-M1"),
            ("<md:Organization>", "<md:EntityDescriptor/><md:Organization>", "SPID-M1"),
            ("AuthnRequestsSigned=\"true\"", "AuthnRequestsSigned=\"false\"", "SPID-M3"),
            ("WantAssertionsSigned=\"true\"", "WantAssertionsSigned=\"false\"", "SPID-M3"),
            ("SAML:2.0:protocol\"", "SAML:1.1:protocol\"", "SPID-M3"),
            ("</md:KeyDescriptor>", &second_key, "SPID-M4"),
            ("Location=\"https://fascicolo.example/spid/slo", "Location=\"http://x/slo", "SPID-M5"),
            (
                "HTTP-POST\" Location=\"https://fascicolo.example/spid/slo",
                "PAOS\" Location=\"https://x/slo",
                "SPID-M5",
            ),
            ("nameid-format:transient", "nameid-format:persistent", "SPID-M6"),
            (
                "HTTP-POST\" Location=\"https://fascicolo.example/spid/acs",
                "HTTP-Redirect\" Location=\"https://x/acs",
                "SPID-M7",
            ),
            ("Location=\"https://fascicolo.example/spid/acs", "Location=\"http://x/acs", "SPID-M7"),
            (" isDefault=\"true\"", "", "SPID-M7"),
            ("index=\"0\" isDefault", "index=\"1\" isDefault", "SPID-M7"),
            ("<md:OrganizationURL xml:lang=\"it\">", "<md:OrganizationURL xml:lang=\"en\">", "SPID-M9"),
            ("https://regione.example</md:OrganizationURL>", "</md:OrganizationURL>", "SPID-M9"),
        ],
    );
    let german = text(&service()).replace("xml:lang=\"it\"", "xml:lang=\"de\"");
    // without the Italian name no Company can be equal to it
    assert_eq!(broken(&signed_again(&german), Profile::Body), ["SPID-M9", "SPID-M10"]);
}

/// SPID-M2.
#[test]
fn a_signature_that_is_missing_or_of_another_key_and_text_before_the_document_are_told() {
    let good = text(&service());
    let again = signed_again(&good);
    let (_, undeclared) = again.split_once("?>").unwrap();
    assert_eq!(broken(undeclared, Profile::Body), [""; 0]);
    assert_eq!(broken(&format!("\n{undeclared}"), Profile::Body), ["SPID-M2"]);
    let tampered = good.replace("r_prova", "r_altra");
    assert_eq!(broken(&tampered, Profile::Body), ["SPID-M2"]);
    let mut strange = service();
    strange.key = stranger_key();
    let foreign =
        text(&strange).replace(stranger_key().certificate_base64(), service_key().certificate_base64());
    assert_eq!(broken(&foreign, Profile::Body), ["SPID-M2"]);
    assert_eq!(broken("no document", Profile::Body), ["SPID-M2", "SPID-M1"]);
    let typed = again.replacen("<md:Entity", "<!DOCTYPE x><md:Entity", 1);
    assert_eq!(broken(&typed, Profile::Body), ["SPID-M1"]);
}

/// SPID-M8, SPID-X2.
#[test]
fn each_rule_of_the_attribute_sets_has_its_own_cause() {
    let name = "<md:RequestedAttribute Name=\"name\" isRequired=\"true\"/>";
    each_breaks_its_rule(
        &european(),
        &[
            (
                "<md:AttributeConsumingService index=\"99\"",
                "<md:AttributeConsumingService index=\"0\"",
                "SPID-M8",
            ),
            ("<md:AttributeConsumingService index=\"0\"", "<md:AttributeConsumingService", "SPID-M8"),
            ("<md:ServiceName xml:lang=\"it\">", "<md:ServiceName>", "SPID-M8"),
            (">Fascicolo Sanitario Elettronico<", "><", "SPID-M8"),
            (name, &name.repeat(2), "SPID-M8"),
            (name, "<md:RequestedAttribute Name=\"shoeSize\"/>", "SPID-M8"),
            ("Person Minimum", "Person Smallest", "SPID-X2"),
            ("Name=\"placeOfBirth\"", "Name=\"email\"", "SPID-X2"),
        ],
    );
    let good = text(&service());
    let (start, end) =
        (good.find("<md:RequestedAttribute").unwrap(), good.find("</md:AttributeCons").unwrap());
    let empty = format!("{}{}", &good[..start], &good[end..]);
    assert_eq!(broken(&signed_again(&empty), Profile::Body), ["SPID-M8"]);
    let allowed = text(&european())
        .replace("Name=\"spidCode\"", "Name=\"fiscalNumber\"/><md:RequestedAttribute Name=\"spidCode\"");
    assert_eq!(
        broken(&signed_again(&allowed), Profile::Body),
        [""; 0],
        "the checker takes the fiscal number there"
    );
}

/// SPID-M10, SPID-M12.
#[test]
fn each_rule_of_a_bodys_contact_has_its_own_cause() {
    let second = "</md:ContactPerson><md:ContactPerson contactType=\"other\"/>";
    each_breaks_its_rule(
        &service(),
        &[
            ("contactType=\"other\"", "contactType=\"technical\"", "SPID-M10"),
            ("<spid:IPACode>r_prova</spid:IPACode>", "", "SPID-M10"),
            ("<spid:IPACode>r_prova</spid:IPACode>", "<spid:IPACode> </spid:IPACode>", "SPID-M10"),
            ("<spid:Public></spid:Public>", "", "SPID-M10"),
            ("<spid:Public></spid:Public>", "<spid:Public>x</spid:Public>", "SPID-M10"),
            ("<spid:Public></spid:Public>", "<spid:Public></spid:Public><spid:Private/>", "SPID-M10"),
            ("<spid:Public>", "<spid:VATNumber>00000000000</spid:VATNumber><spid:Public>", "SPID-M10"),
            ("spid@regione.example", "spid", "SPID-M10"),
            ("+390000000000", "+39 0000000000", "SPID-M10"),
            ("+390000000000", "0000000000", "SPID-M10"),
            ("<md:Company>Regione Prova", "<md:Company>Regione", "SPID-M10"),
            ("</md:ContactPerson>", second, "SPID-M10"),
        ],
    );
    let three =
        text(&service()).replace("</md:ContactPerson>", &format!("{}{second}", second.replace("/>", ">")));
    assert_eq!(broken(&signed_again(&three), Profile::Body), ["SPID-M12", "SPID-M10"]);
}

/// SPID-M11.
#[test]
fn each_rule_of_an_aggregators_contacts_has_its_own_cause() {
    let full = "<spid:PublicServicesFullAggregator></spid:PublicServicesFullAggregator>";
    each_breaks_its_rule(
        &acting(AgentRole::FullAggregator),
        &[
            ("/pub-ag-full/", "/pub-ag-lite/", "SPID-M11"),
            (full, "<spid:PublicServicesLightAggregator/>", "SPID-M11"),
            (full, "<spid:Public/>", "SPID-M11"),
            ("\"spid:aggregator\"", "\"spid:aggregated\"", "SPID-M11"),
            ("<md:Company>Informatica Prova S.p.A.</md:Company>", "", "SPID-M11"),
            ("<md:Company>Regione Prova", "<md:Company>Regione", "SPID-M11"),
            ("<spid:IPACode>r_prova</spid:IPACode>", "", "SPID-M11"),
            ("<spid:Public></spid:Public>", "<spid:Private/>", "SPID-M11"),
            ("IT00000000000", "00000000000", "SPID-M11"),
            ("spid@informatica.example", "spid", "SPID-M11"),
            (full, &format!("{full}<spid:KeyDescriptor use=\"spid:validation\"/>"), "SPID-M11"),
        ],
    );
    each_breaks_its_rule(
        &acting(AgentRole::LightAggregator),
        &[("use=\"spid:validation\"", "use=\"signing\"", "SPID-M11")],
    );
}

/// SPID-M11.
#[test]
fn each_rule_of_an_operators_contacts_has_its_own_cause() {
    each_breaks_its_rule(
        &acting(AgentRole::FullOperator),
        &[
            ("/pub-op-full/", "/pub-ag-full/", "SPID-M11"),
            ("<md:Company>Regione Prova", "<md:Company>Regione", "SPID-M11"),
            ("<spid:IPACode>inf_prova</spid:IPACode>", "", "SPID-M11"),
            ("<spid:VATNumber>IT00000000000</spid:VATNumber>", "", "SPID-M11"),
            ("<spid:FiscalCode>00000000000</spid:FiscalCode>", "", "SPID-M11"),
        ],
    );
    let lonely = text(&acting(AgentRole::LightOperator));
    let at =
        lonely.find("<md:ContactPerson contactType=\"other\" spid:entityType=\"spid:aggregated\"").unwrap();
    let lonely = format!("{}</md:EntityDescriptor>", &lonely[..at]);
    assert_eq!(broken(&signed_again(&lonely), Profile::Agent(AgentRole::LightOperator)), ["SPID-M11"]);
}

/// SPID-C2 to C4.
#[test]
fn each_rule_of_cie_has_its_own_cause() {
    each_breaks_its_rule(
        &cie(true),
        &[
            ("contactType=\"administrative\"", "contactType=\"other\"", "SPID-C2"),
            ("contactType=\"technical\"", "contactType=\"support\"", "SPID-C2"),
            ("<cie:Municipality>H501<", "<cie:Municipality>058091<", "SPID-C2"),
            ("<cie:Municipality>F205</cie:Municipality>", "", "SPID-C2"),
            ("<cie:IPACode>r_prova</cie:IPACode>", "", "SPID-C2"),
            ("<cie:Public></cie:Public>", "<cie:Private/>", "SPID-C2"),
            ("<md:Company>Regione Prova", "<md:Company>Regione", "SPID-C2"),
            ("<md:EmailAddress>spid@regione.example</md:EmailAddress>", "", "SPID-C2"),
            ("<cie:NACE2Code>62.02.00</cie:NACE2Code>", "", "SPID-C2"),
            ("xml:lang=\"\"", "xml:lang=\"it\"", "SPID-C3"),
            ("5d1a-4c3e", "5d1a-1c3e", "SPID-C3"),
            ("urn:uuid:", "", "SPID-C3"),
            ("Name=\"name\"", "Name=\"email\"", "SPID-C3"),
            ("HTTP-Redirect", "SOAP", "SPID-C4"),
        ],
    );
}

#[test]
fn whatever_the_document_it_is_judged_and_not_good() {
    for profile in [Profile::Body, Profile::Agent(AgentRole::LightOperator), Profile::Cie] {
        for (name, bytes) in on_disk("accept").into_iter().chain(on_disk("reject")) {
            assert!(!judge(bytes.as_bytes(), profile).is_empty(), "{name}");
        }
        // half a document, and one with every text gone
        let good = text(&service());
        for end in (0..good.len()).step_by(97) {
            assert!(!judge(&good.as_bytes()[..end], profile).is_empty(), "{end}");
        }
        let bare: String =
            good.split('>').filter_map(|part| Some(format!("<{}>", part.split_once('<')?.1))).collect();
        assert!(!judge(bare.as_bytes(), profile).is_empty());
    }
}
