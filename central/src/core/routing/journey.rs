//! When goods from a node would arrive, and at what cost, as the carriers' policy says.

use super::decision::Demand;
use crate::core::carriers::{Journey, NoDate, Timetable, Trip, Wall, Way};
use crate::core::routing::decision::Node;
use holdfast_shared::time::UtcMs;

/// Made ready by a person's data, or not at all: then nothing is said about dates.
#[derive(Debug, Clone, Copy)]
pub struct Dates<'a> {
    pub timetable: &'a Timetable<'a>,
    pub now: UtcMs,
}

/// A node with its open tasks and its wall, which lie nearer at hand than the node does.
pub(super) type Sender<'a> = (&'a Node, u32, Wall);

impl Dates<'_> {
    /// By the service that would be chosen. None when no service is described for the kind: nothing is
    /// known then, and nothing refused.
    pub fn way(
        &self,
        demand: &Demand,
        (node, open_tasks, wall): Sender<'_>,
        distance_km: f64,
        units: i64,
    ) -> Option<Result<Way, NoDate>> {
        let trip = Trip { store: &node.store, kind: demand.kind, distance_km, units, open_tasks };
        match self.timetable.best(&trip, wall, self.now, demand.promise_by) {
            Err(NoDate::NoService(_)) => None,
            told => Some(told),
        }
    }

    /// The same, as it is told.
    pub fn journey(
        &self,
        demand: &Demand,
        node: Sender<'_>,
        distance_km: f64,
        units: i64,
    ) -> Option<Result<Journey, NoDate>> {
        let way = self.way(demand, node, distance_km, units)?;
        Some(way.map(|way| self.timetable.told(&way)))
    }
}
