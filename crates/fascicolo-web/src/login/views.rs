//! What the login templates are rendered from.

use askama::Template;

use super::return_to::ReturnTo;
use crate::http::Page;

/// A provider in the chooser.
pub(super) struct ProviderLink {
    pub(super) name: String,
    pub(super) href: String,
}

#[derive(Template)]
#[template(path = "login/choose.html")]
pub(super) struct ChoosePage {
    pub(super) page: Page,
    pub(super) providers: Vec<ProviderLink>,
    /// Where the other ways start; `None`: this site does not have them.
    pub(super) cie: Option<String>,
    pub(super) eidas: Option<String>,
    /// The session ended while the person was away.
    pub(super) ended: bool,
    /// A page needs level 3, and the session has less (SPID-L3).
    pub(super) stronger: bool,
    /// Level 3 is asked for: for that page, or for all that this site has.
    pub(super) level_three: bool,
    pub(super) return_to: Option<ReturnTo>,
}

/// Hands a message to the provider by POST; a visible button does it without script (SPID-A11).
#[derive(Template)]
#[template(path = "login/hand_over.html")]
pub(super) struct HandOverPage {
    pub(super) page: Page,
    pub(super) provider: String,
    pub(super) action: String,
    /// What the form carries, by name.
    pub(super) fields: Vec<(String, String)>,
    /// The person is on the way out, not in.
    pub(super) leaving: bool,
}

impl HandOverPage {
    fn say(&self, what: &str) -> String {
        let way = if self.leaving { "hand_over_leaving" } else { "hand_over" };
        self.page.fill(&format!("login.{way}.{what}"), &[("provider", self.provider.as_str())])
    }
}

/// Why nobody got in: an anomaly the provider reported, an answer that proves nothing, a denial of ours (SPID-E, ACC-A6).
#[derive(Template)]
#[template(path = "login/refused.html")]
pub(super) struct RefusedPage {
    pub(super) page: Page,
    /// Text keys `login.refused.<reason>.title|text|next`.
    pub(super) reason: &'static str,
    /// Empty when we do not know which provider it was.
    pub(super) provider: String,
    pub(super) at: String,
    /// A reference that also stands in the log.
    pub(super) report: String,
    /// The same provider again.
    pub(super) retry: Option<String>,
}

/// Another country vouches for the person, and a desk has to find the record (SPID-X3).
#[derive(Template)]
#[template(path = "login/abroad.html")]
pub(super) struct AbroadPage {
    pub(super) page: Page,
    /// What the person tells the desk.
    pub(super) number: String,
    pub(super) at: String,
}

#[derive(Template)]
#[template(path = "login/goodbye.html")]
pub(super) struct GoodbyePage {
    pub(super) page: Page,
    /// What became of the provider's session: a text key below `login.goodbye`.
    pub(super) outcome: Option<&'static str>,
    /// The provider keeps a session of its own, which may be ended too.
    pub(super) provider: Option<ProviderLink>,
}

impl GoodbyePage {
    fn said(&self) -> Option<String> {
        self.outcome.map(|outcome| self.page.t(&format!("login.goodbye.{outcome}")).to_owned())
    }

    fn offer(&self, what: &str, provider: &ProviderLink) -> String {
        self.page.fill(&format!("login.goodbye.{what}"), &[("provider", provider.name.as_str())])
    }
}

impl RefusedPage {
    fn say(&self, what: &str) -> String {
        self.page.t(&format!("login.refused.{}.{what}", self.reason)).to_owned()
    }

    fn heading(&self) -> String {
        self.say("heading")
    }

    fn text(&self) -> String {
        self.say("text")
    }

    fn advice(&self) -> String {
        self.say("next")
    }
}
