//! Sample documents: CDA after the national header rules, inside PDF/A-3 pages that show the report. Contents come
//! from `fixtures/documents` and a seed; nobody in them exists.

mod authority;
mod body;
mod fill;
mod fixture;
mod header;

use std::fmt;

use fascicolo_clinical::pdf::seal::{SealKey, seal};
use fascicolo_clinical::pdf::write::{Sheet, compose};
use fascicolo_domain::Fault;
use fascicolo_domain::documents::{Confidentiality, Kind};
use fascicolo_domain::person::codice_fiscale::Sex;
use fascicolo_domain::time::{age_on, day_in_rome};
use jiff::Timestamp;
use jiff::civil::Date;

pub use authority::DocumentAuthority;
use fill::Filler;
use fixture::{Doctor, Fixtures, Sort, Variant, fixtures};

/// Root of the region's document identifiers (`domain.md` 3).
pub const ROOT: &str = "2.16.840.1.113883.2.9.2.30.4.4";

/// Whom a document is about.
#[derive(Clone, Copy)]
pub struct Patient<'a> {
    pub codice_fiscale: &'a str,
    pub given: &'a str,
    pub family: &'a str,
    pub born: Date,
    pub sex: Sex,
    /// Belfiore code; one we do not know is left out.
    pub birthplace: &'a str,
}

/// What a document is to say of itself.
#[derive(Clone, Copy)]
pub struct ReportFacts<'a> {
    /// The document number, below [`ROOT`].
    pub national_extension: &'a str,
    pub issued_at: Timestamp,
    /// From 1.
    pub version: u32,
    /// The number of the version it replaces.
    pub replaces: Option<&'a str>,
    pub confidentiality: Confidentiality,
    /// Chooses contents, values, author and issuer. The same seed gives the same document.
    pub seed: u64,
    /// As printed, when the document has one.
    pub check_number: Option<&'a str>,
}

/// A document before it is a PDF.
#[derive(Clone)]
pub struct Sample {
    pub title: String,
    pub issuer: String,
    /// With title, as `Dott.ssa Anna Bianchi`.
    pub author: String,
    pub cda: Vec<u8>,
    pub sheet: Sheet,
    doctor: usize,
}

/// The kinds that samples exist of.
///
/// # Errors
/// A fixture is wrong; a test catches it first.
pub fn kinds() -> Result<Vec<Kind>, Fault> {
    Ok(fixtures()?.kinds().collect())
}

/// Makes a document.
///
/// # Errors
/// There are no samples of that kind, or a fixture is wrong.
pub fn report(kind: Kind, patient: &Patient, facts: &ReportFacts) -> Result<Sample, Fault> {
    let fixtures = fixtures()?;
    let sort = fixtures.sort(kind).ok_or_else(|| Fault::bare("no samples of that kind"))?;
    let mut filler = Filler::new(facts.seed, facts.issued_at);
    let age = age_on(patient.born, day_in_rome(facts.issued_at));
    let fitting: Vec<&Variant> = sort.variant.iter().filter(|v| fits(v, patient.sex, age)).collect();
    let variant = match filler.chance.pick(&fitting) {
        Some(variant) => *variant,
        None => sort.variant.first().ok_or_else(|| Fault::bare("a kind without variants"))?,
    };
    let issuer = filler.chance.pick(&sort.issuers).cloned().unwrap_or_default();
    let doctors = &fixtures.people.doctor;
    let doctor = usize::try_from(filler.chance.next()).unwrap_or_default() % doctors.len().max(1);
    let scene = Scene {
        fixtures,
        kind,
        sort,
        variant,
        patient,
        facts,
        author: doctors.get(doctor).ok_or_else(|| Fault::bare("no doctors"))?,
        issuer: &issuer,
    };
    scene.prepare(&mut filler)?;
    let body = body::body(&scene, &mut filler)?;
    let cda = header::document(&scene, &mut filler, &body.xml)?;
    Ok(Sample {
        title: variant.title.clone(),
        author: scene.author.name(),
        cda: cda.into_bytes(),
        sheet: scene.sheet(body.sections, &filler),
        issuer,
        doctor,
    })
}

/// The PDF of a document, sealed when there is a key.
///
/// # Errors
/// The PDF cannot be made.
pub fn pdf(sample: &Sample, key: Option<(&SealKey, Timestamp)>) -> Result<Vec<u8>, Fault> {
    finished(&sample.sheet, Some(&sample.cda), key)
}

/// A PDF whose seal is broken: one byte of the pages was changed after signing.
///
/// # Errors
/// The PDF cannot be made.
pub fn broken_pdf(sample: &Sample, key: (&SealKey, Timestamp)) -> Result<Vec<u8>, Fault> {
    let mut bytes = pdf(sample, Some(key))?;
    // the comment after the header is signed, and nobody shows it
    let marker = bytes.iter_mut().skip(8).find(|byte| **byte >= 0x80);
    if let Some(byte) = marker {
        *byte ^= 1;
    }
    Ok(bytes)
}

/// A sealed PDF without a CDA in it.
///
/// # Errors
/// The PDF cannot be made.
pub fn bare_pdf(sample: &Sample, key: (&SealKey, Timestamp)) -> Result<Vec<u8>, Fault> {
    finished(&sample.sheet, None, Some(key))
}

/// A sealed PDF whose CDA is cut off in the middle.
///
/// # Errors
/// The PDF cannot be made.
pub fn garbled_pdf(sample: &Sample, key: (&SealKey, Timestamp)) -> Result<Vec<u8>, Fault> {
    let half = sample.cda.get(..sample.cda.len() / 2);
    finished(&sample.sheet, half, Some(key))
}

fn finished(sheet: &Sheet, cda: Option<&[u8]>, key: Option<(&SealKey, Timestamp)>) -> Result<Vec<u8>, Fault> {
    let plain = compose(sheet, cda).map_err(|e| Fault::new("writing a sample PDF", e))?;
    match key {
        None => Ok(plain),
        Some((key, at)) => seal(&plain, key, at).map_err(|e| Fault::new("sealing a sample PDF", e)),
    }
}

fn fits(variant: &Variant, sex: Sex, age: i16) -> bool {
    let letter = sex_letter(sex);
    variant.sex.as_deref().is_none_or(|wanted| wanted == letter)
        && variant.ages.is_none_or(|(from, to)| (from..=to).contains(&age))
}

fn sex_letter(sex: Sex) -> &'static str {
    match sex {
        Sex::Female => "F",
        Sex::Male => "M",
    }
}

/// All that a document is made of.
struct Scene<'a> {
    fixtures: &'a Fixtures,
    kind: Kind,
    sort: &'a Sort,
    variant: &'a Variant,
    patient: &'a Patient<'a>,
    facts: &'a ReportFacts<'a>,
    author: &'a Doctor,
    issuer: &'a str,
}

impl Scene<'_> {
    /// What texts may refer to.
    fn prepare(&self, filler: &mut Filler) -> Result<(), Fault> {
        filler.set("medico", self.author.name());
        filler.set("medico_nome", self.author.given.as_str());
        filler.set("medico_cognome", self.author.family.as_str());
        filler.set("medico_cf", self.author.codice_fiscale()?);
        filler.set("struttura", self.issuer);
        for (name, value) in &self.variant.fields {
            let value = filler.text(value)?;
            filler.set(name, value);
        }
        Ok(())
    }

    fn sheet(&self, sections: Vec<fascicolo_clinical::pdf::write::SheetSection>, filler: &Filler) -> Sheet {
        let own = |text: &str| text.to_owned();
        let mut facts = vec![
            (own("Paziente"), format!("{} {}", self.patient.given, self.patient.family)),
            (own("Codice fiscale"), own(self.patient.codice_fiscale)),
            (own("Data di nascita"), self.patient.born.strftime("%d/%m/%Y").to_string()),
            (own("Data del documento"), filler.day(0)),
            (own("Numero del documento"), own(self.facts.national_extension)),
            (own("Autore"), self.author.name()),
        ];
        if self.facts.version > 1 {
            facts.push((own("Versione"), format!("{}, sostituisce la precedente", self.facts.version)));
        }
        let footer = match self.facts.check_number {
            Some(number) => format!("Documento inventato a scopo di prova. Numero di controllo: {number}"),
            None => own("Documento inventato a scopo di prova."),
        };
        Sheet {
            title: self.variant.title.clone(),
            issuer: own(self.issuer),
            facts,
            sections,
            footer,
            made_at: self.facts.issued_at,
        }
    }
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sample({} bytes of CDA)", self.cda.len())
    }
}

#[cfg(test)]
mod tests;
