use super::*;
use crate::core::fleet::{Closure, ClosureCause, DatedHours, OpeningHours, PlannedClosure, Weekday};
use crate::core::health::store::Out;
use crate::core::health::voices::Voice;
use crate::core::test_support::{at_ms, beat, record};
use holdfast_shared::time::MonoMs;
use holdfast_shared::wire::signal::{ClosureNote, PlannedNote};

fn heard() -> StoreHealth {
    let mut health = StoreHealth::new(false, MonoMs(0));
    let beat = beat("leeds", "b1", 1);
    health.voices.insert(Voice::new(beat, MonoMs(0)));
    health.last_sync = Some(MonoMs(0));
    health
}

fn judge(record: &StoreRecord, health: &StoreHealth, now: i64) -> Eligibility {
    eligibility(record, health, &HealthPolicy::default(), at_ms(now))
}

fn closure(hard: bool, since: i64, until: Option<i64>) -> Closure {
    Closure {
        hard,
        cause: ClosureCause::Weather,
        author: "mia".parse().unwrap(),
        since: at_ms(since).utc,
        until: until.map(|until| at_ms(until).utc),
        from_store: false,
    }
}

#[test]
fn a_store_that_is_well_may_do_all_that_it_does() {
    let well = judge(&record("leeds"), &heard(), 1_000);
    assert_eq!((well.standing, well.kinds.len(), well.reasons.len()), (Standing::Eligible, 3, 0));
    assert!(well.physically_open && !well.fail_over);
}

#[test]
fn suspect_keeps_its_kinds_and_ineligible_has_none() {
    let suspect = judge(&record("leeds"), &heard(), 13_000);
    assert_eq!((suspect.standing, suspect.kinds.len(), suspect.fail_over), (Standing::Suspect, 3, false));
    let dark = judge(&record("leeds"), &heard(), 31_000);
    assert_eq!((dark.standing, dark.kinds.len(), dark.fail_over), (Standing::Ineligible, 0, true));
}

#[test]
fn a_store_never_heard_of_is_told_what_to_do() {
    let mut fresh = record("leeds");
    fresh.enrolled_replicas = 0;
    let unheard = judge(&fresh, &StoreHealth::new(false, MonoMs(0)), 1_000);
    assert_eq!(unheard.why(), "never heard of: enrol its agent");
    assert!(!unheard.fail_over, "nothing is moved on the first look");
}

#[test]
fn a_closure_has_its_time_its_author_and_its_weight() {
    let mut closed = record("leeds");
    closed.closures = vec![closure(false, 0, Some(60_000))];
    let soft = judge(&closed, &heard(), 1_000);
    assert_eq!((soft.standing, soft.fail_over), (Standing::Ineligible, false));
    assert!(soft.why().starts_with("closed softly by mia because of weather, until "), "{}", soft.why());
    assert!(soft.physically_open);

    closed.closures = vec![closure(true, 0, None)];
    let hard = judge(&closed, &heard(), 1_000);
    assert!(hard.fail_over && hard.why().contains("until reopened"));

    closed.closures = vec![closure(true, -60_000, Some(1_000))];
    assert_eq!(judge(&closed, &heard(), 1_000).standing, Standing::Eligible, "over");

    closed.closures = vec![closure(true, 60_000, None)];
    let put_back = judge(&closed, &heard(), 1_000);
    assert_eq!(put_back.standing, Standing::Ineligible, "a clock that was put back opens no store");
}

#[test]
fn the_store_closes_itself_with_its_heartbeat() {
    let mut health = heard();
    let note = ClosureNote {
        hard: false,
        cause: String::from("staffing"),
        author: String::from("manager-7"),
        since: UtcMs(0),
        until: None,
    };
    for voice in health.voices.iter_mut() {
        voice.beat.vitals.closure = Some(note.clone());
    }
    let closed = judge(&record("leeds"), &health, 1_000);
    assert_eq!(
        closed.why(),
        "closed softly by manager-7 because of staffing, until reopened, told by the store"
    );
    assert!(!closed.fail_over);
}

#[test]
fn outside_of_hours_there_is_no_new_work_and_nothing_is_moved() {
    let mut shop = record("leeds");
    let now = Now { utc: UtcMs(1_790_596_800_000), mono: MonoMs(0) };
    shop.store.hours = vec![OpeningHours { day: Weekday::Monday, opens_minute: 0, closes_minute: 1 }];
    let shut = eligibility(&shop, &heard(), &HealthPolicy::default(), now);
    assert_eq!((shut.standing, shut.fail_over, shut.physically_open), (Standing::Ineligible, false, false));
    assert!(shut.why().starts_with("closed at this hour"), "{}", shut.why());
    shop.store.zone = String::from("Moon/Base");
    let unknown = eligibility(&shop, &heard(), &HealthPolicy::default(), now);
    assert_eq!((unknown.standing, unknown.physically_open), (Standing::Suspect, false));
}

#[test]
fn a_store_that_was_out_owes_beats_a_sync_and_an_equal_digest() {
    let mut health = heard();
    let back = Out { since: MonoMs(0), kinds: None, good_beats: 3, synced: true, equal: true };
    for (out, owes) in [
        (Out { good_beats: 2, ..back.clone() }, Some("2 of 3 good heartbeats")),
        (Out { synced: false, ..back.clone() }, Some("has not synced")),
        (Out { equal: false, ..back.clone() }, Some("digest")),
        (back, None),
    ] {
        health.out = Some(out);
        let judged = judge(&record("leeds"), &health, 1_000);
        assert_eq!(judged.standing == Standing::Eligible, owes.is_none());
        assert!(owes.is_none_or(|owes| judged.why().contains(owes)), "{}", judged.why());
        assert!(!judged.fail_over, "it speaks again, so its work stays");
    }
}

#[test]
fn the_worst_is_told_first_and_growing_numbers_are_no_change() {
    let mut full = record("leeds");
    full.open_tasks = 40;
    let judged = judge(&full, &heard(), 13_000);
    assert_eq!(judged.reasons[0].signal, "capacity");
    assert_eq!(judged.reasons[1].signal, "uplink");
    assert!(!judge(&full, &heard(), 14_000).differs_from(&judged));
    assert!(judge(&full, &heard(), 31_000).differs_from(&judged));
}

#[test]
fn a_planned_closure_begins_and_ends_by_itself() {
    let mut shop = record("leeds");
    shop.arranged.planned = vec![PlannedClosure {
        number: 1,
        hard: true,
        cause: ClosureCause::Maintenance,
        author: "mia".parse().unwrap(),
        from: at_ms(2_000).utc,
        until: at_ms(4_000).utc,
    }];
    let standing = |now| judge(&shop, &heard(), now).standing;
    assert_eq!((standing(1_999), standing(2_000)), (Standing::Eligible, Standing::Ineligible));
    assert_eq!((standing(3_999), standing(4_000)), (Standing::Ineligible, Standing::Eligible));
    let during = judge(&shop, &heard(), 3_000);
    assert!(during.fail_over && during.why().ends_with(", as planned"), "{}", during.why());
}

#[test]
fn a_day_of_the_calendar_closes_a_store_that_is_always_open() {
    let mut shop = record("leeds");
    let at = |text: &str| {
        let utc = text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        Now { utc: UtcMs(utc), mono: MonoMs(0) }
    };
    let why = Some("Christmas".to_owned());
    shop.arranged.dated_hours = vec![DatedHours { date: "2026-12-25".parse().unwrap(), spans: vec![], why }];
    let christmas = eligibility(&shop, &heard(), &HealthPolicy::default(), at("2026-12-25T10:00:00Z"));
    assert_eq!((christmas.standing, christmas.physically_open), (Standing::Ineligible, false));
    let words = "closed at this hour (Friday 10:00 there), by the hours of 2026-12-25 alone: Christmas";
    assert_eq!(christmas.why(), words);
    let after = eligibility(&shop, &heard(), &HealthPolicy::default(), at("2026-12-26T10:00:00Z"));
    assert!(after.physically_open);
}

#[test]
fn what_was_planned_at_the_store_closes_it_from_then_until_then_in_words() {
    let mut health = heard();
    let planned = |from: i64, until: i64, hard| PlannedNote {
        number: 1,
        hard,
        cause: "maintenance".to_owned(),
        author: "amy".to_owned(),
        from: at_ms(from).utc,
        until: at_ms(until).utc,
    };
    let voice = health.voices.iter_mut().next().unwrap();
    voice.beat.vitals.planned = vec![planned(5_000, 9_000, false), planned(8_000, 9_500, true)];
    let at = |now: i64| judge(&record("leeds"), &health, now);
    assert_eq!(at(4_999).standing, Standing::Eligible);
    let soft = at(5_000);
    assert_eq!((soft.standing, soft.fail_over), (Standing::Ineligible, false));
    let words =
        "closed softly by amy because of maintenance, until 2026-09-21T14:13:29Z, as planned at the store";
    assert_eq!(soft.why(), words);
    assert!(at(8_000).fail_over, "the other one is hard");
    assert!(closed_hard(&record("leeds"), &health, at_ms(8_000).utc));
    assert_eq!(at(9_500).standing, Standing::Eligible);
}
