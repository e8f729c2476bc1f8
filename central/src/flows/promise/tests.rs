use super::*;
use crate::core::carriers::CarrierPolicy;
use crate::core::failover::policy::FailoverPolicy;
use crate::core::promise::{CartLine, HoldRequest};
use crate::core::routing::policy::RoutingPolicy;
use crate::core::steering::Sections;
use crate::core::stock::policy::StockPolicy;
use crate::core::test_support::{LONDON, at_ms, beat, record, tenant};
use crate::flows::evaluate::evaluate;
use crate::flows::test_support::{Ram, position};
use holdfast_shared::time::MonoMs;
use std::sync::Arc;

/// Stores that are heard and eligible, all in London, with tea.
async fn chain(ram: &Ram, stock: &[(&str, i64)]) -> Watch {
    let watch = Watch::default();
    ram.told(|told| {
        told.stores = stock.iter().map(|(name, _)| record(name)).collect();
        told.positions = stock.iter().map(|(name, units)| position(name, "TEA", *units)).collect();
    });
    for (name, _) in stock {
        watch.with(|observatory| observatory.hear(beat(name, "b1", 1), MonoMs(0)));
    }
    evaluate(ram, &watch, at_ms(0)).await.unwrap();
    watch
}

fn cart(quantity: i64) -> PromiseRequest {
    PromiseRequest {
        channel: "web".to_owned(),
        brand: None,
        kinds: BTreeSet::from([FulfilmentKind::Ship]),
        destination: LONDON,
        pickup_store: None,
        lines: vec![CartLine { sku: "TEA".parse().unwrap(), quantity }],
        hold: Some(HoldRequest { ttl_s: 60 }),
    }
}

async fn asked(ram: &Ram, watch: &Watch, request: &PromiseRequest) -> Result<Promised, FlowError> {
    let promiser = Promiser { watch, policy: &Sections::default() };
    let key = "k1".parse().unwrap();
    let ask = Ask { tenant: &tenant(), request, key: Some(&key), now: at_ms(0).utc };
    promise(ram, promiser, ask).await
}

#[tokio::test]
async fn the_units_are_held_where_the_order_would_go() {
    let ram = Ram::default();
    let watch = chain(&ram, &[("leeds", 1), ("york", 4)]).await;
    let promised = asked(&ram, &watch, &cart(3)).await.unwrap();
    assert_eq!(promised.hold.unwrap().until, at_ms(60_000).utc);
    let held = ram.done(|done| done.carts[0].clone());
    let units: Vec<(&str, i64)> = held.units.iter().map(|at| (at.store.as_str(), at.quantity)).collect();
    assert_eq!(units, [("york", 3)]);
    assert_eq!(held.options, promised.answers[0].options);
}

#[tokio::test]
async fn a_hold_that_somebody_else_was_quicker_for_is_planned_anew_a_few_times() {
    let gone = || CartHeld::StockGone { sku: "TEA".parse().unwrap() };
    let ram = Ram::default();
    let watch = chain(&ram, &[("leeds", 4)]).await;
    ram.told(|told| told.cart_held.extend([gone(), gone()]));
    assert!(asked(&ram, &watch, &cart(3)).await.unwrap().hold.is_some());
    ram.told(|told| told.cart_held.extend([gone(), gone(), gone()]));
    let refused = asked(&ram, &watch, &cart(3)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InsufficientStock);
    assert_eq!(ram.done(|done| done.carts.len()), 6, "not for ever");
}

#[tokio::test]
async fn what_several_nodes_have_but_no_plan_brings_together_is_no_lack() {
    let ram = Ram::default();
    let watch = chain(&ram, &[("leeds", 0), ("york", 2)]).await;
    let mut pickup = PromiseRequest { hold: None, ..cart(2) };
    pickup.kinds = BTreeSet::from([FulfilmentKind::Pickup]);
    pickup.pickup_store = Some("leeds".parse().unwrap());
    let answers = asked(&ram, &watch, &pickup).await.unwrap().answers;
    let lack = Lack { sku: "TEA".parse().unwrap(), wanted: 2, available: 0 };
    assert_eq!(answers[0].why_not, Some(WhyNot::Stock(vec![lack])), "york's are not at leeds");
}

#[tokio::test]
async fn a_place_without_a_clock_has_no_date_and_is_not_named() {
    let ram = Ram::default();
    let watch = chain(&ram, &[("leeds", 4)]).await;
    ram.told(|told| told.stores[0].store.zone = "Nowhere/Land".to_owned());
    let request = PromiseRequest { hold: None, ..cart(1) };
    let answers = asked(&ram, &watch, &request).await.unwrap().answers;
    let Some(WhyNot::NoDate(words)) = &answers[0].why_not else { panic!("{answers:?}") };
    assert!(words.contains("clock") && !words.contains("Nowhere"), "{words}");
}

/// A luxury brand ships in one parcel; the chain splits.
#[derive(Debug)]
struct ByBrand(Sections);

impl Steers for ByBrand {
    fn routing(&self, demand: &Demand) -> Arc<RoutingPolicy> {
        let splits_max = if demand.brand.is_some() { 1 } else { 3 };
        Arc::new(RoutingPolicy { splits_max, ..self.0.routing.clone() })
    }

    fn stock(&self, tenant: &TenantId) -> Arc<StockPolicy> {
        self.0.stock(tenant)
    }

    fn carriers(&self, tenant: &TenantId) -> Arc<CarrierPolicy> {
        self.0.carriers(tenant)
    }

    fn failover(&self, tenant: &TenantId) -> Arc<FailoverPolicy> {
        self.0.failover(tenant)
    }
}

#[tokio::test]
async fn a_cart_of_a_brand_is_promised_as_its_orders_are_routed() {
    let ram = Ram::default();
    let watch = chain(&ram, &[("leeds", 1), ("york", 1)]).await;
    let policy = ByBrand(Sections::default());
    let promiser = Promiser { watch: &watch, policy: &policy };
    let plain = PromiseRequest { hold: None, ..cart(2) };
    let luxe = PromiseRequest { brand: Some("luxe".parse().unwrap()), ..plain.clone() };
    let (tenant, now) = (tenant(), at_ms(0).utc);
    let of = |request| promise(&ram, promiser, Ask { tenant: &tenant, request, key: None, now });
    let split = of(&plain).await.unwrap().answers;
    assert!(split[0].why_not.is_none() && split[0].options[0].parcels == 2, "{split:?}");
    let whole = of(&luxe).await.unwrap().answers;
    assert!(matches!(whole[0].why_not, Some(WhyNot::Stock(_))), "no single store has both: {whole:?}");
}
