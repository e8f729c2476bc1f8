use super::*;
use crate::core::carriers::Timetable;
use crate::core::carriers::policy::{Band, Collection, Handling, Price};
use crate::core::fleet::{OpeningHours, Weekday};
use crate::core::test_support::store;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::collections::BTreeSet;

const EVERY_DAY: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

fn at(text: &str) -> UtcMs {
    UtcMs(text.parse::<Timestamp>().unwrap().as_millisecond())
}

fn daily(cutoff_minute: u16) -> Service {
    Service {
        name: "night".to_owned(),
        kinds: BTreeSet::from([FulfilmentKind::Ship]),
        collections: vec![Collection { days: EVERY_DAY.into_iter().collect(), cutoff_minute }],
        transit: vec![Band { up_to_km: Some(500.0), days: 1, surcharge_minor: 0 }],
        weekends_count: true,
        holidays: BTreeSet::new(),
        price: None,
    }
}

fn standard() -> Service {
    CarrierPolicy::default().services[0].clone()
}

fn cutoff(cutoff_minute: u16, zone: &str, ready: &str) -> UtcMs {
    next_cutoff(&daily(cutoff_minute), zone, at(ready)).unwrap()
}

#[test]
fn a_cutoff_goes_by_the_wall_before_and_after_the_clock_is_put_forward() {
    let four = 16 * 60;
    assert_eq!(cutoff(four, "Europe/Berlin", "2026-03-28T12:00:00Z"), at("2026-03-28T15:00:00Z"));
    assert_eq!(cutoff(four, "Europe/Berlin", "2026-03-29T12:00:00Z"), at("2026-03-29T14:00:00Z"));
    assert_eq!(
        cutoff(four, "Europe/Berlin", "2026-03-29T14:00:00Z"),
        at("2026-03-29T14:00:00Z"),
        "just in time"
    );
    assert_eq!(cutoff(four, "Europe/Berlin", "2026-03-29T14:00:00.001Z"), at("2026-03-30T14:00:00Z"));
}

#[test]
fn a_cutoff_that_the_wall_skips_is_over_before_the_leap() {
    // Berlin, 29 March 2026: after 01:59 comes 03:00. At 03:00 nobody can say that it is before 02:30.
    let half_past_two = 2 * 60 + 30;
    let last = at("2026-03-29T00:59:59.999Z");
    assert_eq!(cutoff(half_past_two, "Europe/Berlin", "2026-03-29T00:00:00Z"), last);
    assert_eq!(cutoff(half_past_two, "Europe/Berlin", "2026-03-29T01:00:00Z"), at("2026-03-30T00:30:00Z"));
    // The first reading of the gap, and the first after it.
    assert_eq!(cutoff(2 * 60, "Europe/Berlin", "2026-03-29T00:00:00Z"), last);
    assert_eq!(cutoff(3 * 60, "Europe/Berlin", "2026-03-29T00:00:00Z"), at("2026-03-29T01:00:00Z"));
}

#[test]
fn of_a_cutoff_that_comes_twice_the_first_counts() {
    // Berlin, 25 October 2026: 02:00 to 02:59 comes twice.
    let half_past_two = 2 * 60 + 30;
    assert_eq!(cutoff(half_past_two, "Europe/Berlin", "2026-10-25T00:00:00Z"), at("2026-10-25T00:30:00Z"));
    assert_eq!(cutoff(half_past_two, "Europe/Berlin", "2026-10-25T00:45:00Z"), at("2026-10-26T01:30:00Z"));
}

#[test]
fn a_shift_of_half_an_hour_is_a_shift() {
    // Lord Howe, 4 October 2026: after 01:59 comes 02:30. On 5 April 01:30 to 01:59 comes twice.
    let zone = "Australia/Lord_Howe";
    assert_eq!(cutoff(2 * 60 + 15, zone, "2026-10-03T15:00:00Z"), at("2026-10-03T15:29:59.999Z"));
    assert_eq!(cutoff(2 * 60 + 30, zone, "2026-10-03T15:00:00Z"), at("2026-10-03T15:30:00Z"));
    assert_eq!(cutoff(60 + 45, zone, "2026-04-04T14:00:00Z"), at("2026-04-04T14:45:00Z"));
    assert_eq!(cutoff(60 + 45, zone, "2026-04-04T14:50:00Z"), at("2026-04-05T15:15:00Z"));
}

#[test]
fn a_service_that_rests_comes_on_its_next_day_and_one_that_never_comes_is_told() {
    // Friday afternoon.
    let mut service = standard();
    let ready = at("2026-11-20T16:30:00Z");
    assert_eq!(next_cutoff(&service, "Europe/London", ready), Ok(at("2026-11-23T16:00:00Z")));
    service.holidays.insert("2026-11-23".parse().unwrap());
    assert_eq!(next_cutoff(&service, "Europe/London", ready), Ok(at("2026-11-24T16:00:00Z")));
    service.collections.clear();
    let never = next_cutoff(&service, "Europe/London", ready).unwrap_err();
    assert_eq!(never, NoDate::NeverComes { service: "standard".to_owned() });
}

#[test]
fn goods_arrive_on_working_days_until_the_end_of_the_senders_day() {
    let mut service = standard();
    let friday = at("2026-11-20T16:00:00Z");
    let monday = at("2026-11-23T23:59:59.999Z");
    assert_eq!(arrival(&service, "Europe/London", 300.0, friday), Ok((monday, 1)));
    service.holidays.insert("2026-11-23".parse().unwrap());
    assert_eq!(arrival(&service, "Europe/London", 300.0, friday), Ok((monday.plus(86_400_000), 1)));
    service.weekends_count = true;
    assert_eq!(arrival(&service, "Europe/London", 300.0, friday), Ok((at("2026-11-21T23:59:59.999Z"), 1)));
    assert_eq!(arrival(&service, "Europe/London", 300.1, friday).unwrap().1, 2);
    service.transit.truncate(1);
    let far = arrival(&service, "Europe/London", 301.0, friday).unwrap_err();
    assert_eq!(far.to_string(), "standard does not go 301 km far");
}

#[test]
fn a_day_of_arrival_is_as_long_as_it_is() {
    let spring = arrival(&daily(0), "Europe/Berlin", 1.0, at("2026-03-28T12:00:00Z"));
    assert_eq!(spring, Ok((at("2026-03-29T21:59:59.999Z"), 1)), "23 hours");
    let autumn = arrival(&daily(0), "Europe/Berlin", 1.0, at("2026-10-24T12:00:00Z"));
    assert_eq!(autumn, Ok((at("2026-10-25T22:59:59.999Z"), 1)), "25 hours");
}

#[test]
fn a_service_that_brings_nothing_ends_the_search() {
    let mut service = daily(0);
    let mut day: jiff::civil::Date = "2026-11-20".parse().unwrap();
    for _ in 0..=CALENDAR_DAYS_MAX {
        service.holidays.insert(day);
        day = day.tomorrow().unwrap();
    }
    let never = arrival(&service, "Europe/London", 1.0, at("2026-11-20T12:00:00Z")).unwrap_err();
    assert_eq!(never, NoDate::NeverBrings { service: "night".to_owned() });
}

fn handling(minutes: u32, minutes_per_open_task: u32) -> CarrierPolicy {
    CarrierPolicy { handling: Handling { minutes, minutes_per_open_task }, ..CarrierPolicy::default() }
}

fn open(store: &mut Store, day: Weekday, opens_minute: u16, closes_minute: u16) {
    store.hours.push(OpeningHours { day, opens_minute, closes_minute });
}

fn ready(store: &Store, minutes: u32, open_tasks: u32, now: &str) -> Result<UtcMs, NoDate> {
    let trip = Trip { store, kind: FulfilmentKind::Ship, distance_km: 10.0, units: 1, open_tasks };
    ready_at(&handling(minutes, 5), &trip, at(now))
}

#[test]
fn handling_takes_opening_time_and_waits_behind_open_tasks() {
    let mut shop = store("leeds");
    assert_eq!(ready(&shop, 60, 2, "2026-11-20T12:00:00Z"), Ok(at("2026-11-20T13:10:00Z")), "always open");
    for day in [Weekday::Friday, Weekday::Monday] {
        open(&mut shop, day, 9 * 60, 17 * 60);
    }
    assert_eq!(ready(&shop, 60, 0, "2026-11-20T12:00:00Z"), Ok(at("2026-11-20T13:00:00Z")));
    assert_eq!(ready(&shop, 60, 0, "2026-11-20T06:00:00Z"), Ok(at("2026-11-20T10:00:00Z")));
    assert_eq!(
        ready(&shop, 60, 0, "2026-11-20T16:30:00Z"),
        Ok(at("2026-11-23T09:30:00Z")),
        "over the weekend"
    );
    assert_eq!(ready(&shop, 0, 0, "2026-11-21T12:00:00Z"), Ok(at("2026-11-23T09:00:00Z")));
}

#[test]
fn hours_that_reach_into_the_next_day_or_overlap_count_once() {
    let mut shop = store("leeds");
    open(&mut shop, Weekday::Saturday, 20 * 60, 26 * 60);
    assert_eq!(ready(&shop, 60, 0, "2026-11-22T00:30:00Z"), Ok(at("2026-11-22T01:30:00Z")));
    open(&mut shop, Weekday::Saturday, 20 * 60, 21 * 60);
    assert_eq!(ready(&shop, 120, 0, "2026-11-21T20:00:00Z"), Ok(at("2026-11-21T22:00:00Z")));
}

#[test]
fn on_a_day_of_a_leap_only_time_that_surely_is_open_counts() {
    let mut shop = store("berlin");
    shop.zone = "Europe/Berlin".to_owned();
    open(&mut shop, Weekday::Sunday, 2 * 60 + 30, 10 * 60);
    // Half past two is skipped: the wall shows three when it opens.
    assert_eq!(ready(&shop, 60, 0, "2026-03-29T00:00:00Z"), Ok(at("2026-03-29T02:00:00Z")));
    // Half past two comes twice: from the second on it stays open.
    assert_eq!(ready(&shop, 60, 0, "2026-10-25T00:00:00Z"), Ok(at("2026-10-25T02:30:00Z")));
}

#[test]
fn a_store_that_hardly_opens_or_whose_zone_is_unknown_has_no_date() {
    let mut shop = store("leeds");
    open(&mut shop, Weekday::Monday, 0, 1);
    let never = ready(&shop, 24 * 60, 0, "2026-11-20T12:00:00Z").unwrap_err();
    assert_eq!(never, NoDate::TooLittleOpen { minutes: 24 * 60 });
    shop.hours.clear();
    shop.zone = "Nowhere/Land".to_owned();
    let lost = ready(&shop, 60, 0, "2026-11-20T12:00:00Z").unwrap_err();
    assert!(lost.to_string().contains("\"Nowhere/Land\" is not known"), "{lost}");
}

#[test]
fn a_clock_that_has_lost_its_time_gives_no_date_and_no_panic() {
    let shop = store("leeds");
    let trip = Trip { store: &shop, kind: FulfilmentKind::Ship, distance_km: 1.0, units: 1, open_tasks: 0 };
    for lost in [UtcMs(i64::MIN), UtcMs(i64::MAX), UtcMs(253_402_207_200_000)] {
        assert!(Timetable::of(&CarrierPolicy::default()).journeys(&trip, lost).is_err(), "{lost:?}");
    }
}

#[test]
fn a_journey_puts_the_times_together() {
    let mut policy = handling(60, 0);
    policy.services[0].price =
        Some(Price { currency: "GBP".parse().unwrap(), base_minor: 300, per_unit_minor: 50 });
    let shop = store("leeds");
    let mut trip =
        Trip { store: &shop, kind: FulfilmentKind::Ship, distance_km: 20.0, units: 2, open_tasks: 0 };
    let found = Timetable::of(&policy).journeys(&trip, at("2026-11-20T15:30:00Z")).unwrap();
    assert_eq!(
        found,
        [Journey {
            service: Some("standard".to_owned()),
            ready_at: at("2026-11-20T16:30:00Z"),
            hand_over_by: at("2026-11-23T16:00:00Z"),
            arrives_by: at("2026-11-24T23:59:59.999Z"),
            days: 1,
            cost: Some(Money { minor: 400, currency: "GBP".parse().unwrap() }),
        }]
    );
    trip.kind = FulfilmentKind::Pickup;
    let fetched = Timetable::of(&policy).journeys(&trip, at("2026-11-20T15:30:00Z")).unwrap();
    assert_eq!((fetched[0].arrives_by, &fetched[0].service), (at("2026-11-20T16:30:00Z"), &None));
    trip.kind = FulfilmentKind::Delivery;
    policy.services.truncate(1);
    let none = Timetable::of(&policy).journeys(&trip, at("2026-11-20T15:30:00Z")).unwrap_err();
    assert_eq!(none, NoDate::NoService(FulfilmentKind::Delivery));
}

#[test]
fn the_cheapest_that_keeps_the_promise_is_chosen_and_else_the_first_to_arrive() {
    let journey = |service: &str, hours: i64, minor: Option<i64>| Journey {
        service: Some(service.to_owned()),
        ready_at: UtcMs(0),
        hand_over_by: UtcMs(0),
        arrives_by: UtcMs(hours),
        days: 1,
        cost: minor.map(|minor| Money { minor, currency: "GBP".parse().unwrap() }),
    };
    let all = vec![journey("slow", 30, Some(1)), journey("fast", 10, Some(9)), journey("dark", 20, None)];
    let chosen = |by: Option<i64>| choose(all.clone(), by.map(UtcMs)).unwrap().service.unwrap();
    assert_eq!(chosen(Some(30)), "slow");
    assert_eq!(chosen(Some(29)), "fast", "what has no price is not the cheapest");
    assert_eq!(chosen(Some(5)), "fast");
    assert_eq!(chosen(None), "fast");
    assert_eq!(choose(Vec::new(), None), None);
}

const ZONES: [&str; 6] =
    ["Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "America/St_Johns", "Pacific/Apia", "UTC"];

proptest! {
    /// Whoever hands over at the told moment finds the wall at or before the cutoff, on its day.
    #[test]
    fn a_cutoff_is_never_before_the_goods_are_ready_nor_past_its_reading(
        zone in prop::sample::select(&ZONES[..]),
        hour in 0_i64..(3 * 366 * 24),
        minute in 0_u16..1440,
    ) {
        let ready = at("2025-01-01T00:00:00Z").plus(hour * 3_600_000);
        let cutoff = next_cutoff(&daily(minute), zone, ready).unwrap();
        prop_assert!(cutoff >= ready);
        prop_assert!(cutoff.since(ready) <= 26 * 3_600_000, "it comes every day");
        let wall = Timestamp::from_millisecond(cutoff.0).unwrap().to_zoned(TimeZone::get(zone).unwrap());
        let seconds = i64::from(wall.hour()) * 3_600 + i64::from(wall.minute()) * 60 + i64::from(wall.second());
        prop_assert!(seconds <= i64::from(minute) * 60, "{wall}");
    }

    #[test]
    fn what_is_handed_over_later_never_arrives_earlier(
        zone in prop::sample::select(&ZONES[..]),
        hour in 0_i64..(3 * 366 * 24),
        later in 0_i64..200,
        km in 0.0_f64..2_000.0,
    ) {
        let service = standard();
        let first = at("2025-01-01T00:00:00Z").plus(hour * 3_600_000);
        let second = first.plus(later * 3_600_000);
        let (early, late) = (arrival(&service, zone, km, first), arrival(&service, zone, km, second));
        prop_assert!(early.clone().unwrap().0 <= late.unwrap().0);
        prop_assert!(early.unwrap().0 >= first);
    }
}
