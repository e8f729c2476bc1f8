//! The simulator over its default seeds; `holdfast-sim` runs more of them, and one of them again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in here is a finding")]

use holdfast_tests::sim::kind::Kind;
use holdfast_tests::sim::many::run_all;
use holdfast_tests::sim::plan::Plan;
use holdfast_tests::sim::run;
use holdfast_tests::sim::shrink::shrink;

/// About a minute on two cores, unoptimised.
const SEEDS: u64 = 36;

/// States that a run of all seeds must have seen, beside every fault and act that is switched on,
/// or it proves nothing about them.
const REACHED: &[&str] = &[
    "assigned",
    "backordered",
    "branch_discarded",
    "branch_merged",
    "cancel_asked_a_store",
    "cancel_unanswered",
    "cancelled_at_once",
    "cancelled_too_late",
    "card_down_asked",
    "card_had_done_it",
    "card_never_heard_of_it",
    "card_not_looked_up",
    "carrier_down_asked",
    "carrier_had_done_it",
    "carrier_never_heard_of_it",
    "closed",
    "declined",
    "disk_full_told",
    "echo_told",
    "failed_over",
    "gathering_began",
    "gathering_ended",
    "goods_let_go",
    "handed_over",
    "ineligible",
    "kept_apart",
    "label_asked_twice_made_once",
    "label_made",
    "label_not_looked_up",
    "label_refused",
    "label_seen_to",
    "label_voided",
    "label_wished_again",
    "late_answer_absorbed",
    "left_labelled",
    "left_unlabelled",
    "lost_order_repeated",
    "no_witness_told",
    "not_released",
    "observer_frozen",
    "offer_withdrawn",
    "opened",
    "operator_told",
    "escrow_ended",
    "escrow_wanted",
    "order_delivered",
    "order_placed",
    "order_retried",
    "parcel_came",
    "parcel_delivered",
    "parcel_found",
    "parcel_lost_by_carrier",
    "parcel_returned",
    "payment_tried_again",
    "places_traded",
    "put_back",
    "quarantined",
    "release_taken_back",
    "recovery_ended",
    "refund_refused",
    "refund_retried",
    "refund_taken_in",
    "rival_assigned",
    "rival_came_late",
    "rival_met_a_release",
    "rival_met_no_stock",
    "rival_recalled",
    "rival_was_given_anew",
    "scan_before_label",
    "scan_known_before",
    "scan_refused",
    "scan_taken_in",
    "sealed",
    "short_pick",
    "sold_reserved",
    "stayed_released",
    "substitute_accepted",
    "substitute_declined",
    "substitute_not_answered",
    "substitute_proposed",
    "substituted",
    "suspect",
    "unsure_said_again",
    "webhook_known_before",
    "webhook_refused",
    "webhook_taken_in",
    "work_taken_back",
    "witness_told",
];

fn jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[test]
fn every_invariant_holds_and_every_fault_was_met() {
    let sum = run_all(0, SEEDS, jobs(), &Plan::of, &|_| true);
    if let Some(first) = sum.failures.first() {
        let heads: Vec<String> = sum
            .failures
            .iter()
            .map(|failure| format!("seed {} at step {}: {}", failure.plan.seed, failure.step, failure.why))
            .collect();
        panic!("{} of {SEEDS} seeds failed\n{}\n\n{first}", heads.len(), heads.join("\n"));
    }
    println!("{:#?}", sum.marks);
    let on = Kind::ALL.iter().filter(|kind| kind.is_on()).map(|kind| kind.mark());
    let never: Vec<_> =
        on.chain(REACHED.iter().copied()).filter(|mark| !sum.marks.contains_key(mark)).collect();
    assert!(never.is_empty(), "never met in {SEEDS} seeds: {never:?}\nmet: {:?}", sum.marks);
}

#[test]
fn the_same_seed_is_the_same_run() {
    let plan = |seed| Plan::of(seed).sized(Some(80), Some(3));
    let alone = run_all(100, 4, 1, &plan, &|_| true);
    let beside_others = run_all(100, 4, 4, &plan, &|_| true);
    assert_eq!(alone.traces.len(), 4, "{:?}", alone.failures);
    assert_eq!(alone.traces, beside_others.traces);
    let hashes: std::collections::BTreeSet<_> = alone.traces.values().collect();
    assert_eq!(hashes.len(), 4, "different seeds are different runs");
}

#[test]
fn a_failing_schedule_becomes_short_and_still_fails() {
    let guard = holdfast_shared::guard::Guard::IdempotencyRecord;
    let plan = |seed| Plan::of(seed).sized(Some(80), Some(2)).breaking(Some(guard));
    let found = (0..20).find_map(|seed| run(&plan(seed)).err()).unwrap();
    let short = shrink(&found, 60);
    assert_eq!(short.invariant(), found.invariant());
    assert!(short.happened.len() < found.happened.len() / 2, "{:?}", short.happened);
    let again = run(&short.plan).unwrap_err();
    assert_eq!((again.step, &again.why, &again.happened), (short.step, &short.why, &short.happened));
}
