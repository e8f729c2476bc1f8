//! Orders that units are set aside for, or that were promised a date.

use super::*;

fn cart(units: &[(&str, i64)]) -> BTreeMap<OrderId, Vec<CartUnits>> {
    let units = units.iter().map(|(store, quantity)| CartUnits {
        store: store.parse().unwrap(),
        sku: "TEA".parse().unwrap(),
        quantity: *quantity,
        ceded: false,
        gathered: 0,
    });
    BTreeMap::from([("o1".parse().unwrap(), units.collect())])
}

#[tokio::test]
async fn an_order_goes_first_where_units_are_set_aside_for_its_cart() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    ram.told(|told| {
        told.demands = vec![demand("o1", &[("TEA", 2)]), demand("o2", &[("TEA", 2)])];
        // What is set aside at york is no longer there to sell.
        told.positions = vec![position("leeds", "TEA", 9), position("york", "TEA", 0)];
        told.carts = cart(&[("york", 2)]);
    });
    assert_eq!(run(&ram, &watch).await.assigned, 2);
    assert_eq!(assigned(&ram), ["york#0 2xTEA", "leeds#0 2xTEA"]);
    let words = ram.done(|done| done.assigned[0].decision.words.clone());
    assert!(words.ends_with("Units were set aside there for the cart."), "{words}");
}

#[tokio::test]
async fn an_order_whose_cart_was_sold_meanwhile_goes_where_the_goods_are() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds", "york"]).await;
    ram.told(|told| {
        told.demands = vec![demand("o1", &[("TEA", 2)])];
        told.positions = vec![position("leeds", "TEA", 2), position("york", "TEA", -1)];
        told.carts = cart(&[("york", 2)]);
    });
    assert_eq!(run(&ram, &watch).await.assigned, 1);
    assert_eq!(assigned(&ram), ["leeds#0 2xTEA"]);
}

#[tokio::test]
async fn the_plan_of_a_promised_order_goes_with_its_assignment() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds"]).await;
    let promised =
        Demand { promise_by: Some(at_ms(0).utc.plus(30 * 86_400_000)), ..demand("o1", &[("TEA", 1)]) };
    ram.told(|told| {
        told.demands = vec![promised, demand("o2", &[("TEA", 1)])];
        told.positions = vec![position("leeds", "TEA", 9)];
    });
    run(&ram, &watch).await;
    let planned: Vec<Option<String>> = ram.done(|done| {
        done.assigned
            .iter()
            .map(|assignment| assignment.journey.clone().and_then(|plan| plan.service))
            .collect()
    });
    assert_eq!(planned, [Some("standard".to_owned()), Some("standard".to_owned())]);
}

#[tokio::test]
async fn an_order_whose_promise_nobody_can_keep_goes_all_the_same_and_says_so() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds"]).await;
    ram.told(|told| {
        told.demands = vec![Demand { promise_by: Some(at_ms(1).utc), ..demand("o1", &[("TEA", 1)]) }];
        told.positions = vec![position("leeds", "TEA", 9)];
    });
    assert_eq!(run(&ram, &watch).await.assigned, 1);
    let words = ram.done(|done| done.assigned[0].decision.words.clone());
    assert!(words.starts_with("No node can keep the promised date. leeds takes 1 x TEA"), "{words}");
}

#[tokio::test]
async fn a_backorder_that_nobody_could_bring_in_time_is_told_as_lost() {
    let ram = Ram::default();
    let watch = fleet(&ram, &["leeds"]).await;
    let promised =
        |order: &str, ms: i64| Demand { promise_by: Some(at_ms(ms).utc), ..demand(order, &[("TEA", 1)]) };
    ram.told(|told| told.demands = vec![promised("o1", 3_600_000), promised("o2", 30 * 86_400_000)]);
    assert_eq!(run(&ram, &watch).await.backordered, 2);
    let lost: Vec<String> = ram.done(|done| done.lost.iter().map(|(order, _)| order.to_string()).collect());
    assert_eq!(lost, ["o1"], "stock may still come in for the other one");
}
