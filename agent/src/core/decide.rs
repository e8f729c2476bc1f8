//! From a command to what is recorded and answered. Adding a command is one file and one line here.

use super::command::{Answer, Command, Intent, Refusal, TaskAct};
use super::commands;
use super::view::View;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::{HoldRef, Movement, StockFact};
use holdfast_shared::domain::task::{Line, TaskEvent, TaskFact, TaskState, check};
use holdfast_shared::ids::{FactId, ReplicaId, Sku, TaskId};
use holdfast_shared::limits::NOTE_CHARS_MAX;
use holdfast_shared::time::Now;
use holdfast_shared::wire::signal::ClosureNote;

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
    pub reply: Reply,
}

/// What the answer shows, read after the facts have taken effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Moved(Vec<Sku>),
    Task(TaskId),
    Closure(Option<ClosureNote>),
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

pub fn decide<V: View>(
    view: &V,
    command: &Command,
    context: Context<'_>,
) -> Result<Outcome, Undecided<V::Error>> {
    match command {
        Command::Move(requests) => commands::movement::decide(view, requests),
        Command::Close(request) => Ok(commands::close::decide(request.as_ref(), context)?),
        Command::Task { task, act } => {
            let state = view.task(task).map_err(Undecided::View)?;
            let state = state.ok_or_else(|| Refusal::UnknownTask(task.clone()))?;
            let said = act_on(&state, act, context)?;
            Ok(Outcome { said, closure: None, reply: Reply::Task(task.clone()) })
        }
    }
}

fn act_on(state: &TaskState, act: &TaskAct, context: Context<'_>) -> Result<Vec<Said>, Refusal> {
    match act {
        TaskAct::Accept => commands::accept::decide(state),
        TaskAct::Decline { reason } => commands::decline::decide(state, reason),
        TaskAct::StartPicking => commands::start_picking::decide(state),
        TaskAct::Pick { line, quantity } => commands::pick::decide(state, *line, *quantity),
        TaskAct::Short { line, missing } => commands::short::decide(state, *line, *missing),
        TaskAct::Pack => commands::pack::decide(state),
        TaskAct::HandOver { to } => commands::hand_over::decide(state, to.as_deref(), context),
        TaskAct::PutBack => commands::put_back::decide(state),
    }
}

/// The answer, once the facts are applied within the same transaction.
pub fn answer<V: View>(view: &V, reply: Reply, facts: &[Fact]) -> Result<Answer, Undecided<V::Error>> {
    match reply {
        Reply::Moved(skus) => {
            let mut positions = Vec::with_capacity(skus.len());
            for sku in &skus {
                positions.extend(view.position(sku).map_err(Undecided::View)?);
            }
            Ok(Answer::Moved { facts: facts.iter().map(|fact| fact.id.clone()).collect(), positions })
        }
        Reply::Task(task) => {
            let state = view.task(&task).map_err(Undecided::View)?;
            let state = state.ok_or(Refusal::UnknownTask(task))?;
            Ok(Answer::Task { state: Box::new(state) })
        }
        Reply::Closure(closure) => Ok(Answer::Closure { closure }),
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

/// A stock fact that ends units of a line's hold.
pub(super) fn stock_fact(
    state: &TaskState,
    line: &Line,
    delta: i64,
    movement: impl FnOnce(HoldRef) -> Movement,
) -> Said {
    let hold = HoldRef { task: state.task.clone(), line: line.line, fence: state.fence };
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
