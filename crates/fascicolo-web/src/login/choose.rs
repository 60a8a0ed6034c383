//! `GET /accesso`: choose how to get in.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use fascicolo_domain::login::{Federation, Level, Method};

use super::asked_level;
use super::return_to::ReturnTo;
use super::views::{ChoosePage, ProviderLink};
use crate::App;
use crate::http::forms::{self, encode};
use crate::http::{PageError, Visitor, show};

/// `?ritorno=`: where to go afterwards; `?scaduta=1`: a session ended; `?livello=3`: a page needs more than a session has.
pub(super) async fn page(
    State(app): State<App>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = forms::query(query.as_deref())?;
    let return_to = ReturnTo::parse(query.text("ritorno"));
    let needs = asked_level(query.text("livello"));
    let mut rest = String::new();
    if let Some(level) = needs {
        rest.push_str(&format!("&livello={}", level.number()));
    }
    if let Some(path) = &return_to {
        rest.push_str(&format!("&ritorno={}", encode(path.as_str())));
    }
    let mut providers: Vec<ProviderLink> = Vec::new();
    if app.settings.spid.is_some() {
        providers.extend(app.spid_providers().iter().map(|p| ProviderLink {
            name: p.name.clone(),
            href: format!("/accesso/spid?idp={}{rest}", encode(&p.entity_id)),
        }));
    }
    shuffle(&app, &mut providers)?;
    let link = |has: bool, path: &str| {
        let query = rest.strip_prefix('&').map(|rest| format!("?{rest}")).unwrap_or_default();
        has.then(|| format!("{path}{query}"))
    };
    let abroad = app.settings.only_provider(Federation::Eidas).is_some();
    let (cie, eidas) =
        (link(app.ways().contains(&Method::Cie), "/accesso/cie"), link(abroad, "/accesso/eidas"));
    let ended = query.text("scaduta") == "1";
    let stronger = needs == Some(Level::Three);
    let level_three = stronger || app.settings.policy.minimum == Level::Three;
    let page = visitor.page;
    show(&ChoosePage { page, providers, cie, eidas, ended, stronger, level_three, return_to })
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
