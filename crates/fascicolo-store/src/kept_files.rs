//! Files fetched from elsewhere: the last good copy of each, for every node and across restarts (SPID-I2).

use fascicolo_domain::Fault;
use jiff::Timestamp;

use crate::engine::Tx;

/// A file as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptFile {
    pub fetched_at: Timestamp,
    pub body: Vec<u8>,
}

impl Tx<'_> {
    /// Keeps a copy in place of the one before; an older one changes nothing.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep_file(&mut self, name: &str, file: &KeptFile) -> Result<(), Fault> {
        let sql = "INSERT INTO kept_files (name, fetched_at, body) VALUES ($1, $2, $3) \
                   ON CONFLICT (name) DO UPDATE SET fetched_at = excluded.fetched_at, body = excluded.body \
                   WHERE kept_files.fetched_at < excluded.fetched_at";
        let params = [name.into(), file.fetched_at.into(), file.body.as_slice().into()];
        self.execute(sql, &params).await.map(drop)
    }

    /// The copy that is kept.
    ///
    /// # Errors
    /// The store failed.
    pub async fn kept_file(&mut self, name: &str) -> Result<Option<KeptFile>, Fault> {
        let sql = "SELECT fetched_at, body FROM kept_files WHERE name = $1";
        self.row(sql, &[name.into()], |c| {
            Ok(KeptFile { fetched_at: c.instant()?, body: c.bytes()?.to_vec() })
        })
        .await
    }

    /// When the copy that is kept was fetched.
    ///
    /// # Errors
    /// The store failed.
    pub async fn file_kept_at(&mut self, name: &str) -> Result<Option<Timestamp>, Fault> {
        let sql = "SELECT fetched_at FROM kept_files WHERE name = $1";
        self.row(sql, &[name.into()], |c| c.instant()).await
    }
}
