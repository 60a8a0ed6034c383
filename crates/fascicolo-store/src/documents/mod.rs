//! Documents: their metadata under their person, and the small tables that lead from a number to the person.

use fascicolo_domain::Fault;
use fascicolo_domain::documents::{Chain, Confidentiality, Document, Kind, NationalId, Signature, Status};
use fascicolo_domain::ids::{CitizenId, DocumentId};
use fascicolo_domain::verification::{CheckNumber, DocumentNumber};

use crate::engine::{Broken, Columns, Tx};
use crate::row::{Value, number};

pub use list::{Cursor, Filter, Listed, Page};

mod list;

/// What became of a document taken in (REC-I4).
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inserted {
    New,
    /// The same file under the same national id is there already, as this document of the same person.
    Same(DocumentId),
    /// The national id belongs to another file, or to somebody else's.
    Clash,
}

/// Every column of a document, `d.` before each, in the order that [`document`] reads.
macro_rules! select_document {
    ($from:literal) => {
        concat!(
            "SELECT d.id, d.citizen_id, d.kind, d.title, d.national_root, d.national_extension, d.check_number, \
             d.issued_at, d.taken_at, d.issuer, d.author, d.version, d.status, d.replaced_by, d.confidentiality, \
             d.protected, d.hidden, d.signature, d.signer, d.signer_known, d.signed_at, d.readable, d.object_id, \
             d.size, d.sha256 FROM ",
            $from
        )
    };
}

impl Tx<'_> {
    /// Takes a document in, once.
    ///
    /// # Errors
    /// The store failed; or the id or the check number is in use already.
    pub async fn insert_document(&mut self, document: &Document) -> Result<Inserted, Fault> {
        let NationalId { root, extension } = &document.national_id;
        let sql = "INSERT INTO national_ids (root, extension, citizen_id, document_id, sha256) \
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT (root, extension) DO NOTHING";
        let params = [
            root.into(),
            extension.into(),
            document.subject.into(),
            document.id.into(),
            (&document.sha256).into(),
        ];
        if self.execute(sql, &params).await? == 0 {
            return self.held(document).await;
        }
        let sql = "INSERT INTO check_numbers (check_number, citizen_id, document_id) VALUES ($1, $2, $3)";
        let params = [document.check_number.compact().into(), document.subject.into(), document.id.into()];
        self.execute(sql, &params).await?;
        self.insert_row(document).await?;
        Ok(Inserted::New)
    }

    /// Whether what is held under a national id is this file of this person.
    async fn held(&mut self, document: &Document) -> Result<Inserted, Fault> {
        let sql =
            "SELECT citizen_id, document_id, sha256 FROM national_ids WHERE root = $1 AND extension = $2";
        let NationalId { root, extension } = &document.national_id;
        let held = self
            .row(sql, &[root.into(), extension.into()], |c| {
                Ok((c.id::<CitizenId>()?, c.id::<DocumentId>()?, c.digest()?))
            })
            .await?;
        match held {
            Some((subject, id, sha256)) if subject == document.subject && sha256 == document.sha256 => {
                Ok(Inserted::Same(id))
            }
            Some(_) => Ok(Inserted::Clash),
            None => Err(Fault::bare("looking up a national id that was in use")),
        }
    }

    async fn insert_row(&mut self, d: &Document) -> Result<(), Fault> {
        let sql = "INSERT INTO documents (citizen_id, id, kind, title, national_root, national_extension, \
                   check_number, issued_at, taken_at, issuer, author, version, status, replaced_by, \
                   confidentiality, protected, hidden, signature, signer, signer_known, signed_at, readable, \
                   object_id, size, sha256, list_title, list_issuer, list_words) VALUES ($1, $2, $3, $4, $5, $6, \
                   $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, \
                   $26, $27, $28)";
        let (status, replaced_by) = match d.status {
            Status::Current => ("current", None),
            Status::Replaced { by } => ("replaced", Some(by)),
            Status::Annulled => ("annulled", None),
        };
        let (signature, signer, known, signed_at) = match &d.signature {
            Signature::Intact { signer, chain, at } => {
                ("intact", Some(signer), Some(*chain == Chain::Known), *at)
            }
            Signature::Broken => ("broken", None, None, None),
            Signature::NotSigned => ("not_signed", None, None, None),
        };
        let (list_title, list_issuer) = (list::cut(&d.title), list::cut(&d.issuer));
        let list_words = list::words(&list_title, &list_issuer);
        let params = [
            d.subject.into(),
            d.id.into(),
            d.kind.loinc().into(),
            (&d.title).into(),
            (&d.national_id.root).into(),
            (&d.national_id.extension).into(),
            d.check_number.compact().into(),
            d.issued_at.into(),
            d.taken_at.into(),
            (&d.issuer).into(),
            (&d.author).into(),
            i64::from(d.version).into(),
            status.into(),
            Value::text_or_null(replaced_by),
            d.confidentiality.code().into(),
            d.protected.into(),
            d.hidden.into(),
            signature.into(),
            Value::text_or_null(signer),
            Value::flag_or_null(known),
            Value::int_or_null(signed_at),
            d.readable.into(),
            d.object.into(),
            number(d.size),
            (&d.sha256).into(),
            list_title.as_str().into(),
            list_issuer.as_str().into(),
            list_words.into(),
        ];
        self.execute(sql, &params).await.map(drop)
    }

    /// A person's document; somebody else's is not found.
    ///
    /// # Errors
    /// The store failed.
    pub async fn document(&mut self, subject: CitizenId, id: DocumentId) -> Result<Option<Document>, Fault> {
        let sql = select_document!("documents d WHERE d.citizen_id = $1 AND d.id = $2");
        self.row(sql, &[subject.into(), id.into()], document).await
    }

    /// The document that carries a check number (REC-V1).
    ///
    /// # Errors
    /// The store failed.
    pub async fn document_by_check_number(
        &mut self,
        number: &CheckNumber,
    ) -> Result<Option<Document>, Fault> {
        let sql = select_document!(
            "check_numbers n JOIN documents d ON d.citizen_id = n.citizen_id AND d.id = n.document_id \
             WHERE n.check_number = $1"
        );
        self.row(sql, &[number.compact().into()], document).await
    }

    /// A person's document by the number its producer gave it; of several, the newest.
    ///
    /// # Errors
    /// The store failed.
    pub async fn document_by_number(
        &mut self,
        subject: CitizenId,
        number: &DocumentNumber,
    ) -> Result<Option<Document>, Fault> {
        let sql = select_document!(
            "documents d WHERE d.citizen_id = $1 AND d.national_extension = $2 \
             ORDER BY d.issued_at DESC, d.id DESC LIMIT 1"
        );
        self.row(sql, &[subject.into(), number.as_str().into()], document).await
    }

    /// Whose document a national id names, and which.
    ///
    /// # Errors
    /// The store failed.
    pub async fn document_by_national_id(
        &mut self,
        id: &NationalId,
    ) -> Result<Option<(CitizenId, DocumentId)>, Fault> {
        let sql = "SELECT citizen_id, document_id FROM national_ids WHERE root = $1 AND extension = $2";
        self.row(sql, &[(&id.root).into(), (&id.extension).into()], |c| Ok((c.id()?, c.id()?))).await
    }

    /// Marks a current document as replaced by another of the same person (REC-R5); `false`: it was not current, or
    /// either is not theirs.
    ///
    /// # Errors
    /// The store failed.
    pub async fn replace_document(
        &mut self,
        subject: CitizenId,
        old: DocumentId,
        new: DocumentId,
    ) -> Result<bool, Fault> {
        let sql = "UPDATE documents SET status = 'replaced', replaced_by = $3 \
                   WHERE citizen_id = $1 AND id = $2 AND id <> $3 AND status = 'current' \
                   AND EXISTS (SELECT 1 FROM documents n WHERE n.citizen_id = $1 AND n.id = $3)";
        Ok(self.execute(sql, &[subject.into(), old.into(), new.into()]).await? == 1)
    }

    /// Marks a document as annulled (REC-R5); `false`: it was already, or is not theirs.
    ///
    /// # Errors
    /// The store failed.
    pub async fn annul_document(&mut self, subject: CitizenId, id: DocumentId) -> Result<bool, Fault> {
        let sql = "UPDATE documents SET status = 'annulled', replaced_by = NULL \
                   WHERE citizen_id = $1 AND id = $2 AND status <> 'annulled'";
        Ok(self.execute(sql, &[subject.into(), id.into()]).await? == 1)
    }

    /// Whether a person has any document.
    ///
    /// # Errors
    /// The store failed.
    pub async fn has_documents(&mut self, subject: CitizenId) -> Result<bool, Fault> {
        let sql = "SELECT 1 FROM documents WHERE citizen_id = $1 LIMIT 1";
        Ok(self.row(sql, &[subject.into()], |c| c.int()).await?.is_some())
    }
}

fn document(c: &mut Columns<'_>) -> Result<Document, Broken> {
    Ok(Document {
        id: c.id()?,
        subject: c.id()?,
        kind: c.code(Kind::by_loinc)?,
        title: c.text()?,
        national_id: NationalId { root: c.text()?, extension: c.text()? },
        check_number: c.code(|text| CheckNumber::parse(text).ok())?,
        issued_at: c.instant()?,
        taken_at: c.instant()?,
        issuer: c.text()?,
        author: c.text()?,
        version: c.number()?,
        status: status(c)?,
        confidentiality: c.code(Confidentiality::parse)?,
        protected: c.flag()?,
        hidden: c.flag()?,
        signature: signature(c)?,
        readable: c.flag()?,
        object: c.id()?,
        size: c.number()?,
        sha256: c.digest()?,
    })
}

/// Reads `status, replaced_by`.
fn status(c: &mut Columns<'_>) -> Result<Status, Broken> {
    match (c.str()?, c.id_or_null()?) {
        ("current", None) => Ok(Status::Current),
        ("replaced", Some(by)) => Ok(Status::Replaced { by }),
        ("annulled", None) => Ok(Status::Annulled),
        _ => Err(Broken::new("a document in no known state")),
    }
}

/// Reads `signature, signer, signer_known, signed_at`.
fn signature(c: &mut Columns<'_>) -> Result<Signature, Broken> {
    let (signature, signer) = (c.str()?, c.text_or_null()?);
    let (known, at) = (c.flag_or_null()?, c.instant_or_null()?);
    match (signature, signer, known) {
        ("intact", Some(signer), Some(known)) => {
            Ok(Signature::Intact { signer, chain: if known { Chain::Known } else { Chain::Unknown }, at })
        }
        ("broken", None, None) => Ok(Signature::Broken),
        ("not_signed", None, None) => Ok(Signature::NotSigned),
        _ => Err(Broken::new("a signature in no known state")),
    }
}
