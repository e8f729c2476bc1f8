//! Looks at the nodes that a rung asks, and picks from those that no rule refuses.

use super::Dates;
use super::decision::{Demand, DemandLine, Terms};
use super::fleet_index::{FleetIndex, Holders, NodeNo};
use super::geo::{Spot, chord_squared_of};
use super::policy::{Cover, Regions, RoutingPolicy, Rung};
use super::rules::giving::units;
use super::rules::splits::parcels_left;
use super::rules::{About, Ask, Numbered, RULES, Seen, Sieve, Wanted, apply};
use super::scorers::Scale;
use super::shelved::OnShelf;
use super::split::{self, Offer, Sharing};
use crate::core::carriers::Timetable;
use holdfast_shared::ids::{RegionId, StoreId};
use holdfast_shared::time::UtcMs;
use std::cell::OnceCell;
use std::ops::Range;

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
    pub(super) distance_km: f64,
    /// The first rule that said no.
    pub(super) refused: Option<Numbered>,
    /// Lower is better. Of a refused node only where nothing but today speaks against it.
    pub(super) score: Option<f64>,
    /// The place of its terms, if it could take it.
    pub(super) terms: usize,
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
    /// Of each line that is wanted.
    units: Vec<i64>,
}

/// What some nodes have of each line, node by node. It is fetched of all of them before one of them is looked
/// at: shelves lie far apart in memory, and so one wait for it brings many.
#[derive(Debug, Default)]
pub(super) struct Shelves<'a> {
    nodes: Vec<NodeNo>,
    lines: usize,
    found: Vec<Option<OnShelf<'a>>>,
}

/// As many nodes as are fetched at once, so that what was fetched is still near when it is looked at.
const FETCHED_MAX: usize = 256;

/// Of a walk in a small circle, few could take it.
const TERMS_LIKELY: usize = 32;

impl<'a> Shelves<'a> {
    /// Instead of what was there before.
    fn fetch(&mut self, runs: &[Range<NodeNo>], holders: &[Holders<'a>]) {
        self.nodes.clear();
        self.nodes.extend(runs.iter().cloned().flatten());
        self.lines = holders.len();
        self.found.clear();
        self.found.resize(self.nodes.len().saturating_mul(self.lines), None);
        for (line, holders) in holders.iter().enumerate() {
            let mut first = line;
            for run in runs {
                for (node, shelf) in holders.run(run.clone()) {
                    let row = node.saturating_sub(run.start).saturating_mul(self.lines);
                    if let Some(found) = self.found.get_mut(first.saturating_add(row)) {
                        *found = Some(shelf);
                    }
                }
                first = first.saturating_add(run.len().saturating_mul(self.lines));
            }
        }
    }

    fn row(&self, row: usize) -> Option<&[Option<OnShelf<'a>>]> {
        let from = row.saturating_mul(self.lines);
        self.found.get(from..from.saturating_add(self.lines))
    }
}

/// The same nodes in parts that can be fetched at once.
fn in_parts(reach: Vec<Range<NodeNo>>) -> Vec<Vec<Range<NodeNo>>> {
    let (mut parts, mut part, mut room) = (Vec::new(), Vec::new(), FETCHED_MAX);
    for mut run in reach {
        while !run.is_empty() {
            let end = run.end.min(run.start.saturating_add(room));
            room = room.saturating_sub(end.saturating_sub(run.start));
            part.push(run.start..end);
            run.start = end;
            if room == 0 {
                room = FETCHED_MAX;
                parts.push(std::mem::take(&mut part));
            }
        }
    }
    parts.push(part);
    parts
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
    pub(super) fn see<'s>(&'s self, node: NodeNo, shelves: &'s mut Shelves<'a>) -> Option<Seen<'s>> {
        shelves.fetch(std::slice::from_ref(&(node..node.saturating_add(1))), &self.holders);
        self.seen(node, shelves.row(0)?)
    }

    fn seen<'s>(&'s self, node: NodeNo, shelves: &'s [Option<OnShelf<'a>>]) -> Option<Seen<'s>> {
        let (glance, trade) = (self.fleet.glance(node)?, self.fleet.trade(node)?);
        let distance_km = glance.spot.km_to(self.spot);
        let node = self.fleet.node(node)?;
        Some(Seen { glance, trade, node, distance_km, shelves, journey: OnceCell::new() })
    }

    pub(super) fn id(&self, node: NodeNo) -> Option<&'a StoreId> {
        self.fleet.id(node)
    }

    pub(super) fn walk(&self, rung: &'a Rung, suspects_too: bool) -> Walk<'a> {
        let ask = self.ask(rung, suspects_too);
        let (sieve, scale) = (Sieve::of(&ask), Scale::of(rung));
        let reach = self.fleet.reach(self.demand, rung, self.home(rung));
        let room = reach.iter().map(ExactSizeIterator::len).sum();
        let mut walk = Walk {
            rung,
            suspects_too,
            looked: Vec::with_capacity(room),
            terms: Vec::with_capacity(room.min(TERMS_LIKELY)),
            refusals: [0; RULES.len()],
        };
        let edge = self.edge(rung, &sieve);
        let mut shelves = Shelves::default();
        for part in in_parts(reach) {
            shelves.fetch(&part, &self.holders);
            for (row, node) in shelves.nodes.iter().copied().enumerate() {
                if self.is_beyond(node, edge) {
                    continue;
                }
                let Some(seen) = shelves.row(row).and_then(|row| self.seen(node, row)) else { continue };
                walk.look((node, &seen), &ask, &sieve, &scale);
            }
        }
        walk
    }

    /// Where the reach of a rung ends, as a squared chord. What the index gives beyond it need not be looked
    /// at: the rule about the radius would refuse it before any other, and it is counted like the rest of the world.
    pub(super) fn edge(&self, rung: &Rung, sieve: &Sieve) -> Option<f64> {
        rung.radius_km.filter(|_| sieve.begins_with("radius")).map(chord_squared_of)
    }

    pub(super) fn is_beyond(&self, node: NodeNo, edge: Option<f64>) -> bool {
        let (Some(edge), Some(glance)) = (edge, self.fleet.glance(node)) else { return false };
        glance.spot.chord_squared(self.spot) > edge && !glance.kind.reaches_everywhere(self.demand.kind)
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
        let units = self.wanted.iter().map(|wanted| wanted.line.quantity).collect();
        let Looked { node, distance_km, score, .. } = *looked;
        Picked { node, distance_km, score: score.unwrap_or(f64::INFINITY), units }
    }

    /// Fewest nodes, or the least distance, by what the policy says.
    fn share<'l>(&self, walk: &Walk<'a>, could: impl Iterator<Item = &'l Looked>) -> Vec<Picked> {
        let ask = self.ask(walk.rung, walk.suspects_too);
        let mut looked: Vec<&Looked> = could.collect();
        looked.sort_by(|one, other| self.order(one, other));
        let mut room = Shelves::default();
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
        let mut room = Shelves::default();
        let Some(seen) = self.see(node, &mut room) else { return false };
        apply(&ask).all(|rule| rule.name() == "eligible" || !rule.refuses(&ask, &seen))
    }

    /// How the node scores on another rung than the one that it was looked at on.
    pub(super) fn score_on(&self, rung: &'a Rung, node: NodeNo) -> Option<f64> {
        let mut room = Shelves::default();
        let seen = self.see(node, &mut room)?;
        Some(Scale::of(rung).weigh(&self.ask(rung, false), &seen).total())
    }
}

impl Walk<'_> {
    fn look(&mut self, (node, seen): (NodeNo, &Seen<'_>), ask: &Ask<'_>, sieve: &Sieve, scale: &Scale) {
        let distance_km = seen.distance_km;
        let terms = self.terms.len();
        let Some(refused) = sieve.refused(ask, seen) else {
            let weighed = scale.weigh(ask, seen);
            let score = Some(weighed.total());
            self.terms.push(weighed);
            self.looked.push(Looked { node, distance_km, refused: None, score, terms });
            return;
        };
        if let Some(count) = self.refusals.get_mut(refused.number) {
            *count = count.saturating_add(1);
        }
        let may_count = refused.rule.about() == About::Today && self.rung.cover == Cover::Whole;
        let counts = may_count && sieve.only_today(ask, seen);
        let score = counts.then(|| scale.weigh(ask, seen).total());
        self.looked.push(Looked { node, distance_km, refused: Some(refused), score, terms });
    }
}
