//! What the sandbox keeps between two runs: a folder of small files, made at the first start. The folder is a
//! temporary one unless `--data` names another.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use fascicolo_domain::Fault;

/// The folder, removed at the end when it is a temporary one.
pub struct Kept {
    path: PathBuf,
    /// Held for its `Drop`.
    _temporary: Option<tempfile::TempDir>,
}

impl Kept {
    /// The folder at `path`, made when it is not there; a temporary one without a path.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(path: Option<&Path>) -> Result<Self, Fault> {
        let broken = |e: std::io::Error| Fault::new("making the sandbox's folder", e);
        let kept = match path {
            Some(path) => Self { path: path.to_owned(), _temporary: None },
            None => {
                let folder = tempfile::Builder::new().prefix("fascicolo-").tempdir().map_err(broken)?;
                Self { path: folder.path().to_owned(), _temporary: Some(folder) }
            }
        };
        fs::create_dir_all(&kept.path).map_err(broken)?;
        Ok(kept)
    }

    /// The path of a file or folder in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The text of a file, if it is there.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<String>, Fault> {
        match fs::read_to_string(self.path(name)) {
            Ok(text) => Ok(Some(text)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Fault::new("reading a file of the sandbox's folder", e)),
        }
    }

    /// Writes a file that its owner alone may read: whole, or not at all.
    ///
    /// # Errors
    /// The disk refused.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Fault> {
        let broken = |e: std::io::Error| Fault::new("writing a file of the sandbox's folder", e);
        let path = self.path(name);
        let unfinished = path.with_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)
            .map_err(broken)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(broken)?;
        fs::rename(&unfinished, &path).map_err(broken)
    }

    /// Removes files and folders; those that are not there are removed already.
    ///
    /// # Errors
    /// The disk refused.
    pub fn remove(&self, names: &[&str]) -> Result<(), Fault> {
        for path in names.iter().map(|name| self.path(name)) {
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            match removed {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Fault::new("clearing the sandbox's folder", e));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// The text of a file, made and written when it is not there yet.
    ///
    /// # Errors
    /// What `make` says, or the disk.
    pub fn keep(&self, name: &str, make: impl FnOnce() -> Result<String, Fault>) -> Result<String, Fault> {
        if let Some(text) = self.read(name)? {
            return Ok(text);
        }
        let text = make()?;
        self.write(name, &text)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_once_and_a_temporary_folder_goes() {
        let folder = Kept::open(None).unwrap();
        assert_eq!(folder.keep("a", || Ok("one".into())).unwrap(), "one");
        assert_eq!(folder.keep("a", || Ok("two".into())).unwrap(), "one");
        assert_eq!(folder.read("b").unwrap(), None);
        let path = folder.path("a");
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn a_failed_making_leaves_no_file() {
        let folder = Kept::open(None).unwrap();
        assert!(folder.keep("a", || Err(Fault::bare("no"))).is_err());
        assert_eq!(folder.read("a").unwrap(), None);
    }
}
