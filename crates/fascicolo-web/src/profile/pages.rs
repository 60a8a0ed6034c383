//! The profile page and its forms.

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use fascicolo_domain::ids::SessionId;

use super::actions::{self, ProfileError};
use super::views::{ProfilePage, SessionRow};
use crate::App;
use crate::http::{Citizen, PageError, forms, show};

impl From<ProfileError> for PageError {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Barred(barred) => barred.into(),
            ProfileError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// `GET /fascicolo/profilo`.
pub(super) async fn profile(
    citizen: Citizen,
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let acting = citizen.acting();
    let sessions = actions::sessions(&app, &acting, citizen.session.opened_at).await?;
    let done = match forms::query(query.as_deref())?.text("fatto") {
        "una" => Some("profile.done.one"),
        "altre" => Some("profile.done.others"),
        _ => None,
    };
    let words = &citizen.page.words;
    let last_login = sessions.previous_login.map(|(at, method)| {
        let method = words.t(&format!("profile.method.{}", method.code())).to_owned();
        words.fill("profile.last_login", &[("moment", &words.moment(at)), ("method", &method)])
    });
    show(&ProfilePage {
        given_name: citizen.person.given_name,
        family_name: citizen.person.family_name,
        codice_fiscale: citizen.person.codice_fiscale.as_str().to_owned(),
        birth_date: citizen.person.birth_date.map(|day| words.day(day)),
        registered: citizen.person.registered,
        ward: citizen.person.ward,
        last_login,
        sessions: sessions
            .open
            .iter()
            .map(|session| SessionRow::of(words, session, acting.session))
            .collect(),
        done,
        page: citizen.page,
    })
}

/// `POST /fascicolo/profilo/sessioni/{id}/termina`.
pub(super) async fn end_one(
    citizen: Citizen,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id = SessionId::parse(&id).ok_or(PageError::NotFound)?;
    actions::end_one(&app, &citizen.acting(), id).await?;
    Ok(Redirect::to("/fascicolo/profilo?fatto=una").into_response())
}

/// `POST /fascicolo/profilo/sessioni/termina-altre`.
pub(super) async fn end_others(citizen: Citizen, State(app): State<App>) -> Result<Response, PageError> {
    actions::end_others(&app, &citizen.acting()).await?;
    Ok(Redirect::to("/fascicolo/profilo?fatto=altre").into_response())
}
