//! The pages of documents: read the request, call one action, render.

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use fascicolo_domain::documents::Document;
use fascicolo_domain::ids::DocumentId;
use futures_util::TryStreamExt as _;

use super::actions::{self, Download, Format, OpenError, Opened};
use super::filter::{self, Typed, Wrong};
use super::views::{self, AnnulledPage, DownloadPage, Facts, HomePage, ListPage, ReadPage, Row};
use crate::App;
use crate::http::forms::{self, Fields};
use crate::http::page::show_as;
use crate::http::{Citizen, Page, PageError, show};

/// The policy of a file: whatever it is, it runs nothing (ASVS V3.2.1).
const FILE_POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

impl From<OpenError> for PageError {
    fn from(error: OpenError) -> Self {
        match error {
            // an annulled document has a page of its own, before this
            OpenError::NotFound | OpenError::Annulled(_) => Self::NotFound,
            OpenError::LevelTooLow(needed) => Self::Stronger(needed),
            OpenError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// `GET /fascicolo`.
pub(super) async fn home(citizen: Citizen, State(app): State<App>) -> Result<Response, PageError> {
    let home = actions::home(&app, &citizen.acting(), citizen.session.opened_at).await?;
    let words = &citizen.page.words;
    let last_login = home.previous_login.map(|(at, method)| {
        let method = words.t(&format!("profile.method.{}", method.code())).to_owned();
        words.fill("documents.home.last_login", &[("moment", &words.moment(at)), ("method", &method)])
    });
    let newest = home.newest.iter().map(|listed| Row::of(words, listed)).collect();
    let name = full_name(&citizen);
    show(&HomePage { name, registered: citizen.person.registered, last_login, newest, page: citizen.page })
}

/// `GET /fascicolo/documenti`: the list, with the filters its address carries.
pub(super) async fn list(
    citizen: Citizen,
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = forms::query(query.as_deref())?;
    let typed = Typed::of_query(&app, citizen.person.id, &query)?;
    let after = match query.find("dopo") {
        Some(text) => Some(filter::read_cursor(text).ok_or(PageError::BadRequest)?),
        None => None,
    };
    let show_filters = query.find("filtri").is_some();
    let found = match typed.parse() {
        Ok(filter) => filter,
        Err(wrong) => return list_to_correct(citizen.page, typed, wrong),
    };
    let rows = actions::list(&app, &citizen.acting(), found, after).await?;
    // links carry the sealed words as they came: the address of a page stays the same
    let mut parts: Vec<String> = ["tipo", "dal", "al", "cerca"]
        .into_iter()
        .filter_map(|name| query.find(name).map(|value| format!("{name}={}", forms::encode(value))))
        .collect();
    let address = |parts: &[String]| format!("/fascicolo/documenti?{}", parts.join("&"));
    let first = if after.is_some() { address(&parts) } else { String::new() };
    let open_filters = format!("{}#filtri", address(&[parts.clone(), vec!["filtri=1".to_owned()]].concat()));
    let next = rows.next.map(|cursor| {
        parts.push(format!("dopo={}", filter::write_cursor(&cursor)));
        address(&parts)
    });
    let words = &citizen.page.words;
    show(&ListPage {
        kinds: views::kind_choices(words),
        years: views::by_year(words, &rows.rows),
        typed,
        wrong: Vec::new(),
        show_filters,
        first,
        next: next.unwrap_or_default(),
        open_filters,
        page: citizen.page,
    })
}

/// `POST /fascicolo/documenti`: the filter form. See [`filter`] for why it is no GET.
pub(super) async fn narrow(
    citizen: Citizen,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, PageError> {
    let typed = Typed::of_form(&fields);
    if let Err(wrong) = typed.parse() {
        return list_to_correct(citizen.page, typed, wrong);
    }
    let query = typed.address(&app, citizen.person.id)?;
    Ok(Redirect::to(&format!("/fascicolo/documenti?{query}")).into_response())
}

/// The form again, with what was typed.
fn list_to_correct(page: Page, typed: Typed, wrong: Vec<Wrong>) -> Result<Response, PageError> {
    let view = ListPage {
        kinds: views::kind_choices(&page.words),
        years: Vec::new(),
        typed,
        wrong,
        show_filters: true,
        first: String::new(),
        next: String::new(),
        open_filters: String::new(),
        page,
    };
    show_as(StatusCode::UNPROCESSABLE_ENTITY, &view)
}

/// `GET /fascicolo/documenti/{id}`.
pub(super) async fn read(
    citizen: Citizen,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id = DocumentId::parse(&id).ok_or(PageError::NotFound)?;
    let Opened { document, narrative } = match actions::read(&app, &citizen.acting(), id).await {
        Ok(opened) => opened,
        Err(OpenError::Annulled(document)) => return annulled(citizen, &document),
        Err(error) => return Err(error.into()),
    };
    let facts = facts(&citizen, &document);
    show(&ReadPage {
        facts,
        sections: narrative.map(|n| n.sections).unwrap_or_default(),
        check_number: document.check_number.to_string(),
        qr: views::qr(&app.settings.site.origin, &document.check_number.compact())?,
        page: citizen.page,
    })
}

/// `GET /fascicolo/documenti/{id}/scarica`: the notice, each time (REC-R3).
pub(super) async fn notice(
    citizen: Citizen,
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let id = DocumentId::parse(&id).ok_or(PageError::NotFound)?;
    let format = Format::parse(forms::query(query.as_deref())?.text("formato")).ok_or(PageError::NotFound)?;
    let (document, size) = match actions::offer(&app, &citizen.acting(), id, format).await {
        Ok(offer) => offer,
        Err(OpenError::Annulled(document)) => return annulled(citizen, &document),
        Err(error) => return Err(error.into()),
    };
    show(&DownloadPage {
        facts: facts(&citizen, &document),
        format: format.name(),
        size: citizen.page.size(size),
        page: citizen.page,
    })
}

/// `POST /fascicolo/documenti/{id}/scarica`: the file.
pub(super) async fn download(
    citizen: Citizen,
    State(app): State<App>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let id = DocumentId::parse(&id).ok_or(PageError::NotFound)?;
    let format = Format::parse(fields.text("formato")).ok_or(PageError::BadRequest)?;
    match actions::download(&app, &citizen.acting(), id, format).await {
        Ok(download) => attachment(download, format),
        Err(OpenError::Annulled(document)) => annulled(citizen, &document),
        Err(error) => Err(error.into()),
    }
}

fn attachment(download: Download, format: Format) -> Result<Response, PageError> {
    let (kind, ending) = match format {
        Format::Pdf => ("application/pdf", "pdf"),
        Format::Cda => ("application/xml", "xml"),
    };
    // the name tells nothing to who sees the folder
    let name =
        format!("attachment; filename=\"documento-{}.{ending}\"", views::day(download.document.issued_at));
    let name = HeaderValue::from_str(&name).map_err(|_| PageError::NotFound)?;
    // once the answer has begun, a broken file can only cut it short: the length says so to the browser
    let bytes = download.bytes.inspect_err(|fault| tracing::error!("sending a document: {fault:?}"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, name),
        (header::CONTENT_LENGTH, HeaderValue::from(download.size)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FILE_POLICY)),
    ];
    Ok((headers, Body::from_stream(bytes)).into_response())
}

fn annulled(citizen: Citizen, document: &Document) -> Result<Response, PageError> {
    show(&AnnulledPage { facts: facts(&citizen, document), page: citizen.page })
}

fn facts(citizen: &Citizen, document: &Document) -> Facts {
    Facts::of(&citizen.page.words, document, full_name(citizen))
}

fn full_name(citizen: &Citizen) -> String {
    format!("{} {}", citizen.person.given_name, citizen.person.family_name)
}
