//! Seed after seed, on as many threads as one likes: each world has one of its own.

use super::plan::Plan;
use super::{Failure, Report, run};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What many runs came to.
#[derive(Debug, Default)]
pub struct Sum {
    pub seeds: u64,
    /// Of all stores together.
    pub store_ms: i64,
    pub marks: BTreeMap<&'static str, u64>,
    pub healing_steps_max: u64,
    /// By seed: the same on any number of threads.
    pub traces: BTreeMap<u64, u64>,
    pub failures: Vec<Failure>,
}

impl Sum {
    fn add(&mut self, report: Report) {
        self.seeds += 1;
        let stores = i64::try_from(report.plan.stores).unwrap_or(i64::MAX);
        self.store_ms += report.lived_ms * stores;
        self.healing_steps_max = self.healing_steps_max.max(report.healing_steps);
        self.traces.insert(report.plan.seed, report.trace_hash);
        for (mark, times) in report.marks {
            *self.marks.entry(mark).or_default() += times;
        }
    }

    #[must_use]
    pub fn store_days(&self) -> f64 {
        let seconds = u32::try_from(self.store_ms / 1_000).unwrap_or(u32::MAX);
        f64::from(seconds) / 86_400.0
    }
}

/// Runs the plans of seeds `from` up to `from + seeds`. `done` hears of each, and says whether to go on.
pub fn run_all(
    from: u64,
    seeds: u64,
    jobs: usize,
    plan: &(dyn Fn(u64) -> Plan + Sync),
    done: &(dyn Fn(&Sum) -> bool + Sync),
) -> Sum {
    let (next, over) = (AtomicU64::new(from), AtomicBool::new(false));
    let sum = Mutex::new(Sum::default());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from.saturating_add(seeds) {
                        return;
                    }
                    let outcome = run(&plan(seed));
                    let mut sum = sum.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    match outcome {
                        Ok(report) => sum.add(report),
                        Err(failure) => sum.failures.push(*failure),
                    }
                    if !done(&sum) {
                        over.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let mut sum = sum.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    sum.failures.sort_by_key(|failure| failure.plan.seed);
    sum
}
