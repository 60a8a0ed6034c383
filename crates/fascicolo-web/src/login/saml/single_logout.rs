//! Single logout (SPID-O2 to O4): what passes between us and a provider that keeps a session of its own.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use fascicolo_domain::Fault;
use fascicolo_domain::ids::EventId;
use fascicolo_domain::login::{Federation, Method};
use fascicolo_eid::spid::{
    Binding, LogoutMessage, LogoutReply, LogoutSpec, Outgoing, Provider, Refused, logout_request,
    logout_response, new_request_id,
};
use fascicolo_store::LogoutRequest;

use super::pages::saml_fields;
use crate::App;
use crate::http::errors::report_number;
use crate::http::forms::{self, Fields};
use crate::http::page::show_as;
use crate::http::{Page, PageError};
use crate::login::views::{HandOverPage, RefusedPage};
use crate::login::{hand_over, logout, redirect};
use crate::ports::EntropyExt as _;
use crate::settings::Saml;

/// How the provider's session ended; text keys `login.goodbye.<name>`.
pub(in crate::login) const OUTCOMES: [&str; 3] = ["chiusa", "parziale", "aperta"];
/// The longest relay state that we send back.
const LONGEST_STATE: usize = 1024;

/// A request that may still be sent, and its provider.
pub(in crate::login) async fn waiting(
    app: &App,
    saml_id: &str,
) -> Result<Option<(LogoutRequest, Party)>, Fault> {
    let now = app.clock.now();
    let saml_id = saml_id.to_owned();
    let request = app.store.read(async move |tx| tx.logout_request(&saml_id, now).await).await?;
    Ok(request.and_then(|request| {
        let party = Federation::ALL.into_iter().find_map(|f| Party::of(app, f, &request.provider))?;
        Some((request, party))
    }))
}

/// A provider, and by which federation we know it.
pub(in crate::login) struct Party {
    federation: Federation,
    provider: Arc<Provider>,
}

impl Party {
    fn of(app: &App, federation: Federation, entity_id: &str) -> Option<Self> {
        app.provider(federation, entity_id).map(|provider| Self { federation, provider })
    }

    pub(in crate::login) fn name(&self) -> &str {
        &self.provider.name
    }
}

/// `GET /uscita/gestore`: asks the provider to end its session.
pub(super) async fn ask(
    State(app): State<App>,
    page: Page,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let query = forms::query(raw.as_deref())?;
    let found = waiting(&app, query.text("richiesta")).await?;
    let Some((request, Party { federation, provider })) = found else {
        return redirect("/uscita");
    };
    let saml = app.settings.saml(federation).ok_or(PageError::NotFound)?;
    let spec = LogoutSpec {
        id: &request.saml_id,
        now: app.clock.now(),
        binding: binding_of(&provider, saml.binding),
        relay_state: Some(&request.saml_id),
    };
    let index = Some(request.session_index.as_str());
    let outgoing = logout_request(&saml.service_provider, &provider, &spec, &request.name_id, index)
        .map_err(|e| Fault::new("signing a logout request", e))?;
    send(page, provider.name.clone(), "SAMLRequest", outgoing)
}

/// The wished binding, or the other when the provider has no address for it.
fn binding_of(provider: &Provider, wished: Binding) -> Binding {
    match (provider.logout_address(wished), wished) {
        (Some(_), _) => wished,
        (None, Binding::Post) => Binding::Redirect,
        (None, Binding::Redirect) => Binding::Post,
    }
}

fn send(
    page: Page,
    provider: String,
    field: &'static str,
    outgoing: Outgoing,
) -> Result<Response, PageError> {
    match outgoing {
        Outgoing::Redirect { url, .. } => redirect(&url),
        Outgoing::Post { action, saml_request, relay_state, .. } => hand_over(&HandOverPage {
            page,
            provider,
            action,
            fields: saml_fields(field, saml_request, relay_state),
            leaving: true,
        }),
    }
}

/// `GET /spid/slo`.
pub(super) async fn redirected_spid(
    State(app): State<App>,
    page: Page,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    redirected(&app, Method::Spid, page, raw).await
}

/// `GET /cie/slo`.
pub(super) async fn redirected_cie(
    State(app): State<App>,
    page: Page,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    redirected(&app, Method::Cie, page, raw).await
}

/// `POST /spid/slo`.
pub(super) async fn posted_spid(
    State(app): State<App>,
    page: Page,
    fields: Fields,
) -> Result<Response, PageError> {
    posted(&app, Method::Spid, page, &fields).await
}

/// `POST /cie/slo`.
pub(super) async fn posted_cie(
    State(app): State<App>,
    page: Page,
    fields: Fields,
) -> Result<Response, PageError> {
    posted(&app, Method::Cie, page, &fields).await
}

async fn redirected(app: &App, door: Method, page: Page, raw: Option<String>) -> Result<Response, PageError> {
    let raw = raw.unwrap_or_default();
    let query = forms::query(Some(&raw))?;
    let arrived = Arrived {
        reply: query.find("SAMLResponse").is_some(),
        message: LogoutMessage::from_redirect(&raw),
        relay_state: query.find("RelayState"),
        binding: Binding::Redirect,
        door,
    };
    take(app, page, arrived).await
}

async fn posted(app: &App, door: Method, page: Page, fields: &Fields) -> Result<Response, PageError> {
    let reply = fields.find("SAMLResponse");
    let field = reply.or_else(|| fields.find("SAMLRequest")).unwrap_or_default();
    let arrived = Arrived {
        reply: reply.is_some(),
        message: LogoutMessage::from_post(field),
        relay_state: fields.find("RelayState"),
        binding: Binding::Post,
        door,
    };
    take(app, page, arrived).await
}

/// A provider's message, not yet believed.
struct Arrived<'a> {
    /// The answer to a request of ours, not a request of theirs.
    reply: bool,
    message: Result<LogoutMessage, Refused>,
    relay_state: Option<&'a str>,
    binding: Binding,
    /// Whose address it came to.
    door: Method,
}

async fn take(app: &App, page: Page, arrived: Arrived<'_>) -> Result<Response, PageError> {
    let federations = Federation::ALL.into_iter().filter(|f| f.method() == arrived.door);
    let saml = federations.clone().find_map(|f| app.settings.saml(f)).ok_or(PageError::NotFound)?;
    let done = match &arrived.message {
        Ok(message) if arrived.reply => end_request(app, arrived.door, saml, message).await?,
        Ok(message) => {
            let issuer = message.issuer();
            let party = issuer.map(|issuer| federations.clone().find_map(|f| Party::of(app, f, &issuer)));
            end_sessions(app, saml, party, message).await?.map(Done::Theirs)
        }
        Err(refused) => Err(refused.code()),
    };
    match done {
        Ok(Done::Ours(outcome)) => redirect(&format!("/uscita?esito={outcome}")),
        Ok(Done::Theirs(ended)) => reply(app, saml, page, &arrived, &ended),
        Err(rule) => {
            let report = report_number(app);
            tracing::info!(report, rule, "a logout message was refused");
            let at = page.moment(app.clock.now());
            let provider = String::new();
            let view = RefusedPage { page, reason: "logout", provider, at, report, retry: None };
            show_as(StatusCode::FORBIDDEN, &view)
        }
    }
}

enum Done {
    /// Our request has its reply.
    Ours(&'static str),
    /// The provider's request was carried out.
    Theirs(Ended),
}

struct Ended {
    provider: Arc<Provider>,
    request_id: String,
}

/// Verifies the reply to our request and closes it (SPID-O3).
async fn end_request(
    app: &App,
    door: Method,
    saml: &Saml,
    message: &LogoutMessage,
) -> Result<Result<Done, &'static str>, Fault> {
    let Some(saml_id) = message.in_response_to() else {
        return Ok(Err("no_pending_logout"));
    };
    let found = waiting(app, &saml_id).await?.filter(|(_, party)| party.federation.method() == door);
    let Some((request, Party { provider, .. })) = found else {
        return Ok(Err("no_pending_logout"));
    };
    let slo_url = &saml.service_provider.slo_url;
    let outcome = match message.verify_response(&provider, slo_url, &request.saml_id, app.clock.now()) {
        Ok(LogoutReply::Ended) => "chiusa",
        Ok(LogoutReply::Partial) => "parziale",
        Ok(LogoutReply::Failed) => "aperta",
        Err(refused) => return Ok(Err(refused.code())),
    };
    app.store.write(async move |tx| tx.delete_logout_request(&saml_id).await).await?;
    Ok(Ok(Done::Ours(outcome)))
}

/// Verifies the provider's request and ends the sessions that it knows under that name (SPID-O4). A request about
/// sessions that have ended is as good as one about open ones.
async fn end_sessions(
    app: &App,
    saml: &Saml,
    party: Result<Option<Party>, Refused>,
    message: &LogoutMessage,
) -> Result<Result<Ended, &'static str>, Fault> {
    let now = app.clock.now();
    let provider = match party {
        Ok(Some(party)) => party.provider,
        Ok(None) => return Ok(Err("unknown_provider")),
        Err(refused) => return Ok(Err(refused.code())),
    };
    let request = match message.verify_request(&provider, &saml.service_provider.slo_url, now) {
        Ok(request) => request,
        Err(refused) => return Ok(Err(refused.code())),
    };
    let (parts, entity_id, name_id) = (app.clone(), provider.entity_id.clone(), request.name_id);
    app.store
        .write(async move |tx| {
            for token in tx.tokens_at_provider(&entity_id, &name_id).await? {
                let event = EventId::new(now, parts.entropy.id()?);
                logout::end(tx, &token, Some("asked_by_provider"), event, now).await?;
            }
            Ok::<_, Fault>(())
        })
        .await?;
    Ok(Ok(Ended { provider, request_id: request.id }))
}

/// Our signed reply, by the way the request came.
fn reply(
    app: &App,
    saml: &Saml,
    page: Page,
    arrived: &Arrived<'_>,
    ended: &Ended,
) -> Result<Response, PageError> {
    let mut random = [0; 20];
    app.entropy.fill(&mut random)?;
    let spec = LogoutSpec {
        id: &new_request_id(random),
        now: app.clock.now(),
        binding: binding_of(&ended.provider, arrived.binding),
        relay_state: arrived.relay_state.filter(|state| state.len() <= LONGEST_STATE),
    };
    let outgoing = logout_response(&saml.service_provider, &ended.provider, &spec, &ended.request_id)
        .map_err(|e| Fault::new("signing a logout reply", e))?;
    send(page, ended.provider.name.clone(), "SAMLResponse", outgoing)
}
