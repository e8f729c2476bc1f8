//! A promise that nobody can keep any more is told before its date, while the order waits for a node.

use super::Router;
use crate::core::routing::decision::Demand;
use crate::core::routing::fleet_index::FleetIndex;
use crate::core::routing::late::can_be_kept;
use holdfast_shared::time::Now;

/// Why the promise of an order that waits is over.
pub(super) const LOST: &str = "no node has all of it, and none could bring it by then";

/// Where nobody can tell dates, what is left of the promise decides, as it does when work moves.
pub(super) fn is_lost(router: &Router<'_>, fleet: &FleetIndex, demand: &Demand, now: Now) -> bool {
    let Some(promised_by) = demand.promise_by else { return false };
    let carriers = router.policy.carriers(&demand.tenant);
    match can_be_kept(demand, fleet, &carriers, now.utc) {
        Some(kept) => !kept,
        None => {
            let at_risk_ms = router.policy.failover(&demand.tenant).promise_at_risk_ms;
            promised_by.since(now.utc) < at_risk_ms
        }
    }
}

#[cfg(test)]
mod tests;
