//! What is on record of an order, as its trace is made of it.

use crate::core::order::{OrderEvent, OrderState};
use crate::core::parcel::fact::ParcelFact;
use crate::core::saga::fact::SagaFact;
use holdfast_shared::domain::fact::Fact;
use holdfast_shared::ids::{
    Actor, CarrierAccount, DecisionId, ExceptionId, OrderId, PaymentProvider, StoreId, TaskId, TenantId,
    TraceId,
};
use holdfast_shared::time::UtcMs;
use holdfast_shared::trace::{SpanId, Upstream};

/// A request of the outside that was heeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `place`, `cancel`, `change`, ...
    pub act: String,
    pub at: UtcMs,
    pub actor: Actor,
    pub trace: TraceId,
    pub span: SpanId,
    pub upstream: Option<Upstream>,
}

pub const PLACE: &str = "place";

/// The sequence, within the order, of the newest entry of its timeline when something was written.
pub type Cause = Option<u64>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub decision: DecisionId,
    pub at: UtcMs,
    pub words: String,
    pub cause: Cause,
}

/// An event for the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub id: String,
    pub kind: String,
    pub at: UtcMs,
    /// None: it waits.
    pub published_at: Option<UtcMs>,
    pub cause: Cause,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    pub exception: ExceptionId,
    pub category: String,
    pub store: Option<StoreId>,
    pub task: Option<TaskId>,
    pub raised_at: UtcMs,
    pub resolved_at: Option<UtcMs>,
    pub cause: Cause,
}

/// Goods that a store took back, as it said so.
#[derive(Debug, Clone, PartialEq)]
pub struct BroughtBack {
    pub fact: Fact,
    pub store: StoreId,
    /// When central heard of it: the time of its entry in the timeline.
    pub heard_at: UtcMs,
    /// The number of the return that the units belong to.
    pub number: u32,
}

/// What a carrier was asked for one task, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    pub task: TaskId,
    pub carrier: CarrierAccount,
    pub facts: Vec<ParcelFact>,
}

/// All that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct OnRecord {
    pub tenant: TenantId,
    pub order: OrderId,
    pub state: OrderState,
    pub trace: TraceId,
    pub channel: String,
    pub placed_at: UtcMs,
    /// About the order, oldest first.
    pub calls: Vec<Call>,
    /// About the promise that it took over.
    pub promised: Vec<Call>,
    pub timeline: Vec<OrderEvent>,
    /// Of all its tasks, as far as they are kept.
    pub facts: Vec<Fact>,
    /// In the order in which they were heard.
    pub returned: Vec<BroughtBack>,
    pub decisions: Vec<Decided>,
    pub events: Vec<Published>,
    pub provider: Option<PaymentProvider>,
    pub money: Vec<(SagaFact, Cause)>,
    pub labels: Vec<Labelled>,
    pub exceptions: Vec<Raised>,
}
