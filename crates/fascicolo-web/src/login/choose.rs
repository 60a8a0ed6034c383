//! `GET /accesso`: choose how to get in.

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::return_to::ReturnTo;
use super::views::{ChoosePage, ProviderLink};
use crate::App;
use crate::http::forms::{self, encode};
use crate::http::{PageError, Visitor, show};

pub(super) async fn page(
    State(app): State<App>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = forms::query(query.as_deref())?;
    let return_to = ReturnTo::parse(query.text("ritorno"));
    let ended = query.text("scaduta") == "1";
    let mut providers: Vec<ProviderLink> = Vec::new();
    if app.settings.spid.is_some() {
        let way_back =
            return_to.as_ref().map(|r| format!("&ritorno={}", encode(r.as_str()))).unwrap_or_default();
        providers.extend(app.spid_providers().iter().map(|p| ProviderLink {
            name: p.name.clone(),
            href: format!("/accesso/spid?idp={}{way_back}", encode(&p.entity_id)),
        }));
    }
    shuffle(&app, &mut providers)?;
    show(&ChoosePage { page: visitor.page, providers, ended, return_to })
}

/// No provider is a favourite: a new order at each visit (SPID-B2).
fn shuffle(app: &App, providers: &mut [ProviderLink]) -> Result<(), PageError> {
    let mut random = vec![0; providers.len() * 4];
    app.entropy.fill(&mut random)?;
    for (last, bytes) in (1..providers.len()).rev().zip(random.chunks_exact(4)) {
        let draw = bytes.iter().fold(0_usize, |n, b| n << 8 | usize::from(*b));
        providers.swap(last, draw % (last + 1));
    }
    Ok(())
}
