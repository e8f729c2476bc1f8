//! How a fact is written into a document: one compact JSON object.
//!
//! Facts are the bulk of what is sent, so the keys are short: `k` kind, `t` time, `a` actor,
//! `p` the fact it comes after, `x` trace, `s` SKU, `d` difference, `n` note, `e` facts of an epoch,
//! `h` their digest, `r` difference in rights.
//! The same fact is always the same bytes, so that two copies can be compared as they are.

use crate::domain::epoch::Closing;
use crate::domain::fact::{Body, Fact};
use crate::domain::stock::{BadMovement, HoldRef, Movement, StockFact};
use crate::domain::task::{Offer, OfferLine, TaskEvent, TaskFact};
use crate::ids::{DocumentId, FactId};
use crate::limits::{DOCUMENT_FACTS_MAX, FACT_BYTES_MAX, NOTE_CHARS_MAX, ORDER_LINES_MAX, QUANTITY_MAX};
use form::{Close, Head, Hold, Said, Stock, Task, WireFact, WireLine};

mod form;
mod since;

pub use since::{event_since, since};

const CLOSED: &str = "closed";

/// Why the bytes of a fact are refused.
#[derive(Debug, thiserror::Error)]
pub enum BadFact {
    #[error("a fact of {0} bytes is over the limit of {FACT_BYTES_MAX}")]
    TooLong(usize),
    #[error("the fact is not well formed")]
    Json(#[from] serde_json::Error),
    #[error("the fact is not written in the one way that is allowed")]
    OtherSpelling,
    #[error(transparent)]
    Movement(#[from] BadMovement),
    #[error("{0}")]
    Limit(&'static str),
    #[error("a {kind} does not belong into {document}")]
    OtherDocument { kind: &'static str, document: DocumentId },
}

/// Writes a fact as it stands in a document.
pub fn encode(fact: &Fact) -> Result<String, BadFact> {
    check(fact)?;
    let said = match &fact.body {
        Body::Stock(stock) => stock_form(stock),
        Body::Task(task) => task_form(task),
        Body::Epoch(Closing { facts, digest }) => {
            Said::Closed { close: Close { facts: *facts, digest: *digest } }
        }
    };
    let head =
        Head { at: fact.at, actor: fact.actor.clone(), after: fact.after.clone(), trace: fact.trace.clone() };
    let text = serde_json::to_string(&WireFact { said, head })?;
    if text.len() > FACT_BYTES_MAX { Err(BadFact::TooLong(text.len())) } else { Ok(text) }
}

/// Reads a fact. Whatever is accepted here would be written in the very same bytes.
pub fn decode(id: &FactId, text: &str) -> Result<Fact, BadFact> {
    if text.len() > FACT_BYTES_MAX {
        return Err(BadFact::TooLong(text.len()));
    }
    let WireFact { said, head } = serde_json::from_str(text)?;
    let Head { at, actor, after, trace } = head;
    let fact = Fact { id: id.clone(), at, actor, after, trace, body: body(said) };
    if encode(&fact)? == text { Ok(fact) } else { Err(BadFact::OtherSpelling) }
}

/// Whether a fact may stand in a document: stock and its closing in the store's, a task's in its own.
pub fn belongs(fact: &Fact, document: &DocumentId) -> Result<(), BadFact> {
    let (fits, kind) = match (&fact.body, document) {
        (Body::Epoch(_), DocumentId::Stock { .. }) => (true, CLOSED),
        (Body::Epoch(_), DocumentId::Task(_)) => (false, CLOSED),
        (Body::Stock(stock), DocumentId::Stock { .. }) => (true, stock.movement.kind()),
        (Body::Task(said), DocumentId::Task(task)) => (said.task == *task, said.event.kind()),
        (Body::Stock(stock), DocumentId::Task(_)) => (false, stock.movement.kind()),
        (Body::Task(said), DocumentId::Stock { .. }) => (false, said.event.kind()),
    };
    if fits { Ok(()) } else { Err(BadFact::OtherDocument { kind, document: document.clone() }) }
}

/// What an epoch holds, and what its writer told of it when it closed it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Epoch {
    pub counted: Closing,
    pub told: Vec<Closing>,
}

impl Epoch {
    /// Counts the facts of one document.
    pub fn of(facts: impl IntoIterator<Item = (FactId, String)>) -> Result<Self, BadFact> {
        let mut epoch = Self::default();
        for (id, text) in facts {
            // Cheap where it can be: only what looks like a closing is read.
            let fact = if text.contains(CLOSED) { Some(decode(&id, &text)?) } else { None };
            match fact.map(|fact| fact.body) {
                Some(Body::Epoch(closing)) => epoch.told.push(closing),
                Some(Body::Stock(_) | Body::Task(_)) | None => epoch.counted.count(&id, &text),
            }
        }
        Ok(epoch)
    }

    /// Whether it is complete: closed, once, with the count and digest of what is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.told == [self.counted]
    }
}

fn check(fact: &Fact) -> Result<(), BadFact> {
    let text_fits = |text: &str| text.chars().count() <= NOTE_CHARS_MAX;
    let units_fit = |units: i64| (1..=QUANTITY_MAX).contains(&units);
    let problem = match &fact.body {
        Body::Epoch(closing) => {
            let facts_max = u64::try_from(DOCUMENT_FACTS_MAX).unwrap_or(u64::MAX);
            (closing.facts > facts_max).then_some("an epoch has fewer facts")
        }
        Body::Stock(stock) => {
            stock.check()?;
            (!stock.note.as_deref().is_none_or(text_fits)).then_some("the note is too long")
        }
        Body::Task(said) => match &said.event {
            TaskEvent::Offered(offer) => offer_problem(offer),
            TaskEvent::Declined { reason }
            | TaskEvent::Recalled { reason }
            | TaskEvent::CancelRequested { reason }
            | TaskEvent::TakenBack { reason }
            | TaskEvent::LetGo { reason, .. } => (!text_fits(reason)).then_some("the reason is too long"),
            TaskEvent::HandedOver { to } => {
                (!to.as_deref().is_none_or(text_fits)).then_some("the receiver is too long")
            }
            TaskEvent::Picked { quantity: units, .. } | TaskEvent::Short { missing: units, .. } => {
                (!units_fit(*units)).then_some("the quantity is out of range")
            }
            TaskEvent::Accepted
            | TaskEvent::PickingStarted
            | TaskEvent::Packed
            | TaskEvent::PutBack
            | TaskEvent::Released { .. }
            | TaskEvent::Readopted => None,
        },
    };
    problem.map_or(Ok(()), |what| Err(BadFact::Limit(what)))
}

fn offer_problem(offer: &Offer) -> Option<&'static str> {
    if offer.lines.is_empty() || offer.lines.len() > ORDER_LINES_MAX {
        return Some("an offer has between 1 and 500 lines");
    }
    let in_range = offer.lines.iter().all(|line| (1..=QUANTITY_MAX).contains(&line.quantity));
    let note_fits = offer.note.as_ref().is_none_or(|note| note.chars().count() <= NOTE_CHARS_MAX);
    match (in_range, note_fits) {
        (false, _) => Some("a line's quantity is out of range"),
        (_, false) => Some("the note is too long"),
        (true, true) => None,
    }
}

fn stock_form(fact: &StockFact) -> Said {
    let stock = Stock { sku: fact.sku.clone(), delta: fact.delta, note: fact.note.clone() };
    let rights = fact.rights();
    let hold_form = |hold: &HoldRef| Hold {
        task: hold.task.clone(),
        line: hold.line,
        fence: hold.fence,
        rights: hold.ceded.then_some(rights),
    };
    match &fact.movement {
        Movement::Opening => Said::Opening { stock },
        Movement::Sale => Said::Sale { stock },
        Movement::Return => Said::Return { stock },
        Movement::Receipt => Said::Receipt { stock },
        Movement::Adjustment => Said::Adjustment { stock },
        Movement::Count { found } => Said::Count { stock, found: *found },
        Movement::TransferOut { to } => Said::TransferOut { stock, to: to.clone() },
        Movement::TransferIn { from } => Said::TransferIn { stock, from: from.clone() },
        Movement::HandOver { hold } => Said::HandOver { stock, hold: hold_form(hold) },
        Movement::PutBack { hold, quantity } => {
            Said::PutBackUnits { stock, hold: hold_form(hold), quantity: *quantity }
        }
        Movement::ShortPick { hold } => Said::ShortPick { stock, hold: hold_form(hold) },
        Movement::BroughtBack { of, condition, units } => {
            Said::BroughtBack { stock, of: of.clone(), condition: *condition, units: *units }
        }
        Movement::Ceded { .. } => Said::Ceded { stock, rights },
        Movement::Returned { .. } => Said::Returned { stock, rights },
    }
}

fn task_form(fact: &TaskFact) -> Said {
    let task = Task { task: fact.task.clone(), fence: fact.fence };
    match fact.event.clone() {
        TaskEvent::Offered(offer) => Said::Offered {
            task,
            order: offer.order,
            store: offer.store,
            kind: offer.kind,
            release: offer.release_point,
            lines: offer
                .lines
                .into_iter()
                .map(|line| WireLine {
                    line: line.line,
                    sku: line.sku,
                    quantity: line.quantity,
                    ceded: line.ceded,
                })
                .collect(),
            accept_by: offer.accept_by,
            promise_by: offer.promise_by,
            note: offer.note,
        },
        TaskEvent::Accepted => Said::Accepted { task },
        TaskEvent::Declined { reason } => Said::Declined { task, why: reason },
        TaskEvent::PickingStarted => Said::PickingStarted { task },
        TaskEvent::Picked { line, quantity } => Said::Picked { task, line, quantity },
        TaskEvent::Short { line, missing } => Said::Short { task, line, missing },
        TaskEvent::Packed => Said::Packed { task },
        TaskEvent::HandedOver { to } => Said::HandedOver { task, to },
        TaskEvent::PutBack => Said::PutBack { task },
        TaskEvent::Released { replica } => Said::Released { task, replica },
        TaskEvent::Recalled { reason } => Said::Recalled { task, why: reason },
        TaskEvent::CancelRequested { reason } => Said::CancelRequested { task, why: reason },
        TaskEvent::Readopted => Said::Readopted { task },
        TaskEvent::TakenBack { reason } => Said::TakenBack { task, why: reason },
        TaskEvent::LetGo { replica, reason } => Said::LetGo { task, replica, why: reason },
    }
}

fn body(said: Said) -> Body {
    let moved = |stock: Stock, movement: Movement| {
        Body::Stock(StockFact { sku: stock.sku, delta: stock.delta, movement, note: stock.note })
    };
    // Other rights than those of the movement would be written otherwise, and are refused for it.
    let held = |hold: Hold| HoldRef {
        task: hold.task,
        line: hold.line,
        fence: hold.fence,
        ceded: hold.rights.is_some(),
    };
    let about =
        |task: Task, event: TaskEvent| Body::Task(TaskFact { task: task.task, fence: task.fence, event });
    match said {
        Said::Opening { stock } => moved(stock, Movement::Opening),
        Said::Sale { stock } => moved(stock, Movement::Sale),
        Said::Return { stock } => moved(stock, Movement::Return),
        Said::BroughtBack { stock, of, condition, units } => {
            moved(stock, Movement::BroughtBack { of, condition, units })
        }
        Said::Receipt { stock } => moved(stock, Movement::Receipt),
        Said::Adjustment { stock } => moved(stock, Movement::Adjustment),
        Said::Count { stock, found } => moved(stock, Movement::Count { found }),
        Said::TransferOut { stock, to } => moved(stock, Movement::TransferOut { to }),
        Said::TransferIn { stock, from } => moved(stock, Movement::TransferIn { from }),
        Said::HandOver { stock, hold } => moved(stock, Movement::HandOver { hold: held(hold) }),
        Said::PutBackUnits { stock, hold, quantity } => {
            moved(stock, Movement::PutBack { hold: held(hold), quantity })
        }
        Said::ShortPick { stock, hold } => moved(stock, Movement::ShortPick { hold: held(hold) }),
        Said::Ceded { stock, rights } => moved(stock, Movement::Ceded { units: rights }),
        Said::Returned { stock, rights } => {
            moved(stock, Movement::Returned { units: rights.saturating_neg() })
        }
        Said::Offered { task, order, store, kind, release, lines, accept_by, promise_by, note } => {
            let lines = lines
                .into_iter()
                .map(|line| OfferLine {
                    line: line.line,
                    sku: line.sku,
                    quantity: line.quantity,
                    ceded: line.ceded,
                })
                .collect();
            let offer =
                Offer { order, store, kind, release_point: release, lines, accept_by, promise_by, note };
            about(task, TaskEvent::Offered(offer))
        }
        Said::Accepted { task } => about(task, TaskEvent::Accepted),
        Said::Declined { task, why } => about(task, TaskEvent::Declined { reason: why }),
        Said::PickingStarted { task } => about(task, TaskEvent::PickingStarted),
        Said::Picked { task, line, quantity } => about(task, TaskEvent::Picked { line, quantity }),
        Said::Short { task, line, missing } => about(task, TaskEvent::Short { line, missing }),
        Said::Packed { task } => about(task, TaskEvent::Packed),
        Said::HandedOver { task, to } => about(task, TaskEvent::HandedOver { to }),
        Said::PutBack { task } => about(task, TaskEvent::PutBack),
        Said::Released { task, replica } => about(task, TaskEvent::Released { replica }),
        Said::Recalled { task, why } => about(task, TaskEvent::Recalled { reason: why }),
        Said::CancelRequested { task, why } => about(task, TaskEvent::CancelRequested { reason: why }),
        Said::Closed { close } => Body::Epoch(Closing { facts: close.facts, digest: close.digest }),
        Said::Readopted { task } => about(task, TaskEvent::Readopted),
        Said::TakenBack { task, why } => about(task, TaskEvent::TakenBack { reason: why }),
        Said::LetGo { task, replica, why } => about(task, TaskEvent::LetGo { replica, reason: why }),
    }
}

#[cfg(test)]
mod tests;
