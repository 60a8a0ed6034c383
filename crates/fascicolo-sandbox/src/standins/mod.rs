//! The stand-ins' own pages, on a site of their own (for a browser `127.0.0.1` is not `localhost`): what the sandbox
//! is, whom to be, and its clock.

pub mod clock;
pub mod page;
pub mod registry;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use fascicolo_domain::time::rome;
use fascicolo_web::ports::Clock as _;

use self::page::{Problem, show};
use self::registry::SignedRegistry;
use crate::CieProtocol;
use crate::federation::{self, CieFederation};
use crate::idp::{self, Idps};
use crate::people::Person;
use crate::ports::SandboxClock;

/// What the front page tells.
#[derive(Clone)]
pub struct Front {
    /// The site's plain and secure origins.
    pub site: String,
    pub secure: String,
    pub people: Arc<[Person]>,
    pub clock: Arc<SandboxClock>,
    pub cie: CieProtocol,
}

#[derive(Template)]
#[template(path = "front.html")]
struct FrontPage<'a> {
    front: &'a Front,
    now: String,
    rfc3339: String,
    moved: bool,
}

/// All stand-ins.
pub fn routes(front: Front, idps: Idps, registry: SignedRegistry, cie: Option<CieFederation>) -> Router {
    let own = Router::new()
        .route("/", get(show_front))
        .route("/clock", get(clock::tell).post(clock::set))
        .route("/stile.css", get(async || ([(header::CONTENT_TYPE, "text/css")], include_str!("stile.css"))))
        .route(
            "/continua.js",
            get(async || ([(header::CONTENT_TYPE, "text/javascript")], include_str!("continua.js"))),
        )
        .with_state(front);
    let all = own.merge(idp::routes(idps)).merge(registry.routes());
    let all = match cie {
        Some(cie) => all.merge(federation::routes(cie)),
        None => all,
    };
    all.fallback(async || Problem::NotFound)
}

async fn show_front(State(front): State<Front>) -> Result<Response, Problem> {
    let now = front.clock.now();
    let moved = front.clock.offset().abs() > jiff::SignedDuration::from_secs(1);
    let rfc3339 = format!("{now:.0}");
    let now = now.to_zoned(rome()).strftime("%d/%m/%Y, %H:%M:%S").to_string();
    show(StatusCode::OK, &FrontPage { front: &front, now, rfc3339, moved })
}
