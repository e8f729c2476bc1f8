//! What a store did lately decides what it owes, when it is judged, and for which work.

use super::*;
use holdfast_shared::domain::task::FulfilmentKind;

#[test]
fn a_store_that_went_out_often_must_prove_itself_for_longer() {
    let mut sky = Sky::new(7);
    for _ in 0..3 {
        sky.cut(&["s0"]);
        sky.run(35);
        sky.cut.clear();
        sky.run(20);
    }
    let why = sky.observatory.eligibility(&key("s0")).unwrap().why().to_owned();
    let told = "returning: 4 of 6 good heartbeats, because it went out 3 times within 60 min";
    assert_eq!(why, told, "three were enough the times before");
    sky.run(10);
    assert_eq!(sky.standing("s0"), Standing::Eligible);
    sky.run(3_600);
    sky.cut(&["s0"]);
    sky.run(35);
    sky.cut.clear();
    sky.run(15);
    assert_eq!(sky.standing("s0"), Standing::Eligible, "that was long ago");
}

#[test]
fn only_stores_with_something_new_are_judged() {
    let mut sky = Sky::new(50);
    sky.run(5);
    let judged = |sky: &mut Sky| {
        sky.now += 1_000;
        sky.observatory.evaluate(&[], at_ms(sky.now)).judged
    };
    assert_eq!(judged(&mut sky), 0, "nobody spoke, nothing fell due");
    sky.beat("s7");
    assert_eq!(judged(&mut sky), 1);
    let mut closed = sky.records[3].clone();
    closed.open_tasks += 1;
    sky.now += 1_000;
    assert_eq!(sky.observatory.evaluate(&[closed.clone()], at_ms(sky.now)).judged, 1);
    assert_eq!(sky.observatory.evaluate(&[closed], at_ms(sky.now)).judged, 0, "told again, it is as it was");
    sky.now += 20_000;
    let mut fell_due = 0;
    for _ in 0..3 {
        fell_due += judged(&mut sky);
    }
    assert!(fell_due >= 50, "their silence crossed its limit: {fell_due}");
}

#[test]
fn what_is_shown_is_as_of_now() {
    let mut sky = Sky::new(7);
    sky.cut(&["s0"]);
    sky.run(20);
    let (key, now) = (key("s0"), at_ms(sky.now + 700));
    assert_eq!(
        sky.observatory.eligibility(&key).unwrap().why(),
        "no heartbeat and no sync for 14 s (limit 12.5 s)"
    );
    let shown = sky.observatory.judged_now(&key, now).unwrap();
    assert_eq!(shown.why(), "no heartbeat and no sync for 20.7 s (limit 12.5 s)");
    assert!(sky.observatory.judged_now(&StoreKey::new(tenant(), "x".parse().unwrap()), now).is_none());
}

#[test]
fn a_store_out_for_some_work_stays_evidence_and_proves_itself_for_that_alone() {
    let mut sky = Sky::new(7);
    let tell = |sky: &mut Sky, seen_ms_ago: i64| {
        sky.now += 5_000;
        for name in sky.names() {
            let mut beat = beat(&name, "b1", sky.now.unsigned_abs());
            if name == "s0" {
                beat.vitals.handheld_seen_ms_ago = Some(seen_ms_ago);
            }
            sky.observatory.hear(beat, MonoMs(sky.now));
            sky.observatory.book.note_sync(&key(&name), MonoMs(sky.now));
            let replica = format!("{name}-a").parse().unwrap();
            sky.observatory.book.note_digest(&key(&name), &replica, DigestVerdict::Equal);
        }
        sky.look();
        sky.look();
    };
    tell(&mut sky, 5 * 3_600_000);
    let judged = sky.observatory.eligibility(&key("s0")).unwrap().clone();
    assert_eq!(judged.kinds, [FulfilmentKind::Ship].into());
    assert_eq!(judged.standing_for(FulfilmentKind::Ship), Standing::Eligible);
    assert!(!sky.observatory.book.store(&key("s0")).unwrap().is_out());
    tell(&mut sky, 1_000);
    let kinds = |sky: &Sky| sky.observatory.eligibility(&key("s0")).unwrap().kinds.len();
    assert_eq!(kinds(&sky), 1, "one good heartbeat of three");
    tell(&mut sky, 1_000);
    tell(&mut sky, 1_000);
    assert_eq!(kinds(&sky), 3);
}

#[test]
fn while_centrals_own_word_does_not_come_back_nothing_fails_over() {
    let mut sky = Sky::new(1);
    let fly = |sky: &mut Sky, seconds: i64, comes_back: bool| {
        for _ in 0..seconds {
            let now = MonoMs(sky.now);
            if let Some(number) = sky.observatory.book.canary.next(now)
                && comes_back
            {
                sky.observatory.book.canary.came_back(number, now);
            }
            sky.run(1);
        }
    };
    fly(&mut sky, 10, true);
    assert!(!sky.observatory.frozen());
    fly(&mut sky, 20, false);
    assert!(!sky.observatory.frozen(), "stores are heard all the same: it is the broker that is dead");
    sky.cut(&["s0"]);
    fly(&mut sky, 60, false);
    assert_eq!(sky.turns, [Turn::WentDeaf]);
    assert_eq!((sky.standing("s0"), sky.failing()), (Standing::Suspect, 0), "one alone would fail over");
    fly(&mut sky, 10, true);
    assert!(!sky.observatory.frozen());
    assert_eq!(sky.failing(), 0, "its silence starts anew");
    fly(&mut sky, 32, true);
    assert_eq!(sky.failing(), 1);
}
