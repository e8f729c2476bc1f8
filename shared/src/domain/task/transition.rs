//! The transition table of a task: the one place that says what may follow what.

use super::fact::TaskEvent;
use super::state::{LetGo, Phase, Recall, Release, TaskState};
use crate::domain::fence::Fence;
use crate::guard::Guard;
use crate::ids::LineNo;

/// Why an event may not follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    #[error("a task that is {} cannot become {to}", from.as_str())]
    Phase { from: Phase, to: &'static str },
    #[error("central has not released these goods yet, so they stay in the store")]
    NotReleased,
    #[error("{} {reason}", if *cancel { "this order was cancelled:" } else { "this work was recalled:" })]
    Recalled { reason: String, cancel: bool },
    #[error("these goods are already released to {replica}; they can only be recalled by its answer")]
    AlreadyReleased { replica: String },
    #[error("these goods may leave already: hand them over")]
    MayLeaveAlready,
    #[error("nobody asked for these goods to be put back; decline the task, or record the line as short")]
    NothingToPutBack,
    #[error("the task has no line {0}")]
    NoSuchLine(LineNo),
    #[error("line {line} has {open} units open, not {asked}")]
    TooMany { line: LineNo, open: i64, asked: i64 },
    #[error("line {0} is not picked completely: pick the rest, or record it as short")]
    LineOpen(LineNo),
    #[error("nothing was found for this task: decline it instead of packing an empty parcel")]
    NothingPicked,
    #[error("the task was given anew under fence {current}; this is about {stale}")]
    StaleFence { current: Fence, stale: Fence },
}

/// Whether `event` may be recorded now. The one who acts asks this before writing the fact.
pub fn check(state: &TaskState, event: &TaskEvent) -> Result<(), Illegal> {
    step(&mut state.clone(), event)
}

/// Applies one event as the fold does: strictly, but for what a store did and a customer asked
/// without knowing how far the other was. On an error the state is as it was.
pub(in crate::domain) fn take_over(state: &mut TaskState, event: &TaskEvent) -> Result<(), Illegal> {
    match event {
        TaskEvent::Accepted
        | TaskEvent::Declined { .. }
        | TaskEvent::PickingStarted
        | TaskEvent::Picked { .. }
        | TaskEvent::Short { .. }
        | TaskEvent::Packed
        | TaskEvent::LetGo { .. } => {
            found_after_all(state, event);
            // Or goods in a tote would be those of an offer that nobody touched.
            if Guard::UntouchedOnly.stands() { advance(state, event) } else { step(state, event) }
        }
        // A request that came too late is answered by what has happened.
        TaskEvent::CancelRequested { reason } if state.phase.is_final() => {
            ask_to_stop(state, reason, true);
            Ok(())
        }
        TaskEvent::Offered(_)
        | TaskEvent::HandedOver { .. }
        | TaskEvent::PutBack
        | TaskEvent::Released { .. }
        | TaskEvent::Recalled { .. }
        | TaskEvent::CancelRequested { .. }
        | TaskEvent::Readopted
        | TaskEvent::TakenBack { .. } => step(state, event),
    }
}

/// What a recall leaves to do, and then the table.
fn step(state: &mut TaskState, event: &TaskEvent) -> Result<(), Illegal> {
    let answers = match event {
        TaskEvent::Offered(_)
        | TaskEvent::PutBack
        | TaskEvent::Recalled { .. }
        | TaskEvent::CancelRequested { .. }
        | TaskEvent::Readopted => true,
        TaskEvent::Accepted
        | TaskEvent::Declined { .. }
        | TaskEvent::PickingStarted
        | TaskEvent::Picked { .. }
        | TaskEvent::Short { .. }
        | TaskEvent::Packed
        | TaskEvent::HandedOver { .. }
        | TaskEvent::LetGo { .. }
        | TaskEvent::Released { .. }
        | TaskEvent::TakenBack { .. } => false,
    };
    match &state.recall {
        Some(recall) if !answers && !state.phase.is_final() => {
            Err(Illegal::Recalled { reason: recall.reason.clone(), cancel: recall.cancel })
        }
        Some(_) | None => advance(state, event),
    }
}

fn advance(state: &mut TaskState, event: &TaskEvent) -> Result<(), Illegal> {
    let from = state.phase;
    let refused = || Illegal::Phase { from, to: event.kind() };
    match event {
        // A second offer under the same fence would be another task; the fold handles new fences.
        TaskEvent::Offered(_) => Err(refused()),
        TaskEvent::Accepted => go(state, event, &[Phase::Offered], Phase::Accepted),
        TaskEvent::Declined { reason } => {
            go(state, event, &[Phase::Offered, Phase::Accepted], Phase::Declined)?;
            state.decline_reason = Some(reason.clone());
            Ok(())
        }
        TaskEvent::PickingStarted => go(state, event, &[Phase::Accepted], Phase::Picking),
        TaskEvent::Picked { line, quantity } => take(state, *line, *quantity, refused, |line, units| {
            line.picked = line.picked.saturating_add(units);
        }),
        TaskEvent::Short { line, missing } => take(state, *line, *missing, refused, |line, units| {
            line.short = line.short.saturating_add(units);
        }),
        TaskEvent::Packed => {
            if let Some(open) = state.lines.iter().find(|line| line.open() > 0) {
                return Err(Illegal::LineOpen(open.line));
            }
            if state.lines.iter().all(|line| line.picked == 0) {
                return Err(Illegal::NothingPicked);
            }
            go(state, event, &[Phase::Picking], Phase::Packed)
        }
        TaskEvent::HandedOver { .. } => {
            if from == Phase::Packed && !state.cleared() && Guard::ReleaseBeforeHandOver.stands() {
                return Err(Illegal::NotReleased);
            }
            go(state, event, &[Phase::Packed], Phase::HandedOver)
        }
        TaskEvent::PutBack => put_back(state, refused),
        TaskEvent::Released { .. } | TaskEvent::TakenBack { .. } if from.is_final() => Err(refused()),
        TaskEvent::Released { replica } => {
            state.release = Some(Release { fence: state.fence, replica: replica.clone(), fact: None });
            Ok(())
        }
        TaskEvent::Recalled { reason } => stop(state, reason, false, refused),
        TaskEvent::CancelRequested { reason } => stop(state, reason, true, refused),
        TaskEvent::Readopted => readopt(state, refused),
        TaskEvent::TakenBack { reason } => {
            ask_to_stop(state, reason, false);
            state.release = None;
            Ok(())
        }
        TaskEvent::LetGo { replica, reason } => {
            if state.cleared() {
                return Err(Illegal::MayLeaveAlready);
            }
            go(state, event, &[Phase::Packed], Phase::Packed)?;
            state.let_go = Some(LetGo { replica: replica.clone(), reason: reason.clone() });
            Ok(())
        }
    }
}

fn go(state: &mut TaskState, event: &TaskEvent, allowed: &[Phase], to: Phase) -> Result<(), Illegal> {
    if !allowed.contains(&state.phase) {
        return Err(Illegal::Phase { from: state.phase, to: event.kind() });
    }
    state.phase = to;
    Ok(())
}

fn take(
    state: &mut TaskState,
    line: LineNo,
    units: i64,
    refused: impl Fn() -> Illegal,
    apply: impl Fn(&mut super::state::Line, i64),
) -> Result<(), Illegal> {
    if state.phase != Phase::Picking {
        return Err(refused());
    }
    let found = state.lines.iter_mut().find(|candidate| candidate.line == line);
    let found = found.ok_or(Illegal::NoSuchLine(line))?;
    if units < 1 || units > found.open() {
        return Err(Illegal::TooMany { line, open: found.open(), asked: units });
    }
    apply(found, units);
    Ok(())
}

/// One box of the store told units missing that another one, which had not heard of it, picked: they
/// lie in the tote.
fn found_after_all(state: &mut TaskState, event: &TaskEvent) {
    let (TaskEvent::Picked { line, quantity }, Phase::Picking) = (event, state.phase) else { return };
    if let Some(line) = state.lines.iter_mut().find(|candidate| candidate.line == *line) {
        let found = quantity.saturating_sub(line.open()).max(0);
        if found <= line.short {
            line.short = line.short.saturating_sub(found);
        }
    }
}

fn put_back(state: &mut TaskState, refused: impl Fn() -> Illegal) -> Result<(), Illegal> {
    if state.phase.is_final() {
        return Err(refused());
    }
    if state.recall.is_none() && state.lines.iter().any(|line| line.open() > 0 || line.picked > 0) {
        return Err(Illegal::NothingToPutBack);
    }
    state.phase = Phase::PutBack;
    Ok(())
}

fn stop(
    state: &mut TaskState,
    reason: &str,
    cancel: bool,
    refused: impl Fn() -> Illegal,
) -> Result<(), Illegal> {
    if state.phase.is_final() {
        return Err(refused());
    }
    // A recall moves work; once goods are released only the store's own answer may free them.
    // A cancel is a request, and may be made of released goods too: the store answers it.
    if let (Some(release), false) = (&state.release, cancel) {
        if Guard::RecallAndReleaseOnOneRow.stands() {
            return Err(Illegal::AlreadyReleased { replica: release.replica.to_string() });
        }
        state.release = None;
    }
    ask_to_stop(state, reason, cancel);
    Ok(())
}

/// The first to ask is the one that is answered.
fn ask_to_stop(state: &mut TaskState, reason: &str, cancel: bool) {
    state.recall.get_or_insert(Recall { reason: reason.to_owned(), cancel });
}

/// Work that central moved away, and that nobody else began, goes on where it is.
fn readopt(state: &mut TaskState, refused: impl Fn() -> Illegal) -> Result<(), Illegal> {
    let moved = state.recall.as_ref().is_some_and(|recall| !recall.cancel);
    match state.phase {
        Phase::Accepted | Phase::Picking | Phase::Packed if moved => {
            state.recall = None;
            state.release = None;
            Ok(())
        }
        Phase::Offered
        | Phase::Accepted
        | Phase::Picking
        | Phase::Packed
        | Phase::HandedOver
        | Phase::Declined
        | Phase::PutBack => Err(refused()),
    }
}
