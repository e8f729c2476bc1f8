use super::*;
use crate::core::test_support::{beat, tenant};

fn key(name: &str) -> StoreKey {
    StoreKey::new(tenant(), name.parse().unwrap())
}

fn presence(name: &str, boot: &str, online: bool) -> Presence {
    Presence {
        store: name.parse().unwrap(),
        replica: format!("{name}-a").parse().unwrap(),
        boot: boot.parse().unwrap(),
        online,
        planned: false,
    }
}

struct Bench {
    book: HealthBook,
    policy: HealthPolicy,
}

impl Bench {
    fn new() -> Self {
        Self { book: HealthBook::default(), policy: HealthPolicy::default() }
    }

    fn hear(&mut self, boot: &str, sequence: u64, now: i64) -> Heard {
        self.book.hear(beat("leeds", boot, sequence), true, &self.policy, MonoMs(now))
    }

    fn leeds(&self) -> &StoreHealth {
        self.book.store(&key("leeds")).unwrap()
    }
}

#[test]
fn an_old_sequence_is_counted_and_changes_nothing() {
    let mut bench = Bench::new();
    assert_eq!(bench.hear("b1", 5, 0), Heard::Taken);
    assert_eq!(bench.hear("b1", 5, 4_000), Heard::OldSequence);
    assert_eq!(bench.hear("b1", 4, 5_000), Heard::OldSequence);
    assert_eq!(bench.leeds().last_word(), Some(MonoMs(0)));
    assert_eq!(bench.book.ignored().old_sequence, 2);
}

#[test]
fn late_beats_of_a_former_boot_are_ignored_while_the_new_one_speaks() {
    let mut bench = Bench::new();
    bench.hear("b1", 70, 0);
    assert_eq!(bench.hear("b2", 1, 1_000), Heard::Taken);
    assert_eq!(bench.hear("b1", 71, 2_000), Heard::OldBoot);
    assert_eq!(bench.leeds().voice().unwrap().beat.boot.as_str(), "b2");
    assert_eq!(bench.hear("b2", 2, 6_000), Heard::Taken);
    assert_eq!(bench.book.ignored().old_boot, 1);
}

#[test]
fn a_boot_that_a_late_beat_pushed_aside_gets_its_voice_back() {
    let mut bench = Bench::new();
    bench.hear("b2", 1, 0);
    // Central had not heard of b1 before: it looks new, and is late.
    bench.hear("b1", 70, 100);
    assert_eq!(bench.hear("b2", 2, 5_000), Heard::OldBoot);
    assert_eq!(bench.hear("b2", 4, 15_000), Heard::Taken);
    assert_eq!(bench.leeds().voice().unwrap().beat.boot.as_str(), "b2");
}

#[test]
fn a_will_counts_only_for_the_boot_that_speaks_and_until_its_next_word() {
    let mut bench = Bench::new();
    bench.hear("b1", 1, 0);
    bench.hear("b2", 1, 1_000);
    assert_eq!(
        bench.book.hear_presence(&key("leeds"), &presence("leeds", "b1", false), MonoMs(1_100)),
        Heard::OldBoot
    );
    assert_eq!(bench.leeds().gone(), None);
    bench.book.hear_presence(&key("leeds"), &presence("leeds", "b2", false), MonoMs(1_200));
    assert_eq!(bench.leeds().gone(), Some(Gone { at: MonoMs(1_200), planned: false }));
    bench.hear("b2", 2, 2_000);
    assert_eq!(bench.leeds().gone(), None);
}

#[test]
fn presence_is_no_sign_of_life() {
    let mut bench = Bench::new();
    bench.book.hear_presence(&key("leeds"), &presence("leeds", "b1", true), MonoMs(10));
    assert_eq!(bench.leeds().last_word(), None);
}

#[test]
fn two_replicas_of_a_store_are_told_apart_and_the_last_one_speaks() {
    let mut bench = Bench::new();
    bench.hear("b1", 9, 0);
    let mut other = beat("leeds", "x1", 1);
    other.replica = "leeds-b".parse().unwrap();
    assert_eq!(bench.book.hear(other, true, &bench.policy, MonoMs(1_000)), Heard::Taken);
    assert_eq!(bench.leeds().voice().unwrap().beat.replica.as_str(), "leeds-b");
    assert_eq!(bench.hear("b1", 10, 2_000), Heard::Taken);
    assert_eq!(bench.leeds().voice().unwrap().beat.replica.as_str(), "leeds-a");
}

#[test]
fn more_replicas_than_a_store_may_have_are_not_kept() {
    let mut bench = Bench::new();
    for n in 0..=VOICES_MAX {
        let mut beat = beat("leeds", "b1", 1);
        beat.replica = format!("leeds-{n}").parse().unwrap();
        bench.book.hear(beat, true, &bench.policy, MonoMs(0));
    }
    assert_eq!(bench.leeds().voices.len(), VOICES_MAX);
    assert_eq!(bench.book.ignored().too_many, 1);
}

#[test]
fn one_beat_that_is_compared_twice_drifts_once() {
    let mut bench = Bench::new();
    let replica: ReplicaId = "leeds-a".parse().unwrap();
    bench.hear("b1", 1, 0);
    for _ in 0..2 {
        bench.book.note_digest(&key("leeds"), &replica, DigestVerdict::Drift);
    }
    assert_eq!(bench.leeds().drift_beats, 1);
    bench.hear("b1", 2, 5_000);
    bench.book.note_digest(&key("leeds"), &replica, DigestVerdict::Drift);
    assert_eq!(bench.leeds().drift_beats, 2);
    bench.book.note_digest(&key("leeds"), &replica, DigestVerdict::Equal);
    assert_eq!(bench.leeds().drift_beats, 0);
}

#[test]
fn freshness_of_another_boot_or_an_old_one_is_ignored() {
    let mut bench = Bench::new();
    bench.hear("b1", 1, 0);
    let fresh = |boot: &str, sequence| Freshness {
        tenant: tenant(),
        store: "leeds".parse().unwrap(),
        replica: "leeds-a".parse().unwrap(),
        boot: boot.parse().unwrap(),
        sequence,
        positions: 1,
        last_movement_ms_ago: None,
        last_count_ms_ago: None,
        oldest_unsynced_ms_ago: None,
        unsynced_facts: 0,
    };
    assert_eq!(bench.book.hear_freshness(fresh("b0", 1), MonoMs(1)), Heard::OldBoot);
    assert_eq!(bench.book.hear_freshness(fresh("b1", 1), MonoMs(1)), Heard::Taken);
    assert_eq!(bench.book.hear_freshness(fresh("b1", 1), MonoMs(2)), Heard::OldSequence);
}
