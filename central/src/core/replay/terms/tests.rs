use super::*;
use crate::core::replay::case::Sent;
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};

const DAY_MS: i64 = 86_400_000;

fn case(order: &str, units: i64, promise_days: Option<i64>) -> Case {
    Case {
        order: order.parse().unwrap(),
        decision: format!("{order}-d").parse().unwrap(),
        placed_at: UtcMs(0),
        promise_by: promise_days.map(|days| UtcMs(days * DAY_MS)),
        units,
        sent: Vec::new(),
        waits: false,
        missed: false,
        withheld: BTreeMap::new(),
        unrecorded: 0,
    }
}

fn sent(store: &str, units: i64, km: f64, days: Option<i64>) -> Sent {
    Sent {
        store: store.parse().unwrap(),
        lines: [(holdfast_shared::ids::LineNo(1), units)].into(),
        km,
        arrives_by: days.map(|days| UtcMs(days * DAY_MS)),
        cost: [("EUR".parse().unwrap(), 101)].into(),
        doubt: 0.1,
        weighed: units,
        short: 1,
        looked: units,
    }
}

/// What a term says, by unit.
fn told(name: &str, cases: &[Case]) -> Vec<String> {
    let cases: Vec<&Case> = cases.iter().collect();
    let term = TERMS.iter().find(|term| term.name == name).unwrap();
    let figure = |(unit, figure): (Unit, Option<Figure>)| match figure {
        Some(Figure { value, of }) => format!("{value} {unit} of {of}"),
        None => format!("no {unit}"),
    };
    (term.of)(&cases).into_iter().map(figure).collect()
}

/// One in time in two parcels, one late in one, one that nobody took, one that waits.
fn four() -> Vec<Case> {
    let parcels = vec![sent("leeds", 1, 10.0, Some(1)), sent("york", 1, 30.0, Some(2))];
    let kept = Case { sent: parcels, ..case("o1", 2, Some(2)) };
    let late = Case { sent: vec![sent("hull", 2, 50.0, Some(3))], missed: true, ..case("o2", 2, Some(2)) };
    let nobody = case("o3", 3, Some(2));
    let waits = Case { waits: true, ..case("o4", 1, None) };
    vec![kept, late, nobody, waits]
}

#[test]
fn each_term_counts_what_its_words_say() {
    let cases = four();
    for (name, expected) in [
        ("promise_kept", "0.3333 share of 3"),
        ("days", "2.5 days of 2"),
        ("backorder_share", "0.25 share of 4"),
        ("split_share", "0.5 share of 2"),
        ("parcels", "1.5 parcels of 2"),
        ("cost_per_order", "152 EUR, minor units of 2"),
        ("distance_mean", "30 km of 3"),
        ("distance_p90", "50 km of 3"),
        ("best_node_share", "0.5 share of 2"),
        ("oversell_expected", "0.3 units of 4"),
        ("oversell_known", "0.75 share of 4"),
        ("undersell", "0 units of 4"),
    ] {
        assert_eq!(told(name, &cases), [expected], "{name}");
    }
    assert_eq!(TERMS.len(), 12, "a new term is told of here");
}

#[test]
fn of_nothing_nothing_is_said() {
    for term in TERMS {
        assert!((term.of)(&[]).iter().all(|(_, figure)| figure.is_none()), "{term:?}");
    }
}

#[test]
fn a_date_that_is_not_known_is_neither_kept_nor_missed() {
    let unknown = Case { sent: vec![sent("hull", 1, 5.0, None)], ..case("o1", 1, Some(2)) };
    assert_eq!(told("promise_kept", &[unknown]), ["no share"]);
}

#[test]
fn terms_have_names_of_their_own_and_words() {
    let names: BTreeSet<&str> = TERMS.iter().map(|term| term.name).collect();
    assert!(names.len() == TERMS.len() && TERMS.iter().all(|term| term.words.len() > 10));
}
