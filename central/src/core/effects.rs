//! What follows from a task's new facts: units that are open again, done or cancelled, releases
//! that are due, and what a person must look at. Pure: two folds in, the list out.
//!
//! Units are told as differences between two dispositions, each read off one state alone. So the
//! same facts have the same effect in any order of arrival, and a late fact that contradicts an
//! effect already taken gives the difference that mends it.

use super::exception::Severity;
use holdfast_shared::domain::task::{Illegal, LetGo, Line, Phase, TaskEvent, TaskState};
use holdfast_shared::domain::task_fold::{Contradiction, Folded};
use holdfast_shared::ids::{LineNo, StoreId};

/// Where the units of one order line stand that one task was given. The rest is still at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Disposition {
    /// Need a node again.
    pub open: i64,
    /// Left for the customer.
    pub finished: i64,
    pub cancelled: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// What to add to the order line; negative takes back what a late fact proved wrong.
    Units { line: LineNo, change: Disposition },
    /// Nothing was touched and nothing will be: the holds end now, without a stock fact.
    EndHolds,
    /// Policy grants the release at this point: write it down now.
    Release,
    /// A manager lets goods go that were not released, as far as the box knew.
    LetGo(LetGo),
    /// The store has answered a cancel: refund and restock, or a return, follow from it.
    CancelAnswered(CancelAnswer),
    /// A person must look at it.
    Contradicted { contradiction: Contradiction, severity: Severity },
}

/// How a store answered the wish to cancel. What happened to the goods decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelAnswer {
    PutBack,
    HandedOver,
}

impl CancelAnswer {
    /// The word for it in events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PutBack => "put_back",
            Self::HandedOver => "handed_over",
        }
    }

    fn of(state: &TaskState) -> Option<Self> {
        let asked = state.recall.as_ref().is_some_and(|recall| recall.cancel);
        match state.phase {
            Phase::HandedOver if asked => Some(Self::HandedOver),
            Phase::PutBack | Phase::Declined if asked => Some(Self::PutBack),
            Phase::Offered
            | Phase::Accepted
            | Phase::Picking
            | Phase::Packed
            | Phase::HandedOver
            | Phase::PutBack
            | Phase::Declined => None,
        }
    }
}

/// What follows from `after`, when `before` was followed already.
#[must_use]
pub fn effects(before: Option<&Folded>, after: &Folded) -> Vec<Effect> {
    let mut effects = Vec::new();
    for line in &after.state.lines {
        let was = before
            .and_then(|folded| folded.state.line(line.line).map(|known| disposition(&folded.state, known)))
            .unwrap_or_default();
        let is = disposition(&after.state, line);
        let change = Disposition {
            open: is.open.saturating_sub(was.open),
            finished: is.finished.saturating_sub(was.finished),
            cancelled: is.cancelled.saturating_sub(was.cancelled),
        };
        if change != Disposition::default() {
            effects.push(Effect::Units { line: line.line, change });
        }
    }
    let declined_before = before.is_some_and(|folded| folded.state.phase == Phase::Declined);
    if after.state.phase == Phase::Declined && !declined_before {
        effects.push(Effect::EndHolds);
    }
    if after.state.release_due() {
        effects.push(Effect::Release);
    }
    let told = |fact| before.is_some_and(|folded| folded.let_go.contains_key(fact));
    let words = after.let_go.iter().filter(|(fact, _)| !told(fact));
    effects.extend(words.map(|(_, word)| Effect::LetGo(word.clone())));
    let answered_before = before.and_then(|folded| CancelAnswer::of(&folded.state));
    let answer = CancelAnswer::of(&after.state).filter(|answer| answered_before != Some(*answer));
    effects.extend(answer.map(Effect::CancelAnswered));
    let known = |contradiction: &Contradiction| {
        before.is_some_and(|folded| folded.contradictions.iter().any(|old| old.fact == contradiction.fact))
    };
    for contradiction in after.contradictions.iter().filter(|contradiction| !known(contradiction)) {
        if let Some(severity) = severity(&after.state, contradiction) {
            effects.push(Effect::Contradicted { contradiction: contradiction.clone(), severity });
        }
    }
    effects
}

/// None when it needs nobody, or when another effect tells of it already.
fn severity(state: &TaskState, contradiction: &Contradiction) -> Option<Severity> {
    let cancelled = state.recall.as_ref().is_some_and(|recall| recall.cancel);
    match (&contradiction.why, contradiction.taken_over) {
        (_, _) if contradiction.kind == "let_go" => None,
        // The answer to a cancel, or a manager's word, that is told as what it is.
        (Illegal::Recalled { .. }, true) if cancelled || state.let_go.is_some() => None,
        (_, true) => Some(Severity::High),
        (Illegal::Recalled { .. } | Illegal::StaleFence { .. }, false) => None,
        (Illegal::Phase { from, .. }, false) => lost_to(*from, contradiction.kind),
        (
            Illegal::NotReleased
            | Illegal::AlreadyReleased { .. }
            | Illegal::MayLeaveAlready
            | Illegal::NothingToPutBack
            | Illegal::NoSuchLine(_)
            | Illegal::TooMany { .. }
            | Illegal::LineOpen(_)
            | Illegal::NothingPicked,
            false,
        ) => Some(Severity::Low),
    }
}

/// A decision that met the end of its task is the ordinary loser of a race, unless a person acted on
/// goods that had left.
fn lost_to(from: Phase, kind: &str) -> Option<Severity> {
    match kind {
        "taken_back" if from == Phase::HandedOver => Some(Severity::High),
        "recalled" | "readopted" | "taken_back" => None,
        _ => Some(Severity::Low),
    }
}

/// Where the units of a task's line stand, read off its state.
#[must_use]
pub fn disposition(state: &TaskState, line: &Line) -> Disposition {
    let found = line.quantity.saturating_sub(line.short);
    let all_open = Disposition { open: line.quantity, ..Disposition::default() };
    let short_open = Disposition { open: line.short, ..Disposition::default() };
    let short_now = if state.settles_at_end() { Disposition::default() } else { short_open };
    let cancelling = state.recall.as_ref().map(|recall| recall.cancel);
    match (state.phase, cancelling) {
        // What left unpicked left all the same: goods that are gone are never sent again.
        (Phase::HandedOver, _) if line.open() > 0 => Disposition { finished: found, ..short_open },
        (Phase::HandedOver, _) => Disposition { finished: line.picked, ..short_open },
        (Phase::PutBack, Some(true)) => Disposition { cancelled: found, ..short_open },
        // A recalled line is open from the moment of the recall; only its hold waits.
        (Phase::Declined | Phase::PutBack, _)
        | (Phase::Offered | Phase::Accepted | Phase::Picking | Phase::Packed, Some(false)) => all_open,
        (Phase::Offered | Phase::Accepted | Phase::Picking | Phase::Packed, Some(true) | None) => short_now,
    }
}

/// The units of one order line; what they do not cover is held by tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineUnits {
    pub quantity: i64,
    pub open: i64,
    pub finished: i64,
    pub cancelled: i64,
    /// Left beyond what was ordered: shipped twice.
    pub surplus: i64,
}

impl LineUnits {
    const fn room(&self) -> i64 {
        let taken = self.open.saturating_add(self.finished).saturating_add(self.cancelled);
        if taken < self.quantity { self.quantity.saturating_sub(taken) } else { 0 }
    }

    /// The line after `change`. Never more units than were ordered, except those that left. Units
    /// that come back of an order that is being cancelled are cancelled, and not routed again.
    #[must_use]
    pub fn changed(mut self, change: Disposition, cancelling: bool) -> Self {
        take(&mut self.finished, change.finished.saturating_neg());
        take(&mut self.cancelled, change.cancelled.saturating_neg());
        let elsewhere = take(&mut self.open, change.open.saturating_neg());
        if cancelling {
            take(&mut self.cancelled, elsewhere);
        }
        let back = change.open.clamp(0, self.room());
        if cancelling {
            self.cancelled = self.cancelled.saturating_add(back);
        } else {
            self.open = self.open.saturating_add(back);
        }
        self.cancelled = self.cancelled.saturating_add(change.cancelled.clamp(0, self.room()));
        self.finish(change.finished.max(0))
    }

    /// What left has left: it takes the place of units that wait or were cancelled.
    fn finish(mut self, units: i64) -> Self {
        let mut rest = units.saturating_sub(self.room().clamp(0, units));
        rest = take(&mut self.open, rest);
        rest = take(&mut self.cancelled, rest);
        self.finished = self.finished.saturating_add(units.saturating_sub(rest));
        self.surplus = self.surplus.saturating_add(rest);
        self
    }
}

/// Takes up to `units` away, and says how many were not there.
fn take(from: &mut i64, units: i64) -> i64 {
    let taken = units.clamp(0, (*from).max(0));
    *from = from.saturating_sub(taken);
    units.max(0).saturating_sub(taken)
}

/// A task's event in plain words, for the order's timeline.
#[must_use]
pub fn words(event: &TaskEvent, store: &StoreId) -> String {
    match event {
        TaskEvent::Offered(_) => format!("offered to {store}"),
        TaskEvent::Accepted => format!("{store} accepted the work"),
        TaskEvent::Declined { reason } => format!("{store} declined: {reason}"),
        TaskEvent::PickingStarted => format!("{store} started picking"),
        TaskEvent::Picked { line, quantity } => format!("{store} picked {quantity} of line {line}"),
        TaskEvent::Short { line, missing } => format!("{store} could not find {missing} of line {line}"),
        TaskEvent::Packed => format!("{store} packed the goods"),
        TaskEvent::HandedOver { to: Some(to) } => format!("{store} handed the goods over to {to}"),
        TaskEvent::HandedOver { to: None } => format!("{store} handed the goods over"),
        TaskEvent::PutBack => format!("{store} put the goods back"),
        TaskEvent::Released { replica } => format!("the goods may leave {store} (released to {replica})"),
        TaskEvent::Recalled { reason } => format!("recalled from {store}: {reason}"),
        TaskEvent::CancelRequested { reason } => format!("{store} was asked to stop: {reason}"),
        TaskEvent::Readopted => format!("given back to {store}, which had the work in hand"),
        TaskEvent::TakenBack { reason } => format!("taken back from {store} by a person: {reason}"),
        TaskEvent::LetGo { reason, .. } => {
            format!("a manager at {store} lets the goods go without a release: {reason}")
        }
    }
}

#[cfg(test)]
mod tests;
