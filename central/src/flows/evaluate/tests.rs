use super::*;
use crate::core::health::store::DigestVerdict;
use crate::core::test_support::{at_ms, beat, record};
use crate::flows::test_support::{Ram, key};
use holdfast_shared::time::MonoMs;

fn heard(watch: &Watch, names: &[&str], now_ms: i64) {
    for name in names {
        let sequence = now_ms.unsigned_abs() + 1;
        watch.with(|observatory| observatory.hear(beat(name, "b1", sequence), MonoMs(now_ms)));
    }
}

fn fleet(ram: &Ram, names: &[&str]) {
    ram.told(|told| told.stores = names.iter().map(|name| record(name)).collect());
}

async fn look(ram: &Ram, watch: &Watch, from_s: i64, to_s: i64) {
    for second in from_s..=to_s {
        evaluate(ram, watch, at_ms(second * 1_000)).await.unwrap();
    }
}

#[tokio::test]
async fn a_change_is_in_the_history_with_its_reasons_and_no_change_is_not() {
    let ram = Ram::default();
    let watch = Watch::default();
    fleet(&ram, &["leeds", "york"]);
    heard(&watch, &["leeds", "york"], 0);
    look(&ram, &watch, 0, 9).await;
    heard(&watch, &["york"], 9_000);
    look(&ram, &watch, 10, 13).await;
    let history = ram.done(|done| std::mem::take(&mut done.history));
    let standings: Vec<_> =
        history.iter().map(|change| (change.store.as_str(), change.eligibility.standing)).collect();
    let expected =
        [("leeds", Standing::Eligible), ("york", Standing::Eligible), ("leeds", Standing::Suspect)];
    assert_eq!(standings, expected);
    assert_eq!(history[2].at, at_ms(13_000).utc);
    assert!(history[2].eligibility.why().starts_with("no heartbeat"));
}

#[tokio::test]
async fn what_the_history_could_not_take_is_written_later() {
    let ram = Ram::default();
    let watch = Watch::default();
    fleet(&ram, &["leeds"]);
    heard(&watch, &["leeds"], 0);
    ram.told(|told| told.history_fails = true);
    assert!(evaluate(&ram, &watch, at_ms(0)).await.is_err());
    ram.told(|told| told.history_fails = false);
    evaluate(&ram, &watch, at_ms(1_000)).await.unwrap();
    assert_eq!(
        ram.done(|done| done.history.iter().map(|change| change.at).collect::<Vec<_>>()),
        [at_ms(0).utc]
    );
}

#[tokio::test]
async fn a_freeze_is_raised_and_settled() {
    let ram = Ram::default();
    let watch = Watch::default();
    let names = ["a", "b", "c", "d", "e"];
    fleet(&ram, &names);
    heard(&watch, &names, 0);
    look(&ram, &watch, 0, 13).await;
    assert_eq!(ram.raised_keys(), ["observer"]);
    ram.done(|done| done.settled.clear());
    heard(&watch, &names, 14_000);
    look(&ram, &watch, 14, 15).await;
    assert_eq!(ram.done(|done| done.settled.clone()), ["observer"]);
}

#[tokio::test]
async fn drift_that_lasts_is_raised_once_and_settled_when_it_is_over() {
    let ram = Ram::default();
    let watch = Watch::default();
    fleet(&ram, &["leeds"]);
    let replica = "leeds-a".parse().unwrap();
    for beat in 0..5 {
        heard(&watch, &["leeds"], beat * 5_000);
        watch.with(|o| o.book.note_digest(&key("leeds"), &replica, DigestVerdict::Drift));
        evaluate(&ram, &watch, at_ms(beat * 5_000)).await.unwrap();
    }
    assert_eq!(ram.raised_keys(), ["drift:leeds"]);
    ram.done(|done| done.settled.clear());
    watch.with(|o| o.book.note_digest(&key("leeds"), &replica, DigestVerdict::Equal));
    evaluate(&ram, &watch, at_ms(21_000)).await.unwrap();
    assert_eq!(ram.done(|done| done.settled.clone()), ["drift:leeds"]);
}

#[tokio::test]
async fn a_freeze_that_a_former_process_raised_is_settled_at_the_start() {
    let ram = Ram::default();
    fleet(&ram, &["leeds"]);
    evaluate(&ram, &Watch::default(), at_ms(0)).await.unwrap();
    assert_eq!(ram.done(|done| done.settled.clone()), ["observer"]);
}

/// Each store's beat, with how far its clock is ahead of central's.
fn told_of_clocks(watch: &Watch, ahead_ms: &[(&str, i64)], now_ms: i64) {
    for (name, ahead_ms) in ahead_ms {
        let mut beat = beat(name, "b1", now_ms.unsigned_abs() + 1);
        beat.vitals.clock_offset_ms = Some(*ahead_ms);
        watch.with(|observatory| observatory.hear(beat, MonoMs(now_ms)));
    }
}

#[tokio::test]
async fn a_store_whose_clock_is_far_off_is_told_until_it_is_set() {
    const HOUR: i64 = 3_600_000;
    let ram = Ram::default();
    let watch = Watch::default();
    fleet(&ram, &["a", "b", "c", "d"]);
    told_of_clocks(&watch, &[("a", 6 * HOUR), ("b", 10), ("c", -40), ("d", 0)], 0);
    look(&ram, &watch, 0, 1).await;
    assert_eq!(ram.raised_keys(), ["clock:a"]);
    let standing = watch.with(|observatory| observatory.eligibility(&key("a")).map(|told| told.standing));
    assert_eq!(standing, Some(Standing::Suspect), "nothing rests on it: the store goes on working");
    ram.done(|done| done.settled.clear());
    told_of_clocks(&watch, &[("a", 20)], 2_000);
    look(&ram, &watch, 2, 3).await;
    assert_eq!(ram.done(|done| done.settled.clone()), ["clock:a"]);
}

#[tokio::test]
async fn when_most_stores_are_off_by_the_same_it_is_centrals_own_clock() {
    const HOUR: i64 = 3_600_000;
    let ram = Ram::default();
    let watch = Watch::default();
    fleet(&ram, &["a", "b", "c", "d"]);
    // Central was put back by six hours; d alone is right by that clock, so it is wrong.
    told_of_clocks(&watch, &[("a", 6 * HOUR), ("b", 6 * HOUR + 10), ("c", 6 * HOUR), ("d", 0)], 0);
    look(&ram, &watch, 0, 1).await;
    let mut raised = ram.raised_keys();
    raised.sort();
    assert_eq!(raised, ["clock:central", "clock:d"]);
}
