//! The outside world, as few traits as serve. Real adapters live in `fascicolo-adapters`, pretended ones in the sandbox.

use std::time::Duration;

use bytes::Bytes;
use fascicolo_domain::Fault;
use fascicolo_domain::ids::{IdEntropy, ObjectId};
use fascicolo_domain::secret::Token;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use jiff::Timestamp;

/// The only source of "now".
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The only source of chance: a cryptographically secure generator.
pub trait Entropy: Send + Sync {
    /// Fills the slice with random bytes.
    ///
    /// # Errors
    /// The generator failed: nothing may be made without it.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Fault>;
}

/// A stream of chunks; an error ends it.
pub type ByteStream = BoxStream<'static, Result<Bytes, Fault>>;

/// Where the stored (already encrypted) bytes of documents are: a folder, an object store. Names are our ids.
pub trait DocumentObjects: Send + Sync {
    /// Stores an object. When the answer is `Ok` the bytes are durable; otherwise nothing is left behind.
    fn put(&self, id: ObjectId, bytes: ByteStream) -> BoxFuture<'_, Result<(), Fault>>;

    /// Opens an object for reading; `None` when it is not there.
    fn get(&self, id: ObjectId) -> BoxFuture<'_, Result<Option<ByteStream>, Fault>>;

    /// Removes an object; one that is not there is removed already.
    fn remove(&self, id: ObjectId) -> BoxFuture<'_, Result<(), Fault>>;

    /// Whether the place answers (`/readyz`, `doctor`).
    fn probe(&self) -> BoxFuture<'_, Result<(), Fault>>;
}

/// A request to another server.
pub struct Request {
    pub url: String,
    /// The form to POST; `None`: GET.
    pub form: Option<String>,
    /// The value of `Authorization`.
    pub authorization: Option<String>,
    /// The longest body that is taken, in bytes.
    pub largest: usize,
    /// How long all of it may take.
    pub within: Duration,
}

impl Request {
    /// GET: 30 seconds.
    #[must_use]
    pub fn get(url: &str, largest: usize) -> Self {
        let within = Duration::from_secs(30);
        Self { url: url.to_owned(), form: None, authorization: None, largest, within }
    }
}

/// Another server's answer, whatever its status. Redirects are not followed.
pub struct Reply {
    pub status: u16,
    /// Empty when it says none.
    pub content_type: String,
    pub body: Vec<u8>,
}

/// Other servers of the web.
pub trait Fetch: Send + Sync {
    /// Sends a request once; no answer, a late or too long one is a fault.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Fault>>;
}

impl dyn Fetch + '_ {
    /// The body of a 200 answer; anything else is a fault.
    ///
    /// # Errors
    /// As [`Fetch::send`], or another status.
    pub async fn file(&self, request: Request) -> Result<Vec<u8>, Fault> {
        let reply = self.send(request).await?;
        if reply.status == 200 {
            Ok(reply.body)
        } else {
            Err(Fault::new("fetching a file", format!("the answer was {}", reply.status)))
        }
    }
}

/// What actions draw from chance.
pub trait EntropyExt {
    /// The random part of an identifier.
    ///
    /// # Errors
    /// The generator failed.
    fn id(&self) -> Result<IdEntropy, Fault>;

    /// A new session or login token.
    ///
    /// # Errors
    /// The generator failed.
    fn token(&self) -> Result<Token, Fault>;

    /// So many random symbols that can be read out, in groups of four: `7F3K-22`.
    ///
    /// # Errors
    /// The generator failed.
    fn readable(&self, symbols: usize) -> Result<String, Fault>;
}

impl EntropyExt for dyn Entropy {
    fn id(&self) -> Result<IdEntropy, Fault> {
        let mut random = [0; 10];
        self.fill(&mut random)?;
        Ok(random)
    }

    fn token(&self) -> Result<Token, Fault> {
        let mut random = [0; 32];
        self.fill(&mut random)?;
        Ok(Token::new(random))
    }

    fn readable(&self, symbols: usize) -> Result<String, Fault> {
        const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mut random = vec![0; symbols];
        self.fill(&mut random)?;
        let symbol =
            |byte: &u8| SYMBOLS.get(usize::from(byte & 31)).map_or('0', |symbol| char::from(*symbol));
        let groups: Vec<String> = random.chunks(4).map(|group| group.iter().map(symbol).collect()).collect();
        Ok(groups.join("-"))
    }
}
