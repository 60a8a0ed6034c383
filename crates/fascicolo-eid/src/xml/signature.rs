//! Verification of an enveloped signature, closed profile (SPID-R7): one reference to the signature's own parent,
//! two transforms, SHA-2, keys given by the caller. `KeyInfo` is never read.

use aws_lc_rs::digest;
use roxmltree::Node;

use super::key::Hash;
use super::{
    DS, Defect, ENVELOPED, EXC_C14N, Signed, VerifyingKey, attribute, canonical, decode_base64, is, only_text,
};

/// The longest `InclusiveNamespaces` list that is read.
const PREFIXES: usize = 32;

/// Verifies the signature that is a child of `parent` with one of `keys`, and returns the bytes it vouches for.
/// The identifier of `parent` is known to be unique (strict reading).
///
/// # Errors
/// The first rule of the profile that does not hold.
pub fn verify(parent: Node<'_, '_>, keys: &[VerifyingKey]) -> Result<Signed, Defect> {
    let mut signatures = parent.children().filter(|n| is(*n, DS, "Signature"));
    let signature = signatures.next().ok_or(Defect::SignatureMissing)?;
    if signatures.next().is_some() {
        return Err(Defect::SignatureShape);
    }
    let parts = Parts::of(signature)?;
    let reference = Reference::of(parts.reference, parent)?;
    let method = signature_method(parts.method)?;
    let signed_info_prefixes = exclusive(parts.canonicalization, Defect::Canonicalization)?;
    let value = decode_base64(only_text(parts.value).ok_or(Defect::SignatureShape)?)?;

    let content = canonical(parent, Some(signature.id()), &reference.prefixes)?;
    let digest = digest::digest(reference.algorithm, content.as_bytes());
    if digest.as_ref() != reference.digest.as_slice() {
        return Err(Defect::DigestMismatch);
    }
    let signed_info = canonical(parts.signed_info, None, &signed_info_prefixes)?;
    let proved = keys.iter().any(|key| key.verifies(method, signed_info.as_bytes(), &value));
    if proved { Ok(Signed::verified(content)) } else { Err(Defect::SignatureMismatch) }
}

/// Verifies the signature of a query that carried the document of `root`, and returns the document in canonical form.
///
/// # Errors
/// [`Defect::SignatureMethod`], [`Defect::SignatureMismatch`].
pub fn verify_query(
    root: Node<'_, '_>,
    query: &SignedQuery<'_>,
    keys: &[VerifyingKey],
) -> Result<Signed, Defect> {
    let method = hash(query.algorithm).ok_or(Defect::SignatureMethod)?;
    let signature = decode_base64(query.signature)?;
    let proved = keys.iter().any(|key| key.verifies(method, query.signed.as_bytes(), &signature));
    if !proved {
        return Err(Defect::SignatureMismatch);
    }
    canonical(root, None, &[]).map(Signed::verified)
}

/// A query string and its signature.
#[derive(Clone, Copy)]
pub struct SignedQuery<'a> {
    /// The part that was signed, as it was encoded.
    pub signed: &'a str,
    /// `SigAlg`, decoded.
    pub algorithm: &'a str,
    /// `Signature`, decoded to base64.
    pub signature: &'a str,
}

/// The elements of a signature, each in its only place.
struct Parts<'t, 'i> {
    signed_info: Node<'t, 'i>,
    canonicalization: Node<'t, 'i>,
    method: Node<'t, 'i>,
    reference: Node<'t, 'i>,
    value: Node<'t, 'i>,
}

impl<'t, 'i> Parts<'t, 'i> {
    fn of(signature: Node<'t, 'i>) -> Result<Self, Defect> {
        let mut children = elements(signature);
        let signed_info = expect(children.next(), "SignedInfo")?;
        let value = expect(children.next(), "SignatureValue")?;
        if let Some(key_info) = children.next() {
            expect(Some(key_info), "KeyInfo")?;
        }
        if children.next().is_some() {
            return Err(Defect::SignatureShape);
        }
        let mut children = elements(signed_info);
        let canonicalization = expect(children.next(), "CanonicalizationMethod")?;
        let method = expect(children.next(), "SignatureMethod")?;
        let reference = expect(children.next(), "Reference")?;
        if children.next().is_some() {
            return Err(Defect::Reference);
        }
        Ok(Self { signed_info, canonicalization, method, reference, value })
    }
}

/// What the one reference says.
struct Reference<'t> {
    prefixes: Vec<&'t str>,
    algorithm: &'static digest::Algorithm,
    digest: Vec<u8>,
}

impl<'t> Reference<'t> {
    fn of(reference: Node<'t, '_>, parent: Node<'_, '_>) -> Result<Self, Defect> {
        let id = attribute(parent, "ID").unwrap_or_default();
        let target = attribute(reference, "URI").and_then(|uri| uri.strip_prefix('#'));
        if id.is_empty() || target != Some(id) {
            return Err(Defect::Reference);
        }
        let mut children = elements(reference);
        let transforms = expect(children.next(), "Transforms").map_err(|_| Defect::Transforms)?;
        let method = expect(children.next(), "DigestMethod")?;
        let value = expect(children.next(), "DigestValue")?;
        if children.next().is_some() {
            return Err(Defect::SignatureShape);
        }
        Ok(Self {
            prefixes: transform_prefixes(transforms)?,
            algorithm: digest_method(method)?,
            digest: decode_base64(only_text(value).ok_or(Defect::SignatureShape)?)?,
        })
    }
}

fn transform_prefixes<'t>(transforms: Node<'t, '_>) -> Result<Vec<&'t str>, Defect> {
    let mut children = elements(transforms);
    let (Some(first), Some(second), None) = (children.next(), children.next(), children.next()) else {
        return Err(Defect::Transforms);
    };
    let enveloped = is(first, DS, "Transform")
        && attribute(first, "Algorithm") == Some(ENVELOPED)
        && only_text(first).is_some();
    if !enveloped || !is(second, DS, "Transform") {
        return Err(Defect::Transforms);
    }
    exclusive(second, Defect::Transforms)
}

/// The prefix list of a node that asks for exclusive canonical form, and for nothing else.
fn exclusive<'t>(node: Node<'t, '_>, defect: Defect) -> Result<Vec<&'t str>, Defect> {
    if attribute(node, "Algorithm") != Some(EXC_C14N) {
        return Err(defect);
    }
    let mut children = elements(node);
    let Some(list) = children.next() else {
        return Ok(Vec::new());
    };
    if !is(list, EXC_C14N, "InclusiveNamespaces") || children.next().is_some() {
        return Err(defect);
    }
    let prefixes = attribute(list, "PrefixList").unwrap_or_default();
    let prefixes: Vec<_> = prefixes.split_ascii_whitespace().collect();
    if prefixes.len() > PREFIXES {
        return Err(defect);
    }
    Ok(prefixes)
}

fn signature_method(node: Node<'_, '_>) -> Result<Hash, Defect> {
    if elements(node).next().is_some() {
        return Err(Defect::SignatureMethod);
    }
    let algorithm = attribute(node, "Algorithm").unwrap_or_default();
    hash(algorithm).ok_or(Defect::SignatureMethod)
}

fn hash(algorithm: &str) -> Option<Hash> {
    match algorithm {
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => Some(Hash::Sha256),
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Some(Hash::Sha384),
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Some(Hash::Sha512),
        _ => None,
    }
}

fn digest_method(node: Node<'_, '_>) -> Result<&'static digest::Algorithm, Defect> {
    match attribute(node, "Algorithm") {
        Some("http://www.w3.org/2001/04/xmlenc#sha256") => Ok(&digest::SHA256),
        Some("http://www.w3.org/2001/04/xmldsig-more#sha384") => Ok(&digest::SHA384),
        Some("http://www.w3.org/2001/04/xmlenc#sha512") => Ok(&digest::SHA512),
        _ => Err(Defect::DigestMethod),
    }
}

fn elements<'t, 'i>(node: Node<'t, 'i>) -> impl Iterator<Item = Node<'t, 'i>> {
    node.children().filter(Node::is_element)
}

fn expect<'t, 'i>(node: Option<Node<'t, 'i>>, local: &str) -> Result<Node<'t, 'i>, Defect> {
    node.filter(|n| is(*n, DS, local)).ok_or(Defect::SignatureShape)
}
