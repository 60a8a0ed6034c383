//! Cookies, by decision all `__Host-`: Secure, for this host alone, without `Expires` (ACC-S1).

use axum::http::{HeaderMap, HeaderValue, header};

/// The session.
pub const SESSION: &str = "__Host-fascicolo";
/// A login under way, one cookie per request so that two tabs work (ACC-S5).
pub const LOGIN_PREFIX: &str = "__Host-accesso-";
/// The language chosen.
pub const LANGUAGE: &str = "__Host-lingua";

/// Which requests of other sites carry the cookie.
#[derive(Clone, Copy)]
pub enum SameSite {
    Lax,
    /// The identity provider's answer is a cross-site POST.
    None,
}

/// The value of a cookie. A name sent twice is no cookie (ASVS V15.3.7).
#[must_use]
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(n, _)| *n == name)
        .map(|(_, value)| value);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// A cookie that lives as long as the browser; for `max_age` seconds when given.
#[must_use]
pub fn set(name: &str, value: &str, same_site: SameSite, max_age: Option<u32>) -> Option<HeaderValue> {
    let same_site = match same_site {
        SameSite::Lax => "Lax",
        SameSite::None => "None",
    };
    let age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}{age}"))
        .ok()
}

/// Takes a cookie back.
#[must_use]
pub fn drop(name: &str, same_site: SameSite) -> Option<HeaderValue> {
    set(name, "", same_site, Some(0))
}

/// Adds `Set-Cookie` lines to an answer.
pub fn append(headers: &mut HeaderMap, cookies: impl IntoIterator<Item = Option<HeaderValue>>) {
    for cookie in cookies.into_iter().flatten() {
        headers.append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_among_others_and_refused_when_doubled() {
        assert_eq!(read(&headers(&["a=1; __Host-fascicolo=x; b=2"]), SESSION), Some("x"));
        assert_eq!(read(&headers(&["a=1", "__Host-fascicolo=x"]), SESSION), Some("x"));
        assert_eq!(read(&headers(&["__Host-fascicolo=x; __Host-fascicolo=y"]), SESSION), None);
        assert_eq!(read(&headers(&["fascicolo=x"]), SESSION), None);
    }

    #[test]
    fn the_session_cookie_has_no_expiry() {
        let cookie = set(SESSION, "v", SameSite::Lax, None).unwrap();
        assert_eq!(cookie, "__Host-fascicolo=v; Path=/; Secure; HttpOnly; SameSite=Lax");
    }
}
