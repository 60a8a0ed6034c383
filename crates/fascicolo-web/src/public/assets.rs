//! What browsers load besides pages: one style sheet, one script, fonts and icons, compiled in. `build.rs` puts the digest
//! of the bytes into each name, so browsers keep a file for a year and never a stale one.

use axum::extract::Path;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};

use crate::http::PageError;

/// A compiled-in file.
pub(super) struct Asset {
    name: &'static str,
    kind: &'static str,
    plain: &'static [u8],
    /// The same in Brotli, unless the format is compressed by itself.
    packed: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const A_YEAR: &str = "public, max-age=31536000, immutable";

/// `GET /a/{file}`.
pub(super) async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Result<Response, PageError> {
    let asset = ASSETS.iter().find(|asset| asset.name == file).ok_or(PageError::NotFound)?;
    let common = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, A_YEAR),
        (header::VARY, "accept-encoding"),
    ];
    Ok(match asset.packed.filter(|_| takes_brotli(&headers)) {
        Some(packed) => (common, [(header::CONTENT_ENCODING, "br")], packed).into_response(),
        None => (common, asset.plain).into_response(),
    })
}

/// Whether `Accept-Encoding` names Brotli with a weight above zero.
fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok());
    accepted.flat_map(|line| line.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("br"));
        let weight = parts.find_map(|p| p.strip_prefix("q=")).and_then(|q| q.parse::<f32>().ok());
        named && weight.is_none_or(|q| q > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn find(path: &str) -> &'static Asset {
        ASSETS.iter().find(|a| path == format!("/a/{}", a.name)).unwrap()
    }

    fn text(path: &str) -> &'static str {
        std::str::from_utf8(find(path).plain).unwrap()
    }

    #[test]
    fn brotli_is_sent_to_who_takes_it() {
        for (accept, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=0.5", true),
            ("br;q=0", false),
            ("gzip", false),
            ("brx", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accept))]);
            assert_eq!(takes_brotli(&headers), expected, "{accept}");
        }
        assert!(!takes_brotli(&HeaderMap::new()));
    }

    #[test]
    fn the_sheet_keeps_the_mark_that_official_checkers_read() {
        let version = include_str!("../../assets/vendor/bootstrap-italia/VERSION").trim();
        assert!(text(SITE_CSS).contains(&format!("--bootstrap-italia-version: '{version}'")));
    }

    #[test]
    fn the_sheet_names_fonts_that_exist_and_embeds_none() {
        let sheet = text(SITE_CSS);
        assert!(!sheet.contains("data:application") && !sheet.contains("data:font"));
        let urls: Vec<&str> = sheet.split("url(").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        let fonts = urls.iter().filter(|url| url.contains("woff2"));
        assert_eq!(fonts.clone().count(), 4);
        for font in fonts {
            find(&format!("/a/{}", font.trim_matches('"')));
        }
        assert!(
            urls.iter().all(|url| url.contains("woff2") || url.starts_with("\"data:image/svg+xml")),
            "{urls:?}"
        );
    }

    #[test]
    fn what_is_shipped_keeps_its_budget() {
        // experience 5: sheet, fonts, icons, script
        let size = |path: &str| find(path).packed.map_or_else(|| find(path).plain.len(), <[u8]>::len);
        assert!(size(SITE_CSS) <= 16_000, "{}", size(SITE_CSS));
        assert!(size(ICONS_SVG) <= 2_000, "{}", size(ICONS_SVG));
        assert!(size(SITE_JS) <= 10_000, "{}", size(SITE_JS));
        let fonts = [TITILLIUM_400_WOFF2, TITILLIUM_600_WOFF2, TITILLIUM_700_WOFF2, ROBOTO_MONO_400_WOFF2];
        assert!(fonts.iter().map(|font| size(font)).sum::<usize>() <= 45_000);
    }
}
