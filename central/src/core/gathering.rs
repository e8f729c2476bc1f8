//! An order that comes together at one store: how far it is, and when it is over.

use holdfast_shared::domain::task::{Phase, TaskState};
use holdfast_shared::ids::{OrderId, Sku, StoreId, TaskId};
use holdfast_shared::limits::GATHER_WITHIN_MS_MAX;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How the gathering of an order ended. Its order is routed then, with what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GatheringEnd {
    /// All of it came.
    Complete,
    /// Its time was up.
    Late,
    /// Nobody sends the rest.
    Short,
    /// The store is dark or closed, and others may serve the customer.
    StoreLost,
    /// The order was cancelled.
    Cancelled,
}

impl GatheringEnd {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Late => "late",
            Self::Short => "short",
            Self::StoreLost => "store_lost",
            Self::Cancelled => "cancelled",
        }
    }

    /// For an order's timeline.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Complete => "all of it has come",
            Self::Late => "its time is up, and what has not come is not waited for",
            Self::Short => "nobody sends the rest",
            Self::StoreLost => "the store is dark or closed",
            Self::Cancelled => "the order was cancelled",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GatheredUnits {
    pub sku: Sku,
    /// Units that others send.
    pub wanted: i64,
    /// Units that were recorded in at the store.
    pub arrived: i64,
}

/// What is known of it, for customer service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gathering {
    pub order: OrderId,
    /// The order by which the goods travel.
    pub child: OrderId,
    /// Where it comes together.
    pub store: StoreId,
    pub began_at: UtcMs,
    /// When all of it should be there, as it was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrives_by: Option<UtcMs>,
    /// What has not come by then is not waited for.
    pub due_at: UtcMs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<UtcMs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<GatheringEnd>,
    pub units: Vec<GatheredUnits>,
}

/// A parcel that another store sends for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GatheredParcel {
    pub from: StoreId,
    pub task: TaskId,
    /// What of it has not been recorded in.
    pub lines: Vec<GatheredLine>,
    /// When it left there, by that store's clock; absent while it is made ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<UtcMs>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GatheredLine {
    pub sku: Sku,
    pub units: i64,
}

/// A gathering, and what of it is still to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GatheringNow {
    #[serde(flatten)]
    pub gathering: Gathering,
    pub parcels: Vec<GatheredParcel>,
}

/// What is still to come. Units of a SKU are alike: those that were recorded in are taken off what left
/// first.
#[must_use]
pub fn parcels(units: &[GatheredUnits], tasks: &[TaskState]) -> Vec<GatheredParcel> {
    let mut arrived: BTreeMap<&Sku, i64> = units.iter().map(|unit| (&unit.sku, unit.arrived)).collect();
    let mut sent: Vec<(Option<UtcMs>, &TaskState)> = tasks.iter().filter_map(on_its_way).collect();
    sent.sort_by_key(|(left_at, task)| (left_at.is_none(), *left_at, task.task.clone()));
    let mut parcels = Vec::new();
    for (left_at, task) in sent {
        let mut lines = Vec::new();
        for line in &task.lines {
            let sends = line.quantity.saturating_sub(line.short);
            let came = arrived.get_mut(&line.sku).filter(|_| left_at.is_some());
            let here = came.as_ref().map_or(0, |came| sends.min(**came));
            if let Some(came) = came {
                *came = came.saturating_sub(here);
            }
            let units = sends.saturating_sub(here);
            if units > 0 {
                lines.push(GatheredLine { sku: line.sku.clone(), units });
            }
        }
        if !lines.is_empty() {
            parcels.push(GatheredParcel {
                from: task.store.clone(),
                task: task.task.clone(),
                lines,
                left_at,
            });
        }
    }
    parcels
}

fn on_its_way(task: &TaskState) -> Option<(Option<UtcMs>, &TaskState)> {
    match task.phase {
        Phase::HandedOver => Some((Some(task.changed_at.wall), task)),
        Phase::Offered | Phase::Accepted | Phase::Picking | Phase::Packed => {
            task.recall.is_none().then_some((None, task))
        }
        Phase::Declined | Phase::PutBack => None,
    }
}

/// Where the units are that others send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OnTheWay {
    pub wanted: i64,
    pub arrived: i64,
    /// Handed over for the store, arrived or not.
    pub left: i64,
    /// Wait for a node that has them, and are looked for.
    pub open: i64,
    /// A store works on some of them.
    pub in_work: bool,
}

impl OnTheWay {
    /// Handed over, and not there.
    #[must_use]
    pub fn missing(&self) -> i64 {
        self.left.saturating_sub(self.arrived).max(0)
    }

    /// Whether it is over, and by what. A due time that no gathering is given was given by a clock that was
    /// put back since.
    #[must_use]
    pub fn over(&self, due_at: UtcMs, now: UtcMs) -> Option<GatheringEnd> {
        let idle = self.open <= 0 && !self.in_work && self.missing() == 0;
        if self.arrived >= self.wanted {
            Some(GatheringEnd::Complete)
        } else if due_at <= now || due_at > now.plus(GATHER_WITHIN_MS_MAX) {
            Some(GatheringEnd::Late)
        } else {
            idle.then_some(GatheringEnd::Short)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::task;

    const DUE: UtcMs = UtcMs(1_000);
    const NOW: UtcMs = UtcMs(10);

    #[test]
    fn it_is_over_when_nothing_more_comes_or_its_time_is_up() {
        let way = OnTheWay { wanted: 3, arrived: 1, left: 1, open: 0, in_work: false };
        assert_eq!(way.over(DUE, NOW), Some(GatheringEnd::Short));
        for still in [
            OnTheWay { open: 1, ..way },
            OnTheWay { in_work: true, ..way },
            // Handed over, and on its way.
            OnTheWay { left: 2, ..way },
        ] {
            assert_eq!(still.over(DUE, NOW), None, "{still:?}");
            assert_eq!(still.over(DUE, DUE), Some(GatheringEnd::Late), "{still:?}");
        }
        assert_eq!(OnTheWay { arrived: 3, ..way }.over(DUE, DUE), Some(GatheringEnd::Complete));
    }

    #[test]
    fn what_is_still_to_come_is_told_by_parcel_the_one_that_left_first_first() {
        let of = |store: &str, phase, ms: i64| {
            let mut task = task(store, phase);
            task.task = format!("o1-g-{store}").parse().unwrap();
            task.changed_at.wall = UtcMs(ms);
            task
        };
        let sku = of("york", Phase::Packed, 0).lines[0].sku.clone();
        let each = of("york", Phase::Packed, 0).lines[0].quantity;
        let tasks = [
            of("york", Phase::Packed, 3),
            of("hull", Phase::HandedOver, 9),
            of("leeds", Phase::HandedOver, 7),
            of("bath", Phase::Declined, 1),
        ];
        let came = |arrived| {
            let units = [GatheredUnits { sku: sku.clone(), wanted: 3 * each, arrived }];
            let told = parcels(&units, &tasks);
            told.into_iter()
                .map(|parcel| (parcel.from.to_string(), parcel.lines[0].units, parcel.left_at.map(|at| at.0)))
                .collect::<Vec<_>>()
        };
        let (leeds, hull) = (("leeds".to_owned(), each, Some(7)), ("hull".to_owned(), each, Some(9)));
        let york = ("york".to_owned(), each, None);
        assert_eq!(came(0), [leeds, hull.clone(), york.clone()]);
        assert_eq!(came(each), [hull, york.clone()]);
        assert_eq!(came(3 * each), [york], "what has not left there cannot have come");
    }

    #[test]
    fn a_due_time_from_a_clock_that_was_put_back_since_is_over() {
        let way = OnTheWay { wanted: 1, in_work: true, ..OnTheWay::default() };
        assert_eq!(way.over(NOW.plus(GATHER_WITHIN_MS_MAX), NOW), None);
        assert_eq!(way.over(NOW.plus(GATHER_WITHIN_MS_MAX + 1), NOW), Some(GatheringEnd::Late));
    }
}
