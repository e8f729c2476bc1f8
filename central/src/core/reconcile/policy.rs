//! How long a thing may stand still, and how long a difference must last, before it counts.

use crate::core::order::OrderState;
use crate::core::policy::Fault;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::limits::RECONCILE_MS_MAX;
use serde::{Deserialize, Serialize};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReconcilePolicy {
    /// A difference that is still there after so long is one.
    pub settle_ms: i64,
    /// An offer or a command that is not answered for so long after its time is told.
    pub answer_ms: i64,
    /// Orders that rest on a store's word older than this are told.
    pub stale_ms: i64,
    /// After the promised date, an order that is not final stands still.
    pub promise_grace_ms: i64,
    /// How long a person has for what is proposed, where no promise says it.
    pub decide_ms: i64,
    /// Goods that are back for so long, and whose money is not, are told.
    pub refund_ms: i64,
    pub stuck: StuckAfter,
}

/// In each state, with nothing that it waits for on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StuckAfter {
    pub placed_ms: i64,
    pub backordered_ms: i64,
    pub allocated_ms: i64,
    pub accepted_ms: i64,
    pub picking_ms: i64,
    pub ready_ms: i64,
    /// Waiting for the customer to fetch it.
    pub ready_for_pickup_ms: i64,
    pub exception_ms: i64,
}

impl Default for StuckAfter {
    fn default() -> Self {
        Self {
            placed_ms: 15 * MINUTE_MS,
            backordered_ms: 3 * DAY_MS,
            allocated_ms: 45 * MINUTE_MS,
            accepted_ms: 4 * HOUR_MS,
            picking_ms: 4 * HOUR_MS,
            ready_ms: DAY_MS,
            ready_for_pickup_ms: 7 * DAY_MS,
            exception_ms: 10 * MINUTE_MS,
        }
    }
}

impl Default for ReconcilePolicy {
    fn default() -> Self {
        Self {
            settle_ms: MINUTE_MS,
            answer_ms: 30 * MINUTE_MS,
            stale_ms: DAY_MS,
            promise_grace_ms: HOUR_MS,
            decide_ms: 4 * HOUR_MS,
            refund_ms: 2 * DAY_MS,
            stuck: StuckAfter::default(),
        }
    }
}

impl ReconcilePolicy {
    /// How long an order may be in this state; none where it may stay.
    #[must_use]
    pub const fn stuck_after_ms(&self, state: OrderState, kind: FulfilmentKind) -> Option<i64> {
        let stuck = &self.stuck;
        match (state, kind) {
            (OrderState::Placed | OrderState::Authorized, _) => Some(stuck.placed_ms),
            (OrderState::Backordered, _) => Some(stuck.backordered_ms),
            (OrderState::Allocated, _) => Some(stuck.allocated_ms),
            (OrderState::Accepted, _) => Some(stuck.accepted_ms),
            (OrderState::Picking, _) => Some(stuck.picking_ms),
            (OrderState::Ready, FulfilmentKind::Pickup) => Some(stuck.ready_for_pickup_ms),
            (OrderState::Ready, FulfilmentKind::Ship | FulfilmentKind::Delivery) => Some(stuck.ready_ms),
            (OrderState::Exception, _) => Some(stuck.exception_ms),
            (
                OrderState::Shipped
                | OrderState::Collected
                | OrderState::Returned
                | OrderState::Refunded
                | OrderState::Delivered
                | OrderState::Cancelled
                | OrderState::Rejected,
                _,
            ) => None,
        }
    }

    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let stuck = &self.stuck;
        [
            ("settle_ms", self.settle_ms),
            ("answer_ms", self.answer_ms),
            ("stale_ms", self.stale_ms),
            ("promise_grace_ms", self.promise_grace_ms),
            ("decide_ms", self.decide_ms),
            ("refund_ms", self.refund_ms),
            ("stuck.placed_ms", stuck.placed_ms),
            ("stuck.backordered_ms", stuck.backordered_ms),
            ("stuck.allocated_ms", stuck.allocated_ms),
            ("stuck.accepted_ms", stuck.accepted_ms),
            ("stuck.picking_ms", stuck.picking_ms),
            ("stuck.ready_ms", stuck.ready_ms),
            ("stuck.ready_for_pickup_ms", stuck.ready_for_pickup_ms),
            ("stuck.exception_ms", stuck.exception_ms),
        ]
        .into_iter()
        .filter(|(_, value)| !(1..=RECONCILE_MS_MAX).contains(value))
        .map(|(at, value)| {
            Fault::new(at, format!("is {value}: expected 1 to {RECONCILE_MS_MAX} milliseconds"))
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_named_and_what_is_built_in_can() {
        assert!(ReconcilePolicy::default().faults().is_empty());
        let stuck = StuckAfter { accepted_ms: 0, ..StuckAfter::default() };
        let told = ReconcilePolicy { settle_ms: -1, stuck, ..ReconcilePolicy::default() }.faults();
        let at: Vec<&str> = told.iter().map(|fault| fault.at.as_str()).collect();
        assert_eq!(at, ["settle_ms", "stuck.accepted_ms"]);
    }
}
