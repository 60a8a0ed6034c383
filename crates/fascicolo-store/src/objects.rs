//! What is needed to open the stored bytes of documents again: sizes, digest, wrapped key (REC-I8).

use std::fmt;

use fascicolo_domain::Fault;
use fascicolo_domain::ids::ObjectId;
use fascicolo_domain::secret::Digest;

use crate::engine::{Broken, Columns, Tx};
use crate::row::number;

/// One stored object.
#[derive(Clone)]
pub struct StoredObject {
    pub id: ObjectId,
    /// Which key-encryption key wraps the object's own key.
    pub kek: String,
    pub wrapped_key: Vec<u8>,
    /// Bytes of the file, and its digest.
    pub size: u64,
    pub sha256: Digest,
    /// Bytes as stored, encrypted.
    pub stored_size: u64,
}

impl fmt::Debug for StoredObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredObject({})", self.id)
    }
}

impl Tx<'_> {
    /// # Errors
    /// The store failed, or the id is in use already.
    pub async fn insert_object(&mut self, object: &StoredObject) -> Result<(), Fault> {
        let sql = "INSERT INTO objects (id, kek, wrapped_key, size, sha256, stored_size) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let params = [
            object.id.into(),
            (&object.kek).into(),
            object.wrapped_key.as_slice().into(),
            number(object.size),
            (&object.sha256).into(),
            number(object.stored_size),
        ];
        self.execute(sql, &params).await.map(drop)
    }

    /// # Errors
    /// The store failed.
    pub async fn object(&mut self, id: ObjectId) -> Result<Option<StoredObject>, Fault> {
        let sql = "SELECT id, kek, wrapped_key, size, sha256, stored_size FROM objects WHERE id = $1";
        self.row(sql, &[id.into()], object).await
    }

    /// Objects whose key a key-encryption key wraps, by id after `after`, `limit` at most: for rotation.
    ///
    /// # Errors
    /// The store failed.
    pub async fn objects_wrapped_by(
        &mut self,
        kek: &str,
        after: Option<ObjectId>,
        limit: u16,
    ) -> Result<Vec<StoredObject>, Fault> {
        let sql = "SELECT id, kek, wrapped_key, size, sha256, stored_size FROM objects \
                   WHERE kek = $1 AND id > $2 ORDER BY id LIMIT $3";
        let after = after.map_or_else(String::new, |id| id.to_string());
        self.rows(sql, &[kek.into(), after.into(), i64::from(limit).into()], object).await
    }

    /// Stores an object's key as wrapped by another key-encryption key; `false`: it was rewrapped meanwhile.
    ///
    /// # Errors
    /// The store failed.
    pub async fn rewrap_object(&mut self, old_kek: &str, object: &StoredObject) -> Result<bool, Fault> {
        let sql = "UPDATE objects SET kek = $1, wrapped_key = $2 WHERE id = $3 AND kek = $4";
        let params =
            [(&object.kek).into(), object.wrapped_key.as_slice().into(), object.id.into(), old_kek.into()];
        Ok(self.execute(sql, &params).await? == 1)
    }
}

fn object(c: &mut Columns<'_>) -> Result<StoredObject, Broken> {
    Ok(StoredObject {
        id: c.id()?,
        kek: c.text()?,
        wrapped_key: c.bytes()?.to_vec(),
        size: c.number()?,
        sha256: c.digest()?,
        stored_size: c.number()?,
    })
}
