use super::*;
use crate::core::order_terms::Shipping;
use crate::core::test_support::order_request;
use holdfast_shared::ids::{LineNo, Sku};
use proptest::prelude::*;

fn eur(minor: i64) -> Money {
    Money { minor, currency: "EUR".parse().unwrap() }
}

fn discount(minor: i64) -> Discount {
    Discount { name: String::from("less"), amount: eur(minor) }
}

fn tax(minor: i64, included: bool) -> Tax {
    Tax { name: String::from("VAT"), amount: eur(minor), included }
}

fn priced(lines: &[(i64, i64)]) -> OrderRequest {
    let line = |(n, (quantity, price)): (usize, &(i64, i64))| OrderLineRequest {
        unit_price: Some(eur(*price)),
        ..OrderLineRequest::of(format!("S{n}").parse().unwrap(), *quantity)
    };
    OrderRequest { lines: lines.iter().enumerate().map(line).collect(), ..order_request() }
}

fn money(request: &OrderRequest) -> Vec<LineMoney> {
    let allotted = allot(request).unwrap().unwrap();
    let lines = request.lines.iter().zip(allotted);
    lines
        .map(|(line, amounts)| LineMoney {
            quantity: line.quantity,
            unit_price: line.unit_price.unwrap().minor,
            amounts,
        })
        .collect()
}

fn all(lines: &[LineMoney]) -> Totals {
    let sums = lines.iter().map(|line| line.units(0, line.quantity).unwrap());
    sums.reduce(|a, b| a.plus(b).unwrap()).unwrap()
}

#[test]
fn an_order_comes_to_its_goods_less_discounts_with_taxes_and_shipping() {
    let mut request = priced(&[(2, 1_000), (1, 500)]);
    request.lines[0].discounts = vec![discount(100)];
    request.lines[1].taxes = vec![tax(25, false)];
    request.discounts = vec![discount(240)];
    request.taxes = vec![tax(300, false), tax(70, true)];
    request.shipping =
        Some(Shipping { service: "standard".parse().unwrap(), price: Some(eur(495)), requested_for: None });
    assert_eq!(check(&request), Ok(()));
    let total = all(&money(&request));
    let expected = Totals {
        currency: eur(0).currency,
        goods: 2_500,
        discounts: 340,
        taxes: 325,
        taxes_included: 70,
        shipping: 495,
        total: 2_500 - 340 + 325 + 495,
    };
    assert_eq!(total, expected);
}

#[test]
fn what_is_said_of_the_order_goes_by_what_the_goods_cost() {
    let mut request = priced(&[(1, 300), (1, 100)]);
    request.discounts = vec![discount(40)];
    let shares: Vec<i64> = money(&request).iter().map(|line| line.amounts.discounts).collect();
    assert_eq!(shares, [30, 10]);
    let mut free = priced(&[(3, 0), (1, 0)]);
    free.taxes = vec![tax(8, false)];
    let shares: Vec<i64> = money(&free).iter().map(|line| line.amounts.taxes).collect();
    assert_eq!(shares, [6, 2], "where nothing costs anything, by units");
}

#[test]
fn nobody_can_say_what_an_order_without_prices_comes_to() {
    assert_eq!(allot(&order_request()), Ok(None));
    let mut half = priced(&[(1, 100), (1, 100)]);
    half.lines[1].unit_price = None;
    assert_eq!(allot(&half), Ok(None));
    let payment = r#"{"provider": "simulator", "token": "tok_1"}"#;
    half.payment = Some(serde_json::from_str(payment).unwrap());
    assert_eq!(check(&half), Err(BadMoney::Unpriced { field: String::from("lines[1].unit_price") }));
}

#[test]
fn amounts_that_cannot_be_meant_are_refused_with_their_place() {
    let mut request = priced(&[(1, 100)]);
    request.lines[0].discounts = vec![discount(101)];
    assert_eq!(check(&request), Err(BadMoney::Discount { field: String::from("lines[0].discounts") }));
    let mut request = priced(&[(1, 100)]);
    request.discounts = vec![discount(101)];
    assert_eq!(check(&request), Err(BadMoney::Discount { field: String::from("discounts") }));
    let mut request = priced(&[(1, 100)]);
    request.taxes = vec![tax(-1, true)];
    assert_eq!(check(&request), Err(BadMoney::Amount { field: String::from("taxes[0].amount"), minor: -1 }));
    let mut request = priced(&[(1, 100), (1, 100)]);
    request.lines[1].unit_price = Some(Money { currency: "USD".parse().unwrap(), ..eur(1) });
    let told = check(&request).unwrap_err().to_string();
    assert_eq!(
        told,
        "lines[1].unit_price is in USD, and the rest of the order in EUR: one order, one currency"
    );
    let huge = priced(&[(i64::MAX / 2, 3)]);
    assert_eq!(check(&huge), Err(BadMoney::TooLarge));
}

#[test]
fn there_is_an_end_to_amounts_and_to_each_of_them() {
    let many = |count| (0..count).map(|_| discount(0)).collect::<Vec<_>>();
    let taxes = |count| (0..count).map(|_| tax(0, false)).collect::<Vec<_>>();
    let told = |change: &dyn Fn(&mut OrderRequest)| {
        let mut request = priced(&[(1, 100)]);
        change(&mut request);
        check(&request)
    };
    assert_eq!(told(&|request| request.discounts = many(ORDER_AMOUNTS_MAX)), Ok(()));
    let too_many = |told: Result<(), BadMoney>| matches!(told, Err(BadMoney::TooMany { .. }));
    assert!(too_many(told(&|request| request.discounts = many(ORDER_AMOUNTS_MAX + 1))));
    assert!(too_many(told(&|request| request.taxes = taxes(ORDER_AMOUNTS_MAX + 1))));
    assert!(too_many(told(&|request| request.lines[0].discounts = many(ORDER_AMOUNTS_MAX + 1))));
    assert!(too_many(told(&|request| request.lines[0].taxes = taxes(ORDER_AMOUNTS_MAX + 1))));
    assert_eq!(told(&|request| request.taxes = vec![tax(PRICE_MINOR_MAX, false)]), Ok(()));
    let dear = told(&|request| request.taxes = vec![tax(PRICE_MINOR_MAX + 1, false)]);
    assert!(matches!(dear, Err(BadMoney::Amount { .. })), "{dear:?}");
}

#[test]
fn a_line_that_joins_later_is_held_to_the_same() {
    let line =
        || OrderLineRequest { unit_price: Some(eur(100)), ..OrderLineRequest::of("S".parse().unwrap(), 2) };
    let told = |line: &OrderLineRequest| allot_added(line, "add[0]");
    let good = OrderLineRequest { discounts: vec![discount(30)], taxes: vec![tax(5, true)], ..line() };
    let amounts = told(&good).unwrap().unwrap();
    assert_eq!((amounts.discounts, amounts.taxes, amounts.taxes_included, amounts.shipping), (30, 0, 5, 0));
    assert_eq!(told(&OrderLineRequest { unit_price: None, ..line() }), Ok(None));
    let dear = OrderLineRequest { discounts: vec![discount(201)], ..line() };
    assert_eq!(told(&dear), Err(BadMoney::Discount { field: String::from("add[0].discounts") }));
    let less = OrderLineRequest { taxes: vec![tax(-1, false)], ..line() };
    assert_eq!(
        told(&less),
        Err(BadMoney::Amount { field: String::from("add[0].taxes[0].amount"), minor: -1 })
    );
    let dollars = Discount { amount: Money { currency: "USD".parse().unwrap(), ..eur(1) }, ..discount(1) };
    let other = OrderLineRequest { discounts: vec![dollars], ..line() };
    assert!(matches!(told(&other), Err(BadMoney::Currencies { .. })));
    let many =
        OrderLineRequest { discounts: (0..=ORDER_AMOUNTS_MAX).map(|_| discount(0)).collect(), ..line() };
    assert!(matches!(told(&many), Err(BadMoney::TooMany { .. })));
}

#[test]
fn money_of_two_currencies_is_not_added_up() {
    let (eur, usd) = (Totals::nothing("EUR".parse().unwrap()), Totals::nothing("USD".parse().unwrap()));
    assert!(eur.plus(eur).is_ok() && eur.plus(usd).is_err());
}

#[test]
fn what_is_cancelled_is_not_due_and_what_left_is_counted_from_the_front() {
    let line = |finished, cancelled| {
        let price = Some(eur(100));
        let amounts = Amounts { discounts: 10, ..Amounts::none(eur(0).currency) };
        let sku: Sku = "TEA".parse().unwrap();
        OrderLine {
            finished,
            cancelled,
            amounts: Some(amounts),
            ..OrderLine::ordered(LineNo(1), sku, 3, price)
        }
    };
    assert_eq!(due(&[line(0, 0)]).unwrap().unwrap().total, 290);
    assert_eq!(due(&[line(1, 1)]).unwrap().unwrap().total, 194);
    assert_eq!(finished(&[line(1, 1)]).unwrap().unwrap().total, 97);
    let unpriced = OrderLine { unit_price: None, ..line(0, 0) };
    assert_eq!(due(&[line(0, 0), unpriced]).unwrap(), None);
}

prop_compose! {
    fn orders()(
        lines in prop::collection::vec((1_i64..40, 0_i64..5_000, 0_i64..=100, 0_i64..400), 1..8),
        percent in 0_i64..=100, taxes in 0_i64..10_000, included in 0_i64..10_000, shipping in 0_i64..3_000,
    ) -> OrderRequest {
        let mut request = priced(&lines.iter().map(|(q, p, _, _)| (*q, *p)).collect::<Vec<_>>());
        let mut net = 0;
        for (line, (quantity, price, off, tax_of_line)) in request.lines.iter_mut().zip(&lines) {
            let off = quantity * price * off / 100;
            net += quantity * price - off;
            line.discounts = vec![discount(off)];
            line.taxes = vec![tax(*tax_of_line, false)];
        }
        request.discounts = vec![discount(net * percent / 100)];
        request.taxes = vec![tax(taxes, false), tax(included, true)];
        let service = "standard".parse().unwrap();
        request.shipping = Some(Shipping { service, price: Some(eur(shipping)), requested_for: None });
        request
    }
}

proptest! {
    #[test]
    fn the_shares_of_all_units_are_exactly_the_total(request in orders(), cuts in prop::collection::vec(1_i64..7, 1..9)) {
        prop_assert_eq!(check(&request), Ok(()));
        let lines = money(&request);
        let said = |of: fn(&Totals) -> i64| of(&all(&lines));
        let amounts = |minors: Vec<i64>| minors.into_iter().sum::<i64>();
        prop_assert_eq!(said(|t| t.shipping), request.shipping.as_ref().unwrap().price.unwrap().minor);
        let discounts = request.lines.iter().flat_map(|line| &line.discounts).chain(&request.discounts);
        prop_assert_eq!(said(|t| t.discounts), amounts(discounts.map(|each| each.amount.minor).collect()));
        let taxes = request.lines.iter().flat_map(|line| &line.taxes).chain(&request.taxes);
        prop_assert_eq!(
            said(|t| t.taxes + t.taxes_included),
            amounts(taxes.map(|each| each.amount.minor).collect())
        );
        let mut pieces = Totals::nothing(eur(0).currency);
        for line in &lines {
            let mut from = 0;
            for cut in cuts.iter().cycle() {
                let share = line.units(from, *cut).unwrap();
                prop_assert!(share.total >= 0 && share.discounts <= share.goods, "{:?}", share);
                pieces = pieces.plus(share).unwrap();
                from += cut;
                if from >= line.quantity {
                    break;
                }
            }
        }
        prop_assert_eq!(pieces, all(&lines));
    }
}

/// The first block of JSON in the contract.
fn example() -> OrderRequest {
    let contract = include_str!("../../../../docs/order.md");
    let (_, after) = contract.split_once("```json\n").unwrap();
    serde_json::from_str(after.split_once("```").unwrap().0).unwrap()
}

#[test]
fn the_example_of_the_contract_can_be_placed_and_comes_to_what_is_said_there() {
    let request = example();
    assert_eq!(crate::core::order_request::check(&request), Ok(()));
    let total = all(&money(&request));
    assert_eq!((total.goods, total.discounts, total.shipping, total.total), (4_500, 900, 495, 4_095));
    assert_eq!((total.taxes, total.taxes_included), (0, 333));
}

#[test]
fn dates_and_shipping_of_the_contract_are_what_the_storefront_said() {
    let request = example();
    let shipping = request.shipping.unwrap();
    assert_eq!(shipping.service.as_str(), "standard");
    assert_eq!(serde_json::to_value(shipping.requested_for).unwrap(), "2027-03-01T12:00:00Z");
    assert_eq!(serde_json::to_value(request.promise_by).unwrap(), "2027-03-02T18:00:00Z");
}
