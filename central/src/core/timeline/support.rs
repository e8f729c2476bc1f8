//! What customer service is told: all of it in one order of time. The record of the order, how each decision fell,
//! every question to a payment provider, and what people looked at.

use crate::core::exception::{Exception, ExceptionEvent};
use crate::core::order::{OrderEvent, StoreClock};
use crate::core::routing::decision::Decision;
use crate::core::saga::fact::{SagaFact, Said};
use holdfast_shared::ids::{Actor, DecisionId, ExceptionId, StoreId, TaskId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where it is on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    Order,
    Decision,
    Payment,
    Exception,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SupportEntry {
    /// Within where it is on record.
    pub sequence: u64,
    pub at: UtcMs,
    pub source: Witness,
    pub kind: String,
    pub words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<ExceptionId>,
    /// The store's clock was off: `at` is what central makes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_clock: Option<StoreClock>,
}

/// An exception, and what was done about it.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub exception: Exception,
    pub events: Vec<ExceptionEvent>,
}

/// All that is on record of one order.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub events: Vec<OrderEvent>,
    pub decisions: Vec<Decision>,
    pub payments: Vec<SagaFact>,
    pub troubles: Vec<Trouble>,
}

/// Oldest first; of one moment, in the order in which one follows from the other.
#[must_use]
pub fn told_to_support(known: Known) -> Vec<SupportEntry> {
    let mut entries: Vec<SupportEntry> = known.events.into_iter().map(of_order).collect();
    entries.extend((1..).zip(known.decisions).map(|(number, decision)| of_decision(number, decision)));
    entries.extend(known.payments.iter().map(of_payment));
    entries.extend(known.troubles.into_iter().flat_map(of_trouble));
    entries.sort_by_key(|entry| (entry.at, entry.source, entry.sequence));
    entries
}

const fn bare(sequence: u64, at: UtcMs, source: Witness, kind: String, words: String) -> SupportEntry {
    SupportEntry {
        sequence,
        at,
        source,
        kind,
        words,
        actor: None,
        store: None,
        task: None,
        decision: None,
        exception: None,
        store_clock: None,
    }
}

fn of_order(event: OrderEvent) -> SupportEntry {
    SupportEntry {
        actor: Some(event.actor),
        store: event.store,
        task: event.task,
        store_clock: event.store_clock,
        ..bare(event.sequence, event.at, Witness::Order, event.kind, event.words)
    }
}

fn of_decision(number: u64, decision: Decision) -> SupportEntry {
    let words = format!("{} (policy {})", decision.words, decision.policy);
    let kind = "decided".to_owned();
    SupportEntry {
        decision: Some(decision.decision),
        ..bare(number, decision.at, Witness::Decision, kind, words)
    }
}

fn of_payment(fact: &SagaFact) -> SupportEntry {
    let call = fact.id.call.as_str();
    let words = match &fact.said {
        Said::Asked { attempt, wish, .. } => {
            format!("asked to {call} {} minor units, for the {attempt}. time", wish.amount)
        }
        Said::Done { reference, amount, .. } => {
            format!("{call}: {amount} minor units, as {reference}")
        }
        Said::Declined { code, words } | Said::Soft { code, words } | Said::Rejected { code, words } => {
            format!("{call}: {words} ({code})")
        }
        Said::Busy { words, .. }
        | Said::Unknown { words }
        | Said::Lapsed { words }
        | Said::Owed { words }
        | Said::GivenUp { words } => format!("{call}: {words}"),
        Said::TryAgain { by, reason } => format!("{call}: to be tried again by {by}: {reason}"),
        Said::Absent => format!("{call}: the provider knows nothing of it"),
    };
    let kind = format!("{call}_{}", fact.said.kind());
    bare(u64::from(fact.sequence), fact.at, Witness::Payment, kind, words)
}

fn of_trouble(trouble: Trouble) -> Vec<SupportEntry> {
    let Trouble { exception, events } = trouble;
    let entry = |sequence: u64, at: UtcMs, kind: &str, words: String| SupportEntry {
        store: exception.store.clone(),
        task: exception.task.clone(),
        exception: Some(exception.exception.clone()),
        ..bare(sequence, at, Witness::Exception, kind.to_owned(), words)
    };
    let raised = format!("{}: {}", exception.category.as_str(), exception.detail);
    let mut entries = vec![entry(0, exception.raised_at, "exception_raised", raised)];
    for event in &events {
        let told = entry(
            u64::from(event.number),
            event.at,
            &format!("exception_{}", event.kind),
            event.words.clone(),
        );
        entries.push(SupportEntry { actor: Some(event.actor.clone()), ..told });
    }
    let told = events.iter().any(|event| event.kind == "resolved");
    if let Some(at) = exception.resolved_at.filter(|_| !told) {
        let words = exception.resolution.clone().unwrap_or_default();
        let number = events.last().map_or(1, |event| u64::from(event.number).saturating_add(1));
        entries.push(SupportEntry {
            actor: exception.resolved_by.clone(),
            ..entry(number, at, "exception_resolved", words)
        });
    }
    entries
}
