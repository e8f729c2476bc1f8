//! When goods from a node would arrive, and at what cost, as the carriers' policy says.

use super::decision::Demand;
use crate::core::carriers::{Journey, NoDate, Timetable, Trip, choose};
use crate::core::routing::decision::Node;
use holdfast_shared::time::UtcMs;

/// Made ready by a person's data, or not at all: then nothing is said about dates.
#[derive(Debug, Clone, Copy)]
pub struct Dates<'a> {
    pub timetable: &'a Timetable<'a>,
    pub now: UtcMs,
}

impl Dates<'_> {
    /// By the service that would be chosen. None when no service is described for the kind: nothing is
    /// known then, and nothing refused.
    pub fn journey(
        &self,
        demand: &Demand,
        node: &Node,
        distance_km: f64,
        units: i64,
    ) -> Option<Result<Journey, NoDate>> {
        let trip =
            Trip { store: &node.store, kind: demand.kind, distance_km, units, open_tasks: node.open_tasks };
        match self.timetable.journeys(&trip, self.now) {
            Ok(found) => choose(found, demand.promise_by).map(Ok),
            Err(NoDate::NoService(_)) => None,
            Err(no_date) => Some(Err(no_date)),
        }
    }
}
