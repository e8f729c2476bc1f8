//! What is counted, and under which names.

use crate::core::routing::decision::{Choice, Decision};
use crate::core::stock::class::Channel;
use crate::core::work_hours::count;
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskState};
use holdfast_shared::ids::{RegionId, StoreId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What answers are split by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Channel,
    Kind,
    Policy,
    Region,
    Node,
}

impl By {
    pub const ALL: [Self; 5] = [Self::Channel, Self::Kind, Self::Policy, Self::Region, Self::Node];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Kind => "kind",
            Self::Policy => "policy",
            Self::Region => "region",
            Self::Node => "node",
        }
    }

    /// Counted beside nodes, and not beside what an order is.
    #[must_use]
    pub const fn is_of_nodes(self) -> bool {
        match self {
            Self::Channel | Self::Kind | Self::Policy => false,
            Self::Region | Self::Node => true,
        }
    }
}

/// Where something counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dims {
    pub channel: Channel,
    pub kind: FulfilmentKind,
    /// By which it was decided; none where no decision stands behind it.
    pub policy: Option<String>,
    pub node: Option<StoreId>,
    pub region: Option<RegionId>,
}

/// Counts under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// None: it has none, like a store without a region.
    pub name: Option<String>,
    pub tally: Tally,
}

/// Each grows only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// Decisions that gave units to nodes.
    pub assigned: i64,
    /// Of them, those that no better node missed only for how it stood then.
    pub best: i64,
    /// Of them, those in more than one parcel.
    pub split: i64,
    pub parcels: i64,
    /// Times that an order became a backorder.
    pub unplaced: i64,
    /// Units that nodes were given.
    pub units: i64,
    /// Of them, those that the best node there was got.
    pub best_units: i64,
    /// Units handed over.
    pub fulfilled_units: i64,
    /// Of them, those that the best node there was handed over, the first that was asked.
    pub fulfilled_best_units: i64,
    /// Parcels whose units another node had had before.
    pub rerouted: i64,
    /// Tasks that left a failing store.
    pub moved: i64,
    pub declined: i64,
    /// Orders that were cancelled.
    pub cancelled: i64,
    /// Units that were given to a node and not found there.
    pub short_units: i64,
    /// Units kept back nearer by while their order went farther away or nowhere.
    pub withheld_units: i64,
    /// Promised dates that came out.
    pub promises: i64,
    pub promises_kept: i64,
    /// Orders that got their first node, and how long that took from when they were placed.
    pub reserved: i64,
    pub reserve_ms: i64,
    /// Tasks that were accepted, and how long that took from the offer.
    pub accepted: i64,
    pub accept_ms: i64,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        let plus = i64::saturating_add;
        Self {
            assigned: plus(self.assigned, other.assigned),
            best: plus(self.best, other.best),
            split: plus(self.split, other.split),
            parcels: plus(self.parcels, other.parcels),
            unplaced: plus(self.unplaced, other.unplaced),
            units: plus(self.units, other.units),
            best_units: plus(self.best_units, other.best_units),
            fulfilled_units: plus(self.fulfilled_units, other.fulfilled_units),
            fulfilled_best_units: plus(self.fulfilled_best_units, other.fulfilled_best_units),
            rerouted: plus(self.rerouted, other.rerouted),
            moved: plus(self.moved, other.moved),
            declined: plus(self.declined, other.declined),
            cancelled: plus(self.cancelled, other.cancelled),
            short_units: plus(self.short_units, other.short_units),
            withheld_units: plus(self.withheld_units, other.withheld_units),
            promises: plus(self.promises, other.promises),
            promises_kept: plus(self.promises_kept, other.promises_kept),
            reserved: plus(self.reserved, other.reserved),
            reserve_ms: plus(self.reserve_ms, other.reserve_ms),
            accepted: plus(self.accepted, other.accepted),
            accept_ms: plus(self.accept_ms, other.accept_ms),
        }
    }

    /// A parcel of this decision was given to its node.
    #[must_use]
    pub fn given(decision: &Decision, node: &StoreId, units: i64, is_rerouted: bool) -> Self {
        let Choice::Assign(plan) = &decision.choice else { return Self::default() };
        let best = decision.missed.is_none();
        // Of a decision its first parcel tells.
        let first = i64::from(plan.parcels.first().is_some_and(|parcel| parcel.store == *node));
        Self {
            assigned: first,
            best: if best { first } else { 0 },
            split: if plan.parcels.len() > 1 { first } else { 0 },
            parcels: 1,
            units,
            best_units: if best { units } else { 0 },
            rerouted: i64::from(is_rerouted),
            ..Self::default()
        }
    }

    /// What a task's new facts add; `best`: its units were the best node's.
    #[must_use]
    pub fn told(before: Option<&TaskState>, after: &TaskState, best: bool, now: UtcMs) -> Option<Self> {
        let handed_over = |task: &TaskState| task.phase == Phase::HandedOver;
        let handed = if handed_over(after) && !before.is_some_and(handed_over) { picked(after) } else { 0 };
        let work = count(before, after, now).unwrap_or_default();
        let told = Self {
            fulfilled_units: handed,
            fulfilled_best_units: if best { handed } else { 0 },
            declined: work.declined.into(),
            short_units: work.short_units,
            accepted: work.accepted.into(),
            accept_ms: work.accept_ms,
            ..Self::default()
        };
        (told != Self::default()).then_some(told)
    }
}

fn picked(task: &TaskState) -> i64 {
    task.lines.iter().map(|line| line.picked).fold(0, i64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::routing::decision::{DemandLine, Missed, Parcel, Plan};
    use crate::core::test_support::task;
    use holdfast_shared::ids::LineNo;

    fn decision(stores: &[&str], missed: bool) -> Decision {
        let parcel = |store: &&str| Parcel {
            store: store.parse().unwrap(),
            lines: vec![DemandLine { line: LineNo(1), sku: "TEA".parse().unwrap(), quantity: 2 }],
            words: String::new(),
            journey: None,
        };
        let plan = Plan { rung: "closest".to_owned(), parcels: stores.iter().map(parcel).collect() };
        let missed = missed.then(|| Missed {
            store: "hull".parse().unwrap(),
            rung: "closest".to_owned(),
            rule: "capacity".to_owned(),
            words: "full".to_owned(),
        });
        Decision {
            decision: "d1".parse().unwrap(),
            order: "o1".parse().unwrap(),
            at: UtcMs(0),
            policy: "v1".to_owned(),
            hash: String::new(),
            demand: Vec::new(),
            rungs: Vec::new(),
            choice: Choice::Assign(plan),
            runner_up: None,
            gather: None,
            missed,
            words: String::new(),
            inputs: None,
        }
    }

    #[test]
    fn a_decision_counts_once_and_each_of_its_parcels_counts_its_units() {
        let (leeds, york) = ("leeds".parse().unwrap(), "york".parse().unwrap());
        let both = decision(&["leeds", "york"], false);
        let first = Tally::given(&both, &leeds, 2, false);
        assert_eq!((first.assigned, first.best, first.split, first.parcels), (1, 1, 1, 1));
        let second = Tally::given(&both, &york, 3, true);
        assert_eq!((second.assigned, second.best, second.split, second.rerouted), (0, 0, 0, 1));
        assert_eq!((second.units, second.best_units), (3, 3));
        let missed = Tally::given(&decision(&["leeds"], true), &leeds, 2, false);
        assert_eq!((missed.assigned, missed.best, missed.units, missed.best_units), (1, 0, 2, 0));
    }

    #[test]
    fn what_a_task_tells_is_told_once() {
        let offered = task("leeds", Phase::Offered);
        let accepted = task("leeds", Phase::Accepted);
        let told = Tally::told(Some(&offered), &accepted, true, UtcMs(5_000)).unwrap();
        assert_eq!((told.accepted, told.accept_ms, told.fulfilled_units), (1, 5_000, 0));
        assert_eq!(Tally::told(Some(&accepted), &accepted, true, UtcMs(9_000)), None);
        let mut left = task("leeds", Phase::HandedOver);
        (left.lines[0].picked, left.lines[0].short) = (1, 1);
        let told = Tally::told(Some(&accepted), &left, true, UtcMs(9_000)).unwrap();
        assert_eq!((told.fulfilled_units, told.fulfilled_best_units, told.short_units), (1, 1, 1));
        let other = Tally::told(Some(&accepted), &left, false, UtcMs(9_000)).unwrap();
        assert_eq!((other.fulfilled_units, other.fulfilled_best_units), (1, 0));
        assert_eq!(Tally::told(Some(&left), &left, true, UtcMs(9_000)), None);
    }
}
