use crate::core::order::Consent;
use crate::core::steering::Sections;
use crate::core::substitution::{Replaceable, Substitute, Terms};
use crate::core::test_support::{at_ms, beat, record};
use crate::flows::Watch;
use crate::flows::evaluate::evaluate;
use crate::flows::route_orders::{Routed, Router, route_orders};
use crate::flows::test_support::{Ram, decision_id, demand, position};
use crate::ports::substitutions::SubstituteOutcome;
use holdfast_shared::ids::LineNo;
use holdfast_shared::time::MonoMs;

/// Leeds has five mugs and no tea; somebody wants two teas.
async fn shop(consent: Consent) -> (Ram, Watch) {
    let ram = Ram::default();
    let watch = Watch::default();
    ram.told(|told| told.stores = vec![record("leeds")]);
    watch.with(|observatory| observatory.hear(beat("leeds", "b1", 1), MonoMs(0)));
    evaluate(&ram, &watch, at_ms(0)).await.unwrap();
    ram.done(|done| done.settled.clear());
    ram.told(|told| {
        told.demands = vec![demand("o1", &[("TEA", 2)])];
        told.positions = vec![position("leeds", "MUG", 5)];
    });
    let substitutes = vec![Substitute { sku: "MUG".parse().unwrap(), unit_price: None }];
    let line = Replaceable { line: LineNo(1), consent, price_up_max: None, unit_price: None, substitutes };
    ram.others(|others| others.terms = Terms { lines: vec![line], ..Terms::default() });
    (ram, watch)
}

async fn run(ram: &Ram, watch: &Watch) -> Routed {
    let sections = Sections::default();
    let router = Router { watch, poke: ram, policy: &sections, decision_id: &decision_id };
    route_orders(ram, &router, at_ms(0)).await.unwrap()
}

fn wishes(ram: &Ram) -> Vec<String> {
    ram.others(|others| {
        let units = |wish: &crate::ports::substitutions::NewSubstitution| {
            wish.units.iter().map(|units| units.quantity).sum::<i64>()
        };
        let told = others.wishes.iter();
        told.map(|wish| format!("{} for {}, {} held", wish.instead, wish.sku, units(wish))).collect()
    })
}

#[tokio::test]
async fn what_the_customer_allows_is_sent_at_once_as_a_line_of_its_own() {
    let (ram, watch) = shop(Consent::Allow).await;
    assert_eq!(run(&ram, &watch).await, Routed { assigned: 1, substituted: 1, ..Routed::default() });
    assert_eq!(wishes(&ram), ["MUG for TEA, 2 held"]);
    let lines = ram.done(|done| done.assigned[0].lines.clone());
    assert_eq!((lines.len(), lines[0].line, lines[0].sku.as_str()), (1, LineNo(101), "MUG"));
    assert_eq!(ram.done(|done| done.backordered.len()), 0);
}

#[tokio::test]
async fn what_the_customer_is_asked_about_is_neither_sent_nor_backordered() {
    let (ram, watch) = shop(Consent::Ask).await;
    assert_eq!(run(&ram, &watch).await, Routed { proposed: 1, ..Routed::default() });
    let answer_by = ram.others(|others| others.wishes[0].answer_by);
    assert_eq!(answer_by, Some(at_ms(30 * 60_000).utc), "as long as the policy gives");
    assert_eq!(ram.done(|done| (done.assigned.len(), done.backordered.len())), (0, 0));
}

#[tokio::test]
async fn without_leave_or_goods_it_is_backordered_as_before() {
    let (ram, watch) = shop(Consent::Allow).await;
    ram.told(|told| told.positions = vec![position("leeds", "MUG", 1)]);
    assert_eq!(run(&ram, &watch).await, Routed { backordered: 1, ..Routed::default() });
    let (ram, watch) = shop(Consent::Allow).await;
    ram.others(|others| others.terms = Terms::default());
    assert_eq!(run(&ram, &watch).await, Routed { backordered: 1, ..Routed::default() });
    assert_eq!(ram.raised_keys(), ["backorder:o1"]);
}

#[tokio::test]
async fn goods_that_went_while_it_was_decided_are_looked_for_a_few_times_and_then_later() {
    let (ram, watch) = shop(Consent::Allow).await;
    let gone = || SubstituteOutcome::StockGone { sku: "MUG".parse().unwrap() };
    ram.others(|others| others.outcomes = [gone(), gone()].into());
    assert_eq!(run(&ram, &watch).await.substituted, 1);
    let (ram, watch) = shop(Consent::Allow).await;
    ram.others(|others| others.outcomes = (0..10).map(|_| gone()).collect());
    assert_eq!(run(&ram, &watch).await, Routed { backordered: 1, ..Routed::default() });
    let (ram, watch) = shop(Consent::Allow).await;
    ram.others(|others| others.outcomes = [SubstituteOutcome::OrderMoved].into());
    assert_eq!(run(&ram, &watch).await, Routed { postponed: 1, ..Routed::default() });
}
