//! STREAM over AES-256-GCM: 64 KiB chunks, each authenticated before it leaves. The nonce is a random prefix, the
//! chunk's number and whether it is the last: cut, reordered, appended or exchanged bytes end the stream with a fault.

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use bytes::Bytes;
use fascicolo_domain::Fault;
use futures_util::stream::{self, StreamExt as _};

use super::{DocumentKey, NONCE, SealingKey, TAG};
use crate::ports::ByteStream;

pub(super) const PREFIX: usize = 7;
/// Plain bytes of a chunk; only the last one may be shorter.
const CHUNK: usize = 64 * 1024;
const HEADER: usize = MAGIC.len() + PREFIX;
/// The format and its version.
const MAGIC: &[u8; 5] = b"FASC\x01";

/// What a content of `plain` bytes takes when sealed.
#[must_use]
pub fn sealed_size(plain: u64) -> u64 {
    let (header, chunk, tag) = (HEADER as u64, CHUNK as u64, TAG as u64);
    header.saturating_add(plain).saturating_add(plain.div_ceil(chunk).max(1).saturating_mul(tag))
}

/// Encrypts a content as it passes, a chunk at a time in memory.
#[must_use]
pub fn seal_stream(plain: ByteStream, key: SealingKey) -> ByteStream {
    let SealingKey { key, prefix } = key;
    let mut header = [0; HEADER];
    for (slot, byte) in header.iter_mut().zip(MAGIC.iter().chain(&prefix)) {
        *slot = *byte;
    }
    let cipher = Cipher { key, header, counter: 0 };
    let sealer = Sealer { source: Source::new(plain), cipher };
    let first = stream::iter([Ok(Bytes::copy_from_slice(&header))]);
    let rest = stream::unfold(Some(sealer), |state| async move { step(state?).await });
    first.chain(rest).boxed()
}

/// Decrypts a content as it passes. Every chunk that comes out is authentic and in its place; the content is whole
/// only when the stream ends without an error.
#[must_use]
pub fn open_stream(sealed: ByteStream, key: DocumentKey) -> ByteStream {
    let opener = Opener { source: Source::new(sealed), key: Some(key.0), cipher: None };
    stream::unfold(Some(opener), |state| async move { step(state?).await }).boxed()
}

/// Something that gives chunk after chunk, and says when it gave the last.
trait Chunks: Sized + Send {
    async fn next(&mut self) -> Result<(Vec<u8>, bool), Fault>;
}

/// The next item, and what goes on after it: nothing after the last chunk or an error.
async fn step<C: Chunks>(mut chunks: C) -> Option<(Result<Bytes, Fault>, Option<C>)> {
    match chunks.next().await {
        Ok((chunk, false)) => Some((Ok(chunk.into()), Some(chunks))),
        Ok((chunk, true)) => Some((Ok(chunk.into()), None)),
        Err(fault) => Some((Err(fault), None)),
    }
}

struct Sealer {
    source: Source,
    cipher: Cipher,
}

impl Chunks for Sealer {
    async fn next(&mut self) -> Result<(Vec<u8>, bool), Fault> {
        let (mut chunk, last) = self.source.take(CHUNK, TAG).await?;
        let (nonce, header) = self.cipher.nonce(last)?;
        self.cipher
            .key
            .seal_in_place_append_tag(nonce, Aad::from(header), &mut chunk)
            .map_err(|_| Fault::bare("sealing a document"))?;
        Ok((chunk, last))
    }
}

struct Opener {
    source: Source,
    /// Until the header is read.
    key: Option<LessSafeKey>,
    cipher: Option<Cipher>,
}

impl Chunks for Opener {
    async fn next(&mut self) -> Result<(Vec<u8>, bool), Fault> {
        const BROKEN: &str = "opening a stored document: its bytes are not those that were stored";
        if let Some(key) = self.key.take() {
            let (header, _) = self.source.take(HEADER, 0).await?;
            let header: [u8; HEADER] = header.try_into().map_err(|_| Fault::bare(BROKEN))?;
            if !header.starts_with(MAGIC) {
                return Err(Fault::bare("opening a stored document: not of a known format"));
            }
            self.cipher = Some(Cipher { key, header, counter: 0 });
        }
        let cipher = self.cipher.as_mut().ok_or_else(|| Fault::bare(BROKEN))?;
        let (mut chunk, last) = self.source.take(CHUNK + TAG, 0).await?;
        let (nonce, header) = cipher.nonce(last)?;
        let opened = cipher.key.open_in_place(nonce, Aad::from(header), &mut chunk);
        let length = opened.map_err(|_| Fault::bare(BROKEN))?.len();
        chunk.truncate(length);
        Ok((chunk, last))
    }
}

struct Cipher {
    key: LessSafeKey,
    header: [u8; HEADER],
    counter: u32,
}

impl Cipher {
    /// The nonce of the next chunk, and the header it is bound to.
    fn nonce(&mut self, last: bool) -> Result<(Nonce, [u8; HEADER]), Fault> {
        let mut nonce = [0; NONCE];
        let counter = self.counter.to_be_bytes();
        let parts = self.header.iter().skip(MAGIC.len()).copied().chain(counter).chain([u8::from(last)]);
        for (slot, byte) in nonce.iter_mut().zip(parts) {
            *slot = byte;
        }
        self.counter =
            self.counter.checked_add(1).ok_or_else(|| Fault::bare("counting a document's chunks"))?;
        Ok((Nonce::assume_unique_for_key(nonce), self.header))
    }
}

/// Pieces of any size in, chunks of one size out.
struct Source {
    stream: ByteStream,
    rest: Bytes,
}

impl Source {
    fn new(stream: ByteStream) -> Self {
        Self { stream, rest: Bytes::new() }
    }

    /// The next `size` bytes, fewer at the end, with room for `spare` more; and whether nothing follows.
    async fn take(&mut self, size: usize, spare: usize) -> Result<(Vec<u8>, bool), Fault> {
        let mut chunk = Vec::with_capacity(size + spare);
        loop {
            while self.rest.is_empty() {
                match self.stream.next().await {
                    Some(piece) => self.rest = piece?,
                    None => return Ok((chunk, true)),
                }
            }
            if chunk.len() == size {
                return Ok((chunk, false));
            }
            let piece = self.rest.split_to(self.rest.len().min(size - chunk.len()));
            chunk.extend_from_slice(&piece);
        }
    }
}
