//! The pages of those who did not get in: why, and what to do now (SPID-E, ACC-A6).

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use fascicolo_domain::login::{Federation, Method};
use fascicolo_eid::spid::{Anomaly, Provider};
use fascicolo_store::LoginRequest;

use crate::App;
use crate::http::errors::report_number;
use crate::http::forms::encode;
use crate::http::page::show_as;
use crate::http::{Page, PageError};
use crate::login::views::{AbroadPage, RefusedPage};

/// The text key of what the provider reported. CIE speaks of the card where SPID speaks of the identity (SPID-E).
pub(super) fn of_anomaly(anomaly: &Anomaly, method: Method) -> &'static str {
    let cie = method == Method::Cie;
    match anomaly.number() {
        Some(19) => "spid_19",
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

/// 403, with the same provider again and all other ways. The report number on the page stands in the log beside the
/// cause: the rule that failed, or the provider's code.
pub(super) fn page(
    app: &App,
    page: Page,
    (reason, cause): (&'static str, &str),
    login: Option<&(LoginRequest, Arc<Provider>)>,
) -> Result<Response, PageError> {
    let report = report_number(app);
    let id = login.map(|(pending, _)| pending.saml_id.as_str());
    tracing::info!(report, reason, cause, request = id, "login refused");
    let at = page.moment(app.clock.now());
    let (provider, retry) = match login {
        Some((pending, provider)) => (provider.name.clone(), Some(again(app, pending))),
        None => (String::new(), None),
    };
    show_as(StatusCode::FORBIDDEN, &RefusedPage { page, reason, provider, at, report, retry })
}

/// The address that starts the same login once more.
fn again(app: &App, pending: &LoginRequest) -> String {
    let mut query = Vec::new();
    let path = match pending.federation {
        Federation::Spid => {
            query.push(format!("idp={}", encode(&pending.provider)));
            "/accesso/spid"
        }
        Federation::Eidas => "/accesso/eidas",
        Federation::Cie => "/accesso/cie",
    };
    if pending.level > app.settings.policy.minimum {
        query.push(format!("livello={}", pending.level.number()));
    }
    if let Some(path) = &pending.return_to {
        query.push(format!("ritorno={}", encode(path)));
    }
    [path, &query.join("&")].join(if query.is_empty() { "" } else { "?" })
}

/// 403: proved, and nobody knows whose record it is (SPID-X3).
pub(super) fn abroad(app: &App, page: Page, number: String) -> Result<Response, PageError> {
    tracing::info!("a person from abroad asks to be matched");
    let at = page.moment(app.clock.now());
    show_as(StatusCode::FORBIDDEN, &AbroadPage { page, number, at })
}
