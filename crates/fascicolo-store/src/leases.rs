//! Leases: every periodic work runs on one node at a time (decision 6).

use fascicolo_domain::Fault;
use jiff::Timestamp;

use crate::engine::Tx;

impl Tx<'_> {
    /// Takes a work until an instant, if nobody has it; `true` for exactly one of those who try at once.
    /// The work is due again when the lease ends.
    ///
    /// # Errors
    /// The store failed.
    pub async fn claim_lease(&mut self, name: &str, until: Timestamp, now: Timestamp) -> Result<bool, Fault> {
        let sql = "INSERT INTO leases (name, claimed_until) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE \
                   SET claimed_until = excluded.claimed_until WHERE leases.claimed_until <= $3";
        Ok(self.execute(sql, &[name.into(), until.into(), now.into()]).await? == 1)
    }
}
