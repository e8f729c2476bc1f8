use super::*;
use crate::core::order::OrderLine;
use holdfast_shared::ids::Sku;
use proptest::prelude::*;

const EUR: &str = "EUR";

fn money(minor: i64) -> Money {
    Money { minor, currency: EUR.parse().unwrap() }
}

fn line(number: u32, quantity: i64, finished: i64, price: i64) -> OrderLine {
    let sku = Sku::new(format!("S{number}")).unwrap();
    OrderLine { open: 0, finished, ..OrderLine::ordered(LineNo(number), sku, quantity, Some(money(price))) }
}

fn of_units(line: u32, quantity: i64) -> RefundRequest {
    let lines = vec![RefundLine { line: LineNo(line), quantity }];
    RefundRequest { lines, amount: None, reason: "broken".into() }
}

fn of_amount(minor: i64) -> RefundRequest {
    RefundRequest { lines: Vec::new(), amount: Some(money(minor)), reason: "sorry".into() }
}

fn earlier(number: u32, request: &RefundRequest, amount: i64) -> RefundAsked {
    RefundAsked {
        number,
        amount,
        currency: EUR.parse().unwrap(),
        lines: request.lines.clone(),
        reason: request.reason.clone(),
        by: Actor::new("ada").unwrap(),
        at: UtcMs(0),
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_reason() {
    for (request, told) in [
        (RefundRequest { lines: Vec::new(), amount: None, reason: "x".into() }, "neither"),
        (RefundRequest { amount: Some(money(1)), ..of_units(1, 1) }, "both"),
        (of_amount(0), "more than 0"),
        (of_units(1, 0), "lines[0].quantity is 0"),
        (RefundRequest { reason: " ".into(), ..of_units(1, 1) }, "reason says why"),
        (RefundRequest { reason: "card 4111 1111 1111 1111".into(), ..of_units(1, 1) }, "card number"),
        (
            RefundRequest { lines: [of_units(1, 1).lines, of_units(1, 1).lines].concat(), ..of_units(1, 1) },
            "second time",
        ),
    ] {
        let bad = check(&request).unwrap_err().to_string();
        assert!(bad.contains(told), "{bad}");
        assert!(!bad.contains("4111"));
    }
    assert_eq!(check(&of_units(1, 1)), Ok(()));
}

#[test]
fn only_units_that_left_and_were_not_refunded_yet_go_back() {
    let lines = [line(1, 3, 2, 500)];
    let ask = |request: &RefundRequest, before: &[RefundAsked]| {
        amount(request, &lines, before, (1_000, EUR.parse().unwrap()))
    };
    assert_eq!(ask(&of_units(1, 2), &[]), Ok(1_000));
    assert_eq!(
        ask(&of_units(1, 3), &[]),
        Err(BadRefund::TooManyUnits { line: LineNo(1), left: 2, asked: 3 })
    );
    let first = earlier(1, &of_units(1, 1), 500);
    assert_eq!(ask(&of_units(1, 1), std::slice::from_ref(&first)), Ok(500));
    assert_eq!(
        ask(&of_units(1, 2), std::slice::from_ref(&first)),
        Err(BadRefund::TooManyUnits { line: LineNo(1), left: 1, asked: 2 })
    );
    assert_eq!(ask(&of_units(9, 1), &[]), Err(BadRefund::NoSuchLine { line: LineNo(9) }));
    let money = |minor| Money { minor, currency: EUR.parse().unwrap() };
    let goodwill = earlier(1, &of_amount(600), 600);
    let most = BadRefund::TooMuch { left: money(400), asked: money(500) };
    assert_eq!(ask(&of_units(1, 1), &[goodwill]), Err(most), "never more than was taken");
    let dollars = Money { minor: 1, currency: "USD".parse().unwrap() };
    let request = RefundRequest { amount: Some(dollars), ..of_amount(1) };
    assert!(matches!(ask(&request, &[]), Err(BadRefund::OtherCurrency { .. })));
}

proptest! {
    /// Unit by unit or all at once: it comes to the same, and never to more than was taken.
    #[test]
    fn refunds_add_up(
        prices in proptest::collection::vec((1_i64..1_000, 1_i64..6), 1..4),
        steps in proptest::collection::vec((0_usize..4, 1_i64..4, 1_i64..2_000, any::<bool>()), 1..20),
    ) {
        let lines: Vec<OrderLine> =
            (1..).zip(&prices).map(|(number, (price, units))| line(number, *units, *units, *price)).collect();
        let taken: i64 = prices.iter().map(|(price, units)| price * units).sum();
        let mut before = Vec::new();
        for (of, units, sum, by_lines) in steps {
            let number = u32::try_from(of % lines.len()).unwrap() + 1;
            let request = if by_lines { of_units(number, units) } else { of_amount(sum) };
            if let Ok(amount) = amount(&request, &lines, &before, (taken, EUR.parse().unwrap())) {
                before.push(earlier(u32::try_from(before.len()).unwrap() + 1, &request, amount));
            }
            let gone: i64 = before.iter().map(|refund| refund.amount).sum();
            prop_assert!(gone <= taken, "{gone} of {taken}");
        }
    }
}
