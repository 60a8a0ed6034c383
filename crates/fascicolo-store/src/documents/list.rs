//! The list of a person's documents (REC-R1): newest first, filtered, paged by key. It reads one index that holds
//! every column it shows, so it costs the same for 5 and for 50,000 documents; a filter reads on in that index alone.

use std::fmt;

use fascicolo_domain::Fault;
use fascicolo_domain::documents::{Kind, Status};
use fascicolo_domain::ids::{CitizenId, DocumentId};
use jiff::Timestamp;

use super::status;
use crate::engine::{Broken, Columns, Tx};
use crate::row::Value;

/// Characters of a title or an issuer that a list shows and searches, and bytes: an index row has its limit.
const SHOWN: usize = 200;
const SHOWN_BYTES: usize = 400;
/// Words of a search that may stand apart in a title.
const WORDS: usize = 3;

/// What to list; nothing set: everything.
#[derive(Clone, Default)]
pub struct Filter {
    pub kind: Option<Kind>,
    /// Issued at this instant or later.
    pub from: Option<Timestamp>,
    /// Issued before this instant.
    pub to: Option<Timestamp>,
    /// Part of an issuer's name, in any case.
    pub issuer: Option<String>,
    /// Words that the title contains, in any order and case.
    pub words: Option<String>,
}

/// What people search for stays out of logs.
impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter(…)")
    }
}

/// Where a page ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    pub issued_at: Timestamp,
    pub id: DocumentId,
}

/// Some rows, and where the next page starts; `None`: there are no more.
#[derive(Clone, Debug)]
pub struct Page<T, C = Cursor> {
    pub rows: Vec<T>,
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// Makes a page of `limit` rows out of one more than that.
    pub(crate) fn cut(mut rows: Vec<T>, limit: u16, cursor: impl FnOnce(&T) -> C) -> Self {
        let more = rows.len() > usize::from(limit);
        rows.truncate(usize::from(limit));
        let next = rows.last().filter(|_| more).map(cursor);
        Self { rows, next }
    }
}

/// A document as a list shows it.
#[derive(Clone)]
pub struct Listed {
    pub id: DocumentId,
    pub kind: Kind,
    /// Cut after 200 characters.
    pub title: String,
    pub issued_at: Timestamp,
    /// Cut after 200 characters.
    pub issuer: String,
    pub status: Status,
    pub protected: bool,
    pub hidden: bool,
    pub readable: bool,
}

impl fmt::Debug for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listed({})", self.id)
    }
}

impl Tx<'_> {
    /// A page of a person's documents, newest first, `limit` rows at most.
    ///
    /// # Errors
    /// The store failed.
    pub async fn documents_page(
        &mut self,
        subject: CitizenId,
        filter: &Filter,
        after: Option<Cursor>,
        limit: u16,
    ) -> Result<Page<Listed>, Fault> {
        let sql = "SELECT id, kind, list_title, issued_at, list_issuer, status, replaced_by, protected, hidden, \
                   readable FROM documents WHERE citizen_id = $1 AND (issued_at, id) < ($2, $3) \
                   AND issued_at >= $4 AND issued_at < $5 AND (CAST($6 AS TEXT) IS NULL OR kind = $6) \
                   AND list_words LIKE $7 ESCAPE '!' AND list_words LIKE $8 ESCAPE '!' \
                   AND list_words LIKE $9 ESCAPE '!' AND list_words LIKE $10 ESCAPE '!' \
                   ORDER BY issued_at DESC, id DESC LIMIT $11";
        let (at, id) = match after {
            Some(cursor) => (cursor.issued_at.as_millisecond(), cursor.id.to_string()),
            None => (i64::MAX, "~".to_owned()),
        };
        let [first, second, third] = patterns(filter.words.as_deref().unwrap_or(""));
        let issuer = issuer_pattern(filter.issuer.as_deref().unwrap_or(""));
        let params = [
            subject.into(),
            at.into(),
            id.into(),
            filter.from.map_or(i64::MIN, Timestamp::as_millisecond).into(),
            filter.to.map_or(i64::MAX, Timestamp::as_millisecond).into(),
            Value::text_or_null(filter.kind.map(Kind::loinc)),
            issuer.into(),
            first.into(),
            second.into(),
            third.into(),
            (i64::from(limit) + 1).into(),
        ];
        let rows = self.rows(sql, &params, listed).await?;
        Ok(Page::cut(rows, limit, |last| Cursor { issued_at: last.issued_at, id: last.id }))
    }
}

fn listed(c: &mut Columns<'_>) -> Result<Listed, Broken> {
    Ok(Listed {
        id: c.id()?,
        kind: c.code(Kind::by_loinc)?,
        title: c.text()?,
        issued_at: c.instant()?,
        issuer: c.text()?,
        status: status(c)?,
        protected: c.flag()?,
        hidden: c.flag()?,
        readable: c.flag()?,
    })
}

/// What a list shows of a text.
pub(super) fn cut(text: &str) -> String {
    let too_much = |(nth, (at, c)): &(usize, (usize, char))| *nth == SHOWN || at + c.len_utf8() > SHOWN_BYTES;
    match text.char_indices().enumerate().find(too_much) {
        Some((_, (end, _))) => text.get(..end).unwrap_or(text).trim_end().to_owned() + "…",
        None => text.to_owned(),
    }
}

/// What a list searches: the words of the title, a line break, those of the issuer.
pub(super) fn words(title: &str, issuer: &str) -> String {
    let line = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}\n{}", line(title), line(issuer))
}

/// The LIKE patterns of a search in titles: the first words each by itself, the rest together.
fn patterns(words: &str) -> [String; WORDS] {
    let words = words.to_lowercase();
    let mut words = words.split_whitespace();
    let mut pattern = |all: bool| match joined(words.by_ref().take(if all { usize::MAX } else { 1 })) {
        Some(text) => format!("%{text}%\n%"),
        None => "%".to_owned(),
    };
    [pattern(false), pattern(false), pattern(true)]
}

/// The LIKE pattern of a search for an issuer: its words, together.
fn issuer_pattern(words: &str) -> String {
    match joined(words.to_lowercase().split_whitespace()) {
        Some(text) => format!("%\n%{text}%"),
        None => "%".to_owned(),
    }
}

fn joined<'w>(words: impl Iterator<Item = &'w str>) -> Option<String> {
    let words: Vec<String> = words.map(escaped).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn escaped(word: &str) -> String {
    word.chars().flat_map(|c| matches!(c, '%' | '_' | '!').then_some('!').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_cut_into_words_and_its_signs_mean_themselves() {
        assert_eq!(patterns("  "), ["%", "%", "%"]);
        assert_eq!(patterns("Esami"), ["%esami%\n%", "%", "%"]);
        assert_eq!(patterns("100% A_b c  d!"), ["%100!%%\n%", "%a!_b%\n%", "%c d!!%\n%"]);
        assert_eq!(
            (issuer_pattern(" "), issuer_pattern("San  Marco")),
            ("%".into(), "%\n%san marco%".into())
        );
    }

    #[test]
    fn a_long_title_is_cut_between_characters() {
        assert_eq!(cut("breve"), "breve");
        assert_eq!(cut(&"è".repeat(200)), "è".repeat(200));
        assert_eq!(cut(&"è".repeat(201)), "è".repeat(200) + "…");
        assert_eq!(cut(&"漢".repeat(133)), "漢".repeat(133));
        assert_eq!(cut(&"漢".repeat(134)), "漢".repeat(133) + "…");
        assert_eq!(cut(&"🩺".repeat(200)), "🩺".repeat(100) + "…");
    }
}
