use super::*;

fn told(change: impl FnOnce(&mut CarrierPolicy)) -> Vec<String> {
    let mut policy = CarrierPolicy::default();
    assert_eq!(policy.faults(), Vec::new());
    change(&mut policy);
    policy.faults().into_iter().map(|fault| fault.at).collect()
}

#[test]
fn what_cannot_be_meant_is_told_with_its_place() {
    let eur = "EUR".parse().unwrap();
    let price = |base_minor, per_unit_minor| Some(Price { currency: eur, base_minor, per_unit_minor });
    assert_eq!(told(|p| p.services[0].name = "Next Day".to_owned()), ["services[0].name"]);
    assert_eq!(told(|p| p.services[1].name = "standard".to_owned()), ["services[1].name"]);
    assert_eq!(told(|p| p.services[0].kinds.clear()), ["services[0].kinds"]);
    let collected = told(|p| p.services[0].kinds = BTreeSet::from([FulfilmentKind::Pickup]));
    assert_eq!(collected, ["services[0].kinds"]);
    assert_eq!(told(|p| p.services[0].collections.clear()), ["services[0].collections"]);
    let late = told(|p| p.services[0].collections[0].cutoff_minute = 1440);
    assert_eq!(late, ["services[0].collections[0].cutoff_minute"]);
    let twice = told(|p| {
        let again = Collection { days: BTreeSet::from([Weekday::Monday]), cutoff_minute: 60 };
        p.services[0].collections.push(again);
    });
    assert_eq!(twice, ["services[0].collections[1].days"]);
    assert_eq!(told(|p| p.services[0].transit.clear()), ["services[0].transit"]);
    assert_eq!(told(|p| p.services[0].transit[0].days = 61), ["services[0].transit[0].days"]);
    assert_eq!(told(|p| p.services[0].price = price(-1, 0)), ["services[0].price.base_minor"]);
    assert_eq!(
        told(|p| p.services[0].price = price(0, PRICE_MINOR_MAX + 1)),
        ["services[0].price.per_unit_minor"]
    );
    assert_eq!(
        told(|p| p.services[0].transit[1].surcharge_minor = 5),
        ["services[0].transit[1].surcharge_minor"]
    );
    assert_eq!(told(|p| p.handling.minutes = HANDLING_MINUTES_MAX + 1), ["handling.minutes"]);
    let nameless = HandlingOf { store: None, kind: None, minutes: 5, minutes_per_open_task: 0 };
    assert_eq!(told(|p| p.handling_of.push(nameless)), ["handling_of[0]"]);
}

#[test]
fn bands_grow_and_are_numbers() {
    for km in [f64::NAN, f64::INFINITY, -1.0, 0.0] {
        assert_eq!(
            told(|p| p.services[1].transit[0].up_to_km = Some(km)),
            ["services[1].transit[0].up_to_km"]
        );
    }
    let shorter = told(|p| p.services[0].transit[1].up_to_km = Some(300.0));
    assert_eq!(shorter, ["services[0].transit[1].up_to_km"]);
    let after_any = told(|p| p.services[0].transit[1].up_to_km = None);
    assert_eq!(
        after_any,
        ["services[0].transit[2].up_to_km"],
        "a band after one of any distance never counts"
    );
}

#[test]
fn many_of_anything_are_refused() {
    let services = told(|p| {
        let one = p.services[0].clone();
        p.services =
            (0..=CARRIER_SERVICES_MAX).map(|n| Service { name: format!("s{n}"), ..one.clone() }).collect();
    });
    assert_eq!(services, ["services"]);
    let holidays = told(|p| {
        let mut day: Date = "2026-01-01".parse().unwrap();
        for _ in 0..=CARRIER_HOLIDAYS_MAX {
            p.services[0].holidays.insert(day);
            day = day.tomorrow().unwrap();
        }
    });
    assert_eq!(holidays, ["services[0].holidays"]);
    let handling = told(|p| {
        let of = |n| HandlingOf {
            store: Some(format!("s{n}").parse().unwrap()),
            kind: None,
            minutes: 1,
            minutes_per_open_task: 0,
        };
        p.handling_of = (0..=HANDLING_RULES_MAX).map(of).collect();
    });
    assert_eq!(handling, ["handling_of"]);
}

#[test]
fn the_most_telling_line_of_handling_counts() {
    let of = |store: Option<&str>, kind, minutes| HandlingOf {
        store: store.map(|name| name.parse().unwrap()),
        kind,
        minutes,
        minutes_per_open_task: 0,
    };
    let policy = CarrierPolicy {
        handling_of: vec![
            of(Some("leeds"), Some(FulfilmentKind::Pickup), 1),
            of(None, Some(FulfilmentKind::Pickup), 2),
            of(Some("leeds"), None, 3),
        ],
        ..CarrierPolicy::default()
    };
    let minutes = |store: &str, kind| policy.handling_at(&store.parse().unwrap(), kind).minutes;
    assert_eq!(minutes("leeds", FulfilmentKind::Pickup), 1);
    assert_eq!(minutes("york", FulfilmentKind::Pickup), 2);
    assert_eq!(minutes("leeds", FulfilmentKind::Ship), 3);
    assert_eq!(minutes("york", FulfilmentKind::Ship), Handling::default().minutes);
}

#[test]
fn it_is_read_as_it_is_written_and_knows_no_other_fields() {
    let policy = CarrierPolicy::default();
    let written = serde_json::to_value(&policy).unwrap();
    assert_eq!(serde_json::from_value::<CarrierPolicy>(written.clone()).unwrap(), policy);
    assert_eq!(serde_json::from_value::<CarrierPolicy>(serde_json::json!({})).unwrap(), policy);
    for place in ["", "/services/0", "/services/0/transit/0", "/services/0/collections/0", "/handling"] {
        let mut wrong = written.clone();
        wrong.pointer_mut(place).unwrap()["colour"] = serde_json::json!("red");
        let error = serde_json::from_value::<CarrierPolicy>(wrong).unwrap_err().to_string();
        assert!(error.contains("unknown field `colour`"), "{place}: {error}");
    }
}

#[test]
fn a_price_grows_with_units_and_distance_and_an_unknown_one_stays_unknown() {
    let mut service = CarrierPolicy::default().services[0].clone();
    assert_eq!(service.cost(10.0, 1), None);
    service.price = Some(Price { currency: "EUR".parse().unwrap(), base_minor: 490, per_unit_minor: 10 });
    service.transit[1].surcharge_minor = 200;
    assert_eq!(service.cost(300.0, 3).unwrap().minor, 520);
    assert_eq!(service.cost(300.1, 3).unwrap().minor, 720);
    assert_eq!(service.cost(300.1, i64::MAX).unwrap().minor, i64::MAX, "it does not overflow");
}
