//! Requests against the rules, and answers against the site's own verifier.

use std::sync::LazyLock;

use fascicolo_domain::login::{Federation, Level};
use fascicolo_domain::time::after_seconds;
use fascicolo_eid::spid::{
    Binding, Expected, Incoming, Outgoing, Provider, Providers, RequestSpec, ServiceProvider, Verdict,
    authn_request, metadata,
};
use fascicolo_eid::xml::{Place, encode_base64, sign_enveloped, sign_query};
use fascicolo_web::http::forms::encode;
use jiff::Timestamp;

use super::*;
use crate::kept::Kept;
use crate::ports::SeededEntropy;
use crate::{keys, people, region};

const ID: &str = "_00112233445566778899aabbccddeeff00112233";

fn now() -> Timestamp {
    "2026-11-25T11:00:00Z".parse().unwrap()
}

/// A site and its providers.
struct World {
    site: ServiceProvider,
    cie: ServiceProvider,
    idps: Idps,
    people: Arc<[Person]>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let kept = Kept::open(None).unwrap();
    let origin = "http://127.0.0.1:8081";
    let secure = "https://localhost:8443";
    let mut keys = keys::keys(
        &kept,
        &[wanted_keys(origin), vec![region::cie_wanted_key(secure), region::wanted_key(secure, None)]]
            .concat(),
        now(),
    )
    .unwrap();
    let site = region::service_provider(secure, None, keys.pop().unwrap());
    let cie = region::cie_service_provider(secure, keys.pop().unwrap());
    let people: Arc<[Person]> = people::people(now()).unwrap().into();
    let idps = Idps::new(Parts {
        origin: origin.to_owned(),
        keys,
        services: Services {
            spid: Service::from_metadata(&metadata(&site).unwrap()).unwrap(),
            cie: Service::from_metadata(&metadata(&cie).unwrap()).unwrap(),
        },
        people: Arc::clone(&people),
        clock: Arc::new(SandboxClock::standing_at(now())),
        entropy: Arc::new(SeededEntropy::new(7)),
    });
    World { site, cie, idps: idps.unwrap(), people }
});

impl World {
    fn provider(&self, at: usize) -> Provider {
        Providers::from_metadata(&self.idps.providers()[at].metadata().unwrap()).unwrap().remove(0)
    }

    fn request(&self, binding: Binding, level: Level) -> Outgoing {
        self.request_to(0, binding, level)
    }

    fn request_to(&self, at: usize, binding: Binding, level: Level) -> Outgoing {
        let (site, attribute_set) = match self.idps.providers()[at].federation {
            Federation::Spid => (&self.site, 0),
            Federation::Eidas => (&self.site, 99),
            Federation::Cie => (&self.cie, 0),
        };
        let spec =
            RequestSpec { id: ID, now: now(), level, attribute_set, relay_state: "stato-0123", binding };
        authn_request(site, &self.provider(at), &spec).unwrap()
    }

    fn read(&self, arrived: &Arrived<'_>) -> Result<Request, Flaw> {
        self.read_at(0, arrived)
    }

    fn read_at(&self, at: usize, arrived: &Arrived<'_>) -> Result<Request, Flaw> {
        let provider = &self.idps.providers()[at];
        let (service, sso_url) = (self.idps.service(provider), provider.sso_url());
        request::read(arrived, &Desk { service, sso_url: &sso_url, now: now() })
    }

    /// A posted request whose text was changed before it was signed.
    fn posted(&self, change: impl Fn(&str) -> String) -> Result<Request, Flaw> {
        let Outgoing::Redirect { xml, .. } = self.request(Binding::Redirect, Level::Two) else { panic!() };
        let xml = change(&xml);
        let id = xml.split("ID=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
        let signed = sign_enveloped(&xml, &id, Place::AfterIssuer, &self.site.key).unwrap();
        self.read(&Arrived::Post(&post_body(&signed, "stato-0123")))
    }
}

fn post_body(xml: &str, relay_state: &str) -> String {
    format!("SAMLRequest={}&RelayState={}", encode(&encode_base64(xml.as_bytes())), encode(relay_state))
}

fn redirect_query(world: &World) -> String {
    let Outgoing::Redirect { url, .. } = world.request(Binding::Redirect, Level::Two) else { panic!() };
    url.split_once('?').unwrap().1.to_owned()
}

#[test]
fn the_sites_requests_pass_over_both_bindings_at_every_level() {
    for level in Level::ALL {
        let redirected = WORLD.request(Binding::Redirect, level);
        let Outgoing::Redirect { url, .. } = redirected else { panic!() };
        let Outgoing::Post { saml_request, relay_state, .. } = WORLD.request(Binding::Post, level) else {
            panic!()
        };
        let body = format!("RelayState={}&SAMLRequest={}", encode(&relay_state), encode(&saml_request));
        for arrived in [Arrived::Redirect(url.split_once('?').unwrap().1), Arrived::Post(&body)] {
            let request = WORLD.read(&arrived).unwrap();
            assert_eq!((request.id.as_str(), request.level), (ID, level));
            assert_eq!(request.relay_state, "stato-0123");
            assert_eq!(request.consumer, "https://localhost:8443/spid/acs");
            assert!(request.attributes.iter().any(|name| name == "fiscalNumber"));
        }
    }
}

/// What is changed into what, and the flaw it makes.
const CHANGES: [(&str, &str, Flaw); 17] = [
    ("<samlp:NameIDPolicy", "<saml:Subject></saml:Subject><samlp:NameIDPolicy", Flaw::Unwanted),
    ("</samlp:RequestedAuthnContext>", "</samlp:RequestedAuthnContext><samlp:Extra/>", Flaw::Shape),
    (" NameQualifier=\"https://localhost:8443\"", "", Flaw::Issuer),
    (">https://localhost:8443</saml:Issuer>", ">https://altro.example</saml:Issuer>", Flaw::Issuer),
    ("Version=\"2.0\"", "Version=\"1.1\"", Flaw::Version),
    ("ID=\"_00112233445566778899aabbccdd", "ID=\"_00", Flaw::Id),
    ("IssueInstant=\"2026-11-25T11:00", "IssueInstant=\"2026-11-25T10:54", Flaw::Instant),
    ("IssueInstant=\"2026-11-25T11:00", "IssueInstant=\"2026-11-25T11:02", Flaw::Instant),
    ("/idp/ponte/sso", "/idp/faro/sso", Flaw::Destination),
    (" ForceAuthn=\"true\"", "", Flaw::Force),
    (" ForceAuthn=\"true\"", " ForceAuthn=\"true\" IsPassive=\"false\"", Flaw::Force),
    ("nameid-format:transient\"", "nameid-format:transient\" AllowCreate=\"true\"", Flaw::NamePolicy),
    ("nameid-format:transient\"", "nameid-format:persistent\"", Flaw::NamePolicy),
    ("AttributeConsumingServiceIndex=\"0\"", "AttributeConsumingServiceIndex=\"7\"", Flaw::AttributeSet),
    ("AssertionConsumerServiceIndex=\"0\"", "AssertionConsumerServiceIndex=\"7\"", Flaw::Consumer),
    (
        "AssertionConsumerServiceIndex=\"0\"",
        "AssertionConsumerServiceIndex=\"0\" AssertionConsumerServiceURL=\"https://localhost:8443/spid/acs\"",
        Flaw::Consumer,
    ),
    ("spid.gov.it/SpidL2", "spid.gov.it/SpidL4", Flaw::Context),
];

#[test]
fn each_rule_on_the_document_refuses_for_its_own_cause() {
    let world = &*WORLD;
    assert!(world.posted(str::to_owned).is_ok());
    for (from, to, flaw) in CHANGES {
        let changed = world.posted(|xml| {
            assert!(xml.contains(from), "{from}");
            xml.replacen(from, to, 1)
        });
        assert_eq!(changed.unwrap_err(), flaw, "{from} → {to}");
    }
    let by_address = world.posted(|xml| {
        let address = "AssertionConsumerServiceURL=\"https://localhost:8443/spid/acs\" \
                       ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\"";
        xml.replacen("AssertionConsumerServiceIndex=\"0\"", address, 1)
    });
    assert!(by_address.is_ok(), "the address instead of the index is allowed");
}

#[test]
fn a_posted_request_needs_a_signature_of_the_site() {
    let world = &*WORLD;
    let Outgoing::Post { xml, .. } = world.request(Binding::Post, Level::Two) else { panic!() };
    let read = |xml: &str| world.read(&Arrived::Post(&post_body(xml, "stato-0123")));
    assert!(read(&xml).is_ok());
    assert_eq!(read(&xml.replace("SpidL2", "SpidL1")).unwrap_err(), Flaw::Signature);
    let Outgoing::Redirect { xml: unsigned, .. } = world.request(Binding::Redirect, Level::Two) else {
        panic!()
    };
    assert_eq!(read(&unsigned).unwrap_err(), Flaw::Signature);
    let foreign = sign_enveloped(&unsigned, ID, Place::AfterIssuer, &world.idps.0.foreign_key).unwrap();
    assert_eq!(read(&foreign).unwrap_err(), Flaw::Signature);
}

#[test]
fn a_redirected_request_is_signed_as_it_was_encoded() {
    let world = &*WORLD;
    let query = redirect_query(world);
    let read = |query: &str| world.read(&Arrived::Redirect(query)).map(drop);
    assert_eq!(read(&query), Ok(()));
    assert_eq!(read(&query.replace("stato-0123", "stato-0124")), Err(Flaw::Signature));
    assert_eq!(read(&format!("{query}&lingua=it")), Err(Flaw::Parameters));
    assert_eq!(read(&query.replace("%3A", "%3a")), Err(Flaw::Parameters));
    assert_eq!(read(query.split("&SigAlg").next().unwrap()), Err(Flaw::Parameters));
    let weak = query.replace("2001%2F04%2Fxmldsig-more%23rsa-sha256", "2000%2F09%2Fxmldsig%23rsa-sha1");
    assert_ne!(weak, query);
    assert_eq!(read(&weak), Err(Flaw::Signature));
    let (signed, _) = query.split_once("&SigAlg").unwrap();
    let foreign = sign_query(signed, &world.idps.0.foreign_key).unwrap();
    assert_eq!(read(&foreign), Err(Flaw::Signature));
    let address = signed.replace("stato-0123", "https%3A%2F%2Fx.example");
    assert_eq!(read(&sign_query(&address, &world.site.key).unwrap()), Err(Flaw::RelayState));
}

#[test]
fn what_is_no_message_is_refused() {
    for body in
        ["", "SAMLRequest=%21&RelayState=x", "SAMLRequest=PGE%2F&RelayState=x", "RelayState=x", "a=%zz"]
    {
        let refused = WORLD.read(&Arrived::Post(body)).unwrap_err();
        assert!(matches!(refused, Flaw::Parameters | Flaw::Unreadable), "{body}");
    }
}

#[test]
fn a_request_id_is_taken_once() {
    let world = &*WORLD;
    let provider = &world.idps.providers()[2];
    let spec = RequestSpec {
        id: "_ffffffffffffffffffffffffffffffffffffffff",
        now: now(),
        level: Level::Two,
        attribute_set: 0,
        relay_state: "stato",
        binding: Binding::Redirect,
    };
    let Outgoing::Redirect { url, .. } = authn_request(&world.site, &world.provider(2), &spec).unwrap()
    else {
        panic!()
    };
    let arrived = Arrived::Redirect(url.split_once('?').unwrap().1);
    assert!(world.idps.take(provider, &arrived).unwrap().is_ok());
    assert_eq!(world.idps.take(provider, &arrived).unwrap(), Err(Flaw::IdUsed));
}

/// What the site's verifier says of an answer: the person's key, an anomaly's number, or a refusal.
fn judged(at: usize, mistake: Option<Mistake>) -> Result<String, Option<u16>> {
    let world = &*WORLD;
    let idp = &world.idps.providers()[at];
    let Outgoing::Redirect { url, .. } = world.request_to(at, Binding::Redirect, Level::Two) else {
        panic!()
    };
    let request = world.read_at(at, &Arrived::Redirect(url.split_once('?').unwrap().1)).unwrap();
    let by = Answering {
        entity_id: &idp.entity_id,
        code: idp.kind.code,
        federation: idp.federation,
        key: &idp.key,
        foreign_key: &world.idps.0.foreign_key,
        signs_response: idp.kind.signs_response,
        keeps_sessions: idp.kind.keeps_sessions,
        audience: &world.idps.service(idp).entity_id,
        now: now(),
        entropy: &SeededEntropy::new(3),
    };
    let xml = answer(&by, &request, &world.people[0], mistake).unwrap().xml;
    let site = if idp.federation == Federation::Cie { &world.cie } else { &world.site };
    let expected = Expected {
        federation: idp.federation,
        request_id: ID,
        request_at: now(),
        acs_url: &site.acs_url,
        entity_id: &site.entity_id,
        level: Level::Two,
    };
    let incoming = Incoming::decode(&encode_base64(xml.as_bytes())).map_err(|_| None)?;
    let answer = incoming.parse().map_err(|_| None)?;
    match answer.verify(&expected, &world.provider(at), after_seconds(now(), 2)).map_err(|_| None)? {
        Verdict::Proved(proved) => Ok(proved.identity.codice_fiscale.as_str().to_owned()),
        Verdict::Abroad(abroad) => Ok(abroad.person),
        Verdict::Anomaly(anomaly) => Err(Some(anomaly.number().unwrap_or(0))),
    }
}

#[test]
fn every_provider_gives_an_answer_that_proves_the_person() {
    for at in 0..WORLD.idps.providers().len() {
        let proved = judged(at, None).unwrap();
        if WORLD.idps.providers()[at].federation == Federation::Eidas {
            // no fiscal number comes from abroad (SPID-X3)
            assert!(proved.starts_with("DE/IT/"), "{proved}");
        } else {
            assert_eq!(proved, WORLD.people[0].codice_fiscale.as_str(), "provider {at}");
        }
    }
}

#[test]
fn every_wrong_answer_is_refused_and_an_anomaly_has_its_number() {
    for (name, mistake) in Mistake::ALL {
        for at in [0, 1, 4] {
            match (mistake, judged(at, Some(mistake))) {
                // as good as the first time: refused because it was seen before
                (Mistake::Replay, judged) => assert!(judged.is_ok()),
                (Mistake::Anomaly(number), judged) => assert_eq!(judged, Err(Some(number)), "{name}"),
                (Mistake::UnknownStatus, judged) => assert_eq!(judged, Err(Some(0))),
                (_, judged) => assert_eq!(judged, Err(None), "{name}"),
            }
        }
    }
}

#[test]
fn the_login_page_offers_every_mistake() {
    let page = include_str!("../../templates/login.html");
    for (name, mistake) in Mistake::ALL {
        assert!(page.contains(&format!("name=\"errore\" value=\"{name}\"")), "{name}");
        assert_eq!(Mistake::by_name(name), Some(mistake));
    }
    assert_eq!(page.matches("name=\"errore\"").count(), Mistake::ALL.len());
}
