//! Walks the ladder. First with eligible nodes only, from its top to its bottom; when none of them
//! can take it, once more with the suspect ones.

use super::decision::{Choice, Decision, Demand, Node, Plan};
use super::fleet_index::{FleetIndex, NodeNo};
use super::glance::Glance;
use super::hold::{Waiting, worth_waiting};
use super::policy::RoutingPolicy;
use super::search::{Found, Search, Walk};
use super::{inputs, tell};
use crate::core::carriers::{CarrierPolicy, Timetable};
use crate::core::eligibility::Standing;
use holdfast_shared::ids::DecisionId;
use holdfast_shared::time::UtcMs;

/// A policy made ready for the many decisions of one look at a fleet.
#[derive(Debug)]
pub struct Guide<'p> {
    pub(super) policy: &'p RoutingPolicy,
    pub(super) timetable: Option<Timetable<'p>>,
    digest: [u8; 32],
}

/// What came of the walk up and down the ladder.
struct Climb<'a> {
    walks: Vec<Walk<'a>>,
    found: Option<Found<'a>>,
    waiting: Option<Waiting<'a>>,
}

impl<'p> Guide<'p> {
    #[must_use]
    pub fn of(policy: &'p RoutingPolicy) -> Self {
        Self { policy, timetable: None, digest: inputs::of_policy(policy) }
    }

    /// Dates count, too.
    #[must_use]
    pub fn with_carriers(self, carriers: &'p CarrierPolicy) -> Self {
        let digest = inputs::with_carriers(&self.digest, carriers);
        Self { timetable: Some(Timetable::of(carriers)), digest, ..self }
    }

    /// Who sends what of the open lines, and why; what no parcel has is routed again.
    #[must_use]
    pub fn route(&self, demand: &Demand, fleet: &FleetIndex, decision: DecisionId, now: UtcMs) -> Decision {
        let search = Search::of(demand, fleet, self.policy, self.timetable.as_ref(), now);
        let climb = self.climb(&search, now);
        let found = climb.found.as_ref();
        let missed = tell::missed(&search, &climb.walks, found);
        let runner_up = found.and_then(|found| match climb.waiting {
            // What could be done instead of waiting.
            Some(_) => Some(tell::plan(&search, found).0),
            None => self.runner_up(&search, &climb.walks, found),
        });
        let (choice, words) = choice(&search, &climb);
        Decision {
            decision,
            order: demand.order.clone(),
            at: now,
            policy: self.policy.name.clone(),
            hash: inputs::hash(demand, fleet, &search.holders, &self.digest, now),
            demand: demand.lines.clone(),
            rungs: climb.walks.iter().map(|walk| tell::record(&search, walk)).collect(),
            choice,
            runner_up,
            gather: None,
            missed,
            words,
            inputs: None,
        }
    }

    fn climb<'a>(&'a self, search: &Search<'a>, now: UtcMs) -> Climb<'a> {
        let mut walks: Vec<Walk<'a>> = Vec::new();
        for suspects_too in [false, true] {
            let kind = search.demand.kind;
            let is_suspect = |glance: &Glance| glance.for_kind(kind).standing == Standing::Suspect;
            if suspects_too && !search.fleet.any(is_suspect) {
                break;
            }
            for rung in self.policy.ladder_for(kind) {
                let walk = search.walk(rung, suspects_too);
                let found = search.pick(&walk, None);
                let waiting = found.as_ref().and_then(|found| worth_waiting(search, &walks, found, now));
                walks.push(walk);
                if found.is_some() {
                    return Climb { walks, found, waiting };
                }
            }
        }
        Climb { walks, found: None, waiting: None }
    }

    /// From the same rung on, with the same nodes, but for the first of those chosen.
    fn runner_up<'a>(&'a self, search: &Search<'a>, walks: &[Walk<'a>], found: &Found<'a>) -> Option<Plan> {
        let first: NodeNo = found.parcels.first()?.node;
        let again = walks.last().and_then(|walk| search.pick(walk, Some(first)));
        let second = again.or_else(|| {
            let ladder = self.policy.ladder_for(search.demand.kind);
            let mut below = ladder.iter().skip_while(|rung| rung.name != found.rung.name).skip(1);
            below.find_map(|rung| search.best_of(rung, found.suspects_too, first))
        });
        second.map(|second| tell::plan(search, &second).0)
    }
}

fn choice(search: &Search<'_>, climb: &Climb<'_>) -> (Choice, String) {
    let Some(found) = &climb.found else {
        let (why, words) = tell::backorder(search, &climb.walks);
        return (Choice::Backorder { why }, words);
    };
    let held = climb.waiting.as_ref().and_then(|waiting| {
        let (why, words) = tell::hold(search, waiting, found)?;
        let store = search.id(waiting.node)?.clone();
        Some((Choice::Hold { until: waiting.opens, store, why }, words))
    });
    held.unwrap_or_else(|| {
        let (plan, words) = tell::plan(search, found);
        (Choice::Assign(plan), words)
    })
}

/// Over nodes that are used once; with many demands, a [`Guide`] over a [`FleetIndex`].
#[must_use]
pub fn route(
    demand: &Demand,
    nodes: &[Node],
    policy: &RoutingPolicy,
    decision: DecisionId,
    now: UtcMs,
) -> Decision {
    Guide::of(policy).route(demand, &FleetIndex::of(nodes.to_vec()), decision, now)
}

#[cfg(test)]
mod tests;
