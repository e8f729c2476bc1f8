//! A fact: an immutable record of something that was decided or that happened.

use super::epoch::Closing;
use super::stock::StockFact;
use super::task::TaskFact;
use crate::ids::{Actor, FactId, TraceId};
use crate::time::Hlc;

/// Facts never change. State is a fold over facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub id: FactId,
    pub at: Hlc,
    pub actor: Actor,
    /// The newest fact of the same task that the writer knew.
    pub after: Option<FactId>,
    pub trace: Option<TraceId>,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Stock(StockFact),
    Task(TaskFact),
    /// The last word of a stock document about itself.
    Epoch(Closing),
}
