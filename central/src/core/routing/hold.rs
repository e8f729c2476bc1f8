//! Whether an order had better wait for a node that opens soon.

use super::policy::{Cover, HoldFor, Rung};
use super::search::{Found, Search, Walk};
use crate::core::eligibility::Eligibility;
use crate::core::fleet::Store;
use crate::core::hours::next_opening;
use crate::core::routing::fleet_index::NodeNo;
use holdfast_shared::limits::HOLD_NODES_MAX;
use holdfast_shared::time::UtcMs;

/// A closed node that is worth waiting for.
#[derive(Debug)]
pub(super) struct Waiting<'a> {
    pub(super) rung: &'a Rung,
    pub(super) node: NodeNo,
    pub(super) opens: UtcMs,
    /// How much lower it scores, both scored as on the rung that is not taken.
    pub(super) saves: f64,
}

/// A closed node of a rung above the one that could take it now, if it opens in time and is enough better.
pub(super) fn worth_waiting<'a>(
    search: &Search<'a>,
    above: &[Walk<'a>],
    found: &Found<'a>,
    now: UtcMs,
) -> Option<Waiting<'a>> {
    let hold = found.rung.hold?;
    if found.suspects_too {
        return None;
    }
    let score: f64 = found.parcels.iter().map(|parcel| parcel.score).sum();
    above.iter().find_map(|walk| {
        let mut closed: Vec<_> =
            walk.looked.iter().filter(|looked| is_closed(search, walk, looked.node)).collect();
        closed.sort_by(|one, other| search.order(one, other));
        closed.truncate(HOLD_NODES_MAX);
        let waiting = closed.into_iter().filter_map(|looked| {
            let opens = opens_in_time(search, &hold, &search.fleet.node(looked.node)?.store, now)?;
            let saves = score - search.score_on(found.rung, looked.node)?;
            (saves >= hold.saves).then_some(Waiting { rung: walk.rung, node: looked.node, opens, saves })
        });
        waiting.max_by(|one, other| {
            one.saves.total_cmp(&other.saves).then_with(|| search.id(other.node).cmp(&search.id(one.node)))
        })
    })
}

/// Nothing but its opening hours keeps it from taking all of the order.
fn is_closed(search: &Search<'_>, walk: &Walk<'_>, node: NodeNo) -> bool {
    let by_hours = |eligibility: &Eligibility| {
        !eligibility.reasons.is_empty() && eligibility.reasons.iter().all(|reason| reason.signal == "hours")
    };
    walk.rung.cover == Cover::Whole
        && search.fleet.node(node).is_some_and(|node| by_hours(&node.eligibility))
        && search.only_ineligible(walk.rung, node)
}

/// Counted from when the order was placed, so that one that is looked at often does not wait for ever.
fn opens_in_time(search: &Search<'_>, hold: &HoldFor, store: &Store, now: UtcMs) -> Option<UtcMs> {
    let opens = next_opening(&store.hours, &store.zone, now)?;
    let kept = search.demand.promise_by.is_none_or(|by| opens < by);
    (kept && opens <= search.demand.placed_at.plus(hold.within_ms)).then_some(opens)
}
