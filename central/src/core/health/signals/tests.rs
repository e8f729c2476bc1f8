mod feed_of_class;

use super::*;
use crate::core::fleet::{HourOfWork, OpeningHours, Staffing, StoreKind, Weekday, hour_of};
use crate::core::health::voices::{Gone, Voice};
use crate::core::test_support::{at_ms, beat, record};
use holdfast_shared::time::MonoMs;
use holdfast_shared::wire::signal::Vitals;

/// A store that was heard at 0 and synced then; `change` says what is different.
fn judge(change: impl FnOnce(&mut StoreRecord, &mut StoreHealth, &mut Vitals), now: i64) -> Vec<Reason> {
    let mut record = record("leeds");
    let mut health = StoreHealth::new(false, MonoMs(0));
    let mut beat = beat("leeds", "b1", 1);
    let mut vitals = beat.vitals.clone();
    health.last_sync = Some(MonoMs(0));
    change(&mut record, &mut health, &mut vitals);
    beat.vitals = vitals;
    let gone = health.voices.iter().next().and_then(|voice| voice.gone);
    let mut voice = Voice::new(beat, MonoMs(0));
    voice.gone = gone;
    health.voices.insert(voice);
    let policy = HealthPolicy::default();
    assess(&View {
        record: &record,
        health: &health,
        policy: &policy,
        physically_open: true,
        now: at_ms(now),
    })
}

fn told(reasons: &[Reason]) -> Vec<(&str, Standing)> {
    reasons.iter().map(|reason| (reason.signal.as_str(), reason.standing)).collect()
}

const MINUTE: i64 = 60_000;

#[test]
fn of_a_store_that_is_well_nothing_is_said() {
    assert_eq!(judge(|_, _, _| {}, 5_000), vec![]);
}

#[test]
fn silence_is_suspect_at_its_soft_limit_and_out_at_its_hard_one() {
    assert_eq!(told(&judge(|_, _, _| {}, 12_499)), vec![]);
    assert_eq!(told(&judge(|_, _, _| {}, 12_500)), vec![("uplink", Standing::Suspect)]);
    assert_eq!(told(&judge(|_, _, _| {}, 30_999)), vec![("uplink", Standing::Suspect)]);
    let dark = judge(|_, _, _| {}, 34_000);
    assert_eq!(told(&dark), vec![("uplink", Standing::Ineligible)]);
    assert_eq!(dark[0].words, "no heartbeat and no sync for 34 s (limit 31 s)");
}

#[test]
fn a_store_that_only_syncs_is_suspect_and_never_dark() {
    let reasons = judge(|_, health, _| health.last_sync = Some(MonoMs(60_000)), 62_000);
    assert_eq!(told(&reasons), vec![("uplink", Standing::Suspect)]);
}

#[test]
fn while_the_observer_is_suspected_silence_makes_nobody_dark() {
    let reasons = judge(|_, health, _| health.frozen = true, 10 * MINUTE);
    assert_eq!(reasons.iter().find(|r| r.signal == "uplink").unwrap().standing, Standing::Suspect);
}

#[test]
fn a_broken_connection_is_suspect_at_once() {
    let gone = |health: &mut StoreHealth, planned| {
        let mut voice = Voice::new(beat("leeds", "b1", 1), MonoMs(0));
        voice.gone = Some(Gone { at: MonoMs(1_000), planned });
        health.voices.insert(voice);
    };
    let broke = judge(|_, health, _| gone(health, false), 1_500);
    assert_eq!(
        (broke[0].standing, broke[0].words.as_str()),
        (Standing::Suspect, "its connection broke 500 ms ago")
    );
    let planned = judge(|_, health, _| gone(health, true), 1_500);
    assert_eq!(planned[0].words, "said goodbye 500 ms ago");
}

#[test]
fn paired_tills_are_missed_and_unpaired_ones_are_not() {
    let missed = judge(|_, _, v| v.pos_seen_ms_ago = Some(20 * MINUTE), 0);
    assert_eq!(told(&missed), vec![("pos", Standing::Suspect)]);
    assert_eq!(judge(|_, _, v| (v.pos_paired, v.pos_seen_ms_ago) = (0, None), 0), vec![]);
    assert_eq!(
        judge(
            |record, _, v| {
                record.store.kind = StoreKind::DistributionCentre;
                v.pos_seen_ms_ago = Some(20 * MINUTE);
            },
            0
        ),
        vec![]
    );
}

#[test]
fn tills_and_handhelds_rest_outside_of_hours() {
    let record = record("leeds");
    let mut health = StoreHealth::new(false, MonoMs(0));
    let mut beat = beat("leeds", "b1", 1);
    beat.vitals.pos_seen_ms_ago = Some(600 * MINUTE);
    beat.vitals.handheld_seen_ms_ago = Some(600 * MINUTE);
    health.voices.insert(Voice::new(beat, MonoMs(0)));
    let policy = HealthPolicy::default();
    let view =
        View { record: &record, health: &health, policy: &policy, physically_open: false, now: at_ms(0) };
    assert_eq!(assess(&view), vec![]);
    assert_eq!(assess(&View { physically_open: true, ..view }).len(), 2);
}

#[test]
fn in_the_morning_nobody_misses_what_was_put_away_in_the_evening() {
    // It is a Monday, 15:13 at the store.
    let told_after_opening_at = |opens_minute: u16| {
        let change = |record: &mut StoreRecord, _: &mut StoreHealth, vitals: &mut Vitals| {
            let mondays = OpeningHours { day: Weekday::Monday, opens_minute, closes_minute: 18 * 60 };
            record.store.hours = vec![mondays];
            vitals.pos_seen_ms_ago = Some(15 * 60 * MINUTE);
            vitals.handheld_seen_ms_ago = Some(15 * 60 * MINUTE);
        };
        judge(change, 0).into_iter().map(|reason| (reason.signal, reason.standing)).collect::<Vec<_>>()
    };
    let out = |signal: &str| (signal.to_owned(), Standing::Ineligible);
    assert_eq!(told_after_opening_at(15 * 60 + 10), vec![]);
    assert_eq!(told_after_opening_at(14 * 60 + 40), vec![("pos".to_owned(), Standing::Suspect)]);
    assert_eq!(told_after_opening_at(10 * 60), vec![out("pos"), out("handhelds")]);
}

#[test]
fn what_was_never_seen_is_as_old_as_the_agent_has_been_up() {
    assert_eq!(judge(|_, _, v| v.handheld_seen_ms_ago = None, 0), vec![], "up for a second");
    let mut beat = beat("leeds", "b1", 1);
    beat.uptime_ms = 120 * MINUTE;
    let mut health = StoreHealth::new(false, MonoMs(0));
    health.voices.insert(Voice::new(beat, MonoMs(0)));
    assert_eq!(health.age_ms(None, MonoMs(5)), Some(120 * MINUTE + 5));
}

#[test]
fn a_quiet_store_is_fresh_and_one_that_cannot_send_is_not() {
    let quiet = |v: &mut Vitals| {
        (v.last_movement_ms_ago, v.sync_ok_ms_ago) = (Some(900 * MINUTE), Some(900 * MINUTE));
    };
    let fresh = judge(
        |_, health, v| {
            health.last_sync = None;
            quiet(v);
        },
        0,
    );
    assert_eq!(fresh, vec![]);
    let stale = judge(
        |_, health, v| {
            health.last_sync = None;
            quiet(v);
            v.unsynced_facts = 3;
        },
        0,
    );
    assert_eq!(told(&stale), vec![("feed", Standing::Ineligible)]);
    let synced_since = judge(
        |_, _, v| {
            quiet(v);
            v.unsynced_facts = 3;
        },
        0,
    );
    assert_eq!(synced_since, vec![], "central saw a sync just now");
}

#[test]
fn a_tenth_of_a_large_disk_is_enough() {
    let large = |_: &mut _, _: &mut _, v: &mut Vitals| {
        (v.disk_free_bytes, v.disk_total_bytes) = (Some(20_000_000_000), Some(250_000_000_000));
    };
    assert_eq!(judge(large, 0), vec![]);
}

#[test]
fn each_machine_signal_has_its_limits() {
    type Case = (&'static str, Standing, fn(&mut Vitals));
    let cases: [Case; 8] = [
        ("sync_lag", Standing::Suspect, |v| v.unsynced_facts = 500),
        ("sync_lag", Standing::Ineligible, |v| v.unsynced_facts = u64::MAX),
        ("disk", Standing::Suspect, |v| (v.disk_free_bytes, v.disk_total_bytes) = (Some(9), Some(100))),
        ("disk", Standing::Ineligible, |v| (v.disk_free_bytes, v.disk_total_bytes) = (Some(0), Some(100))),
        ("database", Standing::Ineligible, |v| v.database_ok = Some(false)),
        ("clock", Standing::Suspect, |v| v.clock_offset_ms = Some(i64::MIN)),
        ("temperature", Standing::Suspect, |v| v.temperature_c = Some(85.0)),
        ("temperature", Standing::Ineligible, |v| v.temperature_c = Some(99.0)),
    ];
    for (signal, standing, change) in cases {
        assert_eq!(told(&judge(|_, _, v| change(v), 0)), vec![(signal, standing)]);
    }
}

#[test]
fn unknown_is_told_and_is_never_fine() {
    let reasons =
        judge(|_, _, v| (v.disk_free_bytes, v.database_ok, v.clock_offset_ms) = (None, None, None), 0);
    let expected =
        [("disk", Standing::Eligible), ("database", Standing::Suspect), ("clock", Standing::Eligible)];
    assert_eq!(told(&reasons), expected);
    assert_eq!(judge(|_, _, v| v.temperature_c = Some(f64::NAN), 0), vec![], "no sensor says so");
}

#[test]
fn a_full_store_gets_no_more_and_one_without_capacity_none() {
    assert_eq!(told(&judge(|r, _, _| r.open_tasks = 36, 0)), vec![("capacity", Standing::Suspect)]);
    assert_eq!(told(&judge(|r, _, _| r.open_tasks = 40, 0)), vec![("capacity", Standing::Ineligible)]);
    assert_eq!(
        told(&judge(|r, _, _| r.store.capacity_tasks = 0, 0)),
        vec![("capacity", Standing::Ineligible)]
    );
}

#[test]
fn drift_is_suspect_once_and_out_when_it_lasts() {
    assert_eq!(told(&judge(|_, h, _| h.drift_beats = 1, 0)), vec![("drift", Standing::Suspect)]);
    assert_eq!(told(&judge(|_, h, _| h.drift_beats = 3, 0)), vec![("drift", Standing::Ineligible)]);
}

#[test]
fn a_value_at_the_border_does_not_flap() {
    let at_79 = |was: Option<Standing>| {
        judge(
            |_, health, v| {
                v.temperature_c = Some(79.0);
                health.standings.extend(was.map(|standing| ("temperature", standing)));
            },
            0,
        )
    };
    assert_eq!(at_79(None), vec![]);
    assert_eq!(told(&at_79(Some(Standing::Suspect))), vec![("temperature", Standing::Suspect)]);
    let cooled = judge(
        |_, health, v| {
            v.temperature_c = Some(75.0);
            health.standings.insert("temperature", Standing::Suspect);
        },
        0,
    );
    assert_eq!(cooled, vec![]);
}

#[test]
fn signals_have_distinct_names() {
    let names: BTreeSet<_> = SIGNALS.iter().map(|signal| signal.name()).collect();
    assert_eq!(names.len(), SIGNALS.len());
}

#[test]
fn half_the_staff_is_half_the_capacity() {
    let with = |open_tasks: u32, permille: u16| {
        judge(
            |record, _, _| {
                record.open_tasks = open_tasks;
                let author = "mia".parse().unwrap();
                record.arranged.staffing = Some(Staffing { permille, until: None, author });
            },
            0,
        )
    };
    assert_eq!(with(17, 500), vec![]);
    let full = with(20, 500);
    assert_eq!(told(&full), vec![("capacity", Standing::Ineligible)]);
    assert_eq!(full[0].words, "20 of 20 tasks open, with 50 % of the usual staff (limit 100 %)");
    assert_eq!(with(40, 2_000), vec![], "and twice the staff is twice");
    assert_eq!(told(&with(0, 0)), vec![("capacity", Standing::Ineligible)], "nobody is there");
}

#[test]
fn an_hour_brings_only_so_many_tasks_and_the_next_begins_anew() {
    let with = |hours_ago: i64, given: u32| {
        judge(
            |record, _, _| {
                record.arranged.tasks_per_hour = Some(10);
                let hour = hour_of(at_ms(0).utc) - hours_ago;
                record.work = vec![HourOfWork { hour, given, ..HourOfWork::default() }];
            },
            0,
        )
    };
    assert_eq!(with(0, 8), vec![]);
    assert_eq!(told(&with(0, 9)), vec![("hourly", Standing::Suspect)]);
    let full = with(0, 10);
    assert_eq!(told(&full), vec![("hourly", Standing::Ineligible)]);
    assert_eq!(full[0].words, "10 of 10 tasks of this hour given (limit 100 %)");
    assert_eq!(with(1, 10), vec![]);
}

#[test]
fn how_a_store_worked_lately_makes_it_suspect_and_few_tasks_say_nothing() {
    let with = |work: HourOfWork| {
        let hour = hour_of(at_ms(0).utc);
        judge(|record, _, _| record.work = vec![HourOfWork { hour, ..work }], 0)
    };
    let usual = HourOfWork { accepted: 10, accept_ms: 600_000, picked_units: 40, ..HourOfWork::default() };
    assert_eq!(with(usual), vec![]);
    let slow = with(HourOfWork { accept_ms: 10 * 20 * MINUTE, ..usual });
    assert_eq!(told(&slow), vec![("pace", Standing::Suspect)]);
    assert_eq!(slow[0].words, "takes 20 min to accept an offer, of 10 in the last 6 h (limit 15 min)");
    assert_eq!(slow[0].values.unwrap().measured, 20 * MINUTE);
    let declines = with(HourOfWork { declined: 6, ..usual });
    assert_eq!(told(&declines), vec![("declines", Standing::Suspect)]);
    assert_eq!(declines[0].words, "declined 6 of 16 tasks in the last 6 h (limit 30 %)");
    let wrong = with(HourOfWork { short_units: 10, ..usual });
    assert_eq!(told(&wrong), vec![("short_picks", Standing::Suspect)]);
    assert_eq!(wrong[0].words, "10 of 50 units were not there in the last 6 h (limit 15 %)");
    let few = HourOfWork { accepted: 4, declined: 5, accept_ms: 4 * 60 * MINUTE, short_units: 9, ..usual };
    assert_eq!(with(few), vec![]);
}

#[test]
fn a_battery_alone_counts_by_what_is_left() {
    let with = |on_battery, left| judge(|_, _, v| (v.on_battery, v.battery_percent) = (on_battery, left), 0);
    assert_eq!(with(None, Some(3)), vec![], "on mains, or unknown");
    assert_eq!(with(Some(false), Some(3)), vec![]);
    assert_eq!(told(&with(Some(true), Some(80))), vec![("power", Standing::Eligible)]);
    assert_eq!(told(&with(Some(true), Some(50))), vec![("power", Standing::Suspect)]);
    assert_eq!(told(&with(Some(true), None)), vec![("power", Standing::Suspect)]);
    let last = with(Some(true), Some(10));
    assert_eq!(last[0].words, "runs on its battery, 10 % left (limit 10 %)");
}

#[test]
fn which_kinds_a_signal_speaks_against_is_policy() {
    let record = record("leeds");
    let mut health = StoreHealth::new(false, MonoMs(0));
    let mut beat = beat("leeds", "b1", 1);
    beat.vitals.pos_seen_ms_ago = Some(600 * MINUTE);
    health.voices.insert(Voice::new(beat, MonoMs(0)));
    let mut policy = HealthPolicy::default();
    let about = |policy: &HealthPolicy| {
        let view = View { record: &record, health: &health, policy, physically_open: true, now: at_ms(0) };
        assess(&view).remove(0).kinds
    };
    assert_eq!(about(&policy), None, "all");
    policy.pos_unseen_ms.kinds = Some([FulfilmentKind::Pickup].into());
    assert_eq!(about(&policy), Some([FulfilmentKind::Pickup].into()));
}
