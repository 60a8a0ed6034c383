//! What the pages of documents are drawn from.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fascicolo_clinical::cda::Section;
use fascicolo_domain::Fault;
use fascicolo_domain::documents::{Chain, Document, Kind, Signature, Status};
use fascicolo_domain::time::day_in_rome;
use fascicolo_store::Listed;
use jiff::Timestamp;
use jiff::civil::Date;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use super::filter::{Typed, Wrong};
use crate::http::Page;
use crate::text::Words;

#[derive(Template)]
#[template(path = "documents/home.html")]
pub(super) struct HomePage {
    pub(super) page: Page,
    pub(super) name: String,
    /// Whether our register knows the person (ACC-A9).
    pub(super) registered: bool,
    pub(super) last_login: Option<String>,
    pub(super) newest: Vec<Row>,
}

#[derive(Template)]
#[template(path = "documents/list.html")]
pub(super) struct ListPage {
    pub(super) page: Page,
    pub(super) typed: Typed,
    pub(super) wrong: Vec<Wrong>,
    pub(super) kinds: Vec<KindChoice>,
    /// The filters opened on a phone, where they are not beside the list.
    pub(super) show_filters: bool,
    pub(super) years: Vec<Year>,
    /// The addresses of other pages; empty when there is none.
    pub(super) first: String,
    pub(super) next: String,
    pub(super) open_filters: String,
}

impl ListPage {
    fn wrong_in(&self, field: &str) -> Option<&'static str> {
        self.wrong.iter().find(|w| w.field() == field).map(|w| w.message())
    }
}

pub(super) struct KindChoice {
    pub(super) key: &'static str,
    pub(super) name: String,
}

/// The kinds to choose from, as the language sorts them.
pub(super) fn kind_choices(words: &Words) -> Vec<KindChoice> {
    let mut kinds: Vec<KindChoice> =
        Kind::all().map(|kind| KindChoice { key: kind.key(), name: kind_name(words, kind) }).collect();
    kinds.sort_by(|a, b| a.name.cmp(&b.name));
    kinds
}

pub(crate) fn kind_name(words: &Words, kind: Kind) -> String {
    words.t(&format!("documents.kind.{}", kind.key())).to_owned()
}

/// The documents of one year.
pub(super) struct Year {
    pub(super) year: i16,
    pub(super) rows: Vec<Row>,
}

/// A document in a list.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) kind: String,
    pub(super) day: String,
    pub(super) date: String,
    pub(super) issuer: String,
    pub(super) readable: bool,
    pub(super) successor: Option<String>,
    pub(super) annulled: bool,
    pub(super) hidden: bool,
    pub(super) protected: bool,
}

impl Row {
    pub(super) fn of(words: &Words, listed: &Listed) -> Self {
        Self::on(words, listed, day_in_rome(listed.issued_at))
    }

    fn on(words: &Words, listed: &Listed, day: Date) -> Self {
        let kind = kind_name(words, listed.kind);
        Self {
            id: listed.id.to_string(),
            title: title(&listed.title, &kind),
            kind,
            day: day.to_string(),
            date: words.day(day),
            issuer: listed.issuer.clone(),
            readable: listed.readable,
            successor: successor(listed.status),
            annulled: listed.status == Status::Annulled,
            hidden: listed.hidden,
            protected: listed.protected,
        }
    }
}

/// Groups rows that are sorted by date.
pub(super) fn by_year(words: &Words, listed: &[Listed]) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    for document in listed {
        let day = day_in_rome(document.issued_at);
        let (year, row) = (day.year(), Row::on(words, document, day));
        match years.last_mut() {
            Some(last) if last.year == year => last.rows.push(row),
            Some(_) | None => years.push(Year { year, rows: vec![row] }),
        }
    }
    years
}

#[derive(Template)]
#[template(path = "documents/read.html")]
pub(super) struct ReadPage {
    pub(super) page: Page,
    pub(super) facts: Facts,
    /// Empty: it opens as a file only.
    pub(super) sections: Vec<Section>,
    pub(super) check_number: String,
    /// The address a reader of the QR opens, as a `data:` image.
    pub(super) qr: String,
}

#[derive(Template)]
#[template(path = "documents/annulled.html")]
pub(super) struct AnnulledPage {
    pub(super) page: Page,
    pub(super) facts: Facts,
}

#[derive(Template)]
#[template(path = "documents/download.html")]
pub(super) struct DownloadPage {
    pub(super) page: Page,
    pub(super) facts: Facts,
    /// `pdf` or `cda`.
    pub(super) format: &'static str,
    pub(super) size: String,
}

/// The header facts of a document (REC-R2).
pub(super) struct Facts {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) kind: String,
    pub(super) day: String,
    pub(super) date: String,
    pub(super) issuer: String,
    pub(super) author: String,
    pub(super) patient: String,
    pub(super) version: u32,
    pub(super) signature: String,
    pub(super) signature_note: &'static str,
    pub(super) successor: Option<String>,
    pub(super) hidden: bool,
    pub(super) protected: bool,
    pub(super) readable: bool,
    pub(super) size: String,
}

impl Facts {
    pub(super) fn of(words: &Words, document: &Document, patient: String) -> Self {
        let kind = kind_name(words, document.kind);
        Self {
            id: document.id.to_string(),
            title: title(&document.title, &kind),
            kind,
            day: day(document.issued_at),
            date: words.date(document.issued_at),
            issuer: document.issuer.clone(),
            author: document.author.clone(),
            patient,
            version: document.version,
            signature: signature_words(words, &document.signature),
            signature_note: signature_note(&document.signature),
            successor: successor(document.status),
            hidden: document.hidden,
            protected: document.protected,
            readable: document.readable,
            size: words.size(document.size),
        }
    }
}

fn title(title: &str, kind: &str) -> String {
    if title.is_empty() { kind.to_owned() } else { title.to_owned() }
}

/// For `datetime` attributes and file names.
pub(super) fn day(at: Timestamp) -> String {
    day_in_rome(at).to_string()
}

fn successor(status: Status) -> Option<String> {
    match status {
        Status::Replaced { by } => Some(by.to_string()),
        Status::Current | Status::Annulled => None,
    }
}

/// The state of the signature in one sentence (REC-R6).
pub(crate) fn signature_words(words: &Words, signature: &Signature) -> String {
    match signature {
        Signature::Intact { signer, at: Some(at), .. } => {
            words.fill("documents.signature.intact_at", &[("signer", signer), ("moment", &words.moment(*at))])
        }
        Signature::Intact { signer, at: None, .. } => {
            words.fill("documents.signature.intact", &[("signer", signer)])
        }
        Signature::Broken => words.t("documents.signature.broken").to_owned(),
        Signature::NotSigned => words.t("documents.signature.not_signed").to_owned(),
    }
}

/// What else is to be said of it: the text key.
pub(crate) fn signature_note(signature: &Signature) -> &'static str {
    match signature {
        Signature::Intact { chain: Chain::Known, .. } => "documents.signature.chain_known",
        Signature::Intact { chain: Chain::Unknown, .. } => "documents.signature.chain_unknown",
        Signature::Broken => "documents.signature.broken_note",
        Signature::NotSigned => "documents.signature.not_signed_note",
    }
}

/// A QR code as an image that needs no other file. The number stands in the fragment, which browsers do not send.
pub(super) fn qr(origin: &str, check_number: &str) -> Result<String, Fault> {
    let address = format!("{origin}/verifica-documento#{check_number}");
    let code = QrCode::with_error_correction_level(address, EcLevel::M)
        .map_err(|e| Fault::new("drawing a QR code", e))?;
    let image = code.render::<svg::Color>().min_dimensions(200, 200).build();
    Ok(format!("data:image/svg+xml;base64,{}", STANDARD.encode(image)))
}
