use super::*;
use crate::core::routing::policy::{Consolidate, Gathers};
use crate::core::steering::Sections;
use crate::core::test_support::{at_ms, beat, record, tenant};
use crate::flows::evaluate::evaluate;
use crate::flows::promise::{Ask, Promiser, promise};
use crate::flows::route_orders::{Routed, Router, route_orders};
use crate::flows::test_support::{Ram, decision_id, demand, position};
use crate::ports::gatherings::GatheringsEnded;
use crate::ports::promises::NewCart;
use holdfast_shared::time::MonoMs;

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

fn sections() -> Sections {
    let pickups = Consolidate { pickup: Gathers::Always, ..Consolidate::default() };
    let routing = RoutingPolicy { consolidate: pickups, ..RoutingPolicy::default() };
    Sections { routing, ..Sections::default() }
}

/// A pickup at leeds, of which leeds has one and york the other.
fn pickup(ram: &Ram) {
    let pickup = Demand {
        kind: FulfilmentKind::Pickup,
        pickup_store: Some("leeds".parse().unwrap()),
        ..demand("o1", &[("TEA", 2)])
    };
    ram.told(|told| {
        told.demands = vec![pickup];
        told.positions = vec![position("leeds", "TEA", 1), position("york", "TEA", 5)];
    });
}

async fn run(ram: &Ram, watch: &Watch) -> Routed {
    let sections = sections();
    let router = Router { watch, poke: ram, policy: &sections, decision_id: &decision_id };
    route_orders(ram, &router, at_ms(0)).await.unwrap()
}

#[tokio::test]
async fn a_pickup_that_its_store_lacks_units_for_is_gathered_and_not_backordered() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    pickup(&ram);
    let routed = run(&ram, &watch).await;
    assert_eq!(routed, Routed { gathered: 1, more: true, ..Routed::default() });
    let begun = ram.done(|done| done.gathered[0].clone());
    assert_eq!((begun.gather.store.as_str(), begun.gather.own[0].quantity), ("leeds", 1));
    assert_eq!(begun.gather.feeders[0].store.as_str(), "york");
    assert_eq!(begun.decision.gather, Some(begun.gather));
    assert!(begun.decision.words.contains("Instead of:"), "{}", begun.decision.words);
    assert!(ram.done(|done| done.assigned.is_empty() && done.backordered.is_empty()));
    assert_eq!(ram.done(|done| done.settled.clone()), ["backorder:o1"]);
}

#[tokio::test]
async fn a_pickup_that_cannot_be_gathered_by_its_date_is_gathered_and_told_as_late() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    for (promised_ms, late) in [(30 * 86_400_000, 0), (1, 1)] {
        pickup(&ram);
        ram.told(|told| told.demands[0].promise_by = Some(at_ms(promised_ms).utc));
        assert_eq!(run(&ram, &watch).await.gathered, 1);
        assert_eq!(ram.done(|done| done.lost.len()), late, "promised in {promised_ms} ms");
    }
}

#[tokio::test]
async fn units_that_come_together_are_nobody_elses_in_the_same_run() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    pickup(&ram);
    ram.told(|told| {
        told.demands.push(demand("o2", &[("TEA", 1)]));
        told.positions = vec![position("leeds", "TEA", 1), position("york", "TEA", 1)];
    });
    let routed = run(&ram, &watch).await;
    assert_eq!((routed.gathered, routed.assigned, routed.backordered), (1, 0, 1), "{routed:?}");
    // Storage refuses to gather: what was thought to be set aside is there for the other one.
    ram.told(|told| told.gather.push_back(GatherOutcome::OrderMoved));
    let routed = run(&ram, &watch).await;
    assert_eq!((routed.gathered, routed.postponed), (0, 1), "{routed:?}");
    ram.told(|told| told.demands.remove(0));
    assert_eq!(run(&ram, &watch).await.assigned, 1, "at the latest in the next run");
}

#[tokio::test]
async fn what_storage_refuses_to_gather_is_carried_out_as_it_was_decided() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    pickup(&ram);
    ram.told(|told| told.gather.push_back(GatherOutcome::Refused));
    let routed = run(&ram, &watch).await;
    assert_eq!((routed.gathered, routed.backordered), (0, 1));
    assert_eq!(ram.done(|done| done.backordered.len()), 1);
}

#[tokio::test]
async fn stock_that_goes_while_a_gathering_is_decided_is_looked_at_again_a_few_times() {
    let gone = || GatherOutcome::StockGone { sku: "TEA".parse().unwrap() };
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    pickup(&ram);
    ram.told(|told| told.gather.extend([gone(), gone()]));
    assert_eq!(run(&ram, &watch).await.gathered, 1);
    ram.told(|told| told.gather.extend((0..9).map(|_| gone())));
    assert_eq!(run(&ram, &watch).await.postponed, 1);
    assert_eq!(ram.done(|done| done.gathered.len()), 7, "not for ever");
    ram.told(|told| {
        told.gather.clear();
        told.gather.push_back(GatherOutcome::OrderMoved);
    });
    assert_eq!(run(&ram, &watch).await.postponed, 1);
}

fn request(hold: bool) -> crate::core::promise::PromiseRequest {
    use crate::core::promise::{CartLine, HoldRequest, PromiseRequest};
    PromiseRequest {
        channel: "web".to_owned(),
        brand: None,
        kinds: [FulfilmentKind::Pickup].into(),
        destination: crate::core::test_support::LONDON,
        pickup_store: Some("leeds".parse().unwrap()),
        lines: vec![CartLine { sku: "TEA".parse().unwrap(), quantity: 2 }],
        hold: hold.then_some(HoldRequest { ttl_s: 60 }),
    }
}

async fn promised(ram: &Ram, watch: &Watch, there: i64, hold: bool) -> crate::flows::promise::Promised {
    ram.told(|told| told.positions = vec![position("leeds", "TEA", there), position("york", "TEA", 5)]);
    let (sections, key, request) = (sections(), "k1".parse().unwrap(), request(hold));
    let ask = Ask { tenant: &tenant(), request: &request, key: Some(&key), now: at_ms(0).utc };
    promise(ram, Promiser { watch, policy: &sections }, ask).await.unwrap()
}

#[tokio::test]
async fn a_checkout_is_told_of_the_way_between_the_stores() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    let ready = async |there| promised(&ram, &watch, there, false).await.answers[0].options[0].by;
    let (now, later) = (ready(2).await, ready(1).await);
    assert!(later.since(now) > 12 * 3_600_000, "{now:?} with all there, {later:?} with a parcel from york");
}

#[tokio::test]
async fn a_checkout_holds_units_at_both_stores() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    assert!(promised(&ram, &watch, 1, true).await.hold.is_some());
    let cart: NewCart = ram.done(|done| done.carts[0].clone());
    let units: Vec<(&str, i64)> = cart.units.iter().map(|at| (at.store.as_str(), at.quantity)).collect();
    assert_eq!(units, [("leeds", 1), ("york", 1)]);
    assert_eq!(cart.options[0].parcels, 1);
}

#[tokio::test]
async fn gatherings_end_when_they_are_over_or_their_store_is_dark() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    ram.told(|told| {
        told.gatherings_over
            .extend([GatheringsEnded { ended: 200, more: true }, GatheringsEnded { ended: 2, more: false }]);
        told.gathering_stores = ["leeds", "york"].map(|name| (tenant(), name.parse().unwrap())).into();
    });
    assert_eq!(end_gatherings(&ram, &watch, at_ms(0)).await.unwrap(), 202);
    assert!(ram.done(|done| done.gatherings_lost.is_empty()), "both are heard");
    for second in 1_u64..=31 {
        let now = at_ms(i64::try_from(second).unwrap() * 1_000);
        watch.with(|observatory| observatory.hear(beat("york", "b1", second + 1), now.mono));
        evaluate(&ram, &watch, now).await.unwrap();
    }
    assert_eq!(end_gatherings(&ram, &watch, at_ms(31_000)).await.unwrap(), 1);
    let lost: Vec<String> = ram.done(|done| done.gatherings_lost.iter().map(ToString::to_string).collect());
    assert_eq!(lost, ["leeds"]);
}
