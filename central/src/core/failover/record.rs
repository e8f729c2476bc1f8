//! What stays on record of each move, from the store that it left to the one that took over.

use super::plan::Cause;
use super::standby::names;
use holdfast_shared::domain::task::Phase;
use holdfast_shared::ids::{DrillId, OrderId, StoreId, TaskId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Moved {
    pub task: TaskId,
    pub order: OrderId,
    /// The store that it left.
    pub store: StoreId,
    pub phase: Phase,
    pub cause: Cause,
    /// Why, since when, by which rule, and what was left of the promise.
    pub words: String,
    pub moved_at: UtcMs,
    pub promise_by: Option<UtcMs>,
    /// Who stood second when the work was given.
    pub plan_b: Vec<StoreId>,
    /// Why they did not get it.
    pub plan_b_refused: Option<String>,
    /// Where it went; none while nobody has it.
    pub next: Option<Next>,
    /// The drill that it belongs to.
    pub drill: Option<DrillId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Next {
    pub task: TaskId,
    pub store: StoreId,
    pub at: UtcMs,
}

impl Moved {
    /// Whether who stood second took over.
    #[must_use]
    pub fn went_by_plan_b(&self) -> bool {
        let planned = self.next.as_ref().is_some_and(|next| self.plan_b.contains(&next.store));
        planned && self.plan_b_refused.is_none()
    }

    /// Whether the store that it left came back and went on with it.
    #[must_use]
    pub fn went_back(&self) -> bool {
        self.next.as_ref().is_some_and(|next| next.task == self.task)
    }

    /// How it went on, in words, for the order's timeline.
    #[must_use]
    pub fn went_on_words(&self) -> String {
        let Some(next) = &self.next else { return format!("nobody has taken over from {} yet", self.store) };
        let (from, to) = (&self.store, &next.store);
        if self.went_back() {
            return format!("{from} is back and goes on with {}", self.task);
        }
        if self.went_by_plan_b() {
            return format!("{to} takes over from {from}: it stood second when {from} got the work");
        }
        if self.plan_b.is_empty() {
            return format!("{to} takes over from {from}, found anew: nobody stood second");
        }
        let second = names(&self.plan_b);
        match &self.plan_b_refused {
            Some(why) => format!("{to} takes over from {from}, found anew: {second} stood second, and {why}"),
            None => {
                format!("{to} takes over from {from}, found anew; {second} stood second and was not asked")
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn moved(n: u32) -> Moved {
        Moved {
            task: format!("o{n}-1").parse().unwrap(),
            order: format!("o{n}").parse().unwrap(),
            store: "leeds".parse().unwrap(),
            phase: Phase::Offered,
            cause: Cause::StoreFails,
            words: String::from("dark"),
            moved_at: UtcMs(1_000),
            promise_by: None,
            plan_b: Vec::new(),
            plan_b_refused: None,
            next: None,
            drill: None,
        }
    }

    pub(crate) fn to(store: &str, at: i64) -> Option<Next> {
        Some(Next { task: "o1-2".parse().unwrap(), store: store.parse().unwrap(), at: UtcMs(at) })
    }

    #[test]
    fn who_took_over_and_how_it_was_found_is_told() {
        let york: Vec<StoreId> = vec!["york".parse().unwrap()];
        let cases = [
            (moved(1), "nobody has taken over from leeds yet"),
            (Moved { next: to("york", 2), ..moved(1) }, "found anew: nobody stood second"),
            (Moved { plan_b: york.clone(), next: to("york", 2), ..moved(1) }, "it stood second when leeds"),
            (
                Moved {
                    plan_b: york.clone(),
                    plan_b_refused: Some(String::from("york is suspect: silent")),
                    next: to("hull", 2),
                    ..moved(1)
                },
                "found anew: york stood second, and york is suspect: silent",
            ),
            (Moved { plan_b: york, next: to("hull", 2), ..moved(1) }, "york stood second and was not asked"),
        ];
        for (moved, words) in cases {
            assert!(moved.went_on_words().contains(words), "{}", moved.went_on_words());
        }
        let back = Next { task: "o1-1".parse().unwrap(), store: "leeds".parse().unwrap(), at: UtcMs(3) };
        let back = Moved { next: Some(back), ..moved(1) };
        assert!(back.went_back() && !back.went_by_plan_b());
        assert_eq!(back.went_on_words(), "leeds is back and goes on with o1-1");
    }
}
