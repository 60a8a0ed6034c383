//! What the provider remembers: who is at its page, codes on their way, tokens given, names used.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::client::Client;
use super::mistake::Mistake;
use super::request::Asked;
use fascicolo_domain::login::Level;

/// How many of each are remembered at most; the oldest goes first.
const REMEMBERED: usize = 20_000;

/// Things by name.
pub(super) struct Recent<V> {
    by_name: HashMap<String, V>,
    order: VecDeque<String>,
}

impl<V> Default for Recent<V> {
    fn default() -> Self {
        Self { by_name: HashMap::new(), order: VecDeque::new() }
    }
}

impl<V> Recent<V> {
    /// `false`: the name was used already, and what it leads to stays.
    pub(super) fn put(&mut self, name: &str, value: V) -> bool {
        if self.by_name.contains_key(name) {
            return false;
        }
        self.by_name.insert(name.to_owned(), value);
        self.order.push_back(name.to_owned());
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_name.remove(&oldest);
        }
        true
    }

    pub(super) fn find(&self, name: &str) -> Option<&V> {
        self.by_name.get(name)
    }

    pub(super) fn find_mut(&mut self, name: &str) -> Option<&mut V> {
        self.by_name.get_mut(name)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<V> {
        self.by_name.remove(name)
    }
}

/// What a person granted to a site.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) asked: Arc<Asked>,
    /// Key of the person.
    pub(super) person: String,
    pub(super) level: Level,
    pub(super) mistake: Option<Mistake>,
    pub(super) at: Timestamp,
}

/// An access token given.
pub(super) struct Given {
    pub(super) grant: Grant,
    pub(super) ends: Timestamp,
    pub(super) revoked: bool,
}

#[derive(Default)]
pub(super) struct Desk {
    pub(super) clients: HashMap<String, Arc<Client>>,
    pub(super) waiting: Recent<Arc<Asked>>,
    pub(super) codes: Recent<Grant>,
    pub(super) tokens: Recent<Given>,
    /// `jti` of request objects and client assertions.
    pub(super) used: Recent<()>,
    pub(super) counts: Counts,
}

/// How often what happened, for whoever watches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Requests that passed, and those that did not.
    pub requests: u64,
    pub flawed: u64,
    pub codes: u64,
    /// Codes redeemed, and token requests refused.
    pub redeemed: u64,
    pub denied: u64,
    pub userinfo: u64,
    /// Tokens revoked that were good until then.
    pub revoked: u64,
}
