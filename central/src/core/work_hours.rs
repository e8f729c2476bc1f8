//! What a task's new facts say about how its store works, for the hour in which central hears of
//! them. Counted by central's clock: that is what a customer waits by.

use super::fleet::{HourOfWork, hour_of};
use holdfast_shared::domain::task::{Phase, TaskState};
use holdfast_shared::time::UtcMs;

/// None when nothing of it is new.
#[must_use]
pub fn count(before: Option<&TaskState>, after: &TaskState, now: UtcMs) -> Option<HourOfWork> {
    let was = |reached: fn(Phase) -> bool| before.is_some_and(|before| reached(before.phase));
    let is = |reached: fn(Phase) -> bool| reached(after.phase) && !was(reached);
    let accepted = is(was_accepted);
    let units = |of: fn(&TaskState) -> i64| of(after).saturating_sub(before.map_or(0, of)).max(0);
    let counted = HourOfWork {
        hour: hour_of(now),
        given: u32::from(before.is_none()),
        accepted: u32::from(accepted),
        accept_ms: if accepted { now.since(after.offered_at.wall).max(0) } else { 0 },
        declined: u32::from(is(was_declined)),
        picked_units: units(picked),
        short_units: units(short),
    };
    (counted != HourOfWork { hour: counted.hour, ..HourOfWork::default() }).then_some(counted)
}

const fn was_accepted(phase: Phase) -> bool {
    match phase {
        Phase::Accepted | Phase::Picking | Phase::Packed | Phase::HandedOver => true,
        // Put back can follow an offer that nobody accepted.
        Phase::Offered | Phase::Declined | Phase::PutBack => false,
    }
}

const fn was_declined(phase: Phase) -> bool {
    match phase {
        Phase::Declined => true,
        Phase::Offered
        | Phase::Accepted
        | Phase::Picking
        | Phase::Packed
        | Phase::HandedOver
        | Phase::PutBack => false,
    }
}

fn picked(task: &TaskState) -> i64 {
    task.lines.iter().map(|line| line.picked).fold(0, i64::saturating_add)
}

fn short(task: &TaskState) -> i64 {
    task.lines.iter().map(|line| line.short).fold(0, i64::saturating_add)
}

/// The hours that a window of this many, which ends now, looks at, together.
#[must_use]
pub fn within(work: &[HourOfWork], hours: i64, now: UtcMs) -> HourOfWork {
    let this = hour_of(now);
    let seen = (this.saturating_sub(hours.max(1)).saturating_add(1))..=this;
    work.iter().filter(|hour| seen.contains(&hour.hour)).fold(
        HourOfWork { hour: this, ..HourOfWork::default() },
        |sum, hour| HourOfWork {
            hour: this,
            given: sum.given.saturating_add(hour.given),
            accepted: sum.accepted.saturating_add(hour.accepted),
            accept_ms: sum.accept_ms.saturating_add(hour.accept_ms),
            declined: sum.declined.saturating_add(hour.declined),
            picked_units: sum.picked_units.saturating_add(hour.picked_units),
            short_units: sum.short_units.saturating_add(hour.short_units),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::task;
    use holdfast_shared::time::Hlc;

    const NOW: UtcMs = UtcMs(1_790_000_000_000);

    #[test]
    fn each_step_of_a_task_counts_once() {
        let mut offered = task("leeds", Phase::Offered);
        offered.offered_at = Hlc { wall: NOW.plus(-90_000), counter: 0 };
        let new = count(None, &offered, NOW).unwrap();
        assert_eq!((new.given, new.accepted, new.hour), (1, 0, hour_of(NOW)));
        let mut picked = offered.clone();
        picked.phase = Phase::Picking;
        picked.lines[0].picked = 1;
        let accepted = count(Some(&offered), &picked, NOW).unwrap();
        assert_eq!((accepted.given, accepted.accepted, accepted.accept_ms), (0, 1, 90_000));
        assert_eq!((accepted.picked_units, accepted.short_units), (1, 0));
        let mut packed = picked.clone();
        packed.phase = Phase::Packed;
        packed.lines[0].short = 1;
        let short = count(Some(&picked), &packed, NOW).unwrap();
        assert_eq!((short.accepted, short.picked_units, short.short_units), (0, 0, 1));
        assert_eq!(count(Some(&packed), &packed, NOW), None);
        let mut found = packed.clone();
        found.lines[0].short = 0;
        assert_eq!(count(Some(&packed), &found, NOW), None, "what is found again takes nothing back");
    }

    #[test]
    fn a_refusal_is_no_acceptance_and_a_clock_that_was_put_back_makes_nobody_faster() {
        let offered = task("leeds", Phase::Offered);
        let declined = count(Some(&offered), &task("leeds", Phase::Declined), NOW).unwrap();
        assert_eq!((declined.accepted, declined.declined), (0, 1));
        let mut accepted = task("leeds", Phase::Accepted);
        accepted.offered_at = Hlc { wall: NOW.plus(60_000), counter: 0 };
        assert_eq!(count(Some(&offered), &accepted, NOW).unwrap().accept_ms, 0);
    }

    #[test]
    fn a_window_sees_its_hours_and_none_from_the_future() {
        let hour = |ago: i64| HourOfWork { hour: hour_of(NOW) - ago, given: 1, ..HourOfWork::default() };
        let work = [hour(-1), hour(0), hour(1), hour(5), hour(6)];
        assert_eq!(within(&work, 6, NOW).given, 3);
        assert_eq!(within(&work, 1, NOW).given, 1);
    }
}
