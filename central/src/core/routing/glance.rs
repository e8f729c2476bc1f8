//! What the first rules ask of a node, in few bytes side by side: very many nodes are glanced at, and few
//! are looked at.

use super::decision::Node;
use super::geo::Spot;
use crate::core::carriers::Wall;
use crate::core::eligibility::Standing;
use crate::core::fleet::{Handling, HandlingCost, StoreKind};
use holdfast_shared::domain::task::FulfilmentKind;
use std::collections::BTreeSet;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glance {
    pub spot: Spot,
    pub open_tasks: u32,
    pub capacity_tasks: u32,
    pub kind: StoreKind,
    pub recovering: bool,
    ship: ForKind,
    pickup: ForKind,
    delivery: ForKind,
}

/// How it stands for one kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForKind {
    /// On any day.
    pub fulfils: bool,
    /// Now.
    pub standing: Standing,
    /// Nothing of this speaks against it: it does such work, is eligible, and has room.
    pub clear: bool,
}

impl Glance {
    #[must_use]
    pub fn of(node: &Node) -> Self {
        let has_room = !node.recovering && node.open_tasks < node.store.capacity_tasks;
        let for_kind = |kind| {
            let fulfils = node.store.fulfils.contains(&kind);
            let standing = node.eligibility.standing_for(kind);
            ForKind { fulfils, standing, clear: has_room && fulfils && standing == Standing::Eligible }
        };
        Self {
            spot: Spot::of(node.store.place),
            open_tasks: node.open_tasks,
            capacity_tasks: node.store.capacity_tasks,
            kind: node.store.kind,
            recovering: node.recovering,
            ship: for_kind(FulfilmentKind::Ship),
            pickup: for_kind(FulfilmentKind::Pickup),
            delivery: for_kind(FulfilmentKind::Delivery),
        }
    }

    #[must_use]
    pub const fn for_kind(&self, kind: FulfilmentKind) -> ForKind {
        match kind {
            FulfilmentKind::Ship => self.ship,
            FulfilmentKind::Pickup => self.pickup,
            FulfilmentKind::Delivery => self.delivery,
        }
    }
}

/// What the later rules and the scorers ask of a node that was glanced at. It stands side by side too, for what
/// belongs to one node lies all over the memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trade {
    pub handles: Handlings,
    pub handling_cost: Option<HandlingCost>,
    pub margin_permille: Option<u16>,
    /// When it works, for what a calendar says.
    pub wall: Wall,
}

impl Trade {
    #[must_use]
    pub fn of(node: &Node) -> Self {
        let store = &node.store;
        let (handling_cost, margin_permille) = (store.handling_cost, store.margin_permille);
        Self { handles: Handlings::of(&store.handles), handling_cost, margin_permille, wall: Wall::of(store) }
    }
}

/// What goods ask for, or what is done at a node: a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Handlings(u32);

impl Handlings {
    #[must_use]
    pub fn of(handlings: &BTreeSet<Handling>) -> Self {
        let bit = |(place, handling): (usize, &Handling)| u32::from(handlings.contains(handling)) << place;
        Self(Handling::ALL.iter().enumerate().map(bit).fold(0, |bits, bit| bits | bit))
    }

    /// Whether all that is asked for is done.
    #[must_use]
    pub const fn cover(self, asked: Self) -> bool {
        asked.0 & !self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_covered_by_who_does_all_of_it() {
        let sets: Vec<BTreeSet<Handling>> = (0_usize..16)
            .map(|n| {
                Handling::ALL.iter().enumerate().filter(|(at, _)| n >> at & 1 == 1).map(|(_, h)| *h).collect()
            })
            .collect();
        for (asked, done) in sets.iter().flat_map(|asked| sets.iter().map(move |done| (asked, done))) {
            assert_eq!(
                Handlings::of(done).cover(Handlings::of(asked)),
                asked.is_subset(done),
                "{asked:?} {done:?}"
            );
        }
    }
}
