//! How orders move from state to state: how many, how long they stood, and where they turn back.
//!
//! Read from the record of steps, which is written with each change of a state. So the sums may be thrown
//! away and made anew.

use super::span::Span;
use crate::core::order::OrderState;
use crate::core::replay::number::{float, ratio};
use crate::core::stock::report::Day;
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskState};
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What answers are split by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowBy {
    #[default]
    Channel,
    Kind,
    /// What kind of node had the units: `store`, `dc`, `several`, `none`.
    Source,
}

impl FlowBy {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Kind => "kind",
            Self::Source => "source",
        }
    }
}

/// Whose work it is that an order leaves the state in which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Taking it.
    Intake,
    /// Finding a node.
    Decisioning,
    /// Having the node take the work.
    Allocation,
    /// Picking, packing, handing over.
    Handoff,
    /// Nothing more is to be done for its goods.
    Confirmation,
    /// What did not go as it was ordered is put right.
    Settlement,
}

impl Stage {
    #[must_use]
    pub const fn of(state: OrderState) -> Self {
        match state {
            OrderState::Placed | OrderState::Authorized | OrderState::Backordered => Self::Decisioning,
            OrderState::Allocated => Self::Allocation,
            OrderState::Accepted | OrderState::Picking | OrderState::Ready => Self::Handoff,
            OrderState::Shipped | OrderState::Collected | OrderState::Delivered => Self::Confirmation,
            OrderState::Cancelled
            | OrderState::Rejected
            | OrderState::Returned
            | OrderState::Refunded
            | OrderState::Exception => Self::Settlement,
        }
    }
}

/// Nobody can say yet whether such an order will be fulfilled: no node has taken it on, and nobody was told
/// that it waits.
#[must_use]
pub const fn is_ambiguous(state: OrderState) -> bool {
    match state {
        OrderState::Placed | OrderState::Authorized | OrderState::Allocated | OrderState::Exception => true,
        OrderState::Backordered
        | OrderState::Accepted
        | OrderState::Picking
        | OrderState::Ready
        | OrderState::Shipped
        | OrderState::Collected
        | OrderState::Delivered
        | OrderState::Cancelled
        | OrderState::Returned
        | OrderState::Refunded
        | OrderState::Rejected => false,
    }
}

/// Whether the work on the order goes back to before, or stops.
#[must_use]
pub const fn is_set_back(was: OrderState, is: OrderState) -> bool {
    matches!(is, OrderState::Backordered | OrderState::Exception) || far(is) < far(was)
}

const fn far(state: OrderState) -> u8 {
    match state {
        OrderState::Placed | OrderState::Authorized | OrderState::Backordered | OrderState::Exception => 0,
        OrderState::Allocated => 1,
        OrderState::Accepted => 2,
        OrderState::Picking => 3,
        OrderState::Ready => 4,
        OrderState::Shipped | OrderState::Collected => 5,
        OrderState::Delivered => 6,
        OrderState::Cancelled | OrderState::Rejected => 7,
        OrderState::Returned | OrderState::Refunded => 8,
    }
}

/// Who has an order's units, or had them last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nodes<'a> {
    None,
    One(&'a StoreId),
    Several,
}

impl<'a> Nodes<'a> {
    #[must_use]
    pub fn of(tasks: &'a [TaskState]) -> Self {
        let keeps = |task: &&TaskState| match task.phase {
            Phase::Declined | Phase::PutBack => false,
            Phase::HandedOver => true,
            Phase::Offered | Phase::Accepted | Phase::Picking | Phase::Packed => task.recall.is_none(),
        };
        let mut nodes = tasks.iter().filter(keeps).map(|task| &task.store);
        let Some(first) = nodes.next() else { return Self::None };
        if nodes.all(|node| node == first) { Self::One(first) } else { Self::Several }
    }
}

/// One change of one order's state, as it is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub tenant: TenantId,
    pub channel: String,
    pub kind: FulfilmentKind,
    pub source: String,
    /// None: it was just placed.
    pub was: Option<OrderState>,
    pub is: OrderState,
    pub at: UtcMs,
    pub since: Option<UtcMs>,
    pub placed_at: UtcMs,
    pub before: Before,
    /// Its goods had begun to come together at one store.
    pub gathered: bool,
}

/// What an order had done in the steps before one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Before {
    /// It had a node.
    pub reserved: bool,
    /// A node had taken it on.
    pub acknowledged: bool,
    pub fulfilled: bool,
    pub cancelled: bool,
}

impl Step {
    /// How long it stood in the state that it left.
    #[must_use]
    pub fn stood_ms(&self) -> Option<i64> {
        self.since.map(|since| self.at.since(since).max(0))
    }
}

/// Under which of the sums a step counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SumKey {
    pub tenant: TenantId,
    pub day: Day,
    pub channel: String,
    pub kind: &'static str,
    pub source: String,
    pub was: Option<OrderState>,
    pub is: OrderState,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    pub orders: i64,
    pub ms: i64,
}

/// Adds steps up.
#[must_use]
pub fn sums(steps: &[Step]) -> BTreeMap<SumKey, Sum> {
    let mut sums = BTreeMap::new();
    for step in steps {
        let stood = step.stood_ms().unwrap_or_default();
        let key = SumKey {
            tenant: step.tenant.clone(),
            day: Day::of(step.at),
            channel: step.channel.clone(),
            kind: step.kind.as_str(),
            source: step.source.clone(),
            was: step.was,
            is: step.is,
            span: Span::of(stood),
        };
        let sum: &mut Sum = sums.entry(key).or_default();
        sum.orders = sum.orders.saturating_add(1);
        sum.ms = sum.ms.saturating_add(stood);
    }
    sums
}

/// Some sums under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summed {
    pub name: String,
    pub was: Option<OrderState>,
    pub is: OrderState,
    pub span: Span,
    pub sum: Sum,
}

/// Orders that went from one state to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Transition {
    /// Absent: just placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<OrderState>,
    pub to: OrderState,
    /// Whose work ended with it.
    pub stage: Stage,
    pub orders: i64,
    /// Of all that left that state, those that went this way.
    pub share: Option<f64>,
    /// The work went back to before, or stopped.
    pub set_back: bool,
    /// How long they stood before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_ms: Option<f64>,
    /// Half of them less; to an eighth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<i64>,
}

type Way = (Option<OrderState>, OrderState);
/// How many went a way, in what time in all, and how their times are spread.
type Spread = (Sum, BTreeMap<Span, i64>);

/// Every way that orders went, from the earliest state on.
#[must_use]
pub fn transitions<'a>(summed: impl Iterator<Item = &'a Summed> + Clone) -> Vec<Transition> {
    let mut ways: BTreeMap<Way, Spread> = BTreeMap::new();
    let mut left: BTreeMap<Option<OrderState>, i64> = BTreeMap::new();
    for one in summed {
        let (sum, spans) = ways.entry((one.was, one.is)).or_default();
        sum.orders = sum.orders.saturating_add(one.sum.orders);
        sum.ms = sum.ms.saturating_add(one.sum.ms);
        let span = spans.entry(one.span).or_default();
        *span = span.saturating_add(one.sum.orders);
        let all = left.entry(one.was).or_default();
        *all = all.saturating_add(one.sum.orders);
    }
    let told = |((from, to), (sum, spans)): (Way, Spread)| {
        let timed = from.is_some();
        Transition {
            from,
            to,
            stage: from.map_or(Stage::Intake, Stage::of),
            orders: sum.orders,
            share: ratio(float(sum.orders), float(left.get(&from).copied().unwrap_or_default())),
            set_back: from.is_some_and(|from| is_set_back(from, to)),
            mean_ms: ratio(float(sum.ms), float(sum.orders)).filter(|_| timed),
            p50_ms: Span::below(&spans, 50).filter(|_| timed),
            p95_ms: Span::below(&spans, 95).filter(|_| timed),
        }
    };
    ways.into_iter().map(told).collect()
}

/// Orders that stand in one state now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StandingOrders)]
pub struct Standing {
    pub state: OrderState,
    pub stage: Stage,
    pub orders: u64,
    /// Since when the one stands there that has stood longest.
    pub oldest_since: UtcMs,
    /// Of them, those placed longer ago than what was asked for.
    pub late: u64,
}

#[cfg(test)]
mod tests;
