//! The invented region that runs the sandbox's site: its settings, and what the SPID federation knows of it.

use fascicolo_domain::Fault;
use fascicolo_domain::acts::Acts;
use fascicolo_domain::login::{Level, Limits, Policy};
use fascicolo_domain::throttle::Rate;
use fascicolo_eid::cie::{Held, KeyError, Keys, RelyingParty, TrustMark, jose};
use fascicolo_eid::spid::{
    AttributeSet, CertificateSubject, CieContacts, Contact, Contacts, Organization, ServiceProvider,
    SigningKey,
};
use fascicolo_web::settings::{DemoNotice, Saml, Settings, Site, Verification};
use jiff::Timestamp;

use crate::Addresses;
use crate::keys::Wanted;

const REGION: &str = "Regione Esempio";
const REGION_URL: &str = "https://www.regione.example";
const SERVICE: &str = "Fascicolo Sanitario Elettronico";
const DISPLAY_NAME: &str = "Fascicolo Sanitario Elettronico – Regione Esempio";
const IPA: &str = "r_esempi";
/// How long a provider of CIE may keep what the anchor says of the site.
const OVERLAP_SECONDS: u32 = 24 * 3600;

/// What the region decided: the defaults.
pub(crate) fn settings(
    addresses: &Addresses,
    (spid, cie): (Saml, Option<Saml>),
    level_three: Acts,
) -> Settings {
    Settings {
        site: site(addresses),
        policy: Policy {
            minimum: Level::Two,
            level_three,
            spid_minors_from: None,
            spid_wards: false,
            limits: Limits::CITIZEN,
        },
        spid: Some(spid),
        cie,
        verification: Verification { per_network: Rate::per_minute(30), overall: Rate::per_minute(600) },
        trusted_proxies: Vec::new(),
        largest_file: 20 * 1024 * 1024,
    }
}

fn site(addresses: &Addresses) -> Site {
    Site {
        origin: addresses.secure.clone(),
        plain_origin: Some(addresses.site.clone()),
        region: REGION.to_owned(),
        region_url: REGION_URL.to_owned(),
        phone: "800 000 000".to_owned(),
        hours: "lunedì–venerdì, 8–18".to_owned(),
        address: "Piazza dell'Esempio 1, 00000 Esempio".to_owned(),
        pec: "fascicolo@pec.regione.example".to_owned(),
        dpo_mail: "dpo@regione.example".to_owned(),
        security_mail: "sicurezza@regione.example".to_owned(),
        accessibility_statement: "https://form.agid.gov.it/".to_owned(),
        demo_notice: Some(DemoNotice {
            text: "Ambiente di prova: persone, documenti e gestori sono inventati.".to_owned(),
            link: "Chi puoi essere e che cosa provare".to_owned(),
            url: format!("{}/", addresses.standins),
        }),
    }
}

fn entity_id<'a>(secure: &'a str, chosen: Option<&'a str>) -> &'a str {
    chosen.unwrap_or(secure)
}

/// The site as a SPID service provider.
pub(crate) fn service_provider(secure: &str, chosen: Option<&str>, key: SigningKey) -> ServiceProvider {
    ServiceProvider {
        entity_id: entity_id(secure, chosen).to_owned(),
        acs_url: format!("{secure}/spid/acs"),
        slo_url: format!("{secure}/spid/slo"),
        attribute_sets: [AttributeSet::usual(SERVICE)].into_iter().chain(AttributeSet::eidas()).collect(),
        organization: organization(),
        contacts: Contacts::Body(contact("spid@regione.example")),
        key,
        least_age: None,
        next_certificate: None,
    }
}

/// The site in CIE's federation, which has metadata of its own (SPID-C2).
pub(crate) fn cie_service_provider(secure: &str, key: SigningKey) -> ServiceProvider {
    let body = contact("cie@regione.example");
    ServiceProvider {
        entity_id: format!("{secure}/cie"),
        acs_url: format!("{secure}/cie/acs"),
        slo_url: format!("{secure}/cie/slo"),
        attribute_sets: vec![AttributeSet::cie("5f1c6cf1-29c1-4f3f-8d5f-6b1f2a4f0c11")],
        organization: organization(),
        contacts: Contacts::Cie(CieContacts { body, municipality: "H501".to_owned(), partner: None }),
        key,
        least_age: None,
        next_certificate: None,
    }
}

/// The site in CIE's federation by OpenID Connect. The anchor above it gives the mark.
pub(crate) fn relying_party(secure: &str, anchor: &str, mark: TrustMark) -> RelyingParty {
    RelyingParty {
        entity_id: secure.to_owned(),
        organization_name: REGION.to_owned(),
        client_name: DISPLAY_NAME.to_owned(),
        homepage_uri: secure.to_owned(),
        policy_uri: format!("{secure}/privacy"),
        logo_uri: format!("{secure}/logo.svg"),
        contacts: vec!["cie@regione.example".to_owned()],
        resolve_endpoint: format!("{secure}/cie/resolve"),
        redirect_uris: vec![format!("{secure}/cie/callback")],
        authority_hints: vec![anchor.to_owned()],
        trust_marks: vec![mark],
        lifetime_seconds: 24 * 3600,
    }
}

/// The keys it has in that federation: for statements, for requests, and to be written to (CIE-4).
pub(crate) fn openid_wanted_keys(secure: &str) -> [Wanted; 3] {
    ["federazione", "firma", "cifratura"].map(|purpose| Wanted {
        bits: 2048,
        ..own_key(&format!("cie-{purpose}"), &format!("{secure}/cie/{purpose}"))
    })
}

/// The same keys, as the site holds them: in use since ever, so that the clock may be set back.
///
/// # Errors
/// They are not keys, or not three.
pub(crate) fn openid_keys(pems: &[String]) -> Result<Keys, Fault> {
    let [federation, signing, encryption] = pems else {
        return Err(Fault::bare("reading the site's keys for CIE"));
    };
    let broken = |e: KeyError| Fault::new("reading the site's keys for CIE", e);
    let signs = |pem: &str| {
        let key = jose::SigningKey::from_pem(pem).map_err(broken)?;
        Ok::<_, Fault>(vec![Held { key, since: Timestamp::UNIX_EPOCH }])
    };
    let key = jose::DecryptionKey::from_pem(encryption).map_err(broken)?;
    let decrypts = vec![Held { key, since: Timestamp::UNIX_EPOCH }];
    Keys::new(signs(federation)?, signs(signing)?, decrypts, OVERLAP_SECONDS).map_err(broken)
}

fn organization() -> Organization {
    Organization {
        name: REGION.to_owned(),
        display_name: DISPLAY_NAME.to_owned(),
        url: REGION_URL.to_owned(),
    }
}

fn contact(email: &str) -> Contact {
    Contact {
        company: REGION.to_owned(),
        email: email.to_owned(),
        phone: Some("+39000000000".to_owned()),
        ipa_code: Some(IPA.to_owned()),
        vat_number: None,
        fiscal_code: None,
    }
}

/// The key it signs with in SPID.
pub(crate) fn wanted_key(secure: &str, chosen: Option<&str>) -> Wanted {
    own_key("spid", entity_id(secure, chosen))
}

/// The key it signs with in CIE's federation.
pub(crate) fn cie_wanted_key(secure: &str) -> Wanted {
    own_key("cie", &format!("{secure}/cie"))
}

fn own_key(file: &str, entity_id: &str) -> Wanted {
    Wanted {
        file: file.to_owned(),
        bits: 3072,
        subject: CertificateSubject {
            common_name: DISPLAY_NAME.to_owned(),
            organization: REGION.to_owned(),
            entity_id: entity_id.to_owned(),
            ipa_code: IPA.to_owned(),
            country: "IT".to_owned(),
            locality: "Esempio".to_owned(),
        },
    }
}
