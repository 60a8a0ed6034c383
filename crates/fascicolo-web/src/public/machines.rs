//! What machines read: `robots.txt`, the sitemap, `security.txt` (RFC 9116).

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::ToSpan as _;

use super::PATHS;
use crate::App;

/// `GET /robots.txt`: nothing behind the door.
pub(super) async fn robots(State(app): State<App>) -> Response {
    let origin = &app.settings.site.origin;
    let text = format!(
        "User-agent: *\nDisallow: /fascicolo\nDisallow: /accesso\nDisallow: /spid/\nDisallow: /uscita\n\
         Sitemap: {origin}/sitemap.xml\n"
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// `GET /sitemap.xml`.
pub(super) async fn sitemap(State(app): State<App>) -> Response {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for path in PATHS {
        xml.push_str(&format!("<url><loc>{}{path}</loc></url>\n", app.settings.site.origin));
    }
    xml.push_str("</urlset>\n");
    ([(header::CONTENT_TYPE, "application/xml; charset=utf-8")], xml).into_response()
}

/// `GET /.well-known/security.txt`: where to report, good for half a year from now.
pub(super) async fn security(State(app): State<App>) -> Response {
    let site = &app.settings.site;
    let expires = app.clock.now().checked_add((180 * 24).hours()).unwrap_or(jiff::Timestamp::MAX);
    let text = format!(
        "Contact: mailto:{}\nExpires: {}\nPreferred-Languages: it, en\nCanonical: {}/.well-known/security.txt\n",
        site.security_mail,
        expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        site.origin
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
