//! Every public page in every language, through the real router: whole, labelled, light, and nobody else's.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use fascicolo_web::public::PATHS;
use fascicolo_web::public::official::PAGES;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::harness::{MARIO, ORIGIN, Site};
use crate::html::{Tag, tags};

const LANGUAGES: [&str; 2] = ["it", "en"];

/// Public pages, the login page and the pages of errors.
async fn pages(site: &Site) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for language in LANGUAGES {
        for path in PATHS.iter().chain(&["/accesso", "/uscita"]) {
            let path = format!("{path}?lang={language}");
            let answer = site.browser().get(&path).await.expect(StatusCode::OK);
            assert_eq!(answer.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
            pages.push((path, answer.text().to_owned()));
        }
        let path = format!("/non-esiste?lang={language}");
        let answer = site.browser().get(&path).await.expect(StatusCode::NOT_FOUND);
        pages.push((path, answer.text().to_owned()));
    }
    pages
}

fn named<'a>(tags: &'a [Tag], name: &str) -> Vec<&'a Tag> {
    tags.iter().filter(|tag| tag.name == name).collect()
}

#[tokio::test]
async fn every_page_has_one_heading_one_main_a_title_and_its_language() {
    let site = Site::open().await;
    let mut titles = BTreeSet::new();
    for (path, html) in pages(&site).await {
        let tags = tags(&html);
        for (name, expected) in [("h1", 1), ("main", 1), ("title", 1), ("header", 1), ("footer", 1)] {
            assert_eq!(named(&tags, name).len(), expected, "{path}: {name}");
        }
        let language = path.split_once("lang=").unwrap().1;
        assert_eq!(named(&tags, "html")[0].attribute("lang"), language, "{path}");
        let title = html.split("<title>").nth(1).unwrap().split("</title>").next().unwrap().to_owned();
        assert!(!title.starts_with(' ') && !title.contains("public."), "{path}: {title}");
        assert!(titles.insert(title.clone()), "{path}: «{title}» is another page's title, too");
        assert_headings_step_by_step(&path, &tags);
    }
}

fn assert_headings_step_by_step(path: &str, tags: &[Tag]) {
    let inside = tags.iter().skip_while(|t| t.name != "main").take_while(|t| t.name != "footer");
    let mut last = 0;
    for level in inside.filter_map(|t| t.name.strip_prefix('h')?.parse::<u8>().ok()) {
        assert!(level <= last + 1, "{path}: h{level} after h{last}");
        last = level;
    }
}

#[tokio::test]
async fn no_page_holds_a_style_a_handler_or_a_script_of_its_own() {
    let site = Site::open().await;
    for (path, html) in pages(&site).await {
        for tag in tags(&html) {
            let inline = tag.attributes.keys().any(|name| name == "style" || name.starts_with("on"));
            assert!(!inline && tag.name != "style", "{path}: {tag:?}");
            assert!(
                tag.attributes.values().all(|v| !v.trim_start().starts_with("javascript:")),
                "{path}: {tag:?}"
            );
            assert!(tag.name != "script" || tag.attribute("src").starts_with("/a/"), "{path}: {tag:?}");
        }
    }
}

/// The page of the sandbox that says what to try.
const DEMO: &str = "http://127.0.0.1:8081/";

#[tokio::test]
async fn another_host_is_only_where_a_marked_link_leads() {
    let site = Site::open().await;
    for (path, html) in pages(&site).await {
        for tag in tags(&html) {
            for name in ["href", "src", "action", "srcset", "data", "poster"] {
                if !tag.attribute(name).contains("//") {
                    continue;
                }
                let marked = tag.attribute("rel").split(' ').any(|rel| rel == "external");
                let to = tag.attribute(name);
                assert!(
                    tag.name == "a" && marked && (to.starts_with("https://") || to == DEMO),
                    "{path}: {tag:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_field_has_a_label_and_every_id_is_one_of_a_kind() {
    let site = Site::open().await;
    for (path, html) in pages(&site).await {
        let tags = tags(&html);
        let mut ids = BTreeSet::new();
        for id in tags.iter().map(|t| t.attribute("id")).filter(|id| !id.is_empty()) {
            assert!(ids.insert(id), "{path}: two elements are {id}");
        }
        let labelled: BTreeSet<&str> = named(&tags, "label").iter().map(|t| t.attribute("for")).collect();
        for field in tags.iter().filter(|t| ["input", "select", "textarea"].contains(&t.name.as_str())) {
            let silent = ["hidden", "submit"].contains(&field.attribute("type"));
            assert!(silent || labelled.contains(field.attribute("id")), "{path}: {field:?}");
        }
        for name in ["aria-describedby", "aria-labelledby", "for"] {
            for id in tags.iter().flat_map(|t| t.attribute(name).split_whitespace()) {
                assert!(ids.contains(id), "{path}: {name} names {id}, which is not there");
            }
        }
    }
}

#[tokio::test]
async fn every_link_leads_somewhere() {
    let site = Site::open().await;
    let mut links = BTreeSet::new();
    for (path, html) in pages(&site).await {
        let here = path.split('?').next().unwrap();
        for tag in tags(&html) {
            for target in ["href", "src"].map(|name| tag.attribute(name)) {
                if let Some(fragment) = target.strip_prefix('#') {
                    links.insert(format!("{here}#{fragment}"));
                } else if target.starts_with('/') {
                    links.insert(target.to_owned());
                }
            }
        }
    }
    // those lead to the providers
    let away = |link: &&String| !link.starts_with("/non-esiste") && !link.starts_with("/accesso/");
    for link in links.iter().filter(away) {
        let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
        let answer = site.browser().get(path).await;
        let behind_the_door = path.starts_with("/fascicolo");
        let expected = if behind_the_door { StatusCode::SEE_OTHER } else { StatusCode::OK };
        assert_eq!(answer.status, expected, "{link}");
        if !fragment.is_empty() && !behind_the_door {
            assert!(answer.text().contains(&format!("id=\"{fragment}\"")), "{link}");
        }
    }
}

#[tokio::test]
async fn guidance_says_which_ways_in_this_site_does_not_have() {
    let site = Site::open().await;
    for path in ["/come-accedere/cns", "/come-accedere/otp"] {
        site.browser().get(path).await.says("Su questo sito non è ancora attivo");
    }
    for path in ["/come-accedere/spid", "/come-accedere/cie"] {
        site.browser().get(path).await.hides("non è ancora attivo");
    }
    let list = site.browser().get("/come-accedere").await.says("Elenco fatto il 25 novembre 2026.");
    for official in PAGES {
        assert!(list.text().contains(official.url), "{}", official.url);
    }
}

#[tokio::test]
async fn whoever_is_in_sees_their_menu_and_when_the_session_ends() {
    let site = Site::open().await;
    let browser = site.log_in(MARIO).await;
    let page =
        browser.get("/sicurezza").await.says("La sessione finisce alle").says("12:34").says("Mario Rossi");
    let tags = tags(page.text());
    assert!(tags.iter().any(|t| t.name == "form" && t.attribute("action") == "/esci"));
    assert_eq!(named(&tags, "dialog")[0].attribute("data-seconds-left"), "1200");
    assert!(tags.iter().any(|t| t.attribute("content") == "noindex"));
    assert!(!page.text().contains("href=\"/accesso\""));
    site.browser().get("/sicurezza").await.hides("La sessione finisce alle").hides("noindex");
}

#[tokio::test]
async fn a_missing_page_says_what_to_do_and_bears_a_report_number() {
    let site = Site::open().await;
    let answer = site.browser().get("/non-esiste").await.expect(StatusCode::NOT_FOUND);
    let answer = answer.says("Questa pagina non c’è").says("R-");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    site.browser().get("/non-esiste?lang=en").await.says("There is no such page");
}

#[tokio::test]
async fn a_language_chosen_by_link_is_remembered() {
    let site = Site::open().await;
    let answer = site.browser().get("/?lang=en").await;
    assert!(answer.header(header::SET_COOKIE).starts_with("__Host-lingua=en;"));
    assert_eq!(site.browser().get("/?lang=xx").await.header(header::SET_COOKIE), "");
}

/// An asset as a browser asks for it.
async fn asset(site: &Site, path: &str, accept: &str) -> (axum::http::response::Parts, usize) {
    let request = Request::get(path)
        .header(header::HOST, ORIGIN.trim_start_matches("https://"))
        .header(header::ACCEPT_ENCODING, accept);
    let answer = site.sandbox.site().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    (parts, body.collect().await.unwrap().to_bytes().len())
}

#[tokio::test]
async fn what_pages_load_is_kept_for_a_year_and_comes_compressed() {
    let site = Site::open().await;
    let css = fascicolo_web::public::assets::SITE_CSS;
    let (parts, packed) = asset(&site, css, "gzip, br").await;
    assert_eq!(parts.headers[header::CONTENT_ENCODING], "br");
    assert_eq!(parts.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert_eq!(parts.headers[header::VARY], "accept-encoding");
    assert_eq!(parts.headers[header::CONTENT_TYPE], "text/css; charset=utf-8");
    let (parts, plain) = asset(&site, css, "gzip").await;
    assert!(!parts.headers.contains_key(header::CONTENT_ENCODING) && plain > packed * 3);
    let (parts, _) = asset(&site, "/a/site.00000000.css", "br").await;
    assert_eq!(parts.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_first_visit_is_light_and_takes_few_requests() {
    use fascicolo_web::public::assets::{
        ROBOTO_MONO_400_WOFF2, TITILLIUM_400_WOFF2, TITILLIUM_600_WOFF2, TITILLIUM_700_WOFF2,
    };
    let site = Site::open().await;
    for (path, html) in pages(&site).await {
        let fonts = [TITILLIUM_400_WOFF2, TITILLIUM_600_WOFF2, TITILLIUM_700_WOFF2].map(str::to_owned);
        let mut loaded = BTreeSet::from(fonts);
        if html.contains("font-monospace") {
            loaded.insert(ROBOTO_MONO_400_WOFF2.to_owned());
        }
        for target in tags(&html).iter().flat_map(|t| [t.attribute("href"), t.attribute("src")]) {
            let file = target.split('#').next().unwrap();
            // browsers do not count the icon of the tab among what the page needs
            if file.starts_with("/a/") && !file.contains("favicon") {
                loaded.insert(file.to_owned());
            }
        }
        let mut weight = html.len();
        for file in &loaded {
            weight += asset(&site, file, "br").await.1;
        }
        assert!(loaded.len() < 8, "{path}: {loaded:?}");
        assert!(weight <= 80_000, "{path}: {weight} bytes");
    }
}

#[tokio::test]
async fn machines_find_what_they_look_for() {
    let site = Site::open().await;
    site.browser().get("/robots.txt").await.expect(StatusCode::OK).says("Disallow: /fascicolo\n");
    let map = site.browser().get("/sitemap.xml").await.expect(StatusCode::OK);
    assert_eq!(map.header(header::CONTENT_TYPE), "application/xml; charset=utf-8");
    for path in PATHS {
        assert!(map.text().contains(&format!("<loc>{ORIGIN}{path}</loc>")), "{path}");
    }
    let contact = site.browser().get("/.well-known/security.txt").await.expect(StatusCode::OK);
    contact.says("Contact: mailto:").says("Expires: 2026-11-24T").says("Canonical: https://");
}

/// Classes that mark something for a script, a checker or another rule, and have no look of their own.
const WITHOUT_LOOK: [&str; 0] = [];

#[test]
fn every_class_of_a_template_is_in_the_sheet() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sheet = ["vendor/bootstrap-italia/bootstrap-italia.css", "site.css"]
        .map(|file| fs::read_to_string(root.join("assets").join(file)).unwrap())
        .concat();
    let mut missing = BTreeSet::new();
    for class in classes(&root.join("templates")) {
        let known = sheet.match_indices(&format!(".{class}")).any(|(at, found)| {
            let next = sheet[at + found.len()..].bytes().next().unwrap_or(b' ');
            !(next.is_ascii_alphanumeric() || next == b'-' || next == b'_')
        });
        if !known && !WITHOUT_LOOK.contains(&class.as_str()) {
            missing.insert(class);
        }
    }
    assert!(
        missing.is_empty(),
        "not in the sheet: {missing:?}; add them to tools/assets/classes.txt and refresh"
    );
}

/// Every class that a template says; what is made at run time (`alert-{{ tone }}`) is left out.
fn classes(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(classes(&path));
            continue;
        }
        let html =
            without(&without(&fs::read_to_string(&path).unwrap(), "{%", "%}", " "), "{{", "}}", "\u{1}");
        for value in html.split(" class=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            found.extend(value.split_whitespace().filter(|c| !c.contains('\u{1}')).map(str::to_owned));
        }
    }
    found
}

fn without(text: &str, open: &str, close: &str, instead: &str) -> String {
    let mut parts = text.split(open);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(instead);
        kept.push_str(part.split_once(close).map_or("", |(_, rest)| rest));
    }
    kept
}
