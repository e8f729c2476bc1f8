//! What of an order's units nobody has, computed anew from its lines and tasks. A line as it was ordered
//! and those that stand in for it are for the same units of the customer: they are looked at together.

use super::order::OrderLine;
use holdfast_shared::domain::task::{Line, Phase, TaskState};
use holdfast_shared::ids::LineNo;

/// Its goods are released, or a manager let them go.
pub(super) const fn may_leave(task: &TaskState) -> bool {
    task.release.is_some() || task.let_go.is_some()
}

/// Units of the line that this task has and answers for.
pub(super) fn claim(task: &TaskState, line: LineNo) -> i64 {
    let moved_away = task.recall.as_ref().is_some_and(|recall| !recall.cancel);
    if moved_away || task.phase.is_final() {
        return 0;
    }
    let missing = |line: &Line| if task.settles_at_end() { 0 } else { line.short };
    task.line(line).map_or(0, |line| line.quantity.saturating_sub(missing(line)))
}

fn claims(tasks: &[TaskState], line: LineNo) -> i64 {
    tasks.iter().fold(0_i64, |sum, task| sum.saturating_add(claim(task, line)))
}

fn sum(units: impl Iterator<Item = i64>) -> i64 {
    units.fold(0, i64::saturating_add)
}

/// A line as it was ordered, and those that stand in for units of it.
pub(super) struct Family<'a> {
    pub(super) ordered: &'a OrderLine,
    pub(super) stand_ins: Vec<&'a OrderLine>,
}

/// A line whose ordered one nobody knows, after a restore, is for itself.
pub(super) fn families(lines: &[OrderLine]) -> Vec<Family<'_>> {
    let ordered = |line: &OrderLine| match line.substitutes {
        None => true,
        Some(of) => lines.iter().all(|other| other.line != of),
    };
    let alone = lines.iter().filter(|line| ordered(line));
    alone
        .map(|ordered| {
            let of = |line: &&OrderLine| line.substitutes == Some(ordered.line);
            Family { ordered, stand_ins: lines.iter().filter(of).collect() }
        })
        .collect()
}

impl Family<'_> {
    /// Units that the customer wants no more. Those of stand-ins that came back to the ordered line, because
    /// it was found after all, are none of them.
    fn given_up(&self) -> i64 {
        let asked = sum(self.stand_ins.iter().map(|line| line.quantity));
        let came_back = asked.saturating_sub(self.ordered.replaced).max(0);
        let cancelled = sum(self.stand_ins.iter().map(|line| line.cancelled));
        self.ordered.given_up().saturating_add(cancelled.saturating_sub(came_back).max(0))
    }

    /// Units that the customer still waits for, whether a task has them or not.
    pub(super) fn room(&self) -> i64 {
        let left = sum(self.stand_ins.iter().map(|line| line.finished));
        let settled = self.ordered.finished.saturating_add(left).saturating_add(self.given_up());
        self.ordered.quantity.saturating_sub(settled).max(0)
    }
}

/// A line's units as they are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub line: LineNo,
    pub open: i64,
    pub cancelled: i64,
    pub replaced: i64,
}

fn unclaimed(line: &OrderLine, tasks: &[TaskState]) -> i64 {
    let known = line.finished.saturating_add(line.cancelled).saturating_add(claims(tasks, line.line));
    line.quantity.saturating_sub(known).max(0)
}

/// What nobody has is open. Where all of the ordered goods were found after others were to stand in for
/// them, the others are not looked for any more, once `all_told`: before, who found them is not known.
#[must_use]
pub fn settled(lines: &[OrderLine], tasks: &[TaskState], all_told: bool) -> Vec<Settled> {
    let mut settled = Vec::with_capacity(lines.len());
    for family in families(lines) {
        let OrderLine { line, quantity, finished, cancelled, replaced, .. } = *family.ordered;
        let had = finished.saturating_add(claims(tasks, line));
        let given_up = family.ordered.given_up();
        let twice = had.saturating_add(given_up).saturating_add(replaced).saturating_sub(quantity);
        let mut back = if all_told { twice.clamp(0, replaced.max(0)) } else { 0 };
        let mut came_back = 0_i64;
        // The last that was proposed is the first that is not needed.
        for other in family.stand_ins.iter().rev() {
            let open = unclaimed(other, tasks);
            let units = back.min(open);
            back = back.saturating_sub(units);
            came_back = came_back.saturating_add(units);
            settled.push(Settled {
                line: other.line,
                open: open.saturating_sub(units),
                cancelled: other.cancelled.saturating_add(units),
                replaced: other.replaced,
            });
        }
        let free = quantity.saturating_sub(had).max(0);
        let cancelled = if came_back > 0 { cancelled.min(free) } else { cancelled };
        settled.push(Settled {
            line,
            open: free.saturating_sub(cancelled).max(0),
            cancelled,
            replaced: replaced.saturating_sub(came_back),
        });
    }
    settled
}

/// Units that a line has at least, of which no more is known than what stores were offered: the largest
/// part, and all parts that left or may leave, for central lets no unit leave twice. A line that stands in
/// has no more of them than the ordered one leaves it.
#[must_use]
pub fn told_units(line: &OrderLine, lines: &[OrderLine], tasks: &[TaskState]) -> i64 {
    let parts = tasks.iter().filter_map(|task| task.line(line.line)).map(|part| part.quantity);
    let told = parts.max().unwrap_or(0).max(sure(tasks, line.line));
    let of = line.substitutes.and_then(|of| lines.iter().find(|other| other.line == of));
    let Some(ordered) = of else { return told.max(line.quantity) };
    let beside = |other: &&OrderLine| other.substitutes == line.substitutes && other.line != line.line;
    let others = sum(lines.iter().filter(beside).map(|other| other.quantity));
    let gone = ordered.finished.max(sure(tasks, ordered.line));
    let room = ordered.quantity.saturating_sub(gone).saturating_sub(others);
    told.min(room).max(line.quantity)
}

/// Cancelled and replaced units of a line of which other lines are told to stand in for so many more.
#[must_use]
pub fn replaced_more(line: &OrderLine, units: i64) -> (i64, i64) {
    let replaced = line.replaced.saturating_add(units);
    let room = line.quantity.saturating_sub(line.finished).max(0);
    (line.given_up().saturating_add(replaced).min(room), replaced)
}

/// Units of the line that left, or that nobody but a person can stop.
fn sure(tasks: &[TaskState], line: LineNo) -> i64 {
    let of = |task: &TaskState| match task.phase {
        Phase::HandedOver => task.line(line).map_or(0, |part| {
            if part.open() > 0 { part.quantity.saturating_sub(part.short) } else { part.picked }
        }),
        Phase::Offered | Phase::Accepted | Phase::Picking | Phase::Packed if may_leave(task) => {
            claim(task, line)
        }
        Phase::Offered
        | Phase::Accepted
        | Phase::Picking
        | Phase::Packed
        | Phase::PutBack
        | Phase::Declined => 0,
    };
    sum(tasks.iter().map(of))
}

#[cfg(test)]
mod tests;
