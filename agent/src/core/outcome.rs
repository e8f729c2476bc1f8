//! What a decision is made of, and the facts that several commands say.

use super::command::{Intent, Refusal};
use holdfast_shared::domain::fact::Body;
use holdfast_shared::domain::stock::{HoldRef, Movement, StockFact};
use holdfast_shared::domain::task::{Line, TaskEvent, TaskFact, TaskState, check};
use holdfast_shared::ids::{FactId, ReplicaId, Sku, TaskId};
use holdfast_shared::limits::NOTE_CHARS_MAX;
use holdfast_shared::time::Now;
use holdfast_shared::wire::signal::{ClosureNote, PlannedNote};
use holdfast_shared::wire::sync::LabelReport;

/// Who decides, and when.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub intent: &'a Intent,
    /// This installation, once it is enrolled. A release names one replica, and only it may hand over.
    pub replica: Option<&'a ReplicaId>,
    pub now: Now,
}

/// What a fact says, before it has an id and a stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub after: Option<FactId>,
    pub body: Body,
}

/// What is to be recorded, all of it or nothing, and how it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub said: Vec<Said>,
    /// The closure as it is from now on.
    pub closure: Option<Option<ClosureNote>>,
    pub plan: Option<PlanChange>,
    pub label: Option<LabelReport>,
    pub reply: Reply,
}

impl Outcome {
    /// Facts alone.
    pub(super) const fn facts(said: Vec<Said>, reply: Reply) -> Self {
        Self { said, closure: None, plan: None, label: None, reply }
    }
}

/// What becomes of the closures that are planned here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanChange {
    /// Its number is given where it is kept: no number is given twice.
    Add(PlannedNote),
    Remove(u32),
}

/// What the answer shows, read after the facts have taken effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Moved(Vec<Sku>),
    Task(TaskId),
    Closure(Option<ClosureNote>),
    Planned,
}

/// Why nothing was decided.
#[derive(Debug)]
pub enum Undecided<E> {
    Refused(Refusal),
    /// The view could not be read.
    View(E),
}

impl<E> From<Refusal> for Undecided<E> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The task fact of an event that may follow now.
pub(super) fn task_fact(state: &TaskState, event: TaskEvent) -> Result<Said, Refusal> {
    check(state, &event)?;
    Ok(said_of(state, event))
}

/// The task fact of an event, whose lawfulness was checked before.
pub(super) fn said_of(state: &TaskState, event: TaskEvent) -> Said {
    let body = Body::Task(TaskFact { task: state.task.clone(), fence: state.fence, event });
    Said { after: Some(state.newest.clone()), body }
}

/// The end of the work, said by the one box that may say it: another one that was given the release may
/// hand the goods over at any time, and hear of nothing. It names what it answers: the wish to stop, or the
/// release.
pub(super) fn end_of(state: &TaskState, event: TaskEvent, context: Context<'_>) -> Result<Said, Refusal> {
    let said = task_fact(state, event)?;
    match released_elsewhere(state, context.replica) {
        Some(there) => Err(Refusal::EndedElsewhere(there.clone())),
        None => {
            let asked = state.recall.as_ref().map(|_| &state.newest);
            let after = asked.or(state.known_release()).unwrap_or(&state.newest);
            Ok(Said { after: Some(after.clone()), ..said })
        }
    }
}

/// The box that these goods may leave from, where it is not this one.
pub(super) fn released_elsewhere<'a>(
    state: &'a TaskState,
    here: Option<&ReplicaId>,
) -> Option<&'a ReplicaId> {
    let release = state.release.as_ref().filter(|_| state.may_leave())?;
    Some(&release.replica).filter(|replica| Some(*replica) != here)
}

/// A stock fact that ends units of a line's hold.
pub(super) fn stock_fact(
    state: &TaskState,
    line: &Line,
    delta: i64,
    movement: impl FnOnce(HoldRef) -> Movement,
) -> Said {
    let hold = HoldRef { task: state.task.clone(), line: line.line, fence: state.fence, ceded: line.ceded };
    let fact = StockFact { sku: line.sku.clone(), delta, movement: movement(hold), note: None };
    Said { after: None, body: Body::Stock(fact) }
}

/// The stock facts that free every unit that the task still holds. Central ends a hold only in
/// the transaction that applies the fact that names it, so the task's own fact is not enough.
pub(super) fn freed(state: &TaskState) -> impl Iterator<Item = Said> + '_ {
    let held = state.held().into_iter().filter(|(_, units)| *units > 0);
    held.map(|(line, quantity)| stock_fact(state, line, 0, |hold| Movement::PutBack { hold, quantity }))
}

/// A text that a person typed, within its limit.
pub(super) fn text_fits(what: &str, text: Option<&str>) -> Result<(), Refusal> {
    match text {
        Some(text) if text.chars().count() > NOTE_CHARS_MAX => {
            Err(Refusal::Invalid(format!("the {what} is over {NOTE_CHARS_MAX} characters")))
        }
        Some(_) | None => Ok(()),
    }
}
