//! The catalogues: complete, used, in the words of the glossary, and easy to read (experience 4 and 5).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LANGUAGES: [&str; 2] = ["it", "en"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn texts(language: &str) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for file in files(&root().join("locales").join(language), &["toml"]) {
        let table: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
        let before = texts.len();
        let leaves = flatten("", &table, &mut texts);
        assert_eq!(texts.len() - before, leaves, "{} repeats keys of another file", file.display());
    }
    texts
}

fn flatten(prefix: &str, table: &toml::Table, texts: &mut BTreeMap<String, String>) -> usize {
    let mut leaves = 0;
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value.as_table() {
            Some(inner) => leaves += flatten(&key, inner, texts),
            None => {
                texts.insert(key, value.as_str().unwrap().to_owned());
                leaves += 1;
            }
        }
    }
    leaves
}

fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extensions));
        } else if extensions.iter().any(|e| path.extension().is_some_and(|x| x == *e)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What sources and templates name: whole keys, and patterns whose `{…}` or missing end is made at run time
/// (`"site.error.{}.{what}"`, `"documents.kind."`).
fn named(texts: &BTreeMap<String, String>) -> BTreeSet<String> {
    let tops: BTreeSet<&str> = texts.keys().filter_map(|key| key.split('.').next()).collect();
    let mut sources = files(&root().join("src"), &["rs"]);
    sources.extend(files(&root().join("templates"), &["html"]));
    let mut names = BTreeSet::new();
    for source in sources {
        let text = fs::read_to_string(source).unwrap();
        for literal in text.split('"') {
            let top = literal.split('.').next().unwrap_or_default();
            let plain =
                literal.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.{}".contains(&b));
            let file = [".toml", ".css", ".js", ".html"].iter().any(|end| literal.ends_with(end));
            if literal.contains('.') && plain && !file && tops.contains(top) {
                names.insert(literal.to_owned());
            }
        }
    }
    names
}

/// Whether a key is what a name says: `{…}` stands for one segment or a part of it, a dot at the end for any rest.
fn matches(name: &str, key: &str) -> bool {
    let name = if name.ends_with('.') { format!("{name}{{}}") } else { name.to_owned() };
    let (mut wanted, mut given) = (name.split('.'), key.split('.'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(w), Some(g)) => match w.split_once('{') {
                Some((start, rest)) => {
                    let end = rest.split_once('}').map_or("", |(_, end)| end);
                    if !(g.starts_with(start) && g.ends_with(end)) {
                        return false;
                    }
                }
                None if w != g => return false,
                None => {}
            },
            (None, Some(_)) | (Some(_), None) => return false,
        }
    }
}

#[test]
fn every_language_has_the_same_keys_and_places() {
    let italian = texts("it");
    for language in LANGUAGES {
        let other = texts(language);
        let missing: Vec<_> = italian.keys().filter(|key| !other.contains_key(*key)).collect();
        let extra: Vec<_> = other.keys().filter(|key| !italian.contains_key(*key)).collect();
        assert!(missing.is_empty() && extra.is_empty(), "{language}: without {missing:?}, beyond {extra:?}");
        for (key, text) in &italian {
            assert_eq!(places(text), places(&other[key]), "{language}: {key}");
            assert!(!other[key].trim().is_empty(), "{language}: {key} is empty");
        }
    }
}

/// The `{name}`s of a text.
fn places(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn every_key_that_is_named_exists_and_every_key_is_named() {
    let texts = texts("it");
    let names = named(&texts);
    let missing: Vec<_> = names.iter().filter(|name| !texts.keys().any(|key| matches(name, key))).collect();
    assert!(missing.is_empty(), "no text for {missing:#?}");
    let unused: Vec<_> = texts.keys().filter(|key| !names.iter().any(|name| matches(name, key))).collect();
    assert!(unused.is_empty(), "nobody says {unused:#?}");
}

#[test]
fn no_text_holds_markup() {
    for language in LANGUAGES {
        for (key, text) in texts(language) {
            assert!(!text.contains(['<', '>']) && !text.contains("&#"), "{language}: {key}");
        }
    }
}

/// Words that blame, that talk like an office, or that give a second name to what the glossary already names.
const AVOIDED_ITALIAN: [&str; 28] = [
    "attenzione",
    "ai sensi",
    "browser web",
    "clicca",
    "cliccare",
    "cliccando",
    "codice otp via sms",
    "dossier",
    "effettuare",
    "errata",
    "errato",
    "identity provider",
    "idp",
    "invalido",
    "link",
    "login",
    "logout",
    "non valida",
    "non valido",
    "ops",
    "per favore",
    "provider",
    "qualora",
    "si prega",
    "smartphone",
    "telefonino",
    "username",
    "vietato",
];
const AVOIDED_ENGLISH: [&str; 9] =
    ["click", "forbidden", "idp", "invalid", "login", "logout", "oops", "please", "username"];

#[test]
fn texts_neither_blame_nor_talk_like_an_office() {
    for (language, avoided) in [("it", &AVOIDED_ITALIAN[..]), ("en", &AVOIDED_ENGLISH[..])] {
        for (key, text) in texts(language) {
            let spoken = places(&text)
                .iter()
                .fold(text.clone(), |text, place| text.replace(&format!("{{{place}}}"), ""));
            let words: String =
                spoken.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
            let words = format!(" {} ", words.split_whitespace().collect::<Vec<_>>().join(" "));
            for word in avoided {
                assert!(!words.contains(&format!(" {word} ")), "{language}: {key} says «{word}»");
            }
        }
    }
}

/// How easy a text is: sentences, words, letters.
#[derive(Default, Debug)]
struct Counts {
    sentences: usize,
    words: usize,
    letters: usize,
    longest: usize,
}

impl Counts {
    /// Running text alone counts: what ends like a sentence. Titles and labels do not.
    fn add(&mut self, text: &str) {
        let text = text.trim_end_matches(['»', ')', '”']);
        if !text.ends_with(['.', '?', '!', ':', ';']) {
            return;
        }
        for sentence in text.replace(['?', '!'], ".").split_inclusive(". ").map(str::trim) {
            let words: Vec<&str> =
                sentence.split_whitespace().filter(|w| w.contains(char::is_alphanumeric)).collect();
            self.sentences += usize::from(!words.is_empty());
            self.words += words.len();
            self.letters += sentence.chars().filter(|c| c.is_alphanumeric()).count();
            self.longest = self.longest.max(words.len());
        }
    }

    /// The Gulpease index: 100 is the easiest.
    fn gulpease(&self) -> usize {
        (89 * self.words + 300 * self.sentences).saturating_sub(10 * self.letters) / self.words.max(1)
    }
}

/// Pages of law, which may be harder.
const LEGAL: [&str; 4] = ["public.privacy", "public.legal", "public.accessibility", "public.cookies"];
/// References to laws, in a note at the end of a page.
const NOTES: [&str; 3] = ["public.how.law", "public.privacy.law", "public.accessibility.law"];

#[test]
fn italian_is_easy_to_read() {
    let mut pages: BTreeMap<String, Counts> = BTreeMap::new();
    for (key, text) in texts("it") {
        if NOTES.contains(&key.as_str()) {
            continue;
        }
        let page: Vec<&str> = key.split('.').take(if key.starts_with("public.") { 2 } else { 1 }).collect();
        pages.entry(page.join(".")).or_default().add(&text);
    }
    let mut hard = Vec::new();
    for (page, counts) in &pages {
        let easiest = if LEGAL.contains(&page.as_str()) { 60 } else { 70 };
        let mean = counts.words as f64 / counts.sentences.max(1) as f64;
        if counts.words > 0 && (counts.gulpease() < easiest || mean > 12.0 || counts.longest > 25) {
            hard.push(format!(
                "{page}: Gulpease {}, mean {mean:.1}, longest {}",
                counts.gulpease(),
                counts.longest
            ));
        }
    }
    assert!(hard.is_empty(), "{hard:#?}");
}

#[test]
fn titles_and_buttons_are_short() {
    for language in LANGUAGES {
        for (key, text) in texts(language) {
            if key.ends_with(".heading") || key.ends_with(".title") {
                assert!(text.chars().count() <= 60, "{language}: {key}");
            }
        }
    }
}
