//! The provider's answer: decode, parse, verify, in that order, cheap refusals first (SPID-R).

use std::fmt;

use fascicolo_domain::login::{Federation, Identity, Level};
use jiff::Timestamp;
use jiff::civil::Date;
use roxmltree::{Node, NodeId};

use super::checks::{self, Asserted};
use super::{Anomaly, Provider, Refused, anomaly};
use crate::xml::{DS, Defect, Limits, MD, SAML, SAMLP, Tree, attribute, decode_base64, is, verify};

/// The decoded `SAMLResponse` field; owns its text.
pub struct Incoming {
    xml: String,
}

impl Incoming {
    /// Decodes the field: at most 256 KiB, strict base64, UTF-8 (SPID-R1).
    ///
    /// # Errors
    /// [`Defect::TooLong`], [`Defect::NotBase64`], [`Defect::NotUtf8`].
    pub fn decode(saml_response_field: &str) -> Result<Self, Refused> {
        if saml_response_field.len() > Limits::MESSAGE.bytes {
            return Err(Defect::TooLong.into());
        }
        let bytes = decode_base64(saml_response_field)?;
        let xml = String::from_utf8(bytes).map_err(|_| Defect::NotUtf8)?;
        Ok(Self { xml })
    }

    /// The text as it came, for the login log (SPID-G1). Personal data: never to be logged elsewhere.
    #[must_use]
    pub fn xml(&self) -> &str {
        &self.xml
    }

    /// Reads it strictly (SPID-R1) and finds the parts of a Response, each in its only place (SPID-R2).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(&self) -> Result<Answer<'_>, Refused> {
        let tree = Tree::read(&self.xml, &Limits::MESSAGE)?;
        let parts = Parts::find(tree.root())?;
        Ok(Answer { tree, parts })
    }
}

/// What a request that is still pending expects of its answer.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub request_id: &'a str,
    pub request_at: Timestamp,
    pub acs_url: &'a str,
    /// Ours.
    pub entity_id: &'a str,
    /// The least level that the service takes.
    pub level: Level,
    pub federation: Federation,
}

/// How an answer ends that is worth a page of its own.
#[derive(Debug)]
pub enum Verdict {
    Proved(Box<Proved>),
    Abroad(Box<Abroad>),
    Anomaly(Anomaly),
}

/// A person proved who they are. The caller still has to refuse a repeated `assertion_id` until `not_on_or_after`
/// (SPID-R15).
#[derive(Debug)]
pub struct Proved {
    pub identity: Identity,
    pub assertion_id: String,
    /// The last instant at which this assertion could be accepted again.
    pub not_on_or_after: Timestamp,
    /// Only level 1 makes a session at the provider (SPID-L2).
    pub session_index: Option<String>,
    /// The provider lets no session last longer.
    pub session_until: Option<Timestamp>,
    pub name_id: String,
}

/// A person whom another country vouches for, without an Italian fiscal number: nobody yet whom a record belongs to
/// (SPID-X3). The same replay rule holds.
pub struct Abroad {
    /// The node's identifier of the person, as `DE/IT/…`.
    pub person: String,
    pub given_name: String,
    pub family_name: String,
    pub birth_date: Date,
    /// Entity id of the node.
    pub issuer: String,
    pub level: Level,
    pub assertion_id: String,
    pub not_on_or_after: Timestamp,
}

impl fmt::Debug for Abroad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Abroad({:?}, …)", self.level)
    }
}

/// What an answer says of itself, for the login log (SPID-G2). Nothing of it is verified.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub response_id: Option<&'a str>,
    pub issue_instant: Option<&'a str>,
    pub issuer: Option<&'a str>,
    pub in_response_to: Option<&'a str>,
    pub assertion_id: Option<&'a str>,
    pub subject: Option<&'a str>,
    pub name_qualifier: Option<&'a str>,
}

/// A well-shaped answer, not yet believed.
pub struct Answer<'a> {
    tree: Tree<'a>,
    parts: Parts,
}

impl Answer<'_> {
    /// The ID of the request it claims to answer; empty when it says none.
    #[must_use]
    pub fn in_response_to(&self) -> &str {
        attribute(self.tree.root(), "InResponseTo").unwrap_or_default()
    }

    /// The entity id of whoever claims to have sent it; empty when it says none.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.node(self.parts.issuer).and_then(|n| n.text()).unwrap_or_default()
    }

    /// What it says of itself, for the login log.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        let root = self.tree.root();
        let assertion = self.node(self.parts.assertion);
        let name_id = assertion.and_then(|a| a.descendants().find(|n| is(*n, SAML, "NameID")));
        Facts {
            response_id: attribute(root, "ID"),
            issue_instant: attribute(root, "IssueInstant"),
            issuer: self.node(self.parts.issuer).and_then(|n| n.text()),
            in_response_to: attribute(root, "InResponseTo"),
            assertion_id: assertion.and_then(|a| attribute(a, "ID")),
            subject: name_id.and_then(|n| n.text()).map(str::trim),
            name_qualifier: name_id.and_then(|n| attribute(n, "NameQualifier")),
        }
    }

    /// Holds the answer against the request it must answer and the provider that was asked (SPID-R3 to R14, in
    /// order). Replay is the caller's part (SPID-R4, R15).
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn verify(
        &self,
        expected: &Expected<'_>,
        provider: &Provider,
        now: Timestamp,
    ) -> Result<Verdict, Refused> {
        let root = self.tree.root();
        checks::response(root, expected, now)?;
        checks::in_response_to(root, expected)?;
        checks::destination(root, expected)?;
        checks::response_issuer(self.node(self.parts.issuer), provider)?;
        if let Some(anomaly) = anomaly::read(self.node(self.parts.status))? {
            if self.parts.signed {
                verify(root, &provider.keys)?;
            }
            return Ok(Verdict::Anomaly(anomaly));
        }
        let assertion = self.node(self.parts.assertion).ok_or(Refused::AssertionMissing)?;
        let signed = verify(assertion, &provider.keys)?;
        if self.parts.signed {
            verify(root, &provider.keys)?;
        }
        let outline = signed.outline()?;
        let asserted = Asserted::find(outline.root())?;
        asserted.prove(expected, provider, now)
    }

    fn node(&self, id: Option<NodeId>) -> Option<Node<'_, '_>> {
        id.and_then(|id| self.tree.node(id))
    }
}

/// Where the parts of a Response are.
struct Parts {
    issuer: Option<NodeId>,
    signed: bool,
    status: Option<NodeId>,
    assertion: Option<NodeId>,
}

impl Parts {
    /// The children of a Response are Issuer, Signature, Status, Assertion, in this order, at most one of each, and
    /// what matters stands nowhere else in the document (SPID-R2).
    fn find(root: Node<'_, '_>) -> Result<Self, Refused> {
        if !is(root, SAMLP, "Response") {
            return Err(Refused::Root);
        }
        let mut found: [Option<NodeId>; 4] = [None; 4];
        let [issuer, signature, status, assertion] = &mut found;
        let mut last = 0;
        for child in root.children() {
            if child.is_text() {
                if child.text().is_some_and(|text| !text.trim_ascii().is_empty()) {
                    return Err(Refused::Shape);
                }
                continue;
            }
            let (order, slot) = if is(child, SAML, "Issuer") {
                (1, &mut *issuer)
            } else if is(child, DS, "Signature") {
                (2, &mut *signature)
            } else if is(child, SAMLP, "Status") {
                (3, &mut *status)
            } else if is(child, SAML, "Assertion") {
                (4, &mut *assertion)
            } else {
                return Err(Refused::Shape);
            };
            if slot.is_some() {
                return Err(if order == 4 { Refused::AssertionCount } else { Refused::Shape });
            }
            if order < last {
                return Err(Refused::Shape);
            }
            last = order;
            *slot = Some(child.id());
        }
        let [issuer, signature, status, assertion] = found;
        refuse_strays(root, assertion)?;
        Ok(Self { issuer, signed: signature.is_some(), status, assertion })
    }
}

/// One Assertion, no Response inside, no metadata, signatures only as children of the Response and the Assertion, and
/// there after the Issuer.
fn refuse_strays(root: Node<'_, '_>, assertion: Option<NodeId>) -> Result<(), Refused> {
    for node in root.descendants().skip(1).filter(Node::is_element) {
        let stray = match node.tag_name().name() {
            "Assertion" => Some(node.id()) != assertion,
            "Response" | "EntityDescriptor" | "EntitiesDescriptor" | "EncryptedAssertion" => {
                matches!(node.tag_name().namespace(), Some(SAML | SAMLP | MD) | None)
            }
            "Signature" => !at_home(node, root, assertion),
            _ => false,
        };
        if stray {
            return Err(Refused::Stray);
        }
    }
    Ok(())
}

/// Whether a signature stands where one may. (That there is one, and not two, is seen when it is verified.)
fn at_home(signature: Node<'_, '_>, root: Node<'_, '_>, assertion: Option<NodeId>) -> bool {
    let parent = signature.parent();
    let of_assertion = parent.is_some_and(|p| Some(p.id()) == assertion);
    let before = signature.prev_sibling_element();
    let late = before.is_some_and(|b| is(b, SAML, "Issuer") || is(b, DS, "Signature"));
    parent == Some(root) || (of_assertion && late)
}
