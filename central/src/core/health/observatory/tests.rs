use super::*;
use crate::core::eligibility::Standing;
use crate::core::health::book::Heard;
use crate::core::health::freeze::Turn;
use crate::core::health::store::DigestVerdict;
use crate::core::test_support::{at_ms, beat, record, tenant};
use holdfast_shared::wire::signal::Presence;

/// A fleet under observation: stores that beat every 5 s while they are not cut, and a look every
/// second.
struct Sky {
    observatory: Observatory,
    records: Vec<StoreRecord>,
    cut: BTreeSet<String>,
    now: i64,
    /// Added to central's wall clock only.
    wall_step_ms: i64,
    turns: Vec<Turn>,
}

impl Sky {
    fn new(stores: usize) -> Self {
        let records: Vec<_> = (0..stores)
            .map(|n| {
                let mut record = record(&format!("s{n}"));
                record.open_tasks = 1;
                record
            })
            .collect();
        let mut sky = Self {
            observatory: Observatory::default(),
            records,
            cut: BTreeSet::new(),
            now: 0,
            wall_step_ms: 0,
            turns: Vec::new(),
        };
        sky.look();
        sky.run(10);
        sky
    }

    fn look(&mut self) {
        let mut now = at_ms(self.now);
        now.utc = now.utc.plus(self.wall_step_ms);
        let evaluation = self.observatory.evaluate(&self.records, now);
        self.turns.extend(evaluation.looked.turn);
    }

    fn run(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.now += 1_000;
            if self.now % 5_000 == 0 {
                let up: Vec<String> = self.names().filter(|name| !self.cut.contains(name)).collect();
                up.iter().for_each(|name| self.beat(name));
            }
            self.look();
        }
    }

    fn names(&self) -> impl Iterator<Item = String> + use<> {
        self.records.iter().map(|r| r.store.store.to_string()).collect::<Vec<_>>().into_iter()
    }

    /// A beat with all that a store does around it: it syncs, and its digest is compared.
    fn beat(&mut self, name: &str) {
        let sequence = self.now.unsigned_abs();
        let heard = self.observatory.hear(beat(name, "b1", sequence), MonoMs(self.now));
        assert_eq!(heard, Heard::Taken);
        let replica = format!("{name}-a").parse().unwrap();
        self.observatory.book.note_sync(&key(name), MonoMs(self.now));
        self.observatory.book.note_digest(&key(name), &replica, DigestVerdict::Equal);
    }

    fn cut(&mut self, names: &[&str]) {
        self.cut.extend(names.iter().map(|name| (*name).to_owned()));
    }

    fn standing(&self, name: &str) -> Standing {
        self.observatory.eligibility(&key(name)).unwrap().standing
    }

    fn failing(&self) -> usize {
        self.observatory.failing().len()
    }
}

fn key(name: &str) -> StoreKey {
    StoreKey::new(tenant(), name.parse().unwrap())
}

#[test]
fn a_cut_store_is_suspect_then_out_and_comes_back_after_three_good_beats() {
    let mut sky = Sky::new(7);
    assert_eq!(sky.standing("s0"), Standing::Eligible);
    sky.cut(&["s0"]);
    sky.run(13);
    assert_eq!((sky.standing("s0"), sky.failing()), (Standing::Suspect, 0));
    sky.run(18);
    assert_eq!((sky.standing("s0"), sky.failing()), (Standing::Ineligible, 1));
    assert_eq!(sky.standing("s1"), Standing::Eligible);

    sky.cut.clear();
    sky.run(10);
    assert_eq!((sky.standing("s0"), sky.failing()), (Standing::Ineligible, 0), "two beats are not enough");
    sky.run(5);
    assert_eq!(sky.standing("s0"), Standing::Eligible);
}

#[test]
fn a_flapping_store_stays_out() {
    let mut sky = Sky::new(7);
    sky.cut(&["s0"]);
    sky.run(35);
    for _ in 0..4 {
        sky.cut.clear();
        sky.run(10);
        sky.cut(&["s0"]);
        sky.run(15);
        assert_eq!(sky.standing("s0"), Standing::Ineligible);
    }
}

#[test]
fn a_store_does_not_come_back_with_unequal_stock() {
    let mut sky = Sky::new(7);
    sky.cut(&["s0"]);
    sky.run(35);
    for n in 1..=5_u64 {
        sky.now += 5_000;
        sky.observatory.hear(beat("s0", "b2", n), MonoMs(sky.now));
        sky.observatory.book.note_sync(&key("s0"), MonoMs(sky.now));
        sky.observatory.book.note_digest(&key("s0"), &"s0-a".parse().unwrap(), DigestVerdict::Unknown);
        sky.look();
    }
    assert_eq!(sky.standing("s0"), Standing::Ineligible);
    sky.observatory.book.note_digest(&key("s0"), &"s0-a".parse().unwrap(), DigestVerdict::Equal);
    sky.look();
    assert_eq!(sky.standing("s0"), Standing::Eligible);
}

#[test]
fn beats_that_show_a_broken_store_are_no_good_beats() {
    let mut sky = Sky::new(7);
    sky.cut(&["s0"]);
    sky.run(35);
    for n in 1..=5_u64 {
        sky.now += 5_000;
        let mut broken = beat("s0", "b2", n);
        broken.vitals.database_ok = Some(n == 5);
        sky.observatory.hear(broken, MonoMs(sky.now));
        sky.look();
    }
    let why = sky.observatory.eligibility(&key("s0")).unwrap().why().to_owned();
    assert_eq!(why, "returning: 1 of 3 good heartbeats");
}

#[test]
fn a_step_of_centrals_wall_clock_makes_nobody_dark() {
    let mut sky = Sky::new(7);
    for step in [86_400_000, -86_400_000 * 400] {
        sky.wall_step_ms = step;
        sky.run(1);
        assert!(sky.names().all(|name| sky.standing(&name) == Standing::Eligible));
    }
    assert!(sky.turns.is_empty());
}

#[test]
fn after_a_pause_of_central_silence_starts_anew_and_nothing_fails_over() {
    let mut sky = Sky::new(7);
    let names: Vec<String> = sky.names().collect();
    sky.cut(&names.iter().map(String::as_str).collect::<Vec<_>>());
    sky.now += 3_600_000;
    sky.look();
    assert!(names.iter().all(|name| sky.standing(name) == Standing::Eligible));
    assert_eq!(sky.failing(), 0);
    sky.cut.clear();
    sky.run(10);
    assert!(names.iter().all(|name| sky.standing(name) == Standing::Eligible));
    assert!(sky.turns.is_empty());
}

#[test]
fn a_lease_does_not_run_out_while_central_sleeps() {
    let mut sky = Sky::new(7);
    sky.cut(&["s0"]);
    sky.run(35);
    assert_eq!(sky.failing(), 1);
    sky.now += 3_600_000;
    sky.look();
    assert_eq!(sky.failing(), 0, "it counts from the start again");
    assert_eq!(sky.standing("s0"), Standing::Ineligible, "and what was down stays down");
}

#[test]
fn many_at_once_freeze_the_observer_and_nothing_is_moved() {
    let mut sky = Sky::new(7);
    sky.cut(&["s0", "s1", "s2", "s3"]);
    sky.run(120);
    assert_eq!(sky.turns, vec![Turn::Froze { silent: 4, alive: 7 }]);
    assert!(sky.observatory.frozen());
    assert_eq!((sky.standing("s0"), sky.failing()), (Standing::Suspect, 0));

    sky.cut.clear();
    sky.run(6);
    assert!(matches!(sky.turns.last(), Some(Turn::Thawed { .. })));
    assert!(sky.names().all(|name| sky.standing(&name) == Standing::Eligible));
}

#[test]
fn after_a_freeze_silence_starts_anew() {
    let mut sky = Sky::new(7);
    sky.cut(&["s0", "s1", "s2", "s3"]);
    sky.run(120);
    sky.cut.remove("s3");
    sky.run(5);
    assert!(!sky.observatory.frozen());
    assert_eq!((sky.standing("s0"), sky.failing()), (Standing::Eligible, 0));
    sky.run(32);
    assert_eq!((sky.standing("s0"), sky.failing()), (Standing::Ineligible, 3), "three may be down for real");
}

#[test]
fn a_store_that_was_down_before_a_freeze_stays_down() {
    let mut sky = Sky::new(9);
    sky.cut(&["s0"]);
    sky.run(50);
    sky.cut(&["s1", "s2", "s3", "s4"]);
    sky.run(40);
    assert!(sky.observatory.frozen());
    assert_eq!(sky.standing("s0"), Standing::Ineligible);
    assert_eq!(sky.standing("s1"), Standing::Suspect);
    assert_eq!(sky.failing(), 0, "failovers stop, also of the one that was down");
}

#[test]
fn three_stores_of_seven_are_simply_down() {
    let mut sky = Sky::new(7);
    sky.cut(&["s0", "s1", "s2"]);
    sky.run(31);
    assert_eq!((sky.failing(), sky.turns.len()), (3, 0));
}

#[test]
fn a_goodbye_is_suspect_at_once_and_no_evidence_against_the_observer() {
    let mut sky = Sky::new(7);
    let names = ["s0", "s1", "s2", "s3"];
    for name in names {
        let goodbye = Presence {
            store: name.parse().unwrap(),
            replica: format!("{name}-a").parse().unwrap(),
            boot: "b1".parse().unwrap(),
            online: false,
            planned: true,
        };
        sky.observatory.book.hear_presence(&key(name), &goodbye, MonoMs(sky.now));
    }
    sky.cut(&names);
    sky.run(1);
    assert!(names.iter().all(|name| sky.standing(name) == Standing::Suspect));
    sky.run(40);
    assert!(sky.turns.is_empty());
    assert_eq!(sky.failing(), 4);
}

/// What becomes of five stores, the first of them with work, that nobody hears of after a start: whether
/// health froze, and how many fail.
fn unheard_since_a_start(of_store: impl Fn(i64, &mut StoreRecord)) -> (bool, usize) {
    let mut records: Vec<_> = (0..5).map(|n| record(&format!("s{n}"))).collect();
    records.iter_mut().zip(0..).for_each(|(record, n)| of_store(n, record));
    let mut observatory = Observatory::default();
    for second in 0..120 {
        observatory.evaluate(&records, at_ms(second * 1_000));
    }
    (observatory.frozen(), observatory.failing().len())
}

#[test]
fn after_a_start_of_central_all_unheard_is_the_observer() {
    let all_have_work = unheard_since_a_start(|_, record| record.open_tasks = 2);
    assert_eq!(all_have_work, (true, 0));
    // However long central was away, and whatever its clock says now.
    let spoke_until_the_end = |n: i64| Some(UtcMs(1_000_000_000 + n * 5_000));
    let all_spoke = unheard_since_a_start(|n, record| {
        (record.open_tasks, record.synced_at) = (u32::from(n == 0), spoke_until_the_end(n));
    });
    assert_eq!(all_spoke, (true, 0));
    // The others were down before, and stay so.
    let one_was_left = unheard_since_a_start(|n, record| {
        (record.open_tasks, record.synced_at) = (u32::from(n == 0), Some(UtcMs(1_000_000 - n * 60_000)));
    });
    assert_eq!(one_was_left, (false, 5));
}

#[test]
fn only_changes_are_recorded_and_none_is_lost_when_the_history_cannot_be_written() {
    let mut sky = Sky::new(3);
    let first = sky.observatory.take_unrecorded();
    assert!(first.iter().any(|change| change.after.standing == Standing::Eligible));
    sky.run(20);
    assert!(sky.observatory.take_unrecorded().is_empty());
    sky.cut(&["s0"]);
    sky.run(20);
    let change = sky.observatory.take_unrecorded();
    assert_eq!(change.len(), 1);
    sky.observatory.put_back(change.clone());
    assert_eq!(sky.observatory.take_unrecorded(), change);
}

#[test]
fn deadlines_wait_one_period_after_a_start_and_after_a_step_of_the_clock() {
    let mut sky = Sky::new(1);
    let wait = |sky: &Sky| sky.observatory.deadlines_wait(30_000, MonoMs(sky.now));
    assert!(wait(&sky));
    sky.run(30);
    assert!(!wait(&sky));
    sky.wall_step_ms = 3_600_000;
    sky.run(1);
    assert!(wait(&sky));
    sky.run(30);
    assert!(!wait(&sky));
}

mod by_due_times;
mod by_tenant;
mod by_the_moment;
mod lately;
