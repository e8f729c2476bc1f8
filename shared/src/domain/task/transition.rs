//! The transition table of a task: the one place that says what may follow what.

use super::fact::TaskEvent;
use super::state::{Phase, Recall, Release, TaskState};
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
    #[error("this work was recalled: {reason}")]
    Recalled { reason: String },
    #[error("these goods are already released to {replica}; they can only be recalled by its answer")]
    AlreadyReleased { replica: String },
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
    let mut probe = state.clone();
    step(&mut probe, event)
}

/// Applies one event. On an error the state is as it was.
pub(in crate::domain) fn step(state: &mut TaskState, event: &TaskEvent) -> Result<(), Illegal> {
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
            if from == Phase::Packed && !state.may_leave() && Guard::ReleaseBeforeHandOver.stands() {
                not_stopped(state)?;
                return Err(Illegal::NotReleased);
            }
            go(state, event, &[Phase::Packed], Phase::HandedOver)
        }
        TaskEvent::PutBack => match from {
            _ if from.is_final() => Err(refused()),
            _ if state.recall.is_none()
                && state.lines.iter().any(|line| line.open() > 0 || line.picked > 0) =>
            {
                Err(Illegal::NothingToPutBack)
            }
            _ => {
                state.phase = Phase::PutBack;
                Ok(())
            }
        },
        TaskEvent::Released { replica } => {
            not_stopped(state)?;
            if from.is_final() {
                return Err(refused());
            }
            state.release = Some(Release { fence: state.fence, replica: replica.clone() });
            Ok(())
        }
        TaskEvent::Recalled { reason } => stop(state, reason, false, refused),
        TaskEvent::CancelRequested { reason } => stop(state, reason, true, refused),
    }
}

fn go(state: &mut TaskState, event: &TaskEvent, allowed: &[Phase], to: Phase) -> Result<(), Illegal> {
    not_stopped(state)?;
    if !allowed.contains(&state.phase) {
        return Err(Illegal::Phase { from: state.phase, to: event.kind() });
    }
    state.phase = to;
    Ok(())
}

fn not_stopped(state: &TaskState) -> Result<(), Illegal> {
    match &state.recall {
        Some(recall) if !state.phase.is_final() => Err(Illegal::Recalled { reason: recall.reason.clone() }),
        _ => Ok(()),
    }
}

fn take(
    state: &mut TaskState,
    line: LineNo,
    units: i64,
    refused: impl Fn() -> Illegal,
    apply: impl Fn(&mut super::state::Line, i64),
) -> Result<(), Illegal> {
    not_stopped(state)?;
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
        return Err(Illegal::AlreadyReleased { replica: release.replica.to_string() });
    }
    state.recall.get_or_insert(Recall { reason: reason.to_owned(), cancel });
    Ok(())
}
