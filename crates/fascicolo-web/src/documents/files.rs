//! The bytes of documents: sealed on their way in, opened on their way out, each chunk proved before it leaves (REC-I8).

use bytes::{Bytes, BytesMut};
use fascicolo_domain::Fault;
use fascicolo_domain::ids::ObjectId;
use fascicolo_domain::secret::Digest;
use fascicolo_store::StoredObject;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::App;
use crate::ports::ByteStream;
use crate::vault;

/// Stores a file under a key of its own; when it returns, the bytes are durable and the row may say so.
pub(super) async fn keep(app: &App, id: ObjectId, file: &Bytes) -> Result<StoredObject, Fault> {
    let size = u64::try_from(file.len()).unwrap_or(u64::MAX);
    let (key, stored) = app.keyring.new_document_key(&*app.entropy, id)?;
    let plain = stream::iter([Ok(file.clone())]).boxed();
    app.objects.put(id, vault::seal_stream(plain, key)).await?;
    Ok(StoredObject {
        id,
        kek: stored.kek,
        wrapped_key: stored.wrapped,
        size,
        sha256: Digest::of(file),
        stored_size: vault::sealed_size(size),
    })
}

/// Opens a file. The first chunk is proved already, so that a missing or broken file is a page and not half an answer.
pub(super) async fn open(app: &App, object: &StoredObject) -> Result<ByteStream, Fault> {
    let sealed = app.objects.get(object.id).await?;
    let sealed = sealed.ok_or_else(|| Fault::bare("opening a stored document: its file is not there"))?;
    let key = app.keyring.open_key(object.id, &object.kek, &object.wrapped_key)?;
    let mut plain = vault::open_stream(sealed, key);
    let first =
        plain.next().await.ok_or_else(|| Fault::bare("opening a stored document: its file is empty"))??;
    Ok(stream::iter([Ok(first)]).chain(plain).boxed())
}

/// A whole file, compared with the digest taken at intake.
pub(super) async fn read_whole(app: &App, object: &StoredObject) -> Result<Bytes, Fault> {
    let plain = open(app, object).await?;
    let collect = |mut whole: BytesMut, chunk: Bytes| async move {
        whole.extend_from_slice(&chunk);
        Ok(whole)
    };
    let whole = plain.try_fold(BytesMut::new(), collect).await?.freeze();
    if Digest::of(&whole) == object.sha256 {
        Ok(whole)
    } else {
        Err(Fault::bare("reading a stored document: it is not the file that was taken in"))
    }
}
