//! Limits by network and overall, counted on this node, in a bounded table.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;

use fascicolo_domain::throttle::{Bucket, Rate};
use jiff::Timestamp;

/// How many networks are remembered at once; the table is swept when it is full.
const NETWORKS: usize = 100_000;

/// One table a limited act.
#[derive(Default)]
pub struct Throttles {
    pub verification: Throttle,
}

#[derive(Default)]
pub struct Throttle(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    overall: Bucket,
    networks: HashMap<IpAddr, Bucket>,
}

impl Throttle {
    /// Takes one try from the network's bucket and from the common one.
    ///
    /// # Errors
    /// The instant from which another try is allowed.
    pub fn take(&self, address: IpAddr, each: Rate, all: Rate, now: Timestamp) -> Result<(), Timestamp> {
        let mut counts = match self.0.lock() {
            Ok(counts) => counts,
            Err(poisoned) => poisoned.into_inner(),
        };
        let network = network_of(address);
        let bucket = counts.networks.get(&network).copied().unwrap_or_default();
        let bucket = each.take(bucket, now)?;
        counts.overall = all.take(counts.overall, now)?;
        if counts.networks.len() >= NETWORKS {
            counts.networks.retain(|_, bucket| !bucket.is_full(now));
        }
        if counts.networks.len() < NETWORKS || counts.networks.contains_key(&network) {
            counts.networks.insert(network, bucket);
            return Ok(());
        }
        // too many networks at once: only the common limit holds anybody back
        Ok(())
    }
}

/// An IPv4 address by itself, an IPv6 one by its /64.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_waits_and_another_does_not() {
        let throttle = Throttle::default();
        let now: Timestamp = "2026-05-01T10:00:00Z".parse().unwrap();
        let each = Rate::per_minute(2);
        let all = Rate::per_minute(1000);
        let take = |address: &str| throttle.take(address.parse().unwrap(), each, all, now);
        assert!(take("2001:db8::1").is_ok() && take("2001:db8::2").is_ok());
        assert!(take("2001:db8::3").is_err(), "the same /64");
        assert!(take("2001:db8:0:1::3").is_ok());
        assert!(take("192.0.2.1").is_ok());
    }

    #[test]
    fn the_common_limit_holds_everybody_back() {
        let throttle = Throttle::default();
        let now: Timestamp = "2026-05-01T10:00:00Z".parse().unwrap();
        let take = |address: &str| {
            throttle.take(address.parse().unwrap(), Rate::per_minute(30), Rate::per_minute(2), now)
        };
        assert!(take("192.0.2.1").is_ok() && take("192.0.2.2").is_ok());
        assert!(take("192.0.2.3").is_err());
    }
}
