//! Judging a store only when something of it changed or a threshold fell due gives what judging every
//! store at every look gives.

use super::super::*;
use crate::core::fleet::{Closure, ClosureCause, OpeningHours, PlannedClosure, Staffing, Weekday};
use crate::core::health::by_store::{ByStore, OfTenants};
use crate::core::health::overrule::Verdict;
use crate::core::health::store::DigestVerdict;
use crate::core::policy::version::PolicyVersion;
use crate::core::steering::{Steering, read_policy};
use crate::core::test_support::{at_ms, beat, record, tenant};
use holdfast_shared::wire::signal::{ClosureNote, Heartbeat, PlannedNote, Presence};
use proptest::prelude::*;
use std::sync::Arc;

const STORES: usize = 6;
const MINUTE: i64 = 60_000;

#[derive(Debug, Clone, Copy)]
enum Happening {
    Beat {
        store: usize,
        seen_min: i64,
        unsynced: u64,
        degrees: i16,
        closed_for_s: Option<i64>,
        boot: u8,
    },
    /// All but the first so many.
    AllBeat {
        but: usize,
    },
    Sync {
        store: usize,
    },
    Digest {
        store: usize,
        verdict: DigestVerdict,
    },
    Presence {
        store: usize,
        online: bool,
        planned: bool,
    },
    Described {
        store: usize,
        change: Change,
    },
    Overruled {
        verdict: bool,
        for_s: i64,
    },
    /// Another policy is in force; without a number the usual one.
    Steered {
        soft_s: Option<i64>,
    },
    Passes {
        ms: i64,
    },
    WallSteps {
        ms: i64,
    },
}

#[derive(Debug, Clone, Copy)]
enum Change {
    OpenTasks(u32),
    Hours(bool),
    Closed { hard: bool, for_s: i64 },
    Planned { in_s: i64, for_s: i64 },
    Staffed { permille: u16, for_s: i64 },
    Worked { given: u32, accepted: u32, declined: u32 },
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (0_u32..50).prop_map(Change::OpenTasks),
        any::<bool>().prop_map(Change::Hours),
        (any::<bool>(), 1_i64..300).prop_map(|(hard, for_s)| Change::Closed { hard, for_s }),
        (0_i64..200, 1_i64..200).prop_map(|(in_s, for_s)| Change::Planned { in_s, for_s }),
        (0_u16..1500, 1_i64..300).prop_map(|(permille, for_s)| Change::Staffed { permille, for_s }),
        (0_u32..30, 0_u32..30, 0_u32..30).prop_map(|(given, accepted, declined)| Change::Worked {
            given,
            accepted,
            declined
        }),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let verdict =
        prop_oneof![Just(DigestVerdict::Equal), Just(DigestVerdict::Drift), Just(DigestVerdict::Unknown)];
    let told = (0_i64..300, prop_oneof![3 => Just(0_u64), 1 => 1_u64..30_000], 20_i16..110);
    let closed = proptest::option::weighted(0.1, 1_i64..100);
    prop_oneof![
        6 => (0..STORES, told, closed, 0_u8..2).prop_map(|(store, (seen_min, unsynced, degrees), closed_for_s, boot)| {
            Happening::Beat { store, seen_min, unsynced, degrees, closed_for_s, boot }
        }),
        8 => (0..=STORES).prop_map(|but| Happening::AllBeat { but }),
        3 => (0..STORES).prop_map(|store| Happening::Sync { store }),
        2 => (0..STORES, verdict).prop_map(|(store, verdict)| Happening::Digest { store, verdict }),
        1 => (0..STORES, any::<bool>(), any::<bool>())
            .prop_map(|(store, online, planned)| Happening::Presence { store, online, planned }),
        3 => (0..STORES, change()).prop_map(|(store, change)| Happening::Described { store, change }),
        1 => (any::<bool>(), 1_i64..100).prop_map(|(verdict, for_s)| Happening::Overruled { verdict, for_s }),
        1 => proptest::option::of(1_i64..90).prop_map(|soft_s| Happening::Steered { soft_s }),
        12 => (1_i64..9_000).prop_map(|ms| Happening::Passes { ms }),
        1 => (9_000_i64..4_000_000).prop_map(|ms| Happening::Passes { ms }),
        1 => (-4_000_000_i64..4_000_000).prop_map(|ms| Happening::WallSteps { ms }),
    ]
}

/// It begins when it would have been half over.
fn planned(now: UtcMs, for_s: i64) -> PlannedNote {
    PlannedNote {
        number: 1,
        hard: for_s % 2 == 1,
        cause: "weather".to_owned(),
        author: "amy".to_owned(),
        from: now.plus(for_s * 500),
        until: now.plus(for_s * 1_000),
    }
}

/// A policy under which silence and an old feed of some SKUs count from then on.
fn steering(soft_s: i64) -> (TenantId, Arc<dyn ByStore>) {
    let (soft, hard) = (soft_s * 1_000, soft_s * 2_000);
    let text = format!(
        "[health]\nsilence_ms = {{ soft = {soft}, hard = {hard} }}\n\
         [health.feed_age_ms_of.hot]\nsoft = {soft}\nhard = {hard}\n"
    );
    (tenant(), Arc::new(Steering::new(PolicyVersion(1), read_policy(&text).unwrap())))
}

/// One fleet under two observatories: one judges all at each look.
struct Twins {
    by_due: Observatory,
    by_all: Observatory,
    records: Vec<StoreRecord>,
    now: Now,
    sequence: u64,
}

impl Twins {
    fn new() -> Self {
        let mut records: Vec<_> = (0..STORES).map(|n| record(&format!("s{n}"))).collect();
        for (record, n) in records.iter_mut().zip(0_u32..) {
            record.open_tasks = n;
        }
        let policy = HealthPolicy { work_tasks_min: 3, ..HealthPolicy::default() };
        let observer = ObserverPolicy { pause_ms: 60_000, ..ObserverPolicy::default() };
        let new = || Observatory::new(policy.clone()).suspecting_by(observer.clone());
        let (by_due, by_all) = (new(), new());
        Self { by_due, by_all, records, now: at_ms(0), sequence: 0 }
    }

    fn both(&mut self, act: impl Fn(&mut Observatory)) {
        act(&mut self.by_due);
        act(&mut self.by_all);
    }

    fn key(&self, store: usize) -> StoreKey {
        key_of(&self.records[store])
    }

    fn look(&mut self) -> Result<(), TestCaseError> {
        self.by_all.book.touch_all();
        let all = self.by_all.evaluate(&self.records, self.now);
        let due = self.by_due.evaluate(&self.records, self.now);
        prop_assert_eq!(all.looked, due.looked);
        let gist = |changes: &[crate::core::health::observatory::Change]| {
            changes.iter().map(|change| (change.key.clone(), change.after.standing)).collect::<Vec<_>>()
        };
        prop_assert_eq!(gist(&all.changes), gist(&due.changes));
        for (key, expected) in self.by_all.eligibilities() {
            let found = self.by_due.eligibility(key).unwrap();
            prop_assert!(!found.differs_from(expected), "{key}: {found:?} for {expected:?}");
        }
        prop_assert_eq!(self.by_all.failing(), self.by_due.failing());
        for (key, expected) in self.by_all.book.stores() {
            let found = self.by_due.book.store(key).unwrap();
            prop_assert_eq!((&found.out, &found.went_out), (&expected.out, &expected.went_out));
        }
        Ok(())
    }

    fn beat(&mut self, store: usize, change: impl Fn(&mut Heartbeat)) {
        self.sequence += 1;
        let mut beat = beat(self.records[store].store.store.as_str(), "b0", self.sequence);
        change(&mut beat);
        let now = self.now.mono;
        self.both(|observatory| {
            observatory.hear(beat.clone(), now);
        });
    }

    fn describe(&mut self, store: usize, change: Change) {
        let now = self.now.utc;
        let author = "mia".parse().unwrap();
        let record = &mut self.records[store];
        match change {
            Change::OpenTasks(open) => record.open_tasks = open,
            Change::Hours(any) => {
                let minute = u16::try_from(now.0 / MINUTE % 1440).unwrap();
                let days = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday];
                let span = |day| OpeningHours { day, opens_minute: 0, closes_minute: (minute + 2).min(1440) };
                record.store.hours = if any { days.map(span).to_vec() } else { Vec::new() };
            }
            Change::Closed { hard, for_s } => {
                let until = Some(now.plus(for_s * 1_000));
                let cause = ClosureCause::Weather;
                record.closures = vec![Closure { hard, cause, author, since: now, until, from_store: false }];
            }
            Change::Planned { in_s, for_s } => {
                let from = now.plus(in_s * 1_000);
                let (cause, until) = (ClosureCause::Maintenance, from.plus(for_s * 1_000));
                record.arranged.planned =
                    vec![PlannedClosure { number: 1, hard: true, cause, author, from, until }];
            }
            Change::Staffed { permille, for_s } => {
                let until = Some(now.plus(for_s * 1_000));
                record.arranged.staffing = Some(Staffing { permille, until, author });
                record.arranged.tasks_per_hour = Some(10);
            }
            Change::Worked { given, accepted, declined } => {
                let hour = crate::core::fleet::hour_of(now);
                let worked =
                    crate::core::fleet::HourOfWork { hour, given, accepted, declined, ..Default::default() };
                record.work = vec![worked];
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        let now = self.now;
        match happening {
            Happening::Beat { store, seen_min, unsynced, degrees, closed_for_s, boot } => {
                self.beat(store, |beat| {
                    beat.boot = format!("b{boot}").parse().unwrap();
                    beat.vitals.pos_seen_ms_ago = Some(seen_min * MINUTE);
                    beat.vitals.handheld_seen_ms_ago = (seen_min % 7 != 0).then_some(seen_min * MINUTE / 2);
                    beat.vitals.unsynced_facts = unsynced;
                    beat.vitals.temperature_c = Some(f64::from(degrees));
                    beat.vitals.planned =
                        closed_for_s.map(|for_s| planned(now.utc, for_s)).into_iter().collect();
                    beat.vitals.closure =
                        closed_for_s.filter(|for_s| for_s % 3 == 0).map(|for_s| ClosureNote {
                            hard: for_s % 2 == 0,
                            cause: "staffing".to_owned(),
                            author: "amy".to_owned(),
                            since: now.utc,
                            until: Some(now.utc.plus(for_s * 1_000)),
                        });
                });
            }
            Happening::AllBeat { but } => {
                for store in but..STORES {
                    self.beat(store, |_| {});
                    let (key, replica) = (self.key(store), format!("s{store}-a").parse().unwrap());
                    self.both(|observatory| {
                        observatory.book.note_sync(&key, now.mono);
                        observatory.book.note_digest(&key, &replica, DigestVerdict::Equal);
                    });
                }
            }
            Happening::Sync { store } => {
                let key = self.key(store);
                self.both(|observatory| observatory.book.note_sync(&key, now.mono));
            }
            Happening::Digest { store, verdict } => {
                let (key, replica) = (self.key(store), format!("s{store}-a").parse().unwrap());
                self.both(|observatory| observatory.book.note_digest(&key, &replica, verdict));
            }
            Happening::Presence { store, online, planned } => {
                let key = self.key(store);
                let (replica, boot) = (format!("s{store}-a").parse().unwrap(), "b0".parse().unwrap());
                let presence = Presence { store: key.store.clone(), replica, boot, online, planned };
                self.both(|observatory| {
                    observatory.book.hear_presence(&key, &presence, now.mono);
                });
            }
            Happening::Described { store, change } => self.describe(store, change),
            Happening::Overruled { verdict, for_s } => {
                let overrule = Overrule {
                    verdict: if verdict { Verdict::Hold } else { Verdict::Release },
                    author: "mia".parse().unwrap(),
                    reason: "she knows".to_owned(),
                    until: now.mono.plus(for_s * 1_000),
                };
                self.both(|observatory| observatory.overrule(&tenant(), overrule.clone(), now.mono));
            }
            Happening::Steered { soft_s } => {
                let policies = soft_s.map(steering).into_iter().collect::<OfTenants>();
                self.both(|observatory| _ = observatory.follow(policies.clone()));
            }
            Happening::Passes { ms } => {
                self.now = Now { utc: now.utc.plus(ms), mono: now.mono.plus(ms) };
            }
            Happening::WallSteps { ms } => self.now.utc = now.utc.plus(ms),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn judging_by_due_times_is_judging_all(happenings in proptest::collection::vec(happening(), 1..120)) {
        let mut twins = Twins::new();
        twins.look()?;
        for happening in happenings {
            twins.happen(happening);
            twins.look()?;
        }
    }
}
