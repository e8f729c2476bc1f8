use super::*;
use crate::core::fleet::{OpeningHours, Weekday};
use crate::core::routing::decision::DemandLine;
use crate::core::routing::policy::HoldFor;
use crate::core::steering::Sections;
use crate::core::stock::class::SkuClass;
use crate::core::stock::sellable::Kept;
use crate::core::test_support::{at_ms, beat, record};
use crate::flows::evaluate::evaluate;
use crate::flows::test_support::{Ram, Told, decision_id, demand, position};
use crate::ports::fleet::StorePosition;
use crate::ports::promises::CartUnits;
use crate::ports::work::AssignOutcome;
use holdfast_shared::domain::task::{FulfilmentKind, ReleasePoint};
use holdfast_shared::ids::OrderId;
use holdfast_shared::time::MonoMs;

mod doubts;
mod many;
mod promised;

/// Stores that are heard and eligible, all in one place.
async fn fleet(ram: &Ram, names: &[&str]) -> Watch {
    let watch = Watch::default();
    ram.told(|told| told.stores = names.iter().map(|name| record(name)).collect());
    for name in names {
        watch.with(|observatory| observatory.hear(beat(name, "b1", 1), MonoMs(0)));
    }
    evaluate(ram, &watch, at_ms(0)).await.unwrap();
    ram.done(|done| done.settled.clear());
    watch
}

async fn run(ram: &Ram, watch: &Watch) -> Routed {
    let sections = Sections { stock: ram.told(|told| told.stock.clone()), ..Sections::default() };
    let router = Router { watch, poke: ram, policy: &sections, decision_id: &decision_id };
    route_orders(ram, &router, at_ms(0)).await.unwrap()
}

fn assigned(ram: &Ram) -> Vec<String> {
    let line = |line: &DemandLine| format!("{}x{}", line.quantity, line.sku);
    ram.done(|done| {
        done.assigned
            .iter()
            .map(|a| {
                format!(
                    "{}#{} {}",
                    a.store,
                    a.assignments,
                    a.lines.iter().map(line).collect::<Vec<_>>().join(" ")
                )
            })
            .collect()
    })
}

#[tokio::test]
async fn an_order_goes_to_the_node_that_has_it_and_the_store_is_poked() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    ram.told(|told| {
        told.demands = vec![demand("o1", &[("TEA", 2)])];
        told.positions = vec![position("leeds", "TEA", 1), position("york", "TEA", 2)];
    });
    let routed = run(&ram, &watch).await;
    assert_eq!(routed, Routed { assigned: 1, ..Routed::default() });
    assert_eq!(assigned(&ram), ["york#0 2xTEA"]);
    assert_eq!(ram.poked(), ["york: offer"]);
    assert_eq!(ram.done(|done| done.settled.clone()), ["backorder:o1"]);
    assert_eq!(ram.done(|done| done.assigned[0].accept_by), at_ms(600_000).utc);
}

#[tokio::test]
async fn an_order_that_nobody_has_whole_is_split_until_no_line_is_open() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    ram.told(|told| {
        told.demands = vec![demand("o1", &[("TEA", 1), ("MUG", 1)])];
        told.positions = vec![position("leeds", "TEA", 9), position("york", "MUG", 9)];
    });
    assert_eq!(run(&ram, &watch).await.assigned, 2);
    assert_eq!(assigned(&ram), ["leeds#0 1xTEA", "york#1 1xMUG"]);
}

#[tokio::test]
async fn what_is_left_over_is_backordered_and_a_person_is_told() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds"]).await;
    ram.told(|told| {
        told.demands = vec![demand("o1", &[("TEA", 1), ("MUG", 1)])];
        told.positions = vec![position("leeds", "TEA", 9)];
    });
    let routed = run(&ram, &watch).await;
    assert_eq!((routed.assigned, routed.backordered), (1, 1));
    let left = ram.done(|done| done.backordered[0].lines.clone());
    assert_eq!((left.len(), left[0].sku.as_str()), (1, "MUG"));
    assert_eq!(ram.raised_keys(), ["backorder:o1"]);
}

#[tokio::test]
async fn stock_that_went_meanwhile_is_routed_again_a_few_times_and_then_later() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds"]).await;
    let gone = || AssignOutcome::StockGone { sku: "TEA".parse().unwrap() };
    ram.told(|told| {
        told.demands = vec![demand("o1", &[("TEA", 1)])];
        told.positions = vec![position("leeds", "TEA", 9)];
        told.assign = [gone(), gone()].into();
    });
    assert_eq!(run(&ram, &watch).await.assigned, 1);
    ram.told(|told| told.assign = (0..10).map(|_| gone()).collect());
    assert_eq!(run(&ram, &watch).await.postponed, 1);
    assert_eq!(ram.done(|done| done.assigned.len()), 3 + 4);
}

#[tokio::test]
async fn an_order_that_moved_on_is_left_alone() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds"]).await;
    ram.told(|told| {
        told.demands = vec![demand("o1", &[("TEA", 1)])];
        told.positions = vec![position("leeds", "TEA", 9)];
        told.assign = [AssignOutcome::OrderMoved].into();
    });
    assert_eq!(run(&ram, &watch).await, Routed { postponed: 1, ..Routed::default() });
    assert!(ram.poked().is_empty());
}

#[tokio::test]
async fn the_room_that_one_order_takes_is_gone_for_the_next() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    ram.told(|told| {
        told.stores[0].store.capacity_tasks = 1;
        told.demands = vec![demand("o1", &[("TEA", 1)]), demand("o2", &[("TEA", 1)])];
        told.positions = vec![position("leeds", "TEA", 9), position("york", "TEA", 9)];
    });
    run(&ram, &watch).await;
    assert_eq!(assigned(&ram), ["leeds#0 1xTEA", "york#0 1xTEA"]);
}

#[tokio::test]
async fn a_store_that_was_not_evaluated_gets_nothing() {
    let ram = Ram::default();
    ram.told(|told| {
        told.stores = vec![record("leeds")];
        told.demands = vec![demand("o1", &[("TEA", 1)])];
        told.positions = vec![position("leeds", "TEA", 9)];
    });
    assert_eq!(run(&ram, &Watch::default()).await.backordered, 1);
}

#[tokio::test]
async fn a_pickup_is_released_when_offered_and_a_shipment_as_its_store_says() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds"]).await;
    let mut pickup = demand("o1", &[("TEA", 1)]);
    pickup.kind = FulfilmentKind::Pickup;
    pickup.pickup_store = Some("leeds".parse().unwrap());
    ram.told(|told| {
        told.stores[0].store.release_point = ReleasePoint::Picking;
        told.demands = vec![pickup, demand("o2", &[("TEA", 1)])];
        told.positions = vec![position("leeds", "TEA", 9)];
    });
    run(&ram, &watch).await;
    let points: Vec<_> = ram.done(|done| done.assigned.iter().map(|a| a.release_point).collect());
    assert_eq!(points, [ReleasePoint::Offered, ReleasePoint::Picking]);
}

#[tokio::test]
async fn the_units_of_a_line_come_from_two_stores_with_a_fence_each() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    ram.told(|told| {
        told.demands = vec![demand("o1", &[("TEA", 5)])];
        told.positions = vec![position("leeds", "TEA", 3), position("york", "TEA", 4)];
    });
    assert_eq!(run(&ram, &watch).await, Routed { assigned: 2, ..Routed::default() });
    assert_eq!(assigned(&ram), ["leeds#0 1xTEA", "york#1 4xTEA"]);
    let ids: Vec<_> = ram.done(|done| done.assigned.iter().map(|a| a.decision.decision.clone()).collect());
    assert_eq!(ids[0], ids[1], "one decision, carried out parcel by parcel");
}

#[tokio::test]
async fn what_the_second_parcel_cannot_have_any_more_is_routed_again_alone() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    let good = AssignOutcome::Assigned {
        task: "o1-1".parse().unwrap(),
        fence: holdfast_shared::domain::fence::Fence { incarnation: 1, number: 1 },
    };
    ram.told(|told| {
        told.demands = vec![demand("o1", &[("TEA", 1), ("MUG", 1)])];
        told.positions = vec![position("leeds", "TEA", 9), position("york", "MUG", 9)];
        told.assign = [good, AssignOutcome::StockGone { sku: "MUG".parse().unwrap() }].into();
    });
    assert_eq!(run(&ram, &watch).await.assigned, 2);
    assert_eq!(assigned(&ram), ["leeds#0 1xTEA", "york#1 1xMUG", "york#1 1xMUG"]);
    let asked = ram.done(|done| done.assigned[2].decision.demand.clone());
    assert_eq!((asked.len(), asked[0].sku.as_str()), (1, "MUG"), "what has a node is not asked for again");
}

#[tokio::test]
async fn an_order_that_waits_for_an_opening_is_held_and_not_backordered() {
    let ram = Ram::default();
    let near = record("near");
    let mut far = record("far");
    far.store.place.latitude += 1.0;
    ram.told(|told| told.stores = vec![near, far]);
    let watch = Watch::default();
    for name in ["near", "far"] {
        watch.with(|observatory| observatory.hear(beat(name, "b1", 1), MonoMs(0)));
    }
    // The near one opens in an hour, by the wall clock of its place.
    let opens = at_ms(3_600_000).utc;
    let local = jiff::Timestamp::from_millisecond(opens.0).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
    let opens_minute = u16::try_from(i64::from(local.hour()) * 60 + i64::from(local.minute())).unwrap();
    let all_week = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];
    let span = |day| OpeningHours { day, opens_minute, closes_minute: opens_minute + 60 };
    ram.told(|told| {
        (told.stores[0].store.zone, told.stores[0].store.hours) =
            (String::from("UTC"), all_week.into_iter().map(span).collect());
        let mut order = demand("o1", &[("TEA", 1)]);
        order.placed_at = at_ms(0).utc;
        told.demands = vec![order];
        told.positions = vec![position("near", "TEA", 9), position("far", "TEA", 9)];
    });
    evaluate(&ram, &watch, at_ms(0)).await.unwrap();
    let mut policy = RoutingPolicy::default();
    policy.ladder[1].hold = Some(HoldFor { within_ms: 2 * 3_600_000, saves: 50.0 });
    let sections = Sections { routing: policy, ..Sections::default() };
    let router = Router { watch: &watch, poke: &ram, policy: &sections, decision_id: &decision_id };
    let routed = route_orders(&ram, &router, at_ms(0)).await.unwrap();
    assert_eq!(routed, Routed { held: 1, ..Routed::default() });
    let (order, until) = ram.done(|done| done.held[0].clone());
    assert_eq!(order.as_str(), "o1");
    assert!((opens.0 - 60_000..=opens.0 + HOLD_GRACE_MS).contains(&until.0), "{until:?}");
    assert!(ram.poked().is_empty() && ram.raised_keys().is_empty());
}

fn hot(ram: &Ram, class: &serde_json::Value) {
    ram.told(|told| {
        told.class = Some(SkuClass::new("hot"));
        told.stock = serde_json::from_value(serde_json::json!({"classes": {"hot": class}})).unwrap();
    });
}

#[tokio::test]
async fn units_that_a_class_keeps_back_are_not_sold_and_are_told() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    hot(&ram, &serde_json::json!({"buffer_units": 2, "allow_last_unit": true}));
    ram.told(|told| {
        told.stores[1].store.place.latitude += 1.0;
        told.demands = vec![demand("o1", &[("TEA", 2)])];
        told.positions = vec![position("leeds", "TEA", 3), position("york", "TEA", 4)];
    });
    assert_eq!(run(&ram, &watch).await, Routed { assigned: 1, withheld: 1, ..Routed::default() });
    assert_eq!(assigned(&ram), ["york#0 2xTEA"], "the nearer one keeps two of three");
    let without = ram.done(|done| done.without.clone());
    let told =
        (without[0].order.as_str(), without[0].channel.as_str(), without[0].withheld[0].store.as_str());
    assert_eq!((told, without[0].withheld[0].why), (("o1", "web", "leeds"), Kept::Buffer));
}

#[tokio::test]
async fn a_backorder_tells_what_was_kept_back_everywhere_it_could_have_gone() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york", "hull"]).await;
    hot(&ram, &serde_json::json!({"max_age_ms": 1, "max_age_ms_of": {"pickup": 1}}));
    let mut pickup = demand("o2", &[("TEA", 1)]);
    pickup.kind = FulfilmentKind::Pickup;
    pickup.pickup_store = Some("hull".parse().unwrap());
    ram.told(|told| {
        told.demands = vec![demand("o1", &[("TEA", 2)]), pickup];
        told.positions =
            vec![position("leeds", "TEA", 3), position("york", "TEA", 1), position("hull", "TEA", 2)];
    });
    assert_eq!(run(&ram, &watch).await, Routed { backordered: 2, withheld: 5, ..Routed::default() });
    let stores: Vec<Vec<String>> = ram.done(|done| {
        let stores =
            |without: &OrderWithout| without.withheld.iter().map(|kept| kept.store.to_string()).collect();
        done.without.iter().map(stores).collect()
    });
    assert_eq!(stores, [vec!["hull", "leeds"], vec!["hull"]], "a pickup is bound to its store");
}

#[tokio::test]
async fn a_store_that_had_the_order_before_did_not_keep_it_back() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds"]).await;
    hot(&ram, &serde_json::json!({"buffer_units": 9}));
    let mut again = demand("o1", &[("TEA", 2)]);
    again.tried = BTreeSet::from(["leeds".parse().unwrap()]);
    ram.told(|told| {
        told.demands = vec![again];
        told.positions = vec![position("leeds", "TEA", 3)];
    });
    assert_eq!(run(&ram, &watch).await.withheld, 0);
}

#[tokio::test]
async fn units_that_many_want_are_held_no_longer_than_their_class_says() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds"]).await;
    hot(&ram, &serde_json::json!({"hold_ttl_ms": 90_000, "allow_last_unit": true}));
    ram.told(|told| {
        told.demands = vec![demand("o1", &[("TEA", 1)])];
        told.positions = vec![position("leeds", "TEA", 3)];
    });
    run(&ram, &watch).await;
    assert_eq!(ram.done(|done| done.assigned[0].accept_by), at_ms(90_000).utc);
}
