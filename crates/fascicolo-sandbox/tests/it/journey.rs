//! In with SPID, at the record, and out; and the ways that must lead nowhere. The program is real, the browser small.

use crate::browser::{Browser, Page};
use crate::program::Program;

/// From the site's first page to the provider's.
pub(crate) async fn to_provider(browser: &mut Browser, program: &Program) -> Page {
    let choose = browser.get(&format!("{}/accesso", program.address("site"))).await;
    assert_eq!(choose.status, 200);
    browser.get(&choose.link("ponte")).await
}

/// Chooses somebody, and hands the answer on.
pub(crate) async fn answer(
    browser: &mut Browser,
    at: &Page,
    program: &Program,
    person: &str,
    mistake: Option<&str>,
) -> Page {
    let handle = at.field("richiesta");
    let mut fields = vec![("richiesta", handle.as_str()), ("persona", person)];
    fields.extend(mistake.map(|mistake| ("errore", mistake)));
    let standins = program.address("standins");
    let handing_over = browser.post(&at.form_action("persona"), &fields, standins).await;
    assert_eq!(handing_over.status, 200, "{}", handing_over.text());
    let (response, state) = (handing_over.field("SAMLResponse"), handing_over.field("RelayState"));
    let action = handing_over.form_action("SAMLResponse");
    browser.post_once(&action, &[("SAMLResponse", &response), ("RelayState", &state)], standins).await
}

#[tokio::test]
async fn a_person_gets_in_with_spid_and_out_again() {
    let program = Program::start(&["--many", "1"]);
    let mut browser = Browser::trusting(&program.ca());
    let at = to_provider(&mut browser, &program).await;
    assert_eq!(at.status, 200, "{}", at.text());
    assert!(at.url.starts_with(program.address("standins")), "the provider is another site");

    let opened = answer(&mut browser, &at, &program, "giulia", None).await;
    assert_eq!((opened.status, opened.header("location")), (302, Some("/fascicolo")), "{}", opened.text());
    assert!(browser.has_cookie("__Host-fascicolo"));
    let secure = program.address("secure").to_owned();
    let record = browser.get(&format!("{secure}/fascicolo")).await;
    assert_eq!(record.status, 200);
    assert!(record.text().contains("Giulia"));

    let out = browser.post(&format!("{secure}/esci"), &[], &secure).await;
    assert_eq!((out.status, out.url.as_str()), (200, format!("{secure}/uscita").as_str()));
    let again = browser.get_once(&format!("{secure}/fascicolo")).await;
    assert_eq!(again.status, 303, "nobody is in any more");
}

#[tokio::test]
async fn a_wrong_answer_and_a_repeated_one_open_nothing() {
    let program = Program::start(&["--many", "1"]);
    let mut browser = Browser::trusting(&program.ca());
    let at = to_provider(&mut browser, &program).await;
    assert_eq!(answer(&mut browser, &at, &program, "marco", None).await.status, 302);
    for mistake in ["nr22", "manomessa", "ripetuta", "affiancata", "commento"] {
        let mut stranger = Browser::trusting(&program.ca());
        let at = to_provider(&mut stranger, &program).await;
        let refused = answer(&mut stranger, &at, &program, "marco", Some(mistake)).await;
        assert_eq!(refused.status, 403, "{mistake}");
        assert!(!stranger.has_cookie("__Host-fascicolo"), "{mistake}");
    }
}

#[tokio::test]
async fn whom_the_rules_refuse_gets_a_page_and_whom_the_register_does_not_know_gets_in() {
    let program = Program::start(&["--many", "1"]);
    for (person, status) in [
        ("luca", 403),
        ("pietro", 403),
        ("bruno", 403),
        ("irene", 403),
        ("youssef", 302),
        ("laura", 302),
        ("elena", 302),
    ] {
        let mut browser = Browser::trusting(&program.ca());
        let at = to_provider(&mut browser, &program).await;
        let answered = answer(&mut browser, &at, &program, person, None).await;
        assert_eq!(answered.status, status, "{person}");
        assert_eq!(browser.has_cookie("__Host-fascicolo"), status == 302, "{person}");
    }
}
