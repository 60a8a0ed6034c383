//! The provider's pages, where one chooses who one is or what shall go wrong; and the federation's, with its switches.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use fascicolo_domain::Fault;
use fascicolo_domain::login::Level;
use fascicolo_web::http::forms::{Fields, encode};

use super::anchor::PROVIDER_NAME;
use super::answer::name;
use super::desk::{Counts, Grant};
use super::mistake::Mistake;
use super::request::{self, Asked, Flaw};
use super::{CieFederation, endpoints};
use crate::people::Person;
use crate::standins::page::{Problem, origin_of, show, show_posting_to};

/// The anchor's routes under `/federazione`, the provider's under `/cie-oidc`.
pub fn routes(cie: CieFederation) -> Router {
    Router::new()
        .route("/federazione", get(federation))
        .route("/federazione/ritiro", post(withdraw))
        .route("/federazione/chiave", post(change_key))
        .route("/federazione/.well-known/openid-federation", get(endpoints::anchor))
        .route("/federazione/.well-known/openid-federation-historical-jwks", get(endpoints::historical_keys))
        .route("/federazione/fetch", get(endpoints::fetch))
        .route("/federazione/list", get(endpoints::list))
        .route("/federazione/resolve", get(endpoints::resolve))
        .route("/cie-oidc/.well-known/openid-federation", get(endpoints::provider))
        .route("/cie-oidc/authorize", get(redirected).post(posted))
        .route("/cie-oidc/accesso", post(choose))
        .route("/cie-oidc/token", post(endpoints::token))
        .route("/cie-oidc/userinfo", get(endpoints::userinfo))
        .route("/cie-oidc/revoke", post(endpoints::revoke))
        .with_state(cie)
}

#[derive(Template)]
#[template(path = "cie_login.html")]
struct LoginPage<'a> {
    provider: &'static str,
    service: &'a str,
    level: u8,
    handle: String,
    people: &'a [Person],
}

#[derive(Template)]
#[template(path = "cie_flaw.html")]
struct FlawPage {
    provider: &'static str,
    flaw: Flaw,
}

#[derive(Template)]
#[template(path = "federation.html")]
struct FederationPage<'a> {
    provider: &'static str,
    anchor: &'a str,
    entity_id: &'a str,
    site: &'a str,
    kid: &'a str,
    withdrawn: bool,
    counts: Counts,
}

async fn redirected(
    State(cie): State<CieFederation>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    login(&cie, query.as_deref().unwrap_or_default()).await
}

async fn posted(State(cie): State<CieFederation>, body: String) -> Result<Response, Problem> {
    login(&cie, &body).await
}

/// The page on which one chooses a person, or what is wrong with the site's request.
async fn login(cie: &CieFederation, parameters: &str) -> Result<Response, Problem> {
    match cie.ask(parameters).await {
        Ok(asked) => {
            let handle = name(&*cie.0.entropy)?;
            let mut desk = cie.desk();
            desk.counts.requests += 1;
            desk.waiting.put(&handle, Arc::clone(&asked));
            drop(desk);
            let (service, level) = (asked.client.name.as_str(), asked.level.number());
            // the answer to the form is a redirect: browsers hold that to the same policy
            let to = format!("'self' {}", origin_of(&asked.redirect_uri));
            let people = &*cie.0.people;
            show_posting_to(&to, &LoginPage { provider: PROVIDER_NAME, service, level, handle, people })
        }
        Err(flaw) => {
            tracing::warn!(?flaw, "a request of the site is wrong");
            cie.desk().counts.flawed += 1;
            show(StatusCode::BAD_REQUEST, &FlawPage { provider: PROVIDER_NAME, flaw })
        }
    }
}

/// Sends the answer back through the browser (CIE-21).
async fn choose(State(cie): State<CieFederation>, body: String) -> Result<Response, Problem> {
    let fields = Fields::parse(body.as_bytes()).map_err(|_| Problem::BadRequest)?;
    let about = cie.person(fields.text("persona")).ok_or(Problem::BadRequest)?;
    let mistake = match fields.find("errore") {
        None => None,
        Some(name) => Some(Mistake::by_name(name).ok_or(Problem::BadRequest)?),
    };
    let with_card = match fields.find("livello") {
        None | Some("") => false,
        Some("3") => true,
        Some(_) => return Err(Problem::BadRequest),
    };
    let asked = cie.desk().waiting.find(fields.text("richiesta")).cloned().ok_or(Problem::Nothing)?;
    let level = if with_card { Level::Three } else { asked.level };
    let grant = Grant { asked, person: about.key.clone(), level, mistake, at: cie.now() };
    Ok((StatusCode::FOUND, [(header::LOCATION, cie.callback(grant)?)]).into_response())
}

async fn federation(State(cie): State<CieFederation>) -> Result<Response, Problem> {
    let inner = &cie.0;
    let view = FederationPage {
        provider: PROVIDER_NAME,
        anchor: &inner.anchor.entity_id,
        entity_id: &inner.provider.entity_id,
        site: &inner.anchor.site.entity_id,
        kid: inner.provider.key().kid(),
        withdrawn: inner.anchor.withdrawn.load(Ordering::SeqCst),
        counts: cie.counts(),
    };
    show(StatusCode::OK, &view)
}

async fn withdraw(State(cie): State<CieFederation>, body: String) -> Result<Redirect, Problem> {
    let fields = Fields::parse(body.as_bytes()).map_err(|_| Problem::BadRequest)?;
    match fields.text("ritirata") {
        "si" => cie.withdraw(true),
        "no" => cie.withdraw(false),
        _ => return Err(Problem::BadRequest),
    }
    Ok(Redirect::to("/federazione"))
}

async fn change_key(State(cie): State<CieFederation>) -> Redirect {
    cie.change_key();
    Redirect::to("/federazione")
}

impl CieFederation {
    /// Reads and checks a request of the site.
    pub(super) async fn ask(&self, parameters: &str) -> Result<Arc<Asked>, Flaw> {
        let fields = request::parameters(parameters)?;
        let client = self.client(fields.text("client_id")).await?;
        let desk = request::Desk { issuer: &self.0.provider.entity_id, client: &client, now: self.now() };
        let asked = request::read(&fields, &desk)?;
        if self.desk().used.put(&format!("request {} {}", client.id, asked.jti), ()) {
            Ok(Arc::new(asked))
        } else {
            Err(Flaw::Jti)
        }
    }

    /// Where the browser goes with the answer.
    pub(super) fn callback(&self, grant: Grant) -> Result<String, Fault> {
        let (asked, mistake) = (Arc::clone(&grant.asked), grant.mistake);
        let outcome = if let Some(Mistake::Error(error)) = mistake {
            format!("error={error}")
        } else {
            let code = name(&*self.0.entropy)?;
            let mut desk = self.desk();
            desk.codes.put(&code, grant);
            desk.counts.codes += 1;
            format!("code={code}")
        };
        let state = if mistake == Some(Mistake::State) { "s".repeat(43) } else { asked.state.clone() };
        let own = &self.0.provider.entity_id;
        let issuer = if mistake == Some(Mistake::CallbackIssuer) { "https://altro.example" } else { own };
        let mark = if asked.redirect_uri.contains('?') { '&' } else { '?' };
        Ok(format!("{}{mark}{outcome}&state={}&iss={}", asked.redirect_uri, encode(&state), encode(issuer)))
    }
}
