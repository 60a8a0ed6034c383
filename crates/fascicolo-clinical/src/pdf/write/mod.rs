//! PDF/A-3 pages that show a report, tagged for screen readers, with the CDA attached (REC-V5, L3 of the national
//! guidelines: what people read and what machines read travel in one file). The words are the caller's.

mod emit;
mod face;
mod layout;

use std::fmt;

use jiff::Timestamp;
use krilla::Document;
use krilla::SerializeSettings;
use krilla::configure::{Archival, ConfigurationBuilder, PdfVersion};
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::metadata::{DateTime, Metadata};

/// What the pages show. All texts are plain; there is no markup.
#[derive(Clone, PartialEq, Eq)]
pub struct Sheet {
    pub title: String,
    pub issuer: String,
    /// Label and value, shown in two columns under the title.
    pub facts: Vec<(String, String)>,
    pub sections: Vec<SheetSection>,
    /// At the foot of every page.
    pub footer: String,
    pub made_at: Timestamp,
}

#[derive(Clone, PartialEq, Eq)]
pub struct SheetSection {
    pub title: String,
    pub blocks: Vec<Block>,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Block {
    Paragraph(String),
    List(Vec<String>),
    /// Rows shorter than the head are filled with empty cells; longer ones are cut.
    Table {
        head: Vec<String>,
        rows: Vec<Vec<String>>,
    },
}

/// Why a PDF cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WriteError {
    #[error("the fonts cannot be read")]
    Font,
    #[error("the pages break a rule of PDF/A")]
    Rules,
    #[error("the report is too long")]
    TooLong,
    #[error("the PDF to seal is not one of ours")]
    Structure,
    #[error("the sealing key or its certificates cannot be used")]
    Key,
}

/// Writes a PDF/A-3b; `cda` becomes the attachment `cda.xml`. The same input gives the same bytes.
///
/// # Errors
/// [`WriteError::Rules`] when the result would not be PDF/A, [`WriteError::TooLong`] beyond 500 pages.
pub fn compose(sheet: &Sheet, cda: Option<&[u8]>) -> Result<Vec<u8>, WriteError> {
    let faces = face::faces()?;
    let laid = layout::lay(sheet, faces)?;
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_B)
        .with_version(PdfVersion::Pdf17)
        .finish()
        .map_err(|_| WriteError::Rules)?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        enable_tagging: true,
        ..SerializeSettings::default()
    });
    emit::emit(laid, faces, &mut document)?;
    let made_at = date_time(sheet.made_at);
    document.set_metadata(
        Metadata::new()
            .title(sheet.title.clone())
            .authors(vec![sheet.issuer.clone()])
            .language("it-IT".to_owned())
            .creator("fascicolo".to_owned())
            .creation_date(made_at),
    );
    if let Some(cda) = cda {
        let attached = document.embed_file(attachment(cda, made_at, &sheet.title));
        attached.ok_or(WriteError::Rules)?;
    }
    document.finish().map_err(|_| WriteError::Rules)
}

fn attachment(cda: &[u8], made_at: DateTime, title: &str) -> EmbeddedFile {
    EmbeddedFile {
        path: "cda.xml".to_owned(),
        mime_type: MimeType::new("text/xml"),
        description: Some(title.to_owned()),
        association_kind: AssociationKind::Data,
        data: cda.to_vec().into(),
        modification_date: Some(made_at),
        compress: Some(true),
        location: None,
    }
}

fn date_time(at: Timestamp) -> DateTime {
    let utc = at.to_zoned(jiff::tz::TimeZone::UTC);
    let small = |n: i8| n.unsigned_abs();
    DateTime::new(utc.year().unsigned_abs())
        .month(small(utc.month()))
        .day(small(utc.day()))
        .hour(small(utc.hour()))
        .minute(small(utc.minute()))
        .second(small(utc.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

impl fmt::Debug for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sheet({} sections)", self.sections.len())
    }
}

impl fmt::Debug for SheetSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SheetSection({} blocks)", self.blocks.len())
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Paragraph(_) => "Paragraph",
            Self::List(_) => "List",
            Self::Table { .. } => "Table",
        })
    }
}
