//! Makes a failing schedule short: fewer steps, fewer stores, no kind of fault that it can do
//! without, and then of the single things that happened only those that the failure needs.

use super::kind::Kind;
use super::plan::{Event, Plan};
use super::{Failure, run};
use std::collections::BTreeSet;

/// A shorter plan that fails by the same invariant, after at most so many runs.
#[must_use]
pub fn shrink(found: &Failure, runs_max: u32) -> Failure {
    let mut shrinker = Shrinker { best: found.clone(), wanted: found.invariant(), runs: runs_max };
    shrinker.fewer_steps();
    shrinker.fewer_stores();
    shrinker.fewer_kinds();
    shrinker.fewer_events();
    shrinker.fewer_steps();
    shrinker.best
}

struct Shrinker {
    best: Failure,
    wanted: String,
    runs: u32,
}

impl Shrinker {
    /// Whether it fails the same way; then it is the best so far.
    fn still_fails(&mut self, plan: &Plan) -> bool {
        if self.runs == 0 {
            return false;
        }
        self.runs -= 1;
        match run(plan) {
            Err(failure) if failure.invariant() == self.wanted => {
                self.best = *failure;
                true
            }
            Err(_) | Ok(_) => false,
        }
    }

    /// What fails while it heals needs the steps before; what fails earlier needs none after.
    fn fewer_steps(&mut self) {
        let plan = self.best.plan.clone();
        let mut cut = self.best.step.min(plan.steps);
        if cut < plan.steps {
            self.still_fails(&Plan { steps: cut, ..plan });
        }
        let mut by = cut / 2;
        while by > 0 {
            cut = self.best.plan.steps;
            if by >= cut || !self.still_fails(&Plan { steps: cut - by, ..self.best.plan.clone() }) {
                by /= 2;
            }
        }
    }

    fn fewer_stores(&mut self) {
        for stores in 1..self.best.plan.stores {
            if self.still_fails(&Plan { stores, ..self.best.plan.clone() }) {
                return;
            }
        }
    }

    fn fewer_kinds(&mut self) {
        let kinds: BTreeSet<Kind> = self.best.happened.iter().map(|event| event.kind).collect();
        for kind in kinds {
            let mut plan = self.best.plan.clone();
            plan.without_kinds.insert(kind);
            self.still_fails(&plan);
        }
    }

    /// Delta debugging: halves, then quarters, then single events, as long as it helps.
    fn fewer_events(&mut self) {
        let mut size = self.best.happened.len().div_ceil(2);
        while size > 0 && self.runs > 0 {
            let happened = self.best.happened.clone();
            let mut helped = false;
            for part in happened.chunks(size) {
                let left: Vec<Event> =
                    part.iter().copied().filter(|event| self.best.happened.contains(event)).collect();
                helped |= !left.is_empty() && self.still_fails(&super::without(&self.best.plan, &left));
            }
            if !helped || size > 1 {
                size /= 2;
            }
        }
    }
}
