//! Where to go after a login: a path of ours behind the door, or nowhere (ACC-S6).

/// A checked local path. It holds no query, so it can carry no personal data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// Reads `?ritorno=`; anything but a plain path below `/fascicolo` is dropped.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_".contains(&b));
        let ours = text == "/fascicolo" || text.starts_with("/fascicolo/");
        (plain && ours && text.len() <= 200 && !text.contains("//")).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_plain_paths_behind_the_door_are_kept() {
        for good in ["/fascicolo", "/fascicolo/documenti", "/fascicolo/documenti/0199-ab/scarica"] {
            assert!(ReturnTo::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "/",
            "//evil.example",
            "/fascicolo//evil.example",
            "/fascicolo.evil.example",
            "/fascicolox",
            "https://evil.example/fascicolo",
            "/\\evil.example",
            "/fascicolo/documenti?titolo=hiv",
            "/fascicolo/../esci",
            "/fascicolo/%2e%2e/esci",
            "/fascicolo\r\nSet-Cookie: a=b",
            "/esci",
            &format!("/fascicolo/{}", "a".repeat(200)),
        ] {
            assert!(ReturnTo::parse(bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_kept_stays_on_this_site(text in ".{0,60}") {
            if let Some(kept) = ReturnTo::parse(&text) {
                prop_assert!(kept.as_str().starts_with("/fascicolo"));
            }
        }
    }
}
