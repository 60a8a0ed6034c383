//! Addresses of the federation: entity ids and endpoints.

/// Whether a text is an address that we would use: `https`, without user, fragment or anything outside ASCII. `http`
/// is an address on this machine alone; whoever fetches decides whether even that may be (CIE-14).
pub(crate) fn is_address(text: &str) -> bool {
    let plain = text.len() <= 2048 && text.bytes().all(|b| b.is_ascii_graphic());
    let clean = !text.contains(['#', '\\', '"', '<', '>']);
    let host = |rest: &str| {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        rest.get(..end).filter(|host| !host.is_empty() && !host.contains('@')).map(str::to_owned)
    };
    let local = |host: &str| {
        let name = host.split(':').next().unwrap_or_default();
        matches!(name, "127.0.0.1" | "localhost")
    };
    plain
        && clean
        && match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => host(rest).is_some(),
            (None, Some(rest)) => host(rest).is_some_and(|host| local(&host)),
            (None, None) => false,
        }
}

/// An address with more parameters in its query.
pub(crate) fn with_query(address: &str, query: &str) -> String {
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CIE-14.
    #[test]
    fn an_address_is_https_or_on_this_machine() {
        for good in [
            "https://a.example",
            "https://a.example:8443/x?y=z",
            "http://127.0.0.1:8000",
            "http://localhost/x",
        ] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "a.example",
            "https://",
            "https:///x",
            "http://a.example",
            "http://127.0.0.1.example/",
            "http://localhost.example/",
            "HTTPS://a.example",
            "ftp://a.example",
            "https://user@a.example",
            "https://a.example/#x",
            "https://a.example/ x",
            "https://a.example/\n",
            "https://a.example\\b",
            "https://a.example/è",
            "javascript:alert(1)",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn a_query_is_added_to_what_is_there() {
        assert_eq!(with_query("https://a.example/x", "b=c"), "https://a.example/x?b=c");
        assert_eq!(with_query("https://a.example/x?y=z", "b=c"), "https://a.example/x?y=z&b=c");
    }
}
