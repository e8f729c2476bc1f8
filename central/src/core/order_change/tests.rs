use super::*;
use crate::core::order_terms::Discount;
use crate::core::shares::Amounts;
use crate::core::test_support::{order_request, task};
use crate::core::totals::due;
use holdfast_shared::domain::task::{Recall, Release};
use holdfast_shared::ids::Sku;
use holdfast_shared::money::Money;
use proptest::prelude::*;

fn eur(minor: i64) -> Money {
    Money { minor, currency: "EUR".parse().unwrap() }
}

fn line(number: u32, quantity: i64, open: i64) -> OrderLine {
    let sku: Sku = if number == 1 { "TEA" } else { "MUG" }.parse().unwrap();
    OrderLine { open, ..OrderLine::ordered(LineNo(number), sku, quantity, Some(eur(100))) }
}

fn at(store: &str, number: u32, phase: Phase, quantity: i64) -> TaskState {
    let mut task = task(store, phase);
    task.task = format!("o1-{number}").parse().unwrap();
    task.fence.number = number;
    task.lines[0].quantity = quantity;
    task
}

fn standing<'a>(request: &'a OrderRequest, lines: &'a [OrderLine], tasks: &'a [TaskState]) -> Standing<'a> {
    Standing {
        request,
        state: OrderState::Placed,
        lines,
        tasks,
        cancelling: false,
        request_lost: false,
        gathering: false,
        travels: false,
    }
}

fn off(line: u32, quantity: i64) -> Vec<LineUnits> {
    vec![LineUnits { line: LineNo(line), quantity }]
}

#[test]
fn what_no_store_has_goes_first_and_nobody_is_disturbed_without_need() {
    let (request, lines) = (order_request(), [line(1, 5, 2)]);
    let tasks = [at("leeds", 1, Phase::Accepted, 2), at("york", 2, Phase::Offered, 1)];
    let now = standing(&request, &lines, &tasks);
    let recalled = |units| -> Vec<String> {
        let plan = plan_cancel(&off(1, units), &now).unwrap();
        assert_eq!(plan.cancel, off(1, units));
        plan.recall.iter().map(ToString::to_string).collect()
    };
    assert_eq!(recalled(2), [""; 0]);
    assert_eq!(recalled(3), ["o1-2"], "the youngest");
    assert_eq!(recalled(4), ["o1-1", "o1-2"]);
}

#[test]
fn what_a_store_has_begun_with_or_may_send_away_is_not_taken_off() {
    let (request, lines) = (order_request(), [line(1, 3, 1)]);
    let refused = |task: TaskState| {
        let tasks = [task];
        plan_cancel(&off(1, 2), &standing(&request, &lines, &tasks)).unwrap_err()
    };
    let begun = CannotChange::Begun { line: LineNo(1), wanted: 2, can: 1 };
    assert_eq!(refused(at("leeds", 1, Phase::Picking, 2)), begun);
    assert!(begun.to_string().contains("Cancel the whole order") && !begun.to_string().contains("leeds"));
    let mut released = at("leeds", 1, Phase::Accepted, 2);
    released.release =
        Some(Release { fence: released.fence, replica: "leeds-a".parse().unwrap(), fact: None });
    assert_eq!(refused(released), begun);
    let mut recalled = at("leeds", 1, Phase::Picking, 2);
    recalled.recall = Some(Recall { reason: String::from("moved"), cancel: false });
    assert_eq!(refused(recalled), begun, "its units are open already");
}

#[test]
fn more_of_a_line_is_a_line_of_its_own_with_its_taxes_in_proportion_and_no_discount() {
    let mut request = order_request();
    request.lines[0].taxes = vec![Tax { name: String::from("VAT"), amount: eur(40), included: false }];
    request.lines[0].discounts = vec![Discount { name: String::from("less"), amount: eur(50) }];
    let amounts = Amounts { taxes: 40, discounts: 50, ..Amounts::none(eur(0).currency) };
    let lines = [OrderLine { amounts: Some(amounts), ..line(1, 2, 2) }];
    let wish = ChangeRequest {
        lines: vec![LineChange { line: LineNo(1), quantity: 5 }],
        ..ChangeRequest::default()
    };
    let plan = plan(&wish, &standing(&request, &lines, &[])).unwrap();
    let (added, money) = &plan.add[0];
    assert_eq!((added.quantity, added.unit_price), (3, Some(eur(100))));
    assert_eq!(*money, Some(Amounts { taxes: 60, ..Amounts::none(eur(0).currency) }));
    assert_eq!(plan.request.unwrap().lines.len(), 2, "its place there is its number");
    assert!(plan.cancel.is_empty() && plan.recall.is_empty());
}

#[test]
fn what_is_about_the_whole_order_takes_all_work_back_that_nobody_has_begun_with() {
    let (request, lines) = (order_request(), [line(1, 5, 0)]);
    let wish = ChangeRequest {
        destination: Some(Place { latitude: 1.0, longitude: 1.0 }),
        ..ChangeRequest::default()
    };
    let tasks = [at("leeds", 1, Phase::Accepted, 2), at("york", 2, Phase::Offered, 3)];
    assert_eq!(plan(&wish, &standing(&request, &lines, &tasks)).unwrap().recall.len(), 2);
    let begun = [at("leeds", 1, Phase::Packed, 2), at("york", 2, Phase::Offered, 3)];
    let refused = plan(&wish, &standing(&request, &lines, &begun)).unwrap_err();
    assert_eq!(refused, CannotChange::OrderBegun("where and when it goes"));
    let left = [OrderLine { finished: 2, ..line(1, 5, 3) }];
    assert!(plan(&wish, &standing(&request, &left, &[])).is_err());
    let gift = ChangeRequest { gift: Some(Gift { message: None, wrap: true }), ..ChangeRequest::default() };
    assert_eq!(plan(&gift, &standing(&request, &lines, &tasks)).unwrap().recall, []);
    assert!(plan(&gift, &standing(&request, &lines, &begun)).is_err());
}

#[test]
fn an_order_that_is_over_or_waits_for_something_else_is_not_changed() {
    let (request, lines) = (order_request(), [line(1, 1, 1)]);
    let usual = standing(&request, &lines, &[]);
    let refused = |now: Standing<'_>| plan_cancel(&off(1, 1), &now).unwrap_err();
    assert_eq!(
        refused(Standing { state: OrderState::Shipped, ..usual }),
        CannotChange::Over(OrderState::Shipped)
    );
    assert_eq!(refused(Standing { cancelling: true, ..usual }), CannotChange::Cancelling);
    assert_eq!(refused(Standing { request_lost: true, ..usual }), CannotChange::RequestLost);
    assert_eq!(refused(Standing { gathering: true, ..usual }), CannotChange::Gathering);
    assert_eq!(refused(Standing { travels: true, ..usual }), CannotChange::Travels);
    assert_eq!(plan_cancel(&off(7, 1), &usual), Err(CannotChange::UnknownLine(LineNo(7))));
}

#[test]
fn a_wish_that_cannot_be_meant_is_refused() {
    assert_eq!(check(&ChangeRequest::default()), Err(BadChange::Nothing));
    let twice = [1, 1].map(|line| LineChange { line: LineNo(line), quantity: 1 });
    let wish = ChangeRequest { lines: twice.into(), ..ChangeRequest::default() };
    assert_eq!(check(&wish), Err(BadChange::LineTwice(LineNo(1))));
    assert_eq!(check_cancel(&[]), Err(BadChange::Nothing));
    let least = check_cancel(&off(1, 0)).unwrap_err();
    assert_eq!(least, BadChange::Quantity { line: LineNo(1), quantity: 0, least: 1 });
}

proptest! {
    #[test]
    fn another_price_of_shipping_is_exactly_what_the_units_that_are_due_come_to(
        lines in prop::collection::vec((1_i64..20, 0_i64..3_000, 0_i64..20, 0_i64..900), 1..6),
        price in 0_i64..5_000,
    ) {
        let request = order_request();
        let mut known: Vec<OrderLine> = Vec::new();
        for (number, (quantity, unit, cancelled, shipping)) in (1_u32..).zip(lines) {
            let cancelled = cancelled.min(quantity);
            let amounts = Amounts { shipping, ..Amounts::none(eur(0).currency) };
            known.push(OrderLine {
                cancelled,
                open: quantity - cancelled,
                unit_price: Some(eur(unit)),
                amounts: Some(amounts),
                ..line(number, quantity, quantity)
            });
        }
        prop_assume!(known.iter().any(|line| line.open > 0));
        let shipping = Shipping { service: "express".parse().unwrap(), price: Some(eur(price)), requested_for: None };
        let wish = ChangeRequest { shipping: Some(shipping), ..ChangeRequest::default() };
        let plan = plan(&wish, &standing(&request, &known, &[])).unwrap();
        for (number, amounts) in plan.amounts {
            for line in known.iter_mut().filter(|line| line.line == number) {
                line.amounts = Some(amounts);
            }
        }
        prop_assert_eq!(due(&known).unwrap().unwrap().shipping, price);
    }
}
