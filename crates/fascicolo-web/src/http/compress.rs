//! Pages are compressed for the phone's sake (experience 5). What another site makes a browser ask for is not: the
//! length of a compressed answer tells something of its content to whoever can choose part of it (BREACH).

use std::io::Write as _;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Below this many bytes there is nothing to win.
const SMALLEST: u64 = 1_000;
/// No page of ours is larger.
const LARGEST: usize = 4 * 1024 * 1024;

/// Compresses HTML answers to browsers that take gzip, when the person went there by themselves or from our pages.
pub async fn pages(request: Request, next: Next) -> Response {
    let wanted = takes_gzip(request.headers()) && !asked_by_another_site(request.headers());
    let response = next.run(request).await;
    let html =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/html"));
    if !html || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    head.headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding, Sec-Fetch-Site"));
    let size = body.size_hint().exact();
    if !wanted || size.is_none_or(|size| size < SMALLEST) {
        return Response::from_parts(head, body);
    }
    // a rendered page is one piece in memory: reading it cannot fail
    let plain = to_bytes(body, LARGEST).await.unwrap_or_default();
    let Some(packed) = gzip(&plain) else { return Response::from_parts(head, Body::from(plain)) };
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Response::from_parts(head, Body::from(packed))
}

fn gzip(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok());
    accepted.flat_map(|line| line.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let gzip = parts.next() == Some("gzip");
        gzip && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// A browser that does not say who asked is treated as one that was made to ask.
fn asked_by_another_site(headers: &HeaderMap) -> bool {
    let by = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
    !matches!(by, Some("same-origin" | "none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::middleware::from_fn;
    use axum::response::Html;
    use axum::routing::get;
    use std::io::Read as _;
    use tower::ServiceExt as _;

    async fn ask(headers: &[(&str, &str)]) -> (Option<HeaderValue>, Vec<u8>) {
        let page = "<p>una riga che si ripete</p>".repeat(200);
        let site = Router::new().route("/", get(async move || Html(page))).layer(from_fn(pages));
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = site.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let encoding = response.headers().get(header::CONTENT_ENCODING).cloned();
        (encoding, to_bytes(response.into_body(), LARGEST).await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn a_page_asked_from_our_site_is_compressed_and_reads_the_same() {
        let (_, plain) = ask(&[]).await;
        for by in ["same-origin", "none"] {
            let (encoding, packed) = ask(&[("accept-encoding", "br, gzip"), ("sec-fetch-site", by)]).await;
            assert_eq!(encoding.unwrap(), "gzip");
            let mut read = Vec::new();
            flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut read).unwrap();
            assert!(read == plain && packed.len() < plain.len() / 4);
        }
    }

    #[tokio::test]
    async fn a_page_that_another_site_asked_for_is_not() {
        let gzip = ("accept-encoding", "gzip");
        for headers in [
            &[gzip, ("sec-fetch-site", "cross-site")][..],
            &[gzip, ("sec-fetch-site", "same-site")],
            &[gzip],
            &[("sec-fetch-site", "none")],
            &[("accept-encoding", "gzip;q=0"), ("sec-fetch-site", "none")],
        ] {
            assert_eq!(ask(headers).await.0, None, "{headers:?}");
        }
    }
}
