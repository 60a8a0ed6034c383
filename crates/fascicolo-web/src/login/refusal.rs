//! The pages of those who did not get in: why, and what to do now (SPID-E, ACC-A6).

use axum::http::StatusCode;
use axum::response::Response;
use fascicolo_domain::login::{Level, Method};
use fascicolo_eid::spid::Anomaly;

use super::return_to::ReturnTo;
use super::views::{AbroadPage, RefusedPage};
use crate::App;
use crate::http::errors::report_number;
use crate::http::forms::encode;
use crate::http::page::show_as;
use crate::http::{Page, PageError};

/// The text key of what the provider reported. CIE speaks of the card where SPID speaks of the identity (SPID-E).
pub(super) fn of_anomaly(anomaly: &Anomaly, method: Method, asked: Option<Level>) -> &'static str {
    let cie = method == Method::Cie;
    match anomaly.number() {
        Some(19) => "spid_19",
        Some(20) if asked == Some(Level::Three) => "spid_20_level_3",
        Some(20) => "spid_20",
        Some(21) => "spid_21",
        Some(22) => "spid_22",
        Some(23) if cie => "cie_23",
        Some(23) => "spid_23",
        Some(25) => "spid_25",
        Some(30) => "spid_30",
        Some(8 | 9 | 11..=18) => {
            tracing::error!(?anomaly, "the identity provider refuses our requests");
            "spid_our_fault"
        }
        _ => "spid_unknown",
    }
}

/// What is told, and what is logged.
pub(super) struct Refusal<'a> {
    /// The text key.
    pub(super) reason: &'static str,
    /// The rule that failed, or the provider's code.
    pub(super) cause: &'a str,
    /// The name of the provider; empty when it is not known.
    pub(super) provider: String,
    /// The login's id in the register, when there was one.
    pub(super) request: Option<&'a str>,
    /// The address that starts the same login once more.
    pub(super) retry: Option<String>,
}

/// 403, with the same provider again and all other ways; 503 when the provider is out of reach. The report number on the
/// page stands in the log beside the cause.
pub(super) fn page(app: &App, page: Page, refusal: Refusal<'_>) -> Result<Response, PageError> {
    let Refusal { reason, cause, provider, request, retry } = refusal;
    let report = report_number(app);
    tracing::info!(report, reason, cause, request, "login refused");
    let at = page.moment(app.clock.now());
    let status =
        if reason == "cie_provider" { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::FORBIDDEN };
    show_as(status, &RefusedPage { page, reason, provider, at, report, retry })
}

/// The address that starts a login again: the same way, `first` of its query, the level and the way back.
pub(super) fn again(
    app: &App,
    path: &str,
    first: Option<String>,
    level: Option<Level>,
    return_to: Option<&str>,
) -> String {
    let level = level.filter(|level| *level > app.settings.policy.minimum);
    let level = level.map(|level| format!("livello={}", level.number()));
    let back = return_to.and_then(ReturnTo::parse).map(|path| format!("ritorno={}", encode(path.as_str())));
    let query: Vec<String> = first.into_iter().chain(level).chain(back).collect();
    [path, &query.join("&")].join(if query.is_empty() { "" } else { "?" })
}

/// 403: proved, and nobody knows whose record it is (SPID-X3).
pub(super) fn abroad(app: &App, page: Page, number: String) -> Result<Response, PageError> {
    tracing::info!("a person from abroad asks to be matched");
    let at = page.moment(app.clock.now());
    show_as(StatusCode::FORBIDDEN, &AbroadPage { page, number, at })
}
