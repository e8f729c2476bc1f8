use super::*;
use crate::core::health::store::DigestVerdict;
use crate::core::test_support::{at_ms, beat, record};
use crate::flows::test_support::{Ram, key};
use crate::ports::vetoes::Peer;
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

fn peer(frozen: bool, said_at_ms: i64) -> Peer {
    Peer { replica: "central-b".to_owned(), frozen, said_at: at_ms(said_at_ms).utc }
}

/// Seven stores of which one falls silent at 0: how many fail at each second from 30 on.
async fn failing_from_30_s(ram: &Ram, until_s: i64) -> Vec<usize> {
    let watch = Watch::default();
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    fleet(ram, &names);
    heard(&watch, &names, 0);
    let mut failing = Vec::new();
    for second in 0..=until_s {
        if second % 5 == 0 && second > 0 {
            heard(&watch, &names[1..], second * 1_000);
        }
        ram.told(|told| told.peers.iter_mut().for_each(|peer| peer.said_at = at_ms(second * 1_000).utc));
        look(ram, &watch, second, second).await;
        if second >= 30 {
            failing.push(watch.with(|observatory| observatory.failing().len()));
        }
    }
    failing
}

#[tokio::test]
async fn a_failover_waits_one_beat_for_the_word_of_another_replica() {
    let alone = Ram::default();
    assert_eq!(failing_from_30_s(&alone, 32).await, [0, 1, 1]);
    let among_two = Ram::default();
    among_two.told(|told| told.peers = vec![peer(false, 0)]);
    assert_eq!(failing_from_30_s(&among_two, 37).await, [0, 0, 0, 0, 0, 0, 1, 1]);
}

#[tokio::test]
async fn a_replica_that_suspects_its_ear_stops_the_failovers_of_all() {
    let ram = Ram::default();
    ram.told(|told| told.peers = vec![peer(true, 0)]);
    assert_eq!(failing_from_30_s(&ram, 60).await, [0; 31]);
}

#[tokio::test]
async fn a_freeze_is_said_to_the_other_replicas_and_taken_back() {
    let ram = Ram::default();
    let watch = Watch::default();
    let names = ["a", "b", "c", "d", "e"];
    fleet(&ram, &names);
    heard(&watch, &names, 0);
    look(&ram, &watch, 0, 13).await;
    heard(&watch, &names, 14_000);
    look(&ram, &watch, 14, 15).await;
    let said = ram.done(|done| std::mem::take(&mut done.said));
    let words: Vec<_> = said.iter().map(|peer| (peer.frozen, peer.said_at)).collect();
    let at = |second: i64| at_ms(second * 1_000).utc;
    assert_eq!(words, [(false, at(0)), (true, at(13)), (false, at(14))]);
}
