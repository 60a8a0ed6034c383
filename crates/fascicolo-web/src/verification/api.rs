//! `POST /api/v1/verify`: the same question and the same answer for programs (REC-V6). It takes no cookie.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use fascicolo_domain::documents::{Chain, Signature};
use fascicolo_domain::secret::Digest;
use fascicolo_domain::time::day_in_rome;
use fascicolo_domain::verification::Outcome;
use fascicolo_domain::verification::outcome::Standing;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::actions;
use super::question::{Typed, Wrong};
use crate::App;
use crate::http::Visitor;

/// The longest question, in bytes.
const LONGEST: usize = 4096;

/// The question. `number` is a check number, or with `codice_fiscale` also a document number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    codice_fiscale: String,
    number: String,
    /// SHA-256 of the file in hand, 64 hexadecimal digits.
    sha256: Option<String>,
}

/// The answer, in codes; what is not told is not there.
#[derive(Serialize)]
struct Told {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_on: Option<String>,
    #[serde(flatten)]
    genuine: Option<Genuine>,
}

/// Only for the very file.
#[derive(Serialize)]
struct Genuine {
    /// LOINC.
    kind: &'static str,
    issuer: String,
    signature: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<String>,
}

/// Why there is no answer, as RFC 9457 says it. The types are stable.
#[derive(Serialize)]
struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    /// The members of the question to correct.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<&'static str>,
}

enum Refused {
    NotJson,
    Unlike,
    Typo(Vec<Wrong>),
    TooMany { again_at: Timestamp },
    Broken { passing: bool },
}

pub(super) async fn verify(visitor: Visitor, State(app): State<App>, request: Request) -> Response {
    match answer(&visitor, &app, request).await {
        Ok(told) => json(StatusCode::OK, "application/json", &told),
        Err(refused) => problem(&app, &refused),
    }
}

async fn answer(visitor: &Visitor, app: &App, request: Request) -> Result<Told, Refused> {
    actions::take_try(app, visitor.address).map_err(|again_at| Refused::TooMany { again_at })?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Refused::NotJson);
    }
    let body = to_bytes(request.into_body(), LONGEST).await.map_err(|_| Refused::Unlike)?;
    let asked: Asked = serde_json::from_slice(&body).map_err(|_| Refused::Unlike)?;
    let digest = match asked.sha256.as_deref() {
        None => None,
        Some(hex) => Some(Digest::parse(hex).ok_or(Refused::Unlike)?),
    };
    let typed = Typed { codice_fiscale: asked.codice_fiscale, number: asked.number, digest };
    let question = typed.parse().map_err(Refused::Typo)?;
    let outcome = actions::check(app, question).await.map_err(|fault| {
        tracing::error!(passing = fault.is_passing(), "fault: {fault:?}");
        Refused::Broken { passing: fault.is_passing() }
    })?;
    Ok(told(outcome))
}

fn told(outcome: Outcome) -> Told {
    let code = outcome.code();
    let bare = Told { outcome: code, standing: None, issued_on: None, genuine: None };
    match outcome {
        Outcome::NotFound | Outcome::Different => bare,
        Outcome::Exists { issued_at, standing } => Told {
            standing: Some(code_of(standing)),
            issued_on: Some(day_in_rome(issued_at).to_string()),
            ..bare
        },
        Outcome::Intact { issued_at, standing, kind, issuer, signature } => {
            let (signature, signer) = match signature {
                Signature::Intact { signer, chain: Chain::Known, .. } => ("intact", Some(signer)),
                Signature::Intact { signer, chain: Chain::Unknown, .. } => {
                    ("intact_chain_unknown", Some(signer))
                }
                Signature::Broken => ("broken", None),
                Signature::NotSigned => ("not_signed", None),
            };
            Told {
                standing: Some(code_of(standing)),
                issued_on: Some(day_in_rome(issued_at).to_string()),
                genuine: Some(Genuine { kind: kind.loinc(), issuer, signature, signer }),
                ..bare
            }
        }
    }
}

fn code_of(standing: Standing) -> &'static str {
    match standing {
        Standing::Current => "current",
        Standing::Replaced => "replaced",
        Standing::Annulled => "annulled",
    }
}

impl Refused {
    /// Status, type and title.
    fn words(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotJson => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "urn:fascicolo:not-json", "Not application/json")
            }
            Self::Unlike => {
                (StatusCode::BAD_REQUEST, "urn:fascicolo:malformed", "Not a question of this API")
            }
            Self::Typo(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "urn:fascicolo:typo", "A character does not fit")
            }
            Self::TooMany { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "urn:fascicolo:too-many", "Too many questions")
            }
            Self::Broken { passing: true } => {
                (StatusCode::SERVICE_UNAVAILABLE, "urn:fascicolo:unavailable", "Try again later")
            }
            Self::Broken { passing: false } => {
                (StatusCode::INTERNAL_SERVER_ERROR, "urn:fascicolo:broken", "Something broke")
            }
        }
    }

    /// The members of the question to correct.
    fn fields(&self) -> Vec<&'static str> {
        let Self::Typo(wrong) = self else {
            return Vec::new();
        };
        wrong.iter().map(|w| if w.field() == "cf" { "codice_fiscale" } else { "number" }).collect()
    }

    /// Seconds after which another try makes sense.
    fn wait(&self, now: Timestamp) -> Option<i64> {
        match self {
            Self::TooMany { again_at } => Some(again_at.duration_since(now).as_secs().max(1)),
            Self::Broken { passing: true } => Some(30),
            Self::NotJson | Self::Unlike | Self::Typo(_) | Self::Broken { passing: false } => None,
        }
    }
}

fn problem(app: &App, refused: &Refused) -> Response {
    let (status, kind, title) = refused.words();
    let problem = Problem { kind, title, status: status.as_u16(), fields: refused.fields() };
    let mut response = json(status, "application/problem+json", &problem);
    if let Some(seconds) = refused.wait(app.clock.now()) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn json(status: StatusCode, kind: &'static str, content: &impl Serialize) -> Response {
    let body = serde_json::to_vec(content).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, kind)], Body::from(body)).into_response()
}
