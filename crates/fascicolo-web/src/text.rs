//! The words of the site: catalogues in `locales/<language>/*.toml`, and dates as Italians write them (GEN-G11).
//! No sentence lives in Rust. A test fails on a key that is missing, unused or untranslated.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use fascicolo_domain::Fault;
use fascicolo_domain::time::rome;
use jiff::Timestamp;
use jiff::civil::Date;

/// The languages the site is written in. Italian is first and complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    Italian,
    English,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::Italian, Self::English];

    /// Its BCP 47 tag, as in `lang=`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Italian => "it",
            Self::English => "en",
        }
    }

    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.tag() == tag)
    }

    /// The first language of `Accept-Language` that we have.
    #[must_use]
    pub fn preferred(accept: &str) -> Self {
        accept
            .split(',')
            .filter_map(|part| part.split([';', '-']).next())
            .find_map(|tag| Self::parse(&tag.trim().to_ascii_lowercase()))
            .unwrap_or(Self::Italian)
    }
}

/// The files of each language, one per capability.
macro_rules! catalogues {
    ($($file:literal),* $(,)?) => {
        const ITALIAN: &[&str] = &[$(include_str!(concat!("../locales/it/", $file))),*];
        const ENGLISH: &[&str] = &[$(include_str!(concat!("../locales/en/", $file))),*];
    };
}

catalogues![
    "site.toml",
    "public.toml",
    "login.toml",
    "documents.toml",
    "verification.toml",
    "history.toml",
    "profile.toml"
];

/// All languages.
#[derive(Clone)]
pub struct Texts {
    italian: Words,
    english: Words,
}

impl Texts {
    /// Reads the catalogues that are compiled in.
    ///
    /// # Errors
    /// A catalogue is no TOML; a test catches it first.
    pub fn load() -> Result<Self, Fault> {
        Ok(Self {
            italian: Words::read(Language::Italian, ITALIAN)?,
            english: Words::read(Language::English, ENGLISH)?,
        })
    }

    #[must_use]
    pub fn of(&self, language: Language) -> Words {
        match language {
            Language::Italian => self.italian.clone(),
            Language::English => self.english.clone(),
        }
    }
}

/// The words of one language.
#[derive(Clone)]
pub struct Words {
    pub language: Language,
    texts: Arc<HashMap<String, String>>,
}

impl Words {
    fn read(language: Language, files: &[&str]) -> Result<Self, Fault> {
        let mut texts = HashMap::new();
        for file in files {
            let table: toml::Table = file
                .parse()
                .map_err(|e: toml::de::Error| Fault::new("reading the texts", e.message().to_owned()))?;
            flatten("", &table, &mut texts);
        }
        Ok(Self { language, texts: Arc::new(texts) })
    }

    /// The text of a key; the key itself when it is missing (a test keeps that from happening).
    #[must_use]
    pub fn t<'a>(&'a self, key: &'a str) -> &'a str {
        self.texts.get(key).map_or(key, String::as_str)
    }

    /// The text of a key with `{name}` replaced by its value.
    #[must_use]
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut text = self.t(key).to_owned();
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// «28 maggio 2026», in Europe/Rome.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> String {
        self.day(at.to_zoned(rome()).date())
    }

    /// «28 maggio 2026».
    #[must_use]
    pub fn day(&self, day: Date) -> String {
        let ordinal = if day.day() == 1 && self.language == Language::Italian { "º" } else { "" };
        let month = self.t(MONTHS.get(usize::from(day.month().unsigned_abs()) - 1).copied().unwrap_or(""));
        format!("{}{ordinal} {month} {}", day.day(), day.year())
    }

    /// «18:42», in Europe/Rome.
    #[must_use]
    pub fn time(&self, at: Timestamp) -> String {
        let at = at.to_zoned(rome());
        format!("{}:{:02}", at.hour(), at.minute())
    }

    /// «28 maggio 2026 alle 18:42».
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> String {
        self.fill("site.moment", &[("date", &self.date(at)), ("time", &self.time(at))])
    }

    /// «184 KB», «1,2 MB».
    #[must_use]
    pub fn size(&self, bytes: u64) -> String {
        let kilobytes = bytes.div_ceil(1000);
        let mut text = String::new();
        // a String takes whatever is written
        let _ = if kilobytes < 1000 {
            write!(text, "{kilobytes} KB")
        } else {
            let comma = if self.language == Language::Italian { ',' } else { '.' };
            let tenths = kilobytes / 100;
            write!(text, "{}{comma}{} MB", tenths / 10, tenths % 10)
        };
        text
    }
}

const MONTHS: [&str; 12] = [
    "site.month.1",
    "site.month.2",
    "site.month.3",
    "site.month.4",
    "site.month.5",
    "site.month.6",
    "site.month.7",
    "site.month.8",
    "site.month.9",
    "site.month.10",
    "site.month.11",
    "site.month.12",
];

fn flatten(prefix: &str, table: &toml::Table, texts: &mut HashMap<String, String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, texts),
            toml::Value::String(text) => {
                texts.insert(key, text.trim_end().to_owned());
            }
            toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_) => {}
        }
    }
}
