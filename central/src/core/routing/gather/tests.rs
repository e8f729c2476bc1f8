use super::*;
use crate::core::carriers::CarrierPolicy;
use crate::core::routing::policy::Consolidate;
use crate::core::routing::test_scene::Scene;
use holdfast_shared::limits::GATHER_WITHIN_MS_MAX;
use proptest::prelude::*;

/// Leeds has one of two, and the next stores have the rest.
const PICKUP: &str = "store leeds 0 TEA=1 MUG=2
store york 30 TEA=5
store hull 90 TEA=5
pickup leeds
line TEA 2
line MUG 1
now 09:00";

const SPLIT: &str = "store leeds 0 TEA=1
store york 30 MUG=1
line TEA 1
line MUG 1
now 09:00";

fn always() -> Consolidate {
    let always = Gathers::Always;
    Consolidate { ship: always, pickup: always, delivery: always, ..Consolidate::default() }
}

fn gathered_by(scene: &Scene, carriers: &CarrierPolicy) -> Option<Gather> {
    let fleet = FleetIndex::of(scene.nodes.clone());
    let guide = Guide::of(&scene.policy).with_carriers(carriers);
    let decided = guide.route(&scene.demand, &fleet, "d1".parse().unwrap(), scene.now);
    guide.gather(&scene.demand, &fleet, &decided, scene.now)
}

fn gathered(text: &str, change: impl FnOnce(&mut Scene)) -> Option<Gather> {
    let mut scene = Scene::parse(text);
    scene.policy.consolidate = always();
    change(&mut scene);
    gathered_by(&scene, &CarrierPolicy::default())
}

fn told(lines: &[DemandLine]) -> Vec<String> {
    lines.iter().map(|line| format!("{} {}", line.line, line.sku) + &format!(" {}", line.quantity)).collect()
}

#[test]
fn others_send_what_the_store_of_a_pickup_lacks() {
    let gather = gathered(PICKUP, |_| {}).unwrap();
    assert_eq!(gather.store.as_str(), "leeds");
    assert_eq!(told(&gather.own), ["1 TEA 1", "2 MUG 1"]);
    let from: Vec<_> = gather.feeders.iter().map(|parcel| parcel.store.as_str()).collect();
    assert_eq!(from, ["york"]);
    assert_eq!(told(&gather.feeders[0].lines), ["1 TEA 1"]);
    assert!(gather.arrives_by.unwrap() <= gather.until);
    assert_eq!(
        gather.words,
        "Gathered at leeds before it goes out: 1 x TEA from york; 1 x TEA, 1 x MUG is there."
    );
}

#[test]
fn a_store_that_has_nothing_of_a_pickup_gets_all_of_it_from_others() {
    let gather = gathered("store leeds 0\nstore york 30 TEA=5\npickup leeds\nline TEA 2\nnow 09:00", |_| {});
    let gather = gather.unwrap();
    assert!(gather.own.is_empty());
    assert_eq!(told(&gather.feeders[0].lines), ["1 TEA 2"]);
}

#[test]
fn nothing_is_gathered_unless_the_policy_says_so() {
    for (gathers, asks, begins) in [
        (Gathers::Never, true, false),
        (Gathers::Asked, false, false),
        (Gathers::Asked, true, true),
        (Gathers::Cheaper, false, true),
        (Gathers::Always, false, true),
    ] {
        let found = gathered(PICKUP, |scene| {
            scene.policy.consolidate = Consolidate { pickup: gathers, ..Consolidate::default() };
            scene.demand.consolidate = asks;
        });
        assert_eq!(found.is_some(), begins, "{gathers:?}, asked: {asks}");
    }
}

#[test]
fn a_pickup_that_something_else_than_its_shelf_keeps_away_is_not_gathered() {
    for (what, text) in [
        ("ineligible", PICKUP.replace("leeds 0", "leeds 0 ineligible")),
        ("all there", PICKUP.replace("TEA=1", "TEA=2")),
        ("nobody has the rest", PICKUP.replace("TEA=5", "TEA=0")),
        ("declined", format!("{PICKUP}\ndeclined leeds")),
    ] {
        assert_eq!(gathered(&text, |_| {}), None, "{what}");
    }
}

#[test]
fn what_travels_to_a_store_is_not_taken_off_its_own_shelf_and_not_gathered_itself() {
    let feeding = |scene: &mut Scene| scene.demand.feeds = Some("leeds".parse().unwrap());
    let mut scene = Scene::parse("store leeds 0 TEA=9\nstore york 30 TEA=9\nline TEA 2\nnow 09:00");
    feeding(&mut scene);
    let decided = crate::core::routing::test_scene::decide(&scene);
    let Choice::Assign(plan) = decided.choice else { panic!("{}", decided.words) };
    assert_eq!(plan.parcels[0].store.as_str(), "york");
    assert_eq!(gathered(SPLIT, feeding), None);
}

#[test]
fn a_split_comes_together_at_its_best_node() {
    let gather = gathered(SPLIT, |_| {}).unwrap();
    assert_eq!(gather.store.as_str(), "leeds");
    assert_eq!(
        (told(&gather.own), told(&gather.feeders[0].lines)),
        (vec!["1 TEA 1".into()], vec!["2 MUG 1".into()])
    );
    assert_eq!(gathered(&SPLIT.replace("TEA=1", "TEA=1 MUG=1"), |_| {}), None, "one node has all of it");
}

#[test]
fn one_parcel_must_cost_less_than_several_with_the_way_between_the_stores() {
    let priced = |between: i64| {
        let mut carriers = CarrierPolicy::default();
        let service = &mut carriers.services[0];
        // To the customer a parcel costs 5.00 from near and from far; to the next store what is asked for.
        service.transit[0].up_to_km = Some(60.0);
        let currency = "EUR".parse().unwrap();
        service.price =
            Some(crate::core::carriers::Price { currency, base_minor: between, per_unit_minor: 0 });
        service.transit[1].surcharge_minor = 500 - between;
        carriers
    };
    let mut scene = Scene::parse(
        "store leeds 200 TEA=1\nstore york 250 MUG=1\nline TEA 1\nline MUG 1\nnow 09:00\nrung split radius_km=900",
    );
    scene.policy.consolidate = Consolidate { ship: Gathers::Cheaper, ..Consolidate::default() };
    assert!(gathered_by(&scene, &priced(100)).is_some(), "1.00 + 5.00 < 10.00");
    assert!(gathered_by(&scene, &priced(500)).is_none(), "5.00 + 5.00 is no less");
    assert!(gathered_by(&scene, &CarrierPolicy::default()).is_none(), "no price is known");
}

#[test]
fn an_order_is_not_gathered_when_it_would_come_too_late() {
    let promised = |text: &str, hours: i64| {
        gathered(text, |scene| scene.demand.promise_by = Some(scene.now.plus(hours * 3_600_000)))
    };
    assert!(promised(SPLIT, 6 * 24).is_some());
    assert_eq!(promised(SPLIT, 24), None, "the split is there sooner");
    assert!(!promised(PICKUP, 3 * 24).unwrap().words.contains("promised date"));
    let late = promised(PICKUP, 6).unwrap().words;
    assert!(late.starts_with("The promised date cannot be kept. Gathered at leeds"), "{late}");
    let within_the_hour = gathered(PICKUP, |scene| scene.policy.consolidate.within_ms = 3_600_000);
    assert_eq!(within_the_hour, None);
}

#[test]
fn where_nothing_is_known_of_dates_only_what_is_not_promised_is_gathered() {
    let carriers = CarrierPolicy { services: Vec::new(), ..CarrierPolicy::default() };
    let mut scene = Scene::parse(SPLIT);
    scene.policy.consolidate = always();
    let gather = gathered_by(&scene, &carriers).unwrap();
    assert_eq!(gather.arrives_by, None);
    scene.demand.promise_by = Some(scene.now.plus(GATHER_WITHIN_MS_MAX));
    assert_eq!(gathered_by(&scene, &carriers), None);
}

#[test]
fn goods_travel_as_an_order_of_their_own_to_the_place_of_the_store() {
    let gather = gathered(PICKUP, |_| {}).unwrap();
    let order: OrderId = "o1".parse().unwrap();
    assert_eq!(child_of(&order).unwrap().as_str(), "o1-g");
    let place = Place { latitude: 1.0, longitude: 2.0 };
    let request = child_request(&order, &gather, place);
    assert_eq!(crate::core::order_request::check(&request), Ok(()));
    assert_eq!((request.destination, request.kind), (place, FulfilmentKind::Ship));
    assert_eq!(request.reference.as_deref(), Some("o1"));
    assert_eq!((request.lines.len(), request.lines[0].quantity), (1, 1));
    assert!(request.note.unwrap().contains("leeds"));
}

proptest! {
    /// Each unit is asked of one store, which has it, and never of the one that it goes to.
    #[test]
    fn what_is_gathered_is_what_was_ordered(
        wanted in prop::collection::vec(1_i64..6, 1..4),
        shelves in prop::collection::vec(prop::collection::vec(0_i64..6, 3), 1..6),
        pickup in any::<bool>(),
    ) {
        let names = ["leeds", "york", "hull", "ripon", "selby", "goole"];
        let skus = ["TEA", "MUG", "POT"];
        let mut text = String::from("now 09:00\n");
        for (at, (name, shelf)) in names.iter().zip(&shelves).enumerate() {
            let stock: Vec<String> = skus.iter().zip(shelf).map(|(sku, units)| format!("{sku}={units}")).collect();
            text += &format!("store {name} {} {}\n", at * 20, stock.join(" "));
        }
        for (sku, units) in skus.iter().zip(&wanted) {
            text += &format!("line {sku} {units}\n");
        }
        if pickup {
            text += "pickup leeds";
        }
        if let Some(gather) = gathered(&text, |_| {}) {
            let mut sum: BTreeMap<Sku, i64> = BTreeMap::new();
            let feeders = gather.feeders.iter().map(|parcel| (&parcel.store, &parcel.lines));
            for (store, lines) in std::iter::once((&gather.store, &gather.own)).chain(feeders) {
                let at = names.iter().position(|name| *name == store.as_str()).unwrap();
                for line in lines {
                    let sku = skus.iter().position(|sku| *sku == line.sku.as_str()).unwrap();
                    prop_assert!(line.quantity <= shelves[at][sku], "{store} has no {} of {}", line.quantity, line.sku);
                    *sum.entry(line.sku.clone()).or_default() += line.quantity;
                }
            }
            prop_assert!(gather.feeders.iter().all(|parcel| parcel.store != gather.store));
            let ordered: BTreeMap<Sku, i64> =
                skus.iter().zip(&wanted).map(|(sku, units)| (sku.parse().unwrap(), *units)).collect();
            prop_assert_eq!(sum, ordered);
        }
    }
}
