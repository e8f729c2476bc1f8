//! Looks at the nodes that a rung asks, and picks from those that no rule refuses.

use super::Dates;
use super::decision::{Demand, DemandLine, Shelf};
use super::fleet_index::{FleetIndex, Holders, NodeNo};
use super::geo::Spot;
use super::policy::{Cover, Regions, RoutingPolicy, Rung};
use super::rules::giving::units;
use super::rules::splits::parcels_left;
use super::rules::{About, Ask, Rule, Seen, Wanted, apply, only_today};
use super::scorers::score;
use super::split::{self, Offer, Sharing};
use crate::core::carriers::Timetable;
use holdfast_shared::ids::{RegionId, StoreId};
use holdfast_shared::time::UtcMs;
use std::cell::OnceCell;

/// One demand before one fleet.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub(super) demand: &'a Demand,
    pub(super) wanted: Vec<Wanted<'a>>,
    pub(super) holders: Vec<Holders<'a>>,
    pub(super) fleet: &'a FleetIndex,
    pub(super) policy: &'a RoutingPolicy,
    pub(super) dates: Option<Dates<'a>>,
    spot: Spot,
    /// Looked for only when a rung asks for it: every node may be it.
    nearest: OnceCell<Option<NodeNo>>,
    now: UtcMs,
}

/// What came of one rung.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) rung: &'a Rung,
    pub(super) suspects_too: bool,
    pub(super) looked: Vec<Looked>,
}

/// One node that was looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looked {
    pub(super) node: NodeNo,
    pub(super) distance_km: f64,
    /// The first rule that said no.
    pub(super) refused: Option<&'static dyn Rule>,
    /// Lower is better. Of a refused node only where nothing but today speaks against it.
    pub(super) score: Option<f64>,
}

/// Who sends what, by number.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) rung: &'a Rung,
    pub(super) suspects_too: bool,
    pub(super) parcels: Vec<Picked>,
}

#[derive(Debug)]
pub(super) struct Picked {
    pub(super) node: NodeNo,
    pub(super) distance_km: f64,
    pub(super) score: f64,
    pub(super) lines: Vec<DemandLine>,
}

impl<'a> Search<'a> {
    pub(super) fn of(
        demand: &'a Demand,
        fleet: &'a FleetIndex,
        policy: &'a RoutingPolicy,
        timetable: Option<&'a Timetable<'a>>,
        now: UtcMs,
    ) -> Self {
        let dates = timetable.map(|timetable| Dates { timetable, now });
        let wanted = Wanted::of(demand);
        let holders = wanted.iter().map(|wanted| fleet.holders(&wanted.line.sku)).collect();
        let spot = Spot::of(demand.destination);
        Self { demand, wanted, holders, fleet, policy, dates, spot, nearest: OnceCell::new(), now }
    }

    pub(super) fn ask<'s>(&'s self, rung: &'s Rung, suspects_too: bool) -> Ask<'s> {
        let Self { demand, wanted, policy, now, dates, .. } = self;
        Ask { demand, wanted, rung, policy, suspects_too, now: *now, dates: *dates, home: self.home(rung) }
    }

    fn home(&self, rung: &Rung) -> Option<&'a RegionId> {
        match rung.region {
            Regions::Same => {
                let nearest = *self.nearest.get_or_init(|| self.fleet.nearest(self.spot));
                self.fleet.node(nearest?)?.store.region.as_ref()
            }
            Regions::Any | Regions::Named(_) => None,
        }
    }

    /// The node beside this demand; `shelves` is room to write in.
    pub(super) fn see<'s>(
        &'s self,
        node: NodeNo,
        shelves: &'s mut Vec<Option<&'a Shelf>>,
    ) -> Option<Seen<'s>> {
        shelves.clear();
        shelves.extend(self.holders.iter().map(|holders| holders.of(node)));
        let glance = self.fleet.glance(node)?;
        let distance_km = glance.spot.km_to(self.spot);
        Some(Seen { glance, node: self.fleet.node(node)?, distance_km, shelves, journey: OnceCell::new() })
    }

    pub(super) fn id(&self, node: NodeNo) -> Option<&'a StoreId> {
        self.fleet.node(node).map(|node| &node.store.store)
    }

    pub(super) fn walk(&self, rung: &'a Rung, suspects_too: bool) -> Walk<'a> {
        let ask = self.ask(rung, suspects_too);
        let rules: Vec<&'static dyn Rule> = apply(&ask).collect();
        let reach = self.fleet.reach(self.demand, rung, self.home(rung));
        let mut looked = Vec::with_capacity(reach.iter().map(ExactSizeIterator::len).sum());
        let mut room = Vec::with_capacity(self.wanted.len());
        for node in reach.into_iter().flatten() {
            let Some(seen) = self.see(node, &mut room) else { continue };
            let refused = rules.iter().copied().find(|rule| rule.refuses(&ask, &seen));
            let counts = refused.is_none_or(|rule| {
                rule.about() == About::Today && rung.cover == Cover::Whole && only_today(&ask, &seen)
            });
            let score = counts.then(|| score(&ask, &seen));
            looked.push(Looked { node, distance_km: seen.distance_km, refused, score });
        }
        Walk { rung, suspects_too, looked }
    }

    /// The best of those who could take it, leaving one node out.
    pub(super) fn pick(&self, walk: &Walk<'a>, without: Option<NodeNo>) -> Option<Found<'a>> {
        let could =
            walk.looked.iter().filter(|looked| looked.refused.is_none() && Some(looked.node) != without);
        let parcels = match walk.rung.cover {
            Cover::Whole => {
                let best = self.best(could)?;
                vec![self.whole(best)]
            }
            Cover::Part => self.share(walk, could),
        };
        let (rung, suspects_too) = (walk.rung, walk.suspects_too);
        (!parcels.is_empty()).then_some(Found { rung, suspects_too, parcels })
    }

    /// The lower score, then the smaller id, so that the order in which the nodes were passed in decides
    /// nothing.
    pub(super) fn best<'l>(&self, looked: impl Iterator<Item = &'l Looked>) -> Option<&'l Looked> {
        looked.filter(|looked| looked.score.is_some()).min_by(|one, other| self.order(one, other))
    }

    pub(super) fn order(&self, one: &Looked, other: &Looked) -> std::cmp::Ordering {
        let score = |looked: &Looked| looked.score.unwrap_or(f64::INFINITY);
        score(one).total_cmp(&score(other)).then_with(|| self.id(one.node).cmp(&self.id(other.node)))
    }

    fn whole(&self, looked: &Looked) -> Picked {
        let lines = self.wanted.iter().map(|wanted| wanted.line.clone()).collect();
        let Looked { node, distance_km, score, .. } = *looked;
        Picked { node, distance_km, score: score.unwrap_or(f64::INFINITY), lines }
    }

    /// Fewest nodes, or the least distance, by what the policy says.
    fn share<'l>(&self, walk: &Walk<'a>, could: impl Iterator<Item = &'l Looked>) -> Vec<Picked> {
        let ask = self.ask(walk.rung, walk.suspects_too);
        let mut looked: Vec<&Looked> = could.collect();
        looked.sort_by(|one, other| self.order(one, other));
        let mut room = Vec::new();
        let offers: Vec<Offer> = looked
            .iter()
            .filter_map(|looked| {
                let seen = self.see(looked.node, &mut room)?;
                Some(Offer { score: looked.score?, units: units(&ask, &seen).collect() })
            })
            .collect();
        let sharing = Sharing {
            wanted: &self.wanted,
            parcels_max: usize::try_from(parcels_left(&ask)).unwrap_or(usize::MAX),
            penalty: self.policy.split_penalty,
            least: self.policy.split_min_value,
        };
        let parts = split::best(&sharing, &offers);
        let picked = |(offer, units): (usize, Vec<i64>)| {
            let looked = looked.get(offer)?;
            Some(Picked { lines: self.lines(&units), ..self.whole(looked) })
        };
        parts.into_iter().filter_map(picked).collect()
    }

    fn lines(&self, units: &[i64]) -> Vec<DemandLine> {
        let lines = self.wanted.iter().zip(units).filter(|(_, units)| **units > 0);
        lines.map(|(wanted, units)| DemandLine { quantity: *units, ..wanted.line.clone() }).collect()
    }

    /// Whether the node would be free to take all of it, were it eligible.
    pub(super) fn only_ineligible(&self, rung: &'a Rung, node: NodeNo) -> bool {
        let ask = self.ask(rung, false);
        let mut room = Vec::new();
        let Some(seen) = self.see(node, &mut room) else { return false };
        apply(&ask).all(|rule| rule.name() == "eligible" || !rule.refuses(&ask, &seen))
    }

    /// How the node scores on another rung than the one that it was looked at on.
    pub(super) fn score_on(&self, rung: &'a Rung, node: NodeNo) -> Option<f64> {
        let mut room = Vec::new();
        let seen = self.see(node, &mut room)?;
        Some(score(&self.ask(rung, false), &seen))
    }
}
