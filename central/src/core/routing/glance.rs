//! What the first rules ask of a node, in few bytes side by side: very many nodes are glanced at, and few
//! are looked at.

use super::decision::Node;
use super::geo::Spot;
use crate::core::carriers::Wall;
use crate::core::eligibility::Standing;
use crate::core::fleet::StoreKind;
use holdfast_shared::domain::task::FulfilmentKind;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glance {
    pub spot: Spot,
    pub open_tasks: u32,
    pub capacity_tasks: u32,
    pub kind: StoreKind,
    pub recovering: bool,
    /// When it works, for what a calendar says.
    pub wall: Wall,
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
            wall: Wall::of(&node.store),
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
