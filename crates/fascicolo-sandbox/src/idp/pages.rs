//! The pages of an identity provider: choose who you are, or what shall go wrong.

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use fascicolo_domain::login::Federation;
use fascicolo_web::http::forms::Fields;

use super::logout::{self, KeptSession, Taken, Way};
use super::mistake::Mistake;
use super::request::{Arrived, Flaw};
use super::{IdentityProvider, Idps, Outbound};
use crate::people::Person;
use crate::standins::page::{Problem, origin_of, show, show_posting_to};

/// Every provider's routes, under `/idp/{provider}`.
pub fn routes(idps: Idps) -> Router {
    Router::new()
        .route("/idp/{provider}/metadata", get(metadata))
        .route("/idp/{provider}/sso", get(redirected).post(posted))
        .route("/idp/{provider}/accesso", post(choose))
        .route("/idp/{provider}/sessioni", get(sessions))
        .route("/idp/{provider}/sessioni/{way}/{index}", get(end_session))
        .route("/idp/{provider}/slo", get(logout_redirected).post(logout_posted))
        .with_state(idps)
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    provider: &'a IdentityProvider,
    service: &'a str,
    level: u8,
    handle: String,
    people: &'a [Person],
}

#[derive(Template)]
#[template(path = "answer.html")]
struct AnswerPage<'a> {
    provider: &'a IdentityProvider,
    service: &'a str,
    about: &'a Person,
    wrong: bool,
    outbound: Outbound,
}

#[derive(Template)]
#[template(path = "flaw.html")]
struct FlawPage<'a> {
    provider: &'a IdentityProvider,
    flaw: Flaw,
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage<'a> {
    provider: &'a IdentityProvider,
    sessions: Vec<KeptSession>,
}

#[derive(Template)]
#[template(path = "hand_over.html")]
struct HandOverPage<'a> {
    provider: &'a IdentityProvider,
    service: &'a str,
    action: String,
    field: &'static str,
    message: String,
    relay_state: String,
}

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    provider: &'a IdentityProvider,
}

async fn metadata(State(idps): State<Idps>, Path(slug): Path<String>) -> Result<Response, Problem> {
    let provider = idps.provider(&slug).ok_or(Problem::NotFound)?;
    Ok(([(header::CONTENT_TYPE, "application/samlmetadata+xml")], provider.metadata()?).into_response())
}

async fn redirected(
    State(idps): State<Idps>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    login(&idps, &slug, &Arrived::Redirect(query.as_deref().unwrap_or_default()))
}

async fn posted(
    State(idps): State<Idps>,
    Path(slug): Path<String>,
    body: String,
) -> Result<Response, Problem> {
    login(&idps, &slug, &Arrived::Post(&body))
}

/// The page on which one chooses a person, or what is wrong with the site's request.
fn login(idps: &Idps, slug: &str, arrived: &Arrived<'_>) -> Result<Response, Problem> {
    let provider = idps.provider(slug).ok_or(Problem::NotFound)?;
    match idps.take(provider, arrived)? {
        Ok(handle) => {
            let level = idps.waiting().requests.get(&handle).map_or(2, |request| request.level.number());
            let (service, people) = (idps.service(provider).name.as_str(), &*idps.0.people);
            show(StatusCode::OK, &LoginPage { provider, service, level, handle, people })
        }
        Err(flaw) => {
            tracing::warn!(provider = slug, flaw = ?flaw, "a request of the site is wrong");
            show(StatusCode::BAD_REQUEST, &FlawPage { provider, flaw })
        }
    }
}

/// The answer, in a form that sends itself, or by its button.
async fn choose(
    State(idps): State<Idps>,
    Path(slug): Path<String>,
    body: String,
) -> Result<Response, Problem> {
    let provider = idps.provider(&slug).ok_or(Problem::NotFound)?;
    let fields = Fields::parse(body.as_bytes()).map_err(|_| Problem::BadRequest)?;
    let about = idps.person(fields.text("persona")).ok_or(Problem::BadRequest)?;
    let mistake = match fields.find("errore") {
        None => None,
        Some(name) => Some(Mistake::by_name(name).ok_or(Problem::BadRequest)?),
    };
    let outbound = idps.answer(provider, fields.text("richiesta"), about, mistake)?;
    let outbound = outbound.ok_or(Problem::Nothing)?;
    let consumer = origin_of(&outbound.consumer).to_owned();
    let service = idps.service(provider).name.as_str();
    show_posting_to(&consumer, &AnswerPage { provider, service, about, wrong: mistake.is_some(), outbound })
}

/// The sessions that the provider keeps, each with the ways to end it.
async fn sessions(State(idps): State<Idps>, Path(slug): Path<String>) -> Result<Response, Problem> {
    let provider = idps.provider(&slug).ok_or(Problem::NotFound)?;
    show(StatusCode::OK, &SessionsPage { provider, sessions: idps.sessions(provider) })
}

async fn end_session(
    State(idps): State<Idps>,
    Path((slug, way, index)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let provider = idps.provider(&slug).ok_or(Problem::NotFound)?;
    let way = match way.as_str() {
        "redirect" => Way::Redirect,
        "post" => Way::Post,
        _ => return Err(Problem::NotFound),
    };
    send(&idps, provider, idps.end(provider, &index, way)?.ok_or(Problem::NotFound)?)
}

async fn logout_redirected(
    State(idps): State<Idps>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    logout(&idps, &slug, &Arrived::Redirect(query.as_deref().unwrap_or_default()))
}

async fn logout_posted(
    State(idps): State<Idps>,
    Path(slug): Path<String>,
    body: String,
) -> Result<Response, Problem> {
    logout(&idps, &slug, &Arrived::Post(&body))
}

fn logout(idps: &Idps, slug: &str, arrived: &Arrived<'_>) -> Result<Response, Problem> {
    let provider = idps.provider(slug).ok_or(Problem::NotFound)?;
    match idps.take_logout(provider, arrived)? {
        Ok(Taken::Done) => show(StatusCode::OK, &LogoutPage { provider }),
        // CIE answers the person, not the site (SPID-O5)
        Ok(Taken::Ended(_)) if provider.federation == Federation::Cie => {
            show(StatusCode::OK, &LogoutPage { provider })
        }
        Ok(Taken::Ended(outbound)) => send(idps, provider, outbound),
        Err(flaw) => {
            tracing::warn!(provider = slug, flaw = ?flaw, "a logout message of the site is wrong");
            show(StatusCode::BAD_REQUEST, &FlawPage { provider, flaw })
        }
    }
}

fn send(idps: &Idps, provider: &IdentityProvider, outbound: logout::Outbound) -> Result<Response, Problem> {
    match outbound {
        logout::Outbound::Redirect { url } => Ok(Redirect::to(&url).into_response()),
        logout::Outbound::Post { action, field, message, relay_state } => {
            let service = idps.service(provider).name.as_str();
            let to = origin_of(&action).to_owned();
            show_posting_to(&to, &HandOverPage { provider, service, action, field, message, relay_state })
        }
    }
}
