//! "Esci": the session is gone first and always, whatever a provider says (ACC-S3, SPID-O1).

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use fascicolo_domain::audit::{Deed, Event};
use fascicolo_domain::ids::EventId;
use fascicolo_domain::person::{Acting, Capacity};
use fascicolo_domain::secret::Digest;
use fascicolo_domain::time::day_in_rome;
use fascicolo_domain::{Fault, retention};
use fascicolo_eid::spid::new_request_id;
use fascicolo_store::{AtProvider, LogoutRequest, Tx};
use jiff::Timestamp;

use super::saml::single_logout;
use super::views::{GoodbyePage, ProviderLink};
use super::{openid, token_of};
use crate::App;
use crate::http::cookie::{self, SameSite};
use crate::http::{Page, PageError, forms, show};
use crate::ports::EntropyExt as _;

pub(super) async fn leave(State(app): State<App>, request_headers: HeaderMap) -> Result<Response, PageError> {
    let request = match token_of(&request_headers, cookie::SESSION) {
        Some(token) => end_session(&app, token).await?,
        None => None,
    };
    if let Some(soon) = app.openid.is_some().then(|| app.clone()) {
        // after our own session, whatever comes of it (CIE-27); what fails now the periodic work tries again
        tokio::spawn(async move {
            if let Err(fault) = openid::revoke_due(&soon, soon.clock.now()).await {
                tracing::warn!("revoking access tokens: {fault:?}");
            }
        });
    }
    let location = request.map_or_else(|| "/uscita".to_owned(), |id| format!("/uscita?gestore={id}"));
    let mut response = (
        StatusCode::SEE_OTHER,
        [
            (header::LOCATION, HeaderValue::from_str(&location).map_err(|_| PageError::BadRequest)?),
            (
                HeaderName::from_static("clear-site-data"),
                HeaderValue::from_static("\"cache\", \"cookies\", \"storage\""),
            ),
        ],
    )
        .into_response();
    cookie::append(response.headers_mut(), [cookie::drop(cookie::SESSION, SameSite::Lax)]);
    Ok(response)
}

/// `?gestore=` offers to end the provider's session too; `?esito=` says what became of that.
pub(super) async fn goodbye(
    State(app): State<App>,
    mut page: Page,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    page.person = None;
    let query = forms::query(raw.as_deref())?;
    let outcome = single_logout::OUTCOMES.into_iter().find(|name| *name == query.text("esito"));
    let waiting = match query.find("gestore") {
        Some(id) => single_logout::waiting(&app, id).await?,
        None => None,
    };
    let provider = waiting.map(|(request, party)| ProviderLink {
        name: party.name().to_owned(),
        href: format!("/uscita/gestore?richiesta={}", request.saml_id),
    });
    show(&GoodbyePage { page, outcome, provider })
}

/// Ends a session; one that is gone already is ended. When the provider keeps a session of its own, the answer is the
/// ID of a request to end that too, which the person may send (ACC-S3).
async fn end_session(app: &App, token: Digest) -> Result<Option<String>, Fault> {
    let now = app.clock.now();
    let event = EventId::new(now, app.entropy.id()?);
    let mut random = [0; 20];
    app.entropy.fill(&mut random)?;
    let saml_id = new_request_id(random);
    app.store
        .write(async move |tx| {
            let known_as = tx.session_at_provider(&token).await?;
            if !end(tx, &token, None, event, now).await? {
                return Ok(None);
            }
            let Some(AtProvider { provider, name_id, session_index: Some(session_index) }) = known_as else {
                return Ok(None);
            };
            let expires_at = now.checked_add(retention::PENDING_LOGIN).unwrap_or(now);
            let request =
                LogoutRequest { saml_id: saml_id.clone(), provider, name_id, session_index, expires_at };
            tx.insert_logout_request(&request).await?;
            Ok(Some(saml_id))
        })
        .await
}

/// Deletes the session and leaves its trace; `false`: it was gone.
pub(super) async fn end(
    tx: &mut Tx<'_>,
    token: &Digest,
    reason: Option<&str>,
    event: EventId,
    now: Timestamp,
) -> Result<bool, Fault> {
    let Some((session, citizen)) = tx.session(token).await? else {
        return Ok(false);
    };
    if !tx.delete_session(token).await? {
        return Ok(false);
    }
    let acting = Acting {
        actor: citizen.id,
        subject: citizen.id,
        capacity: Capacity::of_self(citizen.birth_date, citizen.ward, day_in_rome(now)),
        method: session.method,
        level: session.level,
        session: session.id,
    };
    let event = Event::by(&acting, Deed::LoggedOut, event, now);
    let event = match reason {
        Some(reason) => event.saying(reason),
        None => event,
    };
    tx.record(&event).await?;
    Ok(true)
}
