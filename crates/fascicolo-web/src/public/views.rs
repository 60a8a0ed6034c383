//! What the public templates are rendered from: the frame, and nothing else.

use askama::Template;

use crate::http::Page;

/// What somebody can do here, on the home page; `title` and `text` are text keys.
pub(super) struct Service {
    path: &'static str,
    title: &'static str,
    text: &'static str,
}

const SERVICES: [Service; 4] = [
    Service {
        path: "/verifica-documento",
        title: "public.home.verify_title",
        text: "public.home.verify_text",
    },
    Service { path: "/fascicolo/documenti", title: "public.home.read_title", text: "public.home.read_text" },
    Service { path: "/fascicolo/accessi", title: "public.home.who_title", text: "public.home.who_text" },
    Service {
        path: "/minori-e-tutelati",
        title: "public.home.children_title",
        text: "public.home.children_text",
    },
];

impl Home {
    fn services(&self) -> &'static [Service] {
        &SERVICES
    }
}

#[derive(Template)]
#[template(path = "public/home.html")]
pub(super) struct Home {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/how.html")]
pub(super) struct How {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/spid.html")]
pub(super) struct Spid {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/cie.html")]
pub(super) struct Cie {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/cns.html")]
pub(super) struct Cns {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/otp.html")]
pub(super) struct Otp {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/minors.html")]
pub(super) struct Minors {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/desks.html")]
pub(super) struct Desks {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/safety.html")]
pub(super) struct Safety {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/contacts.html")]
pub(super) struct Contacts {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/privacy.html")]
pub(super) struct Privacy {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/children.html")]
pub(super) struct Children {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/cookies.html")]
pub(super) struct Cookies {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/legal.html")]
pub(super) struct Legal {
    pub(super) page: Page,
}

#[derive(Template)]
#[template(path = "public/accessibility.html")]
pub(super) struct Accessibility {
    pub(super) page: Page,
}
