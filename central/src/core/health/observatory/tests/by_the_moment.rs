//! Looks come when something falls due, and not only at ticks: each threshold counts from its own moment.

use super::super::*;
use crate::core::eligibility::Standing;
use crate::core::health::store::DigestVerdict;
use crate::core::test_support::{at_ms, beat, record, tenant};
use holdfast_shared::wire::signal::Presence;

/// As central's own loop: a look at each tick, or when something falls due before it.
struct Loop {
    observatory: Observatory,
    now: i64,
    tick_ms: i64,
    changes: Vec<(i64, Standing)>,
}

impl Loop {
    fn new(tick_ms: i64) -> Self {
        let mut observatory = Observatory::default();
        observatory.evaluate(&[record("leeds")], at_ms(0));
        Self { observatory, now: 0, tick_ms, changes: Vec::new() }
    }

    fn heard(&mut self, at: i64) {
        let key = StoreKey::new(tenant(), "leeds".parse().unwrap());
        self.observatory.hear(beat("leeds", "b1", at.unsigned_abs() + 1), MonoMs(at));
        self.observatory.book.note_sync(&key, MonoMs(at));
        let replica = "leeds-a".parse().unwrap();
        self.observatory.book.note_digest(&key, &replica, DigestVerdict::Equal);
    }

    fn look(&mut self) {
        let found = self.observatory.evaluate(&[], at_ms(self.now));
        let other = |change: &&Change| {
            change.before.as_ref().map(|before| before.standing) != Some(change.after.standing)
        };
        self.changes
            .extend(found.changes.iter().filter(other).map(|change| (self.now, change.after.standing)));
    }

    fn run_until(&mut self, end: i64) {
        while self.now < end {
            self.look();
            let due = self.observatory.book.due_in_ms(at_ms(self.now)).unwrap();
            self.now += due.clamp(1, self.tick_ms);
        }
    }
}

#[test]
fn silence_excludes_a_store_at_its_limit_and_not_at_the_tick_after_it() {
    let mut fleet = Loop::new(500);
    fleet.heard(0);
    fleet.run_until(117);
    fleet.heard(117);
    fleet.changes.clear();
    fleet.run_until(40_000);
    assert_eq!(fleet.changes, [(12_617, Standing::Suspect), (31_117, Standing::Ineligible)]);
}

#[test]
fn what_was_heard_meanwhile_makes_no_look_come_at_once() {
    let mut fleet = Loop::new(500);
    fleet.heard(0);
    fleet.look();
    fleet.heard(10);
    assert!(fleet.observatory.book.due_in_ms(at_ms(10)).unwrap() > 10_000);
}

#[test]
fn a_goodbye_and_a_broken_connection_are_suspect_at_the_look_that_they_bring_about() {
    for planned in [true, false] {
        let mut fleet = Loop::new(500);
        fleet.heard(0);
        fleet.run_until(1_000);
        fleet.changes.clear();
        let key = StoreKey::new(tenant(), "leeds".parse().unwrap());
        let (replica, boot) = ("leeds-a".parse().unwrap(), "b1".parse().unwrap());
        let presence = Presence { store: key.store.clone(), replica, boot, online: false, planned };
        fleet.observatory.book.hear_presence(&key, &presence, MonoMs(1_000));
        fleet.now = 1_000;
        fleet.look();
        assert_eq!(fleet.changes, [(1_000, Standing::Suspect)], "planned: {planned}");
    }
}
