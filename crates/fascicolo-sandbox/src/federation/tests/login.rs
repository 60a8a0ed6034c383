//! Whole logins, with the library that the site uses on the other side: the good ones prove the person, each wrong
//! answer is refused for the cause it was made for.

use fascicolo_domain::login::Level;
use fascicolo_eid::cie::jose::Defect;
use fascicolo_eid::cie::{
    Answered, Callback, HistoricalKeys, Proved, Provider, ProviderError, Refused, TokenAnswer,
    UserinfoAnswer, list_url, read_list,
};
use jiff::SignedDuration;

use super::super::mistake::Mistake;
use super::super::*;
use super::world::{SITE, STANDINS, World, form, payload};

/// How a login ends.
#[derive(PartialEq, Eq, Debug)]
enum End {
    Refused(Refused),
    Error(&'static str),
}

impl From<Refused> for End {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<ProviderError> for End {
    fn from(error: ProviderError) -> Self {
        Self::Error(error.code)
    }
}

impl World {
    /// From the site to the provider and back, as one person, with what is sent besides.
    async fn login(&self, provider: &Provider, level: Level, fields: &str) -> Result<(Proved, String), End> {
        let client = self.client(provider);
        let started = self.begin(provider, level);
        let pending = &started.pending;
        let callback = Callback::parse(&self.answered(&started, fields).await)?;
        let code = match client.check_callback(&callback, pending, self.now())? {
            Answered::Code(code) => code,
            Answered::Error(error) => return Err(error.into()),
        };
        let redeem = client.redeem_code(&code, pending, self.moment()).unwrap();
        let request = Request { form: Some(redeem.body), ..Request::get(&redeem.url, FETCH_BYTES) };
        let reply = self.send(request).await.unwrap();
        let tokens = match TokenAnswer::read(reply.status, &reply.body)? {
            TokenAnswer::Tokens(tokens) => tokens,
            TokenAnswer::Error(error) => return Err(error.into()),
        };
        let authenticated = client.check_id_token(&tokens, pending, self.now())?;
        let ask = client.userinfo_request(&tokens);
        let request =
            Request { authorization: Some(ask.authorization), ..Request::get(&ask.url, FETCH_BYTES) };
        let reply = self.send(request).await.unwrap();
        let answer =
            UserinfoAnswer { status: reply.status, content_type: &reply.content_type, body: &reply.body };
        Ok((client.check_userinfo(&answer, &authenticated, self.now())?, tokens.access_token))
    }
}

/// CIE-9, CIE-17 to CIE-25, CIE-27.
#[tokio::test]
async fn everybody_gets_in_and_is_who_they_are() {
    let world = World::open();
    let provider = world.provider().await;
    for person in world.people.iter() {
        let fields = format!("persona={}", person.key);
        let (proved, token) = world.login(&provider, Level::Two, &fields).await.unwrap();
        let identity = &proved.identity;
        assert_eq!(identity.codice_fiscale.as_str(), person.codice_fiscale.as_str());
        assert_eq!(format!("{} {}", identity.given_name, identity.family_name), person.name());
        assert_eq!(identity.birth_date, Some(person.says_born));
        assert_eq!((identity.level, identity.issuer.as_str()), (Level::Two, world.cie.provider()));
        let leave = world.client(&provider).revocation(&token, world.moment()).unwrap();
        let request = Request { form: Some(leave.body), ..Request::get(&leave.url, FETCH_BYTES) };
        assert_eq!(world.send(request).await.unwrap().status, 200);
        assert!(world.cie.is_revoked(&token));
    }
    let all = u64::try_from(world.people.len()).unwrap();
    let counts = world.cie.counts();
    assert_eq!((counts.requests, counts.codes, counts.redeemed, counts.revoked), (all, all, all, all));
    assert_eq!((counts.flawed, counts.denied), (0, 0));
}

/// CIE-18.
#[tokio::test]
async fn the_level_is_the_one_asked_or_that_of_the_card() {
    let world = World::open();
    let provider = world.provider().await;
    for asked in Level::ALL {
        for (fields, level) in [
            ("persona=marco", asked),
            ("persona=marco&livello=", asked),
            ("persona=marco&livello=3", Level::Three),
        ] {
            let (proved, _) = world.login(&provider, asked, fields).await.unwrap();
            assert_eq!(proved.identity.level, level);
        }
    }
}

/// What the library says of each wrong answer.
fn expected(mistake: Mistake) -> End {
    let jose = |defect| End::Refused(Refused::Jose(defect));
    match mistake {
        Mistake::Error("errore_di_prova") => End::Error("unknown"),
        Mistake::Error(error) => End::Error(error),
        Mistake::TokenBroken => End::Error("status_of_server"),
        Mistake::TokenLate => End::Error("nobody waits for it here"),
        Mistake::State => End::Refused(Refused::State),
        Mistake::CallbackIssuer => End::Refused(Refused::CallbackIssuer),
        Mistake::Lowered | Mistake::LevelOne => End::Refused(Refused::LevelTooLow),
        Mistake::LevelUnknown => End::Refused(Refused::Level),
        Mistake::NoNonce | Mistake::Nonce => End::Refused(Refused::Nonce),
        Mistake::Expired => End::Refused(Refused::IdTokenExpired),
        Mistake::Early => End::Refused(Refused::IdTokenNotBefore),
        Mistake::Issuer => End::Refused(Refused::IdTokenIssuer),
        Mistake::Audience => End::Refused(Refused::IdTokenAudience),
        Mistake::AtHash => End::Refused(Refused::AtHash),
        Mistake::ForeignKey | Mistake::UserinfoForeignKey => jose(Defect::Signature),
        Mistake::UnknownKey => jose(Defect::KeyUnknown),
        Mistake::AlgNone | Mistake::Hs256 | Mistake::UserinfoUnsigned => jose(Defect::Algorithm),
        Mistake::UserinfoSubject => End::Refused(Refused::UserinfoSubject),
        Mistake::UserinfoPlain => jose(Defect::Parts),
        Mistake::UserinfoAudience => End::Refused(Refused::UserinfoAudience),
        Mistake::UserinfoExpired => End::Refused(Refused::UserinfoExpired),
        Mistake::NoFiscalNumber => End::Refused(Refused::FiscalNumberMissing),
        Mistake::ForeignPrefix | Mistake::CheckCharacter => End::Refused(Refused::FiscalNumber),
    }
}

/// CIE-18, CIE-19, CIE-21, CIE-23, CIE-24, CIE-28.
#[tokio::test]
async fn every_wrong_answer_is_refused_for_the_cause_it_was_made_for() {
    let world = World::open();
    let provider = world.provider().await;
    // the late answer is waited for in a test of its own
    for (name, mistake) in Mistake::ALL.into_iter().filter(|(_, m)| *m != Mistake::TokenLate) {
        let fields = format!("persona=giulia&errore={name}");
        let end = world.login(&provider, Level::Two, &fields).await.err();
        assert_eq!(end, Some(expected(mistake)), "{name}");
    }
    let lowered = world.login(&provider, Level::Three, "persona=giulia&errore=livello-inferiore").await;
    assert_eq!(lowered.err(), Some(End::Refused(Refused::LevelTooLow)));
    assert!(world.login(&provider, Level::Two, "persona=giulia").await.is_ok());
}

#[test]
fn the_login_page_offers_every_mistake() {
    let page = include_str!("../../../templates/cie_login.html");
    for (name, mistake) in Mistake::ALL {
        assert!(page.contains(&format!("name=\"errore\" value=\"{name}\"")), "{name}");
        assert_eq!(Mistake::by_name(name), Some(mistake));
    }
    assert_eq!(page.matches("name=\"errore\"").count(), Mistake::ALL.len());
}

/// CIE-11, CIE-12.
#[tokio::test]
async fn the_anchors_policy_decides_what_the_provider_is() {
    let world = World::open();
    let chain = world.chain().await.unwrap();
    let own = payload(&chain.statements()[0]);
    let said = &own["metadata"]["openid_provider"];
    let resolved = chain.metadata("openid_provider").unwrap();
    assert_eq!(said["id_token_signing_alg_values_supported"].as_array().unwrap().len(), 3);
    assert_eq!(resolved["id_token_signing_alg_values_supported"].as_array().unwrap().len(), 1);
    assert_ne!(said["organization_name"], resolved["organization_name"]);
    let provider = Provider::from_chain(&chain).unwrap();
    assert_eq!(provider.organization_name.as_deref(), Some("CIE id (dimostrazione)"));
}

/// CIE-8, CIE-15.
#[tokio::test]
async fn the_anchor_lists_its_members_and_its_past_keys() {
    let world = World::open();
    let anchor = world.cie.anchor();
    let get = async |url: String| world.send(Request::get(&url, FETCH_BYTES)).await.unwrap();
    let top = get(well_known(&anchor.entity_id)).await;
    assert_eq!((top.status, top.content_type.as_str()), (200, "application/entity-statement+jwt"));
    let list = get(list_url(&top.body, &anchor, world.now()).unwrap()).await;
    assert_eq!(read_list(&list.body).unwrap(), [world.cie.provider()]);
    let sites = get(format!("{STANDINS}/federazione/list?entity_type=openid_relying_party")).await;
    assert_eq!(read_list(&sites.body).unwrap(), [SITE]);
    let past = get(HistoricalKeys::address(&anchor.entity_id)).await;
    let past = String::from_utf8(past.body).unwrap();
    assert!(HistoricalKeys::read(&past, &anchor, world.now()).is_ok());
    let fetch = format!("{STANDINS}/federazione/fetch");
    assert_eq!(get(fetch.clone()).await.status, 400);
    assert_eq!(get(format!("{fetch}?sub=https%3A%2F%2Faltro.example")).await.status, 404);
}

/// CIE-7.
#[tokio::test]
async fn the_anchor_resolves_the_provider_and_nobody_it_would_have_to_ask() {
    let world = World::open();
    let anchor = world.cie.anchor().entity_id;
    let get = async |fields: &[(&str, &str)]| {
        let url = format!("{anchor}/resolve?{}", form(fields));
        world.send(Request::get(&url, FETCH_BYTES)).await.unwrap()
    };
    let found = get(&[("sub", world.cie.provider()), ("trust_anchor", &anchor)]).await;
    assert_eq!((found.status, found.content_type.as_str()), (200, "application/resolve-response+jwt"));
    let claims = payload(&String::from_utf8(found.body).unwrap());
    let chain = world.chain().await.unwrap();
    assert_eq!(claims["metadata"]["openid_provider"].as_object(), chain.metadata("openid_provider"));
    for (subject, at) in [(SITE, anchor.as_str()), (world.cie.provider(), SITE)] {
        assert_eq!(get(&[("sub", subject), ("trust_anchor", at)]).await.status, 404);
    }
    assert_eq!(get(&[("sub", world.cie.provider())]).await.status, 400);
    world.cie.withdraw(true);
    assert_eq!(get(&[("sub", world.cie.provider()), ("trust_anchor", &anchor)]).await.status, 404);
}

/// CIE-9.
#[tokio::test]
async fn a_provider_whose_statement_is_withdrawn_is_not_believed_until_it_is_back() {
    let world = World::open();
    let page = format!("{STANDINS}/federazione");
    let (_, location, _) = world.browse(&format!("{page}/ritiro"), Some("ritirata=si".into())).await;
    assert_eq!(location, "/federazione");
    assert!(world.chain().await.is_err());
    let list = format!("{STANDINS}/federazione/list?entity_type=openid_provider");
    let list = world.send(Request::get(&list, FETCH_BYTES)).await.unwrap();
    assert_eq!(read_list(&list.body).unwrap(), [""; 0]);
    assert!(world.browse(&page, None).await.2.contains("ha ritirato"));
    world.browse(&format!("{page}/ritiro"), Some("ritirata=no".into())).await;
    assert!(world.chain().await.is_ok());
    assert_eq!(world.browse(&format!("{page}/ritiro"), Some("ritirata=forse".into())).await.0, 400);
}

/// CIE-23.
#[tokio::test]
async fn after_a_change_of_key_only_a_new_chain_lets_people_in() {
    let world = World::open();
    let before = world.provider().await;
    assert!(world.login(&before, Level::Two, "persona=giulia").await.is_ok());
    world.browse(&format!("{STANDINS}/federazione/chiave"), Some(String::new())).await;
    let end = world.login(&before, Level::Two, "persona=giulia").await.err();
    assert_eq!(end, Some(End::Refused(Refused::Jose(Defect::KeyUnknown))));
    let after = world.provider().await;
    assert!(world.login(&after, Level::Two, "persona=giulia").await.is_ok());
}

/// CIE-5, CIE-13.
#[tokio::test]
async fn when_the_clock_has_moved_all_is_said_anew() {
    let world = World::open();
    for hours in [240, -480] {
        world.clock.advance(SignedDuration::from_hours(hours));
        let provider = world.provider().await;
        assert!(world.login(&provider, Level::Two, "persona=giulia").await.is_ok(), "{hours}");
    }
}

/// CIE-22.
#[tokio::test]
async fn a_token_endpoint_that_answers_late_is_not_waited_for() {
    let world = World::open();
    let provider = world.provider().await;
    let client = world.client(&provider);
    let started = world.begin(&provider, Level::Two);
    let answer = world.answered(&started, "persona=giulia&errore=token-lento").await;
    let callback = Callback::parse(&answer).unwrap();
    let answered = client.check_callback(&callback, &started.pending, world.now()).unwrap();
    let Answered::Code(code) = answered else { panic!("an error") };
    let redeem = client.redeem_code(&code, &started.pending, world.moment()).unwrap();
    let within = std::time::Duration::from_millis(200);
    let request = Request { form: Some(redeem.body), within, ..Request::get(&redeem.url, FETCH_BYTES) };
    let fault = world.send(request).await.err().unwrap();
    assert_eq!(fault.doing(), "fetching: no answer in time");
}

#[tokio::test]
async fn an_unknown_person_mistake_level_or_request_gets_no_answer() {
    let world = World::open();
    let started = world.begin(&world.provider().await, Level::Two);
    let cie::Outgoing::Redirect { url } = &started.outgoing else { panic!() };
    let (_, _, page) = world.browse(url, None).await;
    let handle = page.split("name=\"richiesta\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let send = async |form: String| world.browse(&format!("{STANDINS}/cie-oidc/accesso"), Some(form)).await.0;
    assert_eq!(send(format!("richiesta={handle}&persona=nessuno")).await, 400);
    assert_eq!(send(format!("richiesta={handle}&persona=giulia&errore=nessuno")).await, 400);
    assert_eq!(send(format!("richiesta={handle}&persona=giulia&livello=1")).await, 400);
    assert_eq!(send("richiesta=nessuna&persona=giulia".to_owned()).await, 409);
    assert_eq!(send(format!("richiesta={handle}&persona=giulia")).await, 302);
}
