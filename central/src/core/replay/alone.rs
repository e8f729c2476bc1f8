//! Every decision by itself, on what it was made from.

use super::case::Case;
use super::record::{Past, Picks};
use crate::core::routing::Guide;
use crate::core::routing::again::once_more;
use crate::core::routing::decision::{Decision, Recorded};
use crate::core::routing::fleet_index::FleetIndex;

/// One decision under one policy.
#[derive(Debug)]
pub struct Made {
    pub case: Case,
    pub decision: Decision,
}

/// None where nothing is kept of what it was made from.
#[must_use]
pub fn alone(past: &Past, fleet: &FleetIndex, guide: &Guide<'_>, picks: &Picks) -> Option<Made> {
    let Recorded { demand, nodes, unrecorded } = past.inputs.as_ref()?;
    let decision = once_more(guide, demand, fleet, &past.decision);
    let mut case = Case { unrecorded: *unrecorded, ..Case::begun(demand, &decision.decision) };
    case.follow(demand, nodes, &decision, picks);
    Some(Made { case, decision })
}
