//! The best of a rung where nobody asks for the others: for the plan B. Whoever cannot be better than the best
//! so far, whatever lies on its shelves, is not looked at.

use super::fetched::Fetched;
use super::fleet_index::NodeNo;
use super::policy::{Cover, Rung};
use super::rules::Sieve;
use super::scorers::{Near, Scale};
use super::search::{Found, Looked, Search};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A node that nobody has looked at, and the least that it can score. Of two in a heap the lesser is the greater.
#[derive(Debug, Clone, Copy)]
struct Hope {
    least: f64,
    node: NodeNo,
}

impl Ord for Hope {
    fn cmp(&self, other: &Self) -> Ordering {
        other.least.total_cmp(&self.least).then(other.node.cmp(&self.node))
    }
}

impl PartialOrd for Hope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Hope {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Hope {}

impl<'a> Search<'a> {
    /// What [`Search::pick`] would pick of the whole rung.
    pub(super) fn best_of(&self, rung: &'a Rung, suspects_too: bool, without: NodeNo) -> Option<Found<'a>> {
        match rung.cover {
            Cover::Part => self.pick(&self.walk(rung, suspects_too), Some(without)),
            Cover::Whole => {
                let best = self.best_whole(rung, suspects_too, without)?;
                Some(Found { rung, suspects_too, parcels: vec![self.whole(&best)] })
            }
        }
    }

    fn best_whole(&self, rung: &'a Rung, suspects_too: bool, without: NodeNo) -> Option<Looked> {
        let ask = self.ask(rung, suspects_too);
        let (sieve, scale) = (Sieve::of(&ask), Scale::of(rung));
        let end = Self::end(&ask, &sieve);
        let hope = |node: NodeNo| {
            let (glance, trade) = (self.fleet.glance(node)?, self.fleet.trade(node)?);
            let chord_squared = self.chord_squared(glance);
            let near = Near { glance, trade, chord_squared };
            let may = node != without && !self.is_beyond(end, glance, chord_squared);
            may.then(|| Hope { least: scale.least(&ask, &near), node })
        };
        let reach = self.fleet.reach(self.demand, rung, ask.home);
        let mut hopes: BinaryHeap<Hope> = reach.into_iter().flatten().filter_map(hope).collect();
        let (mut best, mut room): (Option<Looked>, _) = (None, Fetched::default());
        while let Some(Hope { least, node }) = hopes.pop() {
            if best.is_some_and(|best| best.score.is_some_and(|score| least > score)) {
                break;
            }
            let Some(seen) = self.see(node, &mut room) else { continue };
            if sieve.refused(&ask, &seen).is_none() {
                let looked = Looked::taker(&seen, scale.weigh(&ask, &seen).total(), 0);
                best = Some(best.filter(|best| self.order(best, &looked).is_lt()).unwrap_or(looked));
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::carriers::{CarrierPolicy, Timetable};
    use crate::core::routing::any_scene::any_scene;
    use crate::core::routing::fleet_index::FleetIndex;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn it_is_the_best_of_all_that_are_asked(
            scene in any_scene(), weights in prop::array::uniform9(prop_oneof![Just(0.0), 0.0..60.0_f64]),
            without in 0_usize..8, suspects_too: bool, dated: bool
        ) {
            let mut policy = scene.policy.clone();
            policy.currency = Some("EUR".parse().unwrap());
            for rung in policy.rungs_mut() {
                let weights = (&mut rung.weights, weights);
                let (of, [distance, load, depth, cost, margin, markdown, confidence, transit, shipping]) = weights;
                (of.distance, of.load, of.depth, of.cost, of.margin) = (distance, load, depth, cost, margin);
                (of.markdown, of.confidence, of.transit, of.shipping) = (markdown, confidence, transit, shipping);
            }
            let fleet = FleetIndex::of(scene.nodes.clone());
            let carriers = CarrierPolicy::default();
            let timetable = dated.then(|| Timetable::of(&carriers));
            let search = Search::of(&scene.demand, &fleet, &policy, timetable.as_ref(), scene.now);
            for rung in policy.ladder_for(scene.demand.kind) {
                let of_all = search.pick(&search.walk(rung, suspects_too), Some(without));
                prop_assert_eq!(search.best_of(rung, suspects_too, without), of_all, "{}", &rung.name);
            }
        }

        #[test]
        fn nobody_scores_less_than_was_said_beforehand(scene in any_scene()) {
            let fleet = FleetIndex::of(scene.nodes.clone());
            let search = Search::of(&scene.demand, &fleet, &scene.policy, None, scene.now);
            for rung in scene.policy.ladder.iter().filter(|rung| rung.cover == Cover::Whole) {
                let (walk, ask) = (search.walk(rung, true), search.ask(rung, true));
                for looked in walk.looked.iter().filter(|looked| looked.refused.is_none()) {
                    let (glance, trade) = (fleet.glance(looked.node).unwrap(), fleet.trade(looked.node).unwrap());
                    let near = Near { glance, trade, chord_squared: looked.chord_squared };
                    let (least, score) = (Scale::of(rung).least(&ask, &near), looked.score.unwrap());
                    prop_assert!(least <= score, "{least} and {score}");
                }
            }
        }
    }
}
