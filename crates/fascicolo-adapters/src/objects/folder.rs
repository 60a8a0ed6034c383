//! Documents in a local folder: `<root>/c4/7f/<id>`, the names made of our ids alone (ASVS V5.3.2). An object is
//! written beside its place, synced, renamed, and its folder synced, before anybody hears that it is there (GEN-G10).

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use fascicolo_domain::Fault;
use fascicolo_domain::ids::ObjectId;
use fascicolo_web::ports::{ByteStream, DocumentObjects};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use tokio::task::spawn_blocking;

/// What is read or written at once.
const PIECE: usize = 256 * 1024;
/// What a file is called until it is whole.
const PART: &str = "part";

/// A folder of objects.
#[derive(Clone)]
pub struct Folder(Arc<Inner>);

struct Inner {
    root: PathBuf,
    /// The subfolders this process has seen durably made.
    known: Mutex<HashSet<PathBuf>>,
}

impl Folder {
    /// Opens a folder; makes it when it is not there.
    ///
    /// # Errors
    /// It cannot be made or is no folder.
    pub fn open(root: &Path) -> Result<Self, Fault> {
        let inner = Inner { root: root.to_owned(), known: Mutex::default() };
        make_durable(root).map_err(|e| broke("opening the documents' folder", e))?;
        Ok(Self(Arc::new(inner)))
    }

    /// Removes what unfinished writes of a killed process left, when it is older than `before`; says how many.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn sweep(&self, before: SystemTime) -> Result<u64, Fault> {
        let mut swept = 0;
        let mut folders = vec![self.0.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(|e| broke("sweeping the documents' folder", e))? {
                let entry = entry.map_err(|e| broke("sweeping the documents' folder", e))?;
                let Ok(about) = entry.metadata() else { continue };
                let path = entry.path();
                if about.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == PART)
                    && about.modified().is_ok_and(|at| at < before)
                    && fs::remove_file(&path).is_ok()
                {
                    swept += 1;
                }
            }
        }
        Ok(swept)
    }
}

impl DocumentObjects for Folder {
    fn put(&self, id: ObjectId, mut bytes: ByteStream) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            let mut part = blocking(&self.0, move |inner| Part::create(&inner, id)).await?;
            let mut gathered = Vec::new();
            while let Some(piece) = bytes.next().await {
                gathered.extend_from_slice(&piece?);
                if gathered.len() >= PIECE {
                    let full = std::mem::take(&mut gathered);
                    part = blocking(&self.0, move |_| part.write(&full)).await?;
                }
            }
            blocking(&self.0, move |_| part.write(&gathered)?.finish()).await
        })
    }

    fn get(&self, id: ObjectId) -> BoxFuture<'_, Result<Option<ByteStream>, Fault>> {
        Box::pin(async move {
            let first = blocking(&self.0, move |inner| match File::open(inner.path_of(id)) {
                Ok(file) => read_piece(file).map(Some),
                Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
                Err(e) => Err(broke("opening a stored document", e)),
            });
            Ok(first.await?.map(|(piece, file)| rest(Arc::clone(&self.0), piece, file)))
        })
    }

    fn remove(&self, id: ObjectId) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(blocking(&self.0, move |inner| {
            let path = inner.path_of(id);
            match fs::remove_file(&path) {
                Ok(()) => sync_folder_of(&path),
                Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
                Err(e) => Err(e),
            }
            .map_err(|e| broke("removing a stored document", e))
        }))
    }

    /// Whether the folder is there. Not whether it is full: reading goes on then (F3).
    fn probe(&self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(blocking(&self.0, |inner| match fs::metadata(&inner.root) {
            Ok(about) if about.is_dir() => Ok(()),
            Ok(_) => Err(Fault::bare("looking for the documents' folder: not a folder")),
            Err(e) => Err(broke("looking for the documents' folder", e)),
        }))
    }
}

/// Runs on a thread that may wait for the disk.
async fn blocking<T: Send + 'static>(
    inner: &Arc<Inner>,
    work: impl FnOnce(Arc<Inner>) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let inner = Arc::clone(inner);
    spawn_blocking(move || work(inner)).await.map_err(|e| Fault::new("waiting for the disk", e))?
}

/// The first piece, then the others as they are wanted.
fn rest(inner: Arc<Inner>, piece: Bytes, file: Option<File>) -> ByteStream {
    let first = stream::iter([Ok(piece)]);
    let rest = stream::unfold((inner, file), |(inner, file)| async move {
        let file = file?;
        match blocking(&inner, move |_| read_piece(file)).await {
            Ok((piece, _)) if piece.is_empty() => None,
            Ok((piece, file)) => Some((Ok(piece), (inner, file))),
            Err(fault) => Some((Err(fault), (inner, None))),
        }
    });
    first.chain(rest).boxed()
}

/// A piece, and the file when there may be more of it.
fn read_piece(mut file: File) -> Result<(Bytes, Option<File>), Fault> {
    let mut piece = Vec::new();
    let limit = u64::try_from(PIECE).unwrap_or(u64::MAX);
    let read = (&mut file).take(limit).read_to_end(&mut piece);
    read.map_err(|e| broke("reading a stored document", e))?;
    let more = (piece.len() == PIECE).then_some(file);
    Ok((piece.into(), more))
}

impl Inner {
    fn path_of(&self, id: ObjectId) -> PathBuf {
        let name = id.to_string();
        // the end of an id is random: every subfolder gets its share
        let end: Vec<char> = name.chars().rev().take(4).collect();
        let mut path = self.root.clone();
        path.extend(end.chunks(2).map(|pair| pair.iter().collect::<String>()));
        path.push(name);
        path
    }

    /// Makes the subfolder of a path so that it survives a power cut; once a process, for it may be a killed
    /// process's half-made one.
    fn make_folder_of(&self, path: &Path) -> io::Result<()> {
        let Some(folder) = path.parent() else {
            return Ok(());
        };
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(folder) {
            return Ok(());
        }
        make_durable(folder)?;
        for above in folder.ancestors().skip(1).take_while(|above| above.starts_with(&self.root)) {
            sync(above)?;
        }
        known().insert(folder.to_owned());
        Ok(())
    }
}

/// An object that is not whole yet; dropped, it leaves nothing.
struct Part {
    file: File,
    path: PathBuf,
    place: PathBuf,
    finished: bool,
}

impl Part {
    fn create(inner: &Inner, id: ObjectId) -> Result<Self, Fault> {
        let place = inner.path_of(id);
        let path = place.with_extension(PART);
        let file = inner
            .make_folder_of(&place)
            .and_then(|()| File::options().write(true).create_new(true).mode(0o600).open(&path))
            .map_err(|e| broke("making a file for a document", e))?;
        Ok(Self { file, path, place, finished: false })
    }

    fn write(mut self, bytes: &[u8]) -> Result<Self, Fault> {
        self.file.write_all(bytes).map_err(|e| broke("writing a document", e))?;
        Ok(self)
    }

    fn finish(mut self) -> Result<(), Fault> {
        let durable = self.file.sync_all().and_then(|()| {
            fs::rename(&self.path, &self.place)?;
            self.finished = true;
            sync_folder_of(&self.place)
        });
        durable.map_err(|e| {
            if self.finished {
                // it may be there after a power cut or not: it must not be
                let _ = fs::remove_file(&self.place);
            }
            broke("making a document durable", e)
        })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn make_durable(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    sync(folder)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A full disk and a file server out of reach may be well again soon.
fn broke(doing: &'static str, error: io::Error) -> Fault {
    let passing = matches!(
        error.kind(),
        ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::TimedOut
            | ErrorKind::StaleNetworkFileHandle
    );
    if passing { Fault::passing(doing, error) } else { Fault::new(doing, error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use std::time::Duration;

    fn id(n: u8) -> ObjectId {
        ObjectId::new(Timestamp::UNIX_EPOCH, [n; 10])
    }

    fn stream_of(bytes: &[u8]) -> ByteStream {
        let pieces: Vec<_> = bytes.chunks(70_000).map(|p| Ok(Bytes::copy_from_slice(p))).collect();
        stream::iter(pieces).boxed()
    }

    async fn read(folder: &Folder, id: ObjectId) -> Option<Vec<u8>> {
        let mut stream = folder.get(id).await.unwrap()?;
        let mut bytes = Vec::new();
        while let Some(piece) = stream.next().await {
            bytes.extend_from_slice(&piece.unwrap());
        }
        Some(bytes)
    }

    fn files(root: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found
    }

    #[tokio::test]
    async fn what_is_put_is_read_back_at_sizes_around_a_piece_and_can_be_removed() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(&root.path().join("documents")).unwrap();
        for (n, length) in [(0, 0), (1, 1), (2, PIECE - 1), (3, PIECE), (4, PIECE + 1), (5, 3 * PIECE)] {
            let bytes: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
            folder.put(id(n), stream_of(&bytes)).await.unwrap();
            assert!(read(&folder, id(n)).await == Some(bytes), "{length}");
        }
        assert_eq!(files(root.path()).len(), 6, "and nothing beside them");
        folder.remove(id(3)).await.unwrap();
        folder.remove(id(3)).await.unwrap();
        assert!(read(&folder, id(3)).await.is_none());
        assert!(folder.get(id(99)).await.unwrap().is_none(), "never there");
    }

    #[tokio::test]
    async fn a_source_that_breaks_leaves_nothing_and_the_name_can_be_used_again() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path()).unwrap();
        let broken = [Ok(Bytes::from(vec![1; PIECE + 1])), Err(Fault::bare("the source"))];
        let fault = folder.put(id(1), stream::iter(broken).boxed()).await.unwrap_err();
        assert_eq!(fault.doing(), "the source");
        assert!(files(root.path()).is_empty() && folder.get(id(1)).await.unwrap().is_none());
        folder.put(id(1), stream_of(b"whole")).await.unwrap();
        assert_eq!(read(&folder, id(1)).await.unwrap(), b"whole");
    }

    #[tokio::test]
    async fn a_put_that_is_given_up_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path()).unwrap();
        let (asked, wait) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let (told, started) = (Arc::clone(&asked), asked);
        let endless = stream::unfold(wait, move |wait| {
            told.notify_one();
            async move {
                wait.notified().await;
                None::<(Result<Bytes, Fault>, _)>
            }
        });
        let mut put = folder.put(id(1), endless.boxed());
        tokio::select! {
            _ = &mut put => panic!("it cannot be whole"),
            () = started.notified() => {}
        }
        assert_eq!(files(root.path()).len(), 1);
        drop(put);
        assert!(files(root.path()).is_empty());
    }

    #[tokio::test]
    async fn a_folder_that_is_gone_is_a_fault_and_a_probe_says_so() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(&root.path().join("documents")).unwrap();
        folder.probe().await.unwrap();
        fs::remove_dir(root.path().join("documents")).unwrap();
        assert!(folder.probe().await.is_err());
        fs::write(root.path().join("documents"), b"a file").unwrap();
        assert!(folder.probe().await.is_err());
        assert!(folder.put(id(1), stream_of(b"x")).await.is_err());
        assert!(Folder::open(&root.path().join("documents")).is_err());
    }

    #[tokio::test]
    async fn leftovers_of_a_killed_process_are_swept_and_objects_are_not() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path()).unwrap();
        folder.put(id(1), stream_of(b"whole")).await.unwrap();
        let left = folder.0.path_of(id(1)).with_extension(PART);
        fs::write(&left, b"half").unwrap();
        let written = fs::metadata(&left).unwrap().modified().unwrap();
        assert_eq!(folder.sweep(written).unwrap(), 0, "not old enough: it may be in work");
        assert_eq!(folder.sweep(written + Duration::from_secs(1)).unwrap(), 1);
        assert_eq!(files(root.path()), [folder.0.path_of(id(1))]);
    }

    #[test]
    fn a_full_disk_passes_and_a_denied_one_does_not() {
        assert!(broke("x", ErrorKind::StorageFull.into()).is_passing());
        assert!(!broke("x", ErrorKind::PermissionDenied.into()).is_passing());
    }

    #[test]
    fn only_an_absolute_file_url_is_a_folder() {
        use super::super::folder_of;
        assert_eq!(folder_of("file:///var/lib/f"), Some(Path::new("/var/lib/f")));
        for bad in ["file://relative", "/var/lib/f", "s3://bucket", ""] {
            assert_eq!(folder_of(bad), None, "{bad}");
        }
    }
}
