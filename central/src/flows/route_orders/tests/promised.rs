//! What becomes of the date that a customer was promised.

use super::*;

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
