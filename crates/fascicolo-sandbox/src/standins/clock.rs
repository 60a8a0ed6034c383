//! The sandbox's clock as a page: `GET /clock` tells it, `POST /clock` sets it.
//!
//! The body is a form (`now=…`), JSON (`{"now": "…"}`) or plain text; the value an instant in RFC 3339, a distance
//! (`+20m`, `-2h`, `+10d`), or `system` for the real time.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use fascicolo_web::http::forms::Fields;
use fascicolo_web::ports::Clock as _;
use jiff::{SignedDuration, SpanRelativeTo, Timestamp};
use serde_json::json;

use super::Front;
use super::page::Problem;
use crate::ports::SandboxClock;

/// Tells the time: JSON when asked for it, else text.
pub(super) async fn tell(State(front): State<Front>, headers: HeaderMap) -> Response {
    answer(&front.clock, &headers)
}

/// Sets the time; a browser is led back to the page it came from.
pub(super) async fn set(
    State(front): State<Front>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let wanted = wanted(&headers, &body).ok_or(Problem::BadRequest)?;
    let change = Change::parse(&wanted).ok_or(Problem::BadRequest)?;
    match change {
        Change::To(now) => front.clock.set(now),
        Change::By(distance) => front.clock.advance(distance),
        Change::Reset => front.clock.reset(),
    }
    tracing::info!(now = %front.clock.now(), "the clock was set");
    if wants(&headers, "text/html") {
        return Ok(Redirect::to("/#orologio").into_response());
    }
    Ok(answer(&front.clock, &headers))
}

fn answer(clock: &SandboxClock, headers: &HeaderMap) -> Response {
    let now = clock.now().to_string();
    if wants(headers, "application/json") {
        let body = json!({ "now": now, "offset_seconds": clock.offset().as_secs() }).to_string();
        return (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    }
    format!("{now}\n").into_response()
}

fn wants(headers: &HeaderMap, kind: &str) -> bool {
    headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|accept| accept.contains(kind))
}

/// The value, from whichever kind of body.
fn wanted(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        let value: serde_json::Value = serde_json::from_slice(body).ok()?;
        return value.get("now")?.as_str().map(str::to_owned);
    }
    if kind.starts_with("text/plain") {
        return std::str::from_utf8(body).ok().map(str::to_owned);
    }
    let fields = Fields::parse(body).ok()?;
    fields.find("now").map(str::to_owned)
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Change {
    To(Timestamp),
    By(SignedDuration),
    Reset,
}

impl Change {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "system" {
            return Some(Self::Reset);
        }
        if let Ok(now) = text.parse() {
            return Some(Self::To(now));
        }
        // jiff takes a leading minus only
        let span: jiff::Span = text.strip_prefix('+').unwrap_or(text).parse().ok()?;
        // days count 24 hours
        let days = SpanRelativeTo::days_are_24_hours();
        span.to_duration(days).ok().map(Self::By)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_an_instant_a_distance_or_the_real_time() {
        let minutes = |n| Some(Change::By(SignedDuration::from_mins(n)));
        let cases = [
            ("2026-11-25T11:00:00Z", Some(Change::To("2026-11-25T11:00:00Z".parse().unwrap()))),
            (" 2026-11-25T12:00:00+01:00 ", Some(Change::To("2026-11-25T11:00:00Z".parse().unwrap()))),
            ("+20m", minutes(20)),
            ("-2h", minutes(-120)),
            ("+10d", minutes(14_400)),
            ("PT20M", minutes(20)),
            ("system", Some(Change::Reset)),
            ("", None),
            ("domani", None),
            ("1y", None),
        ];
        for (text, change) in cases {
            assert_eq!(Change::parse(text), change, "{text}");
        }
    }

    #[test]
    fn the_value_is_found_in_every_kind_of_body() {
        let of = |kind: &'static str, body: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
            wanted(&headers, body.as_bytes())
        };
        assert_eq!(of("application/x-www-form-urlencoded", "now=%2B20m").as_deref(), Some("+20m"));
        assert_eq!(of("application/json", "{\"now\": \"+20m\"}").as_deref(), Some("+20m"));
        assert_eq!(of("text/plain", "+20m").as_deref(), Some("+20m"));
        assert_eq!(of("application/json", "now=1"), None);
        assert_eq!(of("application/x-www-form-urlencoded", "ora=1"), None);
    }
}
