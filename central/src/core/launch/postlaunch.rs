//! Whether, some days after a launch, everything adds up: counts, statuses, cancellations and returns,
//! notifications, and what people were told to look at.

use super::reconcile::{Mismatch, Reconciliation};
use crate::core::exception::Category;
use holdfast_shared::time::UtcMs;
use serde::Serialize;
use utoipa::ToSchema;

/// An open exception of its own age is reviewed by then.
const REVIEWED_WITHIN_MS: i64 = 24 * 60 * 60 * 1000;

/// Counted over the newest orders since then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub orders: u64,
    /// Of which the event that they were placed stands in the outbox.
    pub told_placed: u64,
    /// Whose present state stands in the outbox.
    pub told_state: u64,
    /// In a state that some store works on, or worked on.
    pub worked: u64,
    /// Those of them that have a task.
    pub with_task: u64,
    pub open_tasks: u64,
    pub open_holds: u64,
    pub orphaned_holds: u64,
    pub reserved_mismatch: u64,
    pub asked_to_cancel: u64,
    /// All units of which came to an end without leaving.
    pub cancelled: u64,
    /// The goods left nevertheless.
    pub left_anyway: u64,
    /// Those of them for which a return is due, or was.
    pub returns: u64,
    /// The store has not answered yet.
    pub unanswered: u64,
    /// Events that wait to be published for long.
    pub events_waiting: u64,
}

/// Exceptions of one kind, raised since then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Raised {
    pub category: Category,
    pub raised: u64,
    pub open: u64,
    /// Of the oldest open one.
    pub open_since: Option<UtcMs>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LaunchTally)]
pub struct Tally {
    #[schema(example = "orders without their OrderPlaced event")]
    pub what: &'static str,
    pub count: u64,
    /// It must be 0.
    pub must_be_none: bool,
}

/// One of the five questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Section {
    #[schema(example = "counts")]
    pub section: &'static str,
    pub agrees: bool,
    pub tallies: Vec<Tally>,
    pub to_do: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PostLaunch {
    pub since: UtcMs,
    pub orders: u64,
    /// All five agree.
    pub agrees: bool,
    pub sections: Vec<Section>,
    pub exceptions: Vec<Raised>,
    /// The first orders that do not agree.
    pub mismatches: Vec<Mismatch>,
}

fn section(section: &'static str, tallies: &[(&'static str, u64, bool)], to_do: &'static str) -> Section {
    let tallies: Vec<Tally> = tallies
        .iter()
        .map(|(what, count, none)| Tally { what, count: *count, must_be_none: *none })
        .collect();
    let agrees = tallies.iter().all(|tally| !tally.must_be_none || tally.count == 0);
    Section { section, agrees, tallies, to_do: (!agrees).then_some(to_do) }
}

const fn without(part: u64, of: u64) -> u64 {
    of.saturating_sub(part)
}

fn counted(counts: &Counts) -> Section {
    section(
        "counts",
        &[
            ("orders", counts.orders, false),
            ("orders without their OrderPlaced event", without(counts.told_placed, counts.orders), true),
            ("orders that a store works on, without a task", without(counts.with_task, counts.worked), true),
            ("open tasks", counts.open_tasks, false),
            ("open holds", counts.open_holds, false),
            ("holds whose task has ended", counts.orphaned_holds, true),
            ("positions that do not add up to their holds", counts.reserved_mismatch, true),
        ],
        "look at the orders that are named, then GET /v1/audit",
    )
}

fn statuses(books: &Reconciliation) -> Section {
    section(
        "statuses",
        &[
            ("orders compared", books.compared, false),
            ("states that are not what lines and tasks amount to", books.statuses_differ, true),
            ("holds that are not what tasks ask for", books.holds_differ, true),
            ("promised dates that passed, of orders that are not final", books.promises_over, false),
        ],
        "look at the orders that are named",
    )
}

fn cancellations(counts: &Counts) -> Section {
    let answered = counts.cancelled.saturating_add(counts.left_anyway).saturating_add(counts.unanswered);
    section(
        "cancellations and returns",
        &[
            ("asked to be cancelled", counts.asked_to_cancel, false),
            ("cancelled", counts.cancelled, false),
            ("waiting for their store's answer", counts.unanswered, false),
            ("left nevertheless", counts.left_anyway, false),
            (
                "left nevertheless, without a return that is due",
                without(counts.returns, counts.left_anyway),
                true,
            ),
            ("asked and nothing came of it", without(answered, counts.asked_to_cancel), true),
        ],
        "fetch the goods that left, and give the money back",
    )
}

fn notifications(counts: &Counts) -> Section {
    section(
        "notifications",
        &[
            ("orders whose present state was not told", without(counts.told_state, counts.orders), true),
            ("events that wait to be published for minutes", counts.events_waiting, true),
        ],
        "see whether central publishes: holdfast_task_errors_total of the task publish",
    )
}

fn reviewed(exceptions: &[Raised], now: UtcMs) -> Section {
    let stale = |raised: &&Raised| raised.open_since.is_some_and(|at| now.since(at) > REVIEWED_WITHIN_MS);
    let unreviewed = exceptions.iter().filter(stale).map(|raised| raised.open).sum();
    section(
        "exceptions",
        &[
            ("raised", exceptions.iter().map(|raised| raised.raised).sum(), false),
            ("open", exceptions.iter().map(|raised| raised.open).sum(), false),
            ("open of kinds whose oldest waits for more than a day", unreviewed, true),
        ],
        "go through the open exceptions, the oldest first (GET /v1/exceptions)",
    )
}

#[must_use]
pub fn report(
    counts: &Counts,
    books: Reconciliation,
    exceptions: Vec<Raised>,
    (since, now): (UtcMs, UtcMs),
) -> PostLaunch {
    let sections = vec![
        counted(counts),
        statuses(&books),
        cancellations(counts),
        notifications(counts),
        reviewed(&exceptions, now),
    ];
    PostLaunch {
        since,
        orders: counts.orders,
        agrees: sections.iter().all(|section| section.agrees),
        sections,
        exceptions,
        mismatches: books.mismatches,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn good() -> Counts {
        Counts {
            orders: 10,
            told_placed: 10,
            told_state: 10,
            worked: 6,
            with_task: 6,
            open_tasks: 3,
            open_holds: 4,
            asked_to_cancel: 3,
            cancelled: 1,
            left_anyway: 1,
            returns: 1,
            unanswered: 1,
            ..Counts::default()
        }
    }

    fn disagree(counts: &Counts, books: Reconciliation, exceptions: Vec<Raised>) -> Vec<&'static str> {
        let told = report(counts, books, exceptions, (UtcMs(0), UtcMs(10 * DAY_MS)));
        assert_eq!(told.agrees, told.sections.iter().all(|section| section.to_do.is_none()));
        told.sections.iter().filter(|section| !section.agrees).map(|section| section.section).collect()
    }

    fn raised(open: u64, since: i64) -> Vec<Raised> {
        vec![Raised { category: Category::Stuck, raised: 5, open, open_since: Some(UtcMs(since)) }]
    }

    #[test]
    fn a_quiet_week_agrees() {
        assert_eq!(disagree(&good(), Reconciliation::default(), raised(2, 9 * DAY_MS)), [""; 0]);
    }

    #[test]
    fn each_of_the_five_is_asked_by_itself() {
        let none = Reconciliation::default;
        let with = |change: fn(&mut Counts)| {
            let mut counts = good();
            change(&mut counts);
            disagree(&counts, none(), Vec::new())
        };
        assert_eq!(with(|counts| counts.told_placed = 9), ["counts"]);
        assert_eq!(with(|counts| counts.with_task = 5), ["counts"]);
        assert_eq!(with(|counts| counts.orphaned_holds = 1), ["counts"]);
        assert_eq!(with(|counts| counts.reserved_mismatch = 1), ["counts"]);
        assert_eq!(with(|counts| counts.returns = 0), ["cancellations and returns"]);
        assert_eq!(with(|counts| counts.unanswered = 0), ["cancellations and returns"]);
        assert_eq!(with(|counts| counts.told_state = 9), ["notifications"]);
        assert_eq!(with(|counts| counts.events_waiting = 1), ["notifications"]);
        let books = Reconciliation { statuses_differ: 1, ..none() };
        assert_eq!(disagree(&good(), books, Vec::new()), ["statuses"]);
        let over = Reconciliation { promises_over: 1, ..none() };
        assert_eq!(disagree(&good(), over, Vec::new()), [""; 0], "the customer's to hear of, not the books'");
        assert_eq!(disagree(&good(), none(), raised(2, 8 * DAY_MS)), ["exceptions"]);
    }
}
