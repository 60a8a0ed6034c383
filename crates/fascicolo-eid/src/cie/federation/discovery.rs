//! From the name of a provider to its chain, one fetch at a time (CIE-8, CIE-9). Nothing here fetches: it says what
//! comes next and takes the bytes. Each answer is believed only as far as the one before it reaches.

use jiff::Timestamp;

use super::statement::Statement;
use super::{Anchor, Chain, well_known};
use crate::cie::Refused;
use crate::cie::address::{is_address, with_query};
use crate::cie::jose::{Defect, LONGEST, read_json_any};
use crate::xml::percent;

/// How many providers an anchor may list.
const PROVIDERS: usize = 500;

/// A discovery under way: fetch [`Discovery::url`], hand the body to [`Discovery::take`].
#[derive(Clone, Debug)]
pub struct Discovery {
    anchor: Anchor,
    subject: String,
    url: String,
    taken: Taken,
}

#[derive(Clone, Debug)]
enum Taken {
    Nothing,
    Anchor(String),
    Statement { anchor: String, statement: String },
}

/// What follows an answer.
#[derive(Debug)]
pub enum Next {
    Fetch(Box<Discovery>),
    Done(Box<Chain>),
}

impl Discovery {
    /// Begins with the anchor's configuration.
    ///
    /// # Errors
    /// [`Refused::Address`], [`Refused::ChainLoop`].
    pub fn begin(anchor: &Anchor, subject: &str) -> Result<Self, Refused> {
        if !is_address(&anchor.entity_id) || !is_address(subject) {
            return Err(Refused::Address);
        }
        if anchor.entity_id == subject {
            return Err(Refused::ChainLoop);
        }
        let url = well_known(&anchor.entity_id);
        Ok(Self { anchor: anchor.clone(), subject: subject.to_owned(), url, taken: Taken::Nothing })
    }

    /// What to fetch: GET, no redirects, within [`crate::cie::FETCH_SECONDS`] and [`crate::cie::FETCH_BYTES`] (CIE-14).
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Takes the body of the answer.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn take(self, body: &[u8], now: Timestamp) -> Result<Next, Refused> {
        let text = text(body)?;
        match self.taken {
            Taken::Nothing => {
                let top = configuration(text, &self.anchor, now)?;
                let fetch = top.federation_endpoint("federation_fetch_endpoint");
                let fetch = fetch.ok_or(Refused::FetchEndpoint)?;
                let url = with_query(fetch, &format!("sub={}", percent(&self.subject)));
                Ok(Next::Fetch(Box::new(Self { url, taken: Taken::Anchor(text.to_owned()), ..self })))
            }
            Taken::Anchor(anchor) => {
                let top = configuration(&anchor, &self.anchor, now)?;
                let statement = Statement::verify(text, &top.keys, now)?;
                if statement.issuer != self.anchor.entity_id {
                    return Err(Refused::StatementIssuer);
                }
                if statement.subject != self.subject {
                    return Err(Refused::StatementSubject);
                }
                let url = well_known(&self.subject);
                let taken = Taken::Statement { anchor, statement: text.to_owned() };
                Ok(Next::Fetch(Box::new(Self { url, taken, ..self })))
            }
            Taken::Statement { anchor, statement } => {
                let chain = Chain::verify(&[text, &statement, &anchor], &self.subject, &self.anchor, now)?;
                Ok(Next::Done(Box::new(chain)))
            }
        }
    }
}

/// Where the anchor lists its providers, by the body of its configuration (CIE-8).
///
/// # Errors
/// What is wrong with the configuration; [`Refused::FetchEndpoint`].
pub fn list_url(body: &[u8], anchor: &Anchor, now: Timestamp) -> Result<String, Refused> {
    let top = configuration(text(body)?, anchor, now)?;
    let list = top.federation_endpoint("federation_list_endpoint").ok_or(Refused::FetchEndpoint)?;
    Ok(with_query(list, "entity_type=openid_provider"))
}

/// The entity ids in the body of a list (CIE-8). It is not signed: who is on it is believed after a chain, not before.
///
/// # Errors
/// [`Refused::ProviderList`].
pub fn read_list(body: &[u8]) -> Result<Vec<String>, Refused> {
    let list = (body.len() <= LONGEST).then(|| read_json_any(body).ok()).flatten();
    let list = list.as_ref().and_then(serde_json::Value::as_array).ok_or(Refused::ProviderList)?;
    let ids: Option<Vec<String>> =
        list.iter().map(|id| id.as_str().filter(|id| is_address(id)).map(str::to_owned)).collect();
    ids.filter(|ids| ids.len() <= PROVIDERS).ok_or(Refused::ProviderList)
}

fn configuration(text: &str, anchor: &Anchor, now: Timestamp) -> Result<Statement, Refused> {
    Statement::configuration(text, &anchor.keys, &anchor.entity_id, now)
}

/// Servers may end a body with a line break; nothing else may stand beside the statement.
fn text(body: &[u8]) -> Result<&str, Refused> {
    if body.len() > LONGEST {
        return Err(Defect::TooLong.into());
    }
    std::str::from_utf8(body).map(str::trim_ascii).map_err(|_| Defect::NotBase64.into())
}
