use super::*;
use crate::core::routing::decision::{Parcel, Plan};
use crate::core::stock::class::Channel;
use crate::core::test_support::{LONDON, order_request, tenant};
use holdfast_shared::domain::task::FulfilmentKind;

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

fn pounds(minor: i64) -> Option<Money> {
    Some(Money { minor, currency: "GBP".parse().unwrap() })
}

fn substitute(text: &str, unit_price: Option<Money>) -> Substitute {
    Substitute { sku: sku(text), unit_price }
}

fn wanted(consent: Consent, substitutes: &[Substitute]) -> Replaceable {
    let substitutes = substitutes.to_vec();
    Replaceable { line: LineNo(1), consent, price_up_max: None, unit_price: pounds(100), substitutes }
}

fn demand(lines: &[(u32, &str, i64)]) -> Demand {
    let line = |(line, text, quantity): &(u32, &str, i64)| DemandLine {
        line: LineNo(*line),
        sku: sku(text),
        quantity: *quantity,
    };
    Demand {
        tenant: tenant(),
        order: "o1".parse().unwrap(),
        kind: FulfilmentKind::Ship,
        channel: Channel::new("web"),
        destination: LONDON,
        pickup_store: None,
        lines: lines.iter().map(line).collect(),
        prices: BTreeMap::new(),
        needs: BTreeMap::new(),
        placed_at: UtcMs(0),
        promise_by: None,
        note: None,
        tried: BTreeSet::new(),
        declined: BTreeSet::new(),
        assignments: 0,
        brand: None,
        parts: None,
        consolidate: false,
        feeds: None,
    }
}

/// One store that has so many of each SKU, and is asked unless it was tried.
fn shop(stock: &'static [(&'static str, i64)]) -> impl Fn(&Demand) -> Decision {
    move |asked| {
        let has = |line: &DemandLine| {
            stock.iter().any(|(text, units)| line.sku.as_str() == *text && *units >= line.quantity)
        };
        let lines: Vec<DemandLine> = asked.lines.iter().filter(|line| has(line)).cloned().collect();
        let leeds: StoreId = "leeds".parse().unwrap();
        let choice = if lines.is_empty() || asked.tried.contains(&leeds) {
            Choice::Backorder { why: String::new() }
        } else {
            let parcel = Parcel { store: leeds, lines, words: String::new(), journey: None };
            Choice::Assign(Plan { rung: String::from("closest"), parcels: vec![parcel] })
        };
        Decision {
            decision: "d1".parse().unwrap(),
            order: asked.order.clone(),
            at: UtcMs(0),
            policy: String::new(),
            hash: String::new(),
            demand: asked.lines.clone(),
            rungs: Vec::new(),
            choice,
            runner_up: None,
            gather: None,
            missed: None,
            words: String::new(),
            inputs: None,
        }
    }
}

#[test]
fn what_a_line_says_counts_before_what_the_order_says() {
    let mut request = order_request();
    assert_eq!(agreed(&request, LineNo(1)), (Consent::None, None), "silence is no leave");
    (request.substitution, request.price_up_max) = (Some(Consent::Allow), Some(20));
    assert_eq!(agreed(&request, LineNo(1)), (Consent::Allow, Some(20)));
    (request.lines[0].substitution, request.lines[0].price_up_max) = (Some(Consent::Ask), Some(5));
    assert_eq!(agreed(&request, LineNo(1)), (Consent::Ask, Some(5)));
    assert_eq!(agreed(&request, LineNo(2)), (Consent::None, None), "a line that stands in for another");
}

#[test]
fn a_substitute_is_not_replaced_and_a_line_without_open_units_needs_none() {
    let line = OrderLine {
        line: LineNo(1),
        sku: sku("TEA"),
        quantity: 2,
        open: 2,
        backordered: false,
        finished: 0,
        cancelled: 0,
        came_back: 0,
        replaced: 0,
        unit_price: None,
        substitutes: None,
        expected_at: None,
        amounts: None,
    };
    assert!(may_be_replaced(&line, Consent::Allow) && may_be_replaced(&line, Consent::Ask));
    assert!(!may_be_replaced(&line, Consent::None));
    assert!(!may_be_replaced(&OrderLine { substitutes: Some(LineNo(3)), ..line.clone() }, Consent::Allow));
    assert!(!may_be_replaced(&OrderLine { open: 0, ..line }, Consent::Allow));
}

#[test]
fn nobody_pays_more_without_being_asked_unless_that_was_agreed() {
    // What was agreed, what the substitute costs, and what the customer pays for it.
    let cases = [
        (Consent::Allow, None, pounds(90), Some(pounds(90))),
        (Consent::Allow, None, pounds(101), None),
        (Consent::Allow, Some(20), pounds(120), Some(pounds(120))),
        (Consent::Allow, Some(20), pounds(121), None),
        (Consent::Ask, None, pounds(500), Some(pounds(500))),
        (Consent::Ask, Some(20), pounds(121), None),
        (Consent::Allow, None, None, Some(pounds(100))),
        (Consent::Allow, Some(20), None, None),
    ];
    for (consent, price_up_max, price, pays) in cases {
        let line = Replaceable { price_up_max, ..wanted(consent, &[]) };
        let found = line.price_of(&substitute("MUG", price));
        assert_eq!(found.clone().ok(), pays, "{consent:?} {price_up_max:?} {price:?}: {found:?}");
    }
    let euros = Some(Money { minor: 1, currency: "EUR".parse().unwrap() });
    let limited = Replaceable { price_up_max: Some(5), ..wanted(Consent::Ask, &[]) };
    assert!(limited.price_of(&substitute("MUG", euros)).unwrap_err().contains("another currency"));
}

#[test]
fn the_first_of_the_list_that_a_node_can_send_is_taken_and_the_others_are_told() {
    let list = [substitute("CUP", None), substitute("BOWL", pounds(900)), substitute("MUG", None)];
    let terms = Terms { lines: vec![wanted(Consent::Allow, &list)], ..Terms::default() };
    let found = picks(&demand(&[(1, "TEA", 2)]), &terms, &shop(&[("CUP", 1), ("BOWL", 9), ("MUG", 2)]));
    let [pick] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((pick.trial.sku.as_str(), pick.trial.quantity, pick.line), ("MUG", 2, LineNo(1)));
    let passed: Vec<(&str, bool)> =
        pick.passed.iter().map(|passed| (passed.sku.as_str(), passed.why.contains("costs 800"))).collect();
    assert_eq!(passed, [("CUP", false), ("BOWL", true)]);
}

#[test]
fn what_can_be_had_as_ordered_is_not_replaced() {
    let terms = Terms { lines: vec![wanted(Consent::Allow, &[substitute("MUG", None)])], ..Terms::default() };
    let wanted = demand(&[(1, "TEA", 2), (2, "POT", 1)]);
    assert_eq!(picks(&wanted, &terms, &shop(&[("TEA", 2), ("MUG", 2)])), []);
    assert_eq!(picks(&wanted, &terms, &shop(&[("TEA", 1), ("MUG", 1)])), [], "two are wanted of either");
}

#[test]
fn who_did_not_find_a_line_may_send_what_stands_in_for_it() {
    let mut wanted_now = demand(&[(1, "TEA", 1)]);
    wanted_now.tried.insert("leeds".parse().unwrap());
    let mut terms =
        Terms { lines: vec![wanted(Consent::Allow, &[substitute("MUG", None)])], ..Terms::default() };
    let decide = shop(&[("MUG", 1)]);
    assert_eq!(picks(&wanted_now, &terms, &decide), [], "it lost the order");
    terms.short_of.insert("leeds".parse().unwrap(), BTreeSet::from([LineNo(1)]));
    let found = picks(&wanted_now, &terms, &decide);
    assert_eq!(found.len(), 1, "it was only short of line 1");
    let together = decide(&replaced(&wanted_now, &terms, &found));
    assert_eq!(parcels_of(&together, &found[0]), Some(vec![("leeds".parse().unwrap(), 1)]));
    terms.short_of.insert("leeds".parse().unwrap(), BTreeSet::from([LineNo(1), LineNo(2)]));
    wanted_now.lines.push(DemandLine { line: LineNo(2), sku: sku("POT"), quantity: 1 });
    let still = only(&wanted_now, &terms, wanted_now.lines.clone());
    assert!(still.tried.contains(&"leeds".parse().unwrap()), "line 2 is still missing there");
}

#[test]
fn a_pick_that_comes_only_in_part_with_the_rest_is_none() {
    let terms = Terms { lines: vec![wanted(Consent::Allow, &[substitute("MUG", None)])], ..Terms::default() };
    let wanted = demand(&[(1, "TEA", 2)]);
    let found = picks(&wanted, &terms, &shop(&[("MUG", 2)]));
    let mut together = shop(&[("MUG", 2)])(&replaced(&wanted, &terms, &found));
    if let Choice::Assign(plan) = &mut together.choice {
        plan.parcels[0].lines[0].quantity = 1;
    }
    assert_eq!(parcels_of(&together, &found[0]), None);
}

#[test]
fn a_list_that_cannot_be_meant_is_refused() {
    let tea = sku("TEA");
    assert_eq!(check(&tea, &[substitute("MUG", pounds(0))]), Ok(()));
    assert_eq!(check(&tea, &[substitute("TEA", None)]), Err(BadSubstitutes::Itself(0)));
    let twice = [substitute("MUG", None), substitute("MUG", pounds(1))];
    assert_eq!(check(&tea, &twice), Err(BadSubstitutes::Twice(1)));
    assert_eq!(check(&tea, &[substitute("MUG", pounds(-1))]), Err(BadSubstitutes::NegativePrice(0)));
    let many: Vec<Substitute> = (0..=SUBSTITUTES_MAX).map(|n| substitute(&format!("S{n}"), None)).collect();
    assert_eq!(check(&tea, &many), Err(BadSubstitutes::TooMany(SUBSTITUTES_MAX + 1)));
}
