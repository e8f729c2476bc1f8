use super::*;
use crate::core::test_support::{at_ms, beat, record, tenant};
use crate::flows::evaluate::evaluate;
use crate::flows::test_support::{Ram, key};
use holdfast_shared::time::MonoMs;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn wish(verdict: Verdict) -> Wish {
    let reason = String::from("the mast burned down");
    Wish { verdict, author: "mia".parse().unwrap(), reason, for_ms: 3_600_000 }
}

async fn look(ram: &Ram, watch: &Watch, from_s: i64, to_s: i64) {
    for second in from_s..=to_s {
        evaluate(ram, watch, at_ms(second * 1_000)).await.unwrap();
    }
}

/// All spoke at 0, and `silent` fall silent then; the others go on.
async fn fell_silent(ram: &Ram, watch: &Watch, silent: usize, until_s: i64) {
    ram.told(|told| told.stores = NAMES.iter().map(|name| record(name)).collect());
    for second in 0..=until_s {
        for name in NAMES.iter().skip(if second == 0 { 0 } else { silent }) {
            let sequence = second.unsigned_abs() + 1;
            watch.with(|observatory| observatory.hear(beat(name, "b1", sequence), MonoMs(second * 1_000)));
        }
        look(ram, watch, second, second).await;
    }
}

fn failing(watch: &Watch) -> usize {
    watch.with(|observatory| observatory.failing().len())
}

#[tokio::test]
async fn a_freeze_that_a_person_overrules_lets_silence_count_from_then_on() {
    let (ram, watch) = (Ram::default(), Watch::default());
    fell_silent(&ram, &watch, 6, 60).await;
    assert!(watch.with(|observatory| observatory.frozen()));
    assert_eq!(failing(&watch), 0);
    overrule(&ram, &watch, &tenant(), wish(Verdict::Release), at_ms(60_000)).await.unwrap();
    look(&ram, &watch, 61, 90).await;
    assert_eq!(failing(&watch), 0, "silence starts anew");
    // The observer thaws when all are out, and silence starts anew once more.
    look(&ram, &watch, 91, 130).await;
    assert_eq!(failing(&watch), 6);
    let told = ram.done(|done| done.raised.iter().map(|(_, told)| told.detail.clone()).collect::<Vec<_>>());
    assert!(
        told.iter().any(|told| told.contains("mia") && told.contains("the mast burned down")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_person_holds_everything_until_the_end_that_was_said() {
    let (ram, watch) = (Ram::default(), Watch::default());
    ram.told(|told| told.stores = NAMES.iter().map(|name| record(name)).collect());
    let hold = Wish { for_ms: 100_000, ..wish(Verdict::Hold) };
    overrule(&ram, &watch, &tenant(), hold, at_ms(0)).await.unwrap();
    // One store alone is dark, which is no evidence against the observer.
    fell_silent(&ram, &watch, 1, 99).await;
    assert!(!watch.with(|observatory| observatory.frozen()));
    assert_eq!(failing(&watch), 0);
    for second in 100..=132 {
        for name in NAMES.iter().skip(1) {
            let sequence = u64::try_from(second).unwrap() + 1;
            watch.with(|observatory| observatory.hear(beat(name, "b1", sequence), MonoMs(second * 1_000)));
        }
        look(&ram, &watch, second, second).await;
        assert!(second > 130 || failing(&watch) == 0, "at {second} s: silence starts anew");
    }
    assert!(watch.with(|observatory| observatory.failing().contains_key(&key("a"))));
}

#[tokio::test]
async fn what_is_not_frozen_is_not_released_and_nothing_is_held_without_a_reason_or_an_end() {
    let (ram, watch) = (Ram::default(), Watch::default());
    let wishes = [
        wish(Verdict::Release),
        Wish { reason: String::from("  "), ..wish(Verdict::Hold) },
        Wish { for_ms: 0, ..wish(Verdict::Hold) },
        Wish { for_ms: OVERRULE_MS_MAX + 1, ..wish(Verdict::Hold) },
    ];
    for wish in wishes {
        let refused = overrule(&ram, &watch, &tenant(), wish, at_ms(0)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidRequest);
    }
    assert!(ram.raised_keys().is_empty());
}
