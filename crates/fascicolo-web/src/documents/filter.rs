//! What the list is narrowed to, as typed and as an address.
//!
//! Words of a title and names of hospitals tell of somebody's health, so they never stand readable in an address
//! (GEN-G8). The form is a POST answered by a redirect; in the address they are sealed for this person alone. So the back
//! button, reloading and the links to further pages work, without a script.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fascicolo_domain::Fault;
use fascicolo_domain::documents::Kind;
use fascicolo_domain::ids::{CitizenId, DocumentId};
use fascicolo_domain::time::start_of_day;
use fascicolo_store::{Cursor, Filter};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::App;
use crate::http::PageError;
use crate::http::forms::Fields;

/// The longest text of a field, in characters.
const LONGEST: usize = 100;

/// The fields of the form, as typed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) words: String,
    pub(super) issuer: String,
    /// A kind's key, or nothing.
    pub(super) kind: String,
    pub(super) from: String,
    pub(super) to: String,
}

/// What is wrong with a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wrong {
    /// No date can be read in it.
    From,
    To,
    /// The period ends before it begins.
    Period,
}

impl Wrong {
    /// The field's id on the page.
    #[must_use]
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::From => "dal",
            Self::To | Self::Period => "al",
        }
    }

    /// The text key of what to do.
    #[must_use]
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::From => "documents.filter.wrong.from",
            Self::To => "documents.filter.wrong.to",
            Self::Period => "documents.filter.wrong.period",
        }
    }
}

impl Typed {
    /// The fields of the submitted form.
    #[must_use]
    pub(super) fn of_form(fields: &Fields) -> Self {
        let text = |name| fields.text(name).trim().chars().take(LONGEST).collect::<String>();
        Self {
            words: text("parole"),
            issuer: text("struttura"),
            kind: text("tipo"),
            from: text("dal"),
            to: text("al"),
        }
    }

    /// The fields an address carries.
    ///
    /// # Errors
    /// The sealed part is not of this person, or not of ours.
    pub(super) fn of_query(app: &App, citizen: CitizenId, query: &Fields) -> Result<Self, PageError> {
        let (words, issuer) = match query.find("cerca") {
            Some(sealed) => unseal(app, citizen, sealed).ok_or(PageError::BadRequest)?,
            None => (String::new(), String::new()),
        };
        let typed = Self::of_form(query);
        Ok(Self { words, issuer, ..typed })
    }

    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many filters are on.
    #[must_use]
    pub(super) fn count(&self) -> usize {
        [&self.words, &self.issuer, &self.kind, &self.from, &self.to].iter().filter(|f| !f.is_empty()).count()
    }

    /// What the store looks for.
    ///
    /// # Errors
    /// What to correct, in the order of the fields.
    pub(super) fn parse(&self) -> Result<Filter, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let mut day = |text: &str, or: Wrong| match (text, date(text)) {
            ("", _) => None,
            (_, Some(day)) => Some(day),
            (_, None) => {
                wrong.push(or);
                None
            }
        };
        let (from, to) = (day(&self.from, Wrong::From), day(&self.to, Wrong::To));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            wrong.push(Wrong::Period);
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        Ok(Filter {
            kind: Kind::by_key(&self.kind),
            from: from.and_then(start_of_day),
            to: to.and_then(|day| day.tomorrow().ok()).and_then(start_of_day),
            issuer: some(&self.issuer),
            words: some(&self.words),
        })
    }

    /// The query string of the list with these filters, to which `&dopo=…` may be added.
    ///
    /// # Errors
    /// Sealing failed.
    pub(super) fn address(&self, app: &App, citizen: CitizenId) -> Result<String, Fault> {
        let mut parts = Vec::new();
        if let Some(kind) = Kind::by_key(&self.kind) {
            parts.push(format!("tipo={}", kind.key()));
        }
        for (name, text) in [("dal", &self.from), ("al", &self.to)] {
            if let Some(day) = date(text) {
                parts.push(format!("{name}={day}"));
            }
        }
        if !self.words.is_empty() || !self.issuer.is_empty() {
            parts.push(format!("cerca={}", seal(app, citizen, &self.words, &self.issuer)?));
        }
        Ok(parts.join("&"))
    }
}

/// `2026-05-28` as browsers send it, or `28/05/2026` as people type it (GEN-G11).
fn date(text: &str) -> Option<Date> {
    if let [day, month, year] = text.split(['/', '.']).collect::<Vec<_>>().as_slice() {
        return Date::new(year.parse().ok().filter(|y| *y > 999)?, month.parse().ok()?, day.parse().ok()?)
            .ok();
    }
    text.parse().ok()
}

fn seal(app: &App, citizen: CitizenId, words: &str, issuer: &str) -> Result<String, Fault> {
    let plain = format!("{words}\0{issuer}");
    let sealed = app.keyring.seal_bytes(&*app.entropy, &context(citizen), plain.as_bytes())?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

fn unseal(app: &App, citizen: CitizenId, sealed: &str) -> Option<(String, String)> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let plain = String::from_utf8(app.keyring.open_bytes(&context(citizen), &sealed).ok()?).ok()?;
    let (words, issuer) = plain.split_once('\0')?;
    Some((words.to_owned(), issuer.to_owned()))
}

fn context(citizen: CitizenId) -> String {
    format!("documents filter {citizen}")
}

/// Where a page begins, as an address carries it: an instant and one of the person's own documents, nothing more.
#[must_use]
pub(super) fn write_cursor(cursor: &Cursor) -> String {
    format!("{}.{}", cursor.issued_at.as_millisecond(), cursor.id)
}

/// Reads it back.
#[must_use]
pub(super) fn read_cursor(text: &str) -> Option<Cursor> {
    let (at, id) = text.split_once('.')?;
    let issued_at = Timestamp::from_millisecond(at.parse().ok()?).ok()?;
    Some(Cursor { issued_at, id: DocumentId::parse(id)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, to: &str) -> Result<Filter, Vec<Wrong>> {
        Typed { from: from.into(), to: to.into(), ..Typed::default() }.parse()
    }

    #[test]
    fn a_period_holds_both_its_days_as_counted_in_rome() {
        let filter = period("2026-03-29", "29/3/2026").unwrap();
        assert_eq!(filter.from, Some("2026-03-28T23:00:00Z".parse().unwrap()));
        assert_eq!(filter.to, Some("2026-03-29T22:00:00Z".parse().unwrap()));
    }

    #[test]
    fn each_unreadable_date_is_named_in_the_order_of_the_fields() {
        assert_eq!(period("ieri", "31/02/2026").unwrap_err(), [Wrong::From, Wrong::To]);
        assert_eq!(period("2026-03-02", "2026-03-01").unwrap_err(), [Wrong::Period]);
        assert_eq!(period("1/1/26", "").unwrap_err(), [Wrong::From]);
        assert!(period("", "").is_ok() && period("2026-03-01", "2026-03-01").is_ok());
    }

    #[test]
    fn a_cursor_reads_back_and_anything_else_does_not() {
        let id = DocumentId::new(Timestamp::UNIX_EPOCH, [0xab; 10]);
        let cursor = Cursor { issued_at: "2026-05-21T08:00:00.123Z".parse().unwrap(), id };
        let text = write_cursor(&cursor);
        let back = read_cursor(&text).unwrap();
        assert_eq!((back.issued_at, back.id), (cursor.issued_at, cursor.id));
        for bad in ["", "1", "x.y", &text[1..].replace('.', ""), &text.to_uppercase()] {
            assert!(read_cursor(bad).is_none(), "{bad}");
        }
    }
}
