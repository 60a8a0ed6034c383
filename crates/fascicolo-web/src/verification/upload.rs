//! Reads the form, with or without a file. A file is hashed as it streams through and is never stored (REC-V1).

use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest as _, Request};
use axum::http::{StatusCode, header};
use fascicolo_domain::secret::Digest;
use sha2::{Digest as _, Sha256};

use super::question::Typed;
use crate::App;
use crate::http::PageError;
use crate::http::forms::Fields;

/// The longest text field, in bytes.
const LONGEST: usize = 1024;
/// The most parts a form of ours has: three fields and a file.
const PARTS: usize = 4;

/// Reads the form in whichever of its two encodings it came.
///
/// # Errors
/// Not a form of ours, or a file above the limit.
pub(super) async fn read(app: &App, request: Request) -> Result<Typed, PageError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if kind.starts_with("multipart/form-data") {
        let parts = Multipart::from_request(request, app).await.map_err(|_| PageError::BadRequest)?;
        return read_parts(app, parts).await;
    }
    let fields = Fields::from_request(limited(request), app).await?;
    typed(fields.text("cf"), fields.text("numero"), fields.text("impronta"))
}

/// A form without a file is small.
fn limited(request: Request) -> Request {
    let (parts, body) = request.into_parts();
    Request::from_parts(parts, axum::body::Body::new(http_body_util::Limited::new(body, 4 * LONGEST)))
}

async fn read_parts(app: &App, mut parts: Multipart) -> Result<Typed, PageError> {
    let (mut person, mut number, mut digest, mut file) = (None, None, None, None);
    for _ in 0..=PARTS {
        let Some(part) = parts.next_field().await.map_err(|e| broken(&e))? else {
            let text = |field: Option<String>| field.unwrap_or_default();
            let typed = typed(&text(person), &text(number), &text(digest))?;
            return Ok(Typed { digest: file.flatten().or(typed.digest), ..typed });
        };
        let again = match part.name() {
            Some("cf") => person.replace(text(part).await?).is_some(),
            Some("numero") => number.replace(text(part).await?).is_some(),
            Some("impronta") => digest.replace(text(part).await?).is_some(),
            Some("file") => file.replace(hash(part, app.settings.largest_file).await?).is_some(),
            Some(_) | None => true,
        };
        if again {
            return Err(PageError::BadRequest);
        }
    }
    Err(PageError::BadRequest)
}

fn typed(person: &str, number: &str, digest: &str) -> Result<Typed, PageError> {
    let digest = match digest.trim() {
        "" => None,
        // only our script fills it in
        hex => Some(Digest::parse(hex).ok_or(PageError::BadRequest)?),
    };
    Ok(Typed { codice_fiscale: person.to_owned(), number: number.to_owned(), digest })
}

async fn text(mut part: Field<'_>) -> Result<String, PageError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|e| broken(&e))? {
        if bytes.len() + chunk.len() > LONGEST {
            return Err(PageError::BadRequest);
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| PageError::BadRequest)
}

/// `None` for the empty part of a file field that was left alone.
async fn hash(mut part: Field<'_>, most: u64) -> Result<Option<Digest>, PageError> {
    let mut hasher = Sha256::new();
    let mut length = 0_u64;
    while let Some(chunk) = part.chunk().await.map_err(|e| broken(&e))? {
        length = length.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if length > most {
            return Err(PageError::TooLarge);
        }
        hasher.update(&chunk);
    }
    Ok((length > 0).then(|| Digest::from_bytes(hasher.finalize().into())))
}

fn broken(error: &MultipartError) -> PageError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE { PageError::TooLarge } else { PageError::BadRequest }
}
