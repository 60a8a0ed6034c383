//! What is refused at the door, before any handler: a foreign `Host`, a POST that does not come from one of our pages.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::errors::PageError;
use crate::App;

/// Where an identity provider's message arrives: a cross-site POST by design, protected by its own cookie (ACC-S5).
const FROM_PROVIDERS: [&str; 4] = ["/spid/acs", "/spid/slo", "/cie/acs", "/cie/slo"];
/// What programs call: it acts for nobody with a session, so there is none to abuse (REC-V6).
const FOR_PROGRAMS: &str = "/api/v1/verify";

/// Lets in what names this site as its host, once, and comes from one of our pages when it changes something
/// (ASVS V3.5.1, V4.2.1).
pub async fn keep(State(app): State<App>, request: Request, next: Next) -> Response {
    let site = &app.settings.site;
    let hosts = [Some(site.origin.as_str()), site.plain_origin.as_deref()];
    let Some(host) = host_of(&request) else {
        return PageError::BadRequest.into_response();
    };
    if !hosts.iter().flatten().any(|origin| authority(origin).eq_ignore_ascii_case(&host)) {
        return PageError::BadRequest.into_response();
    }
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path();
    let excepted = FROM_PROVIDERS.contains(&path) || path == FOR_PROGRAMS;
    if !safe && !excepted && !from_our_page(request.headers(), &hosts) {
        return PageError::Stale.into_response();
    }
    next.run(request).await
}

/// The host part of an origin.
#[must_use]
pub fn authority(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, rest)| rest)
}

fn host_of(request: &Request) -> Option<String> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.to_string());
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?.to_owned();
    hosts.next().is_none().then_some(host)
}

/// `Origin` is one of ours, or the browser says the request is same-origin. Neither: refused.
fn from_our_page(headers: &HeaderMap, origins: &[Option<&str>]) -> bool {
    let one = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let first = values.next().and_then(|v| v.to_str().ok());
        if values.next().is_some() { Some("") } else { first }
    };
    match (one("origin"), one("sec-fetch-site")) {
        (Some(origin), site) => {
            origins.iter().flatten().any(|ours| *ours == origin) && site.is_none_or(|s| s == "same-origin")
        }
        (None, Some(site)) => site == "same-origin",
        (None, None) => false,
    }
}

/// The caller's address: the connection's, or what a trusted proxy says (ASVS V15.3.4). For limits only.
#[must_use]
pub fn client_address(
    app: &App,
    request_headers: &HeaderMap,
    peer: Option<&ConnectInfo<SocketAddr>>,
) -> IpAddr {
    let peer = peer.map_or_else(|| IpAddr::from([0, 0, 0, 0]), |info| info.0.ip());
    if !app.settings.trusted_proxies.contains(&peer) {
        return peer;
    }
    let forwarded = request_headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
    let mut hops: Vec<IpAddr> =
        forwarded.flat_map(|line| line.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
    while let Some(hop) = hops.pop() {
        if !app.settings.trusted_proxies.contains(&hop) {
            return hop;
        }
    }
    peer
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn check(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        from_our_page(&headers, &[Some("https://site.example"), None])
    }

    #[test]
    fn a_post_must_come_from_one_of_our_pages() {
        assert!(check(&[("origin", "https://site.example"), ("sec-fetch-site", "same-origin")]));
        assert!(check(&[("origin", "https://site.example")]));
        assert!(check(&[("sec-fetch-site", "same-origin")]));
        assert!(!check(&[]));
        assert!(!check(&[("origin", "null")]));
        assert!(!check(&[("origin", "https://site.example.evil")]));
        assert!(!check(&[("origin", "http://site.example")]));
        assert!(!check(&[("origin", "https://site.example"), ("sec-fetch-site", "cross-site")]));
        assert!(!check(&[("sec-fetch-site", "same-site")]));
        assert!(!check(&[("origin", "https://site.example"), ("origin", "https://evil.example")]));
    }
}
