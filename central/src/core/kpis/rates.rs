//! The shares and means that people ask for. Of nothing there is none.

use super::tally::Tally;
use crate::core::replay::number::{float, ratio};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Rates {
    /// Of units given to nodes, those that the best node there was got.
    pub best_node_share: Option<f64>,
    /// Of units handed over, those that the best node there was handed over, the first that was asked.
    pub fulfilled_best_share: Option<f64>,
    /// Of decisions that gave an answer, those that found nodes; a backorder counts once until it ends.
    pub routing_success: Option<f64>,
    pub split_share: Option<f64>,
    pub parcels_per_decision: Option<f64>,
    /// Of parcels, those whose units another node had had before.
    pub reroute_share: Option<f64>,
    /// Of parcels, those that left a failing store.
    pub failover_share: Option<f64>,
    pub decline_share: Option<f64>,
    /// Cancelled orders, beside decisions that found nodes.
    pub cancelled_share: Option<f64>,
    /// Of units given to nodes, those not found there.
    pub oversell_share: Option<f64>,
    /// Units kept back nearer by, beside each unit given to a node.
    pub undersell_share: Option<f64>,
    /// Of promised dates that came out, those that were kept.
    pub promise_accuracy: Option<f64>,
    /// From placing an order to its first reservation, on average.
    pub reservation_ms: Option<f64>,
    /// From an offer to its acceptance, on average.
    pub acknowledgement_ms: Option<f64>,
}

impl Rates {
    #[must_use]
    pub fn of(tally: &Tally) -> Self {
        let share = |part: i64, whole: i64| ratio(float(part), float(whole));
        Self {
            best_node_share: share(tally.best_units, tally.units),
            fulfilled_best_share: share(tally.fulfilled_best_units, tally.fulfilled_units),
            routing_success: share(tally.assigned, tally.assigned.saturating_add(tally.unplaced)),
            split_share: share(tally.split, tally.assigned),
            parcels_per_decision: share(tally.parcels, tally.assigned),
            reroute_share: share(tally.rerouted, tally.parcels),
            failover_share: share(tally.moved, tally.parcels),
            decline_share: share(tally.declined, tally.parcels),
            cancelled_share: share(tally.cancelled, tally.assigned),
            oversell_share: share(tally.short_units, tally.units),
            undersell_share: share(tally.withheld_units, tally.units),
            promise_accuracy: share(tally.promises_kept, tally.promises),
            reservation_ms: share(tally.reserve_ms, tally.reserved),
            acknowledgement_ms: share(tally.accept_ms, tally.accepted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_from_counts_and_are_none_of_nothing() {
        assert_eq!(Rates::of(&Tally::default()), Rates::default());
        let tally = Tally {
            assigned: 4,
            unplaced: 1,
            units: 8,
            best_units: 6,
            accepted: 2,
            accept_ms: 5_000,
            ..Tally::default()
        };
        let rates = Rates::of(&tally);
        assert_eq!((rates.best_node_share, rates.routing_success), (Some(0.75), Some(0.8)));
        assert_eq!((rates.acknowledgement_ms, rates.split_share), (Some(2_500.0), Some(0.0)));
        assert_eq!(rates.promise_accuracy, None);
    }

    #[test]
    fn each_share_is_of_what_it_says() {
        let tally = Tally {
            assigned: 2,
            best: 3,
            split: 5,
            parcels: 7,
            unplaced: 11,
            units: 13,
            best_units: 17,
            fulfilled_units: 19,
            fulfilled_best_units: 23,
            rerouted: 29,
            moved: 31,
            declined: 37,
            cancelled: 41,
            short_units: 43,
            withheld_units: 47,
            promises: 53,
            promises_kept: 59,
            reserved: 61,
            reserve_ms: 67,
            accepted: 71,
            accept_ms: 73,
        };
        let rates = Rates::of(&tally);
        for (told, part, whole) in [
            (rates.best_node_share, 17.0, 13.0),
            (rates.fulfilled_best_share, 23.0, 19.0),
            (rates.routing_success, 2.0, 13.0),
            (rates.split_share, 5.0, 2.0),
            (rates.parcels_per_decision, 7.0, 2.0),
            (rates.reroute_share, 29.0, 7.0),
            (rates.failover_share, 31.0, 7.0),
            (rates.decline_share, 37.0, 7.0),
            (rates.cancelled_share, 41.0, 2.0),
            (rates.oversell_share, 43.0, 13.0),
            (rates.undersell_share, 47.0, 13.0),
            (rates.promise_accuracy, 59.0, 53.0),
            (rates.reservation_ms, 67.0, 61.0),
            (rates.acknowledgement_ms, 73.0, 71.0),
        ] {
            let told: f64 = told.unwrap();
            assert!((told - part / whole).abs() < 1e-4, "{told} for {part} of {whole}");
        }
    }
}
