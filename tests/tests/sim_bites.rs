//! The simulator notices when a guard of the product is taken away. Each guard has a line: which
//! faults and acts it stands against, the first seed that is known to show it, and what is called
//! broken then. Those happen often here, so that the proof takes seconds; `holdfast-sim --break` searches
//! among seeds of every kind.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in here is a finding")]

use holdfast_shared::guard::Guard;
use holdfast_tests::sim::kind::Kind;
use holdfast_tests::sim::plan::Plan;
use holdfast_tests::sim::run;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Within so many seeds it must be found.
const SEEDS_MAX: u64 = 1_000;
const STEPS: u64 = 150;

/// What happens besides, but for the guards that stand against it: several boxes of a store, money, parcels, goods
/// that few have.
const BESIDES: &[Kind] = &[Kind::TwoBoxes, Kind::BoxCloned, Kind::Paid, Kind::Labelled, Kind::Scattered];

struct Bite {
    guard: Guard,
    stores: usize,
    /// What the guard stands against.
    often: &'static [Kind],
    /// The search begins here, and goes on from 0 when the code has changed.
    known_seed: u64,
    /// What may be called broken.
    found_by: &'static [&'static str],
}

const fn bite(
    guard: Guard,
    stores: usize,
    known_seed: u64,
    often: &'static [Kind],
    found_by: &'static [&'static str],
) -> Bite {
    Bite { guard, stores, often, known_seed, found_by }
}

const BITES: &[Bite] = &[
    bite(Guard::ReleaseBeforeHandOver, 2, 0, &[], &["NO_DOUBLE_SHIP"]),
    bite(Guard::RecallAndReleaseOnOneRow, 2, 1, &[Kind::RivalRecalls], &["NO_DOUBLE_SHIP"]),
    bite(Guard::HoldUntilAnswer, 2, 0, &[Kind::RivalRecalls], &["NO_OVERSELL"]),
    bite(Guard::IdempotencyRecord, 2, 0, &[], &["ONCE"]),
    bite(Guard::OrderIdempotency, 2, 0, &[Kind::OrderedAgain], &["ONCE", "the database refused"]),
    bite(Guard::FoldRank, 2, 0, &[Kind::RivalRecalls], &["LEGAL", "CONVERGE", "NO_ORPHAN"]),
    bite(Guard::ConditionalReserve, 2, 0, &[Kind::RivalAssigns], &["NO_OVERSELL"]),
    bite(Guard::DocumentOwner, 2, 0, &[Kind::ForeignClaim], &["ISOLATED"]),
    bite(Guard::AnswerAfterCommit, 2, 0, &[Kind::AgentCommitFailed], &["NO_LOST_ACK"]),
    bite(
        Guard::MemoryThrownAway,
        2,
        1,
        &[Kind::AgentCommitFailed],
        &["NO_ORPHAN", "CONVERGE", "the agent failed"],
    ),
    bite(Guard::LeaseBeforeRecall, 2, 6, &[Kind::AnswersCut], &["LEASE"]),
    bite(Guard::ObserverFreeze, 4, 3, &[Kind::UplinkLost], &["FAIL_STATIC"]),
    bite(
        Guard::IncarnationCheck,
        2,
        15,
        &[Kind::CentralRestored],
        // The release that central forgot comes back from its store, and looks as if the store had made it up.
        &["ISOLATED", "NO_ORPHAN", "NO_OVERSELL", "NO_DOUBLE_SHIP", "CONVERGE", "NO_LOST_ACK", "ONCE"],
    ),
    bite(Guard::RecoveryBeforeRouting, 2, 1, &[Kind::CentralRestored], &["NO_DOUBLE_SHIP"]),
    bite(Guard::DeadlinesWait, 2, 0, &[Kind::CentralClockStepped], &["FAIL_STATIC"]),
    bite(Guard::HappenedAnyway, 2, 2, &[Kind::Cancelled, Kind::StoreCutOff], &["LEGAL", "CONVERGE"]),
    bite(Guard::UntouchedOnly, 2, 0, &[Kind::RivalRecalls, Kind::AnswersCut], &["LEGAL", "NO_OVERSELL"]),
    bite(Guard::AcknowledgedByHeads, 2, 4, &[Kind::AnswerLate, Kind::AnswersCut], &["NO_LOST_ACK"]),
    bite(Guard::WriterRenewal, 2, 2, &[Kind::AgentRestored], &["NO_LOST_ACK"]),
    bite(Guard::RehydrateBeforeWork, 2, 2, &[Kind::AgentRestored, Kind::AnswerLate], &["NO_DOUBLE_SHIP"]),
    bite(Guard::PauseStartsAnew, 2, 7, &[Kind::CentralPaused], &["FAIL_STATIC"]),
    bite(Guard::SealCheck, 2, 1, &[Kind::ClosedWrongly], &["CONVERGE"]),
    bite(Guard::CloneQuarantine, 2, 0, &[Kind::BoxCloned], &["ISOLATED"]),
    bite(Guard::ReadoptWhileFree, 2, 0, &[Kind::RivalRecalls, Kind::StoreCutOff], &["NO_DOUBLE_SHIP"]),
    bite(Guard::FenceCheck, 2, 7, &[Kind::RivalRecalls], &["LEGAL"]),
    bite(
        Guard::VerifyBeforeRetry,
        3,
        2,
        // Its webhook would tell before it is asked again.
        &[Kind::Paid, Kind::CardUnheard, Kind::WebhookLate, Kind::RefundAsked, Kind::Scattered],
        &["ONCE", "PAID", "NO_ORPHAN", "CONVERGE"],
    ),
    bite(Guard::PaymentKey, 2, 3, &[Kind::Paid, Kind::CardLate], &["ONCE", "PAID", "NO_ORPHAN", "CONVERGE"]),
    bite(
        Guard::LabelLookedUp,
        2,
        2,
        &[Kind::Labelled, Kind::CarrierUnheard, Kind::CarrierSilent],
        &["ONCE", "CONVERGE", "NO_ORPHAN"],
    ),
    bite(Guard::LabelKey, 2, 2, &[Kind::Labelled, Kind::CarrierLate], &["ONCE", "CONVERGE", "NO_ORPHAN"]),
    bite(
        Guard::NeedlessVoided,
        2,
        7,
        &[Kind::Labelled, Kind::Cancelled, Kind::RivalRecalls],
        &["NO_ORPHAN", "RECONCILED"],
    ),
    bite(
        Guard::ScanWaits,
        2,
        0,
        &[Kind::Labelled, Kind::CarrierUnheard, Kind::ScanEarly],
        &["NO_LOST_ACK", "CONVERGE"],
    ),
    bite(Guard::RightsFloor, 2, 8, &[Kind::Escrowed, Kind::RivalAssigns], &["NO_OVERSELL"]),
];

/// Those that a scenario proves, step by step: what they stand against takes more than seeds meet. Restored, central
/// must have lost the news of a stand-in, and another store must get what was ordered before it tells.
const PROVEN_BY_SCENARIO: &[Guard] = &[Guard::StandInsCount];

/// The first seed that shows it, and by what.
fn found(bite: &Bite) -> Result<(u64, String), String> {
    for seed in std::iter::once(bite.known_seed).chain(0..SEEDS_MAX) {
        let mut plan = Plan::of(seed).sized(Some(STEPS), Some(bite.stores)).often(bite.often);
        plan.without_kinds.extend(BESIDES.iter().filter(|kind| !bite.often.contains(kind)));
        let Err(failure) = run(&plan.clone().breaking(Some(bite.guard))) else { continue };
        let named = bite.found_by.iter().any(|invariant| failure.why.starts_with(invariant));
        // It says nothing of the guard if it is so with the guard, too.
        return match run(&plan) {
            Ok(_) if named => Ok((seed, failure.why.clone())),
            Ok(_) => Err(failure.to_string()),
            Err(anyway) => Err(format!("nothing was taken away, and {anyway}")),
        };
    }
    Err(format!("nobody noticed in {SEEDS_MAX} seeds"))
}

#[test]
fn every_guard_that_is_taken_away_is_missed() {
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(bite) = BITES.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = bite.guard.name();
                    match found(bite) {
                        Ok((seed, why)) => println!("{name}: seed {seed}: {why}"),
                        Err(why) => wrong.lock().unwrap().push(format!("{name}: {why}")),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_guard_has_its_proof() {
    for guard in Guard::ALL {
        let proofs = BITES.iter().filter(|bite| bite.guard == guard).count()
            + PROVEN_BY_SCENARIO.iter().filter(|proven| **proven == guard).count();
        assert_eq!(proofs, 1, "{}", guard.name());
    }
}
