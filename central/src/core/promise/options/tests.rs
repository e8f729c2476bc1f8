use super::*;
use crate::core::carriers::Price;
use crate::core::fleet::Store;
use crate::core::test_support::store;

/// Friday noon in London.
const FRIDAY: UtcMs = UtcMs(1_795_176_000_000);
const DAY_MS: i64 = 86_400_000;

fn part<'a>(store: &'a Store, km: f64, confidence: &[Option<f64>]) -> Part<'a> {
    let trip = Trip { store, kind: FulfilmentKind::Ship, distance_km: km, units: 1, open_tasks: 0 };
    Part { trip, confidence: confidence.to_vec() }
}

fn priced() -> CarrierPolicy {
    let mut policy = CarrierPolicy::default();
    let mut express = policy.services[0].clone();
    express.name = "express".to_owned();
    express.weekends_count = true;
    express.price = Some(Price { currency: "GBP".parse().unwrap(), base_minor: 900, per_unit_minor: 0 });
    express.transit.truncate(1);
    policy.services[0].price =
        Some(Price { currency: "GBP".parse().unwrap(), base_minor: 300, per_unit_minor: 0 });
    policy.services.push(express);
    policy
}

fn told(parts: &[Part<'_>]) -> Vec<(String, i64, Option<i64>, u32)> {
    let options = options(&priced(), FulfilmentKind::Ship, parts, FRIDAY).unwrap();
    let days = |by: UtcMs| by.since(FRIDAY) / DAY_MS;
    let told = |option: PromiseOption| {
        let cost = option.cost.map(|cost| cost.minor);
        (option.service.unwrap(), days(option.by), cost, option.parcels)
    };
    options.into_iter().map(told).collect()
}

#[test]
fn each_service_is_an_option_and_the_earliest_comes_first() {
    let leeds = store("leeds");
    assert_eq!(
        told(&[part(&leeds, 20.0, &[])]),
        [("express".to_owned(), 1, Some(900), 1), ("standard".to_owned(), 3, Some(300), 1),]
    );
}

#[test]
fn several_parcels_are_there_with_the_last_and_cost_their_sum() {
    let (leeds, york) = (store("leeds"), store("york"));
    let both = [part(&leeds, 20.0, &[]), part(&york, 290.0, &[])];
    assert_eq!(
        told(&both),
        [("express".to_owned(), 1, Some(1_800), 2), ("standard".to_owned(), 3, Some(600), 2),]
    );
    let far = [part(&leeds, 20.0, &[]), part(&york, 400.0, &[])];
    assert_eq!(told(&far), [("standard".to_owned(), 4, Some(600), 2)], "express does not take the second");
}

#[test]
fn one_price_that_is_not_known_leaves_the_sum_unknown() {
    let (leeds, york) = (store("leeds"), store("york"));
    let both = [part(&leeds, 20.0, &[]), part(&york, 20.0, &[])];
    let found = options(&CarrierPolicy::default(), FulfilmentKind::Ship, &both, FRIDAY).unwrap();
    assert_eq!(found[0].cost, None);
}

#[test]
fn confidence_is_the_product_of_what_is_known() {
    let (leeds, york) = (store("leeds"), store("york"));
    let confidence =
        |parts: &[Part<'_>]| options(&priced(), FulfilmentKind::Ship, parts, FRIDAY).unwrap()[0].confidence;
    let known = [part(&leeds, 20.0, &[Some(0.5), None]), part(&york, 20.0, &[Some(0.5)])];
    assert!((confidence(&known) - 0.25).abs() < 1e-9);
    assert!((confidence(&[part(&leeds, 20.0, &[None])]) - 1.0).abs() < 1e-9);
}

#[test]
fn without_a_service_or_a_date_the_reason_is_told() {
    let mut nowhere = store("leeds");
    nowhere.zone = "Nowhere".to_owned();
    let lost = options(&priced(), FulfilmentKind::Ship, &[part(&nowhere, 1.0, &[])], FRIDAY).unwrap_err();
    assert!(matches!(lost, NoDate::Zone(_)));
    let none = CarrierPolicy { services: Vec::new(), ..CarrierPolicy::default() };
    let leeds = store("leeds");
    let without = options(&none, FulfilmentKind::Ship, &[part(&leeds, 1.0, &[])], FRIDAY).unwrap_err();
    assert_eq!(without, NoDate::NoService(FulfilmentKind::Ship));
    assert_eq!(
        options(&priced(), FulfilmentKind::Ship, &[], FRIDAY),
        Err(NoDate::NoService(FulfilmentKind::Ship))
    );
}
