//! Whether the books of orders agree with each other: states with what they are folded from, holds with
//! tasks, promised dates with the clock.

use crate::core::order::OrderState;
use holdfast_shared::ids::OrderId;
use holdfast_shared::limits::RECONCILED_TOLD_MAX;
use holdfast_shared::time::UtcMs;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One order as its rows tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFacts {
    pub order: OrderId,
    pub state: OrderState,
    /// What lines and tasks amount to.
    pub folded: OrderState,
    pub promise_by: Option<UtcMs>,
    /// Units held for tasks that have ended.
    pub orphaned: i64,
    /// Lines of work that a store has yet to begin, without a unit held for them.
    pub unheld: i64,
}

/// An order that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Mismatch {
    pub order: OrderId,
    pub what: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Reconciliation {
    /// Orders that were compared, the newest.
    pub compared: u64,
    /// Orders that are concerned but were not compared.
    pub left_out: u64,
    pub by_state: BTreeMap<OrderState, u64>,
    pub statuses_differ: u64,
    pub holds_differ: u64,
    /// Promised dates that have passed while the order is not final.
    pub promises_over: u64,
    /// The first of them, in words.
    pub mismatches: Vec<Mismatch>,
}

impl Reconciliation {
    #[must_use]
    pub fn of(facts: &[OrderFacts], concerned: u64, now: UtcMs) -> Self {
        let compared = u64::try_from(facts.len()).unwrap_or(u64::MAX);
        let mut told = Self { compared, left_out: concerned.saturating_sub(compared), ..Self::default() };
        for one in facts {
            let count = told.by_state.entry(one.state).or_default();
            *count = count.saturating_add(1);
            told.compare(one, now);
        }
        told
    }

    fn compare(&mut self, one: &OrderFacts, now: UtcMs) {
        if one.state != one.folded {
            self.statuses_differ = self.statuses_differ.saturating_add(1);
            self.tell(one, format!("is {}, and amounts to {}", one.state.as_str(), one.folded.as_str()));
        }
        if one.orphaned > 0 || one.unheld > 0 {
            self.holds_differ = self.holds_differ.saturating_add(1);
            let what = format!(
                "{} units are held for work that has ended, {} lines of work have none held",
                one.orphaned, one.unheld
            );
            self.tell(one, what);
        }
        if !one.state.is_final() && one.promise_by.is_some_and(|by| by < now) {
            self.promises_over = self.promises_over.saturating_add(1);
            self.tell(one, "its promised date has passed".to_owned());
        }
    }

    fn tell(&mut self, one: &OrderFacts, what: String) {
        if self.mismatches.len() < RECONCILED_TOLD_MAX {
            self.mismatches.push(Mismatch { order: one.order.clone(), what });
        }
    }

    /// States and holds agree. A date that has passed is the customer's to hear of, not a mistake of the books.
    #[must_use]
    pub const fn agrees(&self) -> bool {
        self.statuses_differ == 0 && self.holds_differ == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(order: &str) -> OrderFacts {
        OrderFacts {
            order: order.parse().unwrap(),
            state: OrderState::Accepted,
            folded: OrderState::Accepted,
            promise_by: Some(UtcMs(10)),
            orphaned: 0,
            unheld: 0,
        }
    }

    #[test]
    fn books_that_agree_say_nothing() {
        let told = Reconciliation::of(&[facts("o1"), facts("o2")], 5, UtcMs(10));
        assert!(told.agrees() && told.mismatches.is_empty());
        assert_eq!((told.compared, told.left_out, told.by_state[&OrderState::Accepted]), (2, 3, 2));
    }

    #[test]
    fn what_differs_is_counted_and_told_with_its_order() {
        let all = [
            OrderFacts { folded: OrderState::Ready, ..facts("o1") },
            OrderFacts { orphaned: 2, ..facts("o2") },
            OrderFacts { unheld: 1, ..facts("o3") },
        ];
        let told = Reconciliation::of(&all, 3, UtcMs(0));
        assert_eq!((told.statuses_differ, told.holds_differ, told.promises_over), (1, 2, 0));
        assert!(!told.agrees());
        assert_eq!(told.mismatches[0].what, "is accepted, and amounts to ready");
        let order = |at: usize| told.mismatches[at].order.as_str().to_owned();
        assert_eq!((order(1), order(2)), ("o2".to_owned(), "o3".to_owned()));
    }

    #[test]
    fn a_date_that_passed_is_told_unless_the_order_is_final() {
        let shipped = OrderFacts { state: OrderState::Shipped, folded: OrderState::Shipped, ..facts("o1") };
        let told = Reconciliation::of(&[facts("o2"), shipped], 2, UtcMs(11));
        assert_eq!((told.promises_over, told.agrees()), (1, true));
        assert_eq!(told.mismatches[0].order.as_str(), "o2");
    }

    #[test]
    fn a_long_list_of_mismatches_ends() {
        let many: Vec<OrderFacts> = (0..RECONCILED_TOLD_MAX + 5)
            .map(|n| OrderFacts { unheld: 1, ..facts(&format!("o{n}")) })
            .collect();
        let told = Reconciliation::of(&many, 0, UtcMs(0));
        assert_eq!(told.mismatches.len(), RECONCILED_TOLD_MAX);
        assert_eq!(told.holds_differ, u64::try_from(many.len()).unwrap());
    }
}
