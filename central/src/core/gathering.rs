//! An order that comes together at one store: how far it is, and when it is over.

use holdfast_shared::ids::{OrderId, Sku, StoreId};
use holdfast_shared::limits::GATHER_WITHIN_MS_MAX;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
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
    fn a_due_time_from_a_clock_that_was_put_back_since_is_over() {
        let way = OnTheWay { wanted: 1, in_work: true, ..OnTheWay::default() };
        assert_eq!(way.over(NOW.plus(GATHER_WITHIN_MS_MAX), NOW), None);
        assert_eq!(way.over(NOW.plus(GATHER_WITHIN_MS_MAX + 1), NOW), Some(GatheringEnd::Late));
    }
}
