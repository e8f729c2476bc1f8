//! The record in memory, read page by page.

use super::*;
use crate::core::replay::record::{Past, Pick};
use crate::core::routing::decision::{Choice, Decision, Plan, Recorded};
use crate::core::routing::fleet_index::FleetIndex;
use crate::core::steering::Sections;
use crate::core::test_support::{store, tenant};
use crate::flows::test_support::demand;
use crate::ports::StoreError;
use async_trait::async_trait;
use std::sync::Mutex;

/// Decisions by their number, each of an order of its own.
struct Records {
    pasts: Vec<Past>,
    asked: Mutex<Vec<usize>>,
}

impl Records {
    /// Of so many orders; the later in number, the earlier in time.
    fn of(orders: usize) -> Self {
        let past = |number: usize| {
            let demand = demand(&format!("o{number:05}"), &[("TEA", 1)]);
            let at = UtcMs(1_000_000 - i64::try_from(number).unwrap());
            let plan = Plan::single("closest", store("leeds").store, demand.lines.clone());
            let decision = Decision {
                decision: format!("d{number}").parse().unwrap(),
                order: demand.order.clone(),
                at,
                policy: "v0".to_owned(),
                hash: String::new(),
                demand: demand.lines.clone(),
                rungs: Vec::new(),
                choice: Choice::Assign(plan),
                runner_up: None,
                gather: None,
                missed: None,
                words: String::new(),
                inputs: None,
            };
            let inputs = Some(Recorded::of(&demand, &FleetIndex::default(), &decision));
            Past { decision, inputs }
        };
        Self { pasts: (0..orders).map(past).collect(), asked: Mutex::default() }
    }

    fn orders(&self) -> Vec<OrderId> {
        self.pasts.iter().map(|past| past.decision.order.clone()).collect()
    }
}

#[async_trait]
impl Replays for Records {
    async fn orders_placed(
        &self,
        _: &TenantId,
        _: UtcMs,
        _: UtcMs,
        limit: u32,
    ) -> Result<Vec<OrderId>, StoreError> {
        Ok(self.orders().into_iter().take(usize::try_from(limit).unwrap()).collect())
    }

    async fn known_orders(&self, _: &TenantId, orders: &[OrderId]) -> Result<Vec<OrderId>, StoreError> {
        let known = self.orders();
        Ok(orders.iter().filter(|order| known.contains(order)).cloned().collect())
    }

    async fn decision_times(&self, _: &TenantId, orders: &[OrderId]) -> Result<Vec<DecisionAt>, StoreError> {
        let of = |(number, past): (usize, &Past)| {
            let Decision { order, at, .. } = &past.decision;
            let sequence = i64::try_from(number).unwrap();
            orders.contains(order).then(|| DecisionAt { at: *at, sequence, order: order.clone() })
        };
        Ok(self.pasts.iter().enumerate().filter_map(of).collect())
    }

    async fn past_decisions(&self, _: &TenantId, sequences: &[i64]) -> Result<Vec<Past>, StoreError> {
        self.asked.lock().unwrap().push(sequences.len());
        Ok(sequences.iter().map(|number| self.pasts[usize::try_from(*number).unwrap()].clone()).collect())
    }

    async fn picks(&self, _: &TenantId, _: &[OrderId]) -> Result<Vec<Pick>, StoreError> {
        Ok(Vec::new())
    }
}

fn wish(which: Which) -> Wish {
    let steering = Arc::new(Steering::built_in(&Sections::default()).unwrap());
    Wish {
        tenant: tenant(),
        which,
        candidate: Arc::clone(&steering),
        reference: steering,
        told_max: 5,
        is_version: true,
    }
}

const EVER: Which = Which::Placed(UtcMs(0), UtcMs(i64::MAX));

#[tokio::test]
async fn the_record_is_read_in_pages_and_says_how_far_it_has_come() {
    let records = Records::of(70);
    let seen = Mutex::new(Vec::new());
    let progress = |played, of| {
        seen.lock().unwrap().push((played, of));
        true
    };
    let replayed = replay(&records, &wish(EVER), &progress).await.unwrap().unwrap();
    assert_eq!((replayed.report.record.decisions, replayed.more), (70, false));
    assert_eq!(*records.asked.lock().unwrap(), [16, 16, 16, 16, 6]);
    assert_eq!(
        seen.into_inner().unwrap(),
        [(0, 0), (0, 70), (16, 70), (32, 70), (48, 70), (64, 70), (70, 70)]
    );
}

#[tokio::test]
async fn one_that_is_told_to_stop_reads_no_further() {
    let records = Records::of(70);
    let replayed = replay(&records, &wish(EVER), &|played, _| played < 16).await.unwrap();
    assert_eq!(replayed, None);
    assert_eq!(*records.asked.lock().unwrap(), [16]);
}

#[tokio::test]
async fn more_orders_than_one_replay_goes_through_are_told() {
    let records = Records::of(3);
    let most = usize::try_from(REPLAY_ORDERS_MAX).unwrap();
    let chosen = chosen(&Records::of(most + 1), &wish(EVER)).await.unwrap();
    assert_eq!((chosen.orders.len(), chosen.more), (most, true));
    let named = vec!["o00002".parse().unwrap(), "o9".parse().unwrap(), "o00002".parse().unwrap()];
    let replayed = replay(&records, &wish(Which::Named(named)), &|_, _| true).await.unwrap().unwrap();
    assert_eq!((replayed.report.record.orders, replayed.more), (1, false), "named twice, replayed once");
    assert_eq!(replayed.unknown, ["o9".parse().unwrap()]);
    let refused = replay(&records, &wish(Which::Named(Vec::new())), &|_, _| true).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidRequest);
}
