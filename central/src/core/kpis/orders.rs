//! How orders did, by channel or by what kind of node had them: how many were taken on and fulfilled, how long that
//! took, what was lost on the way. Read from the record of steps, so that the sums may be made anew.

use super::flow::{Step, Sum};
use super::rates::Rates;
use super::span::Span;
use super::tally::Tally;
use crate::core::order::OrderState;
use crate::core::replay::number::{float, ratio};
use crate::core::stock::report::Day;
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What answers are split by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrdersBy {
    #[default]
    Channel,
    /// What kind of node had the units: `store`, `distribution_centre`, `several`; `gathering` where they came
    /// together first; `none` where nobody had them.
    Source,
}

impl OrdersBy {
    pub const ALL: [Self; 2] = [Self::Channel, Self::Source];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Source => "source",
        }
    }
}

/// What an order did for the first time; set back it may be often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    Placed,
    /// It has a node.
    Reserved,
    /// The node took it on.
    Acknowledged,
    Fulfilled,
    /// By a customer, or because it could not be paid.
    Cancelled,
    /// It had a node, and lost it.
    SetBack,
}

impl Measure {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Reserved => "reserved",
            Self::Acknowledged => "acknowledged",
            Self::Fulfilled => "fulfilled",
            Self::Cancelled => "cancelled",
            Self::SetBack => "set_back",
        }
    }
}

const GATHERING: &str = "gathering";

/// How far an order had come at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Far {
    Nowhere,
    Reserved,
    Acknowledged,
    Fulfilled,
}

const fn far(state: OrderState) -> Far {
    match state {
        OrderState::Placed
        | OrderState::Authorized
        | OrderState::Backordered
        | OrderState::Exception
        | OrderState::Cancelled
        | OrderState::Rejected => Far::Nowhere,
        OrderState::Allocated => Far::Reserved,
        OrderState::Accepted | OrderState::Picking | OrderState::Ready => Far::Acknowledged,
        OrderState::Shipped
        | OrderState::Delivered
        | OrderState::Collected
        | OrderState::Returned
        | OrderState::Refunded => Far::Fulfilled,
    }
}

/// What a step is counted as, and in what time: from being placed, for a node's answer from being given to it.
#[must_use]
pub fn measured(step: &Step) -> Vec<(Measure, i64)> {
    let Some(was) = step.was else { return vec![(Measure::Placed, 0)] };
    let age = step.at.since(step.placed_at).max(0);
    let (from, to) = (far(was), far(step.is));
    let over = matches!(step.is, OrderState::Cancelled | OrderState::Rejected);
    let counts = [
        (to >= Far::Reserved && !step.before.reserved, Measure::Reserved, age),
        // A store that was away tells of several steps at once.
        (
            to >= Far::Acknowledged && !step.before.acknowledged,
            Measure::Acknowledged,
            step.stood_ms().unwrap_or_default(),
        ),
        (to == Far::Fulfilled && !step.before.fulfilled, Measure::Fulfilled, age),
        (over && !step.before.cancelled, Measure::Cancelled, age),
        (from >= Far::Reserved && to == Far::Nowhere && !over, Measure::SetBack, age),
    ];
    counts.into_iter().filter(|(counts, ..)| *counts).map(|(_, measure, ms)| (measure, ms)).collect()
}

/// Under which source it counts.
#[must_use]
pub fn source_of(step: &Step) -> &str {
    if step.gathered { GATHERING } else { &step.source }
}

/// Under which of the sums it counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MeasureKey {
    pub tenant: TenantId,
    pub day: Day,
    pub channel: String,
    pub source: String,
    pub measure: Measure,
    pub span: Span,
}

#[must_use]
pub fn measures(steps: &[Step]) -> BTreeMap<MeasureKey, Sum> {
    let mut sums: BTreeMap<MeasureKey, Sum> = BTreeMap::new();
    for step in steps {
        for (measure, ms) in measured(step) {
            let key = MeasureKey {
                tenant: step.tenant.clone(),
                day: Day::of(step.at),
                channel: step.channel.clone(),
                source: source_of(step).to_owned(),
                measure,
                span: Span::of(ms),
            };
            let sum = sums.entry(key).or_default();
            sum.orders = sum.orders.saturating_add(1);
            sum.ms = sum.ms.saturating_add(ms);
        }
    }
    sums
}

/// Some sums under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    pub name: String,
    pub measure: Measure,
    pub span: Span,
    pub sum: Sum,
}

/// What people had to do with orders of one name, and what did not agree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Toil {
    pub name: String,
    pub mismatches: i64,
    pub exceptions: i64,
    pub minutes: i64,
}

/// How long orders took.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Wait {
    pub mean_ms: Option<f64>,
    /// Half of them less; to an eighth.
    pub p50_ms: Option<i64>,
    pub p95_ms: Option<i64>,
}

/// Counts of orders in some days, and what follows from them. Of nothing there is no share.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct OrderKpi {
    pub placed: i64,
    /// Got a node for the first time.
    pub reserved: i64,
    /// A node took it on for the first time.
    pub acknowledged: i64,
    pub fulfilled: i64,
    pub cancelled: i64,
    /// Times that an order lost the node that it had.
    pub set_back: i64,
    /// Of orders that got a node, those that a node took on.
    pub acceptance_rate: Option<f64>,
    /// Of decisions that gave an answer, those that found nodes.
    pub routing_success: Option<f64>,
    /// Cancelled, of those placed; by source, of those that got a node there.
    pub cancellation_rate: Option<f64>,
    /// Times that an order lost its node, beside orders that got one.
    pub set_back_rate: Option<f64>,
    /// From placing to a node.
    pub reservation: Wait,
    /// From being given to a node to its answer.
    pub acknowledgement: Wait,
    /// From placing to leaving the store.
    pub fulfilment: Wait,
    pub best_node_share: Option<f64>,
    /// Of units given to nodes, those not found there.
    pub oversell_rate: Option<f64>,
    /// Of parcels, those that left a failing store.
    pub failover_rate: Option<f64>,
    pub promise_accuracy: Option<f64>,
    /// Differences in the books that were confirmed.
    pub mismatches: i64,
    pub mismatch_rate: Option<f64>,
    /// Exceptions that a person ended, and how long people said that it took.
    pub manual_exceptions: i64,
    pub manual_minutes: i64,
    /// Beside orders placed; by source, beside those that got a node there.
    pub manual_rate: Option<f64>,
}

type Spread = (Sum, BTreeMap<Span, i64>);

/// All that is known of one name.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    measures: BTreeMap<Measure, Spread>,
    tally: Tally,
    toil: Toil,
}

impl Gathered {
    fn measure(&mut self, measured: &Measured) {
        let (sum, spans) = self.measures.entry(measured.measure).or_default();
        sum.orders = sum.orders.saturating_add(measured.sum.orders);
        sum.ms = sum.ms.saturating_add(measured.sum.ms);
        let span = spans.entry(measured.span).or_default();
        *span = span.saturating_add(measured.sum.orders);
    }

    fn count(&mut self, tally: &Tally) {
        self.tally = self.tally.plus(tally);
    }

    fn toil(&mut self, toil: &Toil) {
        self.toil.mismatches = self.toil.mismatches.saturating_add(toil.mismatches);
        self.toil.exceptions = self.toil.exceptions.saturating_add(toil.exceptions);
        self.toil.minutes = self.toil.minutes.saturating_add(toil.minutes);
    }

    fn orders(&self, measure: Measure) -> i64 {
        self.measures.get(&measure).map_or(0, |(sum, _)| sum.orders)
    }

    fn wait(&self, measure: Measure) -> Wait {
        let Some((sum, spans)) = self.measures.get(&measure) else { return Wait::default() };
        Wait {
            mean_ms: ratio(float(sum.ms), float(sum.orders)),
            p50_ms: Span::below(spans, 50),
            p95_ms: Span::below(spans, 95),
        }
    }

    #[must_use]
    pub fn kpi(&self) -> OrderKpi {
        let [placed, reserved, acknowledged] =
            [Measure::Placed, Measure::Reserved, Measure::Acknowledged].map(|measure| self.orders(measure));
        let (cancelled, set_back) = (self.orders(Measure::Cancelled), self.orders(Measure::SetBack));
        let share = |part: i64, whole: i64| ratio(float(part), float(whole));
        // When it is placed an order has no node, so a source has none that were placed.
        let all = if placed > 0 { placed } else { reserved };
        let rates = Rates::of(&self.tally);
        OrderKpi {
            placed,
            reserved,
            acknowledged,
            fulfilled: self.orders(Measure::Fulfilled),
            cancelled,
            set_back,
            acceptance_rate: share(acknowledged, reserved),
            routing_success: rates.routing_success,
            cancellation_rate: share(cancelled, all),
            set_back_rate: share(set_back, reserved),
            reservation: self.wait(Measure::Reserved),
            acknowledgement: self.wait(Measure::Acknowledged),
            fulfilment: self.wait(Measure::Fulfilled),
            best_node_share: rates.best_node_share,
            oversell_rate: rates.oversell_share,
            failover_rate: rates.failover_share,
            promise_accuracy: rates.promise_accuracy,
            mismatches: self.toil.mismatches,
            mismatch_rate: share(self.toil.mismatches, all),
            manual_exceptions: self.toil.exceptions,
            manual_minutes: self.toil.minutes,
            manual_rate: share(self.toil.exceptions, all),
        }
    }
}

/// Everything by its name. What is of no channel or source is under an empty one.
#[must_use]
pub fn by_name(
    measured: &[Measured],
    tallies: &[(String, Tally)],
    toil: &[Toil],
) -> BTreeMap<String, Gathered> {
    let mut names: BTreeMap<String, Gathered> = BTreeMap::new();
    for one in measured {
        names.entry(one.name.clone()).or_default().measure(one);
    }
    for (name, tally) in tallies {
        names.entry(name.clone()).or_default().count(tally);
    }
    for one in toil {
        names.entry(one.name.clone()).or_default().toil(one);
    }
    names
}

/// All of them as one.
#[must_use]
pub fn together(measured: &[Measured], tallies: &[(String, Tally)], toil: &[Toil]) -> Gathered {
    let mut all = Gathered::default();
    measured.iter().for_each(|one| all.measure(one));
    tallies.iter().for_each(|(_, tally)| all.count(tally));
    toil.iter().for_each(|one| all.toil(one));
    all
}

/// What waits in one place, and how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WaitingIn {
    /// `routing`, `outbox`, `payments`, `notices`, `labels`, `tracking`, `exceptions`, or `consumer:` and its name.
    pub queue: String,
    pub waiting: i64,
    /// Since when the one waits that has waited longest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_since: Option<UtcMs>,
    /// How often the one was tried that was tried most.
    pub tries_max: i64,
    /// Of them, those that wait for a person.
    pub parked: i64,
}

#[cfg(test)]
mod tests;
