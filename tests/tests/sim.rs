//! The simulator over many seeds. `HOLDFAST_SIM_SEEDS=1000` runs that many, `HOLDFAST_SIM_SEED=7`
//! that one alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in here is a finding")]

use holdfast_tests::sim::{Report, run};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const STEPS: u64 = 300;
/// About a minute on two cores, unoptimised.
const SEEDS: u64 = 40;

/// Faults and states that a run of all seeds must have seen, or it proves nothing about them.
const REACHED: &[&str] = &[
    "agent_crashed",
    "answer_late",
    "answer_lost",
    "asked_again_later",
    "assigned",
    "backordered",
    "beat_lost",
    "cancel_asked_a_store",
    "cancelled_at_once",
    "cancelled_too_late",
    "central_crashed",
    "closed",
    "declined",
    "double_tap",
    "failed_over",
    "handed_over",
    "ineligible",
    "late_answer_absorbed",
    "not_released",
    "offer_withdrawn",
    "opened",
    "order_placed",
    "order_retried",
    "poke_lost",
    "put_back",
    "recalled",
    "request_doubled",
    "request_late",
    "request_lost",
    "rival_came_late",
    "rival_met_a_release",
    "rival_recalled",
    "short_pick",
    "sold_reserved",
    "stayed_released",
    "store_cut_off",
    "suspect",
    "tried_to_hand_over_early",
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Each world has one thread; two worlds may have two.
fn all(seeds: u64) -> Vec<Result<Report, String>> {
    let next = AtomicU64::new(0);
    let told = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    let outcome = run(seed, STEPS).map_err(|failure| failure.to_string());
                    told.lock().unwrap().push(outcome);
                }
            });
        }
    });
    told.into_inner().unwrap()
}

#[test]
fn every_invariant_holds_and_every_fault_was_met() {
    if let Some(seed) = number("HOLDFAST_SIM_SEED") {
        run(seed, STEPS).unwrap_or_else(|failure| panic!("{failure}"));
        return;
    }
    let mut marks: BTreeMap<&str, u64> = BTreeMap::new();
    let mut failures = Vec::new();
    let seeds = number("HOLDFAST_SIM_SEEDS").unwrap_or(SEEDS);
    for outcome in all(seeds) {
        match outcome {
            Ok(report) => {
                for (mark, times) in report.marks {
                    *marks.entry(mark).or_default() += times;
                }
            }
            Err(failure) => failures.push(failure),
        }
    }
    let failed = failures.len();
    if let Some(first) = failures.first() {
        let heads: Vec<&str> = failures.iter().filter_map(|failure| failure.lines().next()).collect();
        panic!("{failed} of {seeds} seeds failed\n{}\n\n{first}", heads.join("\n"));
    }
    println!("{marks:#?}");
    let never: Vec<_> =
        REACHED.iter().filter(|mark| marks.get(*mark).is_none_or(|times| *times == 0)).collect();
    assert!(never.is_empty(), "never met in {seeds} seeds: {never:?}\nmet: {marks:?}");
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in [1, 2] {
        let first = run(seed, 120).unwrap_or_else(|failure| panic!("{failure}"));
        let second = run(seed, 120).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(first, second, "seed {seed}");
    }
    let other = run(3, 120).unwrap_or_else(|failure| panic!("{failure}"));
    assert_ne!(run(1, 120).unwrap_or_else(|failure| panic!("{failure}")).trace_hash, other.trace_hash);
}
