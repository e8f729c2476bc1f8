//! One trace for an order, made of what is on record: from the storefront's request to the hand-over and back.
//!
//! It needs no collector and no exporter. Each step's span follows from the id of its record, so what is printed here
//! and what a collector was sent are the same spans. Every step hangs on another one or is the root: an order has one
//! tree, without orphans, also where half of what it was made of is no longer kept.
//!
//! Absent: who reads it (`http`, the command line), and who sends it on (the runtime).

mod build;
mod labels;
pub mod record;
mod returned;
#[cfg(test)]
mod tests;

pub use build::trace;

use holdfast_shared::ids::{Actor, OrderId, StoreId, TaskId, TraceId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::trace::{SpanId, TraceParent};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TracePlace)]
pub enum Place {
    /// By whoever called: its spans are its own to tell.
    Outside,
    Central,
    Store,
    /// At a payment provider.
    Provider,
    /// At a carrier.
    Carrier,
}

impl Place {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outside => "outside",
            Self::Central => "central",
            Self::Store => "store",
            Self::Provider => "provider",
            Self::Carrier => "carrier",
        }
    }
}

/// What kind of record a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The caller's own span, known by its id alone.
    Caller,
    /// A request that was heeded.
    Request,
    /// The order was taken in.
    Intake,
    Decision,
    /// A fact about a task.
    Fact,
    /// An entry of the timeline that is no fact.
    Entry,
    /// An event for the outside; the webhooks that carry it name its span as their parent.
    Event,
    Payment,
    /// A question to a carrier, or a look-up of what came of it.
    Label,
    Exception,
}

/// Another trace that a step belongs to as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    pub trace_id: TraceId,
    pub span: SpanId,
}

/// One step of an order's trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TraceStep)]
pub struct Step {
    pub span: SpanId,
    /// Absent for the root alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<SpanId>,
    /// How many steps it hangs below the root.
    pub depth: u32,
    pub what: What,
    /// `placed`, `decision`, `offered`, `picked`, `capture`, `OrderShipped`, ...
    pub name: String,
    pub place: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// When what it followed was done; of a question, when it was asked.
    pub began_at: UtcMs,
    /// Absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<UtcMs>,
    pub words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// The store's clock was off; the times are what central makes of them.
    #[serde(default)]
    pub clock_off: bool,
}

impl Step {
    #[must_use]
    pub fn took_ms(&self) -> i64 {
        self.ended_at.map_or(0, |ended_at| ended_at.since(self.began_at)).max(0)
    }
}

/// The whole, in the order of a tree that is read from the top: each step before those that hang on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    pub order: OrderId,
    pub trace: TraceId,
    pub intake: SpanId,
    pub steps: Vec<Step>,
    /// There are more steps than are shown.
    pub truncated: bool,
}

impl Trace {
    /// What hands the trace on from where the order was taken in.
    #[must_use]
    pub fn parent(&self) -> TraceParent {
        TraceParent { trace: self.trace.clone(), span: self.intake, sampled: true }
    }

    /// When something was last done.
    #[must_use]
    pub fn last_at(&self) -> Option<UtcMs> {
        self.steps.iter().map(|step| step.ended_at.unwrap_or(step.began_at)).max()
    }
}

/// Spans of records, by name: each side that knows the record knows its span.
pub mod spans {
    use crate::core::parcel::fact::AskId;
    use crate::core::saga::fact::CallId;
    use holdfast_shared::ids::{DecisionId, ExceptionId, OrderId, TaskId};
    use holdfast_shared::trace::SpanId;

    #[must_use]
    pub fn intake(order: &OrderId) -> SpanId {
        SpanId::of_record(&format!("order/{order}"))
    }

    #[must_use]
    pub fn entry(order: &OrderId, sequence: u64) -> SpanId {
        SpanId::of_record(&format!("order/{order}/{sequence}"))
    }

    #[must_use]
    pub fn decision(decision: &DecisionId) -> SpanId {
        SpanId::of_record(&format!("decision/{decision}"))
    }

    #[must_use]
    pub fn event(id: &str) -> SpanId {
        SpanId::of_record(id)
    }

    #[must_use]
    pub fn question(order: &OrderId, id: CallId) -> SpanId {
        SpanId::of_record(&format!("payment/{order}/{id}"))
    }

    /// A question to a carrier.
    #[must_use]
    pub fn label(task: &TaskId, id: AskId) -> SpanId {
        SpanId::of_record(&format!("parcel/{task}/{id}"))
    }

    /// A look-up of what came of it, by the fact that it was written down as.
    #[must_use]
    pub fn label_looked_up(task: &TaskId, sequence: u32) -> SpanId {
        SpanId::of_record(&format!("parcel/{task}/look_up/{sequence}"))
    }

    #[must_use]
    pub fn exception(exception: &ExceptionId) -> SpanId {
        SpanId::of_record(&format!("exception/{exception}"))
    }

    /// A request that came in a trace of its own.
    #[must_use]
    pub fn request(order: &OrderId, of: SpanId) -> SpanId {
        SpanId::of_record(&format!("request/{order}/{of}"))
    }
}
