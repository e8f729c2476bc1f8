use super::lint::{Advice, Landscape, Place, Weight, lint};
use super::*;
use crate::core::fleet::StoreKind;
use crate::core::test_support::store;
use holdfast_shared::domain::task::FulfilmentKind;
use std::collections::BTreeSet;

fn steering(text: &str) -> Steering {
    Steering::new(PolicyVersion(3), read_policy(text).unwrap())
}

#[test]
fn what_is_built_in_reads_back_as_it_is() {
    let built_in = Steering::built_in(&RoutingPolicy::default()).unwrap();
    let plain = RoutingPolicy { name: built_in.name(), ..RoutingPolicy::default() };
    assert_eq!(*built_in.routing, plain);
    assert_eq!(built_in.hash, read_policy("").unwrap().hash());
    let other = RoutingPolicy { accept_within_ms: 5_000, ..RoutingPolicy::default() };
    assert_eq!(
        Steering::built_in(&other).unwrap().routing.accept_within_ms,
        5_000,
        "settings of the process"
    );
}

#[test]
fn what_cannot_be_meant_of_routing_is_told_by_line() {
    let text = "\
[routing]
splits_max = 0
accept_within_ms = 0
[[routing.ladder]]
name = 'near'
words = 'near'
kinds = ['shop']
cover = 'whole'
weights = { distance = 1 }
";
    let told: Vec<String> = read_policy(text).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "7:10: routing.ladder[0].kinds[0]: `shop` is none of the words here; known are store, distribution_centre"
        ]
    );
    let told: Vec<String> = read_policy(&text.replace("'shop'", "").replace("distance = 1", "distance = 0"))
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[0].starts_with("2:1: routing.splits_max: 0"), "{told:?}");
    assert!(told[1].starts_with("3:1: routing.accept_within_ms: 0"), "{told:?}");
    assert!(told[2].starts_with("7:1: routing.ladder[0].kinds: names no kind of node"), "{told:?}");
    assert!(told[3].starts_with("9:1: routing.ladder[0].weights: are all 0"), "{told:?}");
}

fn place(name: &str, region: Option<&str>, serves_now: bool) -> Place {
    let region = region.map(|region| region.parse().unwrap());
    let fulfils: BTreeSet<_> = [FulfilmentKind::Ship, FulfilmentKind::Pickup].into();
    let serves_now = if serves_now { fulfils.clone() } else { BTreeSet::new() };
    Place { store: Store { region, fulfils, ..store(name) }, serves_now }
}

fn land(places: Vec<Place>) -> Landscape {
    Landscape { places, classes: ["hot".parse().unwrap()].into() }
}

fn centre() -> Place {
    let mut place = place("dc", None, true);
    place.store.kind = StoreKind::DistributionCentre;
    place
}

fn weighty(text: &str, land: &Landscape) -> Vec<String> {
    let told = |advice: Advice| format!("{}: {}", advice.at, advice.what);
    lint(&steering(text), land).into_iter().filter(|it| it.weight != Weight::Note).map(told).collect()
}

#[test]
fn a_sound_policy_on_a_sound_chain_gets_no_advice() {
    let chain = land(vec![place("leeds", None, true), place("york", None, true), centre()]);
    assert_eq!(lint(&steering("owner = 'ann'\nabout = 'the usual'\n"), &chain), []);
    let notes: Vec<Advice> = lint(&steering(""), &chain);
    assert!(notes.len() == 2 && notes.iter().all(|note| note.weight == Weight::Note), "{notes:?}");
}

#[test]
fn a_kind_of_order_with_fewer_than_two_nodes_is_told_by_region() {
    let chain = land(vec![
        place("leeds", Some("north"), true),
        place("bath", Some("south"), true),
        place("york", Some("south"), false),
        centre(),
    ]);
    assert_eq!(
        weighty("[region.north]\n[region.south]\n", &chain),
        [
            "region north: only leeds serves pickup there: one outage leaves nobody",
            "region south: 1 of 2 nodes may serve pickup there now",
        ]
    );
}

#[test]
fn rungs_and_layers_that_never_match_are_told() {
    let chain = land(vec![place("leeds", Some("north"), true), place("york", Some("north"), true)]);
    let text = "routing.splits_max = 1\n[region.east]\n[region.uk]\n[region.north]\nwithin = 'uk'\n[store.hull]\n\
                [class.hot]\n[class.cold]\n";
    assert_eq!(
        weighty(text, &chain),
        [
            "class.cold: no article of the catalogue has this class: nothing follows it",
            "region.east: no store lies in this region: nothing follows it",
            "routing.ladder[distribution_centre]: there is no node of its kinds, so this rung never serves an order",
            "routing.ladder[split]: it takes parts of orders, and splits_max = 1 lets no second node share one",
            "store.hull: there is no such store: nothing follows it",
        ]
    );
}

#[test]
fn a_layer_that_changes_nothing_is_noted() {
    let text = "[store.leeds.routing]\naccept_within_ms = 600000\n";
    let chain = land(vec![place("leeds", None, true), place("york", None, true), centre()]);
    let notes = lint(&steering(text), &chain);
    let note = notes.iter().find(|note| note.at == "store.leeds.routing.accept_within_ms").unwrap();
    assert_eq!(note.what, "it says 600000, which holds without it");
}
