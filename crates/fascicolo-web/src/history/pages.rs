//! The access log as a page and as a file.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use fascicolo_domain::Fault;
use fascicolo_domain::ids::EventId;
use fascicolo_domain::person::Acting;
use fascicolo_store::LogCursor;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;

use super::actions::{self, LogError};
use super::csv;
use super::views::{DownloadPage, LogPage, Row};
use crate::App;
use crate::http::{Citizen, PageError, forms, show};
use crate::text::Words;

/// Rows fetched at a time for the file.
const AT_A_TIME: u16 = 500;

impl From<LogError> for PageError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Barred(barred) => barred.into(),
            LogError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// `GET /fascicolo/accessi`.
pub(super) async fn log(
    citizen: Citizen,
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = forms::query(query.as_deref())?;
    let after = match query.find("dopo") {
        Some(text) => Some(read_cursor(text).ok_or(PageError::BadRequest)?),
        None => None,
    };
    let found = actions::log(&app, &citizen.acting(), after, actions::A_PAGE).await?;
    let words = &citizen.page.words;
    let next = found.next.map(|cursor| format!("/fascicolo/accessi?dopo={}", write_cursor(cursor)));
    show(&LogPage {
        rows: found.rows.iter().map(|logged| Row::of(words, logged)).collect(),
        first: after.map(|_| "/fascicolo/accessi".to_owned()).unwrap_or_default(),
        next: next.unwrap_or_default(),
        page: citizen.page,
    })
}

/// `GET /fascicolo/accessi/scarica`: the list names documents, so the same notice comes first.
pub(super) async fn notice(citizen: Citizen) -> Result<Response, PageError> {
    show(&DownloadPage { page: citizen.page })
}

/// `POST /fascicolo/accessi/scarica`: the whole log as CSV, fetched as it is sent.
pub(super) async fn download(citizen: Citizen, State(app): State<App>) -> Result<Response, PageError> {
    let acting = citizen.acting();
    let words = citizen.page.words;
    // the first rows are there before the answer begins
    let (first, next) = rows(&app, &acting, &words, None).await?;
    let heading = csv::MARK.to_owned() + &csv::line(COLUMNS.map(|key| words.t(key))) + &first;
    let rest = stream::try_unfold((app, acting, words, next), |(app, acting, words, after)| async move {
        let Some(after) = after else {
            return Ok::<_, Fault>(None);
        };
        let (text, next) = rows(&app, &acting, &words, Some(after)).await.map_err(|error| match error {
            LogError::Barred(_) => Fault::bare("sending an access log"),
            LogError::Fault(fault) => fault,
        })?;
        Ok(Some((text, (app, acting, words, next))))
    });
    let whole = stream::iter([Ok(heading)]).chain(rest);
    let whole = whole.inspect_err(|fault| tracing::error!("sending an access log: {fault:?}"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"accessi.csv\"")),
    ];
    Ok((headers, Body::from_stream(whole)).into_response())
}

const COLUMNS: [&str; 5] = [
    "history.column.when",
    "history.column.who",
    "history.column.what",
    "history.column.document",
    "history.column.outcome",
];

async fn rows(
    app: &App,
    acting: &Acting,
    words: &Words,
    after: Option<LogCursor>,
) -> Result<(String, Option<LogCursor>), LogError> {
    let found = actions::log(app, acting, after, AT_A_TIME).await?;
    let lines = found.rows.iter().map(|logged| {
        let row = Row::of(words, logged);
        let document = row.document.as_ref().map(|(kind, _)| kind.as_str()).unwrap_or_default();
        csv::line([&row.when, &row.who, &row.what, document, words.t(row.outcome())])
    });
    Ok((lines.collect(), found.next))
}

fn write_cursor(cursor: LogCursor) -> String {
    format!("{}.{}", cursor.at.as_millisecond(), cursor.id)
}

fn read_cursor(text: &str) -> Option<LogCursor> {
    let (at, id) = text.split_once('.')?;
    let at = Timestamp::from_millisecond(at.parse().ok()?).ok()?;
    Some(LogCursor { at, id: EventId::parse(id)? })
}
