//! The page on which one chooses how to get in (SPID-B, SPID-I1).

use std::collections::BTreeSet;

use axum::http::StatusCode;

use crate::harness::{Answer, MARIO, Site};
use crate::html::{Tag, tags};

/// The providers in the order of the page.
fn order(page: &Answer) -> Vec<String> {
    let tags = tags(page.text());
    let links = tags.iter().filter(|tag| tag.name == "a").map(|tag| tag.attribute("href").to_owned());
    links.filter(|href| href.starts_with("/accesso/spid?idp=")).collect()
}

/// SPID-B2, SPID-I1.
#[tokio::test]
async fn the_registrys_providers_are_all_there_and_none_is_a_favourite() {
    let site = Site::open().await;
    let mut first = BTreeSet::new();
    for _ in 0..60 {
        let listed = order(&site.browser().get("/accesso").await.expect(StatusCode::OK));
        let all: BTreeSet<&String> = listed.iter().collect();
        assert_eq!((listed.len(), all.len()), (3, 3), "{listed:?}");
        first.insert(listed[0].clone());
    }
    assert_eq!(first.len(), 3, "each comes first at some visit");
}

/// SPID-B3, SPID-B4: without script the list opens by itself, and the help is below it.
#[tokio::test]
async fn the_help_stands_below_the_list_and_no_script_is_needed() {
    let site = Site::open().await;
    let page = site.browser().get("/accesso").await.expect(StatusCode::OK).says("Entra con SPID");
    let text = page.text();
    let list = text.find("/accesso/spid?idp=").unwrap();
    for help in ["https://www.spid.gov.it/\"", "spid.gov.it/richiedi-spid", "spid.gov.it/serve-aiuto"] {
        assert!(text.find(help).is_some_and(|at| at > list), "{help}");
    }
    assert!(text.contains("<details>") && text.contains("<summary class=\"btn btn-primary"));
    let scripts = tags(text).into_iter().filter(|t| t.name == "script");
    assert!(scripts.into_iter().all(|t| t.attribute("src").starts_with('/')), "a script of another site");
}

/// SPID-B6, SPID-X4: buttons of equal weight.
#[tokio::test]
async fn the_other_national_ways_are_buttons_like_that_of_spid() {
    let site = Site::open().await;
    let page = site.browser().get("/accesso").await.expect(StatusCode::OK);
    let tags = tags(page.text());
    let class_of = |href: &str| {
        let found = tags.iter().find(|t| t.name == "a" && t.attribute("href") == href);
        found.unwrap_or_else(|| panic!("{href}")).attribute("class").to_owned()
    };
    let is_button = |tag: &&Tag| tag.name == "summary" && tag.attribute("class").contains("btn");
    let spid = tags.iter().find(is_button).unwrap();
    for other in ["/accesso/cie", "/accesso/eidas"] {
        assert_eq!(class_of(other), spid.attribute("class"), "{other}");
    }
}

/// The wish and the way back travel with every choice.
#[tokio::test]
async fn every_way_in_leads_back_to_the_page_one_came_from() {
    let site = Site::open().await;
    let rest = "livello=3&#38;ritorno=%2Ffascicolo%2Faccessi";
    let page = site.browser().get("/accesso?livello=3&ritorno=/fascicolo/accessi").await;
    let text = page.expect(StatusCode::OK).text().to_owned();
    for start in ["/accesso/cie?", "/accesso/eidas?"] {
        assert!(text.contains(&format!("\"{start}{rest}\"")), "{start}");
    }
    assert_eq!(text.matches(&format!("&#38;{rest}\"")).count(), 3, "the providers of SPID");
}

/// Only a page that needs level 3 is spoken of; an address made by hand asks for nothing that is not so.
#[tokio::test]
async fn only_level_three_is_a_reason_to_log_in_again() {
    let site = Site::open().await;
    for (query, stronger) in
        [("livello=3", true), ("livello=2", false), ("livello=1", false), ("livello=x", false)]
    {
        let page = site.browser().get(&format!("/accesso?{query}")).await.expect(StatusCode::OK);
        assert_eq!(page.text().contains("serve un accesso di livello 3"), stronger, "{query}");
    }
}

#[tokio::test]
async fn whoever_is_in_already_is_told_so() {
    let site = Site::open().await;
    let inside = site.log_in(MARIO).await;
    inside.get("/accesso").await.expect(StatusCode::OK).says("Hai già fatto l’accesso");
    site.browser().get("/accesso").await.hides("Hai già fatto l’accesso");
}
