//! What one message of a stranger may cost, in CPU time, as it grows to the limits: nothing may cost over 100 ms, and
//! twice the bytes may not cost much more than twice the time (security §4).
//! `cargo bench -p fascicolo-eid --bench hostile`. Nothing is asserted: a loaded machine is no bug.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that cannot be made should stop, and what it measures is printed"
)]

#[path = "../tests/it/maker.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod maker;

use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use fascicolo_eid::spid::{Incoming, LogoutMessage, Provider, Providers, Refused};
use fascicolo_eid::xml::{self, EXC_C14N, MD, SAML, SAMLP};
use maker::{Odd, before, stranger_key, unsigned};

/// What a stranger makes for a number of bytes.
type Shape = (&'static str, fn(usize) -> String);

/// Answers; a field of 256 KiB holds 192 KiB of XML. Those that pass the first looks, and those that must not.
const ANSWERS: [Shape; 22] = [
    ("elements, more than a tree may have", |size| filled(&"<a/>".repeat(size / 4))),
    ("elements, as many as a tree may have", |size| filled(&"<a/>".repeat((size / 4).min(2_950)))),
    ("elements, one in the other", |size| filled(&wrapped("<a>", "</a>", size / 7))),
    ("less-than signs", |size| filled(&"<".repeat(size))),
    ("attributes, as many as an element may have", |size| filled(&tags(size, 60, |i| format!(" a{i}=''")))),
    ("attributes, twice as many", |size| filled(&tags(size, 124, |i| format!(" a{i}=''")))),
    ("attributes of a namespace with the longest name", |size| long_name(size, 256)),
    ("attributes of a namespace with a longer name", |size| long_name(size, size / 2)),
    ("attributes with long, like names", |size| {
        let stem = "n".repeat(1_000);
        filled(&tags(size, 60, |i| format!(" {stem}{i}=''")))
    }),
    ("attributes of the last of many namespaces", |size| {
        let tags = tags(size.saturating_sub(1_000), 60, |i| format!(" p49:a{i}=''"));
        filled(&format!("{}{tags}</b>", scope(50)))
    }),
    ("attributes called ID", |size| {
        let tag = |i: usize| (0..50).map(|j| format!(" p{j}:id='{i}.{j}'")).collect::<String>();
        let tags: String = (0..size / 900).map(|i| format!("<a{}/>", tag(i))).collect();
        filled(&format!("{}{tags}</b>", scope(50)))
    }),
    ("namespaces, one in the other", |size| nested((size / 25).min(500), 500)),
    ("namespaces, one in the other, of few prefixes", |size| nested((size / 25).min(500), 50)),
    ("namespaces declared again and again", |size| {
        let tag = |i: usize| format!("<a xmlns:p{}='{}'/>", i % 50, i % 60);
        filled(&format!("{}{}</b>", scope(50), (0..(size / 25).min(450)).map(tag).collect::<String>()))
    }),
    ("the beginning of a declaration", |size| filled(&"xmlns:".repeat(size / 6))),
    ("escapes in text", |size| filled(&format!("<a>{}</a>", "&amp;".repeat(size / 5)))),
    ("escapes in an attribute", |size| filled(&format!("<a b='{}'/>", "&#10;".repeat(size / 5)))),
    ("CDATA", |size| filled(&format!("<a>{}</a>", "<![CDATA[a]]>".repeat(size / 13)))),
    ("one long attribute name", |size| filled(&format!("<{0} {0}=''/>", "n".repeat(size / 2)))),
    ("a status message of nothing but marks", |size| {
        let message =
            format!("<samlp:StatusMessage>{}</samlp:StatusMessage></samlp:Status>", "nr".repeat(size / 2));
        let text = maker::change(&unsigned(), "</samlp:Status>", &message);
        text.replace("status:Success", "status:Responder")
    }),
    ("signed elements with a list of prefixes", |size| listed(&"<a/>".repeat((size / 4).min(2_900)))),
    ("signed attributes with a list of prefixes", |size| {
        listed(&tags(size.saturating_sub(9_000), 60, |i| format!(" p49:a{i}=''")))
    }),
];

/// Logout messages; a query may hold 256 KiB of XML.
const MESSAGES: [Shape; 3] = [
    ("blanks, deflated", |size| " ".repeat(size)),
    ("elements, deflated", |size| request(&"<a/>".repeat((size / 4).min(2_900)))),
    ("attributes, deflated", |size| request(&tags(size, 60, |i| format!(" a{i}=''")))),
];

/// Metadata of somebody who is not the registry; 8 MiB is the most.
const METADATA: [Shape; 5] = [
    ("entities of nothing", |size| metadata(&"<md:EntityDescriptor/>".repeat(size / 22))),
    ("attributes of the last of many namespaces", |size| {
        let open = format!("{}{}", scope(50), scope(50).replace('p', "q"));
        metadata(&format!("{open}{}</b></b>", tags(size - 3_000, 60, |i| format!(" q49:a{i}=''"))))
    }),
    ("namespaces, one in the other", |size| {
        let depth = (size / 25).min(4_000);
        let open = |i: usize| format!("<a xmlns:n{}='{}'>", i % 200, i % 250);
        metadata(&format!("{}{}", (0..depth).map(open).collect::<String>(), "</a>".repeat(depth)))
    }),
    ("elements among many namespaces", |size| {
        metadata(&format!(
            "{}{}{}</b></b>",
            scope(50),
            scope(50).replace('p', "q"),
            "<a/>".repeat((size / 4).min(190_000))
        ))
    }),
    ("identifiers", |size| {
        metadata(&(0..size / 20).map(|i| format!("<a ID='{i:09}'/>")).collect::<String>())
    }),
];

fn main() {
    let provider = &maker::provider();
    println!("milliseconds for answers of 12, 24, 48, 96 and 191 KiB");
    for (name, shape) in ANSWERS {
        line(name, [12, 24, 48, 96, 191], |size| {
            let field = xml::encode_base64(shape(size * 1024 - 3_000).as_bytes());
            time(|| answer(&field, provider))
        });
    }
    println!("milliseconds for logout queries of 16, 32, 64, 128 and 255 KiB");
    for (name, shape) in MESSAGES {
        line(name, [16, 32, 64, 128, 255], |size| {
            let query = deflated(&shape(size * 1024 - 3_000));
            time(|| logout(&query, provider))
        });
    }
    println!("milliseconds for metadata of 512, 1024, 2048, 4096 and 8191 KiB");
    let registry = maker::registry_key();
    for (name, shape) in METADATA {
        line(name, [512, 1024, 2048, 4096, 8191], |size| {
            let text = shape(size * 1024 - 8_000);
            time(|| {
                Providers::from_signed_aggregate(
                    text.as_bytes(),
                    registry.certificate_der(),
                    jiff::Timestamp::UNIX_EPOCH,
                )
                .map(|_| ())
            })
        });
    }
}

/// What the site does with an answer that is pending for this browser.
fn answer(field: &str, provider: &Provider) -> Result<(), Refused> {
    let incoming = Incoming::decode(field)?;
    let answer = incoming.parse()?;
    black_box(answer.facts().subject);
    answer.verify(&maker::expected(), provider, maker::at(maker::ARRIVES)).map(|_| ())
}

/// What the site does with a provider's request.
fn logout(query: &str, provider: &Provider) -> Result<(), Refused> {
    let message = LogoutMessage::from_redirect(query)?;
    black_box(message.issuer()?);
    message.verify_request(provider, maker::SLO, maker::at(maker::ARRIVES)).map(|_| ())
}

/// The best of a few, and how it ended.
fn time(job: impl Fn() -> Result<(), Refused>) -> (Duration, &'static str) {
    let mut best = Duration::MAX;
    let mut outcome = "";
    for _ in 0..5 {
        let start = Instant::now();
        outcome = job().err().map_or("accepted", |refused| refused.code());
        best = best.min(start.elapsed());
    }
    (best, outcome)
}

fn line(name: &str, sizes: [usize; 5], run: impl Fn(usize) -> (Duration, &'static str)) {
    let times = sizes.map(run);
    let text: String = times.iter().map(|(time, _)| format!("{:>9.2}", time.as_secs_f64() * 1e3)).collect();
    println!("{text}  {name} ({})", times[4].1);
}

/// A good answer with something in it that does not belong there.
fn filled(what: &str) -> String {
    before(&unsigned(), "<samlp:Status>", what)
}

fn wrapped(open: &str, close: &str, times: usize) -> String {
    format!("{}{}", open.repeat(times), close.repeat(times))
}

/// Tags with so many attributes.
fn tags(size: usize, attributes: usize, attribute: impl Fn(usize) -> String) -> String {
    let tag = format!("<a{}/>", (0..attributes).map(attribute).collect::<String>());
    tag.repeat(size / tag.len())
}

/// An open element that declares so many namespaces.
fn scope(prefixes: usize) -> String {
    format!("<b{}>", (0..prefixes).map(|i| format!(" xmlns:p{i}='u{i}'")).collect::<String>())
}

fn long_name(size: usize, length: usize) -> String {
    let tags = tags(size.saturating_sub(length + 100), 60, |i| format!(" p:a{i}=''"));
    filled(&format!("<b xmlns:p='{}'>{tags}</b>", "u".repeat(length)))
}

/// Elements that each declare one of so many prefixes.
fn nested(depth: usize, prefixes: usize) -> String {
    let open = |i: usize| format!("<a xmlns:n{}='{}'>", i % prefixes, i % 50);
    filled(&format!("{}{}", (0..depth).map(open).collect::<String>(), "</a>".repeat(depth)))
}

/// An Assertion that a stranger signed, with elements in one of its values and as many prefixes listed as may be.
fn listed(what: &str) -> String {
    let names: Vec<String> = (18..50).map(|i| format!("p{i}")).collect();
    let prefixes: Vec<&str> = names.iter().map(String::as_str).collect();
    let odd = Odd {
        transforms: format!(
            "<ds:Transforms>{}<ds:Transform Algorithm=\"{EXC_C14N}\"><ec:InclusiveNamespaces xmlns:ec=\"{EXC_C14N}\" \
             PrefixList=\"{}\"></ec:InclusiveNamespaces></ds:Transform></ds:Transforms>",
            maker::transform(xml::ENVELOPED),
            prefixes.join(" ")
        ),
        prefixes,
        ..Odd::default()
    };
    let value = format!("{}{what}</b>", scope(50));
    odd.sign_with(&maker::change(&unsigned(), ">Ada<", &format!(">{value}<")), &stranger_key())
}

fn metadata(what: &str) -> String {
    format!("<md:EntitiesDescriptor xmlns:md=\"{MD}\" ID=\"_all\">{what}</md:EntitiesDescriptor>")
}

fn request(what: &str) -> String {
    format!(
        "<samlp:LogoutRequest xmlns:samlp=\"{SAMLP}\" xmlns:saml=\"{SAML}\" ID=\"_theirs\">\
         <saml:Issuer>{}</saml:Issuer>{what}</samlp:LogoutRequest>",
        maker::PROVIDER
    )
}

fn deflated(text: &str) -> String {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let value = xml::encode_base64(&encoder.finish().unwrap()).replace('+', "%2B").replace('=', "%3D");
    xml::sign_query(&format!("SAMLRequest={value}"), &stranger_key()).unwrap()
}
