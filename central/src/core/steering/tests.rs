use super::lint::{Advice, Landscape, Place, Weight, lint};
use super::*;
use crate::core::fleet::StoreKind;
use crate::core::health::by_store::ByStore;
use crate::core::test_support::store;
use holdfast_shared::domain::task::FulfilmentKind;
use std::collections::BTreeSet;

mod brands;
mod clashes;

fn steering(text: &str) -> Steering {
    Steering::new(PolicyVersion(3), read_policy(text).unwrap())
}

#[test]
fn what_is_built_in_reads_back_as_it_is() {
    let built_in = Steering::built_in(&Sections::default()).unwrap();
    let plain = RoutingPolicy { name: built_in.name(), ..RoutingPolicy::default() };
    assert_eq!(*built_in.routing, plain);
    assert_eq!(built_in.hash, read_policy("").unwrap().hash());
    let routing = RoutingPolicy { accept_within_ms: 5_000, ..RoutingPolicy::default() };
    let other = Sections { routing, ..Sections::default() };
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

fn told(text: &str) -> Vec<String> {
    read_policy(text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn what_cannot_be_meant_of_stock_is_told_by_line() {
    let text = "\
[stock.classes.hot]
buffer_units = -1
confidence_min = 1.0
  max_age = 5
[stock.classes.hot.channels.web]
share_permille = 1001
[stock.classes.hot.max_age_ms_of]
pickup = 0
[class.hot.stock.classes.hot]
buffer_units = 1
";
    let found = told(text);
    let starts = [
        "2:1: stock.classes.hot.buffer_units: -1",
        "3:1: stock.classes.hot.confidence_min: 1: a probability from 0 to 0.999 is expected",
        "4:3: stock.classes.hot.max_age: `max_age` is not known here; did you mean `max_age_ms`?",
        "6:1: stock.classes.hot.channels.web.share_permille: 1001 of 1000",
        "8:1: stock.classes.hot.max_age_ms_of.pickup: 0 ms",
        "9:18: class.hot.stock.classes: `classes` cannot differ by class; of stock nothing can",
    ];
    assert_eq!(found.len(), starts.len(), "{found:?}");
    assert!(found.iter().zip(starts).all(|(found, start)| found.starts_with(start)), "{found:?}");
}

#[test]
fn a_class_may_come_back_for_a_time_of_its_own() {
    let text = "[returns]\nwindow_days = 60\n[class.electronics.returns]\nwindow_days = 14\n";
    let steering = Steering::new(PolicyVersion(1), read_policy(text).unwrap());
    let days = |class: Option<&str>| {
        let class = class.map(|class| class.parse().unwrap());
        steering.returns.of(class.as_ref()).window_days
    };
    assert_eq!((days(Some("electronics")), days(Some("shirts")), days(None)), (14, 60, 60));
    let found = told("[class.electronics.returns]\nwindow_days = 0\nfinal_sale = []\n");
    assert!(
        found.iter().any(|found| found.starts_with("2:1: class.electronics.returns.window_days: is 0")),
        "{found:?}"
    );
    assert!(
        found.iter().any(|found| found.contains("final_sale: `final_sale` cannot differ by class")),
        "{found:?}"
    );
}

#[test]
fn what_cannot_be_meant_of_carriers_is_told_by_line() {
    let text = "\
[carriers]
handling = { minutes = 99999999 }
[[carriers.services]]
name = 'van'
kinds = ['pickup']
collections = []
transit = [{ days = 1 }, { up_to_km = 5, days = 1 }]
[[carriers.services]]
name = 'van'
kinds = ['ship']
collections = [{ days = ['monday'], cutoff_minute = 1500 }]
transit = [{ days = 1 }]
[store.leeds.carriers]
services = []
";
    let found = told(text);
    for start in [
        "2:14: carriers.handling.minutes: 99999999 minutes",
        "5:1: carriers.services[0].kinds",
        "6:1: carriers.services[0].collections",
        "9:1: carriers.services[1].name: a service \"van\" stands above already",
        "11:37: carriers.services[1].collections[0].cutoff_minute: ",
        "14:1: store.leeds.carriers.services: `services` cannot differ by store; of carriers nothing can",
    ] {
        assert!(found.iter().any(|found| found.starts_with(start)), "{start}: {found:#?}");
    }
}

#[test]
fn what_cannot_be_meant_of_failover_is_told_by_line() {
    let text = "\
[failover]
promise_at_risk_ms = -1
ship = { offered = { after_ms = -1 } }
kind_withdrawn = { offered = { after_ms = -5 } }
[failover.pace]
moves_per_minute = 0
moves_per_store_per_minute = 0
[region.north.failover.pace]
moves_per_minute = 5
";
    let found = told(text);
    for start in [
        "2:1: failover.promise_at_risk_ms: -1",
        "3:10: failover.ship.offered: -1",
        "4:20: failover.kind_withdrawn.offered",
        "6:1: failover.pace.moves_per_minute: 0 moves nothing, ever",
        "8:24: region.north.failover.pace: `pace` cannot differ by region; of failover nothing can",
    ] {
        assert!(found.iter().any(|found| found.starts_with(start)), "{start}: {found:#?}");
    }
    let found = told("[failover]\nship = { offered = 'later' }\n");
    assert!(
        found[0].starts_with("2:") && found[0].contains("`later` is none of the words here"),
        "{found:?}"
    );
    assert!(read_policy("[failover]\nship = { picking = { after_ms = 60000 } }\n").is_ok());
}

#[test]
fn what_of_stock_and_carriers_has_no_effect_is_told() {
    let chain = land(vec![place("leeds", None, true), place("york", None, true), centre()]);
    let text = "[stock.classes.hot]\nmax_age_ms = 4999\n[stock.classes.cold]\n[carriers]\nservices = []\n\
                [[carriers.handling_of]]\nstore = 'hull'\nminutes = 5\n";
    assert_eq!(
        weighty(text, &chain),
        [
            "carriers.handling_of[0]: there is no store hull: nothing follows it",
            "carriers.services: none is for ship, which stores fulfil: nobody can be told when it comes",
            "stock.classes.cold: no article of the catalogue has this class: nothing is sold by it",
            "stock.classes.hot.max_age_ms: 4999 ms: a store tells of its stock every 5000 ms, and is too old in between",
        ]
    );
    let enough =
        "[stock.classes.hot]\nmax_age_ms = 5000\n[[carriers.handling_of]]\nstore = 'leeds'\nminutes = 5\n";
    assert_eq!(weighty(enough, &chain), Vec::<String>::new());
}

#[test]
fn the_health_of_stores_is_a_section_with_layers_and_what_is_about_the_observer_is_not_in_it() {
    let found = told("[health]\nfreeze_percent = 20\nsilense_ms = { soft = 1 }\n");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("2:1: health.freeze_percent: `freeze_percent` is about the observer"));
    assert!(found[0].contains("all tenants") && found[0].contains("configuration"), "{found:?}");
    assert!(found[1].contains("did you mean `silence_ms`?"), "{found:?}");
    for (text, starts) in [
        ("[health.silence_ms]\nsoft = 4\nhard = 3\n", "3:1: health.silence_ms.hard: is 3: expected more"),
        (
            "[region.north.health.disk_used_permille]\nsoft = 1200\n",
            "1:22: region.north.health.disk_used_permille",
        ),
        (
            "[class.hot.health.feed_age_ms]\nsoft = 1\n",
            "1:19: class.hot.health.feed_age_ms: `feed_age_ms` cannot",
        ),
    ] {
        let found = told(text);
        assert!(found[0].starts_with(starts), "{found:?}");
    }
    let text = "[health.feed_age_ms_of.hot]\nsoft = 1000\nhard = 2000\n\
                [store.leeds.health.feed_age_ms_of.hot]\nhard = 9000\n";
    let steering = steering(text);
    let hard = |name: &str| {
        let policy = steering.health_at(&store(name));
        policy.feed_age_ms_of.values().map(|limits| (limits.soft, limits.hard)).collect::<Vec<_>>()
    };
    assert_eq!(hard("york"), [(1_000, Some(2_000))]);
    assert_eq!(hard("leeds"), [(1_000, Some(9_000))], "what the store does not say is the tenant's");
}

#[test]
fn a_layer_that_cannot_hold_with_what_it_leaves_to_the_tenant_is_told_and_counts_for_nothing() {
    let chain = land(vec![place("leeds", None, true), place("york", None, true), centre()]);
    let text = "[store.leeds.health.feed_age_ms]\nsoft = 900000\n";
    let told = weighty(text, &chain);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("store.leeds.health: what region and store say together"), "{told:?}");
    assert_eq!(*steering(text).health_at(&store("leeds")), HealthPolicy::default());
}

#[test]
fn a_limit_for_a_class_that_is_not_there_or_shorter_than_a_beat_is_told() {
    let chain = land(vec![place("leeds", None, true), place("york", None, true), centre()]);
    let text =
        "[health.feed_age_ms_of]\nhot = { soft = 1000, hard = 5000 }\ncold = { soft = 1000, hard = 9000 }\n";
    assert_eq!(
        weighty(text, &chain),
        [
            "health.feed_age_ms_of.cold: no article of the catalogue has this class: nothing is judged by it",
            "health.feed_age_ms_of.hot.hard: 5000 ms: a store speaks every 5000 ms, and is out for it in between",
        ]
    );
}

#[test]
fn a_section_that_a_tenant_does_not_name_is_as_the_process_is_set() {
    let mut sections = Sections::default();
    sections.carriers.services.clear();
    sections.failover.pace.moves_per_minute = 700;
    let usual = Steering::built_in(&sections).unwrap();
    let read =
        |text: &str| Steering::new(PolicyVersion(3), read_policy_over(text, &usual, &Placed::new()).unwrap());
    let own = read("[routing]\nsplits_max = 2");
    assert_eq!((own.routing.splits_max, own.failover.pace.moves_per_minute), (2, 700));
    assert!(own.carriers.services.is_empty());
    let named =
        read("[failover]\nfirst = 'oldest'\n[[carriers.handling_of]]\nstore = 'leeds'\nminutes = 5\n");
    assert_eq!(named.failover.pace.moves_per_minute, 600, "what is named is named as a whole");
    assert!(!named.carriers.services.is_empty());
    assert_eq!(read("").hash, usual.hash);
    let wrong = read_policy_over("[routing]\nsplits_max = 0\n[stok]\n", &usual, &Placed::new()).unwrap_err();
    let places: Vec<String> = wrong.iter().map(|found| format!("{}:{}", found.line, found.at)).collect();
    assert_eq!(places, ["2:routing.splits_max", "3:stok"]);
    assert!(read_policy_over("[routing", &usual, &Placed::new()).unwrap_err()[0].what.contains("not TOML"));
}

#[test]
fn a_version_of_before_kinds_had_ladders_goes_by_its_one_ladder_for_all() {
    let mut sections = Sections::default();
    sections.routing.ladder.truncate(1);
    let canonical = Steering::built_in(&sections).unwrap().document.canonical().to_owned();
    let mut before: toml::Table = canonical.parse().unwrap();
    let routing = before.get_mut("routing").and_then(toml::Value::as_table_mut).unwrap();
    assert!(routing.remove("ladder_of").is_some());
    let kept = Steering::kept(PolicyVersion(2), &toml::to_string(&before).unwrap()).unwrap();
    let rungs = |steering: &Steering, kind| steering.routing.ladder_for(kind)[0].name.clone();
    assert_eq!(rungs(&kept, FulfilmentKind::Delivery), "closest");
    let now = Steering::kept(PolicyVersion(2), &canonical).unwrap();
    assert_eq!(rungs(&now, FulfilmentKind::Delivery), "nearby");
}

#[test]
fn a_rung_that_names_a_region_asks_those_within_it_as_well() {
    let text = "[[routing.ladder]]\nname = 'far'\nwords = 'far'\nkinds = ['store']\nregion = ['uk']\n\
                [region.uk]\n[region.north]\nwithin = 'uk'\n[region.east]\n";
    let steering = steering(text);
    let Regions::Named(names) = &steering.routing.ladder[0].region else { panic!("{:?}", steering.routing) };
    assert_eq!(names.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["north", "uk"]);
    let told: Vec<String> =
        read_policy(&text.replace("['uk']", "'uk'")).unwrap_err().iter().map(ToString::to_string).collect();
    assert!(told[0].starts_with("5:") && told[0].contains("`uk` is none of the words here"), "{told:?}");
}

#[test]
fn a_rung_whose_regions_nobody_lies_in_is_told() {
    let chain = land(vec![place("leeds", Some("north"), true), place("york", Some("north"), true), centre()]);
    let text = "[[routing.ladder]]\nname = 'far'\nwords = 'far'\nkinds = ['store']\nregion = ['south']\n";
    let told = weighty(text, &chain);
    assert_eq!(
        told,
        ["routing.ladder[far].region: no node lies in south, so this rung never serves an order"]
    );
    assert_eq!(weighty(&text.replace("south", "north"), &chain), Vec::<String>::new());
    let some = land(vec![place("leeds", Some("north"), true), place("york", None, true), centre()]);
    let note = lint(&steering(""), &some).into_iter().find(|advice| advice.at.ends_with("[regional].region"));
    assert_eq!(note.unwrap().what, "york lie in no region, and it never asks them");
}
