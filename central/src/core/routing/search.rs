//! Looks at the nodes that a rung asks, and picks from those that no rule refuses.

use super::Dates;
use super::decision::{Demand, DemandLine, Terms};
use super::fetched::{Fetched, in_parts};
use super::fleet_index::{FleetIndex, Holders, NodeNo};
use super::geo::{Edge, Spot, km_of};
use super::glance::Glance;
use super::policy::{Cover, Regions, RoutingPolicy, Rung};
use super::rules::giving::units;
use super::rules::splits::parcels_left;
use super::rules::{About, Ask, Numbered, RULES, Seen, Sieve, Wanted, apply};
use super::scorers::Scale;
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
    /// Of those that could take it, in the order in which they were looked at.
    pub(super) terms: Vec<Terms>,
    /// How many each rule refused, by its place among the rules.
    pub(super) refusals: [u32; RULES.len()],
}

/// One node that was looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looked {
    pub(super) node: NodeNo,
    /// How far it is; kilometres are asked for of few.
    pub(super) chord_squared: f64,
    /// The first rule that said no.
    pub(super) refused: Option<Numbered>,
    /// Lower is better. Of a refused node only where nothing but today speaks against it.
    pub(super) score: Option<f64>,
    /// The place of its terms, if it could take it.
    pub(super) terms: usize,
}

impl Looked {
    /// One that could take it.
    pub(super) fn taker(seen: &Seen<'_>, score: f64, terms: usize) -> Self {
        let (node, chord_squared) = (seen.number, seen.chord_squared);
        Self { node, chord_squared, refused: None, score: Some(score), terms }
    }

    pub(super) fn distance_km(&self) -> f64 {
        km_of(self.chord_squared)
    }
}

/// Who sends what, by number.
#[derive(Debug, PartialEq)]
pub(super) struct Found<'a> {
    pub(super) rung: &'a Rung,
    pub(super) suspects_too: bool,
    pub(super) parcels: Vec<Picked>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Picked {
    pub(super) node: NodeNo,
    pub(super) distance_km: f64,
    pub(super) score: f64,
    /// Of each line that is wanted.
    units: Vec<i64>,
}

/// Of a walk in a small circle, few could take it.
const TERMS_LIKELY: usize = 32;

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
        let (edge, home) = (rung.radius_km.map(Edge::of), self.home(rung));
        Ask { demand, wanted, rung, edge, policy, suspects_too, now: *now, dates: *dates, home }
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

    /// The node beside this demand; `room` is room to write in.
    pub(super) fn see<'s>(&'s self, node: NodeNo, room: &'s mut Fetched<'a>) -> Option<Seen<'s>> {
        let (glance, shelves) = (self.fleet.glance(node)?, room.of(node, &self.holders));
        let (trade, of) = (self.fleet.trade(node)?, self.fleet.node(node)?);
        Some(Seen::of(node, (glance, trade, of), self.chord_squared(glance), shelves))
    }

    pub(super) fn id(&self, node: NodeNo) -> Option<&'a StoreId> {
        self.fleet.id(node)
    }

    pub(super) fn walk(&self, rung: &'a Rung, suspects_too: bool) -> Walk<'a> {
        let ask = self.ask(rung, suspects_too);
        let (sieve, scale) = (Sieve::of(&ask), Scale::of(rung));
        let reach = self.fleet.reach(self.demand, rung, ask.home);
        let room = reach.iter().map(ExactSizeIterator::len).sum();
        let mut walk = Walk {
            rung,
            suspects_too,
            looked: Vec::with_capacity(room),
            terms: Vec::with_capacity(room.min(TERMS_LIKELY)),
            refusals: [0; RULES.len()],
        };
        let (end, mut fetched) = (Self::end(&ask, &sieve), Fetched::default());
        for part in in_parts(reach) {
            fetched.fetch(&part, &self.holders);
            let seen = self.all_within(end, &fetched);
            for (seen, refused) in seen.iter().zip(sieve.sift(&ask, &seen)) {
                walk.look(seen, refused, (&ask, &sieve, &scale));
            }
        }
        walk
    }

    fn all_within<'s>(&'s self, end: Option<Edge>, fetched: &'s Fetched<'a>) -> Vec<Seen<'s>> {
        let mut all = Vec::with_capacity(fetched.len());
        for (number, shelves) in fetched.rows() {
            let (Some(glance), Some(trade), Some(node)) =
                (self.fleet.glance(number), self.fleet.trade(number), self.fleet.node(number))
            else {
                continue;
            };
            let chord_squared = self.chord_squared(glance);
            if !self.is_beyond(end, glance, chord_squared) {
                all.push(Seen::of(number, (glance, trade, node), chord_squared, shelves));
            }
        }
        all
    }

    pub(super) fn chord_squared(&self, glance: &Glance) -> f64 {
        glance.spot.chord_squared(self.spot)
    }

    /// Beyond this nobody need be looked at, because the rule about the radius would refuse them before any other.
    /// They are counted like the rest of the world.
    pub(super) fn end(ask: &Ask<'_>, sieve: &Sieve) -> Option<Edge> {
        ask.edge.filter(|_| sieve.begins_with("radius"))
    }

    pub(super) fn is_beyond(&self, end: Option<Edge>, glance: &Glance, chord_squared: f64) -> bool {
        end.is_some_and(|end| end.is_beyond(chord_squared))
            && !glance.kind.reaches_everywhere(self.demand.kind)
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

    pub(super) fn whole(&self, looked: &Looked) -> Picked {
        let units = self.wanted.iter().map(|wanted| wanted.line.quantity).collect();
        let (node, distance_km, score) = (looked.node, looked.distance_km(), looked.score);
        Picked { node, distance_km, score: score.unwrap_or(f64::INFINITY), units }
    }

    /// Fewest nodes, or the least distance, by what the policy says.
    fn share<'l>(&self, walk: &Walk<'a>, could: impl Iterator<Item = &'l Looked>) -> Vec<Picked> {
        let ask = self.ask(walk.rung, walk.suspects_too);
        let mut looked: Vec<&Looked> = could.collect();
        looked.sort_by(|one, other| self.order(one, other));
        let mut room = Fetched::default();
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
            Some(Picked { units, ..self.whole(looked) })
        };
        parts.into_iter().filter_map(picked).collect()
    }

    pub(super) fn lines(&self, picked: &Picked) -> Vec<DemandLine> {
        let lines = self.wanted.iter().zip(&picked.units).filter(|(_, units)| **units > 0);
        lines.map(|(wanted, units)| DemandLine { quantity: *units, ..wanted.line.clone() }).collect()
    }

    /// Whether the node would be free to take all of it, were it eligible.
    pub(super) fn only_ineligible(&self, rung: &'a Rung, node: NodeNo) -> bool {
        let ask = self.ask(rung, false);
        let mut room = Fetched::default();
        let Some(seen) = self.see(node, &mut room) else { return false };
        apply(&ask).all(|rule| rule.name() == "eligible" || !rule.refuses(&ask, &seen))
    }

    /// How the node scores on another rung than the one that it was looked at on.
    pub(super) fn score_on(&self, rung: &'a Rung, node: NodeNo) -> Option<f64> {
        let mut room = Fetched::default();
        let seen = self.see(node, &mut room)?;
        Some(Scale::of(rung).weigh(&self.ask(rung, false), &seen).total())
    }
}

impl Walk<'_> {
    fn look(&mut self, seen: &Seen<'_>, refused: Option<Numbered>, by: (&Ask<'_>, &Sieve, &Scale)) {
        let ((ask, sieve, scale), terms) = (by, self.terms.len());
        let Some(no) = refused else {
            let weighed = scale.weigh(ask, seen);
            self.looked.push(Looked::taker(seen, weighed.total(), terms));
            self.terms.push(weighed);
            return;
        };
        if let Some(count) = self.refusals.get_mut(no.number) {
            *count = count.saturating_add(1);
        }
        let may_count = no.rule.about() == About::Today && self.rung.cover == Cover::Whole;
        let counts = may_count && sieve.only_today(ask, seen);
        let score = counts.then(|| scale.weigh(ask, seen).total());
        let (node, chord_squared) = (seen.number, seen.chord_squared);
        self.looked.push(Looked { node, chord_squared, refused, score, terms });
    }
}
