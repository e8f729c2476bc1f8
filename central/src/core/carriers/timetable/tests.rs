use super::super::{Band, Price, choose};
use super::*;
use crate::core::fleet::{OpeningHours, Weekday};
use crate::core::test_support::store;
use proptest::prelude::*;

const HOUR_MS: i64 = 60 * 60 * 1_000;
/// 24 October 2026, the evening before Europe's clocks go back.
const BEFORE_THE_CHANGE: i64 = 1_792_864_800_000;

proptest! {
    #[test]
    fn what_was_read_for_others_changes_no_answer(
        trips in prop::collection::vec((0..3_usize, 0..3_usize, 0..50_u32, 0..3_u8, 0.0..900.0_f64, 0..72_i64), 1..40)
    ) {
        let zones = ["Europe/Berlin", "America/New_York", "Nowhere/Land"];
        let opening = |day| OpeningHours { day, opens_minute: 9 * 60, closes_minute: 18 * 60 };
        let hours = [
            Vec::new(),
            vec![opening(Weekday::Saturday), opening(Weekday::Monday)],
            vec![OpeningHours { day: Weekday::Sunday, opens_minute: 60, closes_minute: 26 * 60 }],
        ];
        let mut policy = CarrierPolicy::default();
        // Dearer and as quick on some of the way, so that which one is best depends on the promise.
        let mut slow = policy.services[0].clone();
        slow.name = "slow".to_owned();
        slow.price = Some(Price { currency: "EUR".parse().unwrap(), base_minor: 300, per_unit_minor: 0 });
        slow.transit = vec![Band { up_to_km: Some(600.0), days: 2, surcharge_minor: 0 }];
        policy.services.push(slow);
        let kept = Timetable::of(&policy);
        let mut trips = trips;
        trips.sort_by_key(|trip| trip.5 / 24);
        for (zone, open, open_tasks, kind, distance_km, later) in trips {
            let mut store = store(&format!("s-{zone}-{open}"));
            store.zone = zones[zone].to_owned();
            store.hours.clone_from(&hours[open]);
            let kind = FulfilmentKind::ALL[usize::from(kind)];
            let trip = Trip { store: &store, kind, distance_km, units: 1, open_tasks };
            // Few moments, so that most are asked more than once.
            let now = UtcMs(BEFORE_THE_CHANGE + later / 24 * 24 * HOUR_MS);
            let anew = Timetable::of(&policy).journeys(&trip, now);
            prop_assert_eq!(kept.journeys(&trip, now), anew.clone());
            let promise_by = (open_tasks % 2 == 0).then(|| now.plus(30 * HOUR_MS));
            let best = kept.best(&trip, Wall::of(&store), now, promise_by).map(|way| kept.told(&way));
            prop_assert_eq!(best.ok(), anew.ok().and_then(|found| choose(found, promise_by)));
        }
    }
}

#[test]
fn a_cutoff_that_others_asked_for_is_kept_apart_from_the_next_one() {
    let policy = CarrierPolicy::default();
    let table = Timetable::of(&policy);
    let store = store("leeds");
    let leaves = |open_tasks| {
        let trip =
            Trip { store: &store, kind: FulfilmentKind::Ship, distance_km: 10.0, units: 1, open_tasks };
        table.journeys(&trip, UtcMs(BEFORE_THE_CHANGE)).unwrap().remove(0).hand_over_by
    };
    let (soon, much_later) = (leaves(0), leaves(100 * 60));
    assert!(soon < much_later, "{soon:?} {much_later:?}");
    assert_eq!([leaves(1), leaves(100 * 60 + 1)], [soon, much_later]);
}
